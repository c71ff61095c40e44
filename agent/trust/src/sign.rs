//! Signatures: who said something, and for what purpose. The one place where `verb || SHA-256(body)` is put together.

use std::fmt;

use airhatch_wire::frame::{self, FrameError};
use airhatch_wire::signed::{Signature, Signed, Verb};
use airhatch_wire::{Blob, Fingerprint};
use openssl::error::ErrorStack;
use openssl::pkey::{HasPublic, Id, PKey, PKeyRef, Private, Public};
use openssl::rand::rand_priv_bytes;
use openssl::sign::{Signer, Verifier};
use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

/// OpenSSL refused an operation that cannot fail on a healthy machine (no memory, no entropy, a broken build).
#[derive(Debug, thiserror::Error)]
#[error("the cryptographic library failed ({0})")]
pub struct CryptoError(#[from] pub ErrorStack);

/// A signature does not belong to this key, purpose and body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not match")]
pub struct Unproven;

/// Why a signed statement could not be made or opened.
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    /// The signature does not match; the body was not even read.
    #[error(transparent)]
    Unproven(#[from] Unproven),
    /// Rightly signed, but not a statement of this kind (or too large to be sent).
    #[error("a signed statement cannot be read: {0}")]
    Body(#[from] FrameError),
    /// OpenSSL failed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

/// An Ed25519 private key: an account's identity, or a CA's own. Wiped when dropped, never printed.
pub struct IdentityKey {
    /// Boxed, so that moving the key leaves no copy behind.
    seed: Box<Zeroizing<[u8; 32]>>,
    private: PKey<Private>,
    public: PublicKey,
}

impl IdentityKey {
    /// A new key from the system's randomness.
    ///
    /// # Errors
    /// [`CryptoError`].
    pub fn generate() -> Result<Self, CryptoError> {
        let mut seed = Zeroizing::new([0; 32]);
        rand_priv_bytes(seed.as_mut_slice())?;
        Self::from_seed(&seed)
    }

    /// The key that grows from these 32 bytes (RFC 8032).
    ///
    /// # Errors
    /// [`CryptoError`].
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, CryptoError> {
        let private = PKey::private_key_from_raw_bytes(seed, Id::ED25519)?;
        let public = PublicKey::from_openssl(&private).ok_or_else(|| CryptoError(ErrorStack::get()))?;
        Ok(Self { seed: Box::new(Zeroizing::new(*seed)), private, public })
    }

    /// The 32 bytes to keep in a vault.
    #[must_use]
    pub fn seed(&self) -> &Zeroizing<[u8; 32]> {
        &self.seed
    }

    /// The public half.
    #[must_use]
    pub const fn public(&self) -> PublicKey {
        self.public
    }

    /// Signs a body for one purpose.
    ///
    /// # Errors
    /// [`CryptoError`].
    pub fn sign(&self, verb: Verb, body: &[u8]) -> Result<Signature, CryptoError> {
        let mut signature = [0; 64];
        Signer::new_without_digest(&self.private)?.sign_oneshot(&mut signature, &signed_bytes(verb, body))?;
        Ok(Signature(signature))
    }

    /// For OpenSSL's own signing: certificates, requests, TLS.
    #[must_use]
    pub const fn openssl(&self) -> &PKey<Private> {
        &self.private
    }
}

impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdentityKey({:?})", self.public.fingerprint())
    }
}

/// An Ed25519 public key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    /// What people compare: SHA-256 of the 32 bytes.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(sha256(&self.0))
    }

    /// Checks a signature over a body, made for one purpose.
    ///
    /// # Errors
    /// [`Unproven`], whatever the reason.
    pub fn verify(&self, verb: Verb, body: &[u8], signature: &Signature) -> Result<(), Unproven> {
        let key = self.openssl().map_err(|_| Unproven)?;
        let mut verifier = Verifier::new_without_digest(&key).map_err(|_| Unproven)?;
        match verifier.verify_oneshot(&signature.0, &signed_bytes(verb, body)) {
            Ok(true) => Ok(()),
            _ => Err(Unproven),
        }
    }

    /// For OpenSSL's own checks.
    ///
    /// # Errors
    /// [`CryptoError`].
    pub fn openssl(&self) -> Result<PKey<Public>, CryptoError> {
        Ok(PKey::public_key_from_raw_bytes(&self.0, Id::ED25519)?)
    }

    /// The key out of OpenSSL's hands; `None` when it is not Ed25519.
    #[must_use]
    pub(crate) fn from_openssl<T: HasPublic>(key: &PKeyRef<T>) -> Option<Self> {
        (key.id() == Id::ED25519).then(|| key.raw_public_key().ok()?.try_into().ok().map(Self)).flatten()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({:?})", self.fingerprint())
    }
}

/// SHA-256.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    openssl::sha::sha256(bytes)
}

/// Encodes a statement and signs the bytes.
///
/// # Errors
/// [`StatementError::Body`] when it is too large for a message; [`StatementError::Crypto`].
pub fn seal_statement<T: Serialize>(
    key: &IdentityKey,
    verb: Verb,
    statement: &T,
) -> Result<Signed, StatementError> {
    let body = frame::to_bytes(statement)?;
    let signature = key.sign(verb, &body)?;
    Ok(Signed { body: Blob::from(body), signature })
}

/// Checks the signature over the bytes as they came, and only then reads the statement.
///
/// # Errors
/// [`StatementError::Unproven`] and [`StatementError::Body`].
pub fn open_statement<T: DeserializeOwned>(
    signer: &PublicKey,
    verb: Verb,
    signed: &Signed,
) -> Result<T, StatementError> {
    signer.verify(verb, &signed.body, &signed.signature)?;
    Ok(signed.read()?)
}

fn signed_bytes(verb: Verb, body: &[u8]) -> Vec<u8> {
    [verb.context(), sha256(body).as_slice()].concat()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn key(byte: u8) -> IdentityKey {
        IdentityKey::from_seed(&[byte; 32]).unwrap()
    }

    #[test]
    fn a_seed_gives_the_key_of_rfc_8032() {
        // RFC 8032, section 7.1, test 1.
        let seed = hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
        let public = hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        let key = IdentityKey::from_seed(&seed).unwrap();
        assert_eq!(key.public().0, public);
        assert_eq!(**key.seed(), seed);
    }

    #[test]
    fn a_signature_holds_for_its_key_verb_and_body_only() {
        let signature = key(1).sign(Verb::Offer, b"body").unwrap();
        assert_eq!(key(1).public().verify(Verb::Offer, b"body", &signature), Ok(()));
        assert_eq!(key(2).public().verify(Verb::Offer, b"body", &signature), Err(Unproven));
        assert_eq!(key(1).public().verify(Verb::Accept, b"body", &signature), Err(Unproven));
        assert_eq!(key(1).public().verify(Verb::Offer, b"bodY", &signature), Err(Unproven));
        let mut bent = signature.clone();
        bent.0[63] ^= 1;
        assert_eq!(key(1).public().verify(Verb::Offer, b"body", &bent), Err(Unproven));
    }

    #[test]
    fn a_statement_is_read_only_after_its_signature_was_checked() {
        let mut signed = seal_statement(&key(1), Verb::Done, &(7_u32, "text".to_owned())).unwrap();
        let read: (u32, String) = open_statement(&key(1).public(), Verb::Done, &signed).unwrap();
        assert_eq!(read, (7, "text".to_owned()));
        signed.body.push(0);
        let refused = open_statement::<(u32, String)>(&key(1).public(), Verb::Done, &signed);
        assert!(matches!(refused, Err(StatementError::Unproven(_))));
    }

    #[test]
    fn a_rightly_signed_statement_of_another_kind_is_refused() {
        let signed = seal_statement(&key(1), Verb::Done, &7_u32).unwrap();
        let refused = open_statement::<(u32, String)>(&key(1).public(), Verb::Done, &signed);
        assert!(matches!(refused, Err(StatementError::Body(FrameError::Unreadable))));
    }

    #[test]
    fn a_private_key_never_prints_its_seed() {
        let printed = format!("{:?}", key(0xab));
        assert!(!printed.contains("abab") && !printed.contains("171"), "{printed}");
    }

    fn hex(text: &str) -> [u8; 32] {
        text.parse::<Fingerprint>().unwrap().0
    }
}
