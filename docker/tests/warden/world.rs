//! A home, and an installation whose agent and CA are stand-ins.

use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use airhatch_wire::Email;
use rustix::process::{Pid, Signal, kill_process};

use crate::front::Front;

/// Started with the arguments of `airhatch-agent`; goes on as this test program.
const AGENT: &str = r#"#!/bin/sh
case "$1" in
    pack | unpack) exec 'TEMPORARY/engine-agent' "$@" ;;
esac
env > "$(dirname "$0")/agent.env"
echo "$@" > "$(dirname "$0")/agent.arguments"
detach=no
while [ $# -gt 0 ]; do
    case "$1" in
        --home) home="$2"; shift ;;
        --control) control="$2"; shift ;;
        --detach) detach=yes ;;
    esac
    shift
done
behaviour="$(cat "$home/behaviour" 2>/dev/null)"
if [ "$behaviour" = crash ]; then
    printf 'starting\n\n  the vault is on \033[31mfire\n\n' >&2
    exit 3
fi
STAND_IN_HOME="$home" STAND_IN_CONTROL="$control" STAND_IN_BEHAVIOUR="$behaviour" STAND_IN_DETACH="$detach" \
    exec 'TESTS' stand_in::the_agent_that_other_tests_start --exact --ignored --nocapture
"#;

/// Started with the arguments of `airhatch-ca`.
const AUTHORITY: &str = r#"#!/bin/sh
case "$1" in
    init) for folder in "$@"; do :; done; mkdir "$folder" ;;
    fingerprint) for i in 1 2 3 4; do printf 'abcd abcd abcd abcd '; done; echo ;;
    run)
        [ -d "$3" ] || exit 4
        echo $$ > "$3/pid"
        echo 'listening on 127.0.0.1:4242'
        exec tail -f /dev/null ;;
esac
"#;

pub(crate) struct World {
    folder: tempfile::TempDir,
    pub(crate) home: PathBuf,
}

pub(crate) fn email(text: &str) -> Email {
    text.parse().unwrap()
}

/// A world with its home right inside a temporary folder.
pub(crate) fn world() -> World {
    world_with_home("home")
}

/// A world with its home at a path inside a temporary folder.
pub(crate) fn world_with_home(home: &str) -> World {
    let folder = tempfile::tempdir().unwrap();
    let programs = folder.path().join("bin");
    fs::create_dir(&programs).unwrap();
    let warden = programs.join("airhatch-warden");
    let built = env!("CARGO_BIN_EXE_airhatch-warden");
    fs::hard_link(built, &warden).or_else(|_| fs::copy(built, &warden).map(drop)).unwrap();
    let tests = std::env::current_exe().unwrap();
    let agent = AGENT.replace("TESTS", tests.to_str().unwrap());
    let agent = agent.replace("TEMPORARY", env!("CARGO_TARGET_TMPDIR"));
    for (name, script) in [("airhatch-agent", agent.as_str()), ("airhatch-ca", AUTHORITY)] {
        fs::write(programs.join(name), script).unwrap();
        fs::set_permissions(programs.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let home = folder.path().canonicalize().unwrap().join(home);
    World { folder, home }
}

impl World {
    pub(crate) fn programs(&self) -> PathBuf {
        self.folder.path().join("bin")
    }

    /// A folder for the person's files.
    pub(crate) fn files(&self) -> PathBuf {
        let files = self.folder.path().join("files");
        fs::create_dir_all(&files).unwrap();
        files
    }

    pub(crate) fn account(&self, account: &str) -> PathBuf {
        self.home.join("accounts").join(account)
    }

    pub(crate) fn warden(&self, flags: &[&str]) -> Command {
        let mut command = Command::new(self.programs().join("airhatch-warden"));
        command.arg("--home").arg(&self.home).arg("--inbox-base").arg(self.home.join("Airhatch"));
        command.args(flags).env("SECRET", "secret").process_group(0).stderr(Stdio::null());
        // Only tests of engines meet one.
        command.env("DOCKER_HOST", "unix:///nowhere/engine.sock");
        command
    }

    pub(crate) fn front(&self) -> Front {
        self.front_with(&[])
    }

    pub(crate) fn front_with(&self, flags: &[&str]) -> Front {
        let (stream, warden) = self.link(self.warden(flags));
        Front::new(stream, warden).open()
    }

    /// Starts a warden; nothing was said on its link yet.
    pub(crate) fn link(&self, mut command: Command) -> (UnixStream, Child) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let warden = command.stdin(OwnedFd::from(theirs)).spawn().unwrap();
        (ours, warden)
    }

    /// Tells the stand-in of an account how to behave.
    pub(crate) fn behave(&self, account: &str, behaviour: &str) {
        fs::write(self.account(account).join("agent/behaviour"), behaviour).unwrap();
    }

    /// The processes of an account's agents, in the order of their starts.
    pub(crate) fn started(&self, account: &str) -> Vec<i32> {
        started_in(&self.account(account))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for account in fs::read_dir(self.home.join("accounts")).into_iter().flatten().flatten() {
            for pid in started_in(&account.path()).into_iter().filter(|pid| is_stand_in(*pid)) {
                let _ended_meanwhile = kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL);
            }
        }
    }
}

fn started_in(account: &Path) -> Vec<i32> {
    let lines = fs::read_to_string(account.join("agent/started")).unwrap_or_default();
    lines.lines().map(|line| line.parse().unwrap()).collect()
}

fn is_stand_in(pid: i32) -> bool {
    fs::read_link(format!("/proc/{pid}/exe"))
        .is_ok_and(|exe| Ok(exe) == std::env::current_exe().map_err(drop))
}

/// Whether a process runs; one that only waits to be reaped does not.
pub(crate) fn is_alive(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.starts_with(" Z") && !rest.starts_with(" X"))
}

/// Waits for a condition, with a deadline.
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < deadline, "{what} did not happen in time");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The mode of a file or folder.
pub(crate) fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}
