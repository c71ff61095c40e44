//! Requests under way on one link, and who listens to its events. Holds no I/O: the link's tasks feed it.
//!
//! A request that nobody waits for any more leaves the table at once; its answer, should it come, is dropped.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use airhatch_wire::{Failure, Untrusted};
use tokio::sync::{mpsc, oneshot};

/// A word about a request before its answer.
pub(super) enum Step {
    /// Bytes done, and bytes in all.
    Bytes(u64, u64),
    /// What those say who do the work.
    Line(Untrusted<String>),
}

/// What an answered request yields.
pub(super) type Outcome<A> = Result<A, Failure>;

/// The shared table of one link: answers of type `A`, events of type `E`.
pub(super) struct Exchange<A, E> {
    state: Mutex<State<A, E>>,
}

struct State<A, E> {
    last_id: u32,
    waiting: HashMap<u32, Waiting<A>>,
    listeners: Vec<mpsc::UnboundedSender<E>>,
    closed: Option<Failure>,
}

struct Waiting<A> {
    answer: oneshot::Sender<Outcome<A>>,
    progress: Option<mpsc::UnboundedSender<Step>>,
}

/// One request in the table; leaves it when dropped.
pub(super) struct Call<A, E> {
    /// The id to send along.
    pub(super) id: u32,
    answer: oneshot::Receiver<Outcome<A>>,
    exchange: Arc<Exchange<A, E>>,
}

impl<A, E: Clone> Exchange<A, E> {
    /// An empty table.
    pub(super) fn new() -> Arc<Self> {
        let state = State { last_id: 0, waiting: HashMap::new(), listeners: Vec::new(), closed: None };
        Arc::new(Self { state: Mutex::new(state) })
    }

    /// Enters a request.
    ///
    /// # Errors
    /// The reason why the link ended, when it has.
    pub(super) fn call(
        self: &Arc<Self>,
        progress: Option<mpsc::UnboundedSender<Step>>,
    ) -> Outcome<Call<A, E>> {
        let mut state = self.state();
        if let Some(reason) = &state.closed {
            return Err(reason.clone());
        }
        let (sender, answer) = oneshot::channel();
        let mut id = state.last_id.wrapping_add(1);
        while state.waiting.contains_key(&id) {
            id = id.wrapping_add(1);
        }
        state.last_id = id;
        state.waiting.insert(id, Waiting { answer: sender, progress });
        Ok(Call { id, answer, exchange: Arc::clone(self) })
    }

    /// Settles a request; an id that nobody waits for is ignored.
    pub(super) fn answer(&self, id: u32, outcome: Outcome<A>) {
        let waiting = self.state().waiting.remove(&id);
        if let Some(waiting) = waiting {
            // The caller may have gone in this very moment.
            let _ = waiting.answer.send(outcome);
        }
    }

    /// Tells a request's caller how far it is.
    pub(super) fn progress(&self, id: u32, step: Step) {
        if let Some(progress) = self.state().waiting.get(&id).and_then(|waiting| waiting.progress.as_ref()) {
            let _ = progress.send(step);
        }
    }

    /// A new listener to everything that happens from now on; `last_word` at once when the link has ended.
    pub(super) fn listen(&self, last_word: E) -> mpsc::UnboundedReceiver<E> {
        let (sender, receiver) = mpsc::unbounded_channel();
        let mut state = self.state();
        if state.closed.is_some() {
            let _ = sender.send(last_word);
        } else {
            state.listeners.push(sender);
        }
        receiver
    }

    /// Tells every listener.
    pub(super) fn tell(&self, event: &E) {
        self.state().listeners.retain(|listener| listener.send(event.clone()).is_ok());
    }

    /// Ends everything: each waiting request fails with `reason`, each listener hears `last_word`.
    pub(super) fn close(&self, reason: &Failure, last_word: &E) {
        let mut state = self.state();
        if state.closed.is_some() {
            return;
        }
        state.closed = Some(reason.clone());
        for (_, waiting) in state.waiting.drain() {
            let _ = waiting.answer.send(Err(reason.clone()));
        }
        for listener in state.listeners.drain(..) {
            let _ = listener.send(last_word.clone());
        }
    }

    fn state(&self) -> MutexGuard<'_, State<A, E>> {
        // Nothing in here can stop half-way, so a poisoned table is still a good one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<A, E> Call<A, E> {
    /// Waits for the answer.
    ///
    /// # Errors
    /// What the other side refused with, or why the link ended.
    pub(super) async fn answer(&mut self) -> Outcome<A> {
        match (&mut self.answer).await {
            Ok(outcome) => outcome,
            Err(_) => {
                Err(Failure::new(airhatch_wire::Code::Internal, "a request was lost inside this program"))
            }
        }
    }
}

impl<A, E> Drop for Call<A, E> {
    fn drop(&mut self) {
        self.exchange.state.lock().unwrap_or_else(PoisonError::into_inner).waiting.remove(&self.id);
    }
}
