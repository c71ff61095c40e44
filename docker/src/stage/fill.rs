//! The two walks through what was named: the first counts, the second fills the staging folder.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use airhatch_wire::Blob;
use airhatch_wire::peer::ITEMS_LIMIT;
use airhatch_wire::warden::{SKIPPED_LISTED, Skipped, SkippedThing, Why};
use rustix::fs::{Mode, OFlags, Stat, Timespec, Timestamps, UTIME_OMIT, fchown, futimens, mkdirat, openat};

use super::place::{Target, place};
use super::source::Source;
use super::walk::{Met, Visit};
use super::{Meter, StageError};

/// Counts what there is, into the meter's total.
pub(super) struct Count<'a, 'm> {
    meter: &'a mut Meter<'m>,
    items: u32,
}

impl<'a, 'm> Count<'a, 'm> {
    pub(super) fn new(meter: &'a mut Meter<'m>) -> Self {
        Self { meter, items: 0 }
    }

    fn add(&mut self, bytes: u64) -> Result<(), StageError> {
        self.items += 1;
        if self.items > ITEMS_LIMIT {
            return Err(StageError::TooMany);
        }
        self.meter.total = self.meter.total.saturating_add(bytes);
        self.meter.check()
    }
}

impl Visit for Count<'_, '_> {
    fn named_file(&mut self, source: &Source, _name: &str) -> Result<(), StageError> {
        self.add(source.size())
    }

    fn file(&mut self, file: &Met<'_>) -> Result<(), StageError> {
        self.add(file.size)
    }

    fn begin_folder(&mut self, _name: &str) -> Result<(), StageError> {
        self.add(0)
    }

    fn end_folder(&mut self, _stat: &Stat) -> Result<(), StageError> {
        Ok(())
    }

    fn skip(&mut self, _path: &Path, _why: Why) -> Result<(), StageError> {
        self.meter.check()
    }
}

/// Fills a staging folder.
pub(super) struct Fill<'a, 'm> {
    top: Target<'a>,
    /// The folders that are being filled, outermost first.
    open: Vec<OwnedFd>,
    meter: &'a mut Meter<'m>,
    files: u32,
    folders: u32,
    bytes: u64,
    skipped: Skipped,
}

impl<'a, 'm> Fill<'a, 'm> {
    pub(super) fn new(top: Target<'a>, meter: &'a mut Meter<'m>) -> Self {
        Self { top, open: Vec::new(), meter, files: 0, folders: 0, bytes: 0, skipped: Skipped::default() }
    }

    /// Files, folders, bytes, and what was skipped.
    pub(super) fn done(self) -> (u32, u32, u64, Skipped) {
        (self.files, self.folders, self.bytes, self.skipped)
    }

    fn here(&self) -> BorrowedFd<'_> {
        self.open.last().map_or(self.top.folder, AsFd::as_fd)
    }

    /// Between the walks more may have come.
    fn check_room(&self) -> Result<(), StageError> {
        if self.files.saturating_add(self.folders) >= ITEMS_LIMIT { Err(StageError::TooMany) } else { Ok(()) }
    }

    fn put(&mut self, source: &Source, name: &str) -> Result<(), StageError> {
        self.check_room()?;
        let target = Target {
            folder: self.open.last().map_or(self.top.folder, AsFd::as_fd),
            given_to: self.top.given_to,
        };
        let bytes = place(source, target, name, self.meter)?;
        self.files += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        Ok(())
    }
}

impl Visit for Fill<'_, '_> {
    fn named_file(&mut self, source: &Source, name: &str) -> Result<(), StageError> {
        self.put(source, name)
    }

    fn file(&mut self, file: &Met<'_>) -> Result<(), StageError> {
        match file.open() {
            Ok(source) => self.put(&source, file.name),
            Err(StageError::Unreadable { .. }) => self.skip(&file.path, Why::Unreadable),
            Err(StageError::Missing(_)) => self.skip(&file.path, Why::Vanished),
            Err(StageError::NotPlain { .. }) => self.skip(&file.path, Why::MadeUp),
            Err(error) => Err(error),
        }
    }

    fn begin_folder(&mut self, name: &str) -> Result<(), StageError> {
        self.check_room()?;
        self.meter.check()?;
        let failed = StageError::at(Path::new(name));
        let make = || {
            mkdirat(self.here(), name, Mode::RWXU)?;
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            openat(self.here(), name, flags, Mode::empty())
        };
        let folder = make().map_err(|e| failed(e.into()))?;
        self.open.push(folder);
        self.folders += 1;
        Ok(())
    }

    fn end_folder(&mut self, stat: &Stat) -> Result<(), StageError> {
        let Some(folder) = self.open.pop() else { return Ok(()) };
        if let Some((user, group)) = self.top.given_to {
            fchown(&folder, Some(user), Some(group)).map_err(|e| failed(e.into()))?;
        }
        let untouched = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
        let modified = Timespec {
            tv_sec: stat.st_mtime,
            tv_nsec: i64::try_from(stat.st_mtime_nsec).unwrap_or_default(),
        };
        let times = Timestamps { last_access: untouched, last_modification: modified };
        futimens(&folder, &times).map_err(|e| failed(e.into()))
    }

    fn skip(&mut self, path: &Path, why: Why) -> Result<(), StageError> {
        self.skipped.count = self.skipped.count.saturating_add(1);
        if self.skipped.first.len() < SKIPPED_LISTED {
            let path = Blob::from(path.as_os_str().as_bytes());
            self.skipped.first.push(SkippedThing { path, why });
        }
        self.meter.check()
    }
}

fn failed(error: std::io::Error) -> StageError {
    StageError::at(Path::new("a folder"))(error)
}
