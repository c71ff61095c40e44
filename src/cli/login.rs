//! `airhatch login`: starts the account's agent and opens its vault.

use airhatch_wire::control::{AccountView, Command, Passphrase, Phase};
use airhatch_wire::{Code, Email, Failure, warden};
use clap::Args;

use super::context::{Context, account_of};
use super::exit::Stop;
use super::{ask, json};
use crate::link::AgentLink;
use crate::stages;

/// How often a person may mistype.
const TRIES: u32 = 3;

/// Whom to log in.
#[derive(Debug, Args)]
pub(crate) struct Login {
    /// Which account, where there are several
    email: Option<Email>,
}

impl Login {
    /// Does it; when it fails, an agent that was started for it is stopped again.
    pub(crate) async fn run(self, context: &Context) -> Result<(), Stop> {
        let account = context.account(self.email.as_ref()).await?;
        let ran_before = context.running_agent(&account).await?.is_some();
        // Asked before the agent starts, so that a person who turns away leaves nothing running.
        let beforehand = if ran_before { None } else { Some(ask(context, &account).await?) };
        let outcome = log_in(context, &account, beforehand).await;
        if outcome.is_err() && !ran_before {
            let command = warden::Command::StopAgent { account: account.clone() };
            // The first failure is the one to tell.
            let _ = context.warden().request(command).await;
        }
        let (view, fresh) = outcome?;
        let sentence = if fresh {
            format!("{account} is logged in")
        } else {
            format!("{account} was logged in already")
        };
        context.out.done(json::account(&view), &sentence)
    }
}

/// The account, and whether it was logged in just now.
async fn log_in(
    context: &Context,
    account: &Email,
    beforehand: Option<Passphrase>,
) -> Result<(AccountView, bool), Failure> {
    let warden = context.warden();
    let agent = warden.open_control(account.clone(), true).await?;
    let view = account_of(&agent, Command::Status).await?;
    match view.phase {
        Phase::Ready => return Ok((view, false)),
        Phase::Locked => {}
        Phase::New | Phase::Removed => {
            return Err(Failure::new(Code::NotLoggedIn, format!("{account} has no keys yet")).hint(format!(
                "finish it: airhatch account create {account} --ca ADDRESS --ca-fingerprint FINGERPRINT"
            )));
        }
    }
    let before = stages::present(warden, account).await?;
    let view = unlock(context, account, &agent, beforehand).await?;
    if let Ok(transfers) = agent.transfers().await {
        // Folders that stay for now are given back another time.
        let _ = stages::release_unused(warden, account, &before, &transfers).await;
    }
    Ok((view, true))
}

async fn unlock(
    context: &Context,
    account: &Email,
    agent: &AgentLink,
    mut beforehand: Option<Passphrase>,
) -> Result<AccountView, Failure> {
    let may_retry = context.global.passphrase_file.is_none() && ask::possible(&context.global);
    let tries = if may_retry { TRIES } else { 1 };
    let mut tried = 0;
    loop {
        let passphrase = match beforehand.take() {
            Some(passphrase) => passphrase,
            None => ask(context, account).await?,
        };
        tried += 1;
        match account_of(agent, Command::Unlock { passphrase }).await {
            Err(failure) if mistyped(failure.code) && tried < tries => context.out.failure(&failure),
            outcome => return outcome,
        }
    }
}

async fn ask(context: &Context, account: &Email) -> Result<Passphrase, Failure> {
    ask::passphrase(context, &format!("Passphrase of {account}: ")).await
}

/// Wrong, or wrong so often that the agent wants a pause, which typing again gives it.
const fn mistyped(code: Code) -> bool {
    matches!(code, Code::WrongPassphrase | Code::TryAgain)
}
