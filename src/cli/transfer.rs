//! `airhatch transfer`: what was and is sent and received.

use airhatch_wire::UnixMillis;
use airhatch_wire::control::{Command, Direction, ItemView, Reply, TransferView};
use clap::Subcommand;
use serde_json::{Value, json};

use super::context::{Attached, Context};
use super::exit::Stop;
use super::follow::{Follow, settle};
use super::select::IdPrefix;
use super::{human, json};
use crate::link::unexpected;
use crate::stages;
use crate::text;
use crate::widgets::fit_middle;

/// Columns that a file's name may take in a list; `show` has the whole.
const WIDEST_NAME: usize = 40;

/// What to do with transfers.
#[derive(Debug, Subcommand)]
pub(crate) enum Transfer {
    /// List transfers, newest first
    List,
    /// Show a transfer and its files
    Show {
        /// The first digits of its id
        id: IdPrefix,
    },
    /// Follow a transfer until it is over; the exit code tells how it ended
    Follow {
        /// The first digits of its id
        id: IdPrefix,
    },
    /// Call a transfer off
    Cancel {
        /// The first digits of its id
        id: IdPrefix,
        /// A word to the other side
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Let no bytes move until it is resumed
    Pause {
        /// The first digits of its id
        id: IdPrefix,
    },
    /// Go on with what you paused
    Resume {
        /// The first digits of its id
        id: IdPrefix,
    },
    /// Try a waiting transfer now, or offer a failed one again
    Retry {
        /// The first digits of its id
        id: IdPrefix,
    },
    /// Take a finished transfer off the list
    Forget {
        /// The first digits of its id
        id: IdPrefix,
    },
}

impl Transfer {
    /// Does it.
    pub(crate) async fn run(self, context: &Context) -> Result<(), Stop> {
        let attached = context.attach().await?;
        if let Self::Follow { id } = self {
            return follow(context, &attached, &id).await;
        }
        let transfers = attached.transfers().await?;
        match self {
            Self::List => {
                list(context, &transfers, "no transfers yet; send something: airhatch send EMAIL PATH")
            }
            Self::Show { id } | Self::Follow { id } => {
                show(context, &attached, id.find(transfers, None)?).await
            }
            Self::Cancel { id, reason } => {
                let transfer = id.find(transfers, None)?.id;
                let view = changed(&attached, Command::Cancel { transfer, reason }).await?;
                // The folder goes now rather than at the next command, where that works.
                let warden = context.warden();
                let _ =
                    stages::release_finished(warden, &attached.account, &attached.transfers().await?).await;
                context.out.done(json::transfer(&view), &format!("{} is cancelled", view.id.short()))
            }
            Self::Pause { id } => {
                let transfer = id.find(transfers, None)?.id;
                steered(context, &attached, Command::Pause { transfer }).await
            }
            Self::Resume { id } => {
                let transfer = id.find(transfers, None)?.id;
                steered(context, &attached, Command::Resume { transfer }).await
            }
            Self::Retry { id } => {
                let transfer = id.find(transfers, None)?.id;
                steered(context, &attached, Command::Retry { transfer }).await
            }
            Self::Forget { id } => {
                let view = id.find(transfers, None)?;
                attached.agent.request(Command::Forget { transfer: view.id }).await?;
                let object = json::object("transfer_forgotten", json!({ "id": view.id.to_string() }));
                context.out.done(object, &format!("{} is off the list", view.id.short()))
            }
        }
    }
}

/// Listens first, so that nothing that happens meanwhile is missed.
async fn follow(context: &Context, attached: &Attached, id: &IdPrefix) -> Result<(), Stop> {
    let mut follow = Follow::new(context, attached, attached.agent.watch(false).await?);
    follow.add(id.find(attached.transfers().await?, None)?)?;
    settle(context, &follow.until_over().await?)
}

/// Sends a command that steers a transfer, and says how that stands now.
async fn steered(context: &Context, attached: &Attached, command: Command) -> Result<(), Stop> {
    let view = changed(attached, command).await?;
    let words = format!("{}  {}: {}", view.id.short(), view.contact, human::state(&view));
    context.out.done(json::transfer(&view), &words)
}

/// Sends a command that answers with a transfer.
pub(super) async fn changed(attached: &Attached, command: Command) -> Result<TransferView, Stop> {
    match attached.agent.request(command).await? {
        Reply::Transfer(view) => Ok(attached.placed(*view)),
        _ => Err(unexpected().into()),
    }
}

/// Prints a table of transfers.
pub(super) fn list(context: &Context, transfers: &[TransferView], when_empty: &str) -> Result<(), Stop> {
    let now = UnixMillis::now();
    let objects: Value = transfers.iter().map(json::transfer).collect();
    let heading = ["ID", "", "CONTACT", "WHAT", "SIZE", "STATE", "WHEN"].map(|name| context.out.strong(name));
    let rows: Vec<Vec<String>> = transfers
        .iter()
        .map(|view| {
            let arrow = match view.direction {
                Direction::Outgoing => "→",
                Direction::Incoming => "←",
            };
            vec![
                view.id.short(),
                arrow.into(),
                view.contact.to_string(),
                fit_middle(&human::what(view), WIDEST_NAME, '…'),
                human::size(view.total),
                human::state(view),
                human::distance(now, view.created),
            ]
        })
        .collect();
    if rows.is_empty() {
        context.out.talk(when_empty);
    }
    let text = if rows.is_empty() { String::new() } else { human::table(&heading, &rows) };
    context.out.data(json::object("transfers", json!({ "transfers": objects })), &text)
}

async fn show(context: &Context, attached: &Attached, view: TransferView) -> Result<(), Stop> {
    let items = all_items(attached, &view).await?;
    let mut object = json::transfer(&view);
    if let Value::Object(fields) = &mut object {
        fields.insert("items".into(), json::items(&items));
    }
    let now = UnixMillis::now();
    let mut facts = vec![
        ("id", view.id.to_string()),
        ("contact", view.contact.to_string()),
        ("direction", human::direction(view.direction).to_owned()),
        ("state", human::state(&view)),
        ("size", format!("{} of {}", human::size(view.moved), human::size(view.total))),
        ("offered", human::moment(now, view.created)),
        ("expires", human::moment(now, view.expires)),
    ];
    if !view.note.is_empty() {
        facts.push(("note", view.note.shown()));
    }
    if let Some(verdict) = &view.verdict {
        facts.push(("by itself", text::verdict(verdict)));
    }
    if !view.destination.is_empty() {
        facts.push(("goes to", human::path(view.destination.as_bytes())));
    }
    let heading = ["SIZE", "FILE"].map(|name| context.out.strong(name));
    let rows: Vec<Vec<String>> =
        items.iter().map(|item| vec![human::size(item.size), human::item_name(item)]).collect();
    let text = format!("{}\n\n{}", human::facts(&facts), human::table(&heading, &rows));
    context.out.data(object, &text)
}

/// The items of a transfer, page by page.
pub(super) async fn all_items(attached: &Attached, view: &TransferView) -> Result<Vec<ItemView>, Stop> {
    let mut items = view.items.clone();
    while items.len() < usize::try_from(view.item_count).unwrap_or(usize::MAX) {
        let from = u32::try_from(items.len()).unwrap_or(u32::MAX);
        match attached.agent.request(Command::Items { transfer: view.id, from }).await? {
            Reply::Items(page) if !page.is_empty() => items.extend(page),
            _ => break,
        }
    }
    Ok(items)
}
