//! A file whose bytes the front sends itself: what came in at its standard input, or a text that was typed. It lies in a
//! staging folder from its first byte on, which goes away with it unless a staging takes it over.

use std::fs::{File, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use airhatch_wire::path::check_name;
use rustix::fs::{Gid, Uid, fchown};

use super::folder::Staging;
use super::{StageError, place};
use crate::home::Folders;

/// A file that grows.
#[derive(Debug)]
pub(crate) struct Stream {
    folder: Staging,
    file: File,
    name: String,
    bytes: u64,
    given_to: Option<(Uid, Gid)>,
}

impl Stream {
    /// An empty file of this name.
    pub(crate) fn begin(folders: &Folders, name: String) -> Result<Self, StageError> {
        check_name(&name).map_err(|refused| StageError::Refused { path: name.clone().into(), refused })?;
        let folder = Staging::begin(folders)?;
        let file = place::create(folder.handle(), &name).map_err(StageError::at(Path::new(&name)))?;
        Ok(Self { folder, file, name, bytes: 0, given_to: folders.given_to() })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Adds to its end.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), StageError> {
        self.file.write_all(bytes).map_err(StageError::at(Path::new(&self.name)))?;
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        Ok(())
    }

    /// It is whole: the folder that it lies in, and its bytes.
    pub(super) fn end(self) -> Result<(Staging, u64), StageError> {
        let finish = || -> std::io::Result<()> {
            self.file.set_permissions(Permissions::from_mode(0o400))?;
            match self.given_to {
                Some((user, group)) => Ok(fchown(&self.file, Some(user), Some(group))?),
                None => Ok(()),
            }
        };
        finish().map_err(StageError::at(Path::new(&self.name)))?;
        Ok((self.folder, self.bytes))
    }
}
