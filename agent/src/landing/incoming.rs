//! The inbox and its `.incoming` folder: opening, making, listing, clearing. Nothing here follows a link.

use std::fs::DirBuilder;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use airhatch_wire::TransferId;
use rustix::fs::{AtFlags, Dir, Mode, fchmod, fstatvfs, mkdirat, unlinkat};
use rustix::io::Errno;

use super::LandingError;
use super::plan;
use crate::beneath;
use crate::names::INCOMING;

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
    let names = names(&incoming)?;
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
    found(&transfer.to_string(), beneath::open_folder(incoming, &transfer.to_string()))
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

/// Removes what is directly in a transfer's folder. A folder in there is none of ours: it goes if it is empty.
fn clear(folder: &OwnedFd) -> Result<(), LandingError> {
    for name in names(folder)? {
        let outcome = match unlinkat(folder, &name, AtFlags::empty()) {
            Err(Errno::ISDIR) => unlinkat(folder, &name, AtFlags::REMOVEDIR),
            outcome => outcome,
        };
        outcome.map_err(|error| in_the_way(&name.to_string_lossy(), error))?;
    }
    Ok(())
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

fn names(folder: &OwnedFd) -> Result<Vec<std::ffi::CString>, LandingError> {
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
