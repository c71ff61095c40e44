//! Signals that end, stop or continue the program.

use std::io;

use rustix::process::{Signal as Number, getpid, kill_process};
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

/// The number of SIGHUP: also what a terminal that went away means.
pub(super) const HANG_UP: u8 = 1;
const INTERRUPT: u8 = 2;
const TERMINATE: u8 = 15;

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// To end; with its number.
    End(u8),
    /// To stop, until it may go on.
    Stop,
    /// It goes on after somebody else stopped it.
    Continue,
}

/// All signals that are listened to.
pub(super) struct Signals {
    interrupt: Stream,
    terminate: Stream,
    hang_up: Stream,
    stop: Stream,
    go_on: Stream,
}

impl Signals {
    /// Begins to listen.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            stop: signal(SignalKind::from_raw(Number::TSTP.as_raw()))?,
            go_on: signal(SignalKind::from_raw(Number::CONT.as_raw()))?,
        })
    }

    /// The next one.
    pub(super) async fn next(&mut self) -> Signal {
        tokio::select! {
            Some(()) = self.terminate.recv() => Signal::End(TERMINATE),
            Some(()) = self.hang_up.recv() => Signal::End(HANG_UP),
            Some(()) = self.interrupt.recv() => Signal::End(INTERRUPT),
            Some(()) = self.stop.recv() => Signal::Stop,
            Some(()) = self.go_on.recv() => Signal::Continue,
            else => std::future::pending().await,
        }
    }
}

/// Stops this process here and now; returns when it may go on. Not its whole job, which the jail does not let it signal:
/// a shell sees that its job has stopped; whatever else waits for this program gets the next Ctrl-Z itself.
pub(super) fn stop_this_process() {
    let _ = kill_process(getpid(), Number::STOP);
}
