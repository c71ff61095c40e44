//! An opened account: its keys, its certificate, and the TLS set-ups made from them. Made when the vault opens, shared
//! by the tasks, wiped with the last of them.

use std::sync::{Arc, PoisonError, RwLock};

use airhatch_seal::{Identity, Recipient};
use airhatch_trust::tls::{AuthorityClient, PeerTls, TlsError};
use airhatch_trust::{
    AccountCertificate, AuthorityCertificate, CertificateError, CryptoError, IdentityKey, sha256,
};
use airhatch_wire::{Address, Blob, Code, Email, Failure};

use crate::hub::Pin;
use crate::vault::Secrets;

/// The private half of an account, from the vault.
pub struct Keys {
    /// Whose.
    pub email: Email,
    /// Signs for the account.
    pub identity: IdentityKey,
    /// Opens what is sealed to the account.
    pub sealing: Identity,
    /// Where the CA listens.
    pub authority: Address,
    /// The pinned CA.
    pub root: AuthorityCertificate,
}

/// Why an account cannot be used although its vault opened.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The vault holds something that is no key or no CA certificate.
    #[error("the vault opened, but a key or certificate in it cannot be used: {0}")]
    Certificate(#[from] CertificateError),
    /// OpenSSL failed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// The sealing key cannot be made.
    #[error("the vault opened, but its sealing key cannot be used: {0}")]
    Sealing(#[from] airhatch_seal::CryptoError),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl From<KeysError> for Failure {
    fn from(error: KeysError) -> Self {
        Self::new(Code::Internal, error.to_string()).hint("the agent's log says more")
    }
}

impl Keys {
    /// The keys that these secrets hold.
    ///
    /// # Errors
    /// See [`KeysError`].
    pub fn from_secrets(secrets: &Secrets) -> Result<Self, KeysError> {
        Ok(Self {
            email: secrets.email.clone(),
            identity: IdentityKey::from_seed(&secrets.identity_seed)?,
            sealing: Identity::hybrid_from_seed(*secrets.seal_seed)?,
            authority: secrets.authority.clone(),
            root: AuthorityCertificate::parse(&secrets.authority_certificate)?,
        })
    }

    /// The raw X-Wing public key that others seal to.
    #[must_use]
    pub fn seal_key(&self) -> Vec<u8> {
        self.sealing.recipient().to_bytes()
    }
}

/// The account's certificate and what is made from it; replaced as a whole on renewal.
pub struct Papers {
    /// The certificate.
    pub certificate: AccountCertificate,
    /// For meeting contacts.
    pub peers: PeerTls,
    /// For calling the CA.
    pub authority: AuthorityClient,
}

/// An account in use.
pub struct Unlocked {
    /// The private half.
    pub keys: Keys,
    papers: RwLock<Arc<Papers>>,
}

impl Unlocked {
    /// Keys with their certificate.
    ///
    /// # Errors
    /// When the certificate is not for these keys, or TLS cannot be set up.
    pub fn new(keys: Keys, certificate: AccountCertificate) -> Result<Self, KeysError> {
        let papers = RwLock::new(Arc::new(papers(&keys, certificate)?));
        Ok(Self { keys, papers })
    }

    /// The certificate in use now, and what is made from it.
    pub fn papers(&self) -> Arc<Papers> {
        Arc::clone(&self.papers.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes a renewed certificate into use for every connection from here on.
    ///
    /// # Errors
    /// As [`Unlocked::new`]; the old one stays then.
    pub fn renew(&self, certificate: AccountCertificate) -> Result<(), KeysError> {
        let new = Arc::new(papers(&self.keys, certificate)?);
        *self.papers.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }
}

fn papers(keys: &Keys, certificate: AccountCertificate) -> Result<Papers, KeysError> {
    Ok(Papers {
        peers: PeerTls::new(&keys.root, &keys.identity, &certificate)?,
        authority: AuthorityClient::identified(keys.root.fingerprint(), &keys.identity, &certificate)?,
        certificate,
    })
}

/// What the hub keeps of a certificate.
#[must_use]
pub fn pin_of(certificate: &AccountCertificate) -> Pin {
    Pin {
        email: certificate.email().clone(),
        identity: certificate.identity().fingerprint(),
        sealing: sha256(certificate.seal_key()),
        serial: certificate.serial(),
        certificate: Blob::from(certificate.der().to_vec()),
    }
}

/// The certificate that a pin was made of.
///
/// # Errors
/// [`Code::Internal`]: the store held something else.
pub fn certificate_of(pin: &Pin) -> Result<AccountCertificate, Failure> {
    AccountCertificate::parse(&pin.certificate).map_err(|error| {
        Failure::new(Code::Internal, format!("a stored certificate cannot be used: {error}"))
    })
}

/// The key to seal to, for what goes to this account.
///
/// # Errors
/// [`Code::VerificationFailed`] when the certificate's sealing key is no X-Wing key.
pub fn recipient_of(certificate: &AccountCertificate) -> Result<Recipient, Failure> {
    Recipient::from_hybrid_bytes(certificate.seal_key()).map_err(|error| {
        Failure::new(Code::VerificationFailed, format!("the contact's sealing key cannot be used: {error}"))
    })
}
