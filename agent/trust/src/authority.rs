//! A CA's own certificate: the root that clients pin by its fingerprint.

use std::fmt;

use airhatch_wire::{Fingerprint, UnixMillis};
use openssl::x509::X509;

use crate::certificate::{CertificateError, Validity, check_issued, ed25519_key};
use crate::fields::Fields;
use crate::profile;
use crate::sign::{PublicKey, sha256};

/// A CA's certificate that follows the profile and is signed by its own key. Whether it is the right one says its
/// fingerprint, compared with the pinned one.
#[derive(Clone)]
pub struct AuthorityCertificate {
    der: Vec<u8>,
    x509: X509,
    key: PublicKey,
    validity: Validity,
}

impl AuthorityCertificate {
    /// Reads a CA's certificate (DER) and holds it to the profile.
    ///
    /// # Errors
    /// [`CertificateError`]; [`CertificateError::BadSignature`] when it is not signed by its own key.
    pub fn parse(der: &[u8]) -> Result<Self, CertificateError> {
        let fields = Fields::read(der).map_err(|_| CertificateError::Malformed)?;
        profile::check_authority(&fields)?;
        let x509 = X509::from_der(der).map_err(|_| CertificateError::Malformed)?;
        let key = ed25519_key(&x509)?;
        let validity = Validity::of(&x509)?;
        let root = Self { der: der.to_vec(), key, validity, x509 };
        check_issued(&root.x509, &root)?;
        Ok(root)
    }

    /// What people compare and agents pin: SHA-256 of the DER.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(sha256(&self.der))
    }

    /// The key that signs certificates and the revocation list.
    #[must_use]
    pub const fn public_key(&self) -> PublicKey {
        self.key
    }

    /// The certificate as it came, DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Last moment at which it holds.
    #[must_use]
    pub const fn not_after(&self) -> UnixMillis {
        self.validity.not_after
    }

    /// For OpenSSL: the issuer's name, trust stores.
    #[must_use]
    pub const fn x509(&self) -> &X509 {
        &self.x509
    }

    pub(crate) const fn validity(&self) -> Validity {
        self.validity
    }
}

impl PartialEq for AuthorityCertificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for AuthorityCertificate {}

impl fmt::Debug for AuthorityCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthorityCertificate({:?})", self.fingerprint())
    }
}

/// Checks the certificate with which a CA serves TLS. An account's certificate, though signed by the same CA, is refused.
pub(crate) fn check_server_certificate(der: &[u8]) -> Result<(), CertificateError> {
    let fields = Fields::read(der).map_err(|_| CertificateError::Malformed)?;
    profile::check_server(&fields)?;
    let x509 = X509::from_der(der).map_err(|_| CertificateError::Malformed)?;
    ed25519_key(&x509).map(drop)
}
