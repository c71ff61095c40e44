//! What can go wrong, divided by blame: the caller's request, a key's text, the sealed bytes, the disk.
//!
//! Every sentence is meant for a person: what happened and what to do. None ever holds a secret.

use std::io;

use openssl::error::ErrorStack;
use thiserror::Error;

use crate::header::HeaderError;
use crate::seal::MAX_RECIPIENTS;
use crate::stream::{CHUNK, PayloadError};

/// OpenSSL refused an operation that cannot fail on a healthy machine (no memory, no entropy, a broken build).
#[derive(Debug, Error)]
#[error("the cryptographic library failed ({0}); check this machine's memory and installation")]
pub struct CryptoError(#[from] ErrorStack);

/// Why something could not be sealed.
#[derive(Debug, Error)]
pub enum SealError {
    /// The list of recipients is empty.
    #[error("no recipient was given; name at least one")]
    NoRecipients,
    /// The list of recipients is longer than [`MAX_RECIPIENTS`].
    #[error(
        "too many recipients: one file can be sealed to at most {MAX_RECIPIENTS}; seal it in several parts"
    )]
    TooManyRecipients,
    /// Post-quantum and classic recipients were given together.
    #[error(
        "post-quantum (age1pq1…) and classic (age1…) recipients cannot share one file, it would lose its \
         protection against quantum computers; seal it once for each kind"
    )]
    MixedRecipients,
    /// A recipient's X25519 key is a point with which no secret can be agreed.
    #[error("a recipient's public key is unusable (low-order point); ask the recipient for a new one")]
    UnusableRecipient,
    /// [`ChunkSealer`](crate::ChunkSealer) was given a chunk or buffer of the wrong size: a mistake of the caller.
    #[error("a chunk must hold exactly {CHUNK} bytes, only the last one fewer, and its buffer 16 more")]
    ChunkSize,
    /// OpenSSL failed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// The sealed bytes could not be written.
    #[error("cannot write the sealed bytes: {0}")]
    Io(#[from] io::Error),
}

/// Why something could not be opened.
#[derive(Debug, Error)]
pub enum UnsealError {
    /// None of the identities is among the recipients.
    #[error(
        "none of your identities opens this; it was sealed for somebody else, or for another of your keys"
    )]
    NoMatch,
    /// The header was changed after sealing.
    #[error("the header was changed after sealing (its MAC does not match); ask the sender for a new copy")]
    HeaderMac,
    /// The header does not follow the age v1 grammar.
    #[error("cannot read the header: {0}")]
    Header(#[from] HeaderError),
    /// The content is damaged; what was released before this error is authentic but incomplete.
    #[error("the sealed content is damaged: {0}")]
    Payload(#[from] PayloadError),
    /// [`unseal_small`](crate::unseal_small) found more bytes than the caller allows.
    #[error("the sealed content is longer than the {limit} bytes allowed here")]
    TooLong {
        /// The caller's limit, in bytes.
        limit: usize,
    },
    /// OpenSSL failed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// The sealed bytes could not be read.
    #[error("cannot read the sealed bytes: {0}")]
    Io(io::Error),
}

impl UnsealError {
    /// Whether the sealed bytes themselves are to blame (as opposed to the disk or the library).
    pub fn is_refusal(&self) -> bool {
        !matches!(self, Self::Crypto(_) | Self::Io(_))
    }
}

/// Unwraps an error that came through [`UnsealReader`](crate::UnsealReader)'s `Read` interface.
impl From<io::Error> for UnsealError {
    fn from(error: io::Error) -> Self {
        error.downcast::<Self>().unwrap_or_else(Self::Io)
    }
}

impl From<UnsealError> for io::Error {
    fn from(error: UnsealError) -> Self {
        match error {
            UnsealError::Io(error) => error,
            UnsealError::Crypto(error) => Self::other(UnsealError::Crypto(error)),
            refusal => Self::new(io::ErrorKind::InvalidData, refusal),
        }
    }
}

impl From<SealError> for io::Error {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Io(error) => error,
            other => Self::other(other),
        }
    }
}

/// Why a text or some bytes are not a recipient or an identity.
#[derive(Debug, Error)]
pub enum KeyError {
    /// Neither `age1pq1…` nor `age1…`.
    #[error("not a recipient: it must start with age1pq1 or age1 and be all lower case")]
    NotARecipient,
    /// Neither `AGE-SECRET-KEY-PQ-1…` nor `AGE-SECRET-KEY-1…`.
    #[error(
        "not an identity: it must start with AGE-SECRET-KEY-PQ-1 or AGE-SECRET-KEY-1 and be all upper case"
    )]
    NotAnIdentity,
    /// The Bech32 checksum, alphabet or padding is wrong.
    #[error("mistyped or cut off: its checksum does not match; copy it again, whole")]
    Checksum,
    /// The text is sound, but holds the wrong number of bytes.
    #[error("holds {found} bytes where {expected} belong; copy it again, whole")]
    Length {
        /// How many bytes this kind of key has.
        expected: usize,
        /// How many were found.
        found: usize,
    },
    /// The ML-KEM-768 part is not a valid encapsulation key.
    #[error("its ML-KEM-768 part is not a valid public key; ask its owner for a new one")]
    Invalid,
    /// OpenSSL failed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

impl From<ErrorStack> for SealError {
    fn from(error: ErrorStack) -> Self {
        Self::Crypto(CryptoError(error))
    }
}

impl From<ErrorStack> for UnsealError {
    fn from(error: ErrorStack) -> Self {
        Self::Crypto(CryptoError(error))
    }
}

impl From<ErrorStack> for KeyError {
    fn from(error: ErrorStack) -> Self {
        Self::Crypto(CryptoError(error))
    }
}
