//! What the agent does to its own process before anything else: no files that others may read, no core dumps, no
//! debugger of the same user, as many open files as it may have, and, on request, a session of its own.
//!
//! Called once by `main`, before threads start. Knows no secret.

use rustix::fs::Mode;
use rustix::io;
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit, setsid, umask,
};

/// Open files that are enough for everybody who may call.
const FILES: u64 = 65_536;

/// Files are made for this user only (umask 077), memory is never written to a core file, and other processes of this
/// user can neither attach nor read this process's memory and descriptors. Every caller takes a descriptor: as many as this
/// user may have, up to [`FILES`].
///
/// # Errors
/// The system's, when it refuses the limit or the flag.
pub fn harden_process() -> io::Result<()> {
    umask(Mode::RWXG | Mode::RWXO);
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    let files = getrlimit(Resource::Nofile);
    let wanted = files.maximum.map_or(FILES, |most| most.min(FILES));
    if files.current.is_some_and(|current| current < wanted) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: files.maximum })?;
    }
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
}

/// Leaves the terminal's session, so that neither closing the terminal nor `Ctrl-C` in it ends the agent.
///
/// # Errors
/// `EPERM` when this process leads a process group already: start it inside somebody else's group.
pub fn detach() -> io::Result<()> {
    setsid().map(drop)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use std::fs;
    use std::process::{Command, Stdio};

    use super::*;

    /// Runs one of the tests below in a process of its own: what hardening does cannot be undone.
    fn alone(test: &str) {
        let ran = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", &format!("harden::tests::{test}"), "--ignored", "--test-threads=1"])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
    }

    fn proc_self(file: &str) -> String {
        fs::read_to_string(format!("/proc/self/{file}")).unwrap()
    }

    #[test]
    fn a_hardened_process_writes_no_core_and_makes_private_files() {
        alone("hardens_and_looks");
    }

    #[test]
    #[ignore = "run in a process of its own"]
    fn hardens_and_looks() {
        let umask_of =
            || proc_self("status").lines().find(|line| line.starts_with("Umask")).unwrap().to_owned();
        umask(Mode::empty());
        assert_eq!(umask_of(), "Umask:\t0000");
        assert_eq!(rustix::process::dumpable_behavior().unwrap(), DumpableBehavior::Dumpable);
        harden_process().unwrap();
        assert_eq!(umask_of(), "Umask:\t0077");
        let limits = proc_self("limits");
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"]);
        assert_eq!(rustix::process::dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
    }

    #[test]
    fn a_detached_process_leads_a_session_of_its_own() {
        alone("detaches_and_looks");
    }

    #[test]
    #[ignore = "run in a process of its own"]
    fn detaches_and_looks() {
        // Not `getsid`: for a session led from outside this process's namespace it is 0, which rustix's type cannot hold.
        let session = || {
            let stat = proc_self("stat");
            stat.rsplit(") ").next().unwrap().split(' ').nth(3).unwrap().to_owned()
        };
        let me = rustix::process::getpid().to_string();
        assert_ne!(session(), me);
        detach().unwrap();
        assert_eq!(session(), me);
        // A leader cannot leave again.
        assert!(detach().is_err());
    }
}
