//! States in words: of transfers, contacts, accounts; and advice for failures that come without any.

use airhatch_wire::control::{
    Direction, ItemView, Jail, JailStrength, Phase, Policy, Presence, TransferState, TransferView, Trust,
};
use airhatch_wire::peer::ItemKind;
use airhatch_wire::warden::RuntimeKind;
use airhatch_wire::{Code, UnixMillis};
use jiff::tz::TimeZone;

use super::{bytes, clock, count, percent};

/// What a transfer carries: a file's name, or how many.
pub(crate) fn what(view: &TransferView) -> String {
    carried(&view.items, view.item_count, view.wanted)
}

/// The same for the first of `all` items, of which so many are wanted.
pub(crate) fn carried(first: &[ItemView], all: u32, wanted: u32) -> String {
    match (first.first(), all) {
        (Some(item), 0 | 1) => named(item),
        (Some(top), _) if is_all_in(first, all, top) => named(top),
        _ => number_of(first, all, wanted),
    }
}

/// `3 files`, `3 of 5 files`; items where folders are among them and not all is known.
pub(crate) fn number(view: &TransferView) -> String {
    number_of(&view.items, view.item_count, view.wanted)
}

fn number_of(first: &[ItemView], all: u32, wanted: u32) -> String {
    let all = usize::try_from(all).unwrap_or(usize::MAX);
    let is_file = |item: &&ItemView| item.kind == ItemKind::File;
    let (wanted, of, one, many) = if first.len() >= all {
        let files = first.iter().filter(is_file).count();
        (first.iter().filter(is_file).filter(|item| item.wanted).count(), files, "file", "files")
    } else {
        let wanted = usize::try_from(wanted).unwrap_or(usize::MAX).min(all);
        let files_only = first.iter().all(|item| is_file(&item));
        (wanted, all, if files_only { "file" } else { "item" }, if files_only { "files" } else { "items" })
    };
    if wanted == of { count(of, one, many) } else { format!("{wanted} of {}", count(of, one, many)) }
}

/// An item's name; a folder's ends in a stroke.
fn named(item: &ItemView) -> String {
    let name = item.path.shown();
    if item.kind == ItemKind::Folder { name + "/" } else { name }
}

/// Whether everything lies in one folder, as far as that is known for sure.
fn is_all_in(first: &[ItemView], all: u32, top: &ItemView) -> bool {
    let inside = |item: &ItemView| {
        let rest = item.path.as_received().strip_prefix(top.path.as_received());
        rest.is_some_and(|rest| rest.starts_with('/'))
    };
    let all_known = usize::try_from(all).is_ok_and(|all| first.len() >= all);
    top.kind == ItemKind::Folder && all_known && first.iter().skip(1).all(inside)
}

/// How far a transfer is, in a word or two.
pub(crate) const fn state(view: &TransferView) -> &'static str {
    let outgoing = matches!(view.direction, Direction::Outgoing);
    match &view.state {
        TransferState::Queued => "reaching out",
        TransferState::Offered if outgoing => "offered",
        TransferState::Offered => "waits for you",
        TransferState::Accepted if view.moved > 0 => "resuming",
        TransferState::Accepted => "accepted",
        TransferState::Waiting => "in line",
        TransferState::NoRoom => "no room",
        TransferState::Paused { by_us: true, by_them: true } => "paused by both",
        TransferState::Paused { by_us: true, .. } => "paused by you",
        TransferState::Paused { .. } => "paused by them",
        TransferState::Moving if outgoing => "sending",
        TransferState::Moving => "receiving",
        TransferState::Finishing => "finishing",
        TransferState::Delivered { .. } if outgoing => "delivered",
        TransferState::Delivered { .. } => "received",
        TransferState::Denied { .. } => "denied",
        TransferState::Cancelled { .. } => "cancelled",
        TransferState::Expired => "expired",
        TransferState::Failed(_) => "failed",
    }
}

/// How far a transfer is, in a sentence.
pub(crate) fn state_sentence(view: &TransferView, now: UnixMillis, zone: &TimeZone) -> String {
    let outgoing = view.direction == Direction::Outgoing;
    let until = clock(view.expires, now, zone);
    match &view.state {
        TransferState::Queued => format!("not reached yet; tried again until {until}"),
        TransferState::Offered if outgoing => format!("offered; they can decide until {until}"),
        TransferState::Offered => format!("waits for your decision until {until}"),
        TransferState::Accepted if view.moved > 0 => {
            format!("resuming at {}", percent(view.moved, view.total))
        }
        TransferState::Accepted => "accepted; the bytes are about to start".to_owned(),
        TransferState::Waiting => resting("accepted; starts when other transfers have ended", view),
        TransferState::NoRoom if outgoing => resting("no room at the receiver; goes on when there is", view),
        TransferState::NoRoom => resting("no room on the disk here; goes on when there is", view),
        TransferState::Paused { by_us: true, by_them: true } => resting("paused by both sides", view),
        TransferState::Paused { by_us: true, .. } => resting("paused by you", view),
        TransferState::Paused { .. } => resting("paused by the other side", view),
        TransferState::Moving if outgoing => "sending".to_owned(),
        TransferState::Moving => "receiving".to_owned(),
        TransferState::Finishing => "all bytes are there; checking them".to_owned(),
        TransferState::Delivered { at } if outgoing => {
            format!("delivered {}, with a signed receipt", clock(*at, now, zone))
        }
        TransferState::Delivered { at } => format!("received {}, every byte checked", clock(*at, now, zone)),
        TransferState::Denied { reason } if outgoing => with_reason("they said no", &reason.shown()),
        TransferState::Denied { reason } => with_reason("you said no", &reason.shown()),
        TransferState::Cancelled { by_us: true, reason } => with_reason("you called it off", &reason.shown()),
        TransferState::Cancelled { by_us: false, reason } => {
            with_reason("they called it off", &reason.shown())
        }
        TransferState::Expired => "nobody decided in time".to_owned(),
        TransferState::Failed(failure) => failure.message.shown(),
    }
}

/// Why it rests, and where it will go on.
fn resting(why: &str, view: &TransferView) -> String {
    if view.moved == 0 { why.to_owned() } else { format!("{why}, from {}", percent(view.moved, view.total)) }
}

/// What a person can do about a transfer that does not go on by itself, or could go on sooner.
pub(crate) fn what_to_do(view: &TransferView) -> Option<String> {
    let outgoing = view.direction == Direction::Outgoing;
    let advice = match &view.state {
        TransferState::Failed(failure) => return Some(failed(view, failure)),
        TransferState::Queued => "They get it when they are online. r tries now.",
        TransferState::NoRoom if outgoing => "They need room on their disk. r tries now.",
        TransferState::NoRoom => "Make room on this disk; r tries now.",
        TransferState::Paused { by_us: true, .. } => "p lets it go on.",
        TransferState::Paused { .. } => "Only they can let it go on.",
        TransferState::Offered if !outgoing => "Enter shows the offer.",
        _ => return None,
    };
    Some(advice.to_owned())
}

/// The failure's own advice, and the key that offers it again where there is one.
fn failed(view: &TransferView, failure: &airhatch_wire::Failure) -> String {
    let advice = super::advice_of(failure);
    if crate::update::can_steer(view, crate::keymap::Action::Retry) {
        format!("{advice} r offers it again.")
    } else {
        advice
    }
}

fn with_reason(what: &str, reason: &str) -> String {
    if reason.is_empty() { what.to_owned() } else { format!("{what}: {reason}") }
}

/// Whether a contact is there, in a word.
pub(crate) const fn presence(presence: &Presence) -> &'static str {
    match presence {
        Presence::Unknown => "not asked yet",
        Presence::Online { .. } => "online",
        Presence::Offline { .. } => "offline",
    }
}

/// Whether a contact is there, in a sentence.
pub(crate) fn presence_sentence(presence: &Presence, now: UnixMillis, zone: &TimeZone) -> String {
    match presence {
        Presence::Unknown => "not asked yet".to_owned(),
        Presence::Online { seen, micros } => {
            format!("online, answered {} in {}", clock(*seen, now, zone), milliseconds(*micros))
        }
        Presence::Offline { seen: Some(seen) } => {
            format!("offline, answered last {}", clock(*seen, now, zone))
        }
        Presence::Offline { seen: None } => "offline, never answered so far".to_owned(),
    }
}

/// `12 ms`, `0.4 ms`.
pub(crate) fn milliseconds(micros: u64) -> String {
    if micros < 10_000 {
        format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100)
    } else {
        format!("{} ms", micros / 1_000)
    }
}

/// How far a contact's key is to be trusted, in a word.
pub(crate) const fn trust(trust: &Trust) -> &'static str {
    match trust {
        Trust::Certified => "certified",
        Trust::Verified => "verified",
        Trust::Changed { .. } => "KEY CHANGED",
        Trust::Revoked => "REVOKED",
    }
}

/// The same, in a sentence.
pub(crate) const fn trust_sentence(trust: &Trust) -> &'static str {
    match trust {
        Trust::Certified => "certified by your CA; fingerprints not compared yet",
        Trust::Verified => "verified: you compared the fingerprint",
        Trust::Changed { .. } => "KEY CHANGED: nothing is sent or taken until you decide",
        Trust::Revoked => "REVOKED by the CA: nothing is sent or taken",
    }
}

/// Where an agent runs.
pub(crate) const fn runtime(kind: RuntimeKind) -> &'static str {
    match kind {
        RuntimeKind::Process => "process runtime",
        RuntimeKind::Container => "container",
    }
}

/// The same, in a sentence.
pub(crate) const fn runtime_sentence(kind: RuntimeKind) -> &'static str {
    match kind {
        RuntimeKind::Process => "process runtime: the agent is a separate program",
        RuntimeKind::Container => "container: the agent runs in a container of its own",
    }
}

/// How much of a jail there is.
pub(crate) const fn jail(strength: JailStrength) -> &'static str {
    match strength {
        JailStrength::None => "not jailed",
        JailStrength::Partial => "partly jailed",
        JailStrength::Whole => "jailed",
    }
}

/// The same, and where something is missing, all that is known about it.
pub(crate) fn jail_sentence(jail: &Jail) -> String {
    let word = self::jail(jail.strength);
    if jail.strength == JailStrength::Whole {
        return word.to_owned();
    }
    let sentences: Vec<String> = jail.sentences.iter().map(airhatch_wire::Untrusted::shown).collect();
    format!("{word}: {}", sentences.join("; "))
}

/// How far an account is.
pub(crate) const fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::New => "not set up",
        Phase::Locked => "locked",
        Phase::Ready => "logged in",
        Phase::Removed => "removed",
    }
}

/// What happens to offers while nobody is here.
pub(crate) fn policy(policy: &Policy) -> String {
    match policy {
        Policy::Ask => "they wait for you until they expire".to_owned(),
        Policy::Never => "they are denied".to_owned(),
        Policy::Verified { max_bytes } => {
            format!("verified contacts may send up to {}; the rest waits", bytes(*max_bytes))
        }
    }
}

/// What to do about a failure that says nothing about it.
pub(crate) const fn advice(code: Code) -> &'static str {
    match code {
        Code::Internal => "Look at the log (screen 4); trying again may help.",
        Code::Invalid | Code::NotPermitted => "Look at what was asked for and try something else.",
        Code::UnknownVersion | Code::UnknownMessage => "Install the same version of Airhatch on both sides.",
        Code::TooLarge => "Try less at once.",
        Code::NotLoggedIn => "Log in first.",
        Code::WrongPassphrase => "Try again. Look at Caps Lock and the keyboard's language.",
        Code::Denied | Code::Cancelled => "Talk to the other side, then offer again.",
        Code::PeerOffline => "Ask them to log in; an offer is tried again until it expires.",
        Code::VerificationFailed => "Do not trust what came. Talk to the other side over another channel.",
        Code::KeyChanged => "Open the contact and decide about the new key.",
        Code::Revoked => "Ask them for their new email or account.",
        Code::CertificateExpired => "They log in once to renew it, or you do when it is yours.",
        Code::TimedOut | Code::TryAgain => "Wait a little, then try again.",
        Code::NotFound => "Look at the spelling.",
        Code::AgentDown => "Start the agent again: press r, or run airhatch again.",
        Code::AuthorityUnreachable => "Look at the network and the CA's address.",
        Code::AuthorityRefused => "Ask whoever runs the CA.",
        Code::WrongAuthority => {
            "Compare the fingerprint with whoever runs the CA. Do not go on until it matches."
        }
        Code::EngineUnavailable => "Start Docker or Podman, or use the process runtime.",
        Code::Conflict => "It exists already: use another name.",
        Code::DiskFull => "Make room on the disk, then try again.",
        Code::Expired => "Ask for a new offer.",
        Code::BadSource => "Look whether the file is still there, readable and a plain file.",
        Code::BadName => "Ask the sender for another file name.",
    }
}
