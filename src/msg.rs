//! What happens to the screen program, and what it asks of its hands. Words only.

use std::path::PathBuf;

use airhatch_wire::control::{AccountView, Event, Reply};
pub(crate) use airhatch_wire::warden::Staged as Stage;
use airhatch_wire::{Email, Failure, UnixMillis, Untrusted, control, warden};
use crossterm::event::KeyEvent;

/// Two clocks, read by the shell: one that only goes forward, one that people know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Now {
    /// Milliseconds since the program started, never backwards. Guards, rates and toasts are measured with it.
    pub(crate) tick: u64,
    /// The system clock's time, for showing.
    pub(crate) wall: UnixMillis,
}

/// Ties an answer to what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Ticket(pub(crate) u32);

/// Which attachment to an agent an event belongs to: one that was left says nothing any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attachment(pub(crate) u32);

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Msg {
    /// The program begins.
    Begin,
    /// One key, typed by a person as far as can be told.
    Key(KeyEvent),
    /// Keys that came faster than a person types.
    Burst(Vec<KeyEvent>),
    /// The terminal says that this was pasted.
    Paste(String),
    /// The terminal has another size, perhaps one of several in a row, and what it shows now is anybody's guess.
    Resized,
    /// Nothing happened, and it is time to look at the clock.
    Tick,
    /// A signal asks the program to end.
    Terminate {
        /// The signal's number.
        signal: u8,
    },
    /// A warden's answer.
    Warden(Ticket, Result<warden::Reply, Failure>),
    /// An agent's answer.
    Agent(Ticket, Result<Reply, Failure>),
    /// The connection to an account's agent is there, with the account's state.
    Attached(Ticket, Result<Box<AccountView>, Failure>),
    /// Copying goes on.
    Staging {
        /// For which request.
        ticket: Ticket,
        /// Bytes copied.
        copied: u64,
        /// Bytes to copy in all.
        total: u64,
    },
    /// Copying is over.
    Staged(Ticket, Result<Stage, Failure>),
    /// Getting an image goes on: the newest word of those who do it.
    Preparing(Ticket, Untrusted<String>),
    /// The agent tells something.
    Event(Attachment, Event),
    /// The agent went away.
    AgentClosed(Attachment, Failure),
    /// An agent ended by itself.
    AgentEnded(Email),
    /// The warden went away.
    WardenClosed(Failure),
}

/// What shall be done. Everything that touches the world is one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Asks the warden; answered by [`Msg::Warden`].
    Warden(Ticket, warden::Command),
    /// Connects to an account's agent, starting it when needed; answered by [`Msg::Attached`].
    Attach(Ticket, Attachment, Email),
    /// Lets go of the agent.
    Detach,
    /// Starts the agent's events; answered by [`Msg::Agent`].
    Watch(Ticket),
    /// Asks the agent; answered by [`Msg::Agent`].
    Agent(Ticket, control::Command),
    /// Makes files readable for the agent; answered by [`Msg::Staged`].
    Stage(Ticket, Email, Vec<PathBuf>, warden::Choice),
    /// Stops that.
    CancelStage(Ticket),
    /// Gets the agents' image; answered by [`Msg::Warden`].
    Prepare(Ticket, warden::ImageSource),
    /// Stops that.
    CancelPrepare(Ticket),
    /// Draws everything anew.
    Redraw,
    /// Back to the shell for a while.
    Suspend,
    /// Ends the program with this exit code.
    Exit(u8),
}
