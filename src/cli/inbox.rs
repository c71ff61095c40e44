//! `airhatch inbox`: what others offer.

mod pattern;
mod place;

use std::path::PathBuf;

use airhatch_wire::control::{Command, Direction, ItemView, TransferState, TransferView};
use airhatch_wire::{Code, Failure, Selection, UnixMillis};
use clap::{Args, Subcommand};

use super::context::{Attached, Context};
use super::exit::Stop;
use super::follow::{Follow, settle};
use super::select::IdPrefix;
use super::{human, json, transfer};
use pattern::{Pattern, named};
use place::folder_in;

/// What to do with offers.
#[derive(Debug, Subcommand)]
pub(crate) enum Inbox {
    /// List offers that wait for you and files that are arriving
    List,
    /// Accept an offer and wait until its files are there
    Accept(Accept),
    /// Deny an offer
    Deny {
        /// The first digits of its id
        id: IdPrefix,
        /// A word to the sender
        #[arg(long, default_value = "")]
        reason: String,
    },
}

/// An offer to accept.
#[derive(Debug, Args)]
pub(crate) struct Accept {
    /// The first digits of its id
    id: IdPrefix,
    /// Take only what this pattern names, like '*.jpg' or photos/2026; may be given several times
    #[arg(long, value_name = "PATTERN")]
    only: Vec<Pattern>,
    /// Put it into this folder of your inbox, which is made if need be
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
    /// Wait until the files are there (the default)
    #[arg(long, conflicts_with = "detach")]
    wait: bool,
    /// Come back at once; the agent goes on
    #[arg(long)]
    detach: bool,
}

impl Inbox {
    /// Does it.
    pub(crate) async fn run(self, context: &Context) -> Result<(), Stop> {
        let attached = context.attach().await?;
        match self {
            Self::List => {
                let mut transfers = attached.transfers().await?;
                transfers.retain(|view| view.direction == Direction::Incoming && !view.state.is_over());
                transfer::list(context, &transfers, "nothing waits for you")
            }
            Self::Accept(accept) => accept.run(context, &attached).await,
            Self::Deny { id, reason } => {
                let view = find(&attached, &id).await?;
                let command = Command::Deny { transfer: view.id, reason };
                let view = transfer::changed(&attached, command).await?;
                context.out.done(json::transfer(&view), &format!("{} is denied", view.id.short()))
            }
        }
    }
}

impl Accept {
    async fn run(self, context: &Context, attached: &Attached) -> Result<(), Stop> {
        let view = find(attached, &self.id).await?;
        let follow = match self.detach {
            true => None,
            false => Some(Follow::new(context, attached, attached.agent.watch(false).await?)),
        };
        context.out.talk(&describe(&view));
        let folder = match &self.to {
            Some(wanted) => folder_in(&attached.inbox, wanted)?,
            None => None,
        };
        let items = self.part_of(attached, &view).await?;
        let accept = Command::Accept { transfer: view.id, items, folder };
        let view = transfer::changed(attached, accept).await?;
        if view.wanted < view.item_count {
            let (part, all) = (view.wanted, view.item_count);
            context.out.talk(&format!("taking {part} of {all} items, {}", human::size(view.total)));
        }
        let Some(mut follow) = follow else {
            return context.out.done(json::transfer(&view), &format!("{} is accepted", view.id.short()));
        };
        follow.add(view)?;
        let ended = follow.until_over().await?;
        for one in &ended {
            if matches!(one.view.state, TransferState::Delivered { .. }) && !context.out.json() {
                let items = transfer::all_items(attached, &one.view).await?;
                context.out.data(serde_json::Value::Null, &landed(&one.view, &items))?;
            }
        }
        settle(context, &ended)
    }

    /// What of an offer is named.
    async fn part_of(&self, attached: &Attached, view: &TransferView) -> Result<Selection, Stop> {
        if self.only.is_empty() {
            return Ok(Selection::All);
        }
        let items = transfer::all_items(attached, view).await?;
        named(&items, &self.only).ok_or_else(|| {
            let nothing = Failure::new(Code::NotFound, "nothing in this offer is named like that");
            nothing.hint(format!("see what it holds: airhatch transfer show {}", view.id.short())).into()
        })
    }
}

async fn find(attached: &Attached, id: &IdPrefix) -> Result<TransferView, Failure> {
    id.find(attached.transfers().await?, Some(Direction::Incoming))
}

fn describe(view: &TransferView) -> String {
    let note = if view.note.is_empty() { String::new() } else { format!(": {}", view.note.shown()) };
    let expires = human::distance(UnixMillis::now(), view.expires);
    format!(
        "{} from {}, {}, expires {expires}{note}",
        human::what(view),
        view.contact,
        human::size(view.total)
    )
}

/// The paths of files that arrived, one a line: the result of accepting.
fn landed(view: &TransferView, items: &[ItemView]) -> String {
    let folder = human::path(view.destination.as_bytes());
    let paths =
        items.iter().filter(|item| item.wanted).map(|item| format!("{folder}/{}", human::item_name(item)));
    paths.collect::<Vec<_>>().join("\n")
}
