//! From parts to final names, as planned; safe to do again from the start after a crash at any point.

use std::os::fd::OwnedFd;
use std::path::Path;

use airhatch_wire::TransferId;
use rustix::fs::{RenameFlags, fsync, renameat_with};
use rustix::io::Errno;

use super::incoming::{find_transfer, open_inbox};
use super::plan::{self, FreeNames, Line, Mark, Plan};
use super::{Landed, LandingError};

/// How many names may be taken by others between planning and renaming, in one landing.
const CONFLICTS: u32 = 1000;

/// See [`super::Landing::recover`].
pub(super) fn recover(inbox: &Path, transfer: TransferId) -> Result<Option<Landed>, LandingError> {
    let Some(folder) = find_transfer(inbox, transfer)? else { return Ok(None) };
    match plan::read(&folder)? {
        Some(Plan { completion, lines }) => place(&open_inbox(inbox)?, &folder, completion, lines).map(Some),
        None => Ok(None),
    }
}

/// Renames every part that is still here, and makes sure of those that are not.
pub(super) fn place(
    inbox: &OwnedFd,
    folder: &OwnedFd,
    completion: [u8; 32],
    mut lines: Vec<Line>,
) -> Result<Landed, LandingError> {
    let mut conflicts = 0;
    for index in 0..lines.len() {
        while let Some(line) = lines.get(index) {
            if place_one(inbox, folder, index, line)? {
                break;
            }
            conflicts += 1;
            if conflicts > CONFLICTS {
                return Err(LandingError::NoFreeName { name: line.name.as_str().into() });
            }
            let name = FreeNames::new(lines.iter().map(|line| line.name.as_str())).find(inbox, &line.name)?;
            if let Some(line) = lines.get_mut(index) {
                line.name = name;
            }
            plan::write(folder, completion, &lines)?;
        }
    }
    fsync(inbox)?;
    fsync(folder)?;
    Ok(Landed { completion, names: lines.into_iter().map(|line| line.name).collect() })
}

/// False when somebody took the name.
fn place_one(inbox: &OwnedFd, folder: &OwnedFd, index: usize, line: &Line) -> Result<bool, LandingError> {
    let lost = || LandingError::Lost { name: line.name.as_str().into() };
    match Mark::of(folder, &index.to_string())? {
        Some(mark) if mark == line.mark => {}
        Some(_) => return Err(lost()),
        // Renamed before the crash: then it is where the plan says.
        None if Mark::of(inbox, &line.name)? == Some(line.mark) => return Ok(true),
        None => return Err(lost()),
    }
    match renameat_with(folder, index.to_string(), inbox, &line.name, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(true),
        Err(Errno::EXIST) => Ok(false),
        Err(Errno::NOENT) => Err(lost()),
        Err(error) => Err(error.into()),
    }
}
