//! Where callers are while nobody knows who they are: on the doorstep until they send a first byte, then in the lobby for
//! their handshake. Both are bounded in places and in time, and nobody is kept waiting outside: in a full room, whoever
//! has been there longest has to go. Those who send nothing can so keep out nobody who does.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::hub::SessionId;
use crate::peer::CONNECT_TIME;

/// One room. Dropping a caller's sender tells it to go.
pub(super) struct Room {
    places: usize,
    inside: Mutex<VecDeque<(SessionId, oneshot::Sender<()>)>>,
}

impl Room {
    pub(super) fn new(places: usize) -> Self {
        Self { places, inside: Mutex::default() }
    }

    /// Lets a caller do something here; `None` when it took too long or had to go.
    pub(super) async fn host<T>(&self, caller: SessionId, work: impl Future<Output = T>) -> Option<T> {
        let told_to_go = self.enter(caller);
        let done = tokio::select! {
            done = timeout(CONNECT_TIME, work) => done.ok(),
            _ = told_to_go => None,
        };
        self.inside().retain(|(inside, _)| *inside != caller);
        done
    }

    fn enter(&self, caller: SessionId) -> oneshot::Receiver<()> {
        let (stays, told_to_go) = oneshot::channel();
        let mut inside = self.inside();
        inside.push_back((caller, stays));
        if inside.len() > self.places {
            inside.pop_front();
        }
        told_to_go
    }

    fn inside(&self) -> std::sync::MutexGuard<'_, VecDeque<(SessionId, oneshot::Sender<()>)>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn in_a_full_room_whoever_came_first_has_to_go() {
        let room = Room::new(2);
        let mut first = Box::pin(room.host(SessionId(1), pending::<()>()));
        let mut second = Box::pin(room.host(SessionId(2), pending::<()>()));
        assert_eq!(((&mut first).now_or_never(), (&mut second).now_or_never()), (None, None));
        assert_eq!(room.host(SessionId(3), ready(7)).await, Some(7));
        assert_eq!(first.await, None);
        assert_eq!((&mut second).now_or_never(), None, "the second one stays");
        assert_eq!(room.inside().len(), 1, "who has left takes no place");
    }
}
