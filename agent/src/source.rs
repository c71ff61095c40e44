//! The sender's side of files: what lies in a staging folder, and its bytes in table order.
//!
//! The warden writes staging folders, the agent only reads them. Called when an offer is made (`scan`) and when its
//! bytes go out ([`SourceReader`], from a blocking task). Must never know: the recipient, sealing, the network.
//!
//! What was offered is what is sent: a file that differs from its item in size or time, before, while or after it is
//! read, ends the transfer with an error that says how it differs. The hash is of the bytes as they were read.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use airhatch_wire::peer::{ITEMS_LIMIT, Item, ItemKind};
use airhatch_wire::{Code, Failure, StageId, UnixMillis, Untrusted};
use rustix::fs::{AtFlags, Dir, FileType, statat};
use rustix::io::Errno;

use crate::beneath;
use crate::names::{self, NameRefused, TableRefused};

mod reader;

pub use reader::{Read, SourceReader};

/// Why files cannot be offered or sent.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.sentence().shown())]
pub enum SourceError {
    /// There is no such staging folder, or it is empty.
    NothingStaged,
    /// More files than one offer may hold.
    TooMany,
    /// A link, folder, device or pipe.
    NotAFile {
        /// What was found.
        name: Untrusted<String>,
    },
    /// A name that must not travel.
    Name {
        /// The name, perhaps with replacement characters where it is not UTF-8.
        name: Untrusted<String>,
        /// The rule.
        refused: NameRefused,
    },
    /// A name that is not UTF-8.
    NotText {
        /// The name, with replacement characters.
        name: Untrusted<String>,
    },
    /// Files that cannot be offered together.
    Table(#[from] TableRefused),
    /// Folders are not sent yet.
    NotSupported,
    /// The file is no longer there.
    Vanished {
        /// Which file.
        name: Untrusted<String>,
    },
    /// The file is shorter than it was when offered.
    Truncated {
        /// Which file.
        name: Untrusted<String>,
    },
    /// The file is longer than it was when offered.
    Grew {
        /// Which file.
        name: Untrusted<String>,
    },
    /// The file was written to, or replaced, since it was offered.
    Changed {
        /// Which file.
        name: Untrusted<String>,
    },
    /// Asked for the hashes before every byte was read.
    Unfinished,
    /// The system refused.
    Io {
        /// Which file or folder.
        name: Untrusted<String>,
        /// The system's words.
        error: io::Error,
    },
}

impl SourceError {
    /// What happened, with names as they are.
    fn sentence(&self) -> Untrusted<String> {
        let named = |name: &Untrusted<String>, what: &str| format!("{} {what}", name.as_received());
        Untrusted::new(match self {
            Self::NothingStaged => "there is nothing to send".into(),
            Self::TooMany => format!("more than {ITEMS_LIMIT} files at once"),
            Self::NotAFile { name } => named(name, "is not a plain file"),
            Self::Name { name, refused } => named(name, &format!("cannot be sent: {refused}")),
            Self::NotText { name } => named(name, "cannot be sent: its name is not UTF-8"),
            Self::Table(refused) => refused.to_string(),
            Self::NotSupported => "folders cannot be sent yet, only files".into(),
            Self::Vanished { name } => named(name, "is no longer there"),
            Self::Truncated { name } => named(name, "is shorter than it was when it was offered"),
            Self::Grew { name } => named(name, "is longer than it was when it was offered"),
            Self::Changed { name } => named(name, "was changed after it was offered"),
            Self::Unfinished => "not every byte was read".into(),
            Self::Io { name, error } => named(name, &format!("cannot be read: {error}")),
        })
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        let (code, hint) = match &error {
            SourceError::Table(refused) => return (*refused).into(),
            SourceError::NothingStaged => (Code::NotFound, "choose the files again"),
            SourceError::TooMany => (Code::TooLarge, "send them in several offers"),
            SourceError::Name { .. } | SourceError::NotText { .. } => {
                (Code::BadName, "rename the file and send it again")
            }
            SourceError::NotSupported => (Code::Invalid, "send the files in it one by one"),
            SourceError::Unfinished => (Code::Internal, ""),
            SourceError::NotAFile { .. } | SourceError::Io { .. } => {
                (Code::BadSource, "choose a plain file that you may read")
            }
            SourceError::Vanished { .. }
            | SourceError::Truncated { .. }
            | SourceError::Grew { .. }
            | SourceError::Changed { .. } => (Code::BadSource, "send the file again"),
        };
        Self { code, message: error.sentence(), hint: Untrusted::from(hint) }
    }
}

/// The files of a staging folder as items, sorted by name, checked to be fit for an offer. Reads no content.
///
/// # Errors
/// [`SourceError`], from [`SourceError::NothingStaged`] to [`SourceError::Table`], and [`SourceError::Io`].
pub fn scan(outbox: &Path, stage: StageId) -> Result<Vec<Item>, SourceError> {
    let folder = open_stage(outbox, stage)?;
    let failed = |error: Errno| io_error(&stage.to_string(), error);
    let mut items = Vec::new();
    for entry in Dir::read_from(&folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        match entry.file_name().to_str() {
            Ok("." | "..") => {}
            Ok(name) => items.push(item(&folder, name)?),
            Err(_) => {
                let name = Untrusted::new(entry.file_name().to_string_lossy().into_owned());
                return Err(SourceError::NotText { name });
            }
        }
        if items.len() > ITEMS_LIMIT as usize {
            return Err(SourceError::TooMany);
        }
    }
    if items.is_empty() {
        return Err(SourceError::NothingStaged);
    }
    items.sort_by(|a, b| a.path.cmp(&b.path));
    let total = items.iter().try_fold(0u64, |sum, item| sum.checked_add(item.size));
    names::check_table(&items, total.ok_or(TableRefused::Total)?)?;
    Ok(items)
}

fn open_stage(outbox: &Path, stage: StageId) -> Result<OwnedFd, SourceError> {
    let name = stage.to_string();
    beneath::open_root(outbox).and_then(|outbox| beneath::open_folder(outbox, &name)).map_err(|error| {
        if error == Errno::NOENT { SourceError::NothingStaged } else { io_error(&name, error) }
    })
}

/// One file as an item; opened, so that an unreadable file is found out now and not after the offer.
fn item(folder: &OwnedFd, name: &str) -> Result<Item, SourceError> {
    let path = vec![Untrusted::from(name)];
    names::check(&path).map_err(|refused| SourceError::Name { name: name.into(), refused })?;
    let file = open_file(folder, name)?;
    let seen = Seen::of(&file).map_err(|error| SourceError::Io { name: name.into(), error })?;
    Ok(Item {
        path,
        kind: ItemKind::File,
        size: seen.size,
        executable: seen.executable,
        modified: seen.modified(),
    })
}

/// Opens a plain file; anything else is refused, a link without being followed.
fn open_file(folder: &OwnedFd, name: &str) -> Result<File, SourceError> {
    let stat = match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => stat,
        Err(Errno::NOENT) => return Err(SourceError::Vanished { name: name.into() }),
        Err(error) => return Err(io_error(name, error)),
    };
    // Asked before opening as well: opening a device can do something.
    if !FileType::from_raw_mode(stat.st_mode).is_file() {
        return Err(SourceError::NotAFile { name: name.into() });
    }
    let file = beneath::open_for_reading(folder, name).map_err(|error| match error {
        Errno::NOENT => SourceError::Vanished { name: name.into() },
        Errno::LOOP => SourceError::NotAFile { name: name.into() },
        error => io_error(name, error),
    })?;
    match file.metadata() {
        Ok(metadata) if metadata.is_file() => Ok(file),
        Ok(_) => Err(SourceError::NotAFile { name: name.into() }),
        Err(error) => Err(SourceError::Io { name: name.into(), error }),
    }
}

/// What a file's metadata said at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    device: u64,
    inode: u64,
    size: u64,
    executable: bool,
    seconds: i64,
    nanoseconds: i64,
}

impl Seen {
    fn of(file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            executable: metadata.mode() & 0o100 != 0,
            seconds: metadata.mtime(),
            nanoseconds: metadata.mtime_nsec(),
        })
    }

    /// Times before 1970 travel as 1970.
    fn modified(&self) -> UnixMillis {
        let seconds = u64::try_from(self.seconds).unwrap_or(0);
        let millis = u64::try_from(self.nanoseconds / 1_000_000).unwrap_or(0);
        UnixMillis(seconds.saturating_mul(1000).saturating_add(millis))
    }
}

fn io_error(name: &str, error: Errno) -> SourceError {
    SourceError::Io { name: name.into(), error: error.into() }
}

#[cfg(test)]
mod tests;
