//! TLS 1.3 as this system speaks it: `X25519MLKEM768` only, Ed25519 only, no tickets, no sessions, no early data, one
//! ALPN, and certificates judged by our own profile while the handshake runs, so that nobody is told anything before.
//!
//! [`PeerTls`] is for agent and agent, [`AuthorityClient`] and [`AuthorityServer`] for agent and CA. Time limits are the
//! caller's. OpenSSL reads the system's clock for validity.

mod authority;
mod judge;
mod peer;

use std::pin::Pin;

use airhatch_wire::Fingerprint;
use openssl::error::ErrorStack;
use openssl::ssl::{
    AlpnError, Ssl, SslContext, SslContextBuilder, SslMethod, SslMode, SslOptions, SslRef,
    SslSessionCacheMode, SslVersion,
};
use openssl::x509::store::{X509Store, X509StoreBuilder};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_openssl::SslStream;

pub use authority::{AuthorityClient, AuthorityServer};
pub use peer::PeerTls;

use crate::authority::AuthorityCertificate;
use crate::certificate::{AccountCertificate, CertificateError};
use crate::sign::{CryptoError, IdentityKey};
use judge::Verdict;

/// Why a TLS session did not come to be.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The connection broke, or the other side ended it or speaks no TLS as required here.
    #[error("the secure connection failed: {0}")]
    Handshake(String),
    /// The other side refused our certificate (its alert says so).
    #[error("the other side refused this account's certificate")]
    Refused,
    /// The other side's certificate is not taken.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The other side showed no certificate where one is needed.
    #[error("the other side showed no certificate")]
    NoCertificate,
    /// Another CA than the pinned one, or no CA at all.
    #[error("this CA shows the fingerprint {shown}, expected {expected}")]
    WrongAuthority {
        /// SHA-256 of the certificate that was shown.
        shown: Fingerprint,
        /// SHA-256 of the certificate that was pinned.
        expected: Fingerprint,
    },
    /// A genuine account of this CA, but with another identity key than the pinned one.
    #[error("the other side holds another key than the one that was pinned")]
    OtherKey(Box<AccountCertificate>),
    /// The other side did not agree to our protocol (ALPN).
    #[error("the other side does not speak this protocol")]
    Protocol,
    /// The key at hand is not the one in the certificate at hand: a mistake on this side.
    #[error("the private key does not belong to the certificate")]
    KeyMismatch,
    /// OpenSSL failed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

impl From<ErrorStack> for TlsError {
    fn from(error: ErrorStack) -> Self {
        Self::Crypto(CryptoError(error))
    }
}

/// The account that the other side of an established session has proven to be.
///
/// # Errors
/// [`TlsError::NoCertificate`]; [`TlsError::Certificate`] when it does not follow the profile.
pub fn peer_certificate(ssl: &SslRef) -> Result<AccountCertificate, TlsError> {
    let x509 = ssl.peer_certificate().ok_or(TlsError::NoCertificate)?;
    Ok(AccountCertificate::parse(&x509.to_der()?)?)
}

/// Keying material of this very session (RFC 8446, section 7.5): both sides get the same 32 bytes, nobody else does.
///
/// # Errors
/// [`CryptoError`].
pub fn exporter(ssl: &SslRef, label: &str) -> Result<[u8; 32], CryptoError> {
    let mut material = [0; 32];
    ssl.export_keying_material(&mut material, label, None)?;
    Ok(material)
}

/// What every context has in common. `alpn` in wire form: one protocol, its length in front.
fn builder(method: SslMethod) -> Result<SslContextBuilder, ErrorStack> {
    let mut context = SslContext::builder(method)?;
    context.set_min_proto_version(Some(SslVersion::TLS1_3))?;
    context.set_max_proto_version(Some(SslVersion::TLS1_3))?;
    context.set_ciphersuites("TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256")?;
    context.set_groups_list("X25519MLKEM768")?;
    context.set_sigalgs_list("ed25519")?;
    context.set_options(SslOptions::NO_TICKET | SslOptions::NO_COMPRESSION | SslOptions::NO_RENEGOTIATION);
    context.set_session_cache_mode(SslSessionCacheMode::OFF);
    context.set_num_tickets(0)?;
    // An async writer may call again with its buffer moved, and is content when a part is written.
    context.set_mode(
        SslMode::ENABLE_PARTIAL_WRITE | SslMode::ACCEPT_MOVING_WRITE_BUFFER | SslMode::RELEASE_BUFFERS,
    );
    // A leaf directly below the root.
    context.set_verify_depth(0);
    Ok(context)
}

fn client_builder(alpn: &'static [u8]) -> Result<SslContextBuilder, ErrorStack> {
    let mut context = builder(SslMethod::tls_client())?;
    context.set_alpn_protos(alpn)?;
    Ok(context)
}

fn server_builder(alpn: &'static [u8]) -> Result<SslContextBuilder, ErrorStack> {
    let mut context = builder(SslMethod::tls_server())?;
    context.set_alpn_select_callback(move |_, offered| {
        let chosen = openssl::ssl::select_next_proto(alpn, offered);
        let ours = alpn.get(1..);
        chosen.filter(|protocol| Some(*protocol) == ours).ok_or(AlpnError::ALERT_FATAL)
    });
    Ok(context)
}

fn use_identity(
    context: &mut SslContextBuilder,
    key: &IdentityKey,
    certificate: &AccountCertificate,
) -> Result<(), TlsError> {
    if certificate.identity() != key.public() {
        return Err(TlsError::KeyMismatch);
    }
    context.set_certificate(certificate.x509())?;
    context.set_private_key(key.openssl())?;
    Ok(())
}

/// A trust store that holds one root and nothing of the system's.
fn store(root: &AuthorityCertificate) -> Result<X509Store, ErrorStack> {
    let mut store = X509StoreBuilder::new()?;
    store.add_cert(root.x509().clone())?;
    Ok(store.build())
}

/// Which side begins.
#[derive(Clone, Copy)]
enum Side {
    Client,
    Server,
}

/// Runs a handshake to its end and checks that the protocol was agreed on.
async fn handshake<S>(
    ssl: Ssl,
    stream: S,
    side: Side,
    alpn: &'static [u8],
    verdict: &Verdict,
) -> Result<SslStream<S>, TlsError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut stream = SslStream::new(ssl, stream)?;
    let outcome = match side {
        Side::Client => Pin::new(&mut stream).connect().await,
        Side::Server => Pin::new(&mut stream).accept().await,
    };
    if let Err(error) = outcome {
        return Err(verdict.take().unwrap_or_else(|| judge::failure(&error)));
    }
    if stream.ssl().selected_alpn_protocol() != alpn.get(1..) {
        return Err(TlsError::Protocol);
    }
    Ok(stream)
}

#[cfg(test)]
mod tests;
