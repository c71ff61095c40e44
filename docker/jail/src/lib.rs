//! The walls around the two programs that meet strangers' bytes: the front and the agent.
//!
//! A jail is four things a process does to itself, in this order and for good: it gives up new privileges, core files
//! and debuggers ([`process`]); it names to Landlock every folder it will still open ([`landlock`]); and it names to
//! seccomp every system call it will still make ([`seccomp`]), all others failing with `EPERM`. The profiles are
//! [`front`] and [`agent`]; both take paths and nothing else. There is no switch, variable or flag that makes a jail
//! weaker: a kernel that lacks a part makes it so, and the [`Report`] says that in words.
//!
//! What a jail does not hide: that files are there, their names, sizes and times; Landlock guards opening and changing.
//! Nor does it guard what is open already, so nothing that leads into a closed folder may be inherited or handed in.
//!
//! [`attacks`] is the table of what the walls are for. The tests and `airhatch doctor` enter through the same doors as
//! the programs do and run it.
//!
//! Called once, early in `main`, by a process that still has one thread. Must never know what is in a file.
#![deny(unsafe_code)]

pub mod agent;
pub mod attacks;
pub mod front;
mod landlock;
mod process;
mod report;
mod seccomp;

use std::io;
use std::path::PathBuf;

pub use report::{Files, Note, Report, Strength, SystemCalls};

/// Whose jail it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// The program with the screen: opens nearly nothing; no network, no programs, no agents' folders.
    Front,
    /// The program with the keys: the network and its own folders, nothing else.
    Agent,
}

/// Why a jail could not be entered. The process may be partly jailed by then and should end.
#[derive(Debug, thiserror::Error)]
pub enum JailError {
    /// Landlock and seccomp cover the thread that asks for them, so it must be the only one.
    #[error("a jail is entered by a process with one thread, and this one has {0}")]
    Threads(usize),
    /// A folder that the profile needs cannot be opened.
    #[error("{}: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A folder lies in, or holds, another one that has stricter rules: they would not hold.
    #[error("{} and a folder with other rules lie in one another", .0.display())]
    Overlap(PathBuf),
    /// A folder lies in, or is, another one; the rules of one would reach the other.
    #[error("{} lies in {}, and each of these folders needs a place of its own", inner.display(), outer.display())]
    Nested {
        /// The one that is in the way.
        inner: PathBuf,
        /// The one that it lies in.
        outer: PathBuf,
    },
    /// The process could not give something up.
    #[error("this process cannot {what}: {source}")]
    Process {
        /// What it wanted to do.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The kernel has Landlock and refused the rules.
    #[error("the rules about files could not be set")]
    Files(#[from] ::landlock::RulesetError),
    /// The kernel has seccomp and refused the list.
    #[error("the list of system calls could not be set")]
    SystemCalls(#[from] seccompiler::Error),
}
