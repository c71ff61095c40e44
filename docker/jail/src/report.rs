//! What a jail turned out to be on this kernel, in words for `status` and `doctor`.
//!
//! Made by the profiles when they are entered. Plain data: it may be kept, compared and shown.

use std::fmt;
use std::path::PathBuf;

use crate::Profile;

/// How much of the wanted jail there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// Neither files nor system calls are restricted.
    None,
    /// Something wanted is missing on this kernel.
    Partial,
    /// All that was wanted.
    Whole,
}

/// What Landlock does here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Files {
    /// Rules are in force.
    Restricted {
        /// The kernel's Landlock version, as far as it is known here.
        version: u32,
        /// What this version does not stop although the profile wants it, each a sentence.
        missing: Vec<&'static str>,
        /// How many folders and files were named.
        rules: usize,
    },
    /// No rules are in force; why, in a sentence.
    Open(&'static str),
}

/// What seccomp does here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SystemCalls {
    /// The list is in force.
    Listed {
        /// Instructions of the kernel's filter program, for comparing with what the kernel holds.
        instructions: usize,
    },
    /// No list is in force; why, in a sentence.
    Open(&'static str),
}

/// Something that is narrower than the user may expect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// A folder that was to be readable is not there; what appears there later stays closed.
    Missing(PathBuf),
    /// A folder that was to be readable lies in a closed one.
    Closed(PathBuf),
    /// So many entries of this folder could not be given a rule each, and stay closed.
    LeftOut {
        /// The folder.
        folder: PathBuf,
        /// Its entries without a rule.
        entries: usize,
    },
}

/// One jail as it was entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Whose it is.
    pub profile: Profile,
    /// The rules about files.
    pub files: Files,
    /// The list of system calls.
    pub system_calls: SystemCalls,
    /// What is narrower than expected.
    pub notes: Vec<Note>,
}

impl Report {
    /// How much of the wanted jail there is.
    #[must_use]
    pub fn strength(&self) -> Strength {
        match (&self.files, &self.system_calls) {
            (Files::Open(_), SystemCalls::Open(_)) => Strength::None,
            (Files::Restricted { missing, .. }, SystemCalls::Listed { .. }) if missing.is_empty() => {
                Strength::Whole
            }
            _ => Strength::Partial,
        }
    }

    /// The jail in a few sentences: what holds, what this kernel lacks, what is narrower than expected.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        let mut all = self.what_holds();
        match &self.files {
            Files::Restricted { missing, .. } => all.extend(missing.iter().map(|&lack| lack.to_owned())),
            Files::Open(why) => all.push(format!("files are not restricted: {why}")),
        }
        if let SystemCalls::Open(why) = &self.system_calls {
            all.push(format!("system calls are not restricted: {why}"));
        }
        all.extend(self.notes.iter().map(ToString::to_string));
        all
    }

    fn what_holds(&self) -> Vec<String> {
        let (files, calls) = match self.profile {
            Profile::Front => (
                "the agents' files cannot be opened, and nothing but its own files can be written",
                "no network, no other programs, no keys typed into your shell",
            ),
            Profile::Agent => {
                ("only this account's own folders can be opened", "no other programs, no local sockets")
            }
        };
        let files = matches!(self.files, Files::Restricted { .. }).then(|| files.to_owned());
        let calls = matches!(self.system_calls, SystemCalls::Listed { .. }).then(|| calls.to_owned());
        files.into_iter().chain(calls).collect()
    }
}

impl fmt::Display for Strength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "not jailed",
            Self::Partial => "partly jailed",
            Self::Whole => "jailed",
        })
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Debug writes control characters of a file name as escapes.
        match self {
            Self::Missing(path) => write!(f, "{path:?} was not there at the start and stays closed"),
            Self::Closed(path) => write!(f, "{path:?} lies among the agents' files and stays closed"),
            Self::LeftOut { folder, entries } => {
                write!(f, "{entries} entries of {folder:?} stay closed: too many to name one by one")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(files: Files, system_calls: SystemCalls) -> Report {
        Report { profile: Profile::Front, files, system_calls, notes: Vec::new() }
    }

    #[test]
    fn a_jail_is_whole_only_when_nothing_wanted_is_missing() {
        let listed = SystemCalls::Listed { instructions: 1 };
        let restricted = |missing| Files::Restricted { version: 6, missing, rules: 1 };
        let none = report(Files::Open("old"), SystemCalls::Open("old"));
        assert_eq!(none.strength(), Strength::None);
        assert_eq!(report(restricted(vec![]), listed.clone()).strength(), Strength::Whole);
        assert_eq!(report(restricted(vec!["x"]), listed.clone()).strength(), Strength::Partial);
        assert_eq!(report(Files::Open("old"), listed).strength(), Strength::Partial);
        assert_eq!(report(restricted(vec![]), SystemCalls::Open("old")).strength(), Strength::Partial);
    }

    #[test]
    fn what_is_missing_is_said_and_what_does_not_hold_is_not_promised() {
        let none = report(Files::Open("no Landlock"), SystemCalls::Open("no seccomp"));
        assert_eq!(
            none.sentences(),
            ["files are not restricted: no Landlock", "system calls are not restricted: no seccomp"]
        );
    }

    #[test]
    fn a_note_shows_no_control_characters() {
        let note = Note::Missing(PathBuf::from("/tmp/\u{1b}[2J\u{202e}"));
        assert!(!note.to_string().contains(['\u{1b}', '\u{202e}']));
    }
}
