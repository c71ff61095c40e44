//! `airhatch contact list`.

use airhatch_wire::UnixMillis;
use airhatch_wire::control::Presence;
use clap::Args;
use serde_json::{Value, json};

use crate::cli::context::Context;
use crate::cli::exit::Stop;
use crate::cli::{human, json};

/// Which contacts.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only those that are online
    #[arg(long)]
    online: bool,
}

impl List {
    /// Does it.
    pub(super) async fn run(self, context: &Context) -> Result<(), Stop> {
        let attached = context.attach().await?;
        let mut contacts = super::all(&attached).await?;
        contacts.retain(|contact| !self.online || matches!(contact.presence, Presence::Online { .. }));
        let now = UnixMillis::now();
        let objects: Value = contacts.iter().map(json::contact).collect();
        let heading = ["CONTACT", "KEY", "PRESENCE", "FINGERPRINT"].map(|name| context.out.strong(name));
        let rows: Vec<Vec<String>> = contacts
            .iter()
            .map(|contact| {
                let presence = human::presence(now, &contact.presence);
                let trust = human::trust(&contact.trust).to_owned();
                vec![contact.email.to_string(), trust, presence, contact.fingerprint.short()]
            })
            .collect();
        if rows.is_empty() && !self.online {
            context.out.talk("no contacts yet; add one: airhatch contact add EMAIL");
        }
        let text = if rows.is_empty() { String::new() } else { human::table(&heading, &rows) };
        context.out.data(json::object("contacts", json!({ "contacts": objects })), &text)
    }
}
