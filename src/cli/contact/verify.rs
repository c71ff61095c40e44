//! `airhatch contact verify`: a person compared fingerprints, or takes that back.

use airhatch_wire::control::{Command, ContactView, Trust};
use airhatch_wire::{Code, Email, Failure, Fingerprint};
use clap::Args;

use crate::cli::context::{Attached, Context, account_of};
use crate::cli::exit::Stop;
use crate::cli::{ask, json};

/// Whom to mark.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The contact
    email: Email,
    /// The fingerprint that they told you; it must be the one kept here
    #[arg(long)]
    fingerprint: Option<Fingerprint>,
    /// Take the mark back
    #[arg(long, conflicts_with = "fingerprint")]
    undo: bool,
}

impl Verify {
    /// Does it.
    pub(super) async fn run(self, context: &Context) -> Result<(), Stop> {
        let attached = context.attach().await?;
        let contact = super::one(&attached, &self.email).await?;
        if !self.undo {
            must_be_settled(&contact)?;
            self.compare(context, &attached, &contact).await?;
        }
        let command = Command::MarkVerified {
            email: contact.email.clone(),
            fingerprint: contact.fingerprint,
            verified: !self.undo,
        };
        let contact = super::changed(&attached, command).await?;
        let sentence = if self.undo {
            format!("{} is no longer marked as verified", contact.email)
        } else {
            format!("{} is verified", contact.email)
        };
        context.out.done(json::contact(&contact), &sentence)
    }

    async fn compare(
        &self,
        context: &Context,
        attached: &Attached,
        contact: &ContactView,
    ) -> Result<(), Failure> {
        if let Some(told) = self.fingerprint {
            if told == contact.fingerprint {
                return Ok(());
            }
            let message = format!("that is not the fingerprint of the key kept for {}", contact.email);
            return Err(Failure::new(Code::VerificationFailed, message)
                .hint("do not send them anything before you know why; ask them again on another way"));
        }
        let own = account_of(&attached.agent, Command::Status).await?.fingerprint;
        let own = own.map(|fingerprint| fingerprint.to_string()).unwrap_or_default();
        context.out.talk(&format!(
            "Compare both lines with {} on another way (a call, in person):\n  theirs  {}\n  yours   {own}",
            contact.email, contact.fingerprint
        ));
        ask::confirm(&context.global, "Are both the same on their side?").await
    }
}

fn must_be_settled(contact: &ContactView) -> Result<(), Failure> {
    let email = &contact.email;
    match contact.trust {
        Trust::Certified | Trust::Verified => Ok(()),
        Trust::Changed { .. } => {
            Err(Failure::new(Code::KeyChanged, format!("the key of {email} has changed"))
                .hint(format!("decide about the new key first: airhatch contact trust {email}")))
        }
        Trust::Revoked => Err(Failure::new(Code::Revoked, format!("the CA revoked the key of {email}"))
            .hint("ask them to register again, then remove and add the contact")),
    }
}
