//! Airhatch itself: two agents that know each other, the recipient's policy taking everything. A delivery is measured
//! from the sender's command to the receipt; staging is over then, as a warden stages by reference where it can.

use std::fs;
use std::time::{Duration, Instant};

use airhatch_tests::{Agent, World, befriend};
use airhatch_wire::StageId;
use airhatch_wire::control::{Command, Event, Policy, Reply, TransferState};

use crate::disk::{Work, copy};
use crate::programs;

/// Two agents and their world.
pub(crate) struct Pair {
    sender: Agent,
    recipient: Agent,
    _world: World,
    /// The peaks are those of deliveries alone.
    peaks_of_deliveries: bool,
}

impl Pair {
    pub(crate) async fn start() -> Self {
        let world = World::new().await;
        let (sender, recipient) =
            tokio::join!(world.agent("ann@example.org"), world.agent("bob@example.org"));
        befriend(&sender, &recipient).await;
        recipient.verify(&sender.email).await;
        recipient.policy(Policy::Verified { max_bytes: u64::MAX }).await;
        sender.ping(&recipient.email).await.unwrap();
        let ids = [&sender, &recipient].map(|agent| agent.program.id());
        let peaks_of_deliveries = ids.map(programs::forget_peak).iter().all(Result::is_ok);
        Self { sender, recipient, _world: world, peaks_of_deliveries }
    }

    /// Delivers a work; how long it took.
    ///
    /// # Errors
    /// Why it was not delivered.
    pub(crate) async fn deliver(&self, work: &Work) -> Result<Duration, String> {
        let stage = self.sender.stage(&[]);
        copy(&work.folder, &self.sender.stage_folder(stage)).unwrap();
        let outcome = self.send(stage).await;
        let arrived =
            outcome.as_ref().map_err(Clone::clone).and_then(|_| work.compare(self.recipient.inbox()));
        for entry in fs::read_dir(self.recipient.inbox()).unwrap().flatten() {
            if entry.file_name() == ".incoming" {
                continue;
            }
            let is_folder = entry.file_type().unwrap().is_dir();
            if is_folder { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) }.unwrap();
        }
        fs::remove_dir_all(self.sender.stage_folder(stage)).unwrap();
        arrived.and(outcome)
    }

    async fn send(&self, stage: StageId) -> Result<Duration, String> {
        let mut control = self.sender.connect().await.unwrap();
        control.ask(Command::Watch { attending: false }).await.unwrap();
        let (to, note) = (self.recipient.email.clone(), String::new());
        let begun = Instant::now();
        let sent = control.ask(Command::Send { to, stage, note, lifetime: None }).await;
        let Reply::Transfer(view) = sent.map_err(|failure| failure.message.shown())? else {
            return Err("an answer that does not fit".to_owned());
        };
        let over = |event: &Event| match event {
            Event::TransferChanged(now) if now.id == view.id && now.state.is_over() => {
                Some(now.state.clone())
            }
            _ => None,
        };
        match control.event("the end of a delivery", over).await {
            TransferState::Delivered { .. } => Ok(begun.elapsed()),
            TransferState::Failed(failure) => Err(failure.message.shown()),
            other => Err(format!("{other:?}")),
        }
    }

    /// Processor time of both agents since their start.
    pub(crate) fn processor_time(&self) -> Duration {
        [&self.sender, &self.recipient].map(|agent| programs::processor_time(agent.program.id())).iter().sum()
    }

    /// The most memory that each agent had.
    pub(crate) fn peaks(&self) -> String {
        let peak = |agent: &Agent| programs::peak(agent.program.id());
        let login = if self.peaks_of_deliveries { "" } else { ", the login included" };
        format!("{} sending, {} receiving{login}", peak(&self.sender), peak(&self.recipient))
    }
}
