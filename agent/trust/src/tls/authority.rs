//! Agent and CA. The agent knows the CA by the fingerprint of its certificate alone, even before it has ever seen it;
//! the CA takes strangers (to register) and accounts, also those whose certificate has expired (to renew).

use airhatch_wire::Fingerprint;
use airhatch_wire::authority::ALPN;
use openssl::error::ErrorStack;
use openssl::ssl::{Ssl, SslContext, SslContextBuilder, SslVerifyMode};
use openssl::x509::{X509, X509Ref, X509StoreContextRef, X509VerifyResult};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_openssl::SslStream;

use super::judge::{self, Verdict};
use super::{
    Side, TlsError, client_builder, handshake, peer_certificate, server_builder, store, use_identity,
};
use crate::authority::{AuthorityCertificate, check_server_certificate};
use crate::certificate::{AccountCertificate, CertificateError};
use crate::sign::{IdentityKey, sha256};

/// What an agent needs to call its CA.
#[derive(Clone)]
pub struct AuthorityClient {
    context: SslContext,
    pinned: Fingerprint,
}

impl AuthorityClient {
    /// A caller without an account: to register, or only to ask who is there.
    ///
    /// # Errors
    /// [`TlsError::Crypto`].
    pub fn anonymous(pinned: Fingerprint) -> Result<Self, TlsError> {
        Ok(Self { context: client()?.build(), pinned })
    }

    /// A caller that proves its account.
    ///
    /// # Errors
    /// [`TlsError::KeyMismatch`], [`TlsError::Crypto`].
    pub fn identified(
        pinned: Fingerprint,
        key: &IdentityKey,
        certificate: &AccountCertificate,
    ) -> Result<Self, TlsError> {
        let mut context = client()?;
        use_identity(&mut context, key, certificate)?;
        Ok(Self { context: context.build(), pinned })
    }

    /// Calls the CA; returns its certificate too, which is the pinned one. Nothing about the account is sent to
    /// anybody else.
    ///
    /// # Errors
    /// [`TlsError::WrongAuthority`] when another CA, or something else, answers; else as the variants say.
    pub async fn connect<S>(&self, stream: S) -> Result<(SslStream<S>, AuthorityCertificate), TlsError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut ssl = Ssl::new(&self.context)?;
        let pinned = self.pinned;
        let verdict = Verdict::install(&mut ssl, SslVerifyMode::PEER, move |sound, context| {
            judge_authority(sound, context, pinned)
        });
        let stream = handshake(ssl, stream, Side::Client, ALPN, &verdict).await?;
        let chain: Vec<&X509Ref> = stream.ssl().verified_chain().into_iter().flatten().collect();
        let [leaf, root] = chain.as_slice() else { return Err(TlsError::NoCertificate) };
        check_server_certificate(&leaf.to_der()?)?;
        let root = AuthorityCertificate::parse(&root.to_der()?)?;
        if root.fingerprint() != pinned {
            return Err(TlsError::WrongAuthority { shown: root.fingerprint(), expected: pinned });
        }
        Ok((stream, root))
    }
}

fn client() -> Result<SslContextBuilder, ErrorStack> {
    let mut context = client_builder(ALPN)?;
    // The CA's certificate comes from the other side, not from a store, and so counts as a step of the chain.
    context.set_verify_depth(1);
    Ok(context)
}

/// One flaw is expected, since no store holds the CA: its certificate, sent along, is self-signed. It is forgiven to the
/// pinned one only; OpenSSL then goes on to check the signature below it, times and uses.
fn judge_authority(
    sound: bool,
    context: &mut X509StoreContextRef,
    pinned: Fingerprint,
) -> Result<(), TlsError> {
    let der = judge::current(context)?;
    if sound {
        return if context.error_depth() == 0 { Ok(check_server_certificate(&der)?) } else { Ok(()) };
    }
    let shown = Fingerprint(sha256(&der));
    match context.error().as_raw() {
        openssl_sys::X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN if shown == pinned => {
            AuthorityCertificate::parse(&der)?;
            context.set_error(X509VerifyResult::OK);
            Ok(())
        }
        openssl_sys::X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN
        | openssl_sys::X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT
        | openssl_sys::X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY
        | openssl_sys::X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE => {
            Err(TlsError::WrongAuthority { shown, expected: pinned })
        }
        _ => Err(judge::flaw(context.error()).into()),
    }
}

/// What a CA needs to be called.
#[derive(Clone)]
pub struct AuthorityServer {
    context: SslContext,
}

impl AuthorityServer {
    /// Serves with a certificate (DER, see [`crate::profile::server_extensions`]) and its key, both below this root.
    ///
    /// # Errors
    /// [`TlsError::Certificate`] when the certificate is not one for this, [`TlsError::Crypto`].
    pub fn new(root: &AuthorityCertificate, key: &IdentityKey, certificate: &[u8]) -> Result<Self, TlsError> {
        check_server_certificate(certificate)?;
        let mut context = server_builder(ALPN)?;
        context.set_certificate(&*X509::from_der(certificate)?)?;
        context.add_extra_chain_cert(root.x509().clone())?;
        context.set_private_key(key.openssl())?;
        context.set_verify_cert_store(store(root)?)?;
        Ok(Self { context: context.build() })
    }

    /// Answers a caller: a stranger (`None`) or an account. The account's certificate is genuine, but its
    /// time may be over or, where a clock is wrong, yet to come: ask [`AccountCertificate::verify`] at every request.
    ///
    /// # Errors
    /// As the variants of [`TlsError`] say.
    pub async fn accept<S>(&self, stream: S) -> Result<(SslStream<S>, Option<AccountCertificate>), TlsError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut ssl = Ssl::new(&self.context)?;
        let verdict = Verdict::install(&mut ssl, SslVerifyMode::PEER, judge_caller);
        let stream = handshake(ssl, stream, Side::Server, ALPN, &verdict).await?;
        let account = match peer_certificate(stream.ssl()) {
            Err(TlsError::NoCertificate) => None,
            other => Some(other?),
        };
        Ok((stream, account))
    }
}

fn judge_caller(sound: bool, context: &mut X509StoreContextRef) -> Result<(), TlsError> {
    let leaf = context.error_depth() == 0;
    if !sound {
        let flaw = judge::flaw(context.error());
        if !matches!(flaw, CertificateError::Expired | CertificateError::NotYetValid) {
            return Err(flaw.into());
        }
        context.set_error(X509VerifyResult::OK);
    }
    if leaf {
        AccountCertificate::parse(&judge::current(context)?)?;
    }
    Ok(())
}
