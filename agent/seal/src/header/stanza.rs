//! One recipient stanza: its grammar, both ways, and the shape that both native kinds share.

use std::io::BufRead;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;

use super::HeaderError;
use super::lines::Lines;
use crate::error::UnsealError;

/// Base64 characters in a full line of the body.
const COLUMNS: usize = 64;

/// One recipient's copy of the file key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stanza {
    kind: String,
    arguments: Vec<String>,
    body: Vec<u8>,
}

impl Stanza {
    pub(crate) fn new(kind: &str, share: &[u8], body: &[u8]) -> Self {
        Self { kind: kind.to_owned(), arguments: vec![BASE64.encode(share)], body: body.to_owned() }
    }

    pub(crate) fn is(&self, kind: &str) -> bool {
        self.kind == kind
    }

    /// The shape both native kinds have: one argument of `SHARE` bytes, and a body of `BODY` bytes. (The body's
    /// length must be checked before decrypting it, or it would tell keys apart.)
    pub(crate) fn share_and_body<const SHARE: usize, const BODY: usize>(
        &self,
        kind: &'static str,
    ) -> Result<([u8; SHARE], &[u8; BODY]), HeaderError> {
        let malformed = |reason| HeaderError::Stanza { kind, reason };
        let [share] = self.arguments.as_slice() else {
            return Err(malformed("it must have exactly one argument"));
        };
        let share = BASE64.decode(share).map_err(|_| malformed("its share is not canonical base64"))?;
        let share = share.try_into().map_err(|_| malformed("its share has the wrong length"))?;
        let body =
            self.body.as_slice().try_into().map_err(|_| malformed("its wrapped key has the wrong length"))?;
        Ok((share, body))
    }

    /// Reads the rest of the stanza that begins with `first`.
    pub(super) fn read(first: &[u8], lines: &mut Lines<'_, impl BufRead>) -> Result<Self, UnsealError> {
        let words = first.strip_prefix(b"-> ").and_then(|words| str::from_utf8(words).ok());
        let words = words.ok_or_else(|| lines.malformed("it is neither a recipient nor the MAC"))?;
        if words.split(' ').any(|word| word.is_empty() || !word.bytes().all(|byte| byte.is_ascii_graphic())) {
            return Err(lines
                .malformed("an argument is empty or has a character that is not allowed")
                .into());
        }
        let mut words = words.split(' ').map(str::to_owned);
        let kind = words.next().unwrap_or_default();
        let arguments = words.collect();
        let mut body = Vec::new();
        loop {
            let line = lines.next()?;
            if line.len() > COLUMNS {
                return Err(lines.malformed("it is longer than 64 characters").into());
            }
            let bytes = BASE64.decode(&line).map_err(|_| lines.malformed("it is not canonical base64"))?;
            body.extend(bytes);
            if line.len() < COLUMNS {
                return Ok(Self { kind, arguments, body });
            }
        }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend(b"-> ");
        out.extend(self.kind.bytes());
        for argument in &self.arguments {
            out.push(b' ');
            out.extend(argument.bytes());
        }
        out.push(b'\n');
        let body = BASE64.encode(&self.body);
        for line in body.as_bytes().chunks(COLUMNS) {
            out.extend(line);
            out.push(b'\n');
        }
        // The last line must be shorter than a full one, so a body that fills its lines gets an empty one more.
        if body.len().is_multiple_of(COLUMNS) {
            out.push(b'\n');
        }
    }
}
