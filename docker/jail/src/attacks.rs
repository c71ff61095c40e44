//! What the walls are for: one table of attacks, each tried before the jail and again inside.
//!
//! An attack that fails in the jail proves something only when it gets further without it. So each is made in a form
//! that the free system does not refuse: for real where that does no harm, else with arguments so wrong that the kernel
//! complains about them, which it does only after it let the call in. Where the free system refuses already (another
//! sandbox, a setting), the finding is [`Verdict::NotTestable`].
//!
//! Run by the tests and by `airhatch doctor`, in a process that holds no link and no secret: [`Folders::lay`] in the
//! process above, [`Ground::open`] and [`Trial::begin`] in the one to be jailed, then the profile's `enter`, then
//! [`Trial::end`].

mod call;
mod files;
mod ground;
mod kernel;
mod processes;
mod sockets;

use rustix::io::Errno;

use crate::Profile;
pub use ground::{Folders, Ground};

/// Whether an attack got through: `Ok`, or how the system refused.
pub type Attempted = Result<(), Errno>;

/// One attack.
#[derive(Clone, Copy, Debug)]
pub struct Attack {
    /// What a captured program would do, as the end of "it tries to …".
    pub tries: &'static str,
    /// The jail that must stop it; both where none is named.
    pub only: Option<Profile>,
    /// True when other sandboxes and settings of the system commonly refuse it too, so that it may prove nothing.
    pub often_refused: bool,
    refusals: &'static [Errno],
    attempt: fn(&Ground) -> Attempted,
}

/// What came of an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The jail stopped it, and nothing else did.
    Held,
    /// It got through, or past the jail.
    Broken,
    /// It was refused without the jail already.
    NotTestable,
}

/// An attack and what came of it.
#[derive(Clone, Copy, Debug)]
pub struct Finding {
    /// The attack.
    pub attack: &'static Attack,
    /// What came of it before the jail.
    pub free: Attempted,
    /// What came of it in the jail.
    pub jailed: Attempted,
}

impl Finding {
    /// Whether the wall held.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let refused = |outcome: Attempted| outcome.is_err_and(|error| self.attack.refusals.contains(&error));
        match (refused(self.free), refused(self.jailed)) {
            (_, false) => Verdict::Broken,
            (true, true) => Verdict::NotTestable,
            (false, true) => Verdict::Held,
        }
    }
}

/// What an attack is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Files and folders.
    Files,
    /// Sockets: the network, the agents, the container engine.
    Sockets,
    /// Processes: starting, becoming and reaching others.
    Processes,
    /// The terminal and the kernel.
    Kernel,
}

const SECTIONS: [(Subject, &[Attack]); 4] = [
    (Subject::Files, files::ATTACKS),
    (Subject::Sockets, sockets::ATTACKS),
    (Subject::Processes, processes::ATTACKS),
    (Subject::Kernel, kernel::ATTACKS),
];

/// The attacks that a jail must stop.
pub fn table(profile: Profile) -> impl Iterator<Item = &'static Attack> {
    sections(profile).flat_map(|(_, attacks)| attacks)
}

/// The same by subject.
pub fn sections(profile: Profile) -> impl Iterator<Item = (Subject, Vec<&'static Attack>)> {
    SECTIONS.into_iter().map(move |(subject, attacks)| {
        let concerns = |attack: &&Attack| attack.only.is_none_or(|only| only == profile);
        (subject, attacks.iter().filter(concerns).collect())
    })
}

/// The table, half tried.
#[derive(Debug)]
pub struct Trial<'ground> {
    ground: &'ground Ground,
    free: Vec<(&'static Attack, Attempted)>,
}

impl<'ground> Trial<'ground> {
    /// Tries every attack while the process is still free.
    #[must_use]
    pub fn begin(profile: Profile, ground: &'ground Ground) -> Self {
        let free = table(profile).map(|attack| (attack, (attack.attempt)(ground))).collect();
        Self { ground, free }
    }

    /// Tries every attack again, in the jail by now.
    #[must_use]
    pub fn end(self) -> Vec<Finding> {
        let again = |(attack, free): (&'static Attack, Attempted)| Finding {
            attack,
            free,
            jailed: (attack.attempt)(self.ground),
        };
        self.free.into_iter().map(again).collect()
    }
}

/// The usual refusals: the list of system calls, Landlock.
const REFUSED: &[Errno] = &[Errno::PERM, Errno::ACCESS];

impl Attack {
    /// Other sandboxes commonly stop it too.
    const fn often(self) -> Self {
        Self { often_refused: true, ..self }
    }
}

/// An attack that both jails must stop.
const fn both(tries: &'static str, attempt: fn(&Ground) -> Attempted) -> Attack {
    Attack { tries, only: None, often_refused: false, refusals: REFUSED, attempt }
}

/// An attack that only the front's jail must stop.
const fn front(tries: &'static str, attempt: fn(&Ground) -> Attempted) -> Attack {
    Attack { only: Some(Profile::Front), ..both(tries, attempt) }
}

/// An attack that only the agent's jail must stop.
const fn agent(tries: &'static str, attempt: fn(&Ground) -> Attempted) -> Attack {
    Attack { only: Some(Profile::Agent), ..both(tries, attempt) }
}

#[cfg(test)]
mod tests {
    use super::*;

    static ATTACK: Attack = both("pass a test", |_| Ok(()));

    fn verdict(free: Attempted, jailed: Attempted) -> Verdict {
        Finding { attack: &ATTACK, free, jailed }.verdict()
    }

    #[test]
    fn a_refusal_counts_only_where_the_free_system_went_further() {
        assert_eq!(verdict(Ok(()), Err(Errno::PERM)), Verdict::Held);
        assert_eq!(verdict(Err(Errno::INVAL), Err(Errno::ACCESS)), Verdict::Held);
        assert_eq!(verdict(Err(Errno::PERM), Err(Errno::PERM)), Verdict::NotTestable);
        assert_eq!(verdict(Err(Errno::ACCESS), Err(Errno::PERM)), Verdict::NotTestable);
    }

    #[test]
    fn anything_but_a_refusal_in_the_jail_is_a_hole() {
        assert_eq!(verdict(Ok(()), Ok(())), Verdict::Broken);
        assert_eq!(verdict(Err(Errno::INVAL), Err(Errno::INVAL)), Verdict::Broken);
        assert_eq!(verdict(Ok(()), Err(Errno::NOENT)), Verdict::Broken);
        assert_eq!(verdict(Err(Errno::PERM), Ok(())), Verdict::Broken);
    }

    #[test]
    fn every_attack_has_a_name_of_its_own() {
        for profile in [Profile::Front, Profile::Agent] {
            let mut names: Vec<_> = table(profile).map(|attack| attack.tries).collect();
            let all = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), all);
        }
    }
}
