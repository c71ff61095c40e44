//! Which paths may travel: one rule for what is sent and for what from a stranger may become a file here.
//!
//! Called by the warden before it stages, by the sender's agent on its own files, by the recipient's with every offer
//! before it is stored or shown, and again by the landing. Legal names of Linux arrive as they are, in every script; refused is only what escapes the folder, what cannot
//! exist, and what shows as something else than it is:
//!
//! - `/`, NUL, empty, `.`, `..`: not one name below the folder. `\`: a separator as soon as the folder is seen from
//!   Windows, and our own escape character on the screen.
//! - Control characters, line and paragraph separators, bidirectional controls: they act on a terminal or reorder
//!   what a person reads (`invoice\u{202e}fdp.exe`).
//! - White space at either end: invisible in any list, so that two files look like one.
//! - `.incoming` in any spelling: the landing's own folder.
//!
//! Passed on purpose: zero-width joiners (emoji, Persian), narrow and ideographic spaces inside a name, dot-files,
//! trailing dots (`Acme Inc.`), colons, and Windows' device names (`CON`, `aux.c`): plain files on every system that
//! this agent runs on. Whatever is invisible among these is made visible when shown.

use crate::{Code, Failure, Untrusted, untrusted};

/// The landing's folder inside the inbox, which no item may be called.
pub const INCOMING: &str = ".incoming";

/// The longest name, bytes: what file systems allow.
pub const NAME_LIMIT: usize = 255;

/// The longest path with its separators, bytes.
pub const PATH_LIMIT: usize = 4096;

/// The deepest path, parts.
pub const DEPTH_LIMIT: usize = 64;

/// Why a path may not become a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameRefused {
    /// No part at all, or a part without a character.
    #[error("a file name is empty")]
    Empty,
    /// `.` or `..`.
    #[error("a file name is a dot or two dots, which name a folder")]
    Dots,
    /// `/` or `\`.
    #[error("a file name holds a path separator")]
    Separator,
    /// NUL, escape, newline and their like.
    #[error("a file name holds a control character or a line break")]
    Control,
    /// A bidirectional control.
    #[error("a file name holds a character that changes the order in which it is read")]
    Reordering,
    /// It begins or ends with white space.
    #[error("a file name begins or ends with white space")]
    Padded,
    /// See [`NAME_LIMIT`].
    #[error("a file name is longer than {NAME_LIMIT} bytes")]
    TooLong,
    /// See [`PATH_LIMIT`].
    #[error("a path is longer than {PATH_LIMIT} bytes")]
    PathTooLong,
    /// See [`DEPTH_LIMIT`].
    #[error("a path is deeper than {DEPTH_LIMIT} folders")]
    TooDeep,
    /// See [`INCOMING`].
    #[error("a file name is {INCOMING}, which Airhatch uses itself")]
    Reserved,
}

impl From<NameRefused> for Failure {
    fn from(refused: NameRefused) -> Self {
        Self::new(Code::BadName, refused.to_string()).hint("rename the file and send it again")
    }
}

/// Checks a path, outermost part first.
///
/// # Errors
/// The first rule that it breaks.
pub fn check(path: &[Untrusted<String>]) -> Result<(), NameRefused> {
    path.iter().try_for_each(|part| check_name(part.as_received()))?;
    check_length(path.len(), path.iter().map(|part| part.as_received().len()).sum())
}

/// Checks how deep and how long a path is: its parts, and their bytes together, separators not counted.
///
/// # Errors
/// The first rule that it breaks.
pub const fn check_length(parts: usize, bytes: usize) -> Result<(), NameRefused> {
    match parts {
        0 => Err(NameRefused::Empty),
        _ if parts > DEPTH_LIMIT => Err(NameRefused::TooDeep),
        _ if bytes.saturating_add(parts - 1) > PATH_LIMIT => Err(NameRefused::PathTooLong),
        _ => Ok(()),
    }
}

/// Checks one part of a path.
///
/// # Errors
/// The first rule that it breaks.
pub fn check_name(name: &str) -> Result<(), NameRefused> {
    if name.is_empty() {
        return Err(NameRefused::Empty);
    }
    if name.len() > NAME_LIMIT {
        return Err(NameRefused::TooLong);
    }
    if matches!(name, "." | "..") {
        return Err(NameRefused::Dots);
    }
    name.chars().try_for_each(|c| match c {
        '/' | '\\' => Err(NameRefused::Separator),
        '\u{2028}' | '\u{2029}' => Err(NameRefused::Control),
        c if c.is_control() => Err(NameRefused::Control),
        c if untrusted::reorders(c) => Err(NameRefused::Reordering),
        _ => Ok(()),
    })?;
    if name.starts_with(char::is_whitespace) || name.ends_with(char::is_whitespace) {
        return Err(NameRefused::Padded);
    }
    if name.eq_ignore_ascii_case(INCOMING) { Err(NameRefused::Reserved) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(parts: &[&str]) -> Vec<Untrusted<String>> {
        parts.iter().map(|part| Untrusted::from(*part)).collect()
    }

    fn refusal(name: &str) -> Option<NameRefused> {
        check(&path(&[name])).err()
    }

    #[test]
    fn legal_names_of_many_scripts_pass() {
        for name in [
            "report.pdf",
            "ملف مهم.txt",
            "קובץ.txt",
            "報告書　最終.pdf",
            "한글.hwp",
            "👨\u{200d}👩\u{200d}👧.png",
            "می\u{200c}خواهم.txt",
            "e\u{301}te\u{301}.md",
            "Screenshot at 3.00\u{202f}PM.png",
            ".bashrc",
            "a:b",
            "CON",
            "aux.c",
            "Acme Inc.",
            "a b  c",
            "...",
            "-rf",
            "~",
            "incoming",
            ".incoming2",
        ] {
            assert_eq!(refusal(name), None, "{name:?}");
        }
        assert_eq!(refusal(&"é".repeat(127)), None);
        assert_eq!(check(&path(&["a", "b", "c.txt"])), Ok(()));
    }

    #[test]
    fn names_that_leave_the_folder_are_refused() {
        for (name, reason) in [
            ("", NameRefused::Empty),
            (".", NameRefused::Dots),
            ("..", NameRefused::Dots),
            ("../x", NameRefused::Separator),
            ("a/../../x", NameRefused::Separator),
            ("/abs", NameRefused::Separator),
            ("a//b", NameRefused::Separator),
            ("C:\\x", NameRefused::Separator),
            ("a\0b", NameRefused::Control),
            (".incoming", NameRefused::Reserved),
            (".InComing", NameRefused::Reserved),
        ] {
            assert_eq!(refusal(name), Some(reason), "{name:?}");
            assert!(check(&path(&["a", name])).is_err(), "{name:?} below a folder");
        }
        assert_eq!(check(&[]), Err(NameRefused::Empty));
    }

    #[test]
    fn names_that_show_as_something_else_are_refused() {
        for (name, reason) in [
            ("a\u{1b}[2J", NameRefused::Control),
            ("a\u{9b}2J", NameRefused::Control),
            ("a\rb", NameRefused::Control),
            ("a\nb", NameRefused::Control),
            ("a\u{7}", NameRefused::Control),
            ("a\u{7f}", NameRefused::Control),
            ("a\u{2028}b", NameRefused::Control),
            ("invoice\u{202e}fdp.exe", NameRefused::Reordering),
            ("a\u{2066}b", NameRefused::Reordering),
            ("a\u{200f}b", NameRefused::Reordering),
            ("report.pdf ", NameRefused::Padded),
            (" report.pdf", NameRefused::Padded),
            ("report.pdf\u{3000}", NameRefused::Padded),
        ] {
            assert_eq!(refusal(name), Some(reason), "{name:?}");
        }
    }

    #[test]
    fn limits_hold_to_the_byte() {
        assert_eq!(refusal(&"a".repeat(255)), None);
        assert_eq!(refusal(&"a".repeat(256)), Some(NameRefused::TooLong));
        assert_eq!(refusal(&"é".repeat(128)), Some(NameRefused::TooLong));
        assert_eq!(refusal(&"a".repeat(10_000)), Some(NameRefused::TooLong));
        assert_eq!(check(&path(&["a"; 64])), Ok(()));
        assert_eq!(check(&path(&["a"; 65])), Err(NameRefused::TooDeep));
        assert_eq!(check(&path(&["a"; 1000])), Err(NameRefused::TooDeep));
        let (long, rest) = ("a".repeat(255), "a".repeat(16));
        let mut parts = vec![long.as_str(); 15];
        parts.extend([rest.as_str(), &long]);
        assert_eq!(check(&path(&parts)).err(), Some(NameRefused::PathTooLong));
        parts.pop();
        parts.push(&long[..239]);
        assert_eq!(check(&path(&parts)), Ok(()), "4096 bytes");
    }
}
