//! What scripts read: every object has `"schema": 1` and `"type"`, times are RFC 3339, sizes bytes, a stranger's
//! words escaped as on screen. Field names are a promise; append only.

use airhatch_wire::control::{
    AccountView, AuthorityState, Beyond, ContactPolicy, ContactView, Event, ItemView, Jail, JailStrength,
    Limits, LogLevel, Phase, Policy, Presence, TransferState, TransferView, Trust, Verdict,
};
use airhatch_wire::peer::ItemKind;
use airhatch_wire::warden::{AccountRecord, RuntimeKind, Skipped, Why};
use airhatch_wire::{Code, Failure, UnixMillis, Untrusted, untrusted};
use serde_json::{Map, Value, json};

use super::{exit, human};

/// An object of a type, with the fields of `fields` (an object).
pub(crate) fn object(kind: &str, fields: Value) -> Value {
    let mut object = Map::new();
    object.insert("schema".into(), json!(1));
    object.insert("type".into(), json!(kind));
    if let Value::Object(fields) = fields {
        object.extend(fields);
    }
    Value::Object(object)
}

/// An error.
pub(crate) fn failure(failure: &Failure) -> Value {
    error(&code(failure.code), exit::of(failure.code), &failure.message.shown(), &failure.hint.shown())
}

/// An error that is no [`Failure`].
pub(crate) fn error(code: &str, exit: u8, message: &str, hint: &str) -> Value {
    object("error", json!({ "code": code, "exit": exit, "message": message, "hint": hint }))
}

/// A code's name: `peer_offline`.
pub(crate) fn code(code: Code) -> String {
    let mut name = String::new();
    for c in format!("{code:?}").chars() {
        if c.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(c.to_ascii_lowercase());
    }
    name
}

/// A moment.
pub(crate) fn time(moment: UnixMillis) -> Value {
    human::timestamp(moment).map_or(Value::Null, |time| json!(time.to_string()))
}

/// An account as the warden knows it.
pub(crate) fn record(record: &AccountRecord) -> Value {
    let runtime = match record.runtime {
        RuntimeKind::Process => "process",
        RuntimeKind::Container => "docker",
    };
    let fields = json!({
        "account": record.account,
        "runtime": runtime,
        "running": record.running,
        "inbox": human::path(&record.inbox),
        "drop": human::path(&record.drop),
    });
    object("account", fields)
}

/// What lay in folders and cannot be sent.
pub(crate) fn skipped(skipped: &Skipped) -> Value {
    let things = skipped.first.iter();
    let things: Vec<Value> =
        things.map(|thing| json!({ "path": human::path(&thing.path), "why": why(thing.why) })).collect();
    object("skipped", json!({ "count": skipped.count, "first": things }))
}

const fn why(why: Why) -> &'static str {
    match why {
        Why::Link => "link",
        Why::Device => "device",
        Why::Socket => "socket",
        Why::Pipe => "pipe",
        Why::MadeUp => "made_up",
        Why::Unreadable => "unreadable",
        Why::Vanished => "vanished",
    }
}

/// An account as its agent knows it.
pub(crate) fn account(view: &AccountView) -> Value {
    let authority = view.authority.as_ref().map(|authority| {
        json!({
            "address": authority.address,
            "fingerprint": authority.fingerprint.to_string(),
            "reachable": match &authority.state {
                AuthorityState::Unasked => None,
                AuthorityState::Unreachable => Some(false),
                AuthorityState::Fine | AuthorityState::Refused(_) => Some(true),
            },
            "refused": match &authority.state {
                AuthorityState::Refused(why) => Some(failure(why)),
                _ => None,
            },
        })
    });
    let fields = json!({
        "account": view.email,
        "phase": match view.phase {
            Phase::New => "new",
            Phase::Locked => "locked",
            Phase::Ready => "ready",
            Phase::Removed => "removed",
        },
        "fingerprint": view.fingerprint.map(|fingerprint| fingerprint.to_string()),
        "authority": authority,
        "certificate_until": view.certificate_until.map(time),
        "addresses": view.addresses,
        "policy": policy(view.policy),
        "limits": limits(&view.limits),
        "fronts": view.fronts,
        "version": untrusted::escape(&view.version),
        "jail": jail(&view.jail),
    });
    object("agent", fields)
}

/// A jail as it turned out.
pub(crate) fn jail(jail: &Jail) -> Value {
    let strength = match jail.strength {
        JailStrength::None => "none",
        JailStrength::Partial => "partial",
        JailStrength::Whole => "whole",
    };
    let sentences: Vec<String> = jail.sentences.iter().map(Untrusted::shown).collect();
    json!({ "strength": strength, "sentences": sentences })
}

/// A policy.
pub(crate) fn policy(policy: Policy) -> Value {
    match policy {
        Policy::Ask => json!({ "kind": "ask" }),
        Policy::Never => json!({ "kind": "never" }),
        Policy::Verified { max_bytes } => json!({ "kind": "verified", "max_bytes": max_bytes }),
    }
}

/// A contact's rule.
fn contact_policy(policy: &ContactPolicy) -> Value {
    match policy {
        ContactPolicy::Account => json!({ "kind": "account" }),
        ContactPolicy::Ask => json!({ "kind": "ask" }),
        ContactPolicy::Never => json!({ "kind": "never" }),
        ContactPolicy::Auto(budget) => json!({
            "kind": "auto",
            "per_file": budget.per_file,
            "per_day": budget.per_day,
            "types": budget.endings,
            "until": budget.until.map(time),
        }),
    }
}

/// What an account allows at most; null where there is no limit.
pub(crate) fn limits(limits: &Limits) -> Value {
    json!({
        "offers_per_contact": limits.offers_per_contact,
        "offers": limits.offers,
        "bytes_per_day": limits.bytes_per_day,
        "transfers": limits.transfers,
        "upload": limits.upload,
        "download": limits.download,
    })
}

/// What an account made of an offer by itself.
pub(crate) fn verdict(verdict: &Verdict) -> Value {
    match verdict {
        Verdict::AcceptedByRule { today, per_day } => {
            json!({ "kind": "accepted_by_rule", "today": today, "per_day": per_day })
        }
        Verdict::DeniedByRule => json!({ "kind": "denied_by_rule" }),
        Verdict::AcceptedByPolicy { max_bytes } => {
            json!({ "kind": "accepted_by_policy", "max_bytes": max_bytes })
        }
        Verdict::DeniedByPolicy => json!({ "kind": "denied_by_policy" }),
        Verdict::Beyond(beyond) => match beyond {
            Beyond::FileSize { per_file } => {
                json!({ "kind": "beyond_rule", "why": "file_size", "per_file": per_file })
            }
            Beyond::Day { today, per_day } => {
                json!({ "kind": "beyond_rule", "why": "day", "today": today, "per_day": per_day })
            }
            Beyond::FileType => json!({ "kind": "beyond_rule", "why": "file_type" }),
            Beyond::Over => json!({ "kind": "beyond_rule", "why": "over" }),
            Beyond::NotVerified => json!({ "kind": "beyond_rule", "why": "not_verified" }),
        },
    }
}

/// A contact.
pub(crate) fn contact(view: &ContactView) -> Value {
    let trust = match view.trust {
        Trust::Certified => json!({ "kind": "certified" }),
        Trust::Verified => json!({ "kind": "verified" }),
        Trust::Changed { fingerprint, noticed } => {
            json!({ "kind": "changed", "new_fingerprint": fingerprint.to_string(), "noticed": time(noticed) })
        }
        Trust::Revoked => json!({ "kind": "revoked" }),
    };
    let presence = match view.presence {
        Presence::Unknown => json!({ "kind": "unknown" }),
        Presence::Online { seen, micros } => {
            json!({ "kind": "online", "seen": time(seen), "micros": micros })
        }
        Presence::Offline { seen } => json!({ "kind": "offline", "seen": seen.map(time) }),
    };
    let fields = json!({
        "email": view.email,
        "fingerprint": view.fingerprint.to_string(),
        "trust": trust,
        "presence": presence,
        "added": time(view.added),
        "policy": contact_policy(&view.policy),
        "by_rule_today": view.by_rule_today,
    });
    object("contact", fields)
}

/// A transfer, with the items that the view carries.
pub(crate) fn transfer(view: &TransferView) -> Value {
    let fields = json!({
        "id": view.id.to_string(),
        "direction": human::direction(view.direction),
        "contact": view.contact,
        "note": view.note.shown(),
        "state": state(&view.state),
        "items": items(&view.items),
        "item_count": view.item_count,
        "wanted": view.wanted,
        "total": view.total,
        "moved": view.moved,
        "created": time(view.created),
        "expires": time(view.expires),
        "destination": (!view.destination.is_empty()).then(|| untrusted::escape(&view.destination)),
        "free_space": view.free_space,
        "verdict": view.verdict.as_ref().map(verdict),
    });
    object("transfer", fields)
}

/// Items of a transfer.
pub(crate) fn items(items: &[ItemView]) -> Value {
    items
        .iter()
        .map(|item| {
            json!({
                "path": item.path.shown(),
                "folder": item.kind == ItemKind::Folder,
                "size": item.size,
                "executable": item.executable,
                "wanted": item.wanted,
                "landed_as": item.landed_as.as_ref().map(|name| name.shown()),
            })
        })
        .collect()
}

/// An event.
pub(crate) fn event(event: &Event) -> Value {
    match event {
        Event::AccountChanged(view) => account(view),
        Event::ContactChanged(view) => contact(view),
        Event::ContactRemoved(email) => object("contact_removed", json!({ "email": email })),
        Event::TransferChanged(view) => transfer(view),
        Event::Progress { transfer, moved } => {
            object("progress", json!({ "id": transfer.to_string(), "moved": moved }))
        }
        Event::TransferForgotten(id) => object("transfer_forgotten", json!({ "id": id.to_string() })),
        Event::Logged { at, level, text } => {
            let level = match level {
                LogLevel::Info => "info",
                LogLevel::Warn => "warn",
                LogLevel::Error => "error",
            };
            object("log", json!({ "at": time(*at), "level": level, "text": text.shown() }))
        }
    }
}

/// How far a transfer is, or how it ended.
pub(crate) fn state(state: &TransferState) -> Value {
    let kind = human::state_name(state);
    match state {
        TransferState::Delivered { at } => json!({ "kind": kind, "at": time(*at) }),
        TransferState::Denied { reason } => json!({ "kind": kind, "reason": reason.shown() }),
        TransferState::Cancelled { by_us, reason } => {
            json!({ "kind": kind, "by_us": by_us, "reason": reason.shown() })
        }
        TransferState::Failed(why) => json!({
            "kind": kind,
            "code": code(why.code),
            "message": why.message.shown(),
            "hint": why.hint.shown(),
        }),
        _ => json!({ "kind": kind }),
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_its_code_exit_message_and_hint() {
        let what = Failure::new(Code::PeerOffline, "bob\u{1b}[2J is away").hint("try later");
        let expected = json!({
            "schema": 1, "type": "error", "code": "peer_offline", "exit": 6,
            "message": "bob\\u{1b}[2J is away", "hint": "try later",
        });
        assert_eq!(failure(&what), expected);
    }

    #[test]
    fn a_strangers_note_is_escaped_and_times_are_rfc_3339() {
        let at = UnixMillis(1_700_000_000_000);
        let logged = Event::Logged { at, level: LogLevel::Warn, text: "a\u{202e}b".into() };
        let object = event(&logged);
        assert_eq!(object["text"], "a\\u{202e}b");
        assert_eq!(object["at"], "2023-11-14T22:13:20Z");
        assert_eq!((&object["schema"], &object["type"]), (&json!(1), &json!("log")));
    }
}
