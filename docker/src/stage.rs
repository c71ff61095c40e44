//! Staging: making files and folders that a person picked readable for an agent, which sees nothing of this machine but its
//! `outbox`. Owned here: the folders under `outbox`. Called by the commands, on a thread that may block; must never
//! know what the files are for.
//!
//! **How a file gets there.** A reflink, where the file system can make one: it costs nothing and is a snapshot. Else a
//! copy, except for files of [`place::LINKED_FROM`] bytes and more that belong to this user and lie on the same file
//! system: these are hard-linked, because copying them would take minutes and as much space again. A hard link
//! shares later edits with the person's file; the agent states the hashes of what it really sent, so the recipient
//! still gets what is signed for, or nothing. A link also shares the mode, which stays the person's. An agent that is
//! another user than this one gets copies, its own.
//!
//! **What of a folder.** All plain files and folders below it that this user may read, but for what the person left out
//! ([`rules`]). Links, devices, sockets and pipes are skipped and told of; nothing below a named folder is ever followed
//! ([`walk`]). A first walk checks and counts everything before the first byte is copied.
//!
//! **What is refused.** The front may be in an attacker's hands, so nothing that belongs to any account or to a
//! demonstration's CA is staged, see [`guard`].
//!
//! **When it is there.** A folder is `.staging-<id>` while files are put in, locked by its warden, and gets its final
//! name when the last one is there. A `.staging-` folder without a lock was left by a crash and is swept.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use airhatch_wire::path::NameRefused;
use airhatch_wire::peer::ITEMS_LIMIT;
use airhatch_wire::warden::{Choice, Staged};

use crate::home::{Folders, Home};

mod fill;
mod folder;
mod guard;
mod names;
mod place;
mod rules;
mod source;
mod stream;
mod walk;

pub(crate) use folder::{list, release, sweep};
pub(crate) use stream::Stream;

/// Why nothing was staged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StageError {
    /// No path at all, or one that is not absolute.
    #[error("{0}")]
    Request(&'static str),
    /// Nothing has this path.
    #[error("there is no file {}", .0.display())]
    Missing(PathBuf),
    /// It is there, but no plain file and no folder.
    #[error("{} is {what}", path.display())]
    NotPlain {
        /// The path.
        path: PathBuf,
        /// What it is, with its article.
        what: &'static str,
    },
    /// This user may not read it.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It belongs to an account.
    #[error("{} belongs to an Airhatch account and is never sent", .0.display())]
    Protected(PathBuf),
    /// It was another file, or another content, a moment ago.
    #[error("{} changed while it was being staged", .0.display())]
    Changed(PathBuf),
    /// A pattern that cannot be read.
    #[error("{0}")]
    Pattern(String),
    /// A stream that is not under way.
    #[error("no file of this number is being sent by the screen")]
    NoStream,
    /// More than one offer may hold.
    #[error("there are more than {ITEMS_LIMIT} files and folders")]
    TooMany,
    /// Two names that some recipient could not tell apart.
    #[error("{} and {other} are one name for many systems", path.display())]
    Twins {
        /// The path of one.
        path: PathBuf,
        /// The name of the other one, beside it.
        other: String,
    },
    /// No recipient would take this path.
    #[error("{} cannot be sent: {refused}", path.display())]
    Refused {
        /// The path.
        path: PathBuf,
        /// Which rule it breaks.
        refused: NameRefused,
    },
    /// No recipient would take this name.
    #[error("the name of {} {what}", path.display())]
    Name {
        /// The path.
        path: PathBuf,
        /// What is wrong with the name, as the rest of a sentence.
        what: &'static str,
    },
    /// No space, or no quota, for the copy.
    #[error("there is no space left to stage {}", .0.display())]
    DiskFull(PathBuf),
    /// The front did not want it any more.
    #[error("staging was cancelled")]
    Cancelled,
    /// The file system said no.
    #[error("staging {} failed: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

impl StageError {
    /// Turns what the file system said about the outbox's side into an error about this path.
    fn at(path: &Path) -> impl Fn(io::Error) -> Self {
        |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull(path.to_owned()),
            _ => Self::Io { path: path.to_owned(), source },
        }
    }
}

/// Counts bytes, tells of them, and stops when asked to.
pub(crate) struct Meter<'a> {
    copied: u64,
    total: u64,
    cancelled: &'a AtomicBool,
    tell: &'a mut dyn FnMut(u64, u64),
}

impl<'a> Meter<'a> {
    /// `tell` hears of bytes copied and bytes in all; a true `cancelled` ends the work at the next step.
    pub(crate) fn new(cancelled: &'a AtomicBool, tell: &'a mut dyn FnMut(u64, u64)) -> Self {
        Self { copied: 0, total: 0, cancelled, tell }
    }

    fn add(&mut self, bytes: u64) -> Result<(), StageError> {
        self.copied = self.copied.saturating_add(bytes);
        (self.tell)(self.copied, self.total);
        self.check()
    }

    fn check(&self) -> Result<(), StageError> {
        if self.cancelled.load(Ordering::Relaxed) { Err(StageError::Cancelled) } else { Ok(()) }
    }
}

/// What shall be staged.
#[derive(Debug)]
pub(crate) struct Order<'a> {
    /// What a person named.
    pub(crate) paths: &'a [PathBuf],
    /// What of the folders is left out.
    pub(crate) choice: &'a Choice,
    /// A file that is there already.
    pub(crate) stream: Option<Stream>,
}

/// Stages files and folders, all or none. Every path is checked before the first byte is copied, and again when its turn
/// comes.
pub(crate) fn stage(
    home: &Home,
    folders: &Folders,
    order: Order<'_>,
    mut meter: Meter<'_>,
) -> Result<Staged, StageError> {
    if order.paths.is_empty() && order.stream.is_none() {
        return Err(StageError::Request("no file was named"));
    }
    if order.paths.iter().any(|path| !path.is_absolute()) {
        return Err(StageError::Request("a path to stage must be absolute"));
    }
    let guard = guard::Guard::new(home)?;
    let rules = rules::Rules::new(order.choice)?;
    let mut names = names::Names::default();
    if let Some(stream) = &order.stream {
        names.take_name(stream.name());
    }
    let named: Vec<(&PathBuf, String)> =
        order.paths.iter().map(|path| Ok((path, names.take(path)?))).collect::<Result<_, StageError>>()?;
    let walk = walk::Walk { guard: &guard, rules: &rules };
    walk.all(&named, &mut fill::Count::new(&mut meter))?;
    let (folder, streamed) = match order.stream {
        Some(stream) => stream.end().map(|(folder, bytes)| (folder, Some(bytes)))?,
        None => (folder::Staging::begin(folders)?, None),
    };
    let target = place::Target { folder: folder.handle(), given_to: folders.given_to() };
    let mut fill = fill::Fill::new(target, &mut meter);
    walk.all(&named, &mut fill)?;
    let (files, inside, bytes, skipped) = fill.done();
    meter.check()?;
    let stage = folder.finish()?;
    let (files, bytes) = (files + u32::from(streamed.is_some()), bytes + streamed.unwrap_or_default());
    Ok(Staged { stage, files, folders: inside, bytes, skipped })
}

#[cfg(test)]
mod tests;
