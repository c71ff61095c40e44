//! A header's lines: read one by one, bounded, and kept for the MAC.

use std::io::{BufRead, Read, Take};

use super::{HeaderError, VERSION_LINE};
use crate::error::UnsealError;

/// The header's lines, kept as they are read.
pub(super) struct Lines<'a, R> {
    input: Take<&'a mut R>,
    text: Vec<u8>,
    number: usize,
}

impl<'a, R: BufRead> Lines<'a, R> {
    pub(super) fn new(input: &'a mut R, limit: u64) -> Self {
        Self { input: input.take(limit), text: Vec::new(), number: 0 }
    }

    /// The next line, without its line feed.
    pub(super) fn next(&mut self) -> Result<Vec<u8>, UnsealError> {
        self.number += 1;
        let mut line = Vec::new();
        self.input.read_until(b'\n', &mut line).map_err(UnsealError::Io)?;
        self.text.extend(&line);
        if line.pop_if(|byte| *byte == b'\n').is_some() {
            Ok(line)
        } else if self.number == 1 && !VERSION_LINE.starts_with(&line) {
            Err(HeaderError::NotAge.into())
        } else if self.input.limit() == 0 {
            Err(HeaderError::TooLong.into())
        } else {
            Err(HeaderError::Truncated.into())
        }
    }

    /// Blames the line read last.
    pub(super) fn malformed(&self, reason: &'static str) -> HeaderError {
        HeaderError::Malformed { line: self.number, reason }
    }

    /// Everything read so far.
    pub(super) fn into_text(self) -> Vec<u8> {
        self.text
    }
}
