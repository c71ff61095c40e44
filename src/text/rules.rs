//! Rules and limits in words: what an account does about offers by itself, and what it did.

use airhatch_wire::UnixMillis;
use airhatch_wire::control::{Beyond, Budget, ContactPolicy, ContactView, Limits, Verdict};
use jiff::tz::TimeZone;

use super::{bytes, clock, rate};

/// What happens to a contact's offers, in a sentence.
pub(crate) fn rule(contact: &ContactView, now: UnixMillis, zone: &TimeZone) -> String {
    match &contact.policy {
        ContactPolicy::Account => "none: what is set for the account counts".to_owned(),
        ContactPolicy::Ask => "offers wait for you".to_owned(),
        ContactPolicy::Never => "offers are denied at once".to_owned(),
        ContactPolicy::Auto(budget) => {
            format!("{}; {} today", self::budget(budget, now, zone), bytes(contact.by_rule_today))
        }
    }
}

fn budget(budget: &Budget, now: UnixMillis, zone: &TimeZone) -> String {
    let endings: Vec<String> = budget.endings.iter().map(ToString::to_string).collect();
    let types = if endings.is_empty() { String::new() } else { format!(", only {}", endings.join(", ")) };
    let until = budget.until.map(|until| format!(", until {}", clock(until, now, zone))).unwrap_or_default();
    let (per_file, per_day) = (bytes(budget.per_file), bytes(budget.per_day));
    format!("accepted up to {per_file} a file and {per_day} a day{types}{until}")
}

/// What the account did by itself about an offer, and why.
pub(crate) fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::AcceptedByRule { today, per_day } => {
            format!("accepted by your rule: {} of {} today", bytes(*today), bytes(*per_day))
        }
        Verdict::DeniedByRule => "denied by your rule for this contact".to_owned(),
        Verdict::AcceptedByPolicy { max_bytes } => {
            format!("accepted while you were away: verified, and up to {}", bytes(*max_bytes))
        }
        Verdict::DeniedByPolicy => "denied while you were away".to_owned(),
        Verdict::Beyond(beyond) => format!("beyond your rule: {}", self::beyond(beyond)),
    }
}

fn beyond(beyond: &Beyond) -> String {
    match beyond {
        Beyond::FileSize { per_file } => format!("a file has more than {}", bytes(*per_file)),
        Beyond::Day { today, per_day } => {
            format!("{} of {} used today", bytes(*today), bytes(*per_day))
        }
        Beyond::FileType => "a file of another type".to_owned(),
        Beyond::Over => "its time is over".to_owned(),
        Beyond::NotVerified => "the contact is not verified any more".to_owned(),
    }
}

/// What the account allows at most, in a sentence.
pub(crate) fn limits(limits: &Limits) -> String {
    let speed = |rate_limit: Option<u64>| rate_limit.map_or("any speed".to_owned(), rate);
    let day = limits.bytes_per_day.map(|day| format!(", {} a day from each contact", bytes(day)));
    format!(
        "{} transfers at once, up {}, down {}{}",
        limits.transfers,
        speed(limits.upload),
        speed(limits.download),
        day.unwrap_or_default()
    )
}

/// Words of the dialog about a contact's rule.
pub(crate) mod rule_dialog {
    pub(crate) const WHY: &str = "What happens to what they offer, whether you are here or not:";
    pub(crate) const CHOICES: [&str; 4] = [
        "no rule: what is set for the account counts",
        "every offer waits for you",
        "every offer is denied at once",
        "offers within a budget are accepted, the rest waits",
    ];
    pub(crate) const PER_FILE: &str = "A file";
    pub(crate) const PER_FILE_HINT: &str = "the largest file, like 10MB";
    pub(crate) const PER_DAY: &str = "A day";
    pub(crate) const PER_DAY_HINT: &str = "all of a day together, like 100MB";
    pub(crate) const TYPES: &str = "Types";
    pub(crate) const TYPES_HINT: &str = "endings like pdf, jpg; empty is any";
    pub(crate) const DAYS: &str = "Days";
    pub(crate) const DAYS_HINT: &str = "how long the rule holds; empty is until you change it";
    pub(crate) const NO_SIZE: &str = "this is no size";
    pub(crate) const NO_SIZE_WHY: &str = "type a number with its unit, like 500kB, 10MB or 2GB";
    pub(crate) const NO_TYPES: &str = "these are no file endings";
    pub(crate) const NO_TYPES_WHY: &str = "type endings like pdf, jpg; 32 at most";
    pub(crate) const NO_DAYS: &str = "this is no number of days";
    pub(crate) const NO_DAYS_WHY: &str = "type a number from 1 to 3650, or nothing";
    pub(crate) const UNVERIFIED: &str = "this contact is not verified";
    pub(crate) const UNVERIFIED_WHY: &str =
        "compare fingerprints first: only verified contacts may send without being asked for";

    /// Whose.
    pub(crate) fn title(email: &airhatch_wire::Email) -> String {
        format!("Rule for {email}")
    }

    /// It is set.
    pub(crate) fn set(email: &airhatch_wire::Email) -> String {
        format!("The rule for {email} is set")
    }
}

/// Words of the dialog about the account's limits.
pub(crate) mod limits_dialog {
    pub(crate) const TITLE: &str = "Limits";
    pub(crate) const WHY: &str = "What this account allows at most, whoever asks. Empty is no limit.";
    pub(crate) const UPLOAD: &str = "Up";
    pub(crate) const UPLOAD_HINT: &str = "bytes a second that leave, like 2MB";
    pub(crate) const DOWNLOAD: &str = "Down";
    pub(crate) const DOWNLOAD_HINT: &str = "bytes a second that arrive, like 2MB";
    pub(crate) const TRANSFERS: &str = "At once";
    pub(crate) const TRANSFERS_HINT: &str = "transfers that move at the same time, each way";
    pub(crate) const PER_DAY: &str = "A day";
    pub(crate) const PER_DAY_HINT: &str = "accepted from one contact in a day, like 5GB";
    pub(crate) const EACH: &str = "Offers of one";
    pub(crate) const EACH_HINT: &str = "offers of one contact that may wait for you";
    pub(crate) const ALL: &str = "Offers of all";
    pub(crate) const ALL_HINT: &str = "offers that may wait for you in all";
    pub(crate) const NO_RATE: &str = "this is no speed";
    pub(crate) const NO_RATE_WHY: &str = "type a size of 4kB a second or more, like 500kB or 2MB, or nothing";
    pub(crate) const NO_NUMBER: &str = "this is no number";
    pub(crate) const NO_NUMBER_WHY: &str = "type a number from 1 on";
    pub(crate) const SET: &str = "The limits are set";
}
