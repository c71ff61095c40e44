//! What the program decides: `update(model, now, message)` changes the model and returns what shall be done.
//!
//! Called by the runtime for everything that happens, and by tests. No I/O, no clock, no terminal in here.

use std::path::PathBuf;

use airhatch_wire::control::LogLevel;
use airhatch_wire::{Email, Failure, Untrusted, control, warden};

use crate::dialogs::{ErrorPage, Layer};
use crate::model::{Ask, Model, Page};
use crate::msg::{Attachment, Effect, Msg, Now, Ticket};

mod actions;
mod answers;
mod events;
mod filter;
mod keys;
mod session;
mod steer;

pub(crate) use actions::{act, ping, step};
pub(crate) use session::{agent_gone, enter, leave, log_out, release, removed};
pub(crate) use steer::{can_steer, steer};

/// Lets one thing happen.
pub(crate) fn update(model: &mut Model, now: Now, msg: Msg) -> Vec<Effect> {
    model.now = now;
    let dialogs = model.layers.len();
    let mut effects = Vec::new();
    let mut turn = Turn { model, effects: &mut effects };
    match msg {
        Msg::Begin => session::begin(&mut turn),
        Msg::Key(key) => keys::key(&mut turn, key),
        Msg::Burst(keys) => keys::burst(&mut turn, &keys),
        Msg::Paste(text) => keys::paste(&mut turn, &text),
        Msg::Resized => turn.effects.push(Effect::Redraw),
        Msg::Tick => {}
        Msg::Terminate { signal } => turn.effects.push(Effect::Exit(128 + signal)),
        Msg::Warden(ticket, outcome) => answers::answer(&mut turn, ticket, Answer::Warden(outcome)),
        Msg::Agent(ticket, outcome) => answers::answer(&mut turn, ticket, Answer::Agent(outcome)),
        Msg::Attached(ticket, outcome) => answers::answer(&mut turn, ticket, Answer::Attached(outcome)),
        Msg::Staging { ticket, copied, total } => {
            answers::progress(&mut turn, ticket, Answer::Staging { copied, total });
        }
        Msg::Staged(ticket, outcome) => answers::answer(&mut turn, ticket, Answer::Staged(outcome)),
        Msg::Preparing(ticket, line) => answers::progress(&mut turn, ticket, Answer::Preparing(line)),
        Msg::Event(attachment, event) => events::event(&mut turn, attachment, event),
        Msg::AgentClosed(attachment, reason) => session::agent_closed(&mut turn, attachment, reason),
        Msg::AgentEnded(account) => session::agent_ended(&mut turn, &account),
        Msg::WardenClosed(reason) => session::warden_closed(&mut turn, reason),
    }
    if model.layers.len() != dialogs {
        model.scrolled = 0;
    }
    if model.toast.as_ref().is_some_and(|toast| toast.until <= now.tick) {
        model.toast = None;
    }
    if let Some(session) = model.session.as_mut().filter(|session| session.complete) {
        session.settle();
    }
    effects
}

/// What came back for a ticket.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// From the warden.
    Warden(Result<warden::Reply, Failure>),
    /// From the agent.
    Agent(Result<control::Reply, Failure>),
    /// A connection to an agent.
    Attached(Result<Box<control::AccountView>, Failure>),
    /// Copying goes on.
    Staging {
        /// Bytes copied.
        copied: u64,
        /// Bytes to copy in all.
        total: u64,
    },
    /// Getting an image goes on.
    Preparing(Untrusted<String>),
    /// Copying is over.
    Staged(Result<crate::msg::Stage, Failure>),
}

impl Answer {
    /// Why it failed, if it did.
    pub(crate) fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Warden(outcome) => outcome.as_ref().err(),
            Self::Agent(outcome) => outcome.as_ref().err(),
            Self::Attached(outcome) => outcome.as_ref().err(),
            Self::Staged(outcome) => outcome.as_ref().err(),
            Self::Staging { .. } | Self::Preparing(_) => None,
        }
    }
}

/// One turn of the program: the model, and what this turn wants done.
pub(crate) struct Turn<'a> {
    /// Everything.
    pub(crate) model: &'a mut Model,
    /// What shall be done.
    pub(crate) effects: &'a mut Vec<Effect>,
}

impl Turn<'_> {
    /// Asks the account's agent.
    pub(crate) fn ask_agent(&mut self, why: Ask, command: control::Command) -> Ticket {
        let ticket = self.remember(why);
        self.effects.push(Effect::Agent(ticket, command));
        ticket
    }

    /// Asks the warden.
    pub(crate) fn ask_warden(&mut self, why: Ask, command: warden::Command) -> Ticket {
        let ticket = self.remember(why);
        self.effects.push(Effect::Warden(ticket, command));
        ticket
    }

    /// Connects to an account's agent.
    pub(crate) fn attach(&mut self, why: Ask, account: Email) -> (Ticket, Attachment) {
        let ticket = self.remember(why);
        let attachment = self.model.attachment();
        self.effects.push(Effect::Attach(ticket, attachment, account));
        (ticket, attachment)
    }

    /// Starts the agent's events.
    pub(crate) fn watch(&mut self) {
        let ticket = self.remember(Ask::Watch);
        self.effects.push(Effect::Watch(ticket));
    }

    /// Makes files readable for the account's agent.
    pub(crate) fn stage(&mut self, account: Email, paths: Vec<PathBuf>, choice: warden::Choice) -> Ticket {
        let ticket = self.remember(Ask::Dialog);
        self.effects.push(Effect::Stage(ticket, account, paths, choice));
        ticket
    }

    /// Gets the image that agents in containers run from.
    pub(crate) fn prepare(&mut self, source: warden::ImageSource) -> Ticket {
        let ticket = self.remember(Ask::Dialog);
        self.effects.push(Effect::Prepare(ticket, source));
        ticket
    }

    /// Lets go of the agent; its answers mean nothing any more.
    pub(crate) fn detach(&mut self) {
        self.model.asked.clear();
        self.effects.push(Effect::Detach);
    }

    /// Shows what went wrong until somebody has read it, and logs it.
    pub(crate) fn fail(&mut self, title: &str, failure: Failure) {
        let told = format!("{title}: {}", failure.message.shown());
        self.model.note(LogLevel::Error, told);
        self.model.layers.push(Layer::Error(ErrorPage::new(title, failure)));
    }

    /// Opens a dialog on top of all others.
    pub(crate) fn open(&mut self, layer: Layer) {
        self.model.layers.push(layer);
    }

    /// Shows a page with nothing on top of it.
    pub(crate) fn show(&mut self, page: Page) {
        self.model.layers.clear();
        self.model.page = page;
    }

    fn remember(&mut self, why: Ask) -> Ticket {
        let ticket = self.model.ticket();
        self.model.asked.insert(ticket, why);
        ticket
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
mod tests;
