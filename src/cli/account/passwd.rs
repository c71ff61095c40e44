//! `airhatch account passwd`.

use std::path::PathBuf;

use airhatch_wire::control::Command;
use clap::Args;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::exit::Stop;
use crate::cli::{ask, json};

/// Another passphrase for the vault.
#[derive(Debug, Args)]
pub(crate) struct Passwd {
    /// Read the new passphrase from the first line of a file (- for standard input, after the present one)
    #[arg(long, value_name = "PATH")]
    pub(super) new_passphrase_file: Option<PathBuf>,
}

impl Passwd {
    /// Does it.
    pub(super) async fn run(self, context: &Context) -> Result<(), Stop> {
        let attached = context.attach().await?;
        let old = ask::passphrase(context, "The present passphrase: ").await?;
        let file = context.surroundings.new_passphrase_file.as_ref();
        let new = ask::new_passphrase(&context.global, file, "The new passphrase: ").await?;
        attached.agent.request(Command::ChangePassphrase { old, new }).await?;
        let object = json::object("passphrase_changed", json!({ "account": attached.account }));
        context.out.done(object, &format!("the passphrase of {} is changed", attached.account))
    }
}
