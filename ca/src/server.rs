//! The listener: so many connections at once and no more, each in its own task, a gentle end. It knows sockets and TLS;
//! what is answered, [`Authority`] decides.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use airhatch_trust::tls::{AuthorityServer, TlsError};
use airhatch_wire::UnixMillis;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::authority::Authority;
use crate::config::Limits;
use crate::connection;
use crate::issue::{IssueError, SERVER_LIFETIME};
use crate::limits::Gate;

/// How long requests under way may take after the end was called for.
const ENDING: Duration = Duration::from_secs(5);

/// Pause after `accept` failed: it fails when this process has no descriptor left, until one is free.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Why the CA cannot serve.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    /// Its serving certificate.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// How long callers may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// For the TLS handshake.
    pub(crate) handshake: Duration,
    /// For the next whole request, and for taking an answer.
    pub(crate) request: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { handshake: Duration::from_secs(10), request: Duration::from_secs(120) }
    }
}

/// What every connection shares.
pub(crate) struct Shared {
    pub(crate) authority: Authority,
    pub(crate) gate: Gate,
    pub(crate) patience: Patience,
    serving: Mutex<Serving>,
}

/// The certificate in use, and when to take another.
struct Serving {
    tls: AuthorityServer,
    until: UnixMillis,
}

impl Serving {
    fn new(authority: &Authority, now: UnixMillis) -> Result<Self, ServeError> {
        let (key, certificate) = authority.issuer.server(now)?;
        let tls = AuthorityServer::new(authority.issuer.root(), &key, &certificate)?;
        Ok(Self { tls, until: now.plus(SERVER_LIFETIME / 2) })
    }
}

impl Shared {
    pub(crate) fn new(
        authority: Authority,
        limits: &Limits,
        patience: Patience,
        now: UnixMillis,
    ) -> Result<Self, ServeError> {
        let serving = Mutex::new(Serving::new(&authority, now)?);
        Ok(Self { authority, gate: Gate::new(limits), patience, serving })
    }

    /// TLS with a certificate that has at least half of its time before it.
    pub(crate) fn tls(&self, now: UnixMillis) -> Result<AuthorityServer, ServeError> {
        let mut serving = self.serving.lock().unwrap_or_else(PoisonError::into_inner);
        if now >= serving.until {
            *serving = Serving::new(&self.authority, now)?;
        }
        Ok(serving.tls.clone())
    }
}

/// Serves until `end` comes; requests under way are answered first.
pub(crate) async fn run(
    listener: TcpListener,
    shared: Arc<Shared>,
    connections: u32,
    end: impl Future<Output = ()>,
) {
    let places = Arc::new(Semaphore::new(usize::try_from(connections.max(1)).unwrap_or(1)));
    let (ending, ended) = watch::channel(false);
    let mut tasks = JoinSet::new();
    tokio::pin!(end);
    loop {
        let accepted = async {
            // A place first: who finds the house full waits in the system's queue.
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        tokio::select! {
            () = &mut end => break,
            (place, accepted) = accepted => match accepted {
                Ok((stream, from)) => {
                    let connection = serve(stream, from, Arc::clone(&shared), ended.clone());
                    tasks.spawn(async move {
                        connection.await;
                        drop(place);
                    });
                }
                Err(cause) => {
                    tracing::warn!(%cause, "cannot take a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = tasks.join_next() => {}
        }
    }
    drop(listener);
    ending.send_replace(true);
    let all = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(ENDING, all).await.is_err() {
        tracing::warn!("some connections were cut off");
    }
}

async fn serve(stream: TcpStream, from: SocketAddr, shared: Arc<Shared>, ended: watch::Receiver<bool>) {
    let Some(_place) = shared.gate.enter(from.ip()) else {
        tracing::debug!("turned a connection away: too many from its address");
        return;
    };
    if let Err(reason) = connection::serve(stream, from.ip(), &shared, ended).await {
        tracing::debug!(%reason, "a connection ended early");
    }
}

#[cfg(test)]
mod tests;
