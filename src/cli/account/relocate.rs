//! `airhatch account move`.

use airhatch_wire::control::{Command, Phase};
use airhatch_wire::warden::{self, RuntimeKind};
use airhatch_wire::{Email, Failure};
use clap::{Args, ValueEnum};
use serde_json::json;

use crate::cli::context::{Context, account_of};
use crate::cli::exit::Stop;
use crate::cli::{ask, json};
use crate::runtimes::unreachable_from_containers;

/// An account whose agent is to run elsewhere.
#[derive(Debug, Args)]
pub(crate) struct Move {
    /// Which account
    email: Email,
    /// Where its agent shall run from now on
    #[arg(long, value_enum)]
    runtime: Place,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Place {
    /// A container of the local engine
    Docker,
    /// A process of yours
    Process,
}

impl Place {
    const fn kind(self) -> RuntimeKind {
        match self {
            Self::Docker => RuntimeKind::Container,
            Self::Process => RuntimeKind::Process,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Process => "process",
        }
    }

    const fn described(self) -> &'static str {
        match self {
            Self::Docker => "in a container",
            Self::Process => "as a process of yours",
        }
    }
}

impl Move {
    /// Does it. Who is logged in is logged out first, and asked before that.
    pub(super) async fn run(self, context: &Context) -> Result<(), Stop> {
        let record = context.record(Some(&self.email)).await?;
        let (account, place) = (record.account, self.runtime);
        let there_already = record.runtime == place.kind();
        if !there_already {
            prepare(context, &account, place).await?;
        }
        let command = warden::Command::MoveAccount { account: account.clone(), runtime: place.kind() };
        context.warden().request(command).await?;
        let place = place.described();
        let sentence = if there_already {
            format!("the agent of {account} runs {place} already")
        } else {
            format!(
                "the agent of {account} runs {place} from now on; log in to start it: airhatch login {account}"
            )
        };
        let object = json!({ "account": account, "runtime": self.runtime.name() });
        context.out.done(json::object("account_moved", object), &sentence)
    }
}

/// What only the agent knows, where one runs: whether its CA can be reached from the new place, and who is logged in.
async fn prepare(context: &Context, account: &Email, place: Place) -> Result<(), Failure> {
    let Some(agent) = context.running_agent(account).await? else { return Ok(()) };
    let view = account_of(&agent, Command::Status).await?;
    if let (Place::Docker, Some(authority)) = (place, &view.authority)
        && authority.address.is_loopback()
    {
        return Err(unreachable_from_containers(&authority.address));
    }
    if view.phase == Phase::Ready {
        ask::confirm(&context.global, &format!("{account} is logged in, and moving logs it out. Go on?"))
            .await?;
    }
    Ok(())
}
