//! Text that a stranger wrote, and the one way it may reach a terminal, a log or JSON.
//!
//! `Untrusted<String>` has no `Display`: showing goes through [`Untrusted::shown`], which makes every hidden,
//! reordering or control character visible, so that two different texts never print the same characters.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_width::UnicodeWidthChar;

/// A value written by somebody else: a name, a note, an error text.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Untrusted<T>(T);

impl<T> Untrusted<T> {
    /// Marks a value as written by somebody else.
    pub const fn new(value: T) -> Self {
        Self(value)
    }
}

impl Untrusted<String> {
    /// The text with everything hidden made visible; safe to print.
    #[must_use]
    pub fn shown(&self) -> String {
        escape(&self.0)
    }

    /// The exact text, for comparing, storing and checking. Never for printing.
    #[must_use]
    pub fn as_received(&self) -> &str {
        &self.0
    }

    /// True when there is no text at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Untrusted<String> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.shown())
    }
}

impl From<&str> for Untrusted<String> {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// Makes control, bidirectional, invisible and blank-looking characters visible as `\u{…}`; a backslash becomes
/// two, so that the result can be read back in one way only.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut after_base = false;
    for c in text.chars() {
        let combining = c.width() == Some(0);
        match c {
            '\\' => shown.push_str("\\\\"),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            _ if is_hidden(c) || (combining && !after_base) => {
                shown.push_str(&format!("\\u{{{:x}}}", u32::from(c)));
            }
            _ => shown.push(c),
        }
        after_base = !is_hidden(c) && (!combining || after_base);
    }
    shown
}

/// True for characters that draw nothing, look like a plain space, move other characters, or have no agreed look.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    if c == ' ' {
        return false;
    }
    c.is_control() || c.is_whitespace() || reorders(c) || draws_nothing(c) || has_no_agreed_look(c)
}

/// True for the bidirectional controls, which change the order in which their neighbours appear.
#[must_use]
pub const fn reorders(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Unicode's default-ignorable code points, and the blanks that are not white space by property.
const fn draws_nothing(c: char) -> bool {
    matches!(c,
        '\u{00ad}' | '\u{034f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffc}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Private use and noncharacters: each font draws them as it likes.
const fn has_no_agreed_look(c: char) -> bool {
    let value = c as u32;
    matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' | '\u{fdd0}'..='\u{fdef}' | '\u{fffd}')
        || value & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn legal_names_of_many_scripts_are_shown_as_they_are() {
        for name in ["report.pdf", "ملف.txt", "קובץ.txt", "報告書.pdf", "😀🚀.png", "naïve café", "e\u{301}"]
        {
            assert_eq!(escape(name), name);
        }
    }

    #[test]
    fn hidden_characters_become_visible() {
        assert_eq!(escape("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(escape("invoice\u{202e}fdp.exe"), "invoice\\u{202e}fdp.exe");
        assert_eq!(escape("a\u{200b}b\u{9b}c\r\n"), "a\\u{200b}b\\u{9b}c\\r\\n");
        assert_eq!(escape("a\u{a0}b"), "a\\u{a0}b");
        assert_eq!(escape("\u{301}a"), "\\u{301}a");
        assert_eq!(escape("\\u{1b}"), "\\\\u{1b}");
    }

    proptest! {
        #[test]
        fn escaped_text_never_holds_a_control_or_reordering_character(text in any::<String>()) {
            prop_assert!(!escape(&text).chars().any(is_hidden));
        }

        #[test]
        fn different_texts_never_escape_to_the_same(a in any::<String>(), b in any::<String>()) {
            prop_assert_eq!(escape(&a) == escape(&b), a == b);
        }
    }
}
