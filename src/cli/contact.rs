//! `airhatch contact`: the people that an account knows.

mod add;
mod list;
mod policy;
mod remove;
mod show;
mod trust;
mod verify;

use airhatch_wire::control::{Command, ContactView, Reply};
use airhatch_wire::{Code, Email, Failure};
use clap::Subcommand;

use super::context::{Attached, Context};
use super::exit::Stop;
use crate::link::unexpected;

/// What to do with contacts.
#[derive(Debug, Subcommand)]
pub(crate) enum Contact {
    /// Look somebody up at the CA and keep their key
    Add(add::Add),
    /// List contacts
    List(list::List),
    /// Show a contact
    Show(show::Show),
    /// Forget a contact
    Remove(remove::Remove),
    /// Show or set what happens to the offers of a contact
    Policy(policy::Policy),
    /// Note that you compared fingerprints with a contact
    Verify(verify::Verify),
    /// Take the new key of a contact whose key changed
    Trust(trust::Trust),
}

impl Contact {
    /// Does it.
    pub(crate) async fn run(self, context: &Context) -> Result<(), Stop> {
        match self {
            Self::Add(add) => add.run(context).await,
            Self::List(list) => list.run(context).await,
            Self::Show(show) => show.run(context).await,
            Self::Remove(remove) => remove.run(context).await,
            Self::Policy(policy) => policy.run(context).await,
            Self::Verify(verify) => verify.run(context).await,
            Self::Trust(trust) => trust.run(context).await,
        }
    }
}

async fn all(attached: &Attached) -> Result<Vec<ContactView>, Failure> {
    attached.agent.contacts().await
}

async fn one(attached: &Attached, email: &Email) -> Result<ContactView, Failure> {
    let found = all(attached).await?.into_iter().find(|contact| contact.email == *email);
    found.ok_or_else(|| {
        Failure::new(Code::NotFound, format!("{email} is not a contact of {}", attached.account))
            .hint(format!("add them: airhatch contact add {email}"))
    })
}

async fn changed(attached: &Attached, command: Command) -> Result<ContactView, Failure> {
    match attached.agent.request(command).await? {
        Reply::Contact(view) => Ok(*view),
        _ => Err(unexpected()),
    }
}
