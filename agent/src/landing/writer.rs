//! A landing under way: the parts, the bytes as they come, and the comparison at the end.

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use airhatch_wire::peer::{Item, ItemHash, ItemKind};
use airhatch_wire::{TransferId, UnixMillis, Untrusted};
use rustix::fs::{FallocateFlags, Mode, Timespec, Timestamps, UTIME_OMIT, fallocate, fchmod, futimens};
use rustix::io::Errno;

use super::behind::{Behind, Complete, Step, sync_parts};
use super::incoming::{self, in_the_way};
use super::journal::{self, Journal, Reached};
use super::place::place;
use super::plan::{self, FreeNames, Line, Mark};
use super::{Landed, LandingError};
use crate::beneath;
use crate::names;

/// What the file system's own bookkeeping may take beside the content, bytes for each file.
const OVERHEAD: u64 = 4096;

/// Files on their way in. Dropping it leaves the parts: see [`Landing::discard`].
#[derive(Debug)]
pub struct Landing {
    pub(super) inbox: OwnedFd,
    pub(super) folder: OwnedFd,
    pub(super) parts: Vec<Part>,
    pub(super) current: Option<Writing>,
    /// Of the parts that are complete, which are always the first ones.
    pub(super) hashes: Vec<ItemHash>,
    /// Where the complete parts begin that nobody has been told to make durable.
    pub(super) first_unsynced: usize,
    pub(super) written: u64,
    /// SHA-256 of what the sender signed, once that is known.
    pub(super) completion: [u8; 32],
    pub(super) behind: Behind,
}

/// One file to come.
#[derive(Debug)]
pub(super) struct Part {
    name: Untrusted<String>,
    size: u64,
    executable: bool,
    modified: UnixMillis,
    inode: u64,
}

/// The part that bytes go to now.
pub(super) struct Writing {
    pub(super) file: File,
    pub(super) left: u64,
    pub(super) hasher: blake3::Hasher,
}

impl std::fmt::Debug for Writing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writing").field("left", &self.left).finish_non_exhaustive()
    }
}

impl Landing {
    /// Checks and reserves the space, and makes the parts, empty. What an earlier attempt left is removed.
    ///
    /// # Errors
    /// [`LandingError::DiskFull`], [`LandingError::NotSupported`], [`LandingError::Table`],
    /// [`LandingError::InTheWay`], [`LandingError::Unfinished`], [`LandingError::Io`]. Nothing is left then.
    pub fn begin(inbox_path: &Path, transfer: TransferId, items: &[Item]) -> Result<Self, LandingError> {
        if items.iter().any(|item| item.kind != ItemKind::File || item.path.len() != 1) {
            return Err(LandingError::NotSupported);
        }
        let total = items.iter().fold(0u64, |sum, item| sum.saturating_add(item.size));
        names::check_table(items, total)?;
        let inbox = incoming::open_inbox(inbox_path)?;
        if incoming::free_in(&inbox)? < total.saturating_add(OVERHEAD * items.len() as u64) {
            return Err(LandingError::DiskFull);
        }
        let folder = incoming::make_transfer(inbox_path, &inbox, transfer)?;
        let journal = Journal::new(journal::seed(transfer, items)?);
        let behind = Behind::new(folder.try_clone()?, journal, 0);
        let made: Result<Vec<Part>, LandingError> =
            items.iter().enumerate().map(|(index, item)| Part::make(&folder, index, item)).collect();
        match made {
            Ok(parts) => Ok(Self {
                inbox,
                folder,
                hashes: Vec::with_capacity(parts.len()),
                parts,
                current: None,
                first_unsynced: 0,
                written: 0,
                completion: [0; 32],
                behind,
            }),
            Err(error) => {
                // The first error is the one to tell; leftovers are found by `leftovers`.
                let _ = incoming::discard(inbox_path, transfer);
                Err(error)
            }
        }
    }

    /// Takes the next bytes of the items' content, one item after another without anything between.
    ///
    /// # Errors
    /// [`LandingError::TooMuch`], [`LandingError::DiskFull`], [`LandingError::InTheWay`], [`LandingError::Lost`],
    /// [`LandingError::Io`]. The landing can only be discarded then.
    pub fn write(&mut self, mut bytes: &[u8]) -> Result<(), LandingError> {
        while !bytes.is_empty() {
            let mut writing = match self.current.take() {
                Some(writing) => writing,
                None => self.open_next()?.ok_or(LandingError::TooMuch)?,
            };
            let length = bytes.len().min(usize::try_from(writing.left).unwrap_or(usize::MAX));
            let (front, rest) = bytes.split_at_checked(length).unwrap_or((bytes, &[]));
            writing.file.write_all(front)?;
            writing.hasher.update(front);
            writing.left -= length as u64;
            self.written += length as u64;
            bytes = rest;
            self.put_back(writing)?;
        }
        Ok(())
    }

    /// Keeps the hash of the completion that the sender signed: [`Landing::recover`] tells it with the names.
    #[must_use]
    pub fn completed_by(mut self, completion: [u8; 32]) -> Self {
        self.completion = completion;
        self
    }

    /// Bytes of content that are here.
    #[must_use]
    pub const fn written(&self) -> u64 {
        self.written
    }

    /// The counter of the bytes that are known to be on the disk, and noted.
    #[must_use]
    pub fn durable(&self) -> Arc<AtomicU64> {
        self.behind.durable()
    }

    /// Has what was written made durable behind the writing, when there is enough of it. Waits for the disk only when
    /// an interruption would cost too much otherwise.
    ///
    /// # Errors
    /// Those of [`Landing::write`].
    pub fn step(&mut self) -> Result<(), LandingError> {
        if !self.behind.wants(self.written) {
            return Ok(());
        }
        let step = self.next_step()?;
        if self.behind.hand(step)?.is_none() {
            self.first_unsynced = self.hashes.len();
        }
        Ok(())
    }

    /// Makes durable, and notes, everything that was written, so that the transfer can go on from here.
    ///
    /// # Errors
    /// Those of [`Landing::write`].
    pub fn keep(&mut self) -> Result<(), LandingError> {
        if self.written == 0 {
            return Ok(());
        }
        let step = self.next_step()?;
        self.behind.keep(step)?;
        self.first_unsynced = self.hashes.len();
        Ok(())
    }

    /// What was not handed over for syncing yet.
    fn next_step(&self) -> Result<Step, LandingError> {
        let unsynced = self.parts.iter().zip(&self.hashes).enumerate().skip(self.first_unsynced);
        let complete =
            unsynced.map(|(index, (part, hash))| Complete { file: part.file(index), hash: *hash }).collect();
        let current = self.current.as_ref().map(|writing| writing.file.try_clone()).transpose()?;
        let inode = self.parts.get(self.hashes.len()).map(|part| part.inode);
        let reached = Reached { durable: self.written, current: inode.filter(|_| current.is_some()) };
        Ok(Step { complete, current, reached })
    }

    /// Makes everything durable that may not be.
    fn sync(&mut self) -> Result<(), LandingError> {
        self.behind.stop()?;
        let parts = self.parts.iter().enumerate().skip(self.first_unsynced);
        sync_parts(&self.folder, parts.filter_map(|(index, part)| part.file(index)))
    }

    /// Compares with what the sender signed, makes everything durable and moves the files to their final names. Call
    /// [`Landing::discard`] when the outcome is stored: until then [`Landing::recover`] tells it again.
    ///
    /// # Errors
    /// [`LandingError::TooLittle`], [`LandingError::WrongContent`], [`LandingError::NoFreeName`] and those of
    /// [`Landing::write`].
    pub fn finish(mut self, hashes: &[ItemHash]) -> Result<Landed, LandingError> {
        let lines = self.prepare(hashes)?;
        place(&self.inbox, &self.folder, self.completion, lines)
    }

    /// Everything up to the plan.
    pub(super) fn prepare(&mut self, hashes: &[ItemHash]) -> Result<Vec<Line>, LandingError> {
        self.compare(hashes)?;
        self.sync()?;
        let mut names = FreeNames::new(self.parts.iter().map(|part| part.name.as_received()));
        let mut lines = Vec::with_capacity(self.parts.len());
        for (index, part) in self.parts.iter().enumerate() {
            let mark = Mark::of(&self.folder, &index.to_string())?
                .filter(|mark| mark.inode == part.inode)
                .ok_or_else(|| LandingError::Lost { name: part.name.clone() })?;
            lines.push(Line { mark, name: names.find(&self.inbox, part.name.as_received())? });
        }
        plan::write(&self.folder, self.completion, &lines)?;
        Ok(lines)
    }

    fn compare(&mut self, hashes: &[ItemHash]) -> Result<(), LandingError> {
        // Only items without content can be left to complete.
        if self.current.is_some() || self.open_next()?.is_some() || hashes.len() != self.parts.len() {
            return Err(LandingError::TooLittle);
        }
        let all = self.parts.iter().zip(&self.hashes).zip(hashes);
        match all.into_iter().find(|((_, ours), theirs)| ours != theirs) {
            Some(((part, _), _)) => Err(LandingError::WrongContent { name: part.name.clone() }),
            None => Ok(()),
        }
    }

    /// Opens the next part that has content, completing those before it that have none.
    fn open_next(&mut self) -> Result<Option<Writing>, LandingError> {
        while let Some(part) = self.parts.get(self.hashes.len()) {
            let left = part.size;
            let writing =
                Writing { file: self.open_part(self.hashes.len())?, left, hasher: blake3::Hasher::new() };
            if left > 0 {
                return Ok(Some(writing));
            }
            self.put_back(writing)?;
        }
        Ok(None)
    }

    /// Opens a part and makes sure that it is the file that was made, under no other name.
    fn open_part(&self, index: usize) -> Result<File, LandingError> {
        let part = self.parts.get(index).ok_or(LandingError::TooMuch)?;
        open_part(&self.folder, index, part.inode).map_err(|error| match error {
            LandingError::Lost { .. } => LandingError::Lost { name: part.name.clone() },
            error => error,
        })
    }

    /// Keeps a part for more bytes, or completes it.
    fn put_back(&mut self, writing: Writing) -> Result<(), LandingError> {
        if writing.left > 0 {
            self.current = Some(writing);
            return Ok(());
        }
        if let Some(part) = self.parts.get(self.hashes.len()) {
            part.describe(&writing.file)?;
            self.hashes.push(ItemHash { length: part.size, blake3: writing.hasher.finalize().into() });
        }
        Ok(())
    }
}

/// Opens a part by its index and makes sure that it is the file that was made, under no other name.
pub(super) fn open_part(folder: &OwnedFd, index: usize, inode: u64) -> Result<File, LandingError> {
    let name = index.to_string();
    let lost = || LandingError::Lost { name: name.as_str().into() };
    let file = beneath::open_for_writing(folder, &name).map_err(|error| match error {
        Errno::NOENT => lost(),
        error => in_the_way(&name, error),
    })?;
    let metadata = file.metadata()?;
    if metadata.ino() == inode && metadata.nlink() == 1 { Ok(file) } else { Err(lost()) }
}

/// Reserves the space of a part where the file system can do that.
pub(super) fn reserve(file: &File, size: u64) -> Result<(), LandingError> {
    if size == 0 {
        return Ok(());
    }
    match fallocate(file, FallocateFlags::KEEP_SIZE, 0, size) {
        Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
        // Larger than the file system's largest file.
        Err(Errno::FBIG) => Err(LandingError::DiskFull),
        Err(error) => Err(error.into()),
    }
}

impl Part {
    /// Makes the file, with its space reserved where the file system can do that.
    pub(super) fn make(folder: &OwnedFd, index: usize, item: &Item) -> Result<Self, LandingError> {
        let name = index.to_string();
        let file = beneath::create_file(folder, &name).map_err(|error| in_the_way(&name, error))?;
        reserve(&file, item.size)?;
        Ok(Self::of(item, file.metadata()?.ino()))
    }

    /// Its index and inode, if it has a file: a folder has none, and 0 in the place of an inode.
    fn file(&self, index: usize) -> Option<(usize, u64)> {
        (self.inode != 0).then_some((index, self.inode))
    }

    /// The part of an item that is this file.
    pub(super) fn of(item: &Item, inode: u64) -> Self {
        Self {
            name: item.path.first().cloned().unwrap_or_default(),
            size: item.size,
            executable: item.executable,
            modified: item.modified,
            inode,
        }
    }

    /// Gives the complete file its rights and time. A time that the file system cannot hold is no reason to fail.
    fn describe(&self, file: &File) -> Result<(), LandingError> {
        if self.executable {
            fchmod(file, Mode::RWXU)?;
        }
        let now = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
        let seconds = i64::try_from(self.modified.seconds()).unwrap_or(i64::MAX);
        let nanoseconds = i64::try_from(self.modified.0 % 1000).unwrap_or(0) * 1_000_000;
        let modified = Timespec { tv_sec: seconds, tv_nsec: nanoseconds };
        if let Err(error) = futimens(file, &Timestamps { last_access: now, last_modification: modified }) {
            tracing::debug!(%error, "a received file keeps the time of its arrival");
        }
        Ok(())
    }
}
