//! What a process gives up besides files and system calls: privileges from set-uid programs, core files, debuggers of
//! the same user. Called by both profiles, first.

use std::io;

use rustix::io::Errno;
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use rustix::thread::set_no_new_privs;

use crate::JailError;

/// Where the system lists the threads of this process.
const THREADS: &str = "/proc/self/task";

/// Gives all of that up, in a process with one thread.
///
/// # Errors
/// [`JailError::Threads`] when others run; [`JailError::Process`] when the system refuses, and [`JailError::Folder`]
/// when it does not say how many threads there are.
pub(crate) fn give_up_privileges() -> Result<(), JailError> {
    one_thread()?;
    refused("give up new privileges", set_no_new_privs(true))?;
    refused(
        "do without core files",
        setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }),
    )?;
    refused("keep debuggers out", set_dumpable_behavior(DumpableBehavior::NotDumpable))
}

fn one_thread() -> Result<(), JailError> {
    let count = std::fs::read_dir(THREADS)
        .and_then(|threads| threads.collect::<io::Result<Vec<_>>>())
        .map_err(|source| JailError::Folder { path: THREADS.into(), source })?
        .len();
    if count == 1 { Ok(()) } else { Err(JailError::Threads(count)) }
}

fn refused(what: &'static str, outcome: Result<(), Errno>) -> Result<(), JailError> {
    outcome.map_err(|source| JailError::Process { what, source: source.into() })
}
