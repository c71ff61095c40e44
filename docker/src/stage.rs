//! Staging: making files that a person picked readable for an agent, which sees nothing of this machine but its
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
//! **What is refused.** The front may be in an attacker's hands, so nothing that belongs to any account or to a
//! demonstration's CA is staged, see [`guard`].
//!
//! **When it is there.** A folder is `.staging-<id>` while files are put in, locked by its warden, and gets its final
//! name when the last one is there. A `.staging-` folder without a lock was left by a crash and is swept.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use airhatch_wire::StageId;

use crate::home::{Folders, Home};

mod folder;
mod guard;
mod names;
mod place;
mod source;

pub(crate) use folder::{list, release, sweep};

/// Why nothing was staged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StageError {
    /// No path at all, or one that is not absolute.
    #[error("{0}")]
    Request(&'static str),
    /// Nothing has this path.
    #[error("there is no file {}", .0.display())]
    Missing(PathBuf),
    /// It is there, but no plain file.
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

/// What has been staged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Staged {
    /// The folder.
    pub(crate) stage: StageId,
    /// How many files.
    pub(crate) files: u32,
    /// Their bytes in all.
    pub(crate) bytes: u64,
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

/// Stages files, all or none. Every path is checked before the first byte is copied, and again when its turn comes.
pub(crate) fn stage(
    home: &Home,
    folders: &Folders,
    paths: &[PathBuf],
    mut meter: Meter<'_>,
) -> Result<Staged, StageError> {
    if paths.is_empty() {
        return Err(StageError::Request("no file was named"));
    }
    let guard = guard::Guard::new(home)?;
    let mut names = names::Names::default();
    let mut checked = Vec::with_capacity(paths.len());
    for path in paths {
        let source = source::open(path, &guard)?;
        meter.total = meter.total.saturating_add(source.size());
        meter.check()?;
        checked.push(names.take(path)?);
    }
    let folder = folder::Staging::begin(folders)?;
    let target = place::Target { folder: folder.handle(), given_to: folders.given_to() };
    let mut bytes = 0_u64;
    for (path, name) in paths.iter().zip(&checked) {
        let source = source::open(path, &guard)?;
        bytes = bytes.saturating_add(place::place(&source, target, name, &mut meter)?);
    }
    meter.check()?;
    let stage = folder.finish()?;
    Ok(Staged { stage, files: u32::try_from(paths.len()).unwrap_or(u32::MAX), bytes })
}

#[cfg(test)]
mod tests;
