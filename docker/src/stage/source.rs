//! One file to be staged, opened so that what was checked is what is read. Nothing is opened for reading before it is
//! known to be a plain file: opening a device or a pipe can do things.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FsWord, Mode, OFlags, PROC_SUPER_MAGIC, ResolveFlags, fstatfs, openat, openat2};
use rustix::io::Errno;

use super::StageError;
use super::guard::Guard;

/// The type of sysfs, from `linux/magic.h`.
const SYSFS_MAGIC: FsWord = 0x6265_6572;

/// A plain file, open for reading.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) file: File,
    /// As it was when opened.
    pub(super) metadata: Metadata,
}

impl Source {
    /// Bytes, when opened.
    pub(super) fn size(&self) -> u64 {
        self.metadata.len()
    }

    /// Fails when the file is not what it was when it was opened.
    pub(super) fn check_unchanged(&self) -> Result<(), StageError> {
        let now = self.file.metadata().map_err(|source| self.unreadable(source))?;
        let state = |m: &Metadata| (m.len(), m.mtime(), m.mtime_nsec());
        if state(&now) == state(&self.metadata) { Ok(()) } else { Err(self.changed()) }
    }

    pub(super) fn changed(&self) -> StageError {
        StageError::Changed(self.path.clone())
    }

    pub(super) fn unreadable(&self, source: io::Error) -> StageError {
        StageError::Unreadable { path: self.path.clone(), source }
    }
}

/// Opens what a person named. Symbolic links are followed once, here; if the resolved path leads anywhere else by the
/// time it is opened, the file has changed.
pub(super) fn open(path: &Path, guard: &Guard) -> Result<Source, StageError> {
    if !path.is_absolute() {
        return Err(StageError::Request("a path to stage must be absolute"));
    }
    let resolved = fs::canonicalize(path).map_err(|e| refused(path, e))?;
    let handle = hold(&resolved).map_err(|e| match e {
        Errno::LOOP | Errno::NOENT | Errno::NOTDIR => StageError::Changed(path.to_owned()),
        e => refused(path, e.into()),
    })?;
    let by_handle = PathBuf::from(format!("/proc/self/fd/{}", handle.as_raw_fd()));
    let failed = |source| StageError::Io { path: path.to_owned(), source };
    let held = File::from(handle.try_clone().map_err(failed)?).metadata().map_err(failed)?;
    if guard.protects(&resolved, held.dev(), held.ino()) {
        return Err(StageError::Protected(path.to_owned()));
    }
    check_plain(path, &handle, &held)?;
    if fs::read_link(&by_handle).map_err(failed)? != resolved {
        return Err(StageError::Changed(path.to_owned()));
    }
    let file = openat(CWD, &by_handle, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
        .map_err(|e| refused(path, e.into()))?;
    Ok(Source { path: path.to_owned(), file: file.into(), metadata: held })
}

/// Holds a file without opening it; a symbolic link anywhere in the path fails.
fn hold(resolved: &Path) -> Result<OwnedFd, Errno> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat2(CWD, resolved, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS)
}

fn check_plain(path: &Path, handle: &OwnedFd, held: &Metadata) -> Result<(), StageError> {
    let kind = held.file_type();
    let what = if kind.is_dir() {
        "a folder"
    } else if kind.is_fifo() {
        "a pipe"
    } else if kind.is_socket() {
        "a socket"
    } else if kind.is_block_device() || kind.is_char_device() {
        "a device"
    } else if !kind.is_file() {
        "something else"
    } else if is_made_by_kernel(handle) {
        "a file that the kernel makes up when it is read"
    } else {
        return Ok(());
    };
    Err(StageError::NotPlain { path: path.to_owned(), what })
}

fn is_made_by_kernel(handle: &OwnedFd) -> bool {
    fstatfs(handle).is_ok_and(|system| [PROC_SUPER_MAGIC, SYSFS_MAGIC].contains(&system.f_type))
}

fn refused(path: &Path, source: io::Error) -> StageError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidInput => {
            StageError::Missing(path)
        }
        _ => StageError::Unreadable { path, source },
    }
}
