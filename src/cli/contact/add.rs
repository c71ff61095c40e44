//! `airhatch contact add`.

use airhatch_wire::Email;
use airhatch_wire::control::Command;
use clap::Args;

use crate::cli::context::Context;
use crate::cli::exit::Stop;
use crate::cli::json;

/// Somebody to add.
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// Their email at the CA
    email: Email,
}

impl Add {
    /// Does it.
    pub(super) async fn run(self, context: &Context) -> Result<(), Stop> {
        let attached = context.attach().await?;
        let contact = super::changed(&attached, Command::AddContact { email: self.email }).await?;
        let email = &contact.email;
        let sentence = format!(
            "{email} is a contact now, fingerprint\n  {}\n\
             compare it with them on another way, then: airhatch contact verify {email}",
            contact.fingerprint
        );
        context.out.done(json::contact(&contact), &sentence)
    }
}
