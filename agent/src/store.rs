//! The agent's records on disk: contacts, transfers, settings, each under a name, encrypted.
//!
//! Owned here: the folder `store` of the agent's state, kept by `airhatch-store`. Called by the shell, which loads
//! everything at log-in and puts what the hub decides, flushing before anybody is told. Must never know: what a record
//! means, the passphrase.

use std::path::{Path, PathBuf};

use airhatch_store::{Database, DatabaseError};
use airhatch_wire::frame::{self, FrameError};
use airhatch_wire::{Code, Failure};
use serde::Serialize;
use serde::de::DeserializeOwned;

mod sealed;

use sealed::Keys;

/// The key of the record that only tells the right key from a wrong one. No name's key is this short.
const KEY_CHECK: &[u8] = b"key";

/// Why the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process, or another part of this one, has it open.
    #[error("the account's store is in use by another agent")]
    InUse,
    /// No space left; nothing flushed before is lost.
    #[error("no space is left on the disk for the account's store")]
    DiskFull,
    /// It does not open, not even after healing.
    #[error("the account's store is damaged; its pieces are in {}", pieces.display())]
    Damaged {
        /// The store's folder.
        pieces: PathBuf,
    },
    /// It was made with another key.
    #[error("the account's store was made with another key")]
    WrongKey,
    /// A record of more than [`frame::LARGEST_MESSAGE`].
    #[error("a record is too large for the account's store")]
    TooLarge,
    /// OpenSSL refused.
    #[error("a record could not be sealed")]
    Crypto(#[from] openssl::error::ErrorStack),
    /// The system refused.
    #[error("the account's store could not be used: {0}")]
    Io(std::io::Error),
}

impl From<DatabaseError> for StoreError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::InUse { .. } => Self::InUse,
            DatabaseError::DiskFull => Self::DiskFull,
            DatabaseError::Damaged { path: pieces, .. } => Self::Damaged { pieces },
            DatabaseError::Unreadable => Self::WrongKey,
            DatabaseError::TooLarge => Self::TooLarge,
            DatabaseError::Io(error) => Self::Io(error),
        }
    }
}

impl From<FrameError> for StoreError {
    fn from(_: FrameError) -> Self {
        Self::TooLarge
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let (code, hint) = match &error {
            StoreError::InUse => (Code::Conflict, "stop the other agent of this account first"),
            StoreError::DiskFull => (Code::DiskFull, "free some space and try again"),
            StoreError::Damaged { .. } => {
                (Code::Internal, "restore the folder from a backup, or move it away to begin an empty one")
            }
            StoreError::WrongKey => (Code::Internal, "restore vault and store from the same backup"),
            StoreError::TooLarge => (Code::TooLarge, "send fewer files at once"),
            StoreError::Crypto(_) => (Code::Internal, "free some memory and try again"),
            StoreError::Io(_) => (Code::Internal, "look at the rights of the agent's state folder"),
        };
        Self::new(code, error.to_string()).hint(hint)
    }
}

/// What [`Store::load`] found.
#[derive(Debug)]
pub struct Loaded<T> {
    /// The readable records, in no order.
    pub records: Vec<T>,
    /// How many records could not be read; they stay where they are.
    pub damaged: usize,
}

/// An open store. Every call may wait for the disk: not for an async task.
#[derive(Debug)]
pub struct Store {
    database: Database,
    keys: Keys,
}

impl Store {
    /// Opens or makes the store in a folder, with the key from the vault; heals what a full disk tore.
    ///
    /// # Errors
    /// [`StoreError`], all but [`StoreError::TooLarge`].
    pub fn open(dir: &Path, key: &[u8; 32]) -> Result<Self, StoreError> {
        let store = Self { database: Database::open(dir)?, keys: Keys::derive(key)? };
        match store.database.get(KEY_CHECK)? {
            Some(sealed) => drop(store.keys.open(KEY_CHECK, &sealed).ok_or(StoreError::WrongKey)?),
            None => {
                store.database.put(KEY_CHECK, Some(&store.keys.seal(KEY_CHECK, &[])?))?;
                store.database.flush()?;
            }
        }
        Ok(store)
    }

    /// Every record, read as one (enum) type.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when sled cannot go on; single unreadable records are counted instead.
    pub fn load<T: DeserializeOwned>(&self) -> Result<Loaded<T>, StoreError> {
        let mut loaded = Loaded { records: Vec::new(), damaged: 0 };
        for (key, sealed) in self.database.scan(&[])?.into_iter().filter(|(key, _)| key != KEY_CHECK) {
            let plain = sealed.and_then(|sealed| self.keys.open(&key, &sealed));
            match plain.and_then(|plain| frame::from_bytes(&plain).ok()) {
                Some(record) => loaded.records.push(record),
                None => loaded.damaged += 1,
            }
        }
        Ok(loaded)
    }

    /// Sets the record of a name; durable after [`Store::flush`].
    ///
    /// # Errors
    /// [`StoreError::TooLarge`], [`StoreError::DiskFull`] (the record before stays), [`StoreError::Damaged`],
    /// [`StoreError::Io`].
    pub fn put<T: Serialize>(&self, name: &[u8], value: &T) -> Result<(), StoreError> {
        let plain = zeroize::Zeroizing::new(frame::to_bytes(value)?);
        let key = self.keys.tree_key(name)?;
        Ok(self.database.put(&key, Some(&self.keys.seal(&key, &plain)?))?)
    }

    /// Removes the record of a name, if there is one; durable after [`Store::flush`].
    ///
    /// # Errors
    /// Those of [`Store::put`].
    pub fn remove(&self, name: &[u8]) -> Result<(), StoreError> {
        Ok(self.database.put(&self.keys.tree_key(name)?, None)?)
    }

    /// Makes everything so far durable. When it fails nothing is forgotten: a later flush tries again.
    ///
    /// # Errors
    /// Those of [`Store::put`].
    pub fn flush(&self) -> Result<(), StoreError> {
        Ok(self.database.flush()?)
    }
}

#[cfg(test)]
mod tests;
