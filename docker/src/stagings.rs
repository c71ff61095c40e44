//! The stagings under way in this warden, so that they can be cancelled: one by its request, those of an account that
//! is being removed, all when the front is gone.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use airhatch_wire::Email;

/// By the id of the request: the account, and whether the staging shall stop.
type Running = HashMap<u32, (Email, Arc<AtomicBool>)>;

/// The stagings under way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stagings {
    running: Arc<Mutex<Running>>,
}

impl Stagings {
    /// Enters a staging; `None` when its id is in use.
    pub(crate) fn begin(&self, id: u32, account: &Email) -> Option<Ticket> {
        let cancelled = Arc::new(AtomicBool::new(false));
        let mut running = self.lock();
        if running.contains_key(&id) {
            return None;
        }
        running.insert(id, (account.clone(), Arc::clone(&cancelled)));
        Some(Ticket { id, cancelled, stagings: self.clone() })
    }

    /// Cancels one; over already is fine.
    pub(crate) fn cancel(&self, id: u32) {
        if let Some((_, cancelled)) = self.lock().get(&id) {
            cancelled.store(true, Ordering::Relaxed);
        }
    }

    /// Cancels all of one account.
    pub(crate) fn cancel_account(&self, account: &Email) {
        let running = self.lock();
        for (_, cancelled) in running.values().filter(|(whose, _)| whose == account) {
            cancelled.store(true, Ordering::Relaxed);
        }
    }

    /// Cancels all.
    pub(crate) fn cancel_all(&self) {
        for (_, cancelled) in self.lock().values() {
            cancelled.store(true, Ordering::Relaxed);
        }
    }

    /// The list stays whole whatever a holder did, so a panic elsewhere does not spread.
    fn lock(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One staging's place in the list, given up when dropped.
#[derive(Debug)]
pub(crate) struct Ticket {
    id: u32,
    cancelled: Arc<AtomicBool>,
    stagings: Stagings,
}

impl Ticket {
    /// Becomes true when the staging shall stop.
    pub(crate) fn cancelled(&self) -> &AtomicBool {
        &self.cancelled
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.stagings.lock().remove(&self.id);
    }
}
