//! A terminal as output: only plain text may reach it, because other bytes could drive it.

use std::io::{self, Write};
use std::str;

/// Said by [`PlainText`] about bytes that are not.
#[derive(Debug, thiserror::Error)]
#[error("not plain text")]
pub(super) struct NotPlainText;

/// Lets UTF-8 text through and refuses everything else, control characters but line feed and tab included.
pub(super) struct PlainText<W> {
    inner: W,
    /// The beginning of a character whose rest is still to come; at most three bytes.
    unfinished: Vec<u8>,
}

impl<W: Write> PlainText<W> {
    pub(super) fn new(inner: W) -> Self {
        Self { inner, unfinished: Vec::new() }
    }

    /// Checks that the text did not stop inside a character, and gives the inner writer back.
    pub(super) fn finish(self) -> io::Result<W> {
        if self.unfinished.is_empty() { Ok(self.inner) } else { Err(refusal()) }
    }
}

impl<W: Write> Write for PlainText<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut joined = std::mem::take(&mut self.unfinished);
        joined.extend_from_slice(bytes);
        let complete = match str::from_utf8(&joined) {
            Ok(_) => joined.len(),
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => return Err(refusal()),
        };
        self.unfinished = joined.split_off(complete);
        let text = str::from_utf8(&joined).map_err(|_| refusal())?;
        if text
            .chars()
            .any(|c| (c.is_control() && !matches!(c, '\n' | '\t')) || airhatch_wire::untrusted::reorders(c))
        {
            return Err(refusal());
        }
        self.inner.write_all(text.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn refusal() -> io::Error {
    io::Error::other(NotPlainText)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    /// What reaches the terminal when `parts` are written one by one; `None` when they are refused.
    fn shown(parts: &[&[u8]]) -> Option<String> {
        let mut text = PlainText::new(Vec::new());
        for part in parts {
            text.write_all(part).ok()?;
        }
        Some(String::from_utf8(text.finish().ok()?).unwrap())
    }

    #[test]
    fn text_of_every_language_passes_even_when_cut_inside_a_character() {
        let text = "tab\t, line\nفارسی, עברית, 漢字, 🦀";
        assert_eq!(shown(&[text.as_bytes()]).unwrap(), text);
        let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        assert_eq!(shown(&bytes).unwrap(), text);
    }

    #[test]
    fn bytes_that_drive_a_terminal_are_refused() {
        for bad in ["\x1b[2J", "\r", "\x07", "\0", "\u{9b}31m", "\u{202e}exe", "\x7f"] {
            assert_eq!(shown(&[b"before", bad.as_bytes()]), None, "{bad:?}");
        }
        assert_eq!(shown(&[b"\xff"]), None);
        assert_eq!(shown(&["é".as_bytes().split_at(1).0]), None);
    }
}
