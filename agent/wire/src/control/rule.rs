//! What an account does about offers by itself: its policy while nobody looks, a rule for each contact, and the limits
//! that hold for everybody.
//!
//! A contact's rule holds whether somebody looks or not: it was made by a person for this very contact, with a budget.
//! The account's policy is about contacts without a rule, and steps back while a person can decide.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::UnixMillis;

/// The most endings that one [`Budget`] names.
pub const ENDINGS_LIMIT: usize = 32;

/// What happens to an offer that arrives while no front is attached, from a contact without a rule of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Policy {
    /// It waits for a person until it expires.
    #[default]
    Ask,
    /// It is denied.
    Never,
    /// It is accepted from verified contacts up to a size; everything else waits.
    Verified {
        /// The largest total, bytes.
        max_bytes: u64,
    },
}

/// What happens to the offers of one contact, whether somebody looks or not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ContactPolicy {
    /// There is no rule: the account's policy decides.
    #[default]
    Account,
    /// They wait for a person.
    Ask,
    /// They are denied at once.
    Never,
    /// They are accepted within a budget while the contact is verified; what goes beyond it waits for a person.
    Auto(Budget),
}

/// How much a contact may send without anybody being asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// The largest file, bytes.
    pub per_file: u64,
    /// Accepted by this rule in one day (UTC), bytes.
    pub per_day: u64,
    /// What every file's name must end in; anything when empty. [`ENDINGS_LIMIT`] at most.
    pub endings: Vec<FileEnding>,
    /// When the rule ends.
    pub until: Option<UnixMillis>,
}

/// The last part of a file's name, after its last dot: lower case letters, digits, `-` and `_`, 16 at most.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FileEnding(String);

/// A text that is no [`FileEnding`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a file ending: expected one like pdf, in letters and digits")]
pub struct EndingError;

impl FileEnding {
    /// Whether a file's name ends so, in whatever letter case.
    #[must_use]
    pub fn is_of(&self, name: &str) -> bool {
        name.rsplit_once('.').is_some_and(|(_, ending)| ending.eq_ignore_ascii_case(&self.0))
    }
}

impl FromStr for FileEnding {
    type Err = EndingError;

    fn from_str(text: &str) -> Result<Self, EndingError> {
        let text = text.trim();
        let ending = text.strip_prefix('.').unwrap_or(text).to_ascii_lowercase();
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
        if (1..=16).contains(&ending.len()) && ending.bytes().all(plain) {
            Ok(Self(ending))
        } else {
            Err(EndingError)
        }
    }
}

impl TryFrom<String> for FileEnding {
    type Error = EndingError;

    fn try_from(text: String) -> Result<Self, EndingError> {
        let ending: Self = text.parse()?;
        if ending.0 == text { Ok(ending) } else { Err(EndingError) }
    }
}

impl From<FileEnding> for String {
    fn from(ending: FileEnding) -> Self {
        ending.0
    }
}

impl fmt::Display for FileEnding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What an account did by itself about an offer that came to it, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// Accepted by the contact's rule.
    AcceptedByRule {
        /// What the rule accepted this day, with this offer, bytes.
        today: u64,
        /// What it may, bytes.
        per_day: u64,
    },
    /// Denied by the contact's rule.
    DeniedByRule,
    /// Accepted by the account's policy while nobody was looking.
    AcceptedByPolicy {
        /// The largest total that it accepts, bytes.
        max_bytes: u64,
    },
    /// Denied by the account's policy while nobody was looking.
    DeniedByPolicy,
    /// The contact's rule does not cover it: it waits for a person.
    Beyond(Beyond),
}

/// Why a rule that accepts does not cover an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Beyond {
    /// A file is larger than the rule allows.
    FileSize {
        /// The largest file that it allows, bytes.
        per_file: u64,
    },
    /// The offer does not fit into what is left of the day.
    Day {
        /// What the rule accepted this day so far, bytes.
        today: u64,
        /// What it may, bytes.
        per_day: u64,
    },
    /// A file is of another type than the rule names.
    FileType,
    /// The rule's time is over.
    Over,
    /// The contact is not verified any more.
    NotVerified,
}

/// What an account allows at most, whoever asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Offers of one contact that may wait for a decision.
    pub offers_per_contact: u32,
    /// Offers of all contacts together that may wait for a decision.
    pub offers: u32,
    /// Bytes accepted from one contact in one day (UTC), by whomever.
    pub bytes_per_day: Option<u64>,
    /// Transfers whose bytes move at the same time, counted for each direction.
    pub transfers: u32,
    /// Bytes a second that leave, all transfers together.
    pub upload: Option<u64>,
    /// Bytes a second that arrive, all transfers together.
    pub download: Option<u64>,
}

impl Limits {
    /// The slowest that a transfer may be made, bytes a second: below it the other side takes it for dead.
    pub const SLOWEST: u64 = 4096;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            offers_per_contact: 100,
            offers: 1000,
            bytes_per_day: None,
            transfers: 8,
            upload: None,
            download: None,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn an_ending_is_lower_case_and_plain() {
        assert_eq!(" .PDF".parse::<FileEnding>().unwrap().to_string(), "pdf");
        for wrong in ["", ".", "a.b", "a/b", "a b", "p\u{202e}df", "seventeen-letters"] {
            assert_eq!(wrong.parse::<FileEnding>(), Err(EndingError), "{wrong:?}");
        }
        assert!(FileEnding::try_from("PDF".to_owned()).is_err(), "on the wire there is one spelling");
    }

    #[test]
    fn a_name_has_an_ending_only_after_its_last_dot() {
        let pdf: FileEnding = "pdf".parse().unwrap();
        for name in ["a.pdf", "a.PDF", "a.exe.pdf", ".pdf"] {
            assert!(pdf.is_of(name), "{name}");
        }
        for name in ["pdf", "a.pdf.exe", "a.pdf ", "apdf", "a.pd", ""] {
            assert!(!pdf.is_of(name), "{name}");
        }
    }
}
