//! `airhatch-ca healthcheck`: calls the running CA as any agent would and asks who it is.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use airhatch_trust::AuthorityCertificate;
use airhatch_trust::tls::{AuthorityClient, TlsError};
use airhatch_wire::authority::{FromAuthority, ToAuthority};
use airhatch_wire::frame::FrameError;
use airhatch_wire::link::Link;
use airhatch_wire::{Address, Fingerprint};
use tokio::net::TcpStream;

const PATIENCE: Duration = Duration::from_secs(10);

/// Why a CA is not well.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HealthError {
    /// Its folder names no address.
    #[error("no CA is running on this folder")]
    NotRunning,
    /// Nobody answers there.
    #[error("no CA answers at {address}: {cause}")]
    Unreachable {
        /// Where.
        address: Address,
        /// What the system says.
        cause: std::io::Error,
    },
    /// Somebody else does, or it has no TLS as it should.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// It speaks another language.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// It answers something else than who it is.
    #[error("the CA gave no answer to a simple question")]
    Mute,
    /// It does not answer.
    #[error("the CA did not answer within {} seconds", PATIENCE.as_secs())]
    TimedOut,
}

/// Where a CA that listens on `address` is called from this machine.
pub(crate) fn callable(address: SocketAddr) -> Address {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port()).into()
}

/// Asks the CA at `address` who it is. Without a `pinned` fingerprint any CA will do.
pub(crate) async fn check(
    address: &Address,
    pinned: Option<Fingerprint>,
) -> Result<AuthorityCertificate, HealthError> {
    let asked = async {
        match pinned {
            Some(pinned) => ask(address, pinned).await,
            None => match ask(address, Fingerprint([0; 32])).await {
                Err(HealthError::Tls(TlsError::WrongAuthority { shown, .. })) => ask(address, shown).await,
                other => other,
            },
        }
    };
    tokio::time::timeout(PATIENCE, asked).await.unwrap_or(Err(HealthError::TimedOut))
}

async fn ask(address: &Address, pinned: Fingerprint) -> Result<AuthorityCertificate, HealthError> {
    let stream = TcpStream::connect((address.host(), address.port()))
        .await
        .map_err(|cause| HealthError::Unreachable { address: address.clone(), cause })?;
    let (stream, root) = AuthorityClient::anonymous(pinned)?.connect(stream).await?;
    let mut link: Link<_, ToAuthority, FromAuthority> = Link::open(stream).await?;
    link.send(&ToAuthority::Info).await?;
    match link.receive().await? {
        Some(FromAuthority::Info { certificate, .. }) if certificate.as_slice() == root.der() => Ok(root),
        _ => Err(HealthError::Mute),
    }
}
