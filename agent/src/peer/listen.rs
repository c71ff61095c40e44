//! Being called: one listener, a bounded number of guests, each served in a task of its own. A silent or slow guest
//! costs its place for a bounded time and nothing else, and as long as nobody knows who it is, not even that ([`rooms`]).

mod rooms;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use airhatch_wire::link::Link;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Duration, sleep};

use self::rooms::Room;
use super::{Surroundings, dial, session};
use crate::hub::{Input, SessionId, SessionOrder};
use crate::keys::pin_of;

/// Guests at one time, where this process may have as many files open as that takes.
const GUESTS: usize = 4096;

/// Guests that have not proven who they are yet, in each of the two rooms.
const STRANGERS: usize = 256;

/// Where those are.
struct Rooms {
    /// Who has not sent anything.
    doorstep: Room,
    /// Whose handshake goes on.
    lobby: Room,
}

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
    let places = Arc::new(Semaphore::new(most_guests()));
    let rooms = Arc::new(Rooms { doorstep: Room::new(STRANGERS), lobby: Room::new(STRANGERS) });
    let mut guests = JoinSet::new();
    let mut next = 0;
    loop {
        while guests.try_join_next().is_some() {}
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
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
        let (around, sessions, rooms) = (Arc::clone(&around), sessions.clone(), Arc::clone(&rooms));
        guests.spawn(async move {
            let _place = place;
            welcome(stream, &rooms, SessionId(next), &around, &sessions).await;
        });
    }
}

/// Half of the files that may be open; a transfer needs a few more than its connection.
fn most_guests() -> usize {
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let half = files.and_then(|files| usize::try_from(files / 2).ok()).unwrap_or(GUESTS);
    half.clamp(1, GUESTS)
}

async fn welcome(
    stream: TcpStream,
    rooms: &Rooms,
    id: SessionId,
    around: &Surroundings,
    sessions: &Sessions,
) {
    dial::set_options(&stream);
    let waited = rooms.doorstep.host(id, stream.peek(&mut [0])).await;
    if !matches!(waited, Some(Ok(1))) {
        return tracing::debug!("a caller had nothing to say");
    }
    let papers = around.unlocked.papers();
    let handshake = async {
        let (tls, certificate) = papers.peers.accept(stream).await.map_err(|error| error.to_string())?;
        let link = Link::answer(tls).await.map_err(|error| error.to_string())?;
        Ok::<_, String>((link, certificate))
    };
    let (link, certificate) = match rooms.lobby.host(id, handshake).await {
        Some(Ok(greeted)) => greeted,
        Some(Err(reason)) => return tracing::debug!(reason, "a caller was turned away"),
        None => return tracing::debug!("a caller was too slow"),
    };
    let orders = sessions.enter(id);
    around.report(Input::Arrived(id, pin_of(&certificate))).await;
    session::serve(link, &certificate, id, around, orders).await;
    sessions.leave(id);
    around.report(Input::SessionEnded(id)).await;
}
