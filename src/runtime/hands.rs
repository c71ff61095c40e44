//! Does what `update` asks for: every request is a task that puts its answer into the loop's inbox.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use airhatch_wire::control::{AccountView, Command, Reply};
use airhatch_wire::{Code, Email, Failure, warden};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::task::AbortHandle;

use crate::link::{AgentEvent, AgentLink, WardenEvent, WardenLink};
use crate::msg::{Attachment, Effect, Msg, Ticket};

/// The hands of the program.
pub(super) struct Hands {
    warden: WardenLink,
    agent: Slot,
    post: UnboundedSender<Msg>,
    /// What can be called off.
    work: HashMap<Ticket, AbortHandle>,
}

/// The agent that is attached, and which attachment is wanted: one that arrives too late is let go.
#[derive(Clone, Default)]
struct Slot(Arc<Mutex<(Attachment, Option<AgentLink>)>>);

impl Slot {
    fn lock(&self) -> MutexGuard<'_, (Attachment, Option<AgentLink>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn want(&self, attachment: Attachment) {
        *self.lock() = (attachment, None);
    }

    fn put(&self, attachment: Attachment, link: AgentLink) {
        let mut slot = self.lock();
        if slot.0 == attachment {
            slot.1 = Some(link);
        }
    }
}

impl Hands {
    /// Hands that post answers.
    pub(super) fn new(warden: WardenLink, post: UnboundedSender<Msg>) -> Self {
        Self { warden, agent: Slot::default(), post, work: HashMap::new() }
    }

    /// Posts what the warden tells without being asked.
    pub(super) fn listen_to_warden(&self) {
        let (mut events, post) = (self.warden.events(), self.post.clone());
        tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                // A loop that has ended reads no more.
                let _ = post.send(match event {
                    WardenEvent::AgentEnded(account) => Msg::AgentEnded(account),
                    WardenEvent::Closed(reason) => Msg::WardenClosed(reason),
                });
            }
        });
    }

    /// Begins to do one thing. What the loop itself does is not for the hands.
    pub(super) fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Warden(ticket, command) => {
                let warden = self.warden.clone();
                self.answer(async move { Msg::Warden(ticket, warden.request(command).await) });
            }
            Effect::Attach(ticket, attachment, account) => self.attach(ticket, attachment, account),
            Effect::Detach => self.agent.want(Attachment::default()),
            Effect::Watch(ticket) => self.watch(ticket),
            Effect::Agent(ticket, command) => {
                let (_, link) = self.link();
                self.answer(async move { Msg::Agent(ticket, ask(link, command).await) });
            }
            Effect::Stage(ticket, account, paths, choice) => self.stage(ticket, account, paths, choice),
            Effect::CancelStage(ticket) => self.cancel(ticket, |failure| Msg::Staged(ticket, Err(failure))),
            Effect::Prepare(ticket, source) => self.prepare(ticket, source),
            Effect::CancelPrepare(ticket) => self.cancel(ticket, |failure| Msg::Warden(ticket, Err(failure))),
            Effect::Redraw | Effect::Suspend | Effect::Exit(_) => {}
        }
    }

    fn attach(&self, ticket: Ticket, attachment: Attachment, account: Email) {
        self.agent.want(attachment);
        let (warden, slot) = (self.warden.clone(), self.agent.clone());
        self.answer(async move {
            let attached = async {
                let link = warden.open_control(account, true).await?;
                let account = status(&link).await?;
                slot.put(attachment, link);
                Ok(account)
            };
            Msg::Attached(ticket, attached.await.map(Box::new))
        });
    }

    /// First everything there is, then the answer, then what changes.
    fn watch(&self, ticket: Ticket) {
        let (attachment, link) = self.link();
        let post = self.post.clone();
        tokio::spawn(async move {
            let watching = match link {
                Some(link) => link.watch(true).await,
                None => Err(gone()),
            };
            let mut events = match watching {
                Ok(events) => events,
                Err(failure) => {
                    let _ = post.send(Msg::Agent(ticket, Err(failure)));
                    return;
                }
            };
            while let Ok(event) = events.try_recv() {
                let _ = post.send(told(attachment, event));
            }
            let _ = post.send(Msg::Agent(ticket, Ok(Reply::Done)));
            tell(attachment, events, post).await;
        });
    }

    fn stage(&mut self, ticket: Ticket, account: Email, paths: Vec<PathBuf>, choice: warden::Choice) {
        let (warden, post) = (self.warden.clone(), self.post.clone());
        let task = tokio::spawn(async move {
            let progress = |copied, total| {
                let _ = post.send(Msg::Staging { ticket, copied, total });
            };
            let outcome = warden.stage(account, paths, choice, progress).await;
            let _ = post.send(Msg::Staged(ticket, outcome));
        });
        self.keep(ticket, task.abort_handle());
    }

    fn prepare(&mut self, ticket: Ticket, source: warden::ImageSource) {
        let (warden, post) = (self.warden.clone(), self.post.clone());
        let task = tokio::spawn(async move {
            let progress = |line| {
                let _ = post.send(Msg::Preparing(ticket, line));
            };
            let outcome = warden.prepare_image(source, progress).await.map(warden::Reply::Engine);
            let _ = post.send(Msg::Warden(ticket, outcome));
        });
        self.keep(ticket, task.abort_handle());
    }

    fn keep(&mut self, ticket: Ticket, task: AbortHandle) {
        self.work.retain(|_, other| !other.is_finished());
        self.work.insert(ticket, task);
    }

    fn cancel(&mut self, ticket: Ticket, told: impl FnOnce(Failure) -> Msg) {
        if let Some(task) = self.work.remove(&ticket) {
            // Work that is dropped calls itself off.
            task.abort();
            let _ = self.post.send(told(Failure::new(Code::Cancelled, "called off")));
        }
    }

    fn link(&self) -> (Attachment, Option<AgentLink>) {
        self.agent.lock().clone()
    }

    fn answer(&self, request: impl Future<Output = Msg> + Send + 'static) {
        let post = self.post.clone();
        tokio::spawn(async move {
            let _ = post.send(request.await);
        });
    }
}

async fn ask(link: Option<AgentLink>, command: Command) -> Result<Reply, Failure> {
    match link {
        Some(link) => link.request(command).await,
        None => Err(gone()),
    }
}

async fn status(link: &AgentLink) -> Result<AccountView, Failure> {
    match link.request(Command::Status).await? {
        Reply::Account(account) => Ok(*account),
        _ => Err(unexpected()),
    }
}

async fn tell(attachment: Attachment, mut events: UnboundedReceiver<AgentEvent>, post: UnboundedSender<Msg>) {
    while let Some(event) = events.recv().await {
        let _ = post.send(told(attachment, event));
    }
}

fn told(attachment: Attachment, event: AgentEvent) -> Msg {
    match event {
        AgentEvent::Event(event) => Msg::Event(attachment, event),
        AgentEvent::Closed(reason) => Msg::AgentClosed(attachment, reason),
    }
}

fn gone() -> Failure {
    Failure::new(Code::AgentDown, "no agent is attached")
}

fn unexpected() -> Failure {
    Failure::new(Code::Internal, "an answer came that belongs to another question")
        .hint("install all programs of Airhatch in the same version")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
