//! What of a person's files goes into a staging folder, and what came of it.

use serde::{Deserialize, Serialize};

use crate::{Blob, StageId};

/// The most bytes in one [`super::Command::Chunk`].
pub const CHUNK_LIMIT: usize = 512 << 10;

/// The most skipped things that [`Skipped`] names.
pub const SKIPPED_LISTED: usize = 100;

/// What of the folders that were named is left out. What was named itself always goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// Patterns as in a `.gitignore` file, looked at from each named folder: what matches one stays, with all that is
    /// in it.
    pub excludes: Vec<String>,
    /// Whether the `.gitignore` files in the folders count as well. Then `.git` folders stay, too.
    pub gitignore: bool,
}

/// A staging folder that is ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staged {
    /// Its name under `outbox`.
    pub stage: StageId,
    /// How many files.
    pub files: u32,
    /// How many folders.
    pub folders: u32,
    /// The files' bytes in all.
    pub bytes: u64,
    /// What lay in the folders and cannot be sent.
    pub skipped: Skipped,
}

/// What lay in the folders that were named and cannot be sent. What was excluded is not among it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// How many there are.
    pub count: u32,
    /// The first of them, at most [`SKIPPED_LISTED`].
    pub first: Vec<SkippedThing>,
}

/// One thing that was skipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedThing {
    /// The path that was named, and from there on, as the operating system spells it.
    pub path: Blob,
    /// Why.
    pub why: Why,
}

/// Why something was skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Why {
    /// It is a symbolic link; where it leads to is not looked at.
    Link,
    /// It is a device.
    Device,
    /// It is a socket.
    Socket,
    /// It is a pipe.
    Pipe,
    /// The kernel makes it up when it is read.
    MadeUp,
    /// This user may not read it.
    Unreadable,
    /// It went away while the folder was being read.
    Vanished,
}
