//! `airhatch contact remove`.

use airhatch_wire::Email;
use airhatch_wire::control::Command;
use clap::Args;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::exit::Stop;
use crate::cli::json;

/// Whom to forget. Not asked twice: adding them again brings them back.
#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// The contact
    email: Email,
}

impl Remove {
    /// Does it.
    pub(super) async fn run(self, context: &Context) -> Result<(), Stop> {
        let attached = context.attach().await?;
        let email = super::one(&attached, &self.email).await?.email;
        attached.agent.request(Command::RemoveContact { email: email.clone() }).await?;
        let object = json::object("contact_removed", json!({ "email": email }));
        context.out.done(object, &format!("{email} is no contact any more"))
    }
}
