//! One connection: handshake, opening exchange, then request after request until the caller leaves, falls silent or
//! says something that is no request.

use std::net::IpAddr;
use std::sync::Arc;

use airhatch_trust::tls::{TlsError, exporter};
use airhatch_wire::authority::{FromAuthority, REMOVAL_EXPORTER, ToAuthority};
use airhatch_wire::frame::FrameError;
use airhatch_wire::link::Link;
use airhatch_wire::{Code, Failure, UnixMillis};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_openssl::SslStream;

use crate::authority::Conversation;
use crate::server::{ServeError, Shared};

type CallerLink = Link<SslStream<TcpStream>, FromAuthority, ToAuthority>;

/// Why a connection ended otherwise than by the caller leaving.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectionError {
    /// Nothing came in time, or an answer was not taken.
    #[error("the caller was silent for too long")]
    Silence,
    /// TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Words.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// This side.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// This side.
    #[error("the deciding task failed: {0}")]
    Task(#[from] tokio::task::JoinError),
}

/// Serves one caller from beginning to end.
pub(crate) async fn serve(
    stream: TcpStream,
    from: IpAddr,
    shared: &Arc<Shared>,
    mut ended: watch::Receiver<bool>,
) -> Result<(), ConnectionError> {
    let greeting = greet(stream, shared);
    let (mut link, mut conversation) = tokio::select! {
        greeted = greeting => greeted?,
        _ = ended.wait_for(|ended| *ended) => return Ok(()),
    };
    loop {
        let request = tokio::select! {
            request = timeout(shared.patience.request, link.receive()) => request,
            _ = ended.wait_for(|ended| *ended) => break,
        };
        let request = match request.map_err(|_| ConnectionError::Silence)? {
            Ok(Some(request)) => request,
            Ok(None) => return Ok(()),
            Err(reason) => return refuse(link, reason, shared).await,
        };
        let answer;
        (conversation, answer) = decide(shared, from, conversation, request).await?;
        send(&mut link, &answer, shared).await?;
    }
    timeout(shared.patience.handshake, link.close()).await.map_err(|_| ConnectionError::Silence)??;
    Ok(())
}

async fn greet(
    stream: TcpStream,
    shared: &Arc<Shared>,
) -> Result<(CallerLink, Conversation), ConnectionError> {
    // Answers are small and awaited: do not hold them back. Where this fails, they are only slower.
    let _ = stream.set_nodelay(true);
    let tls = shared.tls(UnixMillis::now())?;
    let handshake = timeout(shared.patience.handshake, tls.accept(stream));
    let (stream, caller) = handshake.await.map_err(|_| ConnectionError::Silence)??;
    let exporter = exporter(stream.ssl(), REMOVAL_EXPORTER).map_err(TlsError::from)?;
    Ok((Link::answer(stream).await?, Conversation::new(caller, exporter)))
}

/// Deciding reads and writes the disk, so it happens on a thread that may block.
async fn decide(
    shared: &Arc<Shared>,
    from: IpAddr,
    mut conversation: Conversation,
    request: ToAuthority,
) -> Result<(Conversation, FromAuthority), ConnectionError> {
    let account = conversation.caller().map(|caller| caller.identity());
    if let Err(failure) = shared.gate.admit(from, account, &request) {
        return Ok((conversation, FromAuthority::Refused(failure)));
    }
    let shared = Arc::clone(shared);
    let decided = tokio::task::spawn_blocking(move || {
        let answer = shared.authority.handle(UnixMillis::now(), &mut conversation, request);
        (conversation, answer)
    });
    Ok(decided.await?)
}

/// Tells a caller who said something unreadable why this is the end.
async fn refuse(mut link: CallerLink, reason: FrameError, shared: &Shared) -> Result<(), ConnectionError> {
    let failure = match reason {
        FrameError::TooLarge { .. } => Failure::new(Code::TooLarge, reason.to_string()),
        FrameError::Unreadable => Failure::new(Code::UnknownMessage, "this CA does not know that request")
            .hint("the programs may be of different versions; update the older one"),
        _ => return Err(reason.into()),
    };
    send(&mut link, &FromAuthority::Refused(failure), shared).await?;
    timeout(shared.patience.handshake, link.close()).await.map_err(|_| ConnectionError::Silence)??;
    Err(reason.into())
}

async fn send(link: &mut CallerLink, answer: &FromAuthority, shared: &Shared) -> Result<(), ConnectionError> {
    timeout(shared.patience.request, link.send(answer)).await.map_err(|_| ConnectionError::Silence)??;
    Ok(())
}
