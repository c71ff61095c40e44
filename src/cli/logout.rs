//! `airhatch logout`: wipes the keys from memory and ends the account's agent.

use airhatch_wire::control::Command;
use airhatch_wire::{Code, Email, warden};
use clap::Args;
use serde_json::json;

use super::context::Context;
use super::exit::Stop;
use super::json;

/// Whom to log out.
#[derive(Debug, Args)]
pub(crate) struct Logout {
    /// Which account, where there are several
    email: Option<Email>,
}

impl Logout {
    /// Does it, also for an agent that is locked or does not answer.
    pub(crate) async fn run(self, context: &Context) -> Result<(), Stop> {
        let account = context.account(self.email.as_ref()).await?;
        let was_running = match context.running_agent(&account).await {
            Ok(None) => false,
            Ok(Some(agent)) => {
                match agent.request(Command::Lock).await {
                    Ok(_) => {}
                    // It ends below all the same.
                    Err(failure) if matches!(failure.code, Code::NotLoggedIn | Code::AgentDown) => {}
                    Err(failure) => context.out.failure(&failure),
                }
                true
            }
            Err(_) => true,
        };
        let command = warden::Command::StopAgent { account: account.clone() };
        context.warden().request(command).await?;
        let sentence = if was_running {
            format!("{account} is logged out")
        } else {
            format!("{account} was not logged in")
        };
        context.out.done(json::object("logged_out", json!({ "account": account })), &sentence)
    }
}
