//! "All of this folder, but not that one in it."
//!
//! Landlock has no exceptions below a rule. So the folders along the way to a closed one get no rule, and each of their
//! other entries gets its own. The folders along the way would then be closed to listing too; they are opened before,
//! since a descriptor stays usable, and their lists stay readable through it. What is created directly in them later is
//! listed, and stays closed.

use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Dir, FileType, Mode, OFlags, Stat, fstat, openat};

use super::{Fence, READ};
use crate::{JailError, Note};

/// A folder along the way to a closed one: only through this descriptor can it be listed.
#[derive(Debug)]
pub struct OpenFolder {
    /// Its real path.
    pub path: PathBuf,
    descriptor: OwnedFd,
}

impl OpenFolder {
    /// The names in the folder as it is now, in order. One caller at a time: the place in the list is the descriptor's.
    ///
    /// # Errors
    /// The system's.
    pub fn names(&self) -> io::Result<Vec<OsString>> {
        // Not `Dir::read_from`, which opens the folder anew.
        let mut list = Dir::new(self.descriptor.try_clone()?)?;
        list.rewind();
        let mut names = Vec::new();
        for entry in list {
            let name = OsStr::from_bytes(entry?.file_name().to_bytes()).to_owned();
            if name != "." && name != ".." {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }
}

/// Folders that must stay closed, by their real paths and as they are on disk.
#[derive(Debug)]
pub(crate) struct Closed {
    paths: Vec<PathBuf>,
    places: Vec<(u64, u64)>,
}

impl Closed {
    /// Resolves the folders. Those that are not there yet stay closed when they come.
    ///
    /// # Errors
    /// When one cannot be looked at.
    pub(crate) fn resolve(folders: &[PathBuf]) -> Result<Self, JailError> {
        let mut closed = Self { paths: Vec::new(), places: Vec::new() };
        for folder in folders {
            let failed = |source| JailError::Folder { path: folder.clone(), source };
            let path = future_path(folder).map_err(failed)?;
            closed.places.extend(path.metadata().ok().as_ref().map(place));
            closed.paths.push(path);
        }
        Ok(closed)
    }

    /// Whether this real path is closed or below a closed one.
    pub(crate) fn holds(&self, path: &Path) -> bool {
        self.paths.iter().any(|closed| path.starts_with(closed))
    }

    /// Whether a closed folder is this real path or below it.
    pub(crate) fn is_in(&self, path: &Path) -> bool {
        self.paths.iter().any(|closed| closed.starts_with(path))
    }

    /// Whether this is a closed folder under another name.
    fn is(&self, stat: &Stat) -> bool {
        self.places.contains(&(stat.st_dev, stat.st_ino))
    }
}

fn place(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// The real path of something that may not be there yet.
fn future_path(path: &Path) -> io::Result<PathBuf> {
    match path.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) if parent != Path::new("") => Ok(future_path(parent)?.join(name)),
            _ => Err(error),
        },
        outcome => outcome,
    }
}

impl Fence {
    /// Opens a folder for reading, except what is closed in it. Returns the folders along the way.
    ///
    /// # Errors
    /// When the kernel refuses a rule. A folder that is missing, or is itself closed, becomes a note.
    pub(crate) fn allow_reading(
        &mut self,
        root: &Path,
        closed: &Closed,
    ) -> Result<Vec<OpenFolder>, JailError> {
        let Ok(real) = root.canonicalize() else {
            self.notes.push(Note::Missing(root.to_owned()));
            return Ok(Vec::new());
        };
        if closed.holds(&real) {
            self.notes.push(Note::Closed(real));
            return Ok(Vec::new());
        }
        if !closed.is_in(&real) {
            self.allow(&real, READ)?;
            return Ok(Vec::new());
        }
        let mut along = Vec::new();
        let mut waiting = vec![real];
        while let Some(path) = waiting.pop() {
            let folder = self.allow_entries(path, closed, &mut waiting)?;
            along.extend(folder);
        }
        Ok(along)
    }

    /// One folder along the way: its entries, one by one. Those that a closed folder lies in are left for later.
    fn allow_entries(
        &mut self,
        path: PathBuf,
        closed: &Closed,
        waiting: &mut Vec<PathBuf>,
    ) -> Result<Option<OpenFolder>, JailError> {
        let how = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let Ok(descriptor) = openat(CWD, &path, how, Mode::empty()) else {
            // It may be searched but not listed; then the user cannot pick from it either.
            return Ok(None);
        };
        let folder = OpenFolder { path, descriptor };
        let mut left_out = 0;
        let failed = |source| JailError::Folder { path: folder.path.clone(), source };
        for name in folder.names().map_err(failed)? {
            let child = folder.path.join(&name);
            if closed.holds(&child) {
                continue;
            }
            if closed.is_in(&child) {
                waiting.push(child);
            } else if self.full() {
                left_out += 1;
            } else {
                self.allow_entry(&folder.descriptor, &name, closed)?;
            }
        }
        if left_out > 0 {
            self.notes.push(Note::LeftOut { folder: folder.path.clone(), entries: left_out });
        }
        Ok(Some(folder))
    }

    /// One entry. A link gets no rule, which would open what it points at: that has its own place, and its own rule.
    fn allow_entry(&mut self, folder: &OwnedFd, name: &OsStr, closed: &Closed) -> Result<(), JailError> {
        let how = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        // Gone meanwhile, or on a mount that does not answer: it stays closed.
        let Ok(entry) = openat(folder, name, how, Mode::empty()) else { return Ok(()) };
        let Ok(stat) = fstat(&entry) else { return Ok(()) };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Symlink => Ok(()),
            _ if closed.is(&stat) => Ok(()),
            kind => self.allow_opened(entry, kind, READ),
        }
    }
}
