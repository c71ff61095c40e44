//! The files whose bytes this front is sending, by the id of the request that began each. Ended one by one, for an
//! account that is being removed, or all when the front is gone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use airhatch_wire::{Code, Email, Failure};

use crate::failure;
use crate::stage::{StageError, Stream};

/// The most at once.
const STREAMS: usize = 8;

/// The files that grow.
#[derive(Clone, Debug, Default)]
pub(crate) struct Streams {
    open: Arc<Mutex<HashMap<u32, Place>>>,
}

#[derive(Debug)]
struct Place {
    account: Email,
    /// Absent while it is being begun or written to.
    stream: Option<Stream>,
}

impl Streams {
    /// Keeps a place for a file that is about to be begun.
    pub(crate) fn enter(&self, id: u32, account: &Email) -> Result<(), Failure> {
        let mut open = self.lock();
        if open.len() >= STREAMS {
            let message = format!("{STREAMS} files are being sent by the screen already");
            return Err(Failure::new(Code::TryAgain, message).hint("wait for some of them"));
        }
        if open.contains_key(&id) {
            return Err(Failure::new(Code::Invalid, format!("a file with the id {id} is being sent"))
                .hint("choose another id"));
        }
        open.insert(id, Place { account: account.clone(), stream: None });
        Ok(())
    }

    /// Takes a file out, to write to it or to stage it, if it is this account's; `None` stands for any account.
    pub(crate) fn take(&self, id: u32, account: Option<&Email>) -> Result<Stream, Failure> {
        let mut open = self.lock();
        let place = open.get_mut(&id).filter(|place| account.is_none_or(|account| place.account == *account));
        place.and_then(|place| place.stream.take()).ok_or_else(|| failure::from_stage(StageError::NoStream))
    }

    /// Puts it back; one that was called off meanwhile goes.
    pub(crate) fn put_back(&self, id: u32, stream: Stream) -> Result<(), Failure> {
        let mut open = self.lock();
        match open.get_mut(&id) {
            Some(place) => {
                place.stream = Some(stream);
                Ok(())
            }
            None => {
                drop(open);
                drop(stream);
                Err(failure::from_stage(StageError::Cancelled))
            }
        }
    }

    /// Ends one; over already is fine.
    pub(crate) fn end(&self, id: u32) {
        let ended = self.lock().remove(&id);
        drop(ended);
    }

    /// Ends all of one account.
    pub(crate) fn end_account(&self, account: &Email) {
        let ended: Vec<_> = self.lock().extract_if(|_, place| place.account == *account).collect();
        drop(ended);
    }

    /// Ends all.
    pub(crate) fn end_all(&self) {
        let ended = std::mem::take(&mut *self.lock());
        drop(ended);
    }

    /// The list stays whole whatever a holder did, so a panic elsewhere does not spread.
    fn lock(&self) -> MutexGuard<'_, HashMap<u32, Place>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
