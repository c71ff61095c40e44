//! A landing under way: the parts, the bytes as they come, and the comparison at the end.

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use airhatch_wire::peer::{Item, ItemHash, ItemKind};
use airhatch_wire::{InboxFolder, TransferId, UnixMillis, Untrusted};
use rustix::fs::{FallocateFlags, Mode, Timespec, Timestamps, UTIME_OMIT, fallocate, fchmod, futimens};
use rustix::io::Errno;

use super::behind::{Behind, Complete, Step, sync_parts};
use super::incoming::{self, in_the_way};
use super::journal::{self, Journal, Reached};
use super::place::place;
use super::plan::{self, FreeNames, Line, Mark, Plan};
use super::{Landed, LandingError, tree};
use crate::beneath;
use crate::names;

/// What the file system's own bookkeeping may take beside the content, bytes for each file.
const OVERHEAD: u64 = 4096;

/// Files on their way in. Dropping it leaves the parts: see [`Landing::discard`].
#[derive(Debug)]
pub struct Landing {
    pub(super) inbox: OwnedFd,
    pub(super) folder: OwnedFd,
    /// The folder in the inbox that everything goes to.
    pub(super) into: Option<InboxFolder>,
    pub(super) items: Arc<[Item]>,
    /// The inode of each item's part; 0 for a folder, which has none.
    pub(super) parts: Vec<u64>,
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
    /// [`LandingError::DiskFull`], [`LandingError::Table`], [`LandingError::InTheWay`], [`LandingError::Unfinished`],
    /// [`LandingError::Io`]. Nothing is left then.
    pub fn begin(
        inbox_path: &Path,
        transfer: TransferId,
        items: Arc<[Item]>,
        into: Option<InboxFolder>,
    ) -> Result<Self, LandingError> {
        let total = items.iter().fold(0u64, |sum, item| sum.saturating_add(item.size));
        names::check_table(&items, total)?;
        let inbox = incoming::open_inbox(inbox_path)?;
        // Somebody else's file in its place is found out now, and not after the last byte.
        incoming::check_destination(&inbox, into.as_ref())?;
        if incoming::free_in(&inbox)? < total.saturating_add(OVERHEAD * items.len() as u64) {
            return Err(LandingError::DiskFull);
        }
        let folder = incoming::make_transfer(inbox_path, &inbox, transfer)?;
        let journal = Journal::new(journal::seed(transfer, &items)?);
        let behind = Behind::new(folder.try_clone()?, journal, 0);
        let made: Result<Vec<u64>, LandingError> =
            items.iter().enumerate().map(|(index, item)| make_part(&folder, index, item)).collect();
        match made {
            Ok(parts) => Ok(Self {
                inbox,
                folder,
                into,
                items,
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
        let complete = unsynced
            .map(|(index, (inode, hash))| Complete { file: file(index, *inode), hash: *hash })
            .collect();
        let current = self.current.as_ref().map(|writing| writing.file.try_clone()).transpose()?;
        let inode = self.parts.get(self.hashes.len()).copied();
        let reached = Reached { durable: self.written, current: inode.filter(|_| current.is_some()) };
        Ok(Step { complete, current, reached })
    }

    /// Makes everything durable that may not be.
    fn sync(&mut self) -> Result<(), LandingError> {
        self.behind.stop()?;
        let parts = self.parts.iter().enumerate().skip(self.first_unsynced);
        sync_parts(&self.folder, parts.filter_map(|(index, inode)| file(index, *inode)))
    }

    /// Compares with what the sender signed, makes everything durable and moves the files to their final names. Call
    /// [`Landing::discard`] when the outcome is stored: until then [`Landing::recover`] tells it again.
    ///
    /// # Errors
    /// [`LandingError::TooLittle`], [`LandingError::WrongContent`], [`LandingError::NoFreeName`] and those of
    /// [`Landing::write`].
    pub fn finish(mut self, hashes: &[ItemHash]) -> Result<Landed, LandingError> {
        let plan = self.prepare(hashes)?;
        place(&self.inbox, &self.folder, plan)
    }

    /// Everything up to the plan.
    pub(super) fn prepare(&mut self, hashes: &[ItemHash]) -> Result<Plan, LandingError> {
        self.compare(hashes)?;
        self.sync()?;
        let destination = incoming::open_destination(&self.inbox, self.into.as_ref())?;
        // Parents before what is in them, and each tree in one piece.
        let mut order: Vec<usize> = (0..self.items.len()).collect();
        order.sort_unstable_by(|a, b| self.path(*a).cmp(self.path(*b)));
        let tops = order.iter().filter_map(|index| self.path(*index).first());
        let mut names = FreeNames::new(tops.map(|name| name.as_received().to_owned()));
        let mut top = None;
        let lines = order.iter().flat_map(|&index| {
            let begins = top.replace(self.path(index).first()) != Some(self.path(index).first());
            let above = begins.then(|| self.line_of_top(index, &destination, &mut names)).transpose();
            match above {
                Ok(above) => [above.map(Ok), self.line_in_tree(index).transpose()],
                Err(error) => [Some(Err(error)), None],
            }
        });
        plan::write(&self.folder, self.completion, self.into.as_ref(), lines.flatten())?;
        Plan::open(&self.folder)?.ok_or(LandingError::Unfinished)
    }

    fn path(&self, index: usize) -> &[Untrusted<String>] {
        self.items.get(index).map_or(&[], |item| &item.path)
    }

    /// The line of what this item, the first one of it, begins in the destination.
    fn line_of_top(
        &self,
        index: usize,
        destination: &OwnedFd,
        names: &mut FreeNames,
    ) -> Result<Line, LandingError> {
        let item = self.items.get(index).ok_or(LandingError::TooMuch)?;
        let name = item.path.first().map(|name| name.as_received().to_owned()).unwrap_or_default();
        let number = names.find(destination, &name)?;
        if item.kind == ItemKind::File && item.path.len() == 1 {
            return Ok(Line::File { index, number, mark: self.mark(index)?, name });
        }
        let modified = (item.path.len() == 1).then_some(item.modified);
        Ok(Line::Tree { index, number, inode: tree::make(&self.folder, index)?, modified, name })
    }

    /// The line of an item within a tree.
    fn line_in_tree(&self, index: usize) -> Result<Option<Line>, LandingError> {
        let Some((item, below)) = self
            .items
            .get(index)
            .and_then(|item| Some((item, item.path.get(1..).filter(|p| !p.is_empty())?)))
        else {
            return Ok(None);
        };
        let path = below.iter().map(Untrusted::as_received).collect::<Vec<_>>().join("/");
        Ok(Some(match item.kind {
            ItemKind::Folder => Line::Folder { modified: item.modified, path },
            ItemKind::File => Line::Part { index, mark: self.mark(index)?, path },
        }))
    }

    /// What tells a part from any other file, if it is the one that was made.
    fn mark(&self, index: usize) -> Result<Mark, LandingError> {
        let made = self.parts.get(index);
        let mark = Mark::of(&self.folder, &index.to_string())?.filter(|mark| Some(&mark.inode) == made);
        mark.ok_or_else(|| LandingError::Lost { name: self.name(index) })
    }

    /// The path of an item, for a person.
    fn name(&self, index: usize) -> Untrusted<String> {
        let parts: Vec<&str> = self.path(index).iter().map(Untrusted::as_received).collect();
        Untrusted::new(parts.join("/"))
    }

    fn compare(&mut self, hashes: &[ItemHash]) -> Result<(), LandingError> {
        // Only items without content can be left to complete.
        if self.current.is_some() || self.open_next()?.is_some() || hashes.len() != self.parts.len() {
            return Err(LandingError::TooLittle);
        }
        match self.hashes.iter().zip(hashes).position(|(ours, theirs)| ours != theirs) {
            Some(index) => Err(LandingError::WrongContent { name: self.name(index) }),
            None => Ok(()),
        }
    }

    /// Opens the next part that has content, completing those before it that have none.
    fn open_next(&mut self) -> Result<Option<Writing>, LandingError> {
        while let Some(item) = self.items.get(self.hashes.len()) {
            if item.kind == ItemKind::Folder {
                self.hashes.push(ItemHash { length: 0, blake3: blake3::hash(&[]).into() });
                continue;
            }
            let left = item.size;
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
        let inode = self.parts.get(index).ok_or(LandingError::TooMuch)?;
        open_part(&self.folder, index, *inode).map_err(|error| match error {
            LandingError::Lost { .. } => LandingError::Lost { name: self.name(index) },
            error => error,
        })
    }

    /// Keeps a part for more bytes, or completes it.
    fn put_back(&mut self, writing: Writing) -> Result<(), LandingError> {
        if writing.left > 0 {
            self.current = Some(writing);
            return Ok(());
        }
        if let Some(item) = self.items.get(self.hashes.len()) {
            describe(&writing.file, item)?;
            self.hashes.push(ItemHash { length: item.size, blake3: writing.hasher.finalize().into() });
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

/// Makes the file of an item, with its space reserved where the file system can do that; its inode. A folder has none.
pub(super) fn make_part(folder: &OwnedFd, index: usize, item: &Item) -> Result<u64, LandingError> {
    if item.kind == ItemKind::Folder {
        return Ok(0);
    }
    let name = index.to_string();
    let file = beneath::create_file(folder, &name).map_err(|error| in_the_way(&name, error))?;
    reserve(&file, item.size)?;
    Ok(file.metadata()?.ino())
}

/// The index and inode of an item's part, if it has one.
fn file(index: usize, inode: u64) -> Option<(usize, u64)> {
    (inode != 0).then_some((index, inode))
}

/// Gives the complete file its rights and time. A time that the file system cannot hold is no reason to fail.
fn describe(file: &File, item: &Item) -> Result<(), LandingError> {
    if item.executable {
        fchmod(file, Mode::RWXU)?;
    }
    if let Err(error) = futimens(file, &times(item.modified)) {
        tracing::debug!(%error, "a received file keeps the time of its arrival");
    }
    Ok(())
}

/// The sender's time of a file or folder; when it is read last is not the sender's to say.
pub(super) fn times(modified: UnixMillis) -> Timestamps {
    let now = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
    let seconds = i64::try_from(modified.seconds()).unwrap_or(i64::MAX);
    let nanoseconds = i64::try_from(modified.0 % 1000).unwrap_or(0) * 1_000_000;
    let modified = Timespec { tv_sec: seconds, tv_nsec: nanoseconds };
    Timestamps { last_access: now, last_modification: modified }
}
