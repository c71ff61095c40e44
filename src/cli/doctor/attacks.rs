//! Attacks both jails: lays bait in a folder that only this user may enter, starts the attacker ([`super::trial`]) as a child
//! and hears what it found. An attacker that hangs, dies or says too little is a finding too: what it did not answer did
//! not hold.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder};
use std::io::{self, Read};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use airhatch_jail::Profile;
use airhatch_jail::attacks::{Attack, Subject, sections};
use airhatch_wire::untrusted;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};
use serde_json::Value;

use super::advice;
use super::check::{Check, Section, Verdict};
use super::trial::{COMMAND, Place, name};

/// How long an attacker may take. It needs less than a tenth of a second.
const PATIENCE: Duration = Duration::from_secs(30);

/// The most that an attacker says, bytes; the rest is not heard.
const LONGEST: usize = 1 << 20;

/// A jail as the attacker found it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Jail {
    /// How much of it there is, in words.
    pub(super) strength: String,
    /// What holds, what this kernel lacks.
    pub(super) sentences: Vec<String>,
    /// The version of Landlock in force; none where there are no rules.
    pub(super) landlock: Option<u64>,
    /// Whether the list of system calls is in force.
    pub(super) seccomp: bool,
    /// Whether nothing wanted is missing.
    pub(super) whole: bool,
}

/// What an attacker said about one attack.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Answer {
    verdict: Verdict,
    free: String,
    jailed: String,
}

/// Everything that an attacker said before it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Heard {
    jail: Option<Jail>,
    answers: BTreeMap<String, Answer>,
    /// Why it did not say all.
    trouble: Option<String>,
}

/// Attacks a jail. Every attack of the table is among the checks, by subject; the jail itself comes first.
pub(super) fn on(profile: Profile) -> Vec<Section> {
    let heard = attempt(profile).unwrap_or_else(|why| Heard {
        trouble: Some(format!("it could not be tried: {why}")),
        ..Heard::default()
    });
    judged(profile, &heard)
}

fn judged(profile: Profile, heard: &Heard) -> Vec<Section> {
    let (name, who) = match profile {
        Profile::Front => (name(profile), "screen program"),
        Profile::Agent => (name(profile), "agent"),
    };
    let jail = Section::new(format!("{name}_jail"), format!("The jail of the {who}"), vec![entered(heard)]);
    let by_subject = sections(profile).map(|(subject, attacks)| {
        let (word, about) = match subject {
            Subject::Files => ("files", "files"),
            Subject::Sockets => ("sockets", "network and sockets"),
            Subject::Processes => ("processes", "processes"),
            Subject::Kernel => ("kernel", "terminal and kernel"),
        };
        let checks = attacks.into_iter().map(|attack| tried(attack, heard)).collect();
        Section::new(format!("{name}_{word}"), format!("A captured {who}, on {about}, tries to"), checks)
    });
    std::iter::once(jail).chain(by_subject).collect()
}

/// The jail itself.
fn entered(heard: &Heard) -> Check {
    let Some(jail) = &heard.jail else {
        let why = heard.trouble.clone().unwrap_or_else(|| "nothing was heard".to_owned());
        return Check::new(Verdict::Broken, "the jail could not be tried").detail(why).hint(
            "set TMPDIR to a folder where you can write, and install all of Airhatch's programs in one version; \
             if that is not it, please report it",
        );
    };
    let verdict = if jail.whole { Verdict::Held } else { Verdict::Weaker };
    let landlock = jail.landlock.map_or_else(
        || "no Landlock".to_owned(),
        |version| format!("Landlock {version}{}", if version >= NEWEST_KNOWN { " or newer" } else { "" }),
    );
    let seccomp = if jail.seccomp { "seccomp" } else { "no seccomp" };
    let mut check = Check::new(verdict, format!("{}: {landlock}, {seccomp}", jail.strength));
    check.details.clone_from(&jail.sentences);
    if jail.whole { check } else { check.hint(advice::on(jail)) }
}

/// Of Landlock, newer versions are not told apart.
const NEWEST_KNOWN: u64 = 10;

fn tried(attack: &Attack, heard: &Heard) -> Check {
    let check = |verdict| Check::new(verdict, attack.tries);
    match heard.answers.get(attack.tries) {
        Some(Answer { verdict: Verdict::Held, .. }) => check(Verdict::Held),
        Some(Answer { verdict: Verdict::NotTestable, free, .. }) => {
            check(Verdict::NotTestable).detail(format!("refused here without the jail: {free}"))
        }
        Some(Answer { free, jailed, .. }) => {
            let jail = heard.jail.clone().unwrap_or_default();
            let seen = format!("without the jail: {free}; in it: {jailed}");
            check(Verdict::Broken).detail(seen).hint(advice::on(&jail))
        }
        None => {
            let why =
                heard.trouble.clone().unwrap_or_else(|| "the attacker said nothing about it".to_owned());
            check(Verdict::Broken).detail(why).hint(advice::REPORT_IT)
        }
    }
}

fn attempt(profile: Profile) -> Result<Heard, String> {
    let bait = Bait::lay(profile).map_err(|e| format!("no bait could be laid: {e}"))?;
    let program = std::env::current_exe().map_err(|e| format!("this program cannot find itself: {e}"))?;
    let mut command = Command::new(&program);
    command.args(["--json", COMMAND, name(profile)]).arg(&bait.0).env_clear().current_dir(&bait.0);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    listen(child.map_err(|e| format!("{} does not start: {e}", program.display()))?, PATIENCE)
}

/// Hears a child to its end, or ends it when its time is over.
fn listen(mut child: Child, patience: Duration) -> Result<Heard, String> {
    let Some(stdout) = child.stdout.take() else { return Err("nothing can be heard".to_owned()) };
    let (said, in_time) = read_all(stdout, patience);
    if !in_time {
        // It may have ended meanwhile.
        let _ended = child.kill();
    }
    let status = child.wait().map_err(|e| format!("its end was missed: {e}"))?;
    let mut heard = understood(&String::from_utf8_lossy(&said));
    if !in_time {
        heard.trouble = Some(format!("the attacker did not end in {} s", patience.as_secs()));
    } else if !status.success() && heard.trouble.is_none() {
        heard.trouble = Some(format!("the attacker ended too early, {}", ended(status)));
    }
    Ok(heard)
}

fn ended(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("with exit code {code}"),
        (None, Some(signal)) => format!("by signal {signal}"),
        (None, None) => "no one knows how".to_owned(),
    }
}

/// Everything until the end, and whether the end came in time.
fn read_all(mut pipe: ChildStdout, patience: Duration) -> (Vec<u8>, bool) {
    let deadline = Instant::now() + patience;
    let (mut said, mut chunk) = (Vec::new(), [0; 8192]);
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let wait = Timespec::try_from(left).unwrap_or_default();
        match poll(&mut [PollFd::new(&pipe, PollFlags::IN)], Some(&wait)) {
            Err(Errno::INTR) => continue,
            Ok(ready) if ready > 0 => {}
            _ => return (said, false),
        }
        match pipe.read(&mut chunk) {
            Ok(0) => return (said, true),
            Ok(count) if said.len() < LONGEST => said.extend(chunk.iter().take(count)),
            // What nobody asked for is not kept, and an attacker that never stops talking runs out of time.
            Ok(_) => {}
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return (said, false),
        }
    }
}

/// What an attacker said, as far as it makes sense.
fn understood(said: &str) -> Heard {
    let mut heard = Heard::default();
    for object in said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let text =
            |name: &str| object.get(name).and_then(Value::as_str).map(untrusted::escape).unwrap_or_default();
        let flag = |name: &str| object.get(name).and_then(Value::as_bool).unwrap_or(false);
        match object.get("type").and_then(Value::as_str) {
            Some("jail") => {
                let sentences = object.get("sentences").and_then(Value::as_array).into_iter().flatten();
                heard.jail = Some(Jail {
                    strength: text("strength"),
                    sentences: sentences.filter_map(Value::as_str).map(untrusted::escape).collect(),
                    landlock: object.get("landlock").and_then(Value::as_u64),
                    seccomp: flag("seccomp"),
                    whole: flag("whole"),
                });
            }
            Some("finding") => {
                if let Some(verdict) = Verdict::named(&text("verdict")) {
                    let answer = Answer { verdict, free: text("free"), jailed: text("jailed") };
                    heard.answers.insert(text("tries"), answer);
                }
            }
            Some("stopped") => heard.trouble = Some(text("why")),
            _ => {}
        }
    }
    heard
}

/// A folder with bait, gone when dropped.
struct Bait(PathBuf);

impl Bait {
    fn lay(profile: Profile) -> io::Result<Self> {
        // Real, since the jails speak of real paths.
        let parent = std::env::temp_dir().canonicalize()?;
        let mut random = [0; 8];
        getrandom(&mut random, GetRandomFlags::empty())?;
        let folder = parent.join(format!("airhatch-doctor-{:016x}", u64::from_ne_bytes(random)));
        private(&folder)?;
        let bait = Self(folder);
        let place = Place::at(&bait.0);
        Place::FOLDERS.iter().try_for_each(|name| private(&place.of(name)))?;
        place.bait(profile).lay()?;
        Ok(bait)
    }
}

impl Drop for Bait {
    fn drop(&mut self) {
        // What stays is bait, in the folder for what does not matter.
        let _stays = fs::remove_dir_all(&self.0);
    }
}

fn private(folder: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(folder)
}

#[cfg(test)]
mod tests;
