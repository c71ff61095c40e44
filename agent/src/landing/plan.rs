//! The plan of a landing: which part gets which final name. A file beside the parts, `plan`: the hash of the completion
//! that the sender signed, then one line for each part, `<inode> <size> <seconds> <nanoseconds> <name>`, written aside,
//! made durable and renamed. Names hold no line breaks (see [`crate::names`]).

use std::collections::HashSet;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;

use airhatch_wire::{Fingerprint, Untrusted};
use rustix::fs::{AtFlags, FileType, fsync, renameat, statat, unlinkat};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use super::LandingError;
use super::incoming::in_the_way;
use crate::beneath;
use crate::names::{self, free_name};

const PLAN: &str = "plan";
const UNFINISHED: &str = "plan.new";

/// First line.
const TITLE: &str = "airhatch landing plan 1";

/// How far is counted for a free name.
const LAST_NUMBER: u32 = 10_000;

/// What is read of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// SHA-256 of what the sender signed.
    pub(super) completion: [u8; 32],
    /// One for each part.
    pub(super) lines: Vec<Line>,
}

/// One part of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Which file it is.
    pub(super) mark: Mark,
    /// Its final name.
    pub(super) name: String,
}

/// What tells a part from any other file, so that somebody else's is never taken for it. The number alone would not
/// do: a removed file's goes to the next new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    pub(super) inode: u64,
    size: u64,
    seconds: i64,
    nanoseconds: u64,
}

impl Mark {
    /// The mark of a plain file, `None` when there is nothing of that name, one that no part has for anything else.
    pub(super) fn of(folder: &OwnedFd, name: &str) -> Result<Option<Self>, LandingError> {
        let stat = match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let is_file = FileType::from_raw_mode(stat.st_mode).is_file();
        Ok(Some(Self {
            inode: if is_file { stat.st_ino } else { 0 },
            size: u64::try_from(stat.st_size).unwrap_or(0),
            seconds: stat.st_mtime,
            nanoseconds: stat.st_mtime_nsec,
        }))
    }
}

pub(super) fn exists(folder: &OwnedFd) -> Result<bool, LandingError> {
    match statat(folder, PLAN, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(_) => Ok(true),
        Err(Errno::NOENT) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Writes the plan, durable on return.
pub(super) fn write(folder: &OwnedFd, completion: [u8; 32], lines: &[Line]) -> Result<(), LandingError> {
    let mut text = format!("{TITLE}\n{}\n", Fingerprint(completion));
    for Line { mark: Mark { inode, size, seconds, nanoseconds }, name } in lines {
        text.push_str(&format!("{inode} {size} {seconds} {nanoseconds} {name}\n"));
    }
    match unlinkat(folder, UNFINISHED, AtFlags::empty()) {
        Err(error) if error != Errno::NOENT => return Err(in_the_way(UNFINISHED, error)),
        _ => {}
    }
    let mut file = beneath::create_file(folder, UNFINISHED).map_err(|error| in_the_way(UNFINISHED, error))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    renameat(folder, UNFINISHED, folder, PLAN)?;
    Ok(fsync(folder)?)
}

/// Reads the plan; `None` when there is none.
pub(super) fn read(folder: &OwnedFd) -> Result<Option<Plan>, LandingError> {
    let mut file: File = match beneath::open_for_reading(folder, PLAN) {
        Err(Errno::NOENT) => return Ok(None),
        outcome => outcome.map_err(|error| in_the_way(PLAN, error))?,
    };
    let mut text = String::new();
    let in_the_way = || LandingError::InTheWay { name: PLAN.into() };
    file.read_to_string(&mut text).map_err(|error| match error.kind() {
        ErrorKind::InvalidData | ErrorKind::IsADirectory => in_the_way(),
        _ => error.into(),
    })?;
    let rest = text.strip_prefix(TITLE).and_then(|rest| rest.strip_prefix('\n')).ok_or_else(in_the_way)?;
    let (completion, lines) = rest.split_once('\n').ok_or_else(in_the_way)?;
    let Fingerprint(completion) = completion.parse().map_err(|_| in_the_way())?;
    let lines: Result<_, _> = lines.lines().map(|line| Line::parse(line).ok_or_else(in_the_way)).collect();
    Ok(Some(Plan { completion, lines: lines? }))
}

impl Line {
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.splitn(5, ' ');
        let mark = Mark {
            inode: words.next()?.parse().ok()?,
            size: words.next()?.parse().ok()?,
            seconds: words.next()?.parse().ok()?,
            nanoseconds: words.next()?.parse().ok()?,
        };
        let name = words.next()?;
        names::check(&[Untrusted::from(name)]).ok()?;
        Some(Self { mark, name: name.to_owned() })
    }
}

/// Finds final names that are free in the inbox now, and each used once in the plan.
#[derive(Debug, Default)]
pub(super) struct FreeNames<'a> {
    /// The items' own names, which no other item may get.
    own: HashSet<&'a str>,
    given: HashSet<String>,
}

impl<'a> FreeNames<'a> {
    pub(super) fn new(own: impl Iterator<Item = &'a str>) -> Self {
        Self { own: own.collect(), given: HashSet::new() }
    }

    /// `wanted` or, when that is taken, the first free `wanted (2)`, `wanted (3)`…
    pub(super) fn find(&mut self, inbox: &OwnedFd, wanted: &str) -> Result<String, LandingError> {
        if !self.given.contains(wanted) && !is_taken(inbox, wanted)? {
            self.given.insert(wanted.to_owned());
            return Ok(wanted.to_owned());
        }
        for number in 2..=LAST_NUMBER {
            let name = free_name(wanted, number);
            let free = !self.own.contains(name.as_str()) && !self.given.contains(&name);
            if free && !is_taken(inbox, &name)? {
                self.given.insert(name.clone());
                return Ok(name);
            }
        }
        Err(LandingError::NoFreeName { name: wanted.into() })
    }
}

/// True when anything has this name, be it a link to nowhere.
fn is_taken(inbox: &OwnedFd, name: &str) -> Result<bool, LandingError> {
    match statat(inbox, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(_) => Ok(true),
        Err(Errno::NOENT) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
