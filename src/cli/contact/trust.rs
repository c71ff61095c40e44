//! `airhatch contact trust`: settles a changed key by taking the new one.

use airhatch_wire::control::{Command, Trust as KeyTrust};
use airhatch_wire::{Code, Email, Failure, Fingerprint};
use clap::Args;

use crate::cli::context::Context;
use crate::cli::exit::Stop;
use crate::cli::{ask, json};

/// Whose new key to take.
#[derive(Debug, Args)]
pub(crate) struct Trust {
    /// The contact
    email: Email,
    /// The fingerprint that they told you; it must be the new key's
    #[arg(long)]
    fingerprint: Option<Fingerprint>,
}

impl Trust {
    /// Does it.
    pub(super) async fn run(self, context: &Context) -> Result<(), Stop> {
        let attached = context.attach().await?;
        let contact = super::one(&attached, &self.email).await?;
        let email = contact.email.clone();
        let KeyTrust::Changed { fingerprint, .. } = contact.trust else {
            let failure = Failure::new(Code::Invalid, format!("the key of {email} has not changed"));
            return Err(failure.hint("there is nothing to settle").into());
        };
        match self.fingerprint {
            Some(told) if told == fingerprint => {}
            Some(_) => {
                let message = format!("that is not the fingerprint of the new key of {email}");
                let hint = "keep the old key, and ask them again on another way";
                return Err(Failure::new(Code::VerificationFailed, message).hint(hint).into());
            }
            None => {
                context.out.talk(&format!(
                    "The key of {email} has changed. That is so after they made their account anew; it would also\n\
                     be so if somebody took their place. Ask them on another way.\n  old  {}\n  new  {fingerprint}",
                    contact.fingerprint
                ));
                ask::confirm(&context.global, "Is the new one theirs?").await?;
            }
        }
        let command = Command::TrustNewKey { email, fingerprint };
        let contact = super::changed(&attached, command).await?;
        let sentence = format!("{} goes on with the new key", contact.email);
        context.out.done(json::contact(&contact), &sentence)
    }
}
