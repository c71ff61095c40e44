//! `airhatch account remove`.

use airhatch_wire::control::{Command, Phase};
use airhatch_wire::{Email, Failure, warden};
use clap::Args;
use serde_json::json;

use crate::cli::context::{Context, account_of};
use crate::cli::exit::Stop;
use crate::cli::{ask, json};

/// An account to remove.
#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// Which account
    email: Email,
}

impl Remove {
    /// Does it: first at the CA, then here.
    pub(super) async fn run(self, context: &Context) -> Result<(), Stop> {
        let account = context.account(Some(&self.email)).await?;
        let question = format!(
            "This removes {account} at its CA and its keys and contacts here, for good. Received files stay.\n\
             Type the email to go on: "
        );
        ask::typed(&context.global, &question, account.as_str()).await?;
        let ran_before = context.running_agent(&account).await?.is_some();
        if let Err(failure) = remove_at_authority(context, &account).await {
            if !ran_before {
                // An agent that was started for this only must not stay; the first failure is the one to tell.
                let _ = stop(context, &account).await;
            }
            return Err(failure.into());
        }
        let command = warden::Command::RemoveAccount { account: account.clone() };
        context.warden().request(command).await?;
        let object = json::object("account_removed", json!({ "account": account }));
        context.out.done(object, &format!("{account} is removed, at its CA and here"))
    }
}

async fn remove_at_authority(context: &Context, account: &Email) -> Result<(), Failure> {
    let agent = context.warden().open_control(account.clone(), true).await?;
    let phase = account_of(&agent, Command::Status).await?.phase;
    if matches!(phase, Phase::New | Phase::Removed) {
        // The CA has no such account (any more).
        return Ok(());
    }
    let passphrase = ask::passphrase(context, &format!("Passphrase of {account}: ")).await?;
    if phase == Phase::Locked {
        account_of(&agent, Command::Unlock { passphrase: passphrase.clone() }).await?;
    }
    agent.request(Command::RemoveAccount { passphrase }).await.map(drop)
}

async fn stop(context: &Context, account: &Email) -> Result<(), Failure> {
    context.warden().request(warden::Command::StopAgent { account: account.clone() }).await.map(drop)
}
