//! The front's jail: it opens what it is given here and its terminal, nothing else, and talks only through the
//! sockets it already holds or is handed.
//!
//! Called by the front's `main` after everything that needs the free system: paths and time zone resolved, folders
//! made, the warden started over its socket pair. Before the runtime has a thread, and before a word of a stranger.

use std::path::{Path, PathBuf};

pub use crate::landlock::OpenFolder;
use crate::landlock::{Closed, Fence, KEEP, READ, TERMINAL, resolved};
use crate::{JailError, Profile, Report, process, seccomp};

/// The controlling terminal: its size is asked on every draw.
const TERMINAL_DEVICE: &str = "/dev/tty";

/// This program's own file: a backtrace takes its names from it.
const OWN_PROGRAM: &str = "/proc/self/exe";

/// What the front may still open. Links in these paths are followed once, when the jail is entered.
#[derive(Clone, Debug, Default)]
pub struct FrontPaths {
    /// Files and folders that the user may pick from, to be read only. One that is missing becomes a note.
    pub readable: Vec<PathBuf>,
    /// Folders that stay closed wherever they lie: of all accounts, and of a CA that runs here. They need not be there
    /// yet.
    pub closed: Vec<PathBuf>,
    /// Folders for the front's own settings and log, to be read and written. They must be there.
    pub own: Vec<PathBuf>,
    /// Time zone data, to be read; skipped where missing.
    pub zone_data: Vec<PathBuf>,
}

/// The jail, entered.
#[derive(Debug)]
pub struct Entered {
    /// What it turned out to be.
    pub report: Report,
    /// The folders on the way to a closed one. Their paths can no longer be opened; these descriptors list them. Their
    /// other entries can be opened as ever.
    pub along_the_way: Vec<OpenFolder>,
}

/// Enters the jail, for good.
///
/// # Errors
/// [`JailError`]; the process should end then.
pub fn enter(paths: &FrontPaths) -> Result<Entered, JailError> {
    let closed = Closed::resolve(&paths.closed)?;
    process::give_up_privileges()?;
    let mut fence = Fence::begin(Profile::Front)?;
    let mut along_the_way = Vec::new();
    for root in &paths.readable {
        along_the_way.extend(fence.allow_reading(root, &closed)?);
    }
    for own in &paths.own {
        fence.allow(&apart(own, &closed)?, KEEP)?;
    }
    for zone in paths.zone_data.iter().filter(|zone| zone.exists()) {
        fence.allow(&apart(zone, &closed)?, READ)?;
    }
    fence.allow_if_there(Path::new(TERMINAL_DEVICE), TERMINAL)?;
    fence.allow_if_there(Path::new(OWN_PROGRAM), READ)?;
    let (files, notes) = fence.close()?;
    let system_calls = seccomp::restrict(Profile::Front)?;
    Ok(Entered { report: Report { profile: Profile::Front, files, system_calls, notes }, along_the_way })
}

/// The real path, which must have nothing to do with a closed folder: a rule reaches all that is below.
fn apart(path: &Path, closed: &Closed) -> Result<PathBuf, JailError> {
    let real = resolved(path)?;
    if closed.holds(&real) || closed.is_in(&real) { Err(JailError::Overlap(real)) } else { Ok(real) }
}
