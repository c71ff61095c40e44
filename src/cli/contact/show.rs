//! `airhatch contact show`.

use airhatch_wire::control::Trust;
use airhatch_wire::{Email, UnixMillis};
use clap::Args;

use crate::cli::context::Context;
use crate::cli::exit::Stop;
use crate::cli::{human, json};
use crate::text;
use crate::zone::zone;

/// Whom to show.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The contact
    email: Email,
}

impl Show {
    /// Does it.
    pub(super) async fn run(self, context: &Context) -> Result<(), Stop> {
        let attached = context.attach().await?;
        let contact = super::one(&attached, &self.email).await?;
        let now = UnixMillis::now();
        let mut facts = vec![
            ("contact", contact.email.to_string()),
            ("fingerprint", contact.fingerprint.to_string()),
            ("key", human::trust(&contact.trust).to_owned()),
            ("presence", human::presence(now, &contact.presence)),
            ("added", human::moment(now, contact.added)),
        ];
        facts.push(("rule", text::rule(&contact, now, zone())));
        if let Trust::Changed { fingerprint, noticed } = contact.trust {
            facts.push(("new key", fingerprint.to_string()));
            facts.push(("noticed", human::moment(now, noticed)));
            facts.push(("to do", format!("ask them, then: airhatch contact trust {}", contact.email)));
        }
        context.out.data(json::contact(&contact), &human::facts(&facts))
    }
}
