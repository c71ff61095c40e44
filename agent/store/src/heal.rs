//! Opening a database that a full disk or a crash left torn.
//!
//! sled writes a snapshot of its page table whenever it is opened: to `snap.<n>.generating`, renamed to `snap.<n>` when
//! complete. A torn one of either name is taken for the newest at the next opening and refused, for ever. Going on
//! without a snapshot is no way out: sled then reads its log from the start, takes gaps that its own cleaning left for
//! a torn end, and empties the database (seen in five of five runs with a few hundred records). So:
//!
//! - unfinished snapshots are removed before opening: sled keeps the one before until the new one is renamed;
//! - after every opening the finished snapshot, and sled's `conf`, are copied to `kept/`, where sled does not look;
//! - when opening fails, whichever of them differs from its copy is moved to `healed-<n>/` and the copy put in its place,
//!   for a second try; when none differs, nothing is touched and the error says where the pieces are.

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::DatabaseError;
use super::ballast::Ballast;
use super::tree::Tree;

/// The folder of the copies.
const KEPT: &str = "kept";

/// sled's constants.
const CONF: &str = "conf";

/// Opens what is in a folder, healing it where needed.
pub(super) fn open(dir: &Path, ballast: &Ballast) -> Result<Tree, DatabaseError> {
    ballast.make_room()?;
    let tree = match try_open(dir, ballast) {
        Err(DatabaseError::Damaged { why, path }) => {
            tracing::warn!(why, "the database did not open");
            let torn = differing(dir)?;
            if torn.is_empty() {
                return Err(DatabaseError::Damaged { why, path });
            }
            exchange(dir, &torn)?;
            let tree = try_open(dir, ballast)?;
            tracing::warn!("the database was healed with the copy of its snapshot");
            tree
        }
        // After a full disk, the next opening removes what this one may have left unfinished.
        outcome => outcome?,
    };
    if let Err(error) = keep(dir) {
        tracing::warn!(%error, "the database's snapshot could not be copied aside");
    }
    Ok(tree)
}

/// Opens; once more without the ballast when the disk is full in spite of the room found before.
fn try_open(dir: &Path, ballast: &Ballast) -> Result<Tree, DatabaseError> {
    prepare(dir)?;
    match Tree::open(dir) {
        Err(DatabaseError::DiskFull) => {
            ballast.release()?;
            prepare(dir)?;
            Tree::open(dir)
        }
        outcome => outcome,
    }
}

/// Sees to it that sled finds a finished snapshot where there should be one, and no other.
fn prepare(dir: &Path) -> io::Result<()> {
    let (unfinished, finished): (Vec<_>, Vec<_>) =
        snapshots(&names(dir)?).into_iter().partition(|name| name.to_string_lossy().ends_with(".generating"));
    unfinished.iter().try_for_each(|name| fs::remove_file(dir.join(name)))?;
    match snapshots(&kept(dir)?).last() {
        Some(name) if finished.is_empty() => copy(&dir.join(KEPT), dir, name),
        _ => Ok(()),
    }
}

/// The files that differ from their copies.
fn differing(dir: &Path) -> io::Result<Vec<OsString>> {
    let (present, mut names) = (names(dir)?, kept(dir)?);
    names.retain(|name| present.contains(name));
    let mut differing = Vec::new();
    for name in names {
        if fs::read(dir.join(&name))? != fs::read(dir.join(KEPT).join(&name))? {
            differing.push(name);
        }
    }
    Ok(differing)
}

/// Moves files aside and puts their copies in their places.
fn exchange(dir: &Path, names: &[OsString]) -> io::Result<()> {
    let aside = new_folder(dir)?;
    names.iter().try_for_each(|name| {
        fs::rename(dir.join(name), aside.join(name))?;
        copy(&dir.join(KEPT), dir, name)
    })
}

/// Copies the present snapshot and `conf` to `kept/`, in place of the ones before.
fn keep(dir: &Path) -> io::Result<()> {
    let mut present = snapshots(&names(dir)?);
    present.push(CONF.into());
    let (before, folder) = (kept(dir)?, dir.join(KEPT));
    DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    for name in present.iter().filter(|name| !before.contains(name)) {
        copy(dir, &folder, name)?;
    }
    let outdated = before.iter().filter(|name| !present.contains(name));
    outdated.into_iter().try_for_each(|name| fs::remove_file(folder.join(name)))
}

/// Copies a file, which appears under its name when it is complete and durable.
fn copy(from: &Path, to: &Path, name: &OsStr) -> io::Result<()> {
    let unfinished = to.join("copying");
    let bytes = fs::read(from.join(name))?;
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    let written = file.write_all(&bytes).and_then(|()| file.sync_all());
    if let Err(error) = written.and_then(|()| fs::rename(&unfinished, to.join(name))) {
        // The first error is the one to tell; what is left is overwritten by the next copy.
        let _ = fs::remove_file(&unfinished);
        return Err(error);
    }
    File::open(to)?.sync_all()
}

/// The first free `healed-<n>`.
fn new_folder(dir: &Path) -> io::Result<PathBuf> {
    let mut number = 1u32;
    loop {
        let folder = dir.join(format!("healed-{number}"));
        match DirBuilder::new().mode(0o700).create(&folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            outcome => return outcome.map(|()| folder),
        }
    }
}

/// The names of the copies.
fn kept(dir: &Path) -> io::Result<Vec<OsString>> {
    match names(&dir.join(KEPT)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        outcome => outcome,
    }
}

/// Those names that sled would take for snapshots, oldest first.
fn snapshots(names: &[OsString]) -> Vec<OsString> {
    let is_snapshot = |name: &&OsString| name.to_string_lossy().starts_with("snap.");
    let mut snapshots: Vec<OsString> = names.iter().filter(is_snapshot).cloned().collect();
    snapshots.sort();
    snapshots
}

fn names(dir: &Path) -> io::Result<Vec<OsString>> {
    fs::read_dir(dir)?.map(|entry| entry.map(|entry| entry.file_name())).collect()
}
