//! An account's certificate: what it says (parsed and held to the profile), and whether a CA stands behind it.

use std::fmt;

use airhatch_wire::{Email, UnixMillis};
use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::x509::{X509, X509NameRef, X509Ref};

use crate::authority::AuthorityCertificate;
use crate::fields::Fields;
use crate::profile::{self, SEAL_KEY_BYTES};
use crate::sign::{CryptoError, PublicKey};

/// Why a certificate is not taken.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// Not a certificate, or not in DER.
    #[error("the certificate cannot be read")]
    Malformed,
    /// Its key is not Ed25519.
    #[error("the certificate holds a key of another kind than Ed25519")]
    Key,
    /// It does not name exactly one email, or its names differ.
    #[error("the certificate names something else than one email")]
    Names,
    /// It was made for another use: a CA's instead of an account's, other key usages.
    #[error("the certificate was made for another use")]
    WrongUse,
    /// No sealing key, or not one of the right length.
    #[error("the certificate holds no sealing key")]
    SealKey,
    /// It says something that must be understood and is not.
    #[error("the certificate holds a critical extension that this version does not know")]
    UnknownCritical,
    /// Another CA's, or nobody's.
    #[error("the certificate was not issued by this CA")]
    WrongIssuer,
    /// It names the CA as its issuer, but the CA did not sign it.
    #[error("the CA's signature on the certificate does not match")]
    BadSignature,
    /// Its time is over.
    #[error("the certificate has expired")]
    Expired,
    /// Its time has not come, or a clock is wrong.
    #[error("the certificate is not valid yet; check this machine's clock")]
    NotYetValid,
    /// The CA's own certificate does not hold now.
    #[error("the CA's own certificate is not valid now; check this machine's clock")]
    AuthorityNotValid,
    /// OpenSSL failed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

impl From<ErrorStack> for CertificateError {
    fn from(error: ErrorStack) -> Self {
        Self::Crypto(CryptoError(error))
    }
}

/// An account's certificate that follows the profile. Whether it is genuine says [`AccountCertificate::verify`].
#[derive(Clone)]
pub struct AccountCertificate {
    der: Vec<u8>,
    x509: X509,
    email: Email,
    identity: PublicKey,
    seal_key: Box<[u8; SEAL_KEY_BYTES]>,
    serial: [u8; 16],
    validity: Validity,
}

impl AccountCertificate {
    /// Reads a certificate (DER) and holds it to the profile; signature and time are not judged yet.
    ///
    /// # Errors
    /// [`CertificateError`]: everything but the verdicts of [`AccountCertificate::verify`].
    pub fn parse(der: &[u8]) -> Result<Self, CertificateError> {
        let fields = Fields::read(der).map_err(|_| CertificateError::Malformed)?;
        let (email, seal_key) = profile::check_account(&fields)?;
        let x509 = X509::from_der(der).map_err(|_| CertificateError::Malformed)?;
        if common_name(x509.subject_name()).as_deref() != Some(email.as_str().as_bytes()) {
            return Err(CertificateError::Names);
        }
        let identity = ed25519_key(&x509)?;
        let validity = Validity::of(&x509)?;
        Ok(Self { der: der.to_vec(), email, identity, seal_key, serial: fields.serial, validity, x509 })
    }

    /// Whether this CA issued it and it holds at `now`. Revocation is another matter: see the CA's list.
    ///
    /// # Errors
    /// [`CertificateError::WrongIssuer`], [`CertificateError::BadSignature`], [`CertificateError::Expired`],
    /// [`CertificateError::NotYetValid`], [`CertificateError::AuthorityNotValid`]; issuer and signature come first.
    pub fn verify(&self, authority: &AuthorityCertificate, now: UnixMillis) -> Result<(), CertificateError> {
        check_issued(&self.x509, authority)?;
        authority.validity().check(now).map_err(|_| CertificateError::AuthorityNotValid)?;
        self.validity.check(now)
    }

    /// The certificate as it came, DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whose it is.
    #[must_use]
    pub const fn email(&self) -> &Email {
        &self.email
    }

    /// The account's identity key.
    #[must_use]
    pub const fn identity(&self) -> PublicKey {
        self.identity
    }

    /// The account's X-Wing public key, raw.
    #[must_use]
    pub const fn seal_key(&self) -> &[u8; SEAL_KEY_BYTES] {
        &self.seal_key
    }

    /// Its number at the CA.
    #[must_use]
    pub const fn serial(&self) -> [u8; 16] {
        self.serial
    }

    /// First moment at which it holds.
    #[must_use]
    pub const fn not_before(&self) -> UnixMillis {
        self.validity.not_before
    }

    /// Last moment at which it holds.
    #[must_use]
    pub const fn not_after(&self) -> UnixMillis {
        self.validity.not_after
    }

    pub(crate) const fn x509(&self) -> &X509 {
        &self.x509
    }
}

impl PartialEq for AccountCertificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for AccountCertificate {}

impl fmt::Debug for AccountCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountCertificate({:?})", self.identity)
    }
}

/// From when to when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Validity {
    pub(crate) not_before: UnixMillis,
    pub(crate) not_after: UnixMillis,
}

impl Validity {
    pub(crate) fn of(x509: &X509Ref) -> Result<Self, CertificateError> {
        Ok(Self { not_before: millis(x509.not_before())?, not_after: millis(x509.not_after())? })
    }

    pub(crate) fn check(&self, now: UnixMillis) -> Result<(), CertificateError> {
        if now < self.not_before {
            Err(CertificateError::NotYetValid)
        } else if now > self.not_after {
            Err(CertificateError::Expired)
        } else {
            Ok(())
        }
    }
}

/// Whether a CA's name and signature are on a certificate.
pub(crate) fn check_issued(x509: &X509Ref, authority: &AuthorityCertificate) -> Result<(), CertificateError> {
    let issuer = authority.x509().subject_name();
    if !x509.issuer_name().try_cmp(issuer)?.is_eq() {
        return Err(CertificateError::WrongIssuer);
    }
    match x509.verify(&*authority.public_key().openssl()?) {
        Ok(true) => Ok(()),
        _ => Err(CertificateError::BadSignature),
    }
}

pub(crate) fn ed25519_key(x509: &X509Ref) -> Result<PublicKey, CertificateError> {
    let key = x509.public_key().map_err(|_| CertificateError::Key)?;
    PublicKey::from_openssl(&key).ok_or(CertificateError::Key)
}

/// The common name, when the name consists of nothing else.
fn common_name(name: &X509NameRef) -> Option<Vec<u8>> {
    let mut entries = name.entries();
    let entry = entries.next()?;
    let alone = entries.next().is_none() && entry.object().nid() == Nid::COMMONNAME;
    alone.then(|| entry.data().as_slice().to_vec())
}

fn millis(time: &Asn1TimeRef) -> Result<UnixMillis, CertificateError> {
    let since = Asn1Time::from_unix(0)?.diff(time)?;
    let seconds = i64::from(since.days) * 24 * 3600 + i64::from(since.secs);
    Ok(UnixMillis(u64::try_from(seconds).unwrap_or(0).saturating_mul(1000)))
}

#[cfg(test)]
mod tests;
