//! Walking through what was named: files, and folders with everything below them, in the order of their names. Every
//! folder is held open and everything in it is reached from there, so that nothing outside it is ever met, whatever
//! somebody swaps meanwhile; below a named folder no symbolic link is followed.

use std::collections::HashMap;
use std::ffi::{CString, OsStr};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use airhatch_wire::path::check_length;
use airhatch_wire::warden::Why;
use ignore::gitignore::Gitignore;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, fstat, openat, statat};
use rustix::io::Errno;

use super::StageError;
use super::guard::Guard;
use super::names::{folded, text};
use super::rules::{self, GITIGNORE, Rules};
use super::source::{self, Folder, Named, Source};

/// What is done about what is met.
pub(super) trait Visit {
    /// A file that was named.
    fn named_file(&mut self, source: &Source, name: &str) -> Result<(), StageError>;
    /// A file in a folder, not opened yet.
    fn file(&mut self, file: &Met<'_>) -> Result<(), StageError>;
    /// A folder; what is in it follows.
    fn begin_folder(&mut self, name: &str) -> Result<(), StageError>;
    /// That was all of it.
    fn end_folder(&mut self, stat: &Stat) -> Result<(), StageError>;
    /// Something that cannot be sent.
    fn skip(&mut self, path: &Path, why: Why) -> Result<(), StageError>;
}

/// A file that was met.
pub(super) struct Met<'a> {
    inside: &'a Inside,
    guard: &'a Guard,
    raw: &'a CString,
    /// The path that was named, and from there on.
    pub(super) path: PathBuf,
    /// Its name.
    pub(super) name: &'a str,
    /// Bytes.
    pub(super) size: u64,
}

impl Met<'_> {
    /// Opens it.
    pub(super) fn open(&self) -> Result<Source, StageError> {
        let resolved = self.inside.resolved.join(self.name);
        source::open_in(&self.inside.handle, self.raw, (&self.path, &resolved), self.guard)
    }
}

/// A folder that is being walked through.
struct Inside {
    handle: OwnedFd,
    /// The path that was named, and from there on.
    path: PathBuf,
    /// Where it really is.
    resolved: PathBuf,
    /// From the named folder on; empty for itself.
    relative: PathBuf,
    /// How deep it will lie at the recipient's, and the bytes of the names so far.
    depth: usize,
    bytes: usize,
    stat: Stat,
}

/// How to walk.
pub(super) struct Walk<'a> {
    pub(super) guard: &'a Guard,
    pub(super) rules: &'a Rules,
}

impl Walk<'_> {
    /// Walks through everything that was named, each under the name it shall have.
    pub(super) fn all(&self, named: &[(&PathBuf, String)], visit: &mut impl Visit) -> Result<(), StageError> {
        for (path, name) in named {
            match source::open(path, self.guard)? {
                Named::File(source) => visit.named_file(&source, name)?,
                Named::Folder(folder) => self.named_folder(folder, name, visit)?,
            }
        }
        Ok(())
    }

    fn named_folder(&self, folder: Folder, name: &str, visit: &mut impl Visit) -> Result<(), StageError> {
        let Folder { path, resolved, handle } = folder;
        let stat = fstat(&handle).map_err(|e| failed(&path)(e))?;
        let relative = PathBuf::new();
        let inside = Inside { handle, path, resolved, relative, depth: 1, bytes: name.len(), stat };
        self.folder(&inside, name, &mut Vec::new(), visit)
    }

    fn folder(
        &self,
        inside: &Inside,
        name: &str,
        files: &mut Vec<Gitignore>,
        visit: &mut impl Visit,
    ) -> Result<(), StageError> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&inside.handle).map_err(failed(&inside.path))? {
            let entry = entry.map_err(failed(&inside.path))?;
            if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
                names.push(entry.file_name().to_owned());
            }
        }
        names.sort_unstable();
        visit.begin_folder(name)?;
        let before = files.len();
        if self.rules.wants_files() && names.iter().any(|name| name.to_bytes() == GITIGNORE.as_bytes()) {
            files.extend(self.gitignore(inside)?);
        }
        let mut taken = HashMap::new();
        for raw in &names {
            self.entry(inside, raw, (files, &mut taken), visit)?;
        }
        files.truncate(before);
        visit.end_folder(&inside.stat)
    }

    /// What the `.gitignore` file of a folder says, if it is a file.
    fn gitignore(&self, inside: &Inside) -> Result<Option<Gitignore>, StageError> {
        let raw = c".gitignore";
        let (path, resolved) = (inside.path.join(GITIGNORE), inside.resolved.join(GITIGNORE));
        match source::open_in(&inside.handle, raw, (&path, &resolved), self.guard) {
            Ok(source) => rules::read(&source, &inside.relative).map(Some),
            Err(StageError::NotPlain { .. } | StageError::Missing(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn entry(
        &self,
        inside: &Inside,
        raw: &CString,
        (files, taken): (&mut Vec<Gitignore>, &mut HashMap<String, String>),
        visit: &mut impl Visit,
    ) -> Result<(), StageError> {
        let os_name = OsStr::from_bytes(raw.to_bytes());
        let path = inside.path.join(os_name);
        let stat = match statat(&inside.handle, raw.as_c_str(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return visit.skip(&path, Why::Vanished),
            Err(_) => return visit.skip(&path, Why::Unreadable),
        };
        let kind = FileType::from_raw_mode(stat.st_mode);
        let relative = inside.relative.join(os_name);
        if self.rules.leave_out(&relative, kind.is_dir(), files) {
            return Ok(());
        }
        match kind {
            FileType::RegularFile | FileType::Directory => {}
            FileType::Symlink => return visit.skip(&path, Why::Link),
            FileType::Fifo => return visit.skip(&path, Why::Pipe),
            FileType::Socket => return visit.skip(&path, Why::Socket),
            _ => return visit.skip(&path, Why::Device),
        }
        let name = text(os_name, &path)?;
        let (depth, bytes) = (inside.depth + 1, inside.bytes + name.len());
        check_length(depth, bytes).map_err(|refused| StageError::Refused { path: path.clone(), refused })?;
        if let Some(other) = taken.insert(folded(name), name.to_owned()) {
            return Err(StageError::Twins { path, other });
        }
        let resolved = inside.resolved.join(os_name);
        if kind.is_dir() {
            let below = Below { path, resolved, relative, depth, bytes };
            return match self.enter(inside, raw, below)? {
                Ok(below) => self.folder(&below, name, files, visit),
                Err((path, why)) => visit.skip(&path, why),
            };
        }
        if self.guard.protects(&resolved, stat.st_dev, stat.st_ino) {
            return Err(StageError::Protected(path));
        }
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        visit.file(&Met { inside, guard: self.guard, raw, path, name, size })
    }

    /// Opens a folder in a folder, or says why it is skipped.
    fn enter(
        &self,
        inside: &Inside,
        raw: &CString,
        below: Below,
    ) -> Result<Result<Inside, (PathBuf, Why)>, StageError> {
        let Below { path, resolved, relative, depth, bytes } = below;
        if self.guard.protects_folder(&resolved) {
            return Err(StageError::Protected(path));
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let handle = match openat(&inside.handle, raw.as_c_str(), flags, Mode::empty()) {
            Ok(handle) => handle,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(Err((path, Why::Vanished))),
            Err(Errno::ACCESS | Errno::PERM) => return Ok(Err((path, Why::Unreadable))),
            Err(error) => return Err(failed(&path)(error)),
        };
        let stat = fstat(&handle).map_err(failed(&path))?;
        if stat.st_dev != inside.stat.st_dev && source::is_made_by_kernel(&handle) {
            return Ok(Err((path, Why::MadeUp)));
        }
        // Were it moved here meanwhile, it could be what the guard knows by its place.
        if !source::is_at(&handle, &resolved).map_err(StageError::at(&path))? {
            return Err(StageError::Changed(path));
        }
        Ok(Ok(Inside { handle, path, resolved, relative, depth, bytes, stat }))
    }
}

/// Where a folder lies that is about to be opened.
struct Below {
    path: PathBuf,
    resolved: PathBuf,
    relative: PathBuf,
    depth: usize,
    bytes: usize,
}

fn failed(path: &Path) -> impl Fn(Errno) -> StageError {
    |error| StageError::Unreadable { path: path.to_owned(), source: error.into() }
}
