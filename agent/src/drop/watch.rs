//! Hearing from the kernel that something in the drop folder may have changed. What, is found out by looking: so an
//! overflow of its queue loses nothing. Where the kernel has no watch to give, the folder is looked at now and then.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use tokio::net::unix::pipe::Receiver;

/// Room for the events that are read at once, bytes.
const ROOM: usize = 4096;

/// The kernel's watch, where there is one.
pub(super) struct Watch {
    watching: Option<Watching>,
}

struct Watching {
    /// For more folders.
    inotify: File,
    /// The same, for hearing: events come out of it as bytes come out of a pipe.
    events: Receiver,
}

impl Watching {
    fn begin() -> io::Result<Self> {
        let inotify = File::from(inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?);
        let events = Receiver::from_file_unchecked(inotify.try_clone()?)?;
        Ok(Self { inotify, events })
    }

    /// Takes every event that is there, once there is one.
    async fn changed(&self) -> io::Result<()> {
        self.events.readable().await?;
        let mut room = [0; ROOM];
        loop {
            match self.events.try_read(&mut room) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
}

impl Watch {
    pub(super) fn begin() -> Self {
        let begun = Watching::begin();
        if let Err(error) = &begun {
            tracing::warn!(%error, "the drop folder is not watched, only looked at every minute");
        }
        Self { watching: begun.ok() }
    }

    /// Watches these folders too; those that are watched already stay so.
    pub(super) fn follow(&mut self, folders: Vec<PathBuf>) {
        let Some(watching) = &self.watching else { return };
        let what = WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::CLOSE_WRITE | WatchFlags::ONLYDIR;
        for folder in folders {
            if let Err(error) = inotify::add_watch(&watching.inotify, &folder, what) {
                tracing::debug!(%error, ?folder, "a folder is not watched");
            }
        }
    }

    /// Completes when something has happened; never where there is no watch.
    pub(super) async fn changed(&mut self) {
        let Some(watching) = &self.watching else { return std::future::pending().await };
        if let Err(error) = watching.changed().await {
            tracing::warn!(%error, "the drop folder is not watched any more, only looked at every minute");
            self.watching = None;
        }
    }
}
