//! How things read to a person: sizes, times, states, tables.

use airhatch_wire::control::{Direction, ItemView, Policy, Presence, TransferState, TransferView, Trust};
use airhatch_wire::{UnixMillis, untrusted};
use jiff::Timestamp;
use unicode_width::UnicodeWidthStr;

use crate::text;
use crate::zone::zone;

/// A size, and a share done, as on the screen.
pub(crate) use crate::text::{bytes as size, percent};

/// A moment as jiff knows it; none beyond its calendar.
pub(crate) fn timestamp(moment: UnixMillis) -> Option<Timestamp> {
    i64::try_from(moment.0).ok().and_then(|millis| Timestamp::from_millisecond(millis).ok())
}

/// How far a moment is from now: `3 min ago`, `in 2 h`.
pub(crate) fn distance(now: UnixMillis, moment: UnixMillis) -> String {
    let (span, past) = if now >= moment { (now.since(moment), true) } else { (moment.since(now), false) };
    let seconds = span / 1000;
    let rounded = |unit: u64| (seconds + unit / 2) / unit;
    let text = match seconds {
        0..10 => return if past { "just now".into() } else { "now".into() },
        10..60 => format!("{seconds} s"),
        60..3570 => format!("{} min", rounded(60)),
        3570..84_600 => format!("{} h", rounded(3600)),
        _ => format!("{} d", rounded(86_400)),
    };
    if past { format!("{text} ago") } else { format!("in {text}") }
}

/// A moment in full, in this machine's time zone: `2026-05-01 14:03:22 (3 min ago)`.
pub(crate) fn moment(now: UnixMillis, moment: UnixMillis) -> String {
    let local = timestamp(moment).map(|time| time.to_zoned(zone().clone()));
    match local {
        Some(time) => format!("{} ({})", time.strftime("%Y-%m-%d %H:%M:%S"), distance(now, moment)),
        None => "never".into(),
    }
}

/// The time of day of a moment, in this machine's time zone: `14:03:22`.
pub(crate) fn clock(moment: UnixMillis) -> String {
    let local = timestamp(moment).map(|time| time.to_zoned(zone().clone()));
    local.map_or_else(|| "--:--:--".into(), |time| time.strftime("%H:%M:%S").to_string())
}

/// A path of the operating system, safe to print.
pub(crate) fn path(bytes: &[u8]) -> String {
    untrusted::escape(&String::from_utf8_lossy(bytes))
}

/// Which way, in one word.
pub(crate) const fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Outgoing => "outgoing",
        Direction::Incoming => "incoming",
    }
}

/// A state's name, for scripts.
pub(crate) const fn state_name(state: &TransferState) -> &'static str {
    match state {
        TransferState::Queued => "queued",
        TransferState::Offered => "offered",
        TransferState::Accepted => "accepted",
        TransferState::Moving => "moving",
        TransferState::Finishing => "finishing",
        TransferState::Delivered { .. } => "delivered",
        TransferState::Denied { .. } => "denied",
        TransferState::Cancelled { .. } => "cancelled",
        TransferState::Expired => "expired",
        TransferState::Failed(_) => "failed",
        TransferState::Waiting => "waiting",
        TransferState::NoRoom => "no_room",
        TransferState::Paused { .. } => "paused",
    }
}

/// How far a transfer is, in words.
pub(crate) fn state(view: &TransferView) -> String {
    let outgoing = view.direction == Direction::Outgoing;
    match &view.state {
        TransferState::Queued => "not reached yet".into(),
        TransferState::Offered if outgoing => "waiting for an answer".into(),
        TransferState::Offered => "waiting for you".into(),
        TransferState::Accepted if view.moved > 0 => {
            format!("resuming at {}", percent(view.moved, view.total))
        }
        TransferState::Accepted => "accepted".into(),
        TransferState::Waiting => "accepted, waits for its turn".into(),
        TransferState::NoRoom if outgoing => "no room at the receiver".into(),
        TransferState::NoRoom => "no room on the disk here".into(),
        TransferState::Paused { by_us: true, by_them: true } => "paused by both sides".into(),
        TransferState::Paused { by_us: true, .. } => "paused by you".into(),
        TransferState::Paused { .. } => "paused by the other side".into(),
        TransferState::Moving => percent(view.moved, view.total),
        TransferState::Finishing => "checking".into(),
        over => ended(over, view.direction),
    }
}

/// How a transfer ended, in words; its state's name where it has not.
pub(crate) fn ended(state: &TransferState, direction: Direction) -> String {
    let with = |head: &str, reason: &airhatch_wire::Untrusted<String>| {
        if reason.is_empty() { head.to_owned() } else { format!("{head}: {}", reason.shown()) }
    };
    match state {
        TransferState::Delivered { .. } if direction == Direction::Incoming => "received".into(),
        TransferState::Denied { reason } => with("denied", reason),
        TransferState::Cancelled { by_us: true, reason } => with("cancelled", reason),
        TransferState::Cancelled { by_us: false, reason } => with("cancelled by the other side", reason),
        TransferState::Failed(why) => with("failed", &why.message),
        other => state_name(other).into(),
    }
}

/// What a transfer carries: the name of its only file or folder, or how many.
pub(crate) fn what(view: &TransferView) -> String {
    match view.items.as_slice() {
        [only] if view.item_count == 1 => item_name(only),
        _ => text::what(view),
    }
}

/// Where an item is or will be.
pub(crate) fn item_name(item: &ItemView) -> String {
    item.landed_as.as_ref().unwrap_or(&item.path).shown()
}

/// How far a contact's key is to be trusted.
pub(crate) const fn trust(trust: &Trust) -> &'static str {
    match trust {
        Trust::Certified => "certified",
        Trust::Verified => "verified",
        Trust::Changed { .. } => "CHANGED",
        Trust::Revoked => "REVOKED",
    }
}

/// Whether a contact is there.
pub(crate) fn presence(now: UnixMillis, presence: &Presence) -> String {
    match presence {
        Presence::Unknown => "unknown".into(),
        Presence::Online { micros, .. } => format!("online ({})", millis(*micros)),
        Presence::Offline { seen: Some(seen) } => format!("offline, seen {}", distance(now, *seen)),
        Presence::Offline { seen: None } => "offline".into(),
    }
}

/// A policy, in words.
pub(crate) fn policy(policy: Policy) -> String {
    match policy {
        Policy::Ask => "ask (offers wait for you)".into(),
        Policy::Never => "never (offers are denied while nobody watches)".into(),
        Policy::Verified { max_bytes } => {
            format!("verified={} (from verified contacts, while nobody watches)", size(max_bytes))
        }
    }
}

/// Microseconds as milliseconds: `12.3 ms`.
pub(crate) fn millis(micros: u64) -> String {
    format!("{}.{} ms", micros / 1000, micros % 1000 / 100)
}

/// Rows under a heading, columns aligned by what the terminal shows, two spaces between; no space at line ends.
pub(crate) fn table(heading: &[String], rows: &[Vec<String>]) -> String {
    let widths: Vec<usize> = (0..heading.len())
        .map(|column| {
            let rows = std::iter::once(heading).chain(rows.iter().map(Vec::as_slice));
            rows.filter_map(|row| row.get(column)).map(|cell| shown_width(cell)).max().unwrap_or(0)
        })
        .collect();
    let line = |row: &[String]| {
        let cells = row.iter().zip(&widths);
        let text: String = cells
            .map(|(cell, width)| format!("{cell}{}  ", " ".repeat(width.saturating_sub(shown_width(cell)))))
            .collect();
        text.trim_end().to_owned()
    };
    std::iter::once(heading).chain(rows.iter().map(Vec::as_slice)).map(line).collect::<Vec<_>>().join("\n")
}

/// Facts, one a line: `name   value`.
pub(crate) fn facts(facts: &[(&str, String)]) -> String {
    let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    facts.iter().map(|(name, value)| format!("{name:width$}  {value}")).collect::<Vec<_>>().join("\n")
}

/// Columns that a cell takes, colours not counted.
fn shown_width(cell: &str) -> usize {
    let mut width = cell.width();
    // A style is `ESC [ … m`; every character of it but ESC counts one column in `width`, ESC counts too.
    for style in cell.split('\u{1b}').skip(1) {
        let length = style.find('m').map_or(0, |end| end + 1);
        width = width.saturating_sub(length + "\u{1b}".width());
    }
    width
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_by_what_the_terminal_shows() {
        let heading = ["NAME".to_owned(), "SIZE".to_owned()];
        let rows = vec![vec!["報告書".into(), "1".into()], vec!["a".into(), "2".into()]];
        assert_eq!(table(&heading, &rows), "NAME    SIZE\n報告書  1\na       2");
        let bold = ["\u{1b}[1mNAME\u{1b}[0m".to_owned(), "SIZE".to_owned()];
        assert_eq!(shown_width("\u{1b}[1mNAME\u{1b}[0m"), 4);
        assert_eq!(table(&bold, &[vec!["abcdef".into(), "1".into()]]).lines().nth(1), Some("abcdef  1"));
    }

    #[test]
    fn distances_read_both_ways() {
        let now = UnixMillis(10_000_000);
        assert_eq!(distance(now, UnixMillis(9_999_000)), "just now");
        assert_eq!(distance(now, UnixMillis(9_970_000)), "30 s ago");
        assert_eq!(distance(now, now.plus(2 * 3_600_000)), "in 2 h");
        assert_eq!(distance(now.plus(3 * 86_400_000), now), "3 d ago");
        assert_eq!(distance(now, now.plus(7 * 86_400_000 - 1500)), "in 7 d");
        assert_eq!(distance(now, now.plus(3_600_000 - 1500)), "in 1 h");
    }

    #[test]
    fn a_moment_beyond_the_calendar_is_no_panic() {
        assert_eq!(moment(UnixMillis(0), UnixMillis(u64::MAX)), "never");
    }
}
