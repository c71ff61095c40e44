//! `airhatch history`: how transfers ended, the last one first.

use airhatch_wire::control::{Command, Direction, PastTransfer, Reply, TransferState};
use airhatch_wire::{Email, Failure, UnixMillis};
use clap::Args;
use serde_json::{Value, json};

use super::context::{Attached, Context};
use super::exit::Stop;
use super::{human, json};
use crate::link::unexpected;
use crate::text;
use crate::widgets::fit_middle;

/// Columns that a file's name may take in the list.
const WIDEST_NAME: usize = 40;

/// Which part of the history.
#[derive(Debug, Args)]
pub(crate) struct History {
    /// Only transfers with this contact
    #[arg(long, value_name = "EMAIL")]
    with: Option<Email>,
    /// The last so many
    #[arg(long, value_name = "NUMBER")]
    limit: Option<usize>,
}

impl History {
    /// Does it.
    pub(crate) async fn run(self, context: &Context) -> Result<(), Stop> {
        let attached = context.attach().await?;
        let past = read(&attached, self.with.as_ref(), self.limit.unwrap_or(usize::MAX)).await?;
        let objects: Value = past.iter().map(object).collect();
        let now = UnixMillis::now();
        let heading = ["ID", "", "CONTACT", "WHAT", "SIZE", "OUTCOME", "RECEIPT", "ENDED"]
            .map(|name| context.out.strong(name));
        let rows: Vec<Vec<String>> = past.iter().map(|one| row(one, now)).collect();
        if rows.is_empty() {
            context.out.talk("no transfer has ended yet");
        }
        let verdicts = past.iter().filter_map(|one| one.verdict.as_ref().map(|verdict| (one, verdict)));
        let by_itself: Vec<String> = verdicts
            .map(|(one, verdict)| format!("{}  {}: {}", one.id.short(), one.contact, text::verdict(verdict)))
            .collect();
        let mut text = if rows.is_empty() { String::new() } else { human::table(&heading, &rows) };
        if !by_itself.is_empty() {
            text = format!("{text}\n\n{}", by_itself.join("\n"));
        }
        context.out.data(json::object("history", json!({ "transfers": objects })), &text)
    }
}

/// The last `limit` transfers that ended, page by page.
///
/// # Errors
/// What the agent refused with.
pub(super) async fn read(
    attached: &Attached,
    with: Option<&Email>,
    limit: usize,
) -> Result<Vec<PastTransfer>, Failure> {
    let mut past: Vec<PastTransfer> = Vec::new();
    while past.len() < limit {
        let after = past.last().map(|one| one.id);
        match attached.agent.request(Command::History { with: with.cloned(), after }).await? {
            Reply::History(page) if page.is_empty() => break,
            Reply::History(page) => past.extend(page),
            _ => return Err(unexpected()),
        }
    }
    past.truncate(limit);
    Ok(past)
}

fn row(past: &PastTransfer, now: UnixMillis) -> Vec<String> {
    let outgoing = past.direction == Direction::Outgoing;
    let what = match past.items.as_slice() {
        [only] if past.item_count == 1 => human::item_name(only),
        first => text::carried(first, past.item_count, past.item_count),
    };
    vec![
        past.id.short(),
        if outgoing { "→" } else { "←" }.into(),
        past.contact.to_string(),
        fit_middle(&what, WIDEST_NAME, '…'),
        human::size(past.total),
        human::ended(&past.outcome, past.direction),
        if past.receipt { "held" } else { "" }.into(),
        human::moment(now, past.ended),
    ]
}

fn object(past: &PastTransfer) -> Value {
    let fields = json!({
        "id": past.id.to_string(),
        "direction": human::direction(past.direction),
        "contact": past.contact,
        "note": past.note.shown(),
        "outcome": json::state(&past.outcome),
        "items": json::items(&past.items),
        "item_count": past.item_count,
        "total": past.total,
        "created": json::time(past.created),
        "ended": json::time(past.ended),
        "delivered": matches!(past.outcome, TransferState::Delivered { .. }),
        "receipt": past.receipt,
        "verdict": past.verdict.as_ref().map(json::verdict),
    });
    json::object("past_transfer", fields)
}
