//! Frames to the warden and, through the connection it hands over, to an account's agent.
//!
//! Owns the two sockets of the front and the tables of requests under way. Called by the command line, the
//! full-screen program and the demo. Must never know: what an answer is used for, keys, a network address.

use airhatch_wire::{Code, Failure};

mod agent;
mod exchange;
mod launch;
mod passing;
mod stream;
mod warden;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
pub(crate) mod tests;

pub(crate) use agent::{AgentEvent, AgentLink};
pub(crate) use launch::{Launched, WardenMode, launch};
pub(crate) use stream::Stream;
pub(crate) use warden::{WardenEvent, WardenLink, spelled};

/// An answer of the wrong kind.
pub(crate) fn unexpected() -> Failure {
    Failure::new(Code::UnknownMessage, "an answer came that does not fit the question")
        .hint("install all of Airhatch's programs in the same version")
}
