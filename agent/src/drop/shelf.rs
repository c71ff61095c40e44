//! The drop folder on the disk: what lies in it, and moving it from place to place. Every step is a rename or can be done
//! again, so that a crash at any point leaves the file in exactly one place.

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use airhatch_wire::{Email, StageId, TransferId, UnixMillis, untrusted};
use jiff::Timestamp;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use serde_json::json;

/// On its way: `<stage>/<name>`, and beside it `<stage>.to` with the contact's email.
pub(super) const SENDING: &str = ".sending";

/// Over, however it ended.
const SENT: &str = ".sent";

/// Could not be offered.
const REFUSED: &str = ".refused";

/// How many things of the same name are kept on one day.
const NAMESAKES: u32 = 10_000;

/// Beyond this many folders in one another nothing is counted; no offer goes as deep.
const DEEPEST: usize = 64;

/// A drop folder.
#[derive(Clone)]
pub(super) struct Shelf {
    root: PathBuf,
}

/// Something that lies in the drop folder.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    /// For whom it is, or why nobody can be said.
    pub(super) to: Result<Email, String>,
    pub(super) print: Print,
}

/// What changes when somebody writes to a file, or to anything in a folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Print {
    pub(super) files: u64,
    pub(super) bytes: u64,
    /// The last change of content, seconds and nanoseconds.
    pub(super) latest: (i64, i64),
}

/// Something on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sending {
    pub(super) stage: StageId,
    pub(super) to: Email,
}

/// How it ended.
pub(super) struct Outcome {
    pub(super) outcome: &'static str,
    pub(super) reason: String,
    pub(super) transfer: Option<TransferId>,
}

impl Shelf {
    /// The folder with the places in it.
    ///
    /// # Errors
    /// When they cannot be made.
    pub(super) fn open(root: PathBuf) -> io::Result<Self> {
        for place in [SENDING, SENT, REFUSED] {
            DirBuilder::new().recursive(true).mode(0o700).create(root.join(place))?;
        }
        Ok(Self { root })
    }

    /// Every folder in which something may appear.
    pub(super) fn folders(&self) -> Vec<PathBuf> {
        let inside = visible(&self.root).unwrap_or_default().into_iter().filter(|path| is_folder(path));
        std::iter::once(self.root.clone()).chain(inside).collect()
    }

    /// What lies in the contacts' folders, and what lies elsewhere. Hidden names are none of ours: programs write to
    /// them before they rename.
    ///
    /// # Errors
    /// When the drop folder cannot be read.
    pub(super) fn look(&self) -> io::Result<Vec<Found>> {
        let mut found = Vec::new();
        for path in visible(&self.root)? {
            if !is_folder(&path) {
                let why = "it lies in no contact's folder".to_owned();
                found.extend(found_at(path, &Err(why)));
                continue;
            }
            let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
            let to = name.parse().map_err(|_| "its folder is not named like a contact's email".to_owned());
            // A folder that has just gone is not there.
            let inside = visible(&path).unwrap_or_default();
            found.extend(inside.into_iter().filter_map(|path| found_at(path, &to)));
        }
        Ok(found)
    }

    /// Everything that was on its way when this agent last ended.
    pub(super) fn under_way(&self) -> Vec<Sending> {
        let entries = fs::read_dir(self.root.join(SENDING)).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        names.filter_map(|name| name.parse().ok()).filter_map(|stage| self.one_under_way(stage)).collect()
    }

    fn one_under_way(&self, stage: StageId) -> Option<Sending> {
        let to = fs::read_to_string(self.address(stage)).ok().and_then(|text| text.parse().ok());
        let empty = visible(&self.stage(stage)).is_ok_and(|inside| inside.is_empty());
        match to {
            Some(to) if !empty => return Some(Sending { stage, to }),
            // Taken up to the moment before the rename: the file is where it was.
            _ if empty => self.clear(stage),
            _ => tracing::warn!(%stage, "nobody knows for whom something in the drop folder is"),
        }
        None
    }

    /// Moves something on its way.
    ///
    /// # Errors
    /// The system's; it stays where it is then.
    pub(super) fn take(&self, path: &Path, to: &Email) -> io::Result<Sending> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(io::Error::other)?;
        let stage = StageId(id);
        let mut address = File::create_new(self.address(stage))?;
        address.write_all(to.as_str().as_bytes())?;
        address.sync_all()?;
        DirBuilder::new().mode(0o700).create(self.stage(stage))?;
        File::open(self.root.join(SENDING))?.sync_all()?;
        let name = path.file_name().unwrap_or_default();
        if let Err(error) = rename(path, &self.stage(stage).join(name)) {
            self.clear(stage);
            return Err(error.into());
        }
        File::open(self.stage(stage))?.sync_all()?;
        Ok(Sending { stage, to: to.clone() })
    }

    /// Moves what came to its end where it is kept, and writes the line that says how. After a crash in between there
    /// may be two such lines.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn put_away(&self, sending: &Sending, outcome: &Outcome) -> io::Result<()> {
        let place = if outcome.transfer.is_some() { SENT } else { REFUSED };
        for path in visible(&self.stage(sending.stage))? {
            self.keep(&path, place, Some(&sending.to), outcome)?;
        }
        self.clear(sending.stage);
        Ok(())
    }

    /// Moves what nobody can be sent.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn refuse(&self, path: &Path, why: &str) -> io::Result<()> {
        let outcome = Outcome { outcome: "refused", reason: why.to_owned(), transfer: None };
        self.keep(path, REFUSED, None, &outcome)
    }

    fn keep(&self, path: &Path, place: &str, to: Option<&Email>, outcome: &Outcome) -> io::Result<()> {
        let name = path.file_name().unwrap_or_default();
        let now = moment(UnixMillis::now());
        self.log(&now, name, to, outcome)?;
        for number in 1..NAMESAKES {
            match rename(path, &self.root.join(place).join(kept_name(&now, name, number))) {
                Err(Errno::EXIST) => {}
                outcome => return Ok(outcome?),
            }
        }
        Err(io::Error::new(io::ErrorKind::AlreadyExists, "too many things of the same name were kept today"))
    }

    fn log(&self, now: &str, name: &OsStr, to: Option<&Email>, outcome: &Outcome) -> io::Result<()> {
        let Outcome { outcome, reason, transfer } = outcome;
        let line = json!({
            "at": now,
            "to": to,
            "name": untrusted::escape(&name.to_string_lossy()),
            "outcome": outcome,
            "reason": reason,
            "transfer": transfer.map(|id| id.to_string()),
            "receipt": *outcome == "delivered",
        });
        let mut log =
            File::options().create(true).append(true).open(self.root.join(SENT).join("log.jsonl"))?;
        // One call, so that no line is in pieces.
        log.write_all(format!("{line}\n").as_bytes())?;
        log.sync_all()
    }

    fn clear(&self, stage: StageId) {
        let folder = fs::remove_dir(self.stage(stage));
        if let Err(error) = folder.and_then(|()| fs::remove_file(self.address(stage))) {
            tracing::debug!(%error, "an empty place in the drop folder stays behind until the next start");
        }
    }

    fn stage(&self, stage: StageId) -> PathBuf {
        self.root.join(SENDING).join(stage.to_string())
    }

    fn address(&self, stage: StageId) -> PathBuf {
        self.root.join(SENDING).join(format!("{stage}.to"))
    }
}

/// Where the stages of a drop folder lie.
pub(crate) fn stages(root: &Path) -> PathBuf {
    root.join(SENDING)
}

fn found_at(path: PathBuf, to: &Result<Email, String>) -> Option<Found> {
    let print = Print::of(&path)?;
    let kind = fs::symlink_metadata(&path).ok()?.file_type();
    let to = match kind.is_file() || kind.is_dir() {
        true => to.clone(),
        false => Err("only plain files and folders are sent".to_owned()),
    };
    Some(Found { path, to, print })
}

impl Print {
    /// None when it is gone meanwhile.
    fn of(path: &Path) -> Option<Self> {
        let mut print = Self::default();
        print.add(path, 0)?;
        Some(print)
    }

    fn add(&mut self, path: &Path, depth: usize) -> Option<()> {
        let metadata = fs::symlink_metadata(path).ok()?;
        self.files += 1;
        self.bytes = self.bytes.wrapping_add(metadata.size());
        self.latest = self.latest.max((metadata.mtime(), metadata.mtime_nsec()));
        self.latest = self.latest.max((metadata.ctime(), metadata.ctime_nsec()));
        if metadata.is_dir() && depth < DEEPEST {
            for entry in fs::read_dir(path).ok()?.flatten() {
                self.add(&entry.path(), depth + 1)?;
            }
        }
        Some(())
    }
}

fn visible(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.flatten();
    let mut paths: Vec<PathBuf> = entries
        .filter(|entry| !entry.file_name().as_bytes().starts_with(b"."))
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    Ok(paths)
}

fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

fn rename(from: &Path, to: &Path) -> rustix::io::Result<()> {
    renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)
}

/// `2026-05-01-report.pdf`, then `2026-05-01-2-report.pdf`.
fn kept_name(now: &str, name: &OsStr, number: u32) -> OsString {
    let mut kept = OsString::from(now.get(..10).unwrap_or(now));
    kept.push(if number == 1 { "-".to_owned() } else { format!("-{number}-") });
    kept.push(name);
    kept
}

/// A moment in RFC 3339, UTC.
fn moment(at: UnixMillis) -> String {
    let seconds = i64::try_from(at.seconds()).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX).to_string()
}

#[cfg(test)]
mod tests;
