//! Records on disk under byte string keys: small ones in sled, large ones in files of their own, both surviving
//! crashes, torn files and full disks.
//!
//! Owned here: one folder, and everything about sled. Called by the stores of the agent and of the CA, which say what
//! a record is. Must never know: what a record means, a key to anything.
//!
//! | in the folder | what it is |
//! | --- | --- |
//! | `db`, `conf`, `snap.*`, `blobs/` | sled's own |
//! | `large/` | values too large for sled, see `spill` |
//! | `ballast` | a megabyte kept free for bad times, see `ballast` |
//! | `lock` | held while the database is open |
//! | `kept/`, `healed-<n>/` | copies to heal with, and what healing moved aside, see `heal` |
//!
//! sled's defects decide the shape, see `tree`. It never recovers from a failed write, so it is not asked to write
//! without room for it, and is opened anew when a write failed all the same, see `inner`. It can hang after a failed
//! write of a batch or of one of its own overflow files: neither ever happens, see `journal` and `spill`. Its flush
//! does not wait for the disk, so this one does.

#![forbid(unsafe_code)]

mod ballast;
mod heal;
mod inner;
mod journal;
mod spill;
mod tree;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use inner::Inner;

/// A key and its value; `None` when the value cannot be read.
pub type Entry = (Vec<u8>, Option<Vec<u8>>);

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// Another process, or another part of this one, has it open.
    #[error("{} is in use by another process", path.display())]
    InUse {
        /// The database's folder.
        path: PathBuf,
    },
    /// No space left; nothing durable is lost.
    #[error("no space is left on the disk for the database")]
    DiskFull,
    /// It does not open, not even after healing, or sled panicked.
    #[error("{} is damaged ({why}); if this stays, restore it from a backup", path.display())]
    Damaged {
        /// The database's folder.
        path: PathBuf,
        /// What sled says.
        why: String,
    },
    /// One value is missing or not what was written; the others are fine.
    #[error("a record of the database cannot be read")]
    Unreadable,
    /// A value or a change above what [`Database`] takes.
    #[error("a record is too large for the database")]
    TooLarge,
    /// The system refused.
    #[error("the database could not be used: {0}")]
    Io(io::Error),
}

impl From<io::Error> for DatabaseError {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::{QuotaExceeded, StorageFull};
        if matches!(error.kind(), StorageFull | QuotaExceeded) { Self::DiskFull } else { Self::Io(error) }
    }
}

/// An open database; values are of up to two megabytes. Every call may wait for the disk: not for an async task. One
/// lock around every call, so that nobody reads what is being changed.
#[derive(Debug)]
pub struct Database {
    inner: Mutex<Inner>,
}

impl Database {
    /// Opens or makes the database in a folder; heals what a crash or a full disk tore.
    ///
    /// # Errors
    /// [`DatabaseError`], all but [`DatabaseError::Unreadable`] and [`DatabaseError::TooLarge`].
    pub fn open(dir: &Path) -> Result<Self, DatabaseError> {
        Ok(Self { inner: Mutex::new(Inner::open(dir)?) })
    }

    /// The value of a key.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, DatabaseError> {
        self.inner().get(key)
    }

    /// Every entry whose key begins like this, by key.
    ///
    /// # Errors
    /// [`DatabaseError`], but not [`DatabaseError::Unreadable`].
    pub fn scan(&self, prefix: &[u8]) -> Result<Vec<Entry>, DatabaseError> {
        self.inner().scan(prefix)
    }

    /// Sets the value of a key, `None` to remove it; durable after [`Database::flush`].
    ///
    /// # Errors
    /// [`DatabaseError`]; the value before stays.
    pub fn put(&self, key: &[u8], value: Option<&[u8]>) -> Result<(), DatabaseError> {
        self.inner().put(key, value)
    }

    /// Makes everything put so far durable. When it fails nothing is forgotten: a later flush tries again.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub fn flush(&self) -> Result<(), DatabaseError> {
        self.inner().flush()
    }

    /// Reads, decides and writes with nobody between; all of it or, when `work` fails, nothing. Durable on return.
    ///
    /// # Errors
    /// Those of `work`; [`DatabaseError`] when the change could not be kept: only a crash before the next call can then
    /// still make it happen.
    pub fn change<T, E: From<DatabaseError>>(
        &self,
        work: impl FnOnce(&mut Change<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut inner = self.inner();
        let mut change = Change { inner: &mut inner, writes: BTreeMap::new() };
        let value = work(&mut change)?;
        let writes = change.writes;
        inner.change(writes)?;
        Ok(value)
    }

    /// A panic while the lock was held cannot leave half a change: whatever is not durable is put again.
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A change in the making, which sees its own writes.
#[derive(Debug)]
pub struct Change<'a> {
    inner: &'a mut Inner,
    writes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl Change<'_> {
    /// The value of a key.
    ///
    /// # Errors
    /// Those of [`Database::get`].
    pub fn get(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, DatabaseError> {
        match self.writes.get(key) {
            Some(value) => Ok(value.clone()),
            None => self.inner.get(key),
        }
    }

    /// Sets the value of a key, `None` to remove it.
    pub fn put(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.writes.insert(key, value);
    }
}

#[cfg(test)]
mod tests;
/// The agent's, which has more to fill disks with.
#[cfg(test)]
#[path = "../../src/tiny_disk.rs"]
mod tiny_disk;
