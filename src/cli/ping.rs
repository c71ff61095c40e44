//! `airhatch ping`: whether a contact is there, proved by a handshake with its key.

use airhatch_wire::Email;
use airhatch_wire::control::{Command, Reply};
use clap::Args;
use serde_json::json;

use super::context::Context;
use super::exit::Stop;
use super::{human, json};
use crate::link::unexpected;

/// Whom to reach.
#[derive(Debug, Args)]
pub(crate) struct Ping {
    /// The contact
    email: Email,
}

impl Ping {
    /// Does it.
    pub(crate) async fn run(self, context: &Context) -> Result<(), Stop> {
        let attached = context.attach().await?;
        let Reply::Pong { micros } =
            attached.agent.request(Command::Ping { email: self.email.clone() }).await?
        else {
            return Err(unexpected().into());
        };
        let object = json::object("pong", json!({ "email": self.email, "micros": micros }));
        context.out.data(object, &format!("{} is online, answered in {}", self.email, human::millis(micros)))
    }
}
