//! `account.toml`: what a warden keeps about an account. Written whole or not at all; read leniently enough that a person
//! may look at it, strictly enough that nothing is guessed.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use airhatch_wire::warden::RuntimeKind;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde::{Deserialize, Serialize};

use super::AccountError;
use crate::engine::{EngineName, ImageName};
use crate::home::random_id;

const SCHEMA: u32 = 1;

/// The file's content.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    schema: u32,
    runtime: Runtime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    container: Option<Container>,
}

/// What must be the same every time an account's container is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Container {
    /// The container's name; the names of its volume and its network follow from it.
    pub(crate) name: EngineName,
    /// Where contacts reach the agent on this machine. Chosen once, since others may have been told of it.
    pub(crate) port: u16,
    /// The image that it ran from last; none before its first start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) image: Option<ImageName>,
    /// Whether the agent should be running: it was started and not stopped since.
    #[serde(default)]
    pub(crate) wanted: bool,
    /// Whether its control socket could be reached only from inside when it was started last.
    #[serde(default)]
    pub(crate) bridged: bool,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Runtime {
    Process,
    Container,
}

impl Runtime {
    const fn of(kind: RuntimeKind) -> Self {
        match kind {
            RuntimeKind::Process => Self::Process,
            RuntimeKind::Container => Self::Container,
        }
    }
}

impl Record {
    /// A record of this version.
    pub(super) const fn new(kind: RuntimeKind) -> Self {
        Self { schema: SCHEMA, runtime: Runtime::of(kind), container: None }
    }

    /// Where the account's agent runs.
    pub(super) const fn runtime(&self) -> RuntimeKind {
        match self.runtime {
            Runtime::Process => RuntimeKind::Process,
            Runtime::Container => RuntimeKind::Container,
        }
    }

    /// The account's container, once it was decided on.
    pub(super) fn container(self) -> Option<Container> {
        self.container
    }

    /// The same record with this container.
    pub(super) fn with_container(self, container: Container) -> Self {
        Self { container: Some(container), ..self }
    }

    /// The same record without one.
    pub(super) fn without_container(self) -> Self {
        Self { container: None, ..self }
    }

    /// The same record with the agent elsewhere.
    pub(super) fn with_runtime(self, kind: RuntimeKind) -> Self {
        Self { runtime: Runtime::of(kind), ..self }
    }

    /// Reads a record; `None` when there is none.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, AccountError> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(AccountError::Io { path: path.to_owned(), source }),
        };
        let unreadable = |reason: String| AccountError::Unreadable { path: path.to_owned(), reason };
        let record: Self = toml::from_str(&text).map_err(|e| unreadable(e.message().to_owned()))?;
        if record.schema != SCHEMA {
            return Err(unreadable(format!("its schema is {}, this program knows {SCHEMA}", record.schema)));
        }
        Ok(Some(record))
    }

    /// Writes a record where none is.
    pub(super) fn write_new(&self, path: &Path) -> io::Result<()> {
        self.write(path, RenameFlags::NOREPLACE)
    }

    /// Writes a record in the place of the one that is there. The caller holds the account's lock.
    pub(super) fn replace(&self, path: &Path) -> io::Result<()> {
        self.write(path, RenameFlags::empty())
    }

    /// Writes the record beside its place, makes it durable and moves it in.
    fn write(&self, path: &Path, how: RenameFlags) -> io::Result<()> {
        let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        let temporary = folder.join(format!(".account-{}", random_id()?));
        let text = toml::to_string(self).map_err(io::Error::other)?;
        let moved = write_durably(&temporary, &text)
            .and_then(|()| renameat_with(CWD, &temporary, CWD, path, how).map_err(io::Error::from));
        if moved.is_err() {
            let _already_failing = fs::remove_file(&temporary);
        }
        moved?;
        fs::File::open(folder)?.sync_all()
    }
}

fn write_durably(path: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
