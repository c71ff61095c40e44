//! `airhatch account`: the accounts of this machine.

mod create;
mod list;
mod passwd;
mod relocate;
mod remove;
mod runtime;

use std::path::Path;

use clap::Subcommand;

use super::context::Context;
use super::exit::Stop;

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum Account {
    /// Make an account: its keys, its name at a CA, its folders
    Create(create::Create),
    /// List the accounts of this machine
    List,
    /// Remove an account at its CA and on this machine; received files stay
    Remove(remove::Remove),
    /// Let an account's agent run in a container, or as a process, from now on; nothing is lost
    Move(relocate::Move),
    /// Change the passphrase
    Passwd(passwd::Passwd),
}

impl Account {
    /// The file that a second passphrase is to be read from.
    pub(crate) fn new_passphrase_file(&self) -> Option<&Path> {
        match self {
            Self::Passwd(passwd) => passwd.new_passphrase_file.as_deref(),
            _ => None,
        }
    }

    /// Does it.
    pub(crate) async fn run(self, context: &Context) -> Result<(), Stop> {
        match self {
            Self::Create(create) => create.run(context).await,
            Self::List => list::run(context).await,
            Self::Remove(remove) => remove.run(context).await,
            Self::Move(moved) => moved.run(context).await,
            Self::Passwd(passwd) => passwd.run(context).await,
        }
    }
}
