//! One line of what a build says, as a person can read it.

use airhatch_wire::warden::LINE_LIMIT;

/// The line without what colours it, shortened; `None` when nothing is left.
pub(super) fn plain(line: &str) -> Option<String> {
    let mut plain = String::new();
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        if c == '\u{1b}' && rest.next_if_eq(&'[').is_some() {
            // The parameters, then one letter.
            while rest.next_if(|c| !c.is_ascii_alphabetic()).is_some() {}
            rest.next();
        } else if c == '\t' {
            plain.push(' ');
        } else if !c.is_control() {
            plain.push(c);
        }
    }
    let plain: String = plain.trim().chars().take(LINE_LIMIT).collect();
    (!plain.is_empty()).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_and_control_signs_are_left_out() {
        assert_eq!(
            plain("\u{1b}[91m   Compiling serde v1.0\u{1b}[0m").as_deref(),
            Some("Compiling serde v1.0")
        );
        assert_eq!(plain("a\u{7}\tb\u{9b}c\r").as_deref(), Some("a bc"));
        assert_eq!(plain("\u{1b}]0;title"), Some("]0;title".to_owned()));
    }

    #[test]
    fn an_empty_line_is_no_line_and_a_long_one_is_shortened() {
        for empty in ["", "  ", "\u{1b}[0m", "\u{1b}[", "\n"] {
            assert_eq!(plain(empty), None, "{empty:?}");
        }
        assert_eq!(plain(&"é".repeat(5000)).map(|line| line.chars().count()), Some(LINE_LIMIT));
    }
}
