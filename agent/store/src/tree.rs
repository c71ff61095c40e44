//! sled 0.34, behind byte strings in and byte strings out. The only file that names it.
//!
//! What reading its source showed, and what is done about it here and above:
//!
//! - A failed write sets an error that never goes away: the caller drops the tree and opens it anew.
//! - Assertions in recovery panic on files that are not as expected, and dropping a database unwraps a sync: both are
//!   caught and told as damage.
//! - `flush` uses `sync_file_range`, which waits neither for the disk's cache nor for the file's new length to be
//!   safe: `fdatasync` follows.
//! - Without its background flusher it cleans segments while writing, which is enough here.
//! - Batches, transactions and other writers at the same moment can lose the wake-up after a failed write
//!   (`exit_reservation` stores the error and notifies nobody), and a flush then waits for ever: there are none of
//!   them, and one lock around every call.
//! - Messages above 128 KiB go to files of their own, and a failure there leaves a buffer that is never written. A
//!   leaf holds up to sixteen and a few values, so values stay below [`LARGEST_VALUE`].
//! - Its file lock is let go a moment after the database is dropped: opening waits a moment.

use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::DatabaseError;

/// The largest value, bytes.
pub(super) const LARGEST_VALUE: usize = 4096;

/// Bytes of sled's page cache.
const CACHE: u64 = 16 << 20;

/// How long a lock may linger.
const LINGERING: Duration = Duration::from_secs(5);

/// A key and its value.
type Pair = (Vec<u8>, Vec<u8>);

/// sled, open.
pub(super) struct Tree {
    dir: PathBuf,
    sled: Option<sled::Db>,
    /// sled's data, for syncing.
    file: File,
}

impl Tree {
    /// Opens or makes what is in a folder.
    pub(super) fn open(dir: &Path) -> Result<Self, DatabaseError> {
        let deadline = Instant::now() + LINGERING;
        let config = || sled::Config::new().path(dir).cache_capacity(CACHE).flush_every_ms(None);
        let sled = loop {
            match caught(dir, || config().open()) {
                Err(error) if is_locked(&error) && Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                outcome => break outcome?,
            }
        };
        let file = File::open(dir.join("db"))?;
        file.sync_all()?;
        Ok(Self { dir: dir.to_owned(), sled: Some(sled), file })
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, DatabaseError> {
        self.with(|sled| Ok(sled.get(key)?.map(|value| value.to_vec())))
    }

    /// Sets a value of at most [`LARGEST_VALUE`] bytes.
    pub(super) fn insert(&self, key: &[u8], value: &[u8]) -> Result<(), DatabaseError> {
        debug_assert!(value.len() <= LARGEST_VALUE);
        self.with(|sled| sled.insert(key, value).map(drop))
    }

    pub(super) fn remove(&self, key: &[u8]) -> Result<(), DatabaseError> {
        self.with(|sled| sled.remove(key).map(drop))
    }

    /// Every key that begins like this and its value, by key.
    pub(super) fn scan(&self, prefix: &[u8]) -> Result<Vec<Pair>, DatabaseError> {
        let owned = |(key, value): (sled::IVec, sled::IVec)| (key.to_vec(), value.to_vec());
        self.with(|sled| sled.scan_prefix(prefix).map(|entry| entry.map(owned)).collect())
    }

    /// Waits until everything is on the disk.
    pub(super) fn flush(&self) -> Result<(), DatabaseError> {
        self.with(|sled| sled.flush().map(drop))?;
        Ok(self.file.sync_data()?)
    }

    /// The error of files that are not what they should be.
    pub(super) fn damaged(&self, why: &str) -> DatabaseError {
        DatabaseError::Damaged { path: self.dir.clone(), why: why.to_owned() }
    }

    pub(super) fn with<T>(
        &self,
        work: impl FnOnce(&sled::Db) -> sled::Result<T>,
    ) -> Result<T, DatabaseError> {
        match &self.sled {
            Some(sled) => caught(&self.dir, || work(sled)),
            None => Err(self.damaged("it is closed")),
        }
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let sled = self.sled.take();
        if catch_unwind(AssertUnwindSafe(|| drop(sled))).is_err() {
            tracing::warn!("sled panicked while it was closed");
        }
    }
}

/// Runs sled's code, which asserts where it should report. What it may leave half done is behind `&sled::Db` only, and
/// the caller opens that anew after an error.
fn caught<T>(dir: &Path, work: impl FnOnce() -> sled::Result<T>) -> Result<T, DatabaseError> {
    use io::ErrorKind::{InvalidData, UnexpectedEof};
    let why = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(sled::Error::Io(error))) if !matches!(error.kind(), InvalidData | UnexpectedEof) => {
            return Err(error.into());
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => "sled panicked".to_owned(),
    };
    Err(DatabaseError::Damaged { path: dir.to_owned(), why })
}

/// sled tells a held lock only by its words.
fn is_locked(error: &DatabaseError) -> bool {
    matches!(error, DatabaseError::Io(error) if error.to_string().starts_with("could not acquire lock"))
}
