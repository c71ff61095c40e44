//! Public keys: what one needs to seal something for somebody.

use std::fmt;
use std::str::FromStr;

use crate::bech::Prefix;
use crate::error::{KeyError, SealError};
use crate::header::Stanza;
use crate::keys::FileKey;
use crate::xwing::{PUBLIC_BYTES, PublicKey};
use crate::{mlkem768x25519, x25519};

const HYBRID: Prefix = Prefix("age1pq");
const X25519: Prefix = Prefix("age");

/// Somebody who will be able to open what is sealed. Written `age1pq1…` (post-quantum) or `age1…` (X25519).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Recipient(Kind);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Kind {
    Hybrid(PublicKey),
    X25519([u8; 32]),
}

impl Recipient {
    /// A post-quantum recipient from the raw X-Wing public key (1216 bytes: ML-KEM-768's 1184, X25519's 32), as
    /// certificates carry it.
    ///
    /// # Errors
    /// [`KeyError::Length`], or [`KeyError::Invalid`] when the ML-KEM part is not a valid key.
    pub fn from_hybrid_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        PublicKey::from_bytes(bytes).map(Kind::Hybrid).map(Self)
    }

    /// The raw public key: 1216 bytes for a post-quantum recipient, 32 for an X25519 one.
    pub fn to_bytes(&self) -> Vec<u8> {
        match &self.0 {
            Kind::Hybrid(key) => key.to_bytes(),
            Kind::X25519(key) => key.to_vec(),
        }
    }

    /// Whether this recipient is safe against quantum computers.
    pub fn is_hybrid(&self) -> bool {
        matches!(self.0, Kind::Hybrid(_))
    }

    pub(crate) fn from_hybrid(key: PublicKey) -> Self {
        Self(Kind::Hybrid(key))
    }

    pub(crate) fn from_x25519(key: [u8; 32]) -> Self {
        Self(Kind::X25519(key))
    }

    pub(crate) fn wrap(&self, file_key: &FileKey) -> Result<Stanza, SealError> {
        match &self.0 {
            Kind::Hybrid(key) => mlkem768x25519::wrap(key, file_key),
            Kind::X25519(key) => x25519::wrap(key, file_key),
        }
    }
}

impl FromStr for Recipient {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        if HYBRID.begins(text) {
            Self::from_hybrid_bytes(HYBRID.decode::<PUBLIC_BYTES>(text)?.as_slice())
        } else if X25519.begins(text) {
            Ok(Self(Kind::X25519(*X25519.decode(text)?)))
        } else {
            Err(KeyError::NotARecipient)
        }
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match &self.0 {
            Kind::Hybrid(key) => HYBRID.encode(&key.to_bytes()),
            Kind::X25519(key) => X25519.encode(key),
        };
        f.write_str(&text)
    }
}

impl fmt::Debug for Recipient {
    /// The first characters only: a whole post-quantum recipient would fill a screen.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({:.20}…)", self.to_string())
    }
}
