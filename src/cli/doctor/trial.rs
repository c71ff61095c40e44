//! The attacker: a child of doctor that tries everything, enters a jail through the same door as the programs do, and
//! tries everything again. It holds no link and no secret, and attacks only the folder it is given.
//!
//! The folder's layout and the attacker's answers are known here, for both sides. Must never know: the user's accounts.

use std::path::{Path, PathBuf};

use airhatch_jail::agent::{self, AgentPaths};
use airhatch_jail::attacks::{Attempted, Finding, Folders, Ground, Verdict as Outcome};
use airhatch_jail::front::{self, FrontPaths};
use airhatch_jail::{Files, Profile, Report, SystemCalls, attacks};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::check::Verdict;
use crate::cli::exit::{Stop, code};
use crate::cli::json;
use crate::cli::output::Output;

/// The attacker's name on the command line, which only doctor types.
pub(crate) const COMMAND: &str = "attack-jail";

/// One attacker.
#[derive(Debug, Args)]
pub(crate) struct Trial {
    /// Whose jail
    profile: Who,
    /// The folder with the bait
    folder: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Who {
    Front,
    Agent,
}

/// What to type for a profile.
pub(super) const fn name(profile: Profile) -> &'static str {
    match profile {
        Profile::Front => "front",
        Profile::Agent => "agent",
    }
}

impl Trial {
    /// Attacks, and tells one object a line: the jail, then every finding; or why there is none.
    ///
    /// # Errors
    /// When the jail cannot be entered, or nobody listens.
    pub(crate) fn run(&self, out: Output) -> Result<(), Stop> {
        let say = |object: Value| out.data(object, "");
        match self.attack() {
            Ok((report, findings)) => {
                say(entered(&report))?;
                findings.iter().try_for_each(|one| say(finding(one)))
            }
            Err(why) => {
                say(json::object("stopped", json!({ "why": why })))?;
                Err(Stop::Quiet(code::OTHER))
            }
        }
    }

    fn attack(&self) -> Result<(Report, Vec<Finding>), String> {
        let place = Place::at(&self.folder);
        let open =
            |profile| Ground::open(place.bait(profile)).map_err(|e| format!("the bait is not there: {e}"));
        match self.profile {
            Who::Front => {
                let ground = open(Profile::Front)?;
                let trial = attacks::Trial::begin(Profile::Front, &ground);
                let entered = front::enter(&place.front()).map_err(|e| e.to_string())?;
                Ok((entered.report, trial.end()))
            }
            Who::Agent => {
                let ground = open(Profile::Agent)?;
                let trial = attacks::Trial::begin(Profile::Agent, &ground);
                let report = agent::enter(&place.agent()).map_err(|e| e.to_string())?;
                Ok((report, trial.end()))
            }
        }
    }
}

/// The folders of one trial.
pub(super) struct Place<'a>(&'a Path);

impl<'a> Place<'a> {
    /// The name of every folder in it.
    pub(super) const FOLDERS: [&'static str; 7] =
        ["closed", "outside", "own", "inbox", "outbox", "drop", "control"];

    /// In this folder.
    pub(super) const fn at(folder: &'a Path) -> Self {
        Self(folder)
    }

    /// Where the bait lies.
    pub(super) fn bait(&self, profile: Profile) -> Folders {
        let read_only = match profile {
            Profile::Front => self.of("outside"),
            Profile::Agent => self.of("outbox"),
        };
        Folders { closed: self.of("closed"), outside: self.of("outside"), read_only, own: self.of("own") }
    }

    /// One of the folders.
    pub(super) fn of(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn front(&self) -> FrontPaths {
        FrontPaths {
            readable: vec![self.0.to_owned()],
            closed: vec![self.of("closed")],
            own: vec![self.of("own")],
            zone_data: Vec::new(),
        }
    }

    fn agent(&self) -> AgentPaths {
        AgentPaths {
            home: self.of("own"),
            inbox: self.of("inbox"),
            outbox: self.of("outbox"),
            drop: Some(self.of("drop")),
            control: self.of("control"),
        }
    }
}

fn entered(report: &Report) -> Value {
    let fields = json!({
        "strength": report.strength().to_string(),
        "sentences": report.sentences(),
        "landlock": match &report.files {
            Files::Restricted { version, .. } => json!(version),
            Files::Open(_) => Value::Null,
        },
        "seccomp": matches!(report.system_calls, SystemCalls::Listed { .. }),
        "whole": report.strength() == airhatch_jail::Strength::Whole,
    });
    json::object("jail", fields)
}

fn finding(finding: &Finding) -> Value {
    let verdict = match finding.verdict() {
        Outcome::Held => Verdict::Held,
        Outcome::Broken => Verdict::Broken,
        Outcome::NotTestable => Verdict::NotTestable,
    };
    let fields = json!({
        "tries": finding.attack.tries,
        "verdict": verdict.name(),
        "free": word(finding.free),
        "jailed": word(finding.jailed),
    });
    json::object("finding", fields)
}

/// What the system said, without its number.
fn word(outcome: Attempted) -> String {
    match outcome {
        Ok(()) => "done".to_owned(),
        Err(error) => {
            let text = std::io::Error::from(error).to_string();
            text.split(" (os error").next().unwrap_or_default().to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use rustix::io::Errno;

    use super::*;

    #[test]
    fn what_the_system_said_reads_without_numbers() {
        assert_eq!(word(Ok(())), "done");
        assert_eq!(word(Err(Errno::PERM)), "Operation not permitted");
    }

    #[test]
    fn every_folder_of_a_trial_has_its_name_in_the_list() {
        let place = Place::at(Path::new("/t"));
        let agent = place.agent();
        let mut used = vec![agent.home, agent.inbox, agent.outbox, agent.control];
        used.extend(agent.drop);
        for profile in [Profile::Front, Profile::Agent] {
            let bait = place.bait(profile);
            used.extend([bait.closed, bait.outside, bait.read_only, bait.own]);
        }
        for folder in used {
            assert!(Place::FOLDERS.iter().any(|name| place.of(name) == folder), "{}", folder.display());
        }
    }
}
