//! `airhatch account create`.

use airhatch_wire::control::{AccountView, Command, Passphrase, Phase};
use airhatch_wire::warden::{self, RuntimeKind};
use airhatch_wire::{Address, Code, Email, Failure, Fingerprint};
use clap::Args;

use super::runtime::Runtime;
use crate::cli::context::{Context, account_of};
use crate::cli::exit::Stop;
use crate::cli::{ask, json};
use crate::link::AgentLink;

/// A new account.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// Your email; contacts know you by it
    email: Email,
    /// Where the CA listens, as HOST:PORT
    #[arg(long, value_name = "ADDRESS")]
    ca: Address,
    /// The CA's fingerprint, as its operator told you
    #[arg(long, value_name = "FINGERPRINT")]
    ca_fingerprint: Fingerprint,
    /// Your invitation code, where the CA asks for one
    #[arg(long)]
    code: Option<String>,
    /// Where the account's agent shall run
    #[arg(long, value_enum, default_value_t)]
    runtime: Runtime,
}

impl Create {
    /// Does it; a failure leaves nothing behind.
    pub(super) async fn run(self, context: &Context) -> Result<(), Stop> {
        let runtime = self.runtime.choose(context, &self.ca).await?;
        let passphrase = ask::new_passphrase(
            &context.global,
            context.surroundings.passphrase_file.as_ref(),
            "A passphrase for this account: ",
        )
        .await?;
        let made_now = self.make_folders(context, runtime).await?;
        let enrolled = self.enroll(context, passphrase).await;
        // With `TryAgain` the keys exist and the CA may know them: logging in finishes the registration.
        let to_finish = enrolled.as_ref().is_err_and(|failure| failure.code == Code::TryAgain);
        if enrolled.is_err() && made_now && !to_finish {
            let account = self.email.clone();
            // The first failure is the one to tell.
            let _ = context.warden().request(warden::Command::RemoveAccount { account }).await;
        }
        let view = enrolled?;
        let fingerprint = view.fingerprint.map(|fingerprint| fingerprint.to_string()).unwrap_or_default();
        let sentence = format!(
            "{} is ready and logged in. Its fingerprint, for others to compare:\n  {fingerprint}",
            self.email
        );
        context.out.done(json::account(&view), &sentence)
    }

    /// True when the folders were not there before.
    async fn make_folders(&self, context: &Context, runtime: RuntimeKind) -> Result<bool, Failure> {
        let command = warden::Command::CreateAccount { account: self.email.clone(), runtime };
        match context.warden().request(command).await {
            Ok(_) => Ok(true),
            // Either the account is there already, or something else is in the way of it.
            Err(failure) if failure.code == Code::Conflict => {
                let known = context.accounts().await?.iter().any(|record| record.account == self.email);
                if known { Ok(false) } else { Err(failure) }
            }
            Err(failure) => Err(failure),
        }
    }

    async fn enroll(&self, context: &Context, passphrase: Passphrase) -> Result<AccountView, Failure> {
        let agent = context.warden().open_control(self.email.clone(), true).await?;
        self.must_be_new(&agent).await?;
        context.out.talk("making keys and registering at the CA …");
        let command = Command::Enroll {
            email: self.email.clone(),
            authority: self.ca.clone(),
            authority_fingerprint: self.ca_fingerprint,
            code: self.code.clone(),
            passphrase,
        };
        account_of(&agent, command).await
    }

    /// An account that an interrupted `create` left half made is finished; any other stays as it is.
    async fn must_be_new(&self, agent: &AgentLink) -> Result<(), Failure> {
        if account_of(agent, Command::Status).await?.phase == Phase::New {
            return Ok(());
        }
        let message = format!("the account {} exists on this machine already", self.email);
        Err(Failure::new(Code::Conflict, message).hint(format!("log in: airhatch login {}", self.email)))
    }
}
