//! The way into the front's jail: what a free process does last, in its order, and then the walls, for good.
//!
//! Called by the three ways in (a command, the full-screen program, the demonstration) once the command line is read,
//! the files that it names for this program are open, and the warden runs. What follows inside begins with the first
//! word of anybody else. Must never know what is said there.

use std::path::PathBuf;

use airhatch_jail::front::{self, FrontPaths};
use airhatch_jail::{JailError, Report, Strength};
use airhatch_wire::control::{Jail, JailStrength};
use airhatch_wire::{Code, Failure, Untrusted};

use crate::home::Home;
use crate::zone::zone;

/// Does some work in the jail, which is told how that jail turned out.
///
/// Nearly nothing can be opened inside. This program keeps no settings and no log of its own, so it may write nowhere;
/// what a person picks to send is opened by the warden, which looks closer at it than a captured program would, so none
/// of it needs to be readable either. `readable` is for the demonstration, which compares what arrived with what was
/// sent. The accounts and a demonstration's CA stay closed whatever that holds.
///
/// # Errors
/// [`Code::Internal`] when the process cannot be jailed, although the kernel could; the work is not begun then.
pub(crate) fn inside<T>(
    home: &Home,
    readable: Vec<PathBuf>,
    work: impl AsyncFnOnce(Jail) -> T,
) -> Result<T, Failure> {
    // It makes its wake-up sockets now and no thread yet. Inside, no socket can be made.
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| cannot_start(&e))?;
    zone();
    let closed = vec![home.accounts(), home.authority()];
    let paths = FrontPaths { readable, closed, ..FrontPaths::default() };
    let entered = front::enter(&paths).map_err(|e| cannot_be_jailed(&e))?;
    let outcome = runtime.block_on(work(in_words(&entered.report)));
    // A question that was interrupted still waits for its answer on another thread.
    runtime.shutdown_background();
    Ok(outcome)
}

/// As agents tell about theirs.
fn in_words(report: &Report) -> Jail {
    let strength = match report.strength() {
        Strength::None => JailStrength::None,
        Strength::Partial => JailStrength::Partial,
        Strength::Whole => JailStrength::Whole,
    };
    Jail { strength, sentences: report.sentences().into_iter().map(Untrusted::new).collect() }
}

fn cannot_start(error: &std::io::Error) -> Failure {
    Failure::new(Code::Internal, format!("this program cannot start: {error}"))
        .hint("close other programs, or raise the limit of open files")
}

fn cannot_be_jailed(error: &JailError) -> Failure {
    Failure::new(Code::Internal, format!("this program cannot lock itself in: {error}"))
        .hint("it does not run unjailed where the kernel has jails; see what refuses: airhatch doctor")
}
