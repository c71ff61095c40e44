//! The bytes of a staging folder's items, one after another, hashed on the way.

use std::cmp::Ordering;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::path::Path;

use airhatch_wire::peer::{Item, ItemHash, ItemKind};
use airhatch_wire::{StageId, Untrusted};

use super::{Seen, SourceError, open_file, open_folder, open_stage, shown};

/// What is passed over at a time, bytes.
const PIECE: usize = 1 << 20;

/// Reads the accepted items of an offer in table order. One file is open at a time.
#[derive(Debug)]
pub struct SourceReader {
    folder: Folders,
    items: std::vec::IntoIter<Item>,
    current: Option<Reading>,
    done: Vec<Read>,
}

/// A file that was read to its end, and what it was: worth keeping for the next attempt.
#[derive(Clone, Debug)]
pub struct Read {
    /// None for a folder.
    seen: Option<Seen>,
    hash: ItemHash,
}

/// The file that is being read.
struct Reading {
    file: File,
    name: Untrusted<String>,
    seen: Seen,
    left: u64,
    hasher: blake3::Hasher,
}

impl std::fmt::Debug for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reading").field("left", &self.left).finish_non_exhaustive()
    }
}

impl SourceReader {
    /// A reader of these items (those of `scan`, or some of them) from the first byte on.
    ///
    /// # Errors
    /// [`SourceError::NothingStaged`], [`SourceError::Io`].
    pub fn open(outbox: &Path, stage: StageId, items: Vec<Item>) -> Result<Self, SourceError> {
        let folder = Folders { top: open_stage(outbox, stage)?, last: None };
        let done = Vec::with_capacity(items.len());
        Ok(Self { folder, items: items.into_iter(), current: None, done })
    }

    /// Passes over the first `count` bytes of content: the next chunk is what follows them. Files that an earlier
    /// attempt has read to their end are not read again, if they are still what they were then.
    ///
    /// # Errors
    /// Those of [`SourceReader::next_chunk`]; [`SourceError::Unfinished`] when there is less content.
    pub fn pass(&mut self, count: u64, earlier: &[Read]) -> Result<(), SourceError> {
        let mut piece = vec![0; PIECE];
        let mut left = self.recognise(count, earlier)?;
        while left > 0 {
            let wanted = usize::try_from(left).map_or(PIECE, |left| left.min(PIECE));
            match self.next_chunk(piece.get_mut(..wanted).unwrap_or_default())? {
                0 => return Err(SourceError::Unfinished),
                length => left -= length as u64,
            }
        }
        Ok(())
    }

    /// Takes over what is known of the files before `count`; the bytes that are left to be passed.
    fn recognise(&mut self, mut count: u64, earlier: &[Read]) -> Result<u64, SourceError> {
        for read in earlier {
            let Some(item) = self.items.as_slice().first().filter(|item| item.size <= count) else { break };
            if let Some(seen) = read.seen {
                let reading = Reading::begin(&mut self.folder, item)?;
                if reading.seen != seen {
                    return Err(SourceError::Changed { name: reading.name });
                }
            }
            count -= item.size;
            self.items.next();
            self.done.push(read.clone());
        }
        Ok(count)
    }

    /// Fills the front of `buffer` with the next bytes and says how many; never across two items. 0 means that every
    /// item was read to its end and found unchanged (or that `buffer` is empty).
    ///
    /// # Errors
    /// [`SourceError::Vanished`], [`SourceError::Truncated`], [`SourceError::Grew`], [`SourceError::Changed`],
    /// [`SourceError::NotAFile`], [`SourceError::Io`]. The reader is of no use afterwards.
    pub fn next_chunk(&mut self, buffer: &mut [u8]) -> Result<usize, SourceError> {
        loop {
            let mut reading = match self.current.take() {
                Some(reading) => reading,
                None => match self.items.next() {
                    Some(item) if item.kind == ItemKind::Folder => {
                        self.done.push(Read::folder());
                        continue;
                    }
                    Some(item) => Reading::begin(&mut self.folder, &item)?,
                    None => return Ok(0),
                },
            };
            if reading.left == 0 {
                self.done.push(reading.end()?);
                continue;
            }
            let length = reading.fill(buffer)?;
            self.current = Some(reading);
            return Ok(length);
        }
    }

    /// Length and BLAKE3 of every item, after [`SourceReader::next_chunk`] said 0.
    ///
    /// # Errors
    /// [`SourceError::Unfinished`] when it did not.
    pub fn finish(&self) -> Result<Vec<ItemHash>, SourceError> {
        if self.current.is_none() && self.items.as_slice().is_empty() {
            Ok(self.done.iter().map(|read| read.hash).collect())
        } else {
            Err(SourceError::Unfinished)
        }
    }

    /// The files that were read to their end, for [`SourceReader::pass`] of the next attempt.
    #[must_use]
    pub fn into_read(self) -> Vec<Read> {
        self.done
    }
}

impl Read {
    /// A folder has no bytes; the hash is of none.
    fn folder() -> Self {
        Self { seen: None, hash: ItemHash { length: 0, blake3: blake3::hash(&[]).into() } }
    }
}

/// The staging folder, and the one below it that was used last: what lies side by side is read one after another.
#[derive(Debug)]
struct Folders {
    top: OwnedFd,
    last: Option<(Vec<Untrusted<String>>, OwnedFd)>,
}

impl Folders {
    /// The folder that a path's last part lies in, reached step by step from the top.
    fn of(&mut self, path: &[Untrusted<String>]) -> Result<&OwnedFd, SourceError> {
        let parents = path.split_last().map_or(path, |(_, parents)| parents);
        if parents.is_empty() {
            return Ok(&self.top);
        }
        let reached = match self.last.take() {
            Some((known, folder)) if known == parents => folder,
            _ => self.reach(parents)?,
        };
        Ok(&self.last.insert((parents.to_vec(), reached)).1)
    }

    fn reach(&self, parents: &[Untrusted<String>]) -> Result<OwnedFd, SourceError> {
        let mut reached = None;
        for depth in 1..=parents.len() {
            let path = parents.get(..depth).unwrap_or_default();
            reached = Some(open_folder(reached.as_ref().unwrap_or(&self.top), path)?);
        }
        reached.ok_or(SourceError::NothingStaged)
    }
}

impl Reading {
    fn begin(folders: &mut Folders, item: &Item) -> Result<Self, SourceError> {
        let name = shown(&item.path);
        let file = open_file(folders.of(&item.path)?, &item.path)?;
        let seen = Seen::of(&file).map_err(|error| SourceError::Io { name: name.clone(), error })?;
        let reading = Self { file, name, seen, left: item.size, hasher: blake3::Hasher::new() };
        reading.compare(item.size, seen.size)?;
        if seen.modified() != item.modified {
            return Err(SourceError::Changed { name: reading.name });
        }
        Ok(reading)
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, SourceError> {
        let wanted = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let front = buffer.get_mut(..wanted).unwrap_or_default();
        let length = loop {
            match self.file.read(front) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                outcome => break outcome.map_err(|error| self.io(error))?,
            }
        };
        if length == 0 && wanted > 0 {
            return Err(SourceError::Truncated { name: self.name.clone() });
        }
        self.hasher.update(front.get(..length).unwrap_or_default());
        self.left -= length as u64;
        Ok(length)
    }

    /// Every announced byte is read: nothing may follow, and nothing may have been written meanwhile.
    fn end(self) -> Result<Read, SourceError> {
        let now = Seen::of(&self.file).map_err(|error| self.io(error))?;
        self.compare(self.seen.size, now.size)?;
        if now != self.seen {
            return Err(SourceError::Changed { name: self.name });
        }
        let hash = ItemHash { length: self.seen.size, blake3: self.hasher.finalize().into() };
        Ok(Read { seen: Some(self.seen), hash })
    }

    fn compare(&self, then: u64, now: u64) -> Result<(), SourceError> {
        let name = self.name.clone();
        match now.cmp(&then) {
            Ordering::Less => Err(SourceError::Truncated { name }),
            Ordering::Greater => Err(SourceError::Grew { name }),
            Ordering::Equal => Ok(()),
        }
    }

    fn io(&self, error: std::io::Error) -> SourceError {
        SourceError::Io { name: self.name.clone(), error }
    }
}
