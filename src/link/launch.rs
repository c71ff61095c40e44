//! Starts the warden beside this program, with one end of a socket pair as its standard input.

use std::fs::{DirBuilder, File, OpenOptions};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use airhatch_wire::{Code, Failure};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use crate::home::Home;

/// What the warden is started for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WardenMode {
    /// The user's accounts; agents live on when the warden ends.
    Accounts,
    /// A demonstration: everything is stopped when the link ends, and removed unless `keep`.
    Demo {
        /// Whether the demonstration's folder stays.
        keep: bool,
    },
}

/// A warden that was started and not spoken to yet. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Launched {
    /// Our end of the link.
    pub(super) socket: UnixStream,
    /// Becomes readable when the warden has ended.
    pub(super) process: OwnedFd,
}

/// Starts the warden beside this program: before the jail, where no program can be started.
///
/// # Errors
/// [`Code::Internal`] when the program is missing or does not start, or the home cannot be made.
pub(crate) fn launch(home: &Home, mode: WardenMode) -> Result<Launched, Failure> {
    let program = beside_us("airhatch-warden")?;
    let log = log_file(home).map_err(|e| {
        Failure::new(Code::Internal, format!("cannot write in {}: {e}", home.root().display()))
            .hint("make that folder yours, or name another one with AIRHATCH_HOME")
    })?;
    let failed = |e: std::io::Error| {
        Failure::new(Code::Internal, format!("cannot start {}: {e}", program.display()))
            .hint("install Airhatch again: its programs belong into one folder")
    };
    let (ours, theirs) = UnixStream::pair().map_err(failed)?;
    let mut command = Command::new(&program);
    command.arg("--home").arg(home.root()).arg("--inbox-base").arg(home.inbox_base());
    if let WardenMode::Demo { keep } = mode {
        command.arg("--demo");
        if keep {
            command.arg("--keep");
        }
    }
    command
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::null())
        .stderr(Stdio::from(log))
        // Ctrl-C in the terminal is for the front; the warden ends with the link.
        .process_group(0);
    let child = command.spawn().map_err(failed)?;
    let process = pidfd_open(Pid::from_child(&child), PidfdFlags::empty()).map_err(|e| failed(e.into()))?;
    Ok(Launched { socket: ours, process })
}

/// Waits until a started process has ended, or `patience` is over. True when it has ended. Blocks.
pub(super) fn ended(process: &OwnedFd, patience: Duration) -> bool {
    let deadline = Instant::now() + patience;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let wait = Timespec::try_from(left).unwrap_or_default();
        match poll(&mut [PollFd::new(process, PollFlags::IN)], Some(&wait)) {
            Err(Errno::INTR) => {}
            outcome => return outcome.is_ok_and(|ready| ready > 0),
        }
    }
}

/// A program of this installation.
fn beside_us(name: &str) -> Result<PathBuf, Failure> {
    let here = std::env::current_exe()
        .map_err(|e| Failure::new(Code::Internal, format!("this program cannot find itself: {e}")))?;
    let program = here.with_file_name(name);
    if program.is_file() {
        return Ok(program);
    }
    Err(Failure::new(Code::Internal, format!("{} is missing", program.display()))
        .hint("install Airhatch again: its programs belong into one folder"))
}

/// The warden's log, begun anew when it has grown beyond a mebibyte.
fn log_file(home: &Home) -> std::io::Result<File> {
    const LARGEST: u64 = 1 << 20;
    DirBuilder::new().recursive(true).mode(0o700).create(home.root())?;
    let path = home.root().join("warden.log");
    let grown = path.metadata().is_ok_and(|log| log.len() > LARGEST);
    if grown {
        std::fs::remove_file(&path)?;
    }
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_end_of_a_process_is_seen_and_not_before() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let process = pidfd_open(Pid::from_child(&child), PidfdFlags::empty()).unwrap();
        assert!(!ended(&process, Duration::from_millis(1)));
        drop(child.stdin.take());
        assert!(ended(&process, Duration::from_secs(20)));
        child.wait().unwrap();
    }

    #[test]
    fn a_program_that_is_not_installed_is_named() {
        let failure = beside_us("airhatch-nonexistent").unwrap_err();
        assert!(failure.message.shown().contains("airhatch-nonexistent"));
        assert!(!failure.hint.is_empty());
    }

    #[test]
    fn home_and_log_are_for_this_user_only_and_a_grown_log_begins_anew() {
        let parent = tempfile::tempdir().unwrap();
        let home = Home::inside(parent.path().join("a/home"));
        log_file(&home).unwrap().set_len((1 << 20) + 1).unwrap();
        let log = log_file(&home).unwrap().metadata().unwrap();
        assert_eq!((log.len(), log.permissions().mode() & 0o777), (0, 0o600));
        assert_eq!(home.root().metadata().unwrap().permissions().mode() & 0o777, 0o700);
    }
}
