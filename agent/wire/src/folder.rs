//! A folder in an inbox, as a front names it to its agent: always below the inbox, so that nothing else can be said.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::name::NameError;

/// The longest one, bytes.
const LONGEST: usize = 1024;

/// The deepest one, folders.
const DEEPEST: usize = 32;

/// A relative path of plain names, `/` between them: no empty part, no `.` or `..`, no backslash, nothing that acts on a
/// terminal. Which names may really be made is the agent's to judge.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InboxFolder(String);

impl InboxFolder {
    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its folders, outermost first.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }
}

impl FromStr for InboxFolder {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let plain = |part: &str| {
            !matches!(part, "" | "." | "..")
                && part.len() <= 255
                && !part.contains(|c: char| c == '\\' || c.is_control())
        };
        if text.len() <= LONGEST && text.split('/').count() <= DEEPEST && text.split('/').all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::Folder)
        }
    }
}

impl TryFrom<String> for InboxFolder {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<InboxFolder> for String {
    fn from(folder: InboxFolder) -> Self {
        folder.0
    }
}

impl fmt::Display for InboxFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_path_below_the_inbox_is_its_folders() {
        for text in ["holiday", "photos/2026", "報告 書/x", ".hidden", "a b"] {
            assert_eq!(text.parse::<InboxFolder>().unwrap().as_str(), text);
        }
        let folder: InboxFolder = "photos/2026".parse().unwrap();
        assert_eq!(folder.parts().collect::<Vec<_>>(), ["photos", "2026"]);
    }

    #[test]
    fn what_is_not_below_the_inbox_cannot_be_said() {
        for text in ["", ".", "..", "/etc", "../x", "a/../b", "a//b", "a/", "a\0b", "a\nb", "a\\b", "./a"] {
            assert_eq!(text.parse::<InboxFolder>(), Err(NameError::Folder), "{text:?}");
            let sent = crate::frame::to_bytes(&text.to_owned()).unwrap();
            assert!(crate::frame::from_bytes::<InboxFolder>(&sent).is_err(), "{text:?}");
        }
        assert!("a/".repeat(33).trim_end_matches('/').parse::<InboxFolder>().is_err());
        assert!("a".repeat(256).parse::<InboxFolder>().is_err());
    }
}
