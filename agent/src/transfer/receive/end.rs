//! How the taking of a transfer comes to an early end, and the waits in which that may happen.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use airhatch_wire::frame::FrameError;
use airhatch_wire::peer::PeerWord;
use airhatch_wire::{Failure, Untrusted};
use tokio::time::{interval, timeout};

use crate::hub::SessionOrder;
use crate::peer::{KEEPALIVE, PeerLink, WORD_TIME, frame_failure};

/// Why taking a transfer ended early.
pub(super) enum End {
    /// The connection is of no use any more; the sender comes again.
    Broken,
    /// The hub said drop, or is gone.
    Dropped,
    /// The sender called it off.
    Cancelled(Untrusted<String>),
    /// This side called it off, and must say so.
    CalledOff(Untrusted<String>),
    /// This side paused it, and must say so.
    PausedHere,
    /// The sender paused it.
    PausedThere,
    /// It cannot go on; the sender is to be told.
    Failed(Failure),
    /// The thread has ended by itself: its outcome says why.
    ThreadEnded,
}

impl From<FrameError> for End {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::Io(_) | FrameError::Silence => Self::Broken,
            other => Self::Failed(frame_failure(&other)),
        }
    }
}

/// While bytes move only an order that stops them makes sense.
pub(super) fn stop_order(order: Option<SessionOrder>) -> Result<(), End> {
    match order {
        Some(SessionOrder::Cancel(reason)) => Err(End::CalledOff(reason)),
        Some(SessionOrder::Pause) => Err(End::PausedHere),
        Some(SessionOrder::Refuse(failure)) => Err(End::Failed(failure)),
        Some(SessionOrder::Drop) | None => Err(End::Dropped),
        Some(_) => Ok(()),
    }
}

/// Waits for work that nothing stops any more, and shows the sender now and then that somebody is here.
pub(super) async fn give_signs<T>(
    link: &mut PeerLink,
    durable: Arc<AtomicU64>,
    work: impl Future<Output = T>,
) -> T {
    let mut work = std::pin::pin!(work);
    let mut signs = interval(KEEPALIVE);
    signs.tick().await;
    loop {
        tokio::select! {
            done = &mut work => return done,
            _ = signs.tick() => {
                let durable = durable.load(Ordering::Relaxed);
                // A sender that is gone comes again, and is told then.
                let _gone = timeout(WORD_TIME, link.send(&PeerWord::Ack { durable })).await;
            }
        }
    }
}

/// The next word, which must come soon.
pub(super) async fn next(link: &mut PeerLink) -> Result<PeerWord, End> {
    timeout(WORD_TIME, link.receive()).await.map_err(|_| End::Broken)??.ok_or(End::Broken)
}
