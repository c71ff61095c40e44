//! What a demonstration stands on: its folder with the files to send, and its warden. Made before the jail, in which no
//! file can be written and no program started.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use airhatch_wire::{Code, Failure};

use super::{gifts, random_digits};
use crate::home::Home;
use crate::link::{Launched, WardenMode, launch};

/// A demonstration before anything happened in it.
pub(super) struct Ground {
    /// Its home.
    pub(super) home: Home,
    /// Whether its folder stays.
    pub(super) keep: bool,
    /// The files that the friend offers.
    pub(super) gifts: Vec<PathBuf>,
    /// The files that you send.
    pub(super) thanks: Vec<PathBuf>,
    /// Its warden, which removes the folder when its link ends, unless that is to stay.
    pub(super) launched: Launched,
}

impl Ground {
    /// Makes the folder and what lies in it, and starts the warden. `keep` names a folder that stays.
    ///
    /// # Errors
    /// [`Code::Conflict`] when the folder to keep is in use; when something cannot be made or started. Then nothing is
    /// left behind but a folder that was to be kept.
    pub(super) fn lay(keep: Option<PathBuf>) -> Result<Self, Failure> {
        let (root, keep) = match keep {
            Some(folder) => (kept_folder(folder)?, true),
            None => (passing_folder()?, false),
        };
        let home = Home::inside(root.clone());
        Self::lay_in(home, keep).inspect_err(|_| {
            if !keep {
                // The warden would have done this; the first failure is the one to tell.
                let _ = std::fs::remove_dir_all(&root);
            }
        })
    }

    fn lay_in(home: Home, keep: bool) -> Result<Self, Failure> {
        let gifts = gifts::from_friend(&friends_folder(&home)).map_err(no_files)?;
        let thanks = gifts::from_you(&your_folder(&home)).map_err(no_files)?;
        // It is to be readable in the jail, where only what is there already can be.
        DirBuilder::new().mode(0o700).create(home.inbox_base()).map_err(no_files)?;
        let launched = launch(&home, WardenMode::Demo { keep })?;
        Ok(Self { home, keep, gifts, thanks, launched })
    }

    /// The folders of what is sent and of what arrives.
    pub(super) fn to_compare(&self) -> Vec<PathBuf> {
        vec![friends_folder(&self.home), your_folder(&self.home), self.home.inbox_base().to_owned()]
    }
}

fn friends_folder(home: &Home) -> PathBuf {
    home.root().join("friend")
}

fn your_folder(home: &Home) -> PathBuf {
    home.root().join("you")
}

fn passing_folder() -> Result<PathBuf, Failure> {
    let base = std::env::temp_dir();
    let folder = base.join(format!("airhatch-demo-{}", random_digits(6)?));
    DirBuilder::new().mode(0o700).create(&folder).map_err(|e| no_folder(&folder, &e))?;
    Ok(folder)
}

fn kept_folder(folder: PathBuf) -> Result<PathBuf, Failure> {
    let folder = std::path::absolute(&folder).map_err(|e| no_folder(&folder, &e))?;
    DirBuilder::new().mode(0o700).recursive(true).create(&folder).map_err(|e| no_folder(&folder, &e))?;
    let mut inside = std::fs::read_dir(&folder).map_err(|e| no_folder(&folder, &e))?;
    if inside.next().is_some() {
        let message = format!("{} is not empty", folder.display());
        return Err(Failure::new(Code::Conflict, message).hint("name a new folder for the demonstration"));
    }
    Ok(folder)
}

fn no_folder(folder: &Path, error: &io::Error) -> Failure {
    Failure::new(Code::Invalid, format!("cannot use {}: {error}", folder.display()))
        .hint("name another folder with --keep, or another temporary folder with TMPDIR")
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn no_files(error: io::Error) -> Failure {
    let code = if error.kind() == io::ErrorKind::StorageFull { Code::DiskFull } else { Code::Internal };
    Failure::new(code, format!("cannot make the files of the demonstration: {error}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_folder_in_use_is_not_taken_for_a_demonstration() {
        let parent = tempfile::tempdir().unwrap();
        let fresh = kept_folder(parent.path().join("new/demo")).unwrap();
        assert_eq!(fresh.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        std::fs::write(fresh.join("thesis.txt"), "x").unwrap();
        assert_eq!(kept_folder(fresh).unwrap_err().code, Code::Conflict);
    }
}
