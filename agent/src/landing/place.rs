//! From parts to final names, as planned; safe to do again from the start after a crash at any point. First every tree
//! is filled where nobody looks, and made durable; then each file and each tree gets its one final name.

use std::os::fd::OwnedFd;
use std::path::Path;

use airhatch_wire::TransferId;
use rustix::fs::{AtFlags, FileType, RenameFlags, fsync, renameat_with, statat};
use rustix::io::Errno;

use super::incoming::{find_transfer, open_destination, open_inbox};
use super::plan::{FreeNames, Line, Mark, Plan, numbered};
use super::tree::{Filling, Unsynced, folder_of};
use super::{Landed, LandingError};

/// How many names may be taken by others between planning and renaming, in one landing.
const CONFLICTS: u32 = 1000;

/// See [`super::Landing::recover`].
pub(super) fn recover(inbox: &Path, transfer: TransferId) -> Result<Option<Landed>, LandingError> {
    let Some(folder) = find_transfer(inbox, transfer)? else { return Ok(None) };
    match Plan::open(&folder)? {
        Some(plan) => place(&open_inbox(inbox)?, &folder, plan).map(Some),
        None => Ok(None),
    }
}

/// Fills every tree, renames everything that is still here, and makes sure of what is not.
pub(super) fn place(inbox: &OwnedFd, folder: &OwnedFd, plan: Plan) -> Result<Landed, LandingError> {
    fill(folder, &plan)?;
    let destination = open_destination(inbox, plan.into.as_ref())?;
    let landed = Placing { destination, folder, plan, conflicts: 0, names: None }.run()?;
    fsync(folder)?;
    Ok(landed)
}

/// Fills the trees that have not got their final name yet; durable on return.
pub(super) fn fill(folder: &OwnedFd, plan: &Plan) -> Result<(), LandingError> {
    let mut unsynced = Unsynced::default();
    let mut filling: Option<Filling> = None;
    for line in plan.lines()? {
        match (line?, &mut filling) {
            (Line::Folder { modified, path }, Some(tree)) => tree.folder(&path, modified, &mut unsynced)?,
            (Line::Part { index, mark, path }, Some(tree)) => {
                tree.part(folder, index, mark, &path, &mut unsynced)?;
            }
            // Of a tree that has its final name.
            (Line::Folder { .. } | Line::Part { .. }, None) => {}
            (line, before) => {
                if let Some(tree) = before.take() {
                    tree.end(&mut unsynced)?;
                }
                if let Line::Tree { index, inode, modified, .. } = line {
                    filling = Filling::begin(folder, index, inode, modified)?;
                }
            }
        }
    }
    if let Some(tree) = filling {
        tree.end(&mut unsynced)?;
    }
    unsynced.finish(folder)
}

/// What gets a final name.
enum Thing {
    File(Mark),
    Tree(u64),
}

impl Thing {
    /// Whether it is what has this name.
    fn is(&self, folder: &OwnedFd, name: &str) -> Result<bool, LandingError> {
        match self {
            Self::File(mark) => Ok(Mark::of(folder, name)? == Some(*mark)),
            Self::Tree(inode) => match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => Ok(FileType::from_raw_mode(stat.st_mode).is_dir() && stat.st_ino == *inode),
                Err(Errno::NOENT) => Ok(false),
                Err(error) => Err(error.into()),
            },
        }
    }
}

/// The renames.
struct Placing<'a> {
    destination: OwnedFd,
    folder: &'a OwnedFd,
    plan: Plan,
    conflicts: u32,
    /// Made at the first conflict.
    names: Option<FreeNames>,
}

impl Placing<'_> {
    fn run(mut self) -> Result<Landed, LandingError> {
        let mut conflicts = Vec::new();
        let mut numbers = Vec::new();
        for line in self.plan.lines()? {
            let (index, number, from, thing, name) = match line? {
                Line::File { index, number, mark, name } => {
                    (index, number, index.to_string(), Thing::File(mark), name)
                }
                Line::Tree { index, number, inode, name, .. } => {
                    (index, number, folder_of(index), Thing::Tree(inode), name)
                }
                _ => continue,
            };
            if !self.rename(&from, &thing, &numbered(&name, number))? {
                conflicts.push((index, from, thing, name));
            } else if number > 1 {
                numbers.push((index, number));
            }
        }
        for (index, from, thing, name) in conflicts {
            numbers.push((index, self.settle(index, &from, &thing, &name)?));
        }
        fsync(&self.destination)?;
        numbers.retain(|(_, number)| *number > 1);
        numbers.sort_unstable();
        Ok(Landed { completion: self.plan.completion, numbers })
    }

    /// Somebody took the name: gives it another one, in the plan first.
    fn settle(&mut self, index: usize, from: &str, thing: &Thing, name: &str) -> Result<u32, LandingError> {
        loop {
            self.conflicts += 1;
            if self.conflicts > CONFLICTS {
                return Err(LandingError::NoFreeName { name: name.into() });
            }
            let mut names = match self.names.take() {
                Some(names) => names,
                None => self.all_names()?,
            };
            let number = names.find(&self.destination, name)?;
            self.names = Some(names);
            self.plan.renumber(self.folder, index, number)?;
            if self.rename(from, thing, &numbered(name, number))? {
                return Ok(number);
            }
        }
    }

    /// Every name that the plan gives or that was offered.
    fn all_names(&self) -> Result<FreeNames, LandingError> {
        let mut all = Vec::new();
        for line in self.plan.lines()? {
            if let Line::File { number, name, .. } | Line::Tree { number, name, .. } = line? {
                if number > 1 {
                    all.push(numbered(&name, number));
                }
                all.push(name);
            }
        }
        Ok(FreeNames::new(all.into_iter()))
    }

    /// False when somebody took the name.
    fn rename(&self, from: &str, thing: &Thing, name: &str) -> Result<bool, LandingError> {
        let lost = || LandingError::Lost { name: name.into() };
        match thing.is(self.folder, from)? {
            true => {}
            // Renamed before a crash: then it is where the plan says.
            false if is_gone(self.folder, from)? && thing.is(&self.destination, name)? => return Ok(true),
            false => return Err(lost()),
        }
        match renameat_with(self.folder, from, &self.destination, name, RenameFlags::NOREPLACE) {
            Ok(()) => Ok(true),
            Err(Errno::EXIST) => Ok(false),
            Err(Errno::NOENT) => Err(lost()),
            Err(error) => Err(error.into()),
        }
    }
}

fn is_gone(folder: &OwnedFd, name: &str) -> Result<bool, LandingError> {
    match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(_) => Ok(false),
        Err(Errno::NOENT) => Ok(true),
        Err(error) => Err(error.into()),
    }
}
