//! Putting one opened file into a staging folder: reflink, hard link or copy.

use std::fs::{File, FileTimes, Permissions};
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};

use rustix::fs::{
    AtFlags, CWD, Gid, Mode, OFlags, SeekFrom, Uid, fchown, fstatvfs, ioctl_ficlone, linkat, openat, seek,
    unlinkat,
};
use rustix::io::Errno;

use super::source::Source;
use super::{Meter, StageError};

/// Files of this many bytes and more are hard-linked rather than copied, where that is possible.
pub(super) const LINKED_FROM: u64 = 64 << 20;

/// How much is copied between two looks at the clock and at the cancel flag, bytes.
const STEP: usize = 1 << 20;

/// Where files go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target<'a> {
    /// The staging folder.
    pub(super) folder: BorrowedFd<'a>,
    /// Who will read them, where that is not this user.
    pub(super) given_to: Option<(Uid, Gid)>,
}

/// Puts a file under a name into a folder and gives its bytes. What is copied loses every permission but reading and
/// the owner's executing, and keeps its time.
pub(super) fn place(
    source: &Source,
    place: Target<'_>,
    name: &str,
    meter: &mut Meter<'_>,
) -> Result<u64, StageError> {
    let folder = place.folder;
    let failed = StageError::at(&source.path);
    let target = create(folder, name).map_err(&failed)?;
    if cloned(source, &target).map_err(&failed)? {
        finish(source, &target, place).map_err(&failed)?;
        let size = target.metadata().map_err(&failed)?.len();
        return meter.add(size).map(|()| size);
    }
    if may_link(source, place) {
        drop(target);
        unlinkat(folder, name, AtFlags::empty()).map_err(|e| failed(e.into()))?;
        if linked(source, folder, name).map_err(&failed)? {
            return meter.add(source.size()).map(|()| source.size());
        }
        let target = create(folder, name).map_err(&failed)?;
        return copy_whole(source, &target, place, meter);
    }
    copy_whole(source, &target, place, meter)
}

/// Makes an empty file that is not there yet.
pub(super) fn create(folder: BorrowedFd<'_>, name: &str) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(openat(folder, name, flags, Mode::RUSR | Mode::WUSR)?.into())
}

/// Makes `target` share the source's blocks; false where the file system cannot.
fn cloned(source: &Source, target: &File) -> io::Result<bool> {
    match ioctl_ficlone(target, &source.file) {
        Ok(()) => Ok(true),
        Err(e @ (Errno::NOSPC | Errno::DQUOT | Errno::IO)) => Err(e.into()),
        Err(_) => Ok(false),
    }
}

/// A link has the owner of the person's file, so a reader who is somebody else needs a copy.
fn may_link(source: &Source, place: Target<'_>) -> bool {
    let same_device = rustix::fs::fstat(place.folder).is_ok_and(|f| f.st_dev == source.metadata.dev());
    same_device
        && place.given_to.is_none()
        && source.size() >= LINKED_FROM
        && source.metadata.uid() == rustix::process::geteuid().as_raw()
}

/// Gives exactly the opened file a second name; false where that is not possible.
fn linked(source: &Source, folder: BorrowedFd<'_>, name: &str) -> io::Result<bool> {
    let opened = format!("/proc/self/fd/{}", source.file.as_raw_fd());
    match linkat(CWD, opened, folder, name, AtFlags::SYMLINK_FOLLOW) {
        Ok(()) => Ok(true),
        Err(e @ (Errno::NOSPC | Errno::DQUOT | Errno::IO | Errno::EXIST)) => Err(e.into()),
        Err(_) => Ok(false),
    }
}

fn copy_whole(
    source: &Source,
    target: &File,
    place: Target<'_>,
    meter: &mut Meter<'_>,
) -> Result<u64, StageError> {
    if occupied(source) > available(place.folder) {
        return Err(StageError::DiskFull(source.path.clone()));
    }
    copy(source, target, meter)?;
    source.check_unchanged()?;
    finish(source, target, place).map_err(StageError::at(&source.path))?;
    Ok(source.size())
}

/// Copies the content; holes stay holes.
fn copy(source: &Source, target: &File, meter: &mut Meter<'_>) -> Result<(), StageError> {
    let size = source.size();
    let mut buffer = vec![0; STEP];
    let mut at = 0;
    while at < size {
        let data = data_after(source, at)?.clamp(at, size);
        meter.add(data - at)?;
        let end = hole_after(source, data).clamp(data, size);
        copy_range(source, target, (data, end), &mut buffer, meter)?;
        at = end;
    }
    target.set_len(size).map_err(StageError::at(&source.path))
}

fn copy_range(
    source: &Source,
    target: &File,
    (mut at, end): (u64, u64),
    buffer: &mut [u8],
    meter: &mut Meter<'_>,
) -> Result<(), StageError> {
    while at < end {
        let room = usize::try_from(end - at).unwrap_or(STEP).min(buffer.len());
        let Some(window) = buffer.get_mut(..room) else { break };
        match source.file.read_at(window, at) {
            Ok(0) => return Err(source.changed()),
            Ok(read) => {
                let bytes = window.get(..read).unwrap_or_default();
                target.write_all_at(bytes, at).map_err(StageError::at(&source.path))?;
                at += read as u64;
                meter.add(read as u64)?;
            }
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(source.unreadable(e)),
        }
    }
    Ok(())
}

/// Where the next data begins; the end of the file when only a hole is left.
fn data_after(source: &Source, at: u64) -> Result<u64, StageError> {
    match seek(&source.file, SeekFrom::Data(at)) {
        Ok(data) => Ok(data),
        Err(Errno::NXIO) => source.check_unchanged().map(|()| source.size()),
        Err(_) => Ok(at),
    }
}

/// Where the next hole begins; file systems that know no holes see one at the end.
fn hole_after(source: &Source, at: u64) -> u64 {
    seek(&source.file, SeekFrom::Hole(at)).unwrap_or(u64::MAX)
}

/// Bytes that the content takes on disk, holes not counted.
fn occupied(source: &Source) -> u64 {
    source.metadata.blocks().saturating_mul(512).min(source.size())
}

/// Bytes that this user may still write; unknown counts as enough, writing will tell.
fn available(folder: BorrowedFd<'_>) -> u64 {
    fstatvfs(folder.as_fd()).map_or(u64::MAX, |system| system.f_bavail.saturating_mul(system.f_frsize))
}

fn finish(source: &Source, target: &File, place: Target<'_>) -> io::Result<()> {
    let executable = source.metadata.mode() & 0o100;
    target.set_permissions(Permissions::from_mode(0o400 | executable))?;
    if let Some((user, group)) = place.given_to {
        fchown(target, Some(user), Some(group))?;
    }
    target.set_times(FileTimes::new().set_modified(source.metadata.modified()?))
}
