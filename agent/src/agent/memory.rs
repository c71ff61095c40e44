//! What the hub wants remembered on its way to the store. A change that the store refuses, for want of room, is owed: it
//! is tried again before anything is said, so that nobody hears of what a restart would forget.

use airhatch_wire::Failure;
use tokio::task::JoinError;

use super::Agent;
use crate::hub::{Output, Record, RecordName};
use crate::store::{Store, StoreError};
use crate::transfer::offer::internal;

/// A change of what is remembered.
pub(super) enum Change {
    /// This is so now.
    Put(Box<Record>),
    /// This is no more.
    Remove(RecordName),
}

impl Change {
    fn name(&self) -> RecordName {
        match self {
            Self::Put(record) => record.name(),
            Self::Remove(name) => name.clone(),
        }
    }

    fn apply(&self, store: &Store) -> Result<(), StoreError> {
        match self {
            Self::Put(record) => store.put(&record.name().to_bytes(), &**record),
            Self::Remove(name) => store.remove(&name.to_bytes()),
        }
    }
}

/// Makes changes in order, up to the first that is refused; what is left then, and why.
fn settle(store: &Store, changes: Vec<Change>) -> (Vec<Change>, Result<(), StoreError>) {
    let mut left = changes.into_iter();
    while let Some(change) = left.next() {
        if let Err(error) = change.apply(store) {
            return (std::iter::once(change).chain(left).collect(), Err(error));
        }
    }
    (Vec::new(), Ok(()))
}

impl Agent {
    pub(super) async fn remember(&mut self, change: Change) {
        if self.account.is_none() {
            return;
        }
        self.unflushed = true;
        // What is so now takes the place of what was to be so.
        let name = change.name();
        self.owed.retain(|owed| owed.name() != name);
        self.owed.push(change);
        self.settle_owed().await;
    }

    pub(super) async fn flushed(&mut self) -> bool {
        self.flush().await;
        self.trouble.is_none()
    }

    /// Makes everything durable that was to be remembered. What fails is tried again with the next thing that happens.
    pub(super) async fn flush(&mut self) {
        if !self.unflushed || !self.settle_owed().await {
            return;
        }
        let Some(account) = &self.account else { return };
        let store = account.store.clone();
        let flushed = tokio::task::spawn_blocking(move || store.flush()).await;
        self.trouble = trouble_in(flushed);
        self.unflushed = self.trouble.is_some();
        if !self.unflushed {
            for transfer in std::mem::take(&mut self.unclosed) {
                self.act(Output::CloseLanding(transfer));
            }
        }
    }

    /// True when the store has taken everything.
    async fn settle_owed(&mut self) -> bool {
        let Some(account) = self.account.as_ref().filter(|_| !self.owed.is_empty()) else { return true };
        let (store, owed) = (account.store.clone(), std::mem::take(&mut self.owed));
        let settled = tokio::task::spawn_blocking(move || settle(&store, owed)).await;
        let (left, outcome) = match settled {
            Ok((left, outcome)) => (left, Ok(outcome)),
            Err(error) => (Vec::new(), Err(error)),
        };
        self.owed = left;
        self.trouble = trouble_in(outcome).or(self.trouble.take());
        self.owed.is_empty()
    }
}

fn trouble_in(outcome: Result<Result<(), StoreError>, JoinError>) -> Option<Failure> {
    let failure = match outcome {
        Ok(Ok(())) => return None,
        Ok(Err(error)) => Failure::from(error),
        Err(error) => internal(error),
    };
    tracing::error!(code = ?failure.code, "the store could not be written");
    Some(failure)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::hub::Settings;

    #[test]
    fn changes_are_made_in_order_and_all_of_them() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("store"), &[7; 32]).unwrap();
        let put = || Change::Put(Box::new(Record::Settings(Settings::default())));
        let (left, outcome) = settle(&store, vec![put(), Change::Remove(RecordName::Settings), put()]);
        assert!(left.is_empty() && outcome.is_ok());
        assert_eq!(store.load::<Record>().unwrap().records.len(), 1);
        let (left, outcome) = settle(&store, vec![Change::Remove(RecordName::Settings)]);
        assert!(left.is_empty() && outcome.is_ok());
        assert_eq!(store.load::<Record>().unwrap().records.len(), 0);
    }
}
