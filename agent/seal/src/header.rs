//! The textual header: its grammar, both ways, and its MAC.
//!
//! Reading is strict (every byte string has exactly one accepted spelling), so the MAC is computed over the bytes
//! as they came. Reading is bounded too: [`MAX_HEADER_BYTES`]. Knows no key but the file key's MAC key.

mod lines;
mod stanza;

use std::io::BufRead;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::memcmp;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use thiserror::Error;

use crate::error::UnsealError;
use crate::keys::FileKey;
use lines::Lines;
pub(crate) use stanza::Stanza;

/// A longer header is refused unread; one for [`MAX_RECIPIENTS`](crate::MAX_RECIPIENTS) fits.
const MAX_HEADER_BYTES: u64 = 1 << 20;
const VERSION_LINE: &[u8] = b"age-encryption.org/v1\n";
const MAC_BYTES: usize = 32;
/// Ends the recipients, and the bytes that the MAC covers.
const MARK: &[u8] = b"---";

/// Why a header cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HeaderError {
    /// The first line is not age's.
    #[error("this is not an age file; check that it is the right file")]
    NotAge,
    /// An age file, but of another version.
    #[error("this age file has a version other than v1; open it with the program that made it")]
    Version,
    /// An age file in its ASCII armor.
    #[error("this age file is in text form (ASCII armor); convert it to the binary form first")]
    Armored,
    /// The bytes end before the header, or the nonce after it, does.
    #[error("it ends too early; copy the whole file again")]
    Truncated,
    /// The header is longer than 1 MiB.
    #[error("it is longer than 1 MiB, which no honest file needs")]
    TooLong,
    /// A line breaks the grammar.
    #[error("line {line} is malformed ({reason}); the file was damaged or made by a faulty program")]
    Malformed {
        /// The line's number, counted from 1.
        line: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A stanza of a kind we know breaks that kind's rules.
    #[error(
        "a recipient of kind {kind} is malformed ({reason}); the file was damaged or made by a faulty program"
    )]
    Stanza {
        /// The stanza's kind.
        kind: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// Writes the whole header for `stanzas`, with its MAC.
pub(crate) fn write(stanzas: &[Stanza], file_key: &FileKey) -> Result<Vec<u8>, ErrorStack> {
    let mut out = VERSION_LINE.to_vec();
    for stanza in stanzas {
        stanza.write(&mut out);
    }
    out.extend(MARK);
    let mac = mac(file_key, &out)?;
    out.push(b' ');
    out.extend(BASE64.encode(mac).bytes());
    out.push(b'\n');
    Ok(out)
}

/// A header that was read, but whose MAC is not checked yet: only an opened stanza yields the key for that.
pub(crate) struct Header {
    pub(crate) stanzas: Vec<Stanza>,
    mac: [u8; MAC_BYTES],
    /// What the MAC covers: everything up to and including `---`.
    covered: Vec<u8>,
}

impl Header {
    /// Reads a header and nothing beyond it.
    pub(crate) fn read(input: &mut impl BufRead) -> Result<Self, UnsealError> {
        let mut lines = Lines::new(input, MAX_HEADER_BYTES);
        check_version(&lines.next()?)?;
        let mut stanzas = Vec::new();
        loop {
            let line = lines.next()?;
            let Some(mac) = line.strip_prefix(MARK) else {
                stanzas.push(Stanza::read(&line, &mut lines)?);
                continue;
            };
            let mac = mac.strip_prefix(b" ").and_then(|mac| BASE64.decode(mac).ok()?.try_into().ok());
            let mac = mac.ok_or_else(|| lines.malformed("the MAC is not canonical base64 of 32 bytes"))?;
            if stanzas.is_empty() {
                return Err(lines.malformed("there is no recipient before the MAC").into());
            }
            let mut covered = lines.into_text();
            covered.truncate(covered.len() - (line.len() + 1) + MARK.len());
            return Ok(Self { stanzas, mac, covered });
        }
    }

    /// Checks the MAC, in constant time.
    pub(crate) fn verify(&self, file_key: &FileKey) -> Result<(), UnsealError> {
        let expected = mac(file_key, &self.covered)?;
        if memcmp::eq(&expected, &self.mac) { Ok(()) } else { Err(UnsealError::HeaderMac) }
    }
}

fn check_version(line: &[u8]) -> Result<(), HeaderError> {
    if VERSION_LINE.strip_suffix(b"\n") == Some(line) {
        Ok(())
    } else if line.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----") {
        Err(HeaderError::Armored)
    } else if line.starts_with(b"age-encryption.org/") {
        Err(HeaderError::Version)
    } else {
        Err(HeaderError::NotAge)
    }
}

fn mac(file_key: &FileKey, covered: &[u8]) -> Result<[u8; MAC_BYTES], ErrorStack> {
    let key = PKey::hmac(file_key.mac_key()?.as_bytes())?;
    let mut signer = Signer::new(MessageDigest::sha256(), &key)?;
    signer.update(covered)?;
    let mut mac = [0; MAC_BYTES];
    signer.sign(&mut mac)?;
    Ok(mac)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]
mod tests {
    use std::io::{self, Read};

    use zeroize::Zeroizing;

    use super::*;

    fn file_key() -> FileKey {
        FileKey::from_bytes(Zeroizing::new(*b"YELLOW SUBMARINE"))
    }

    fn read(text: &[u8]) -> Result<Header, HeaderError> {
        match Header::read(&mut &*text) {
            Ok(header) => Ok(header),
            Err(UnsealError::Header(error)) => Err(error),
            Err(other) => panic!("not a header error: {other}"),
        }
    }

    #[test]
    fn a_header_comes_back_as_written_and_nothing_beyond_it_is_read() {
        for body in [0, 1, 47, 48, 49, 96] {
            let stanzas = [Stanza::new("one", &[1; 32], &vec![7; body]), Stanza::new("two", &[], b"x")];
            let mut text = write(&stanzas[..1], &file_key()).unwrap();
            text.extend(b"payload");
            let mut input = text.as_slice();
            let header = Header::read(&mut input).unwrap();
            assert_eq!(header.stanzas, stanzas[..1]);
            header.verify(&file_key()).unwrap();
            assert_eq!(input, b"payload");
        }
    }

    #[test]
    fn a_header_changed_in_any_bit_is_refused() {
        let text = write(&[Stanza::new("kind", &[1; 32], &[2; 50])], &file_key()).unwrap();
        for position in 0..text.len() * 8 {
            let mut changed = text.clone();
            changed[position / 8] ^= 1 << (position % 8);
            let refused = match Header::read(&mut changed.as_slice()) {
                Ok(header) => header.verify(&file_key()).is_err(),
                Err(_) => true,
            };
            assert!(refused, "bit {position}");
        }
    }

    #[test]
    fn every_truncation_is_refused() {
        let text = write(&[Stanza::new("kind", &[1; 32], &[2; 50])], &file_key()).unwrap();
        for length in 0..text.len() {
            assert_eq!(read(&text[..length]).err(), Some(HeaderError::Truncated), "{length} bytes");
        }
    }

    #[test]
    fn other_files_are_told_apart() {
        assert_eq!(read(b"%PDF-1.7\n").err(), Some(HeaderError::NotAge));
        assert_eq!(read(&[0; 5000]).err(), Some(HeaderError::NotAge));
        assert_eq!(read(b"age-encryption.org/v2\n").err(), Some(HeaderError::Version));
        assert_eq!(read(b"-----BEGIN AGE ENCRYPTED FILE-----\nYWdl").err(), Some(HeaderError::Armored));
    }

    #[test]
    fn a_header_without_a_recipient_is_refused() {
        let text = write(&[], &file_key()).unwrap();
        assert!(matches!(read(&text).err(), Some(HeaderError::Malformed { line: 2, .. })));
    }

    #[test]
    fn an_endless_header_is_refused_at_its_limit() {
        struct Endless;
        impl Read for Endless {
            fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
                out.fill(b'A');
                Ok(out.len())
            }
        }
        let start = b"age-encryption.org/v1\n-> ".as_slice();
        let mut input = io::BufReader::new(start.chain(Endless));
        assert!(matches!(Header::read(&mut input), Err(UnsealError::Header(HeaderError::TooLong))));
    }
}
