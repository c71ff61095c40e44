//! Statements with a signature. What is signed is `"airhatch/1/<verb>" || SHA-256(body as received)`; the verb keeps a
//! signature made for one purpose from serving another. Making and checking signatures is the agent's and the CA's work.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Blob, frame, frame::FrameError, name::NameError};

/// What a signature was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// A sender offers files.
    Offer,
    /// A recipient accepts an offer.
    Accept,
    /// A recipient denies an offer.
    Deny,
    /// A sender states what it sent.
    Done,
    /// A recipient states what it holds.
    Receipt,
    /// An account states where it can be reached.
    Announce,
    /// An account asks to be removed.
    Remove,
    /// The CA states which certificates are revoked.
    Revocations,
}

impl Verb {
    /// The bytes in front of the hash.
    #[must_use]
    pub const fn context(self) -> &'static [u8] {
        match self {
            Self::Offer => b"airhatch/1/offer",
            Self::Accept => b"airhatch/1/accept",
            Self::Deny => b"airhatch/1/deny",
            Self::Done => b"airhatch/1/done",
            Self::Receipt => b"airhatch/1/receipt",
            Self::Announce => b"airhatch/1/announce",
            Self::Remove => b"airhatch/1/remove",
            Self::Revocations => b"airhatch/1/revocations",
        }
    }
}

/// An Ed25519 signature, 64 bytes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Blob", into = "Blob")]
pub struct Signature(pub [u8; 64]);

impl TryFrom<Blob> for Signature {
    type Error = NameError;

    fn try_from(bytes: Blob) -> Result<Self, NameError> {
        bytes.as_slice().try_into().map(Self).map_err(|_| NameError::Length)
    }
}

impl From<Signature> for Blob {
    fn from(signature: Signature) -> Self {
        Self::from(signature.0.to_vec())
    }
}

impl std::fmt::Debug for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signature")
    }
}

/// A statement's bytes exactly as its author wrote them, and the author's signature over them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// The statement, encoded.
    pub body: Blob,
    /// Over `verb || SHA-256(body)`.
    pub signature: Signature,
}

impl Signed {
    /// Reads the statement. Check the signature first.
    ///
    /// # Errors
    /// [`FrameError::Unreadable`].
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, FrameError> {
        frame::from_bytes(&self.body)
    }
}
