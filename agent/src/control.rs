//! The fronts' door: a socket that only this user can open, and only processes of this user are served. An agent in a
//! container may run as another user than its owner, who is then named at its start.

use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener as Door;
use std::path::Path;

use airhatch_wire::control::{Command, FromAgent, Request};
use airhatch_wire::link::{Link, LinkReader, LinkWriter};
use rustix::fs::{Mode, OFlags};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;

use crate::hub::{Ask, FrontId};

/// The socket's name in its folder.
pub const SOCKET: &str = "control.sock";

/// Words that may wait for a front; one that falls further behind is let go.
pub const QUEUE: usize = 16 * 1024;

/// What happens at the door.
#[derive(Debug)]
pub enum FrontEvent {
    /// A front is there; words for it go here.
    Attached(FrontId, mpsc::Sender<FromAgent>),
    /// A front asks.
    Asked(Ask, Command),
    /// A front is gone.
    Left(FrontId),
}

/// Opens the door, while the process may still make local sockets. The folder is named through a descriptor, since a
/// socket's path may have 107 bytes only. The caller holds the account's lock, so a socket that lies there is stale.
///
/// # Errors
/// The system's.
pub fn open(folder: &Path) -> io::Result<Door> {
    let directory =
        rustix::fs::open(folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    close(folder)?;
    let door = Door::bind(format!("/proc/self/fd/{}/{SOCKET}", directory.as_raw_fd()))?;
    std::fs::set_permissions(folder.join(SOCKET), std::fs::Permissions::from_mode(0o600))?;
    door.set_nonblocking(true)?;
    Ok(door)
}

/// Removes the socket, if there is one.
///
/// # Errors
/// The system's.
pub fn close(folder: &Path) -> io::Result<()> {
    match std::fs::remove_file(folder.join(SOCKET)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Serves fronts until the task is dropped: those of this user, and of `owner` if there is one.
pub async fn serve(listener: UnixListener, owner: Option<u32>, events: mpsc::Sender<FrontEvent>) {
    let mut next = 0;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                next += 1;
                tokio::spawn(welcome(stream, owner, FrontId(next), events.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "a front could not be taken");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
    }
}

async fn welcome(stream: UnixStream, owner: Option<u32>, front: FrontId, events: mpsc::Sender<FrontEvent>) {
    let ourselves = rustix::process::geteuid().as_raw();
    match stream.peer_cred() {
        Ok(peer) if peer.uid() == ourselves || Some(peer.uid()) == owner => {}
        Ok(peer) => return tracing::warn!(uid = peer.uid(), "another user tried the control socket"),
        Err(error) => return tracing::warn!(%error, "a front without credentials was refused"),
    }
    let link: Link<UnixStream, FromAgent, Request> = match Link::answer(stream).await {
        Ok(link) => link,
        Err(error) => return tracing::debug!(%error, "a front was turned away"),
    };
    let (writer, reader) = link.split();
    let (words, queue) = mpsc::channel(QUEUE);
    if events.send(FrontEvent::Attached(front, words)).await.is_err() {
        return;
    }
    tokio::select! {
        () = write_all(writer, queue) => {}
        () = read_all(reader, front, &events) => {}
    }
    // Nobody to tell when the agent is ending.
    let _ending = events.send(FrontEvent::Left(front)).await;
}

async fn write_all(
    mut writer: LinkWriter<UnixStream, FromAgent, Request>,
    mut queue: mpsc::Receiver<FromAgent>,
) {
    while let Some(word) = queue.recv().await {
        if let Err(error) = writer.send(word).await {
            return tracing::debug!(%error, "a front is gone");
        }
    }
}

async fn read_all(
    mut reader: LinkReader<UnixStream, FromAgent, Request>,
    front: FrontId,
    events: &mpsc::Sender<FrontEvent>,
) {
    loop {
        match reader.receive().await {
            Ok(Some(Request { id, command })) => {
                if events.send(FrontEvent::Asked(Ask { front, id }, command)).await.is_err() {
                    return;
                }
            }
            Ok(None) => return,
            Err(error) => return tracing::debug!(%error, "a front said something unreadable"),
        }
    }
}
