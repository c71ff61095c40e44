//! The shell around the hub: carries its outputs out, in order, and feeds it what comes of them.
//!
//! One task owns the hub. Everything slow (CA, contacts, vault, files) runs in tasks of its own and reports back. What
//! the hub wants remembered is on disk before anything it says afterwards is said.

mod account;
mod memory;
mod tasks;

use std::collections::HashMap;
use std::io;

use airhatch_wire::control::{FromAgent, Phase};
use airhatch_wire::{Code, Failure, TransferId, UnixMillis};
use tokio::net::UnixListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Duration, timeout};

use crate::config::{Folders, RunArgs};
use crate::control::{self, FrontEvent};
use crate::drop;
use crate::hub::{Ask, FrontId, Hub, Input, Output, SessionOrder};
use crate::open::Fresh;
use crate::startup::Begun;
use crate::vault::Vault;
use memory::Change;

/// Reports that may wait for the hub.
const REPORTS: usize = 1024;

/// How long fronts may take to read their last words.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What reaches the shell.
pub(crate) enum Happened {
    /// Something for the hub.
    Input(Input),
    /// The vault opened: keys and store for the shell, memories for the hub.
    Opened(Option<Ask>, Result<Box<Fresh>, Failure>),
}

/// The running agent of one account.
pub struct Agent {
    hub: Hub,
    folders: Folders,
    args: RunArgs,
    fronts: HashMap<FrontId, mpsc::Sender<FromAgent>>,
    account: Option<account::Open>,
    happened: mpsc::Sender<Happened>,
    work: JoinSet<()>,
    unflushed: bool,
    /// What the store has not taken yet.
    owed: Vec<Change>,
    /// Landings whose outcome is not on the disk yet.
    unclosed: Vec<TransferId>,
    trouble: Option<Failure>,
    /// What is being decided now changes what is remembered.
    changing: bool,
    ending: Option<Option<Ask>>,
}

/// Runs an agent until it is told to end.
///
/// # Errors
/// When its control socket cannot be used.
pub async fn run(args: RunArgs, begun: Begun, stop: impl Future<Output = ()>) -> io::Result<()> {
    let Begun { mut log, door, passphrase, jail } = begun;
    let folders = args.folders();
    let listener = UnixListener::from_std(door)?;
    let (events_sender, mut events) = mpsc::channel(REPORTS);
    let dropping =
        folders.drop.clone().map(|folder| tokio::spawn(drop::serve(folder, events_sender.clone())));
    let door = tokio::spawn(control::serve(listener, args.owner, events_sender));
    let (happened, mut reports) = mpsc::channel(REPORTS);
    let phase = if Vault::new(&folders.state).exists() { Phase::Locked } else { Phase::New };
    let mut agent = Agent {
        hub: Hub::new(phase, env!("CARGO_PKG_VERSION"), jail),
        folders,
        args,
        fronts: HashMap::new(),
        account: None,
        happened,
        work: JoinSet::new(),
        unflushed: false,
        owed: Vec::new(),
        unclosed: Vec::new(),
        trouble: None,
        changing: false,
        ending: None,
    };
    if let Some(passphrase) = passphrase {
        agent.unlock(None, passphrase);
    }
    tracing::info!(?phase, "the agent is up");
    let mut stop = std::pin::pin!(stop);
    while agent.ending.is_none() {
        let due = agent.until_wake();
        tokio::select! {
            Some(event) = events.recv() => agent.front_event(event).await,
            Some(report) = reports.recv() => agent.report(report).await,
            Some((level, text)) = log.recv() => agent.decide(Input::Logged(level, text)).await,
            () = tokio::time::sleep(due) => agent.decide(Input::Time).await,
            () = &mut stop => agent.decide(Input::Leaving).await,
            Some(_) = agent.work.join_next() => {}
        }
    }
    if let Some(dropping) = dropping {
        dropping.abort();
        // The kernel takes its time to end a watch. Nobody is told of the end before, nor finds the door closed: the
        // next agent may be started at once.
        let _aborted = dropping.await;
    }
    agent.end().await;
    door.abort();
    control::close(&agent.folders.control)
}

impl Agent {
    fn until_wake(&self) -> Duration {
        /// With nothing due, look again after an hour: the clock may have been set.
        const LONGEST: u64 = 3_600_000;
        let now = UnixMillis::now();
        // A millisecond more, so that what is due is over when looked at.
        let wait = self.hub.next_wake().map_or(LONGEST, |due| due.since(now).saturating_add(1).min(LONGEST));
        Duration::from_millis(wait)
    }

    async fn front_event(&mut self, event: FrontEvent) {
        let input = match event {
            FrontEvent::Attached(front, words) => {
                self.fronts.insert(front, words);
                Input::FrontAttached(front)
            }
            FrontEvent::Left(front) => {
                self.fronts.remove(&front);
                Input::FrontLeft(front)
            }
            FrontEvent::Asked(ask, command) => Input::Asked(ask, command),
        };
        self.decide(input).await;
    }

    async fn report(&mut self, report: Happened) {
        match report {
            Happened::Input(input) => self.decide(input).await,
            Happened::Opened(ask, Err(failure)) => self.decide(Input::Opened(ask, Err(failure))).await,
            Happened::Opened(ask, Ok(fresh)) => {
                let opened = Box::new(fresh.opened.clone());
                match self.settle_in(*fresh).await {
                    Ok(addresses) => {
                        self.decide(Input::Opened(ask, Ok(opened))).await;
                        self.decide(Input::Listening(addresses)).await;
                    }
                    Err(failure) => self.decide(Input::Opened(ask, Err(failure))).await,
                }
            }
        }
    }

    /// Lets the hub decide and does what it says.
    async fn decide(&mut self, input: Input) {
        let outputs = self.hub.handle(UnixMillis::now(), input);
        self.changing = outputs.iter().any(|output| matches!(output, Output::Put(_) | Output::Remove(_)));
        for output in outputs {
            self.carry_out(output).await;
        }
        self.flush().await;
    }

    async fn carry_out(&mut self, output: Output) {
        match output {
            // While the delivery is not on the disk, the landing's plan is what a restart goes by.
            Output::CloseLanding(transfer) if !self.flushed().await => self.unclosed.push(transfer),
            Output::Put(record) => self.remember(Change::Put(record)).await,
            Output::Remove(name) => self.remember(Change::Remove(name)).await,
            other => {
                self.flush().await;
                self.act(self.as_far_as_remembered(other));
            }
        }
    }

    /// Nobody is told of a success that a restart would forget: what could not be stored is a failure to a front,
    /// and "try again" to a peer. The hub's memory stays ahead of the disk until the next flush that succeeds.
    fn as_far_as_remembered(&self, output: Output) -> Output {
        let Some(trouble) = self.trouble.clone() else { return output };
        match output {
            Output::Answer(ask, Ok(_)) if self.changing => Output::Answer(ask, Err(trouble)),
            Output::Order(
                session,
                SessionOrder::Record
                | SessionOrder::Accept(_)
                | SessionOrder::Wait
                | SessionOrder::Deny(_)
                | SessionOrder::Receipt { .. },
            ) => {
                let later = Failure::new(Code::TryAgain, "the recipient's disk is full");
                Output::Order(session, SessionOrder::Refuse(later.hint("it is tried again by itself")))
            }
            other => other,
        }
    }

    fn act(&mut self, output: Output) {
        match output {
            Output::Answer(Ask { front, id }, outcome) => self.tell(front, FromAgent::Answer { id, outcome }),
            Output::Tell(front, event) => self.tell(front, FromAgent::Event(event)),
            Output::Enroll { ask, email, authority, authority_fingerprint, code, passphrase } => {
                let fingerprint = authority_fingerprint;
                let new = crate::open::NewAccount { email, authority, fingerprint, code, passphrase };
                self.enroll(ask, new);
            }
            Output::Unlock(ask, passphrase) => self.unlock(Some(ask), passphrase),
            Output::Leave(ask) => self.ending = Some(ask),
            other => self.act_in_account(other),
        }
    }

    /// A front that does not read is let go: closing its channel closes its connection.
    fn tell(&mut self, front: FrontId, word: FromAgent) {
        if self.fronts.get(&front).is_some_and(|words| words.try_send(word).is_err()) {
            tracing::warn!("a front does not read what it is told, and is let go");
            self.fronts.remove(&front);
        }
    }

    /// Says goodbye: the CA hears that the account is gone, keys and connections go, fronts get their last answer.
    async fn end(&mut self) {
        if let Some(account) = self.account.take() {
            account.close().await;
            if !Vault::new(&self.folders.state).exists()
                && let Err(error) = std::fs::remove_dir_all(self.folders.state.join("store"))
            {
                tracing::warn!(%error, "the removed account's records stay behind, without their key");
            }
        }
        self.work.shutdown().await;
        if let Some(Some(Ask { front, id })) = self.ending {
            let outcome = Ok(airhatch_wire::control::Reply::Done);
            self.tell(front, FromAgent::Answer { id, outcome });
        }
        let fronts: Vec<_> = self.fronts.drain().map(|(_, words)| words).collect();
        let read = async {
            for words in fronts {
                // Every place of the queue is free again when the writer has taken the last word.
                let _all = words.reserve_many(control::QUEUE).await;
            }
        };
        if timeout(LAST_WORDS, read).await.is_err() {
            tracing::debug!("a front did not read its last words");
        }
        // The writer has the last word in hand: one turn lets it reach the socket.
        tokio::task::yield_now().await;
        tracing::info!("the agent ends");
    }
}

/// The account is not open: nothing that needs it can be done.
pub(crate) fn closed() -> Failure {
    Failure::new(Code::NotLoggedIn, "the account is locked").hint("log in with: airhatch login")
}
