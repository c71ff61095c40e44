//! The plan of a landing: which part gets which final name. A file beside the parts, `plan`, written aside, made durable
//! and renamed, and read line by line, so that it may speak of any number of files. Names hold no line breaks (see
//! [`crate::names`]). After its title, the hash of the completion that the sender signed, and the folder that everything
//! goes into:
//!
//! - `file <index> <number> <mark> <name>`: a part that gets this name directly there;
//! - `tree <index> <number> <inode> <time> <name>`: a folder that does, filled in `<index>.tree` before; it is followed by
//!   `folder <time> <path>` and `part <index> <mark> <path>` for what is in it, parents first;
//! - `number <index> <number>`: added later, one for each name that somebody took meanwhile. A torn one says nothing.
//!
//! The number is 1 for the name itself, and otherwise that of [`free_name`].

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::str::Split;

use airhatch_wire::{Fingerprint, InboxFolder, UnixMillis, Untrusted};
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
const TITLE: &str = "airhatch landing plan 2";

/// How far is counted for a free name.
const LAST_NUMBER: u32 = 10_000;

/// One line of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A part directly in the destination.
    File { index: usize, number: u32, mark: Mark, name: String },
    /// A folder directly in the destination; what it holds follows.
    Tree { index: usize, number: u32, inode: u64, modified: Option<UnixMillis>, name: String },
    /// A folder in the last tree.
    Folder { modified: UnixMillis, path: String },
    /// A part in the last tree.
    Part { index: usize, mark: Mark, path: String },
    /// Another number for the file or tree of this index.
    Number { index: usize, number: u32 },
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
    is_taken(folder, PLAN)
}

/// Writes the plan, durable on return.
pub(super) fn write(
    folder: &OwnedFd,
    completion: [u8; 32],
    into: Option<&InboxFolder>,
    lines: impl Iterator<Item = Result<Line, LandingError>>,
) -> Result<(), LandingError> {
    match unlinkat(folder, UNFINISHED, AtFlags::empty()) {
        Err(error) if error != Errno::NOENT => return Err(in_the_way(UNFINISHED, error)),
        _ => {}
    }
    let file = beneath::create_file(folder, UNFINISHED).map_err(|error| in_the_way(UNFINISHED, error))?;
    let mut text = BufWriter::new(file);
    writeln!(text, "{TITLE}\n{}\ninto {}", Fingerprint(completion), into.map_or("", InboxFolder::as_str))?;
    for line in lines {
        writeln!(text, "{}", line?)?;
    }
    text.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    renameat(folder, UNFINISHED, folder, PLAN)?;
    Ok(fsync(folder)?)
}

/// A plan that is being carried out.
#[derive(Debug)]
pub(super) struct Plan {
    file: File,
    /// SHA-256 of what the sender signed.
    pub(super) completion: [u8; 32],
    /// Where everything goes.
    pub(super) into: Option<InboxFolder>,
    /// The numbers that were given later.
    numbers: HashMap<usize, u32>,
    /// Where the next line goes.
    end: u64,
}

impl Plan {
    /// Reads the whole plan once; `None` when there is none.
    pub(super) fn open(folder: &OwnedFd) -> Result<Option<Self>, LandingError> {
        let file = match beneath::open_for_reading(folder, PLAN) {
            Err(Errno::NOENT) => return Ok(None),
            outcome => outcome.map_err(|error| in_the_way(PLAN, error))?,
        };
        if !file.metadata()?.is_file() {
            return Err(damaged());
        }
        let mut lines = Lines::new(&file)?;
        let (completion, into) = (lines.completion, lines.into.take());
        let mut numbers = HashMap::new();
        for line in &mut lines {
            if let Line::Number { index, number } = line? {
                numbers.insert(index, number);
            }
        }
        let end = lines.end;
        drop(lines);
        Ok(Some(Self { file, completion, into, numbers, end }))
    }

    /// Its lines but for the numbers, which are in those that they are for.
    pub(super) fn lines(
        &self,
    ) -> Result<impl Iterator<Item = Result<Line, LandingError>> + '_, LandingError> {
        let lines = Lines::new(&self.file)?.filter(|line| !matches!(line, Ok(Line::Number { .. })));
        Ok(lines.map(|line| {
            let mut line = line?;
            if let Line::File { index, number, .. } | Line::Tree { index, number, .. } = &mut line
                && let Some(other) = self.numbers.get(index)
            {
                *number = *other;
            }
            Ok(line)
        }))
    }

    /// Gives another number; durable on return.
    pub(super) fn renumber(
        &mut self,
        folder: &OwnedFd,
        index: usize,
        number: u32,
    ) -> Result<(), LandingError> {
        let file = beneath::open_for_writing(folder, PLAN).map_err(|error| in_the_way(PLAN, error))?;
        let line = format!("{}\n", Line::Number { index, number });
        file.set_len(self.end)?;
        file.write_all_at(line.as_bytes(), self.end)?;
        file.sync_data()?;
        self.end += line.len() as u64;
        self.numbers.insert(index, number);
        Ok(())
    }
}

/// Lines as they stand in the file. What follows the last line's end is no line.
struct Lines<'a> {
    text: BufReader<Offset<'a>>,
    completion: [u8; 32],
    into: Option<InboxFolder>,
    end: u64,
}

/// Reads a file from its start, whoever else reads it.
struct Offset<'a>(&'a File, u64);

impl std::io::Read for Offset<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.0.read_at(buffer, self.1)?;
        self.1 += count as u64;
        Ok(count)
    }
}

impl<'a> Lines<'a> {
    fn new(file: &'a File) -> Result<Self, LandingError> {
        let mut lines =
            Self { text: BufReader::new(Offset(file, 0)), completion: [0; 32], into: None, end: 0 };
        if lines.next_text()?.as_deref() != Some(TITLE) {
            return Err(damaged());
        }
        let completion = lines.next_text()?.ok_or_else(damaged)?;
        Fingerprint(lines.completion) = completion.parse().map_err(|_| damaged())?;
        let into = lines.next_text()?.ok_or_else(damaged)?;
        let into = into.strip_prefix("into ").ok_or_else(damaged)?;
        lines.into = if into.is_empty() { None } else { Some(into.parse().map_err(|_| damaged())?) };
        Ok(lines)
    }

    fn next_text(&mut self) -> Result<Option<String>, LandingError> {
        let mut bytes = Vec::new();
        let length = self.text.read_until(b'\n', &mut bytes)?;
        if bytes.pop() != Some(b'\n') {
            return Ok(None);
        }
        self.end += length as u64;
        String::from_utf8(bytes).map(Some).map_err(|_| damaged())
    }
}

impl Iterator for Lines<'_> {
    type Item = Result<Line, LandingError>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.next_text().transpose()?;
        Some(text.and_then(|text| Line::parse(&text).ok_or_else(damaged)))
    }
}

fn damaged() -> LandingError {
    LandingError::InTheWay { name: PLAN.into() }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inode, size, seconds, nanoseconds } = self;
        write!(f, "{inode} {size} {seconds} {nanoseconds}")
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { index, number, mark, name } => write!(f, "file {index} {number} {mark} {name}"),
            Self::Tree { index, number, inode, modified: Some(at), name } => {
                write!(f, "tree {index} {number} {inode} {} {name}", at.0)
            }
            Self::Tree { index, number, inode, modified: None, name } => {
                write!(f, "tree {index} {number} {inode} - {name}")
            }
            Self::Folder { modified, path } => write!(f, "folder {} {path}", modified.0),
            Self::Part { index, mark, path } => write!(f, "part {index} {mark} {path}"),
            Self::Number { index, number } => write!(f, "number {index} {number}"),
        }
    }
}

/// The words of a line, one after another, and what is left as a path.
struct Words<'a>(&'a str);

impl<'a> Words<'a> {
    fn word(&mut self) -> Option<&'a str> {
        let (word, rest) = self.0.split_once(' ')?;
        self.0 = rest;
        Some(word)
    }

    fn number<T: std::str::FromStr>(&mut self) -> Option<T> {
        self.word()?.parse().ok()
    }

    fn mark(&mut self) -> Option<Mark> {
        let (inode, size) = (self.number()?, self.number()?);
        Some(Mark { inode, size, seconds: self.number()?, nanoseconds: self.number()? })
    }

    /// What is left, where it may become a file or folder at most so deep.
    fn path(self, single: bool) -> Option<String> {
        let parts: Vec<Untrusted<String>> = parts(self.0).map(Untrusted::from).collect();
        names::check(&parts).ok()?;
        (!single || parts.len() == 1).then(|| self.0.to_owned())
    }
}

/// The names of a path in a plan.
pub(super) fn parts(path: &str) -> Split<'_, char> {
    path.split('/')
}

impl Line {
    fn parse(line: &str) -> Option<Self> {
        let mut words = Words(line);
        match words.word()? {
            "file" => {
                let (index, number, mark) = (words.number()?, words.number()?, words.mark()?);
                Some(Self::File { index, number, mark, name: words.path(true)? })
            }
            "tree" => {
                let (index, number, inode) = (words.number()?, words.number()?, words.number()?);
                let modified = match words.word()? {
                    "-" => None,
                    at => Some(UnixMillis(at.parse().ok()?)),
                };
                Some(Self::Tree { index, number, inode, modified, name: words.path(true)? })
            }
            "folder" => {
                let modified = UnixMillis(words.number()?);
                Some(Self::Folder { modified, path: words.path(false)? })
            }
            "part" => {
                let (index, mark) = (words.number()?, words.mark()?);
                Some(Self::Part { index, mark, path: words.path(false)? })
            }
            "number" => Some(Self::Number { index: words.number()?, number: words.0.parse().ok()? }),
            _ => None,
        }
    }
}

/// The name that a number stands for.
pub(super) fn numbered(name: &str, number: u32) -> String {
    if number < 2 { name.to_owned() } else { free_name(name, number) }
}

/// Finds final names that are free in the destination now, and each used once in the plan.
#[derive(Debug)]
pub(super) struct FreeNames {
    /// The offered names, which nothing else may get, and those that were given.
    known: HashSet<String>,
}

impl FreeNames {
    /// With the names that belong to somebody.
    pub(super) fn new(own: impl Iterator<Item = String>) -> Self {
        Self { known: own.collect() }
    }

    /// The number of the first free one of `wanted`, `wanted (2)`, `wanted (3)`…
    pub(super) fn find(&mut self, destination: &OwnedFd, wanted: &str) -> Result<u32, LandingError> {
        if !is_taken(destination, wanted)? {
            return Ok(1);
        }
        for number in 2..=LAST_NUMBER {
            let name = free_name(wanted, number);
            if !self.known.contains(&name) && !is_taken(destination, &name)? {
                self.known.insert(name);
                return Ok(number);
            }
        }
        Err(LandingError::NoFreeName { name: wanted.into() })
    }
}

/// True when anything has this name, be it a link to nowhere.
fn is_taken(folder: &OwnedFd, name: &str) -> Result<bool, LandingError> {
    match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(_) => Ok(true),
        Err(Errno::NOENT) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
