//! Reaching an agent's control socket, and knowing which process serves it. Called by the runtimes; never reads or
//! writes a byte of the conversation, which belongs to the front.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;

use nix::sys::socket::{UnixCredentials, getsockopt, sockopt::PeerCredentials};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, openat, unlinkat};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use crate::home::Folders;
use crate::runtime::RuntimeError;

const SOCKET: &str = "control.sock";

/// What is at the other end of a control socket's path.
#[derive(Debug)]
pub(crate) enum Door {
    /// The account's agent took the connection. It does not block.
    Open(UnixStream),
    /// An agent listens, but too many connections wait for it.
    Crowded,
    /// A socket that nobody listens at: its agent is gone.
    Stale,
    /// No socket.
    Missing,
}

/// A running agent.
#[derive(Debug)]
pub(crate) struct Agent {
    /// Connected to its control socket.
    pub(crate) connection: UnixStream,
    /// Its process, by number: for comparing only.
    pub(crate) pid: Pid,
    /// Its process, held: the number may be given to another process, this may not.
    pub(crate) process: OwnedFd,
}

/// Connects to an account's control socket. A path to a socket holds 107 bytes at most, so the folder is opened and
/// named by its descriptor.
pub(crate) fn knock(folders: &Folders) -> Result<Door, RuntimeError> {
    let Some(held) = open_folder(&folders.control())? else { return Ok(Door::Missing) };
    let address = SocketAddrUnix::new(format!("/proc/self/fd/{}/{SOCKET}", held.as_raw_fd()))
        .map_err(io::Error::from)?;
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket =
        socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None).map_err(io::Error::from)?;
    match connect(&socket, &address) {
        Ok(()) => {}
        Err(Errno::AGAIN) => return Ok(Door::Crowded),
        Err(Errno::CONNREFUSED) => return Ok(Door::Stale),
        // Some file systems show a socket and cannot carry it.
        Err(Errno::NOENT | Errno::OPNOTSUPP) => return Ok(Door::Missing),
        Err(e) => return Err(io::Error::from(e).into()),
    }
    let uid = credentials(&socket)?.uid();
    if uid != folders.agent_user.as_raw() {
        return Err(RuntimeError::Foreign { uid });
    }
    Ok(Door::Open(socket.into()))
}

/// The agent behind a control socket; `None` when nobody listens.
///
/// The process is held first and the socket tried again after that: the same number answering means that the process
/// now held is the agent, and not a later one that was given the number of an agent that ended.
pub(crate) fn identify(folders: &Folders) -> Result<Option<Agent>, RuntimeError> {
    const ATTEMPTS: u32 = 10;
    for _ in 0..ATTEMPTS {
        let first = match knock(folders)? {
            Door::Open(connection) => peer(&connection)?,
            Door::Crowded => return Err(RuntimeError::Unresponsive),
            Door::Stale | Door::Missing => return Ok(None),
        };
        let process = match pidfd_open(first, PidfdFlags::NONBLOCK) {
            Ok(process) => process,
            Err(Errno::SRCH) => continue,
            Err(e) => return Err(io::Error::from(e).into()),
        };
        match knock(folders)? {
            Door::Open(connection) if peer(&connection)? == first => {
                return Ok(Some(Agent { connection, pid: first, process }));
            }
            _ => {}
        }
    }
    Err(RuntimeError::Unresponsive)
}

/// Whether an agent takes connections now; nothing is started, nothing is kept.
pub(crate) fn is_served(folders: &Folders) -> bool {
    matches!(knock(folders), Ok(Door::Open(_) | Door::Crowded))
}

/// Takes away a socket that nobody listens at. The caller holds the account's lock.
pub(crate) fn clear_stale(folders: &Folders) -> Result<(), RuntimeError> {
    if matches!(knock(folders)?, Door::Stale) {
        let Some(held) = open_folder(&folders.control())? else { return Ok(()) };
        match unlinkat(&held, SOCKET, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => tracing::info!("a control socket left by a crash was removed"),
            Err(e) => return Err(io::Error::from(e).into()),
        }
    }
    Ok(())
}

fn peer(connection: &UnixStream) -> Result<Pid, RuntimeError> {
    Pid::from_raw(credentials(connection)?.pid()).ok_or(RuntimeError::Hidden)
}

/// Who listens. Not rustix's: its type cannot hold the number 0, which stands for a process outside this namespace.
fn credentials(socket: impl AsFd) -> Result<UnixCredentials, RuntimeError> {
    getsockopt(&socket, PeerCredentials).map_err(|e| io::Error::from(e).into())
}

fn open_folder(folder: &Path) -> Result<Option<OwnedFd>, RuntimeError> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match openat(CWD, folder, flags, Mode::empty()) {
        Ok(held) => Ok(Some(held)),
        Err(Errno::NOENT) => Ok(None),
        Err(e) => Err(io::Error::from(e).into()),
    }
}
