//! Room for bad times: a file of a megabyte beside the database, given back to the file system when the disk is full,
//! so that what must still be noted can be. Made anew when there is room again.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, fallocate, statvfs};

/// Bytes of the ballast.
const SIZE: u64 = 1 << 20;

/// What sled may write for one operation, bytes: a segment of half a megabyte, and a snapshot.
const NEEDED: u64 = 768 * 1024;

/// The ballast of one database.
#[derive(Debug)]
pub(super) struct Ballast {
    path: PathBuf,
}

impl Ballast {
    pub(super) fn new(dir: &Path) -> Self {
        Self { path: dir.join("ballast") }
    }

    /// Checks that there is room for one operation and drops the ballast if that helps.
    ///
    /// # Errors
    /// `StorageFull` when there is not.
    pub(super) fn make_room(&self) -> io::Result<()> {
        if self.available()? >= NEEDED {
            return Ok(());
        }
        self.release()?;
        if self.available()? >= NEEDED { Ok(()) } else { Err(io::ErrorKind::StorageFull.into()) }
    }

    /// Gives the ballast's bytes back to the file system.
    pub(super) fn release(&self) -> io::Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Makes the ballast where it is missing and there is room for it, and for one operation and a bit beside it.
    /// Doing without it is no error.
    pub(super) fn restore(&self) {
        let missing = || self.path.symlink_metadata().is_err();
        if missing() && self.available().is_ok_and(|bytes| bytes >= 2 * SIZE + NEEDED) && self.make().is_err()
        {
            tracing::debug!("no ballast could be made for the database");
            // Half a ballast is none.
            let _ = self.release();
        }
    }

    fn make(&self) -> io::Result<()> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.path)?;
        Ok(fallocate(&file, FallocateFlags::empty(), 0, SIZE)?)
    }

    fn available(&self) -> io::Result<u64> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let space = statvfs(folder)?;
        Ok(space.f_bavail.saturating_mul(space.f_frsize))
    }
}
