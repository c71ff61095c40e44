//! The life of a staging folder: begun under a hidden name and locked, finished by a rename, released by a rename back
//! and removal, swept when its warden is gone.
//!
//! The outbox itself is locked for the moment in which a staging folder exists without its own lock, so that another
//! warden that is sweeping does not take it for a leftover.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;

use airhatch_wire::StageId;
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::StageError;
use crate::home::{Folders, STAGING, give_folder, private_folder, random_id, remove_folder};

/// A staging folder that is not ready; dropping it removes it.
#[derive(Debug)]
pub(super) struct Staging {
    id: StageId,
    hidden: PathBuf,
    ready: PathBuf,
    /// Open and locked.
    handle: File,
    finished: bool,
}

impl Staging {
    /// Makes and locks a folder.
    pub(super) fn begin(folders: &Folders) -> Result<Self, StageError> {
        let outbox = folders.outbox();
        let begin = || {
            let outbox = File::open(&outbox)?;
            outbox.lock()?;
            let id = random_id()?;
            let hidden = folders.staging(id);
            private_folder(&hidden)?;
            if let Some(reader) = folders.given_to() {
                give_folder(&hidden, reader)?;
            }
            let handle = File::open(&hidden)?;
            handle.lock()?;
            Ok(Self { id, ready: folders.stage(id), hidden, handle, finished: false })
        };
        begin().map_err(StageError::at(&outbox))
    }

    /// The open folder.
    pub(super) fn handle(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }

    /// Gives the folder its final name.
    pub(super) fn finish(mut self) -> Result<StageId, StageError> {
        renameat_with(CWD, &self.hidden, CWD, &self.ready, RenameFlags::NOREPLACE)
            .map_err(|e| StageError::at(&self.ready)(e.into()))?;
        self.finished = true;
        Ok(self.id)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.finished
            && let Err(e) = remove_folder(&self.hidden)
        {
            tracing::warn!("a staging folder could not be removed: {e}");
        }
    }
}

/// The staging folders that are ready.
pub(crate) fn list(folders: &Folders) -> io::Result<Vec<StageId>> {
    let mut stages = Vec::new();
    for entry in fs::read_dir(folders.outbox())? {
        stages.extend(entry?.file_name().to_str().and_then(|name| name.parse::<StageId>().ok()));
    }
    stages.sort_unstable();
    Ok(stages)
}

/// Removes a staging folder; gone already is fine. It leaves the outbox in one step.
pub(crate) fn release(folders: &Folders, stage: StageId) -> io::Result<()> {
    let hidden = folders.staging(stage);
    match fs::rename(folders.stage(stage), &hidden) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(e),
        Ok(()) => remove_folder(&hidden),
    }
}

/// Removes what a crash has left in an outbox: hidden folders that no warden holds.
pub(crate) fn sweep(folders: &Folders) -> io::Result<()> {
    let outbox = match File::open(folders.outbox()) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        outbox => outbox?,
    };
    outbox.lock()?;
    for entry in fs::read_dir(folders.outbox())? {
        let entry = entry?;
        let hidden = entry.file_name().to_str().is_some_and(|name| name.starts_with(STAGING));
        if hidden && File::open(entry.path()).is_ok_and(|folder| folder.try_lock().is_ok()) {
            tracing::info!("files staged by a warden that is gone are removed");
            remove_folder(&entry.path())?;
        }
    }
    Ok(())
}
