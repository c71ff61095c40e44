//! Agent and agent: both sides prove an account of the same CA.

use airhatch_wire::peer::ALPN;
use openssl::ssl::{Ssl, SslContext, SslVerifyMode};
use openssl::x509::X509StoreContextRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_openssl::SslStream;

use super::judge::{self, Verdict};
use super::{
    Side, TlsError, client_builder, handshake, peer_certificate, server_builder, store, use_identity,
};
use crate::authority::AuthorityCertificate;
use crate::certificate::AccountCertificate;
use crate::sign::{IdentityKey, PublicKey};

const MUTUAL: SslVerifyMode = SslVerifyMode::PEER.union(SslVerifyMode::FAIL_IF_NO_PEER_CERT);

/// What an agent needs to meet other agents. Made anew when its certificate is renewed.
#[derive(Clone)]
pub struct PeerTls {
    client: SslContext,
    server: SslContext,
}

impl PeerTls {
    /// For an account with this key and certificate, meeting accounts of this CA.
    ///
    /// # Errors
    /// [`TlsError::KeyMismatch`], [`TlsError::Crypto`].
    pub fn new(
        root: &AuthorityCertificate,
        key: &IdentityKey,
        certificate: &AccountCertificate,
    ) -> Result<Self, TlsError> {
        let mut client = client_builder(ALPN)?;
        let mut server = server_builder(ALPN)?;
        for context in [&mut client, &mut server] {
            use_identity(context, key, certificate)?;
            context.set_verify_cert_store(store(root)?)?;
        }
        Ok(Self { client: client.build(), server: server.build() })
    }

    /// Calls the contact whose identity key is pinned; our own certificate is shown to nobody else.
    ///
    /// # Errors
    /// [`TlsError::OtherKey`] for a genuine account with another key; else as the variants say.
    pub async fn connect<S>(
        &self,
        stream: S,
        pinned: PublicKey,
    ) -> Result<(SslStream<S>, AccountCertificate), TlsError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut ssl = Ssl::new(&self.client)?;
        let verdict =
            Verdict::install(&mut ssl, MUTUAL, move |sound, context| match judge_account(sound, context)? {
                Some(account) if account.identity() != pinned => Err(TlsError::OtherKey(Box::new(account))),
                _ => Ok(()),
            });
        let stream = handshake(ssl, stream, Side::Client, ALPN, &verdict).await?;
        let account = peer_certificate(stream.ssl())?;
        Ok((stream, account))
    }

    /// Answers a caller: any account of the CA. Whether it is a contact, and one with the pinned key, is the caller's
    /// to decide from the certificate returned.
    ///
    /// # Errors
    /// As the variants of [`TlsError`] say.
    pub async fn accept<S>(&self, stream: S) -> Result<(SslStream<S>, AccountCertificate), TlsError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut ssl = Ssl::new(&self.server)?;
        let verdict =
            Verdict::install(&mut ssl, MUTUAL, |sound, context| judge_account(sound, context).map(drop));
        let stream = handshake(ssl, stream, Side::Server, ALPN, &verdict).await?;
        let account = peer_certificate(stream.ssl())?;
        Ok((stream, account))
    }
}

/// No flaw is forgiven, and the leaf must follow the profile; returns it when it is the leaf that is asked about.
fn judge_account(
    sound: bool,
    context: &mut X509StoreContextRef,
) -> Result<Option<AccountCertificate>, TlsError> {
    if !sound {
        return Err(judge::flaw(context.error()).into());
    }
    if context.error_depth() > 0 {
        return Ok(None);
    }
    Ok(Some(AccountCertificate::parse(&judge::current(context)?)?))
}
