//! Records in and out of `airhatch-store`: kinds of records, and changes of several of them at once.

use std::path::Path;

use airhatch_store::{DatabaseError, Entry};
use airhatch_wire::frame;
use serde::{Serialize, de::DeserializeOwned};

use super::StoreError;

/// Kinds of records: the first byte of their keys.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(super) enum Place {
    Accounts = 1,
    Revoked = 2,
    Announcements = 3,
    Invitations = 4,
    Events = 5,
    Counters = 6,
}

impl Place {
    fn key(self, name: &[u8]) -> Vec<u8> {
        [&[self as u8], name].concat()
    }
}

/// What came of it.
pub(super) type Outcome<T> = Result<T, StoreError>;

/// The database. A change excludes everybody else until it is on disk, so that nobody reads what a crash could still
/// undo.
pub(super) struct Database(airhatch_store::Database);

/// A change in the making.
pub(super) struct Change<'a, 'b>(&'a mut airhatch_store::Change<'b>);

impl Change<'_, '_> {
    pub(super) fn get<T: DeserializeOwned>(&mut self, place: Place, name: &[u8]) -> Outcome<Option<T>> {
        decoded(self.0.get(&place.key(name))?)
    }

    pub(super) fn put<T: Serialize>(&mut self, place: Place, name: &[u8], value: &T) -> Outcome<()> {
        self.0.put(place.key(name), Some(frame::to_bytes(value)?));
        Ok(())
    }

    pub(super) fn remove(&mut self, place: Place, name: &[u8]) {
        self.0.put(place.key(name), None);
    }
}

impl Database {
    /// Opens or makes the database in this folder.
    pub(super) fn open(path: &Path) -> Result<Self, DatabaseError> {
        airhatch_store::Database::open(path).map(Self)
    }

    pub(super) fn get<T: DeserializeOwned>(&self, place: Place, name: &[u8]) -> Outcome<Option<T>> {
        decoded(self.0.get(&place.key(name))?)
    }

    /// Every record of a kind with its name, by name.
    pub(super) fn all<T: DeserializeOwned>(&self, place: Place) -> Outcome<Vec<(Vec<u8>, T)>> {
        let record = |(key, value): Entry| {
            let name = key.get(1..).unwrap_or_default().to_vec();
            Ok((name, frame::from_bytes(&value.ok_or(DatabaseError::Unreadable)?)?))
        };
        self.0.scan(&place.key(&[]))?.into_iter().map(record).collect()
    }

    /// Makes a change, all of it or nothing; on disk when this returns.
    pub(super) fn change<T>(&self, work: impl FnOnce(&mut Change<'_, '_>) -> Outcome<T>) -> Outcome<T> {
        self.0.change(|change| work(&mut Change(change)))
    }
}

fn decoded<T: DeserializeOwned>(found: Option<Vec<u8>>) -> Outcome<Option<T>> {
    Ok(found.map(|bytes| frame::from_bytes(&bytes)).transpose()?)
}
