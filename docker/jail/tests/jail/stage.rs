//! Where a jail is entered: a folder, and a process in it.

use std::fs;
use std::os::unix::fs::{MetadataExt, lchown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use airhatch_jail::agent::AgentPaths;
use airhatch_jail::attacks::Folders;
use airhatch_jail::front::FrontPaths;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, geteuid, pidfd_open};
use tempfile::TempDir;

/// How long a half may take; hit only by one that hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A user without any rights of its own.
const NOBODY: u32 = 65534;

/// Who enters the jail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// Whoever runs the tests.
    Me,
    /// A user without rights, where root runs the tests.
    Nobody,
}

/// Both, where that is possible: only root can be somebody else, and only where the way to this program is open.
pub(crate) fn everybody() -> Vec<Who> {
    let this = std::env::current_exe().unwrap();
    let open = |folder: &Path| folder.metadata().is_ok_and(|folder| folder.mode() & 0o001 != 0);
    if geteuid().is_root() && this.ancestors().skip(1).all(open) {
        return vec![Who::Me, Who::Nobody];
    }
    println!("       for this user only: another one cannot be had, or cannot get at {}", this.display());
    vec![Who::Me]
}

/// The folders of one jail.
pub(crate) struct Place(PathBuf);

impl Place {
    pub(crate) fn at(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    pub(crate) fn of(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.0
    }

    pub(crate) fn front(&self) -> FrontPaths {
        FrontPaths {
            readable: vec![self.0.clone()],
            closed: vec![self.of("closed")],
            own: vec![self.of("own")],
            zone_data: vec!["/usr/share/zoneinfo".into()],
        }
    }

    pub(crate) fn agent(&self) -> AgentPaths {
        AgentPaths {
            home: self.of("own"),
            inbox: self.of("inbox"),
            outbox: self.of("outbox"),
            drop: Some(self.of("drop")),
            control: self.of("control"),
        }
    }

    pub(crate) fn front_bait(&self) -> Folders {
        Folders {
            closed: self.of("closed"),
            outside: self.of("outside"),
            read_only: self.of("outside"),
            own: self.of("own"),
        }
    }

    pub(crate) fn agent_bait(&self) -> Folders {
        Folders { read_only: self.of("outbox"), ..self.front_bait() }
    }
}

/// A place on disk, gone when dropped, and who will be in it.
pub(crate) struct Stage {
    folder: TempDir,
    who: Who,
}

impl Stage {
    pub(crate) fn new(who: Who) -> Self {
        let stage = Self { folder: TempDir::new().unwrap(), who };
        for name in ["closed", "outside", "own", "inbox", "outbox", "drop", "control"] {
            fs::create_dir(stage.place().of(name)).unwrap();
        }
        stage.give(stage.folder.path());
        stage
    }

    pub(crate) fn place(&self) -> Place {
        // A real path, as the system tells it.
        Place(self.folder.path().canonicalize().unwrap())
    }

    /// Everything below belongs to who will be inside.
    pub(crate) fn give(&self, path: &Path) {
        if self.who == Who::Nobody {
            lchown(path, Some(NOBODY), Some(NOBODY)).unwrap();
            if path.is_dir() && !path.is_symlink() {
                fs::read_dir(path).unwrap().for_each(|entry| self.give(&entry.unwrap().path()));
            }
        }
    }

    pub(crate) fn command(&self, half: &str) -> Command {
        // The link can be followed by a user who could not walk to the program.
        let mut command = Command::new("/proc/self/exe");
        command.args(["--inside", half]).arg(self.place().root());
        command.env("RUST_BACKTRACE", "0");
        if self.who == Who::Nobody {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    pub(crate) fn start(&self, half: &str) -> Child {
        let mut command = self.command(half);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// Runs a half to its end and returns what it wrote.
    pub(crate) fn run(&self, half: &str) -> String {
        let child = self.start(half);
        let process = pidfd_open(Pid::from_child(&child), PidfdFlags::empty()).unwrap();
        // The halves write less than a pipe holds, also when they fail.
        let patience = Timespec::try_from(PATIENCE).unwrap();
        let ended = poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&patience)).unwrap();
        let mut child = child;
        if ended == 0 {
            child.kill().unwrap();
        }
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complained = String::from_utf8_lossy(&output.stderr);
        assert!(ended > 0 && output.status.success(), "{half} as {:?}:\n{said}{complained}", self.who);
        said
    }
}
