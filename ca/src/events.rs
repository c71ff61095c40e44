//! The event log: what this CA ever did with a certificate or an account. Entries are only added, each in the same
//! store transaction as the change it records, numbered from 1 without a gap.

use std::fmt;

use airhatch_wire::{Email, UnixMillis};
use serde::{Deserialize, Serialize};

/// What happened. Order is frozen by what is on disk; append only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum EventKind {
    /// An account was registered and got its first certificate.
    Issued,
    /// An account got another certificate for the same keys.
    Renewed,
    /// A certificate must no longer be trusted.
    Revoked,
    /// An account is gone; its email is free.
    Removed,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Event {
    /// Its place in the log.
    pub(crate) number: u64,
    /// When.
    pub(crate) at: UnixMillis,
    /// What.
    pub(crate) kind: EventKind,
    /// Whose account.
    pub(crate) email: Email,
    /// Which certificate; for a removal the one that asked for it.
    pub(crate) serial: [u8; 16],
}

impl fmt::Display for Event {
    /// One line: number, time, kind, serial, email.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = i64::try_from(self.at.0).ok().and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
        let kind = match self.kind {
            EventKind::Issued => "issued",
            EventKind::Renewed => "renewed",
            EventKind::Revoked => "revoked",
            EventKind::Removed => "removed",
        };
        write!(f, "{} {} {kind} ", self.number, time.unwrap_or_default())?;
        self.serial.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        write!(f, " {}", self.email)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn an_event_is_one_readable_line() {
        let event = Event {
            number: 7,
            at: UnixMillis(1_800_000_000_000),
            kind: EventKind::Renewed,
            email: "ann@example.org".parse().unwrap(),
            serial: [0xab; 16],
        };
        let expected = format!("7 2027-01-15T08:00:00Z renewed {} ann@example.org", "ab".repeat(16));
        assert_eq!(event.to_string(), expected);
    }
}
