//! Staging on real folders: what is staged and how, what is refused, what is left behind (nothing).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, symlink};
use std::time::{Duration, SystemTime};

use airhatch_wire::StageId;
use airhatch_wire::warden::RuntimeKind;

use super::*;
use crate::accounts::Accounts;

mod content;
mod refused;
mod streams;
mod trees;

/// A home with one account, and a folder with the person's files.
struct World {
    files: PathBuf,
    home: Home,
    folders: Folders,
    _root: Option<tempfile::TempDir>,
}

fn world() -> World {
    let root = tempfile::tempdir().unwrap();
    let mut world = world_in(root.path());
    world._root = Some(root);
    world
}

fn world_in(root: &Path) -> World {
    let home = Home::open(&root.join("home"), &root.join("home/Airhatch")).unwrap();
    let accounts = Accounts::open(home.clone()).unwrap();
    let folders = accounts.create(&"ann@a".parse().unwrap(), RuntimeKind::Process).unwrap();
    crate::home::private_folder(&folders.agent()).unwrap();
    let files = root.canonicalize().unwrap().join("files");
    fs::create_dir(&files).unwrap();
    World { files, home, folders, _root: None }
}

impl World {
    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.files.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    fn stage<P: AsRef<Path>>(&self, paths: &[P]) -> Result<Staged, StageError> {
        self.stage_telling(paths, &AtomicBool::new(false), &mut |_, _| {})
    }

    fn stage_telling(
        &self,
        paths: &[impl AsRef<Path>],
        cancelled: &AtomicBool,
        tell: &mut dyn FnMut(u64, u64),
    ) -> Result<Staged, StageError> {
        let paths: Vec<PathBuf> = paths.iter().map(|path| path.as_ref().to_owned()).collect();
        let order = Order { paths: &paths, choice: &Choice::default(), stream: None };
        stage(&self.home, &self.folders, order, Meter::new(cancelled, tell))
    }

    /// Expects a refusal, and that nothing is left in the outbox.
    fn refused(&self, path: impl AsRef<Path>) -> StageError {
        let innocent = self.file("innocent", b"innocent");
        let refusal = self.stage(&[innocent.as_path(), path.as_ref()]).unwrap_err();
        assert_eq!(self.outbox(), [] as [String; 0]);
        refusal
    }

    fn outbox(&self) -> Vec<String> {
        names_in(&self.folders.outbox())
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
