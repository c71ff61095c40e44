//! The drop folder: what is put into `drop/<contact's email>/` is offered to that contact and ends in `drop/.sent`, with
//! a line in `.sent/log.jsonl` that says how; what cannot be sent ends in `drop/.refused`.
//!
//! To the hub this task is a front like any other, without a person: it watches, sends and is told. `shelf` moves things
//! about on the disk, `settle` says when something is written to its end, `watch` hears that something may have changed.
//! Everything under way is in `.sending/<stage>`, so that a start after any end takes it up where it was. Must never
//! know: keys, the network, what becomes of an offer other than by the hub's words.

mod settle;
mod shelf;
mod watch;

use std::collections::HashMap;
use std::path::PathBuf;

use airhatch_wire::control::{Command, Event, FromAgent, Phase, Reply, TransferState, TransferView};
use airhatch_wire::{Code, Failure, StageId};
use tokio::sync::mpsc;
use tokio::time::{Duration, Instant, sleep_until};

use crate::control::{FrontEvent, QUEUE};
use crate::hub::{Ask, FrontId};
use settle::Settling;
use shelf::{Found, Outcome, Sending, Shelf};
use watch::Watch;

pub(crate) use shelf::stages;

/// Its number among the fronts; those of the control socket count from 1.
const FRONT: FrontId = FrontId(0);

/// How often is looked while something is being written, or waits for another try.
const SOON: Duration = Duration::from_millis(500);

/// How often is looked when nothing was heard: the kernel may have no watch to give.
const SELDOM: Duration = Duration::from_secs(60);

/// How long after a refusal that may pass it is tried again.
const AGAIN: Duration = Duration::from_secs(30);

/// Serves a drop folder until the agent ends.
pub(crate) async fn serve(root: PathBuf, events: mpsc::Sender<FrontEvent>) {
    let shelf = match Shelf::open(root) {
        Ok(shelf) => shelf,
        Err(error) => return tracing::error!(%error, "the drop folder cannot be used"),
    };
    let mut watch = Watch::begin();
    loop {
        let (words, mut queue) = mpsc::channel(QUEUE);
        if events.send(FrontEvent::Attached(FRONT, words)).await.is_err() {
            return;
        }
        let mut desk = Desk::new(shelf.clone(), events.clone());
        desk.ask(Command::Watch { attending: false }).await;
        loop {
            tokio::select! {
                word = queue.recv() => match word {
                    Some(word) => desk.heard(word).await,
                    // The hub has let this front go, as one that does not keep up; it begins anew.
                    None => break,
                },
                () = watch.changed() => desk.look_in(SOON),
                () = sleep_until(desk.due) => desk.look(&mut watch).await,
            }
        }
        if events.is_closed() {
            return;
        }
    }
}

/// What this front knows since it attached.
struct Desk {
    shelf: Shelf,
    events: mpsc::Sender<FrontEvent>,
    settling: Settling,
    /// Everything in `.sending`.
    under_way: HashMap<StageId, Sending>,
    /// Transfers of those, as the hub told of them.
    known: HashMap<StageId, TransferView>,
    /// Questions whose answer is awaited.
    asked: HashMap<u32, Question>,
    last: u32,
    /// The account is open, and what the hub knows was told.
    open: Openness,
    /// When to look again, unless something is heard before.
    due: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Openness {
    Closed,
    /// Everything that is known is being told.
    Opening,
    Open,
}

/// What was asked.
enum Question {
    /// Whether everything has been told.
    Told,
    /// To send this.
    Send(StageId),
    /// Something whose answer says nothing.
    Other,
}

impl Desk {
    fn new(shelf: Shelf, events: mpsc::Sender<FrontEvent>) -> Self {
        let under_way = shelf.under_way().into_iter().map(|sending| (sending.stage, sending)).collect();
        Self {
            shelf,
            events,
            settling: Settling::default(),
            under_way,
            known: HashMap::new(),
            asked: HashMap::new(),
            last: 0,
            open: Openness::Closed,
            due: Instant::now() + SELDOM,
        }
    }

    fn look_in(&mut self, time: Duration) {
        self.due = self.due.min(Instant::now() + time);
    }

    async fn ask(&mut self, command: Command) {
        self.ask_about(command, Question::Other).await;
    }

    async fn ask_about(&mut self, command: Command, question: Question) {
        self.last += 1;
        self.asked.insert(self.last, question);
        let ask = Ask { front: FRONT, id: self.last };
        // When nobody listens the agent is ending.
        let _ending = self.events.send(FrontEvent::Asked(ask, command)).await;
    }

    async fn heard(&mut self, word: FromAgent) {
        match word {
            FromAgent::Event(Event::AccountChanged(account)) => match (account.phase, self.open) {
                (Phase::Ready, Openness::Closed) => {
                    self.open = Openness::Opening;
                    // Its answer comes after every event that the opening brought.
                    self.ask_about(Command::Status, Question::Told).await;
                }
                (Phase::Ready, _) => {}
                _ => self.open = Openness::Closed,
            },
            FromAgent::Event(Event::TransferChanged(view)) => self.changed(*view),
            FromAgent::Answer { id, outcome } => match self.asked.remove(&id) {
                Some(Question::Told) => {
                    self.open = Openness::Open;
                    self.look_in(Duration::ZERO);
                }
                Some(Question::Send(stage)) => self.answered(stage, outcome),
                Some(Question::Other) | None => {}
            },
            FromAgent::Event(_) => {}
        }
    }

    /// A transfer of something dropped is in another state.
    fn changed(&mut self, view: TransferView) {
        let Some(stage) = view.stage.filter(|stage| self.under_way.contains_key(stage)) else { return };
        if !view.state.is_over() {
            self.known.insert(stage, view);
            return;
        }
        self.known.remove(&stage);
        if let Some(sending) = self.under_way.remove(&stage) {
            self.put_away(&sending, &Outcome::of(&view));
        }
    }

    fn answered(&mut self, stage: StageId, outcome: Result<Reply, Failure>) {
        match outcome {
            Ok(Reply::Transfer(view)) => self.changed(*view),
            Err(failure) if may_pass(failure.code) => self.look_in(AGAIN),
            Err(failure) => {
                if let Some(sending) = self.under_way.remove(&stage) {
                    self.put_away(&sending, &Outcome::refused(&failure));
                }
            }
            Ok(_) => tracing::warn!("an answer does not fit what the drop folder asked"),
        }
    }

    fn put_away(&mut self, sending: &Sending, outcome: &Outcome) {
        if let Err(error) = self.shelf.put_away(sending, outcome) {
            tracing::warn!(%error, "something in the drop folder could not be put away; it is tried at the next start");
        }
    }

    /// Takes what is new and written to its end, and sends what is not on its way yet.
    async fn look(&mut self, watch: &mut Watch) {
        self.due = Instant::now() + SELDOM;
        if self.open != Openness::Open {
            return;
        }
        watch.follow(self.shelf.folders());
        let now = std::time::Instant::now();
        let shelf = self.shelf.clone();
        // A tree may be large.
        let seen = tokio::task::spawn_blocking(move || shelf.look()).await;
        let found = match seen.map_err(std::io::Error::other).flatten() {
            Ok(found) => found,
            Err(error) => return tracing::warn!(%error, "the drop folder cannot be read"),
        };
        for found in self.settling.settled(found, now) {
            self.take(found);
        }
        if self.settling.waits() {
            self.look_in(SOON);
        }
        self.send_what_waits().await;
    }

    fn take(&mut self, found: Found) {
        let taken = match &found.to {
            Ok(to) => self.shelf.take(&found.path, to).map(Some),
            Err(why) => self.shelf.refuse(&found.path, why).map(|()| None),
        };
        match taken {
            Ok(Some(sending)) => drop(self.under_way.insert(sending.stage, sending)),
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%error, path = ?found.path, "something in the drop folder cannot be moved, and stays there");
                self.settling.leave(found.path, found.print);
            }
        }
    }

    async fn send_what_waits(&mut self) {
        let asked: Vec<StageId> = self.asked.values().filter_map(Question::stage).collect();
        let waits = |stage: &&StageId| !self.known.contains_key(stage) && !asked.contains(stage);
        let waiting: Vec<StageId> = self.under_way.keys().filter(waits).copied().collect();
        for stage in waiting {
            let Some(to) = self.under_way.get(&stage).map(|sending| sending.to.clone()) else { continue };
            let command = Command::Send { to, stage, note: String::new(), lifetime: None };
            self.ask_about(command, Question::Send(stage)).await;
        }
    }
}

impl Question {
    const fn stage(&self) -> Option<StageId> {
        match self {
            Self::Send(stage) => Some(*stage),
            Self::Told | Self::Other => None,
        }
    }
}

impl Outcome {
    fn of(view: &TransferView) -> Self {
        let (outcome, reason) = match &view.state {
            TransferState::Delivered { .. } => ("delivered", String::new()),
            TransferState::Denied { reason } => ("denied", reason.shown()),
            TransferState::Cancelled { reason, .. } => ("cancelled", reason.shown()),
            TransferState::Expired => ("expired", String::new()),
            TransferState::Failed(failure) => ("failed", failure.message.shown()),
            _ => ("under way", String::new()),
        };
        Self { outcome, reason, transfer: Some(view.id) }
    }

    fn refused(failure: &Failure) -> Self {
        Self { outcome: "refused", reason: failure.message.shown(), transfer: None }
    }
}

/// Whether the same may be sent later without anybody doing anything about it.
const fn may_pass(code: Code) -> bool {
    matches!(code, Code::NotLoggedIn | Code::TryAgain | Code::DiskFull | Code::Internal | Code::AgentDown)
}
