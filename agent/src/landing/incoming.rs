//! The inbox and its `.incoming` folder: opening, making, listing, clearing. Nothing here follows a link.

use std::ffi::{CStr, CString};
use std::fs::DirBuilder;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use airhatch_wire::path::DEPTH_LIMIT;
use airhatch_wire::{InboxFolder, TransferId, Untrusted};
use rustix::fs::{AtFlags, Dir, Mode, fchmod, fstat, fstatvfs, fsync, mkdirat, unlinkat};
use rustix::io::Errno;

use super::LandingError;
use super::plan;
use super::tree::TREE;
use crate::beneath;
use crate::names::{self, INCOMING};

/// Bytes free for files in the inbox; makes the folder where it is missing.
///
/// # Errors
/// [`LandingError::Io`].
pub fn free_space(inbox: &Path) -> Result<u64, LandingError> {
    free_in(&open_inbox(inbox)?)
}

/// Transfers with something under `.incoming`: unfinished, or landed and not discarded yet.
///
/// # Errors
/// [`LandingError::InTheWay`], [`LandingError::Io`].
pub fn leftovers(inbox: &Path) -> Result<Vec<TransferId>, LandingError> {
    let Some(incoming) = find_incoming(inbox)? else { return Ok(Vec::new()) };
    let names = names_in(&incoming)?;
    Ok(names.iter().filter_map(|name| name.to_str().ok()?.parse().ok()).collect())
}

pub(super) fn free_in(inbox: &OwnedFd) -> Result<u64, LandingError> {
    let space = fstatvfs(inbox)?;
    Ok(space.f_bavail.saturating_mul(space.f_frsize))
}

/// Opens the inbox; makes it (0700) where it is missing.
pub(super) fn open_inbox(inbox: &Path) -> Result<OwnedFd, LandingError> {
    DirBuilder::new().recursive(true).mode(0o700).create(inbox)?;
    Ok(beneath::open_root(inbox)?)
}

/// Tells now what would keep [`open_destination`] from making or opening the folder later. Makes nothing.
pub(super) fn check_destination(inbox: &OwnedFd, folder: Option<&InboxFolder>) -> Result<(), LandingError> {
    let mut reached = inbox.try_clone()?;
    for part in folder.into_iter().flat_map(InboxFolder::parts) {
        reached = match beneath::open_folder(&reached, part) {
            Ok(inner) => inner,
            Err(Errno::NOENT) => return Ok(()),
            Err(error) => return Err(in_the_way(part, error)),
        };
    }
    Ok(())
}

/// Opens the folder that files of a transfer go to; makes it, durable, where it is missing.
pub(super) fn open_destination(
    inbox: &OwnedFd,
    folder: Option<&InboxFolder>,
) -> Result<OwnedFd, LandingError> {
    let mut destination = inbox.try_clone()?;
    let Some(folder) = folder else { return Ok(destination) };
    let blocked = || LandingError::InTheWay { name: folder.to_string() };
    for part in folder.parts() {
        names::check(&[Untrusted::from(part)]).map_err(|_| blocked())?;
        match mkdirat(&destination, part, Mode::RWXU) {
            Ok(()) => fsync(&destination)?,
            Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        destination =
            beneath::open_folder(&destination, part).map_err(|error| in_the_way(folder.as_str(), error))?;
    }
    // Nothing can be renamed to another file system.
    if fstat(&destination)?.st_dev == fstat(inbox)?.st_dev { Ok(destination) } else { Err(blocked()) }
}

/// Makes the folder of a transfer. One that is left from an earlier attempt is cleared, unless it holds a plan.
pub(super) fn make_transfer(
    inbox_path: &Path,
    inbox: &OwnedFd,
    transfer: TransferId,
) -> Result<OwnedFd, LandingError> {
    let incoming = beneath::make_folder(inbox, INCOMING).map_err(|error| in_the_way(INCOMING, error))?;
    fchmod(&incoming, Mode::RWXU)?;
    let name = transfer.to_string();
    match mkdirat(&incoming, &name, Mode::RWXU) {
        Err(Errno::EXIST) => {
            if let Some(folder) = find_transfer(inbox_path, transfer)?
                && plan::exists(&folder)?
            {
                return Err(LandingError::Unfinished);
            }
            discard(inbox_path, transfer)?;
            mkdirat(&incoming, &name, Mode::RWXU)?;
        }
        outcome => outcome?,
    }
    beneath::open_folder(&incoming, &name).map_err(|error| in_the_way(&name, error))
}

/// Opens the folder of a transfer, if there is one.
pub(super) fn find_transfer(inbox: &Path, transfer: TransferId) -> Result<Option<OwnedFd>, LandingError> {
    let Some(incoming) = find_incoming(inbox)? else { return Ok(None) };
    found(&transfer.to_string(), beneath::open_folder(incoming, transfer.to_string()))
}

pub(super) fn discard(inbox: &Path, transfer: TransferId) -> Result<(), LandingError> {
    let Some(incoming) = find_incoming(inbox)? else { return Ok(()) };
    let name = transfer.to_string();
    match beneath::open_folder(&incoming, &name) {
        Ok(folder) => {
            clear(&folder)?;
            unlinkat(&incoming, &name, AtFlags::REMOVEDIR).map_err(|error| in_the_way(&name, error))
        }
        Err(Errno::NOENT) => Ok(()),
        // A link or a file in the folder's place: the thing itself goes, not what it points to.
        Err(Errno::LOOP | Errno::NOTDIR) => Ok(unlinkat(&incoming, &name, AtFlags::empty())?),
        Err(error) => Err(error.into()),
    }
}

/// Removes what is directly in a transfer's folder, and trees that are half filled. Any other folder in there is none of
/// ours: it goes if it is empty.
fn clear(folder: &OwnedFd) -> Result<(), LandingError> {
    for name in names_in(folder)? {
        let depth = if name.to_bytes().ends_with(TREE.as_bytes()) { DEPTH_LIMIT } else { 0 };
        remove(folder, &name, depth)?;
    }
    Ok(())
}

/// Removes a file, a link itself, or a folder with what is in it, at most so deep.
fn remove(parent: &OwnedFd, name: &CStr, depth: usize) -> Result<(), LandingError> {
    let blocked = |error| in_the_way(&name.to_string_lossy(), error);
    match unlinkat(parent, name, AtFlags::empty()) {
        Err(Errno::ISDIR) => {}
        outcome => return outcome.map_err(blocked),
    }
    if let Some(depth) = depth.checked_sub(1) {
        let folder = beneath::open_folder(parent, name).map_err(blocked)?;
        for inner in names_in(&folder)? {
            remove(&folder, &inner, depth)?;
        }
    }
    unlinkat(parent, name, AtFlags::REMOVEDIR).map_err(blocked)
}

fn find_incoming(inbox: &Path) -> Result<Option<OwnedFd>, LandingError> {
    let Some(inbox) = found("the inbox", beneath::open_root(inbox))? else { return Ok(None) };
    found(INCOMING, beneath::open_folder(inbox, INCOMING))
}

fn found(name: &str, opened: rustix::io::Result<OwnedFd>) -> Result<Option<OwnedFd>, LandingError> {
    match opened {
        Err(Errno::NOENT) => Ok(None),
        outcome => outcome.map(Some).map_err(|error| in_the_way(name, error)),
    }
}

fn names_in(folder: &OwnedFd) -> Result<Vec<CString>, LandingError> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let name = entry?.file_name().to_owned();
        if !matches!(name.to_bytes(), b"." | b"..") {
            names.push(name);
        }
    }
    Ok(names)
}

/// Tells a link, or a thing of another kind, from an error of the system.
pub(super) fn in_the_way(name: &str, error: Errno) -> LandingError {
    match error {
        Errno::LOOP | Errno::NOTDIR | Errno::ISDIR | Errno::NOTEMPTY | Errno::EXIST | Errno::XDEV => {
            LandingError::InTheWay { name: name.to_owned() }
        }
        error => error.into(),
    }
}
