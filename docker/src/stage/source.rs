//! One file or folder to be staged, opened so that what was checked is what is read. Nothing is opened for reading before it is
//! known to be a plain file or a folder: opening a device or a pipe can do things.

use std::ffi::CStr;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
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

/// What a person named.
#[derive(Debug)]
pub(super) enum Named {
    /// A plain file.
    File(Source),
    /// A folder.
    Folder(Folder),
}

/// A folder, open for reading.
#[derive(Debug)]
pub(super) struct Folder {
    /// As it was named.
    pub(super) path: PathBuf,
    /// Without a symbolic link in it.
    pub(super) resolved: PathBuf,
    pub(super) handle: OwnedFd,
}

/// Opens what a person named, an absolute path. Symbolic links are followed once, here; if the resolved path leads anywhere else by the
/// time it is opened, the file has changed.
pub(super) fn open(path: &Path, guard: &Guard) -> Result<Named, StageError> {
    let resolved = fs::canonicalize(path).map_err(|e| refused(path, e))?;
    let handle = hold(&resolved).map_err(|e| match e {
        Errno::LOOP | Errno::NOENT | Errno::NOTDIR => StageError::Changed(path.to_owned()),
        e => refused(path, e.into()),
    })?;
    let held = Held::new(path, &resolved, handle)?;
    let is_folder = held.metadata.is_dir();
    held.check_guarded(guard)?;
    if !is_folder {
        held.check_plain()?;
    } else if is_made_by_kernel(&held.handle) {
        let what = "a folder that the kernel makes up when it is read";
        return Err(StageError::NotPlain { path: path.to_owned(), what });
    }
    if !is_at(&held.handle, &resolved).map_err(|source| StageError::Io { path: path.to_owned(), source })? {
        return Err(StageError::Changed(path.to_owned()));
    }
    if is_folder {
        let handle = held.reopen(OFlags::DIRECTORY)?;
        return Ok(Named::Folder(Folder { path: path.to_owned(), resolved, handle }));
    }
    held.into_source().map(Named::File)
}

/// Opens a plain file in an open folder; `path` is what it is called to the person, `resolved` where it really is.
pub(super) fn open_in(
    folder: impl AsFd,
    name: &CStr,
    (path, resolved): (&Path, &Path),
    guard: &Guard,
) -> Result<Source, StageError> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let handle = openat(folder, name, flags, Mode::empty()).map_err(|e| refused(path, e.into()))?;
    let held = Held::new(path, resolved, handle)?;
    held.check_guarded(guard)?;
    held.check_plain()?;
    held.into_source()
}

/// Something that is held, not opened.
struct Held<'a> {
    path: &'a Path,
    resolved: &'a Path,
    handle: OwnedFd,
    metadata: Metadata,
}

impl<'a> Held<'a> {
    fn new(path: &'a Path, resolved: &'a Path, handle: OwnedFd) -> Result<Self, StageError> {
        let failed = |source| StageError::Io { path: path.to_owned(), source };
        let metadata = File::from(handle.try_clone().map_err(failed)?).metadata().map_err(failed)?;
        Ok(Self { path, resolved, handle, metadata })
    }

    fn check_guarded(&self, guard: &Guard) -> Result<(), StageError> {
        let (device, inode) = (self.metadata.dev(), self.metadata.ino());
        let protected = match self.metadata.is_dir() {
            true => guard.protects_folder(self.resolved),
            false => guard.protects(self.resolved, device, inode),
        };
        if protected { Err(StageError::Protected(self.path.to_owned())) } else { Ok(()) }
    }

    fn check_plain(&self) -> Result<(), StageError> {
        check_plain(self.path, &self.handle, &self.metadata)
    }

    /// Opens for reading exactly what is held.
    fn reopen(&self, flags: OFlags) -> Result<OwnedFd, StageError> {
        openat(CWD, by_handle(&self.handle), OFlags::RDONLY | OFlags::CLOEXEC | flags, Mode::empty())
            .map_err(|e| refused(self.path, e.into()))
    }

    fn into_source(self) -> Result<Source, StageError> {
        let file = self.reopen(OFlags::empty())?.into();
        Ok(Source { path: self.path.to_owned(), file, metadata: self.metadata })
    }
}

fn by_handle(handle: &OwnedFd) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", handle.as_raw_fd()))
}

/// Whether what is open lies where it should.
pub(super) fn is_at(handle: &OwnedFd, resolved: &Path) -> io::Result<bool> {
    Ok(fs::read_link(by_handle(handle))? == resolved)
}

/// Holds a file without opening it; a symbolic link anywhere in the path fails.
fn hold(resolved: &Path) -> Result<OwnedFd, Errno> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat2(CWD, resolved, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS)
}

fn check_plain(path: &Path, handle: &OwnedFd, held: &Metadata) -> Result<(), StageError> {
    let kind = held.file_type();
    let what = if kind.is_fifo() {
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

pub(super) fn is_made_by_kernel(handle: &OwnedFd) -> bool {
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
