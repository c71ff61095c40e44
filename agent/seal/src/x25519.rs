//! X25519 (RFC 7748), and the `X25519` recipient stanza that age builds on it.
//!
//! The agreement serves X-Wing too. A share that makes the agreed secret all zero is refused, as both
//! specifications demand.

use openssl::error::ErrorStack;
use openssl::pkey::{Id, PKey, Private};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rand::rand_priv_bytes;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::aead::{self, Opening};
use crate::error::{SealError, UnsealError};
use crate::header::{HeaderError, Stanza};
use crate::keys::{self, FileKey, SharedSecret};

/// The stanza's first argument.
pub(crate) const KIND: &str = "X25519";
/// The wrap key is used once, so its nonce is fixed.
const NONCE: [u8; aead::NONCE_BYTES] = [0; aead::NONCE_BYTES];
/// Bytes of a wrapped file key.
pub(crate) const WRAPPED_BYTES: usize = keys::FILE_KEY_BYTES + aead::TAG_BYTES;

/// Why two parties cannot agree on a secret.
#[derive(Debug, Error)]
pub(crate) enum AgreementError {
    #[error("the other side's share is a low-order point")]
    LowOrderPoint,
    #[error(transparent)]
    Crypto(#[from] ErrorStack),
}

impl From<AgreementError> for SealError {
    fn from(error: AgreementError) -> Self {
        match error {
            AgreementError::LowOrderPoint => Self::UnusableRecipient,
            AgreementError::Crypto(error) => error.into(),
        }
    }
}

impl AgreementError {
    /// The same, said about a stanza that somebody sent.
    pub(crate) fn in_stanza(self, kind: &'static str) -> UnsealError {
        match self {
            Self::LowOrderPoint => {
                HeaderError::Stanza { kind, reason: "its X25519 share is a low-order point" }.into()
            }
            Self::Crypto(error) => error.into(),
        }
    }
}

/// A private key with its public half.
#[derive(Clone)]
pub(crate) struct SecretKey {
    bytes: Zeroizing<[u8; 32]>,
    key: PKey<Private>,
    public: [u8; 32],
}

impl SecretKey {
    pub(crate) fn generate() -> Result<Self, ErrorStack> {
        let mut bytes = Zeroizing::new([0; 32]);
        rand_priv_bytes(bytes.as_mut_slice())?;
        Self::from_bytes(bytes)
    }

    pub(crate) fn from_bytes(bytes: Zeroizing<[u8; 32]>) -> Result<Self, ErrorStack> {
        let key = PKey::private_key_from_raw_bytes(bytes.as_slice(), Id::X25519)?;
        let public = key.raw_public_key()?.try_into().map_err(|_| ErrorStack::get())?;
        Ok(Self { bytes, key, public })
    }

    pub(crate) fn bytes(&self) -> &Zeroizing<[u8; 32]> {
        &self.bytes
    }

    pub(crate) fn public(&self) -> &[u8; 32] {
        &self.public
    }

    pub(crate) fn agree(&self, their_public: &[u8; 32]) -> Result<SharedSecret, AgreementError> {
        let theirs = PKey::public_key_from_raw_bytes(their_public, Id::X25519)?;
        let mut secret = Zeroizing::new([0; 32]);
        let mut context = PkeyCtx::new(&self.key)?;
        context.derive_init()?;
        context.derive_set_peer(&theirs)?;
        // With keys of the right kind and length in place, OpenSSL refuses exactly the all-zero secret.
        context.derive(Some(secret.as_mut_slice())).map_err(|_| AgreementError::LowOrderPoint)?;
        Ok(SharedSecret(secret))
    }

    /// The file key in `stanza`; `None` when it was wrapped for another key.
    pub(crate) fn unwrap(&self, stanza: &Stanza) -> Result<Option<FileKey>, UnsealError> {
        let (share, wrapped) = stanza.share_and_body::<32, WRAPPED_BYTES>(KIND)?;
        let secret = self.agree(&share).map_err(|error| error.in_stanza(KIND))?;
        let key = keys::x25519_wrap_key(&secret, &share, &self.public)?;
        let mut file_key = Zeroizing::new([0; keys::FILE_KEY_BYTES]);
        let opened = Opening::new(&key)?.open(&NONCE, wrapped, file_key.as_mut_slice())?;
        Ok(opened.map(|_| FileKey::from_bytes(file_key)))
    }
}

/// Wraps the file key for the owner of `recipient`.
pub(crate) fn wrap(recipient: &[u8; 32], file_key: &FileKey) -> Result<Stanza, SealError> {
    let ephemeral = SecretKey::generate()?;
    let share = ephemeral.public();
    let secret = ephemeral.agree(recipient)?;
    let key = keys::x25519_wrap_key(&secret, share, recipient)?;
    let body = aead::seal_once::<WRAPPED_BYTES>(&key, &NONCE, file_key.as_bytes())?;
    Ok(Stanza::new(KIND, share, &body))
}
