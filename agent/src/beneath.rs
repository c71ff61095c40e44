//! Files and folders named relative to an open folder, without following anything: no link of any kind, no `..`, no
//! other mount's magic. Whoever swaps a folder for a link meanwhile gets an error, not a way out.
//!
//! Called by the source and the landing, the two places where names from strangers meet the file system.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags, ResolveFlags, mkdirat, open, openat2};
use rustix::io;
use rustix::path::Arg;

/// Opens a folder that this program's own settings name; here links are the user's business.
pub(crate) fn open_root(path: &Path) -> io::Result<OwnedFd> {
    open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

/// Opens a folder directly in another.
pub(crate) fn open_folder(parent: impl AsFd, name: impl Arg) -> io::Result<OwnedFd> {
    open_strictly(parent, name, OFlags::RDONLY | OFlags::DIRECTORY)
}

/// Opens a folder directly in another and makes it (0700) where it is missing.
pub(crate) fn make_folder(parent: impl AsFd, name: &str) -> io::Result<OwnedFd> {
    match mkdirat(&parent, name, Mode::RWXU) {
        Ok(()) | Err(io::Errno::EXIST) => open_folder(parent, name),
        Err(error) => Err(error),
    }
}

/// Opens a file for reading. A named pipe does not block; the caller checks what it got.
pub(crate) fn open_for_reading(folder: impl AsFd, name: &str) -> io::Result<File> {
    open_strictly(folder, name, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY).map(File::from)
}

/// Makes a file (0600) that must not be there yet, for reading and writing.
pub(crate) fn create_file(folder: impl AsFd, name: &str) -> io::Result<File> {
    let how = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
    open_with_mode(folder, name, how, Mode::RUSR | Mode::WUSR).map(File::from)
}

/// Opens a file for writing that must be there already.
pub(crate) fn open_for_writing(folder: impl AsFd, name: &str) -> io::Result<File> {
    open_strictly(folder, name, OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY).map(File::from)
}

fn open_strictly(parent: impl AsFd, name: impl Arg, how: OFlags) -> io::Result<OwnedFd> {
    open_with_mode(parent, name, how, Mode::empty())
}

fn open_with_mode(parent: impl AsFd, name: impl Arg, how: OFlags, mode: Mode) -> io::Result<OwnedFd> {
    let strictly = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    openat2(parent, name, how | OFlags::CLOEXEC | OFlags::NOFOLLOW, mode, strictly)
}
