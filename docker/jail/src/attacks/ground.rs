//! Where the attacks are tried: a few folders with bait in them, and sockets.

use std::fs;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::symlink;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, socket};
use rustix::process::{Pid, getppid};

/// The folders, made by the process above, which also removes them.
#[derive(Clone, Debug)]
pub struct Folders {
    /// In what the jail must keep closed.
    pub closed: PathBuf,
    /// In what the jail does not let be written: for the front a readable folder, for the agent one outside its own.
    pub outside: PathBuf,
    /// In what may be read but not written: for the front the same, for the agent its outbox.
    pub read_only: PathBuf,
    /// In what the jailed program may write.
    pub own: PathBuf,
}

/// The name of the bait.
const VAULT: &str = "vault";
const DECOY: &str = "decoy";
const DOOMED: &str = "doomed";
const LINK: &str = "link";
const CONTROL: &str = "control.sock";
const LETTERS: &str = "letters.sock";
const ENGINE: &str = "engine.sock";

impl Folders {
    /// Lays the bait. The folders must be there; the names used in them are in [`Folders::clear`]'s hands afterwards.
    ///
    /// # Errors
    /// When something cannot be written.
    pub fn lay(&self) -> io::Result<()> {
        fs::write(self.closed.join(VAULT), "a secret")?;
        fs::write(self.outside.join(DECOY), "a file of yours")?;
        fs::write(self.outside.join(DOOMED), "another")?;
        fs::write(self.own.join(DECOY), "a setting")?;
        symlink(self.closed.join(VAULT), self.own.join(LINK))
    }

    /// Takes everything away again that was laid or left. What is not there is no error.
    pub fn clear(&self) {
        for (folder, names) in [
            (&self.closed, &[VAULT, CONTROL, LETTERS][..]),
            (&self.outside, &[DECOY, DOOMED, PLANTED, ENGINE]),
            (&self.read_only, &[PLANTED]),
            (&self.own, &[DECOY, LINK, PLANTED]),
        ] {
            for name in names {
                // Missing is what it should be.
                let _missing = fs::remove_file(folder.join(name));
            }
        }
    }
}

/// What attacks plant where they should not.
const PLANTED: &str = "planted";

/// The ground as the process to be jailed sees it.
#[derive(Debug)]
pub struct Ground {
    folders: Folders,
    closed: OwnedFd,
    outside: OwnedFd,
    parent: Pid,
    unconnected: Mutex<Vec<OwnedFd>>,
    _listener: UnixListener,
    _engine: UnixListener,
    _letters: UnixDatagram,
}

impl Ground {
    /// Opens the sockets: two that listen among the closed files, as an agent's would, one that listens elsewhere, as a
    /// container engine's would, and spare ones for attacks by a process that may make none.
    ///
    /// # Errors
    /// The system's; also when this process has no parent to attack.
    pub fn open(folders: Folders) -> io::Result<Self> {
        let hold = |folder: &Path| {
            openat(CWD, folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
        };
        let (closed, outside) = (hold(&folders.closed)?, hold(&folders.outside)?);
        let engine = UnixListener::bind(below(&outside, ENGINE))?;
        let listener = UnixListener::bind(below(&closed, CONTROL))?;
        let letters = UnixDatagram::bind(below(&closed, LETTERS))?;
        let mut unconnected = Vec::new();
        // For each of two attacks one before the jail and one in it.
        for _ in 0..4 {
            unconnected.push(socket(AddressFamily::UNIX, SocketType::STREAM, None)?);
        }
        let parent = getppid().ok_or_else(|| io::Error::other("this process has no parent"))?;
        Ok(Self {
            folders,
            closed,
            outside,
            parent,
            unconnected: Mutex::new(unconnected),
            _listener: listener,
            _engine: engine,
            _letters: letters,
        })
    }

    pub(super) fn closed(&self) -> &Path {
        &self.folders.closed
    }

    pub(super) fn vault(&self) -> PathBuf {
        self.folders.closed.join(VAULT)
    }

    pub(super) fn own_link(&self) -> PathBuf {
        self.folders.own.join(LINK)
    }

    pub(super) fn own_decoy(&self) -> PathBuf {
        self.folders.own.join(DECOY)
    }

    pub(super) fn own_planted(&self) -> PathBuf {
        self.folders.own.join(PLANTED)
    }

    pub(super) fn decoy(&self) -> PathBuf {
        self.folders.outside.join(DECOY)
    }

    pub(super) fn doomed(&self) -> PathBuf {
        self.folders.outside.join(DOOMED)
    }

    pub(super) fn planted(&self) -> PathBuf {
        self.folders.outside.join(PLANTED)
    }

    pub(super) fn planted_read_only(&self) -> PathBuf {
        self.folders.read_only.join(PLANTED)
    }

    /// A process that is not in the jail.
    pub(super) fn parent(&self) -> Pid {
        self.parent
    }

    pub(super) fn control(&self) -> Result<SocketAddrUnix, Errno> {
        SocketAddrUnix::new(below(&self.closed, CONTROL))
    }

    pub(super) fn engine(&self) -> Result<SocketAddrUnix, Errno> {
        SocketAddrUnix::new(below(&self.outside, ENGINE))
    }

    pub(super) fn letters(&self) -> Result<SocketAddrUnix, Errno> {
        SocketAddrUnix::new(below(&self.closed, LETTERS))
    }

    /// A local stream socket that goes nowhere yet.
    pub(super) fn unconnected(&self) -> Result<OwnedFd, Errno> {
        let mut spare = self.unconnected.lock().map_err(|_| Errno::BADF)?;
        spare.pop().ok_or(Errno::BADF)
    }
}

/// A socket's path has 107 bytes at most; by way of the descriptor it is always short.
fn below(folder: &OwnedFd, name: &str) -> String {
    format!("/proc/self/fd/{}/{name}", folder.as_raw_fd())
}
