//! Getting the agents' image, as a front's request: one at a time, called off when it is no longer wanted, and for nobody
//! who may have been captured.
//!
//! A front that was handed a connection to an agent hears what strangers write. Were it captured by that, it could make
//! an image of its own and have every account's next start run it, so from then on its warden gets no image for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use airhatch_wire::{Code, Failure};
use tokio_util::sync::CancellationToken;

/// What is under way in one warden.
#[derive(Clone, Debug, Default)]
pub(crate) struct Preparation {
    running: Arc<Mutex<Option<(u32, CancellationToken)>>>,
    closed: Arc<AtomicBool>,
}

impl Preparation {
    /// No image is got for this front any more.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    /// Enters a request.
    pub(crate) fn begin(&self, id: u32) -> Result<Order, Failure> {
        if self.closed.load(Ordering::Relaxed) {
            let message = "this screen has been connected to an agent, and hears what strangers write";
            return Err(Failure::new(Code::NotPermitted, message).hint(
                "end airhatch, then get the image with `airhatch engine load` or `airhatch engine build`",
            ));
        }
        let mut running = self.lock();
        if running.is_some() {
            return Err(Failure::new(Code::TryAgain, "an image is being made already")
                .hint("wait until it is ready, or call it off"));
        }
        let cancelled = CancellationToken::new();
        *running = Some((id, cancelled.clone()));
        Ok(Order { cancelled, preparation: self.clone() })
    }

    /// Calls one off; over already is fine.
    pub(crate) fn cancel(&self, id: u32) {
        if let Some((_, cancelled)) = self.lock().as_ref().filter(|(running, _)| *running == id) {
            cancelled.cancel();
        }
    }

    /// Calls off whatever is under way.
    pub(crate) fn cancel_all(&self) {
        if let Some((_, cancelled)) = self.lock().as_ref() {
            cancelled.cancel();
        }
    }

    /// The place stays whole whatever a holder did, so a panic elsewhere does not spread.
    fn lock(&self) -> MutexGuard<'_, Option<(u32, CancellationToken)>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request under way; its place is given up when this is dropped.
#[derive(Debug)]
pub(crate) struct Order {
    cancelled: CancellationToken,
    preparation: Preparation,
}

impl Order {
    /// Waits until it shall stop.
    pub(crate) async fn cancelled(&self) {
        self.cancelled.cancelled().await;
    }
}

impl Drop for Order {
    fn drop(&mut self) {
        *self.preparation.lock() = None;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn one_image_is_got_at_a_time() {
        let preparation = Preparation::default();
        let first = preparation.begin(1).unwrap();
        assert_eq!(preparation.begin(2).unwrap_err().code, Code::TryAgain);
        drop(first);
        preparation.begin(2).unwrap();
    }

    #[test]
    fn only_the_one_that_is_meant_is_called_off() {
        let preparation = Preparation::default();
        let order = preparation.begin(1).unwrap();
        preparation.cancel(2);
        assert!(!order.cancelled.is_cancelled());
        preparation.cancel(1);
        assert!(order.cancelled.is_cancelled());
    }

    #[test]
    fn a_front_that_hears_strangers_gets_no_image() {
        let preparation = Preparation::default();
        preparation.close();
        let refused = preparation.begin(1).unwrap_err();
        assert_eq!(refused.code, Code::NotPermitted);
        assert!(refused.hint.shown().contains("airhatch engine load"), "{refused}");
    }
}
