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
use rustix::fs::{AtFlags, Dir, FileType, fstat, statat};
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
    /// A link, device or pipe.
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
            Self::TooMany => format!("more than {ITEMS_LIMIT} files and folders at once"),
            Self::NotAFile { name } => named(name, "is not a plain file"),
            Self::Name { name, refused } => named(name, &format!("cannot be sent: {refused}")),
            Self::NotText { name } => named(name, "cannot be sent: its name is not UTF-8"),
            Self::Table(refused) => refused.to_string(),
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
            SourceError::Unfinished => (Code::Internal, ""),
            SourceError::NotAFile { .. } | SourceError::Io { .. } => {
                (Code::BadSource, "choose plain files and folders that you may read")
            }
            SourceError::Vanished { .. }
            | SourceError::Truncated { .. }
            | SourceError::Grew { .. }
            | SourceError::Changed { .. } => (Code::BadSource, "send the file again"),
        };
        Self { code, message: error.sentence(), hint: Untrusted::from(hint) }
    }
}

/// What lies in a staging folder as items, checked to be fit for an offer: sorted by path, each folder before what is in
/// it. Reads no content.
///
/// # Errors
/// [`SourceError`], from [`SourceError::NothingStaged`] to [`SourceError::Table`], and [`SourceError::Io`].
pub fn scan(outbox: &Path, stage: StageId) -> Result<Vec<Item>, SourceError> {
    let folder = open_stage(outbox, stage)?;
    let mut items = Vec::new();
    gather(&folder, &[], &mut items)?;
    if items.is_empty() {
        return Err(SourceError::NothingStaged);
    }
    let total = items.iter().try_fold(0u64, |sum, item| sum.checked_add(item.size));
    names::check_table(&items, total.ok_or(TableRefused::Total)?)?;
    Ok(items)
}

fn open_stage(outbox: &Path, stage: StageId) -> Result<OwnedFd, SourceError> {
    let name = stage.to_string();
    beneath::open_root(outbox).and_then(|outbox| beneath::open_folder(outbox, &name)).map_err(|error| {
        if error == Errno::NOENT {
            SourceError::NothingStaged
        } else {
            io_error(&[Untrusted::new(name)], error)
        }
    })
}

/// Adds what lies in a folder. The paths' rules bound how deep it goes.
fn gather(folder: &OwnedFd, above: &[Untrusted<String>], items: &mut Vec<Item>) -> Result<(), SourceError> {
    for name in names_in(folder, above)? {
        let path: Vec<_> = above.iter().cloned().chain([Untrusted::from(name.as_str())]).collect();
        names::check(&path).map_err(|refused| SourceError::Name { name: shown(&path), refused })?;
        if items.len() >= ITEMS_LIMIT as usize {
            return Err(SourceError::TooMany);
        }
        if kind_of(folder, &path)?.is_dir() {
            let inside = open_folder(folder, &path)?;
            let seen = fstat(&inside).map_err(|error| io_error(&path, error))?;
            let nanoseconds = i64::try_from(seen.st_mtime_nsec).unwrap_or(0);
            let modified = moment(seen.st_mtime, nanoseconds);
            items.push(Item { path, kind: ItemKind::Folder, size: 0, executable: false, modified });
            let above = items.last().map(|item| item.path.clone()).unwrap_or_default();
            gather(&inside, &above, items)?;
        } else {
            items.push(file_item(folder, path)?);
        }
    }
    Ok(())
}

/// The names in a folder, sorted.
fn names_in(folder: &OwnedFd, path: &[Untrusted<String>]) -> Result<Vec<String>, SourceError> {
    let failed = |error: Errno| io_error(path, error);
    let mut found = Vec::new();
    for entry in Dir::read_from(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        match entry.file_name().to_str() {
            Ok("." | "..") => {}
            Ok(name) => found.push(name.to_owned()),
            Err(_) => {
                let name = entry.file_name().to_string_lossy();
                let path: Vec<_> = path.iter().cloned().chain([Untrusted::from(&*name)]).collect();
                return Err(SourceError::NotText { name: shown(&path) });
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// One file as an item; opened, so that an unreadable file is found out now and not after the offer.
fn file_item(folder: &OwnedFd, path: Vec<Untrusted<String>>) -> Result<Item, SourceError> {
    let file = open_file(folder, &path)?;
    let seen = Seen::of(&file).map_err(|error| SourceError::Io { name: shown(&path), error })?;
    Ok(Item {
        path,
        kind: ItemKind::File,
        size: seen.size,
        executable: seen.executable,
        modified: seen.modified(),
    })
}

/// What the last part of a path names in its folder; a link is a link.
fn kind_of(folder: &OwnedFd, path: &[Untrusted<String>]) -> Result<FileType, SourceError> {
    match statat(folder, last(path), AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(FileType::from_raw_mode(stat.st_mode)),
        Err(Errno::NOENT) => Err(SourceError::Vanished { name: shown(path) }),
        Err(error) => Err(io_error(path, error)),
    }
}

/// Opens a folder in a folder, a link without being followed.
fn open_folder(folder: &OwnedFd, path: &[Untrusted<String>]) -> Result<OwnedFd, SourceError> {
    beneath::open_folder(folder, last(path)).map_err(|error| opening(path, error))
}

/// Opens a plain file, the last part of its path, in its folder; anything else is refused, a link without being followed.
fn open_file(folder: &OwnedFd, path: &[Untrusted<String>]) -> Result<File, SourceError> {
    let not_a_file = || SourceError::NotAFile { name: shown(path) };
    // Asked before opening as well: opening a device can do something.
    if !kind_of(folder, path)?.is_file() {
        return Err(not_a_file());
    }
    let file = beneath::open_for_reading(folder, last(path)).map_err(|error| opening(path, error))?;
    match file.metadata() {
        Ok(metadata) if metadata.is_file() => Ok(file),
        Ok(_) => Err(not_a_file()),
        Err(error) => Err(SourceError::Io { name: shown(path), error }),
    }
}

fn opening(path: &[Untrusted<String>], error: Errno) -> SourceError {
    match error {
        Errno::NOENT => SourceError::Vanished { name: shown(path) },
        Errno::LOOP | Errno::NOTDIR => SourceError::NotAFile { name: shown(path) },
        error => io_error(path, error),
    }
}

fn last(path: &[Untrusted<String>]) -> &str {
    path.last().map_or("", Untrusted::as_received)
}

/// A path as one line.
fn shown(path: &[Untrusted<String>]) -> Untrusted<String> {
    let parts: Vec<&str> = path.iter().map(Untrusted::as_received).collect();
    Untrusted::new(parts.join("/"))
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

    fn modified(&self) -> UnixMillis {
        moment(self.seconds, self.nanoseconds)
    }
}

/// Times before 1970 travel as 1970.
fn moment(seconds: i64, nanoseconds: i64) -> UnixMillis {
    let seconds = u64::try_from(seconds).unwrap_or(0);
    let millis = u64::try_from(nanoseconds / 1_000_000).unwrap_or(0);
    UnixMillis(seconds.saturating_mul(1000).saturating_add(millis))
}

fn io_error(path: &[Untrusted<String>], error: Errno) -> SourceError {
    SourceError::Io { name: shown(path), error: error.into() }
}

#[cfg(test)]
mod tests;
