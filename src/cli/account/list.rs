//! `airhatch account list`.

use serde_json::{Value, json};

use crate::cli::context::Context;
use crate::cli::exit::Stop;
use crate::cli::{human, json};

/// Does it.
pub(super) async fn run(context: &Context) -> Result<(), Stop> {
    let accounts = context.accounts().await?;
    let objects: Value = accounts.iter().map(json::record).collect();
    let heading = ["ACCOUNT", "AGENT", "RECEIVED FILES"].map(|name| context.out.strong(name));
    let rows: Vec<Vec<String>> = accounts
        .iter()
        .map(|record| {
            let agent = if record.running { "running" } else { "stopped" };
            vec![record.account.to_string(), agent.into(), human::path(&record.inbox)]
        })
        .collect();
    if rows.is_empty() {
        context.out.talk("no account here yet; make one: airhatch account create");
    }
    let text = if rows.is_empty() { String::new() } else { human::table(&heading, &rows) };
    context.out.data(json::object("accounts", json!({ "accounts": objects })), &text)
}
