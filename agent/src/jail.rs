//! Entering the agent's jail, and saying how it turned out: in the log, and to every front that asks for the status.
//!
//! Called once by `startup`, after everything that needs the free system and before the first thread and the first call
//! into OpenSSL. The walls themselves are `airhatch-jail`'s.

use std::error::Error;
use std::io;

use airhatch_jail::agent::{AgentPaths, enter as enter_jail};
use airhatch_jail::{JailError, Report, Strength};
use airhatch_wire::Untrusted;
use airhatch_wire::control::{Jail, JailStrength};

use crate::config::Folders;

/// Enters the jail, for good: from here on this process reaches the account's folders, the network and nothing else, as
/// far as the kernel can see to that.
///
/// # Errors
/// What is to be changed at the folders, or why the kernel refused; the process must end then.
pub fn enter(folders: &Folders) -> io::Result<Jail> {
    let paths = AgentPaths {
        home: folders.state.clone(),
        inbox: folders.inbox.clone(),
        outbox: folders.outbox.clone(),
        drop: folders.drop.clone(),
        control: folders.control.clone(),
    };
    let report = enter_jail(&paths).map_err(|error| io::Error::other(explained(&error)))?;
    let jail = told(&report);
    log(&jail);
    Ok(jail)
}

fn told(report: &Report) -> Jail {
    let strength = match report.strength() {
        Strength::None => JailStrength::None,
        Strength::Partial => JailStrength::Partial,
        Strength::Whole => JailStrength::Whole,
    };
    Jail { strength, sentences: report.sentences().into_iter().map(Untrusted::new).collect() }
}

fn log(jail: &Jail) {
    for sentence in jail.sentences.iter().map(Untrusted::shown) {
        match jail.strength {
            JailStrength::Whole => tracing::info!("jailed: {sentence}"),
            JailStrength::Partial => tracing::warn!("partly jailed: {sentence}"),
            JailStrength::None => tracing::warn!("not jailed: {sentence}"),
        }
    }
}

/// What happened, every cause of it, and what to do.
fn explained(error: &JailError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        // Some errors repeat their cause.
        if !text.contains(&next.to_string()) {
            text = format!("{text}: {next}");
        }
        cause = next.source();
    }
    let advice = match error {
        JailError::Nested { .. } | JailError::Overlap(_) => {
            "; choose other folders with --inbox, --outbox or --control"
        }
        JailError::Folder { .. } => "",
        JailError::Threads(_)
        | JailError::Process { .. }
        | JailError::Files(_)
        | JailError::SystemCalls(_) => {
            "; a sandbox around the agent may refuse it: allow it prctl, landlock_* and seccomp there"
        }
    };
    format!("the agent cannot enter its jail: {text}{advice}")
}

#[cfg(test)]
mod tests {
    use airhatch_jail::{Files, Profile, SystemCalls};

    use super::*;

    #[test]
    fn what_a_kernel_lacks_reaches_the_fronts_in_words() {
        let files = Files::Open("this kernel has no Landlock");
        let system_calls = SystemCalls::Listed { instructions: 7 };
        let report = Report { profile: Profile::Agent, files, system_calls, notes: Vec::new() };
        let jail = told(&report);
        assert_eq!(jail.strength, JailStrength::Partial);
        let said = jail.sentences.iter().any(|sentence| sentence.as_received().contains("no Landlock"));
        assert!(said, "{jail:?}");
    }

    #[test]
    fn folders_in_one_another_are_refused_with_the_options_that_part_them() {
        let error = JailError::Nested { inner: "/a/state/inbox".into(), outer: "/a/state".into() };
        let text = explained(&error);
        assert!(text.contains("/a/state/inbox lies in /a/state") && text.contains("--inbox"), "{text}");
    }

    #[test]
    fn a_cause_is_said_once() {
        let source = io::Error::from(io::ErrorKind::NotFound);
        let said = source.to_string();
        let text = explained(&JailError::Folder { path: "/a".into(), source });
        assert_eq!(text.matches(&said).count(), 1, "{text}");
    }
}
