//! The only file that signs with the CA's key: its own certificate, its serving certificate, accounts' certificates,
//! the revocation list. What is signed follows `airhatch_trust::profile`; nothing a caller wrote is copied but an email
//! and two public keys, all parsed.

use airhatch_trust::certificate::CertificateError;
use airhatch_trust::profile::{self, ACCOUNT_LIFETIME, BACKDATING, SEAL_KEY_BYTES};
use airhatch_trust::{
    AuthorityCertificate, CryptoError, IdentityKey, PublicKey, StatementError, seal_statement,
};
use airhatch_wire::authority::RevocationList;
use airhatch_wire::signed::{Signed, Verb};
use airhatch_wire::{Email, UnixMillis};
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{HasPublic, PKeyRef};
use openssl::rand::rand_bytes;
use openssl::x509::{X509, X509Extension, X509Name, X509NameRef};

const ROOT_LIFETIME: u64 = 3653 * 24 * 3600 * 1000;

/// How long the certificate holds with which the CA serves TLS, milliseconds.
pub(crate) const SERVER_LIFETIME: u64 = 30 * 24 * 3600 * 1000;

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IssueError {
    /// Key and certificate of the CA do not belong together.
    #[error("the CA's key is not the one in its certificate; restore both from the same backup")]
    KeyMismatch,
    /// What was signed does not read back: a defect.
    #[error("the CA made a certificate that it would not accept itself: {0}")]
    Certificate(#[from] CertificateError),
    /// The revocation list has outgrown a message.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// OpenSSL failed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

impl From<ErrorStack> for IssueError {
    fn from(error: ErrorStack) -> Self {
        Self::Crypto(CryptoError(error))
    }
}

/// A certificate as it was issued to an account.
#[derive(Clone, Debug)]
pub(crate) struct Issued {
    pub(crate) der: Vec<u8>,
    pub(crate) serial: [u8; 16],
    pub(crate) not_after: UnixMillis,
}

/// The CA's key, with what belongs to it.
pub(crate) struct Issuer {
    key: IdentityKey,
    root: AuthorityCertificate,
}

/// What differs between kinds of certificates.
struct Contents<'a> {
    subject: X509Name,
    issuer: &'a X509NameRef,
    lifetime: u64,
    extensions: Vec<X509Extension>,
}

impl Issuer {
    pub(crate) fn new(key: IdentityKey, root: AuthorityCertificate) -> Result<Self, IssueError> {
        if key.public() == root.public_key() { Ok(Self { key, root }) } else { Err(IssueError::KeyMismatch) }
    }

    /// The certificate of a new CA, signed by itself.
    pub(crate) fn found(
        key: &IdentityKey,
        name: &str,
        now: UnixMillis,
    ) -> Result<AuthorityCertificate, IssueError> {
        let subject = profile::name(name)?;
        let issuer = profile::name(name)?;
        let extensions = profile::authority_extensions()?;
        let contents = Contents { subject, issuer: &issuer, lifetime: ROOT_LIFETIME, extensions };
        let (x509, _) = sign(contents, key.openssl(), key, now)?;
        Ok(AuthorityCertificate::parse(&x509.to_der()?)?)
    }

    pub(crate) const fn root(&self) -> &AuthorityCertificate {
        &self.root
    }

    /// A certificate for an account's two public keys.
    pub(crate) fn account(
        &self,
        email: &Email,
        identity: &PublicKey,
        seal_key: &[u8; SEAL_KEY_BYTES],
        now: UnixMillis,
    ) -> Result<Issued, IssueError> {
        let contents = Contents {
            subject: profile::name(email.as_str())?,
            issuer: self.root.x509().subject_name(),
            lifetime: ACCOUNT_LIFETIME,
            extensions: profile::account_extensions(email, seal_key)?,
        };
        let (x509, serial) = sign(contents, &*identity.openssl()?, &self.key, now)?;
        Ok(Issued { der: x509.to_der()?, serial, not_after: now.plus(ACCOUNT_LIFETIME) })
    }

    /// A key and certificate with which to serve TLS for a while.
    pub(crate) fn server(&self, now: UnixMillis) -> Result<(IdentityKey, Vec<u8>), IssueError> {
        let key = IdentityKey::generate()?;
        let contents = Contents {
            subject: profile::name(profile::AUTHORITY_NAME)?,
            issuer: self.root.x509().subject_name(),
            lifetime: SERVER_LIFETIME,
            extensions: profile::server_extensions()?,
        };
        let (x509, _) = sign(contents, key.openssl(), &self.key, now)?;
        Ok((key, x509.to_der()?))
    }

    /// The list of what must no longer be trusted.
    pub(crate) fn revocations(&self, list: &RevocationList) -> Result<Signed, IssueError> {
        Ok(seal_statement(&self.key, Verb::Revocations, list)?)
    }
}

fn sign<T: HasPublic>(
    contents: Contents<'_>,
    subject_key: &PKeyRef<T>,
    issuer: &IdentityKey,
    now: UnixMillis,
) -> Result<(X509, [u8; 16]), IssueError> {
    let mut serial = [0; 16];
    rand_bytes(&mut serial)?;
    // A serial number is positive: with the top bit set it would need a 17th byte.
    serial[0] &= 0x7f;
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    builder.set_serial_number(&*BigNum::from_slice(&serial)?.to_asn1_integer()?)?;
    builder.set_subject_name(&contents.subject)?;
    builder.set_issuer_name(contents.issuer)?;
    builder.set_not_before(&*time(UnixMillis(now.0.saturating_sub(BACKDATING)))?)?;
    builder.set_not_after(&*time(now.plus(contents.lifetime))?)?;
    builder.set_pubkey(subject_key)?;
    for extension in contents.extensions {
        builder.append_extension(extension)?;
    }
    builder.sign(issuer.openssl(), MessageDigest::null())?;
    Ok((builder.build(), serial))
}

fn time(at: UnixMillis) -> Result<Asn1Time, ErrorStack> {
    Asn1Time::from_unix(i64::try_from(at.seconds()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use airhatch_trust::tls::AuthorityServer;
    use airhatch_trust::{AccountCertificate, open_statement};

    use super::*;

    const NOW: UnixMillis = UnixMillis(1_800_000_000_123);

    fn issuer() -> Issuer {
        let key = IdentityKey::from_seed(&[1; 32]).unwrap();
        let root = Issuer::found(&key, "Test CA", NOW).unwrap();
        Issuer::new(key, root).unwrap()
    }

    #[test]
    fn an_account_certificate_says_who_and_holds_for_thirty_days() {
        let issuer = issuer();
        let identity = IdentityKey::from_seed(&[2; 32]).unwrap().public();
        let email: Email = "ann@example.org".parse().unwrap();
        let issued = issuer.account(&email, &identity, &[7; SEAL_KEY_BYTES], NOW).unwrap();
        let read = AccountCertificate::parse(&issued.der).unwrap();
        read.verify(issuer.root(), NOW).unwrap();
        assert_eq!((read.email(), read.identity(), read.serial()), (&email, identity, issued.serial));
        assert_eq!(read.seal_key(), &[7; SEAL_KEY_BYTES]);
        assert!(read.serial()[0] < 0x80);
        assert_eq!(read.not_before().seconds(), NOW.seconds() - 300);
        assert_eq!(read.not_after().seconds(), NOW.seconds() + 30 * 24 * 3600);
    }

    #[test]
    fn every_certificate_has_its_own_serial() {
        let issuer = issuer();
        let identity = IdentityKey::from_seed(&[2; 32]).unwrap().public();
        let email: Email = "ann@example.org".parse().unwrap();
        let serial = || issuer.account(&email, &identity, &[7; SEAL_KEY_BYTES], NOW).unwrap().serial;
        assert_ne!(serial(), serial());
    }

    #[test]
    fn the_serving_certificate_serves_and_is_no_account() {
        let issuer = issuer();
        let (key, der) = issuer.server(NOW).unwrap();
        AuthorityServer::new(issuer.root(), &key, &der).unwrap();
        assert!(AccountCertificate::parse(&der).is_err());
    }

    #[test]
    fn a_key_of_another_ca_is_refused() {
        let other = IdentityKey::from_seed(&[9; 32]).unwrap();
        assert!(matches!(Issuer::new(other, issuer().root().clone()), Err(IssueError::KeyMismatch)));
    }

    #[test]
    fn the_revocation_list_is_signed_for_that_purpose_only() {
        let issuer = issuer();
        let list = RevocationList { number: 3, issued: NOW, serials: vec![[1; 16]] };
        let signed = issuer.revocations(&list).unwrap();
        let key = issuer.root().public_key();
        assert_eq!(open_statement::<RevocationList>(&key, Verb::Revocations, &signed).unwrap(), list);
        assert!(open_statement::<RevocationList>(&key, Verb::Announce, &signed).is_err());
    }
}
