//! Filling a folder of a landing, in `.incoming`, before it gets its final name: folders are made, parts renamed into
//! them, and every folder gets its time when nothing more goes into it. Safe to do again after a crash at any point.
//! Called by [`super::place`] only.

use std::os::fd::OwnedFd;

use airhatch_wire::UnixMillis;
use rustix::fs::{Mode, RenameFlags, fstat, fsync, futimens, mkdirat, renameat_with, syncfs};
use rustix::io::Errno;

use super::LandingError;
use super::incoming::in_the_way;
use super::plan::{Mark, parts};
use super::writer::times;
use crate::beneath;

/// From so many folders on, the whole file system is made durable at once instead of each folder.
const MANY: usize = 64;

/// How the names of folders end that become trees, beside the parts.
pub(super) const TREE: &str = ".tree";

/// The folder that becomes a tree.
pub(super) fn folder_of(index: usize) -> String {
    format!("{index}{TREE}")
}

/// Makes the folder of a tree, or finds it; its inode.
pub(super) fn make(parts: &OwnedFd, index: usize) -> Result<u64, LandingError> {
    let name = folder_of(index);
    let folder = beneath::make_folder(parts, &name).map_err(|error| in_the_way(&name, error))?;
    Ok(fstat(&folder)?.st_ino)
}

/// What was changed and is not known to be on the disk.
#[derive(Debug, Default)]
pub(super) struct Unsynced {
    synced: usize,
    left: bool,
}

impl Unsynced {
    fn folder(&mut self, folder: &OwnedFd) -> Result<(), LandingError> {
        if self.synced < MANY {
            self.synced += 1;
            fsync(folder)?;
        } else {
            self.left = true;
        }
        Ok(())
    }

    /// Makes durable what is left.
    pub(super) fn finish(self, parts: &OwnedFd) -> Result<(), LandingError> {
        match (self.left, self.synced) {
            (true, _) => Ok(syncfs(parts)?),
            (false, 0) => Ok(()),
            (false, _) => Ok(fsync(parts)?),
        }
    }
}

/// A folder that is being filled, and those in it on the way to where the last part went.
#[derive(Debug)]
pub(super) struct Filling {
    levels: Vec<Level>,
}

#[derive(Debug)]
struct Level {
    name: String,
    folder: OwnedFd,
    modified: Option<UnixMillis>,
}

impl Filling {
    /// Opens the folder of a tree; `None` when it has gone, as it does when it gets its final name.
    pub(super) fn begin(
        parts: &OwnedFd,
        index: usize,
        inode: u64,
        modified: Option<UnixMillis>,
    ) -> Result<Option<Self>, LandingError> {
        let name = folder_of(index);
        let folder = match beneath::open_folder(parts, &name) {
            Err(Errno::NOENT) => return Ok(None),
            outcome => outcome.map_err(|error| in_the_way(&name, error))?,
        };
        if fstat(&folder)?.st_ino != inode {
            return Err(LandingError::InTheWay { name });
        }
        Ok(Some(Self { levels: vec![Level { name: String::new(), folder, modified }] }))
    }

    /// Makes a folder that is to have this time.
    pub(super) fn folder(
        &mut self,
        path: &str,
        modified: UnixMillis,
        unsynced: &mut Unsynced,
    ) -> Result<(), LandingError> {
        self.go_to(path, unsynced)?;
        if let Some(level) = self.levels.last_mut() {
            level.modified = Some(modified);
        }
        Ok(())
    }

    /// Gives a part its place.
    pub(super) fn part(
        &mut self,
        flat: &OwnedFd,
        index: usize,
        mark: Mark,
        path: &str,
        unsynced: &mut Unsynced,
    ) -> Result<(), LandingError> {
        let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
        self.go_to(above, unsynced)?;
        let lost = || LandingError::Lost { name: path.into() };
        let Some(Level { folder, .. }) = self.levels.last() else { return Err(lost()) };
        let part = index.to_string();
        match Mark::of(flat, &part)? {
            Some(found) if found == mark => {}
            Some(_) => return Err(lost()),
            // Renamed before a crash: then it is where it should be.
            None if Mark::of(folder, name)? == Some(mark) => return Ok(()),
            None => return Err(lost()),
        }
        renameat_with(flat, &part, folder, name, RenameFlags::NOREPLACE).map_err(|error| match error {
            Errno::NOENT => lost(),
            error => in_the_way(path, error),
        })
    }

    /// Leaves every folder.
    pub(super) fn end(mut self, unsynced: &mut Unsynced) -> Result<(), LandingError> {
        while let Some(level) = self.levels.pop() {
            level.leave(unsynced)?;
        }
        Ok(())
    }

    /// Leaves the folders that are not above the path, and enters or makes those that are.
    fn go_to(&mut self, path: &str, unsynced: &mut Unsynced) -> Result<(), LandingError> {
        let wanted = || parts(path).filter(|name| !name.is_empty());
        let here = self.levels.iter().skip(1);
        let common = here.zip(wanted()).take_while(|(level, name)| level.name == *name).count();
        while self.levels.len() > common + 1
            && let Some(level) = self.levels.pop()
        {
            level.leave(unsynced)?;
        }
        for name in wanted().skip(common) {
            let Some(Level { folder: parent, .. }) = self.levels.last() else { break };
            match mkdirat(parent, name, Mode::RWXU) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
            let folder = beneath::open_folder(parent, name).map_err(|error| in_the_way(path, error))?;
            self.levels.push(Level { name: name.to_owned(), folder, modified: None });
        }
        Ok(())
    }
}

impl Level {
    fn leave(self, unsynced: &mut Unsynced) -> Result<(), LandingError> {
        if let Some(modified) = self.modified
            && let Err(error) = futimens(&self.folder, &times(modified))
        {
            tracing::debug!(%error, "a received folder keeps the time of its arrival");
        }
        unsynced.folder(&self.folder)
    }
}
