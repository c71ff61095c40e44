//! The folders of an account that its container sees. They are looked at before every start, since an engine follows
//! whatever lies at their paths.

use std::io;
use std::path::Path;

use rustix::fs::{Access, access};

use super::EngineRuntime;
use super::failure::EngineError;
use super::find::Engine;
use super::template;
use crate::handover::hand_over;
use crate::home::{Folders, inbox_folder, private_folder};

/// Makes the folders where they are missing, private, and the agent's own where the agent is not this user.
pub(super) fn prepare(folders: &Folders) -> Result<(), EngineError> {
    for path in [&folders.outbox(), &folders.control(), &folders.drop_folder()] {
        private_folder(path).map_err(at(path))?;
    }
    let inbox = &folders.inbox;
    inbox_folder(inbox).map_err(at(inbox))?;
    hand_over(folders).map_err(at(&folders.root))?;
    access(inbox, Access::WRITE_OK | Access::EXEC_OK).map_err(|e| at(inbox)(e.into()))
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> EngineError {
    |e| EngineError::Folder { path: path.to_owned(), why: e.to_string() }
}

/// The home's path, as labels have it.
pub(super) fn home_name(home: &Path) -> Result<String, EngineError> {
    let why = || EngineError::Folder { path: home.to_owned(), why: "its name is not UTF-8".to_owned() };
    home.to_str().map(str::to_owned).ok_or_else(why)
}

impl EngineRuntime {
    /// Puts the list of system calls where Podman, which takes no text, can read it.
    pub(super) fn write_seccomp(&self, engine: &Engine) -> Result<(), EngineError> {
        if engine.dialect.is_podman() {
            let path = self.root().join(template::SECCOMP_FILE);
            std::fs::write(&path, template::SECCOMP).map_err(at(&path))?;
        }
        Ok(())
    }
}
