//! Being called: one listener, a bounded number of guests, each served in a task of its own. A silent or slow guest
//! costs its place for a bounded time and nothing else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use airhatch_wire::link::Link;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Duration, sleep, timeout};

use super::{CONNECT_TIME, Surroundings, dial, session};
use crate::hub::{Input, SessionId, SessionOrder};
use crate::keys::pin_of;

/// Guests at one time.
const GUESTS: usize = 4096;

/// Guests that have not proven who they are yet.
const STRANGERS: usize = 256;

/// Orders that may wait for one session.
const ORDERS: usize = 16;

/// The channels to the sessions that run.
#[derive(Clone, Default)]
pub struct Sessions(Arc<Mutex<HashMap<SessionId, mpsc::Sender<SessionOrder>>>>);

impl Sessions {
    /// Gives an order; false when the session is gone.
    #[must_use]
    pub fn order(&self, session: SessionId, order: SessionOrder) -> bool {
        let sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.get(&session).is_some_and(|orders| orders.try_send(order).is_ok())
    }

    fn enter(&self, session: SessionId) -> mpsc::Receiver<SessionOrder> {
        let (orders, receiver) = mpsc::channel(ORDERS);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(session, orders);
        receiver
    }

    fn leave(&self, session: SessionId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&session);
    }
}

/// Serves guests until the task is dropped, and all guests with it.
pub async fn listen(listener: TcpListener, around: Arc<Surroundings>, sessions: Sessions) {
    let places = Arc::new(Semaphore::new(GUESTS));
    let lobby = Arc::new(Semaphore::new(STRANGERS));
    let mut guests = JoinSet::new();
    let mut next = 0;
    loop {
        while guests.try_join_next().is_some() {}
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Ok(seat) = Arc::clone(&lobby).acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of descriptors, most likely: those who are served go on, and free some.
                tracing::warn!(%error, "a caller could not be taken");
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        next += 1;
        let (around, sessions) = (Arc::clone(&around), sessions.clone());
        guests.spawn(async move {
            let _place = place;
            welcome(stream, seat, SessionId(next), &around, &sessions).await;
        });
    }
}

async fn welcome(
    stream: TcpStream,
    seat: tokio::sync::OwnedSemaphorePermit,
    id: SessionId,
    around: &Surroundings,
    sessions: &Sessions,
) {
    dial::set_options(&stream);
    let papers = around.unlocked.papers();
    let handshake = async {
        let (tls, certificate) = papers.peers.accept(stream).await.map_err(|error| error.to_string())?;
        let link = Link::answer(tls).await.map_err(|error| error.to_string())?;
        Ok::<_, String>((link, certificate))
    };
    let outcome = timeout(CONNECT_TIME, handshake).await;
    drop(seat);
    let (link, certificate) = match outcome {
        Ok(Ok(greeted)) => greeted,
        Ok(Err(reason)) => return tracing::debug!(reason, "a caller was turned away"),
        Err(_) => return tracing::debug!("a caller was too slow"),
    };
    let orders = sessions.enter(id);
    around.report(Input::Arrived(id, pin_of(&certificate))).await;
    session::serve(link, &certificate, id, around, orders).await;
    sessions.leave(id);
    around.report(Input::SessionEnded(id)).await;
}
