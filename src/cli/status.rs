//! `airhatch status`: every account (or the one of `--account`) at a glance.

use airhatch_wire::control::{
    AccountView, AuthorityState, Command, Direction, Phase, TransferState, TransferView,
};
use airhatch_wire::warden::{self, AccountRecord, Isolation, RuntimeKind};
use airhatch_wire::{Failure, UnixMillis, Untrusted};
use serde_json::{Value, json};

use super::context::{Attached, Context, account_of};
use super::exit::Stop;
use super::{human, json};
use crate::link::unexpected;
use crate::text::{self, jail_sentence};

struct Seen {
    record: AccountRecord,
    /// Or why the engine does not tell.
    isolation: Result<Isolation, Failure>,
    view: Option<AccountView>,
    transfers: Vec<TransferView>,
}

/// Does it.
pub(crate) async fn run(context: &Context) -> Result<(), Stop> {
    let mut accounts = context.accounts().await?;
    if let Some(wanted) = &context.global.account {
        context.account(Some(wanted)).await?;
        accounts.retain(|record| record.account == *wanted);
    }
    let mut seen = Vec::new();
    for record in accounts {
        seen.push(look(context, record).await?);
    }
    if seen.is_empty() {
        context.out.talk("no account here yet; make one: airhatch account create");
    }
    let objects: Value = seen.iter().map(object).collect();
    let jail = &context.surroundings.jail;
    let mut parts: Vec<String> = seen.iter().map(|one| text(context, one)).collect();
    parts.push(format!("this program: {}", jail_sentence(jail)));
    let fields = json!({ "front": { "jail": json::jail(jail) }, "accounts": objects });
    context.out.data(json::object("status", fields), &parts.join("\n\n"))
}

async fn look(context: &Context, record: AccountRecord) -> Result<Seen, Failure> {
    let isolation = isolation(context, &record).await;
    let Some(agent) = context.running_agent(&record.account).await? else {
        return Ok(Seen { record, isolation, view: None, transfers: Vec::new() });
    };
    let view = account_of(&agent, Command::Status).await?;
    let transfers = match view.phase {
        Phase::Ready => Attached::new(record.clone(), agent).transfers().await?,
        _ => Vec::new(),
    };
    Ok(Seen { record, isolation, view: Some(view), transfers })
}

async fn isolation(context: &Context, record: &AccountRecord) -> Result<Isolation, Failure> {
    let command = warden::Command::Isolation { account: record.account.clone() };
    match context.warden().request(command).await? {
        warden::Reply::Isolation(isolation) => Ok(isolation),
        _ => Err(unexpected()),
    }
}

impl Seen {
    fn offers_waiting(&self) -> usize {
        let waits = |view: &&TransferView| {
            view.direction == Direction::Incoming && view.state == TransferState::Offered
        };
        self.transfers.iter().filter(waits).count()
    }

    fn under_way(&self) -> usize {
        self.transfers.iter().filter(|view| !view.state.is_over()).count() - self.offers_waiting()
    }
}

fn object(seen: &Seen) -> Value {
    let mut object = json::record(&seen.record);
    if let Value::Object(fields) = &mut object {
        fields.insert("isolation".into(), walls(&seen.isolation));
        fields.insert("agent".into(), seen.view.as_ref().map_or(Value::Null, json::account));
        fields.insert("offers_waiting".into(), json!(seen.offers_waiting()));
        fields.insert("transfers_under_way".into(), json!(seen.under_way()));
    }
    object
}

fn walls(isolation: &Result<Isolation, Failure>) -> Value {
    match isolation {
        Ok(Isolation { place, missing, .. }) => json!({
            "place": place.shown(),
            "missing": missing.iter().map(Untrusted::shown).collect::<Vec<_>>(),
        }),
        Err(failure) => json!({ "unknown": failure.message.shown() }),
    }
}

/// Where the agent runs, and what the engine did not give of what was asked.
fn walls_text(seen: &Seen) -> String {
    match &seen.isolation {
        Ok(Isolation { runtime: RuntimeKind::Process, .. }) => "a process of yours".to_owned(),
        Ok(Isolation { place, missing, .. }) if missing.is_empty() => {
            format!("container {}", place.shown())
        }
        Ok(Isolation { place, missing, .. }) => {
            let missing = missing.iter().map(Untrusted::shown).collect::<Vec<_>>().join("; ");
            format!("container {}, but {missing}", place.shown())
        }
        Err(failure) => format!("unknown: {}", failure.message.shown()),
    }
}

fn text(context: &Context, seen: &Seen) -> String {
    let head = context.out.strong(seen.record.account.as_str());
    let runs = ("  runs as", walls_text(seen));
    let Some(view) = &seen.view else {
        return format!("{head}\n{}", human::facts(&[("  state", "logged out".into()), runs]));
    };
    let now = UnixMillis::now();
    let state = match view.phase {
        Phase::New => "no keys yet",
        Phase::Locked => "locked",
        Phase::Ready => "logged in",
        Phase::Removed => "removed",
    };
    let mut facts = vec![("  state", state.to_owned()), runs, ("  agent is", jail_sentence(&view.jail))];
    if let Some(fingerprint) = &view.fingerprint {
        facts.push(("  fingerprint", fingerprint.to_string()));
    }
    if let Some(authority) = &view.authority {
        let state = match &authority.state {
            AuthorityState::Fine => " (reachable)",
            AuthorityState::Unreachable => " (not reachable)",
            AuthorityState::Refused(_) => " (refuses)",
            AuthorityState::Unasked => "",
        };
        facts.push(("  CA", format!("{}{state}", authority.address)));
        if let AuthorityState::Refused(why) = &authority.state {
            facts.push(("  CA says", why.in_one_line()));
        }
    }
    if let Some(until) = view.certificate_until {
        facts.push(("  certificate until", human::moment(now, until)));
    }
    if view.phase == Phase::Ready {
        let addresses = view.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        facts.push(("  listens at", addresses));
        facts.push(("  policy", human::policy(view.policy)));
        facts.push(("  limits", text::limits(&view.limits)));
        facts.push(("  offers waiting", seen.offers_waiting().to_string()));
        facts.push(("  under way", seen.under_way().to_string()));
    }
    facts.push(("  received files", human::path(&seen.record.inbox)));
    facts.push(("  drop folder", human::path(&seen.record.drop)));
    format!("{head}\n{}", human::facts(&facts))
}
