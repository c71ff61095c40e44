//! The database behind its lock: values to heads, heads to sled, and what happens when a write fails. What was put
//! since the last flush is kept in memory, and put again when sled had to be opened anew.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::ballast::Ballast;
use super::journal::{self, Write};
use super::spill::{Spill, SpillId, named};
use super::tree::Tree;
use super::{DatabaseError, Entry, heal};

pub(super) struct Inner {
    dir: PathBuf,
    ballast: Ballast,
    spill: Spill,
    /// `None` between a failed write and the next successful opening.
    tree: Option<Tree>,
    /// Writes that are not durable yet, in order.
    pending: Vec<Write>,
    /// Files, and the keys whose heads named them, most likely not any more once the pending writes are durable.
    obsolete: Vec<(Vec<u8>, SpillId)>,
    /// Last, so that it is let go when everything else is closed.
    _lock: Lock,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner").field("pending", &self.pending.len()).finish_non_exhaustive()
    }
}

impl Inner {
    pub(super) fn open(dir: &Path) -> Result<Self, DatabaseError> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        let lock = Lock::take(dir)?;
        let (ballast, spill) = (Ballast::new(dir), Spill::open(dir)?);
        let tree = heal::open(dir, &ballast)?;
        journal::finish(&tree, &spill)?;
        if spill.is_used()? {
            spill.keep_only(tree.scan(&[])?.iter().map(|(_, head)| head))?;
        }
        ballast.restore();
        File::open(dir)?.sync_all()?;
        let (pending, obsolete) = (Vec::new(), Vec::new());
        Ok(Self { dir: dir.to_owned(), ballast, spill, tree: Some(tree), pending, obsolete, _lock: lock })
    }

    pub(super) fn get(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, DatabaseError> {
        let head = self.attempt(|tree| tree.get(key))?;
        head.map(|head| self.spill.value(&head).ok_or(DatabaseError::Unreadable)).transpose()
    }

    pub(super) fn scan(&mut self, prefix: &[u8]) -> Result<Vec<Entry>, DatabaseError> {
        let heads = self.attempt(|tree| tree.scan(prefix))?;
        Ok(heads.into_iter().map(|(key, head)| (key, self.spill.value(&head))).collect())
    }

    pub(super) fn put(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), DatabaseError> {
        self.ballast.make_room()?;
        let head = value.map(|value| self.spill.head(value)).transpose()?;
        let file = head.as_deref().and_then(named);
        let outcome = self.write(Write { key: key.to_vec(), head });
        if outcome.is_err() {
            self.obsolete.extend(file.map(|id| (key.to_vec(), id)));
        }
        outcome
    }

    pub(super) fn flush(&mut self) -> Result<(), DatabaseError> {
        if !self.pending.is_empty() {
            self.ballast.make_room()?;
            self.attempt(Tree::flush)?;
            self.pending.clear();
        }
        for (key, id) in std::mem::take(&mut self.obsolete) {
            if self
                .attempt(|tree| tree.get(&key))
                .is_ok_and(|head| head.as_deref().and_then(named) != Some(id))
            {
                self.spill.remove(&id);
            }
        }
        self.ballast.restore();
        Ok(())
    }

    /// Does all of these writes or none.
    pub(super) fn change(&mut self, writes: BTreeMap<Vec<u8>, Option<Vec<u8>>>) -> Result<(), DatabaseError> {
        if writes.is_empty() {
            return Ok(());
        }
        self.ballast.make_room()?;
        let head = |value: Option<Vec<u8>>| value.map(|value| self.spill.head(&value)).transpose();
        let writes = writes.into_iter().map(|(key, value)| Ok(Write { key, head: head(value)? }));
        let writes = writes.collect::<Result<Vec<_>, DatabaseError>>()?;
        let before = self.pending.len();
        let together = journal::encode(&writes)?;
        if let Err(error) = self.put(journal::KEY, Some(&together)).and_then(|()| self.flush()) {
            // Whatever of it is on the disk is taken back when that is opened anew. The files stay until nobody can need
            // them: a crash before that makes the change happen.
            self.tree = None;
            self.pending.truncate(before);
            self.pending.push(Write::end());
            return Err(error);
        }
        let mut writes = writes.into_iter().chain([Write::end()]);
        if let Err(error) = writes.try_for_each(|write| self.write(write)) {
            tracing::warn!(%error, "a change that is kept is done when the database is opened anew");
            self.tree = None;
        }
        Ok(())
    }

    /// Changes a key, and notes what file that leaves behind.
    fn write(&mut self, write: Write) -> Result<(), DatabaseError> {
        let before = self.attempt(|tree| tree.get(&write.key))?;
        if before == write.head {
            return Ok(());
        }
        self.attempt(|tree| write.apply(tree))?;
        self.obsolete.extend(before.as_deref().and_then(named).map(|id| (write.key.clone(), id)));
        self.pending.push(write);
        Ok(())
    }

    /// Does something with sled; when that fails, opens it anew, repeats the pending writes and tries once more.
    pub(super) fn attempt<T>(
        &mut self,
        work: impl Fn(&Tree) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        if let Some(tree) = &self.tree {
            match work(tree) {
                Ok(value) => return Ok(value),
                Err(error) => tracing::warn!(%error, "the database failed and is opened anew"),
            }
        }
        self.tree = None;
        self.ballast.release()?;
        let tree = heal::open(&self.dir, &self.ballast)?;
        self.pending.iter().try_for_each(|write| write.apply(&tree))?;
        journal::finish(&tree, &self.spill)?;
        let value = work(&tree)?;
        self.tree = Some(tree);
        Ok(value)
    }
}

/// Holds the database for this process.
struct Lock(File);

impl Lock {
    fn take(dir: &Path) -> Result<Self, DatabaseError> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(dir.join("lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(DatabaseError::InUse { path: dir.to_owned() }),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }
}

impl Drop for Lock {
    /// Closing alone would leave it with a program that is just being started and still has every file.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

#[cfg(test)]
impl Inner {
    /// Lets sled meet a full disk; whether it did.
    pub(super) fn flush_without_asking_for_room(&self) -> bool {
        self.tree.as_ref().is_some_and(|tree| matches!(tree.flush(), Err(DatabaseError::DiskFull)))
    }
}
