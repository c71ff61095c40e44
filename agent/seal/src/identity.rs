//! Private keys: what one needs to open something, and age's file format for them.

use std::fmt;
use std::str::FromStr;

use openssl::rand::rand_priv_bytes;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::bech::Prefix;
use crate::error::{CryptoError, KeyError, UnsealError};
use crate::header::Stanza;
use crate::keys::FileKey;
use crate::recipient::Recipient;
use crate::{mlkem768x25519, x25519, xwing};

const HYBRID: Prefix = Prefix("AGE-SECRET-KEY-PQ-");
const X25519: Prefix = Prefix("AGE-SECRET-KEY-");

/// A private key, wiped from memory when dropped. Written `AGE-SECRET-KEY-PQ-1…` (post-quantum) or
/// `AGE-SECRET-KEY-1…` (X25519).
#[derive(Clone)]
pub struct Identity(Kind);

#[derive(Clone)]
enum Kind {
    Hybrid(Box<xwing::PrivateKey>),
    X25519(Box<x25519::SecretKey>),
}

impl Identity {
    /// The post-quantum identity that grows from `seed`; equal seeds give equal identities.
    ///
    /// # Errors
    /// Only when OpenSSL fails.
    pub fn hybrid_from_seed(seed: [u8; 32]) -> Result<Self, CryptoError> {
        Self::hybrid(Zeroizing::new(seed))
    }

    /// A fresh post-quantum identity.
    ///
    /// # Errors
    /// Only when OpenSSL fails.
    pub fn generate_hybrid() -> Result<Self, CryptoError> {
        let mut seed = Zeroizing::new([0; 32]);
        rand_priv_bytes(seed.as_mut_slice())?;
        Self::hybrid(seed)
    }

    /// A fresh X25519 identity, for exchanging files with tools that know no other.
    ///
    /// # Errors
    /// Only when OpenSSL fails.
    pub fn generate_x25519() -> Result<Self, CryptoError> {
        Ok(Self(Kind::X25519(Box::new(x25519::SecretKey::generate()?))))
    }

    /// The 32 secret bytes: the X-Wing seed, or the X25519 scalar.
    pub fn to_seed(&self) -> Zeroizing<[u8; 32]> {
        match &self.0 {
            Kind::Hybrid(key) => key.seed().clone(),
            Kind::X25519(key) => key.bytes().clone(),
        }
    }

    /// The text form. It is the secret itself: show it to nobody, and log it nowhere.
    pub fn to_bech32(&self) -> Zeroizing<String> {
        match &self.0 {
            Kind::Hybrid(key) => HYBRID.encode(key.seed().as_slice()),
            Kind::X25519(key) => X25519.encode(key.bytes().as_slice()),
        }
    }

    /// The public half, to be given to others.
    pub fn recipient(&self) -> Recipient {
        match &self.0 {
            Kind::Hybrid(key) => Recipient::from_hybrid(key.public().clone()),
            Kind::X25519(key) => Recipient::from_x25519(*key.public()),
        }
    }

    /// Whether this identity is safe against quantum computers.
    pub fn is_hybrid(&self) -> bool {
        matches!(self.0, Kind::Hybrid(_))
    }

    /// The file key, from the first of `stanzas` that was wrapped for this identity.
    pub(crate) fn unwrap(&self, stanzas: &[Stanza]) -> Result<Option<FileKey>, UnsealError> {
        for stanza in stanzas {
            let opened = match &self.0 {
                Kind::Hybrid(key) if stanza.is(mlkem768x25519::KIND) => mlkem768x25519::unwrap(key, stanza)?,
                Kind::X25519(key) if stanza.is(x25519::KIND) => key.unwrap(stanza)?,
                _ => None,
            };
            if opened.is_some() {
                return Ok(opened);
            }
        }
        Ok(None)
    }

    fn hybrid(seed: Zeroizing<[u8; 32]>) -> Result<Self, CryptoError> {
        Ok(Self(Kind::Hybrid(Box::new(xwing::PrivateKey::from_seed(seed)?))))
    }
}

impl FromStr for Identity {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        if HYBRID.begins(text) {
            Ok(Self::hybrid(HYBRID.decode(text)?)?)
        } else if X25519.begins(text) {
            Ok(Self(Kind::X25519(Box::new(x25519::SecretKey::from_bytes(X25519.decode(text)?)?))))
        } else {
            Err(KeyError::NotAnIdentity)
        }
    }
}

impl fmt::Debug for Identity {
    /// Names the kind and nothing else.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_hybrid() { "Identity(mlkem768x25519)" } else { "Identity(X25519)" })
    }
}

/// Why an identity file cannot be used.
#[derive(Debug, Error)]
pub enum IdentityFileError {
    /// A line is neither empty, nor a comment, nor an identity.
    #[error("line {line}: {source}")]
    Line {
        /// The line's number, counted from 1.
        line: usize,
        /// What is wrong with it.
        source: KeyError,
    },
    /// There is no identity in it.
    #[error("there is no identity in it; it should have a line that starts with AGE-SECRET-KEY-")]
    Empty,
}

/// Reads age's identity file: one identity a line, with empty lines and `#` comments between them.
///
/// # Errors
/// [`IdentityFileError`], naming the line but never quoting it.
pub fn parse_identity_file(text: &str) -> Result<Vec<Identity>, IdentityFileError> {
    let mut identities = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let identity = line.parse().map_err(|source| IdentityFileError::Line { line: index + 1, source })?;
        identities.push(identity);
    }
    if identities.is_empty() { Err(IdentityFileError::Empty) } else { Ok(identities) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    // The examples of the age specification.
    const X25519_TEXT: &str = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
    const X25519_RECIPIENT: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";
    const HYBRID_TEXT: &str = "AGE-SECRET-KEY-PQ-1XX76JRALNLXDMEW0CRK45QMCCH4X06SE84UN3VPM33W6HWDX0H3SK3ZQFR";

    #[test]
    fn the_specification_s_x25519_example_gives_its_recipient() {
        let identity: Identity = X25519_TEXT.parse().unwrap();
        assert_eq!(identity.recipient().to_string(), X25519_RECIPIENT);
        assert_eq!(identity.to_bech32().as_str(), X25519_TEXT);
        assert_eq!(*identity.to_seed(), [0x42; 32]);
    }

    #[test]
    fn the_specification_s_hybrid_example_gives_its_recipient() {
        let identity: Identity = HYBRID_TEXT.parse().unwrap();
        let text = identity.recipient().to_string();
        assert!(text.starts_with("age1pq1x34nzsvr0rxjsgdn8zgyhfe8j7ceq5r9rdelkjuh3y235jzxshfg87pzf5zrq"));
        assert!(text.ends_with("zk3tlhl53k2ykx3qheyty7saeq0d3fzv49zc0k"));
        assert_eq!(text.parse::<Recipient>().unwrap(), identity.recipient());
        assert_eq!(identity.to_bech32().as_str(), HYBRID_TEXT);
    }

    #[test]
    fn debug_output_tells_no_secret() {
        let identity: Identity = X25519_TEXT.parse().unwrap();
        assert_eq!(format!("{identity:?}"), "Identity(X25519)");
        let error = format!("{:?}", parse_identity_file(&format!("{X25519_TEXT}X")).unwrap_err());
        assert!(!error.contains("GFPYYS"), "{error}");
    }

    #[test]
    fn a_lower_case_identity_and_an_upper_case_recipient_are_refused() {
        assert!(matches!(X25519_TEXT.to_lowercase().parse::<Identity>(), Err(KeyError::NotAnIdentity)));
        assert!(matches!(X25519_RECIPIENT.to_uppercase().parse::<Recipient>(), Err(KeyError::NotARecipient)));
    }

    #[test]
    fn a_public_key_with_a_coefficient_out_of_range_is_refused() {
        let mut bytes = HYBRID_TEXT.parse::<Identity>().unwrap().recipient().to_bytes();
        bytes[..3].fill(0xff);
        assert!(matches!(Recipient::from_hybrid_bytes(&bytes), Err(KeyError::Invalid)));
        assert!(matches!(
            Recipient::from_hybrid_bytes(&bytes[1..]),
            Err(KeyError::Length { expected: 1216, found: 1215 })
        ));
    }

    #[test]
    fn an_identity_file_may_hold_comments_and_several_identities() {
        let text = format!("# created: today\r\n\n{X25519_TEXT}\r\n# another\n{HYBRID_TEXT}");
        let identities = parse_identity_file(&text).unwrap();
        assert_eq!(identities.iter().map(Identity::is_hybrid).collect::<Vec<_>>(), [false, true]);
        assert!(matches!(parse_identity_file("# nothing\n"), Err(IdentityFileError::Empty)));
        assert!(matches!(
            parse_identity_file("#\n\nage1xyz"),
            Err(IdentityFileError::Line { line: 3, source: KeyError::NotAnIdentity })
        ));
    }
}
