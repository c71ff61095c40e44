//! Whose turn it is with the parts of an arriving transfer: a new connection must not write to what the thread of the
//! one before it still holds, and nothing is discarded under a thread that writes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use airhatch_wire::TransferId;
use tokio::sync::{Mutex as Turn, OwnedMutexGuard};

/// The turns of all arriving transfers of an account.
#[derive(Default)]
pub struct Turns(Mutex<HashMap<TransferId, Arc<Turn<()>>>>);

impl Turns {
    /// Waits for the turn with a transfer; it lasts until the guard is dropped.
    pub async fn take(&self, transfer: TransferId) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            Arc::clone(turns.entry(transfer).or_default())
        };
        turn.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn one_at_a_time_for_each_transfer_and_nothing_is_left_behind() {
        let turns = Turns::default();
        let (one, two) = (TransferId([1; 16]), TransferId([2; 16]));
        let first = turns.take(one).await;
        let _other = turns.take(two).await;
        assert!(turns.take(one).now_or_never().is_none(), "it is somebody else's turn");
        drop(first);
        drop(turns.take(one).await);
        let _third = turns.take(TransferId([3; 16])).await;
        assert!(turns.0.lock().is_ok_and(|turns| !turns.contains_key(&one)));
    }
}
