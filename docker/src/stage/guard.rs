//! What is never staged, whoever asks and however deep it lies: files of accounts and of a demonstration's CA. The warden could read them and
//! the front could not, so without this the front would only have to ask.
//!
//! A file belongs to an account when its resolved path lies in this home's accounts, or in a folder of the shape that
//! accounts, or the volumes of agents in containers, have anywhere, or when it is the same file (device and number) as one in there, which hard links and
//! bind mounts are. Files staged earlier are no secret (they are the person's own, perhaps by a hard link), so only
//! their paths count.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use airhatch_wire::Email;

use super::StageError;
use crate::engine::EngineName;
use crate::home::Home;

/// A list made for one request.
pub(super) struct Guard {
    folders: [PathBuf; 2],
    files: HashSet<(u64, u64)>,
}

impl Guard {
    /// Looks through the home. What cannot be looked through makes staging fail.
    pub(super) fn new(home: &Home) -> Result<Self, StageError> {
        let mut guard = Self { folders: [home.accounts(), home.authority()], files: HashSet::new() };
        for folder in guard.folders.clone() {
            guard.collect(&folder).map_err(StageError::at(&folder))?;
        }
        Ok(guard)
    }

    /// Whether a file must stay where it is. `resolved` has no symbolic link in it.
    pub(super) fn protects(&self, resolved: &Path, device: u64, inode: u64) -> bool {
        self.folders.iter().any(|folder| resolved.starts_with(folder))
            || self.files.contains(&(device, inode))
            || resolved.ancestors().skip(1).any(|folder| is_account(folder) || is_state(folder))
    }

    /// Whether nothing that lies in a folder may be looked at. `resolved` has no symbolic link in it.
    pub(super) fn protects_folder(&self, resolved: &Path) -> bool {
        self.folders.iter().any(|folder| resolved.starts_with(folder))
            || resolved.ancestors().any(|folder| is_account(folder) || is_state(folder))
    }

    fn collect(&mut self, folder: &Path) -> io::Result<()> {
        let entries = match fs::read_dir(folder) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let found = match entry.metadata() {
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                found => found?,
            };
            if !found.is_dir() {
                self.files.insert((found.dev(), found.ino()));
            } else if !(entry.file_name() == "outbox" && is_account(folder)) {
                self.collect(&entry.path())?;
            }
        }
        Ok(())
    }
}

/// Whether a folder has the shape of an account: `accounts/<email>/account.toml`.
fn is_account(folder: &Path) -> bool {
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    folder.parent().is_some_and(|parent| parent.ends_with("accounts"))
        && Email::try_from(name.to_owned()).is_ok()
        && folder.join("account.toml").symlink_metadata().is_ok()
}

/// Whether a folder is what an engine keeps an agent's state in: `<volume>/_data`, wherever its volumes are. Only root
/// could read it at all, and give what is in it another path.
fn is_state(folder: &Path) -> bool {
    let volume = || folder.parent()?.file_name()?.to_str();
    folder.ends_with("_data") && volume().is_some_and(EngineName::is_volume)
}
