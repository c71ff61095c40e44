//! One guest: greeted, admitted by the hub, then served: pings, wake-ups, and at most one transfer.

use airhatch_trust::AccountCertificate;
use airhatch_wire::frame::FrameError;
use airhatch_wire::peer::{PeerWord, SEALED_FRAME};
use airhatch_wire::{Code, Failure};
use tokio::sync::mpsc;
use tokio::time::{Duration, timeout};

use super::{PeerLink, SILENCE, Surroundings, WORD_TIME, frame_failure, hello};
use crate::hub::{Input, SessionId, SessionOrder};
use crate::transfer::receive;

/// How long a guest that was answered may take to hang up.
const PARTING: Duration = Duration::from_secs(5);

/// Serves a guest until it leaves, misbehaves or is told to go.
pub async fn serve(
    mut link: PeerLink,
    guest: &AccountCertificate,
    id: SessionId,
    around: &Surroundings,
    mut orders: mpsc::Receiver<SessionOrder>,
) {
    match orders.recv().await {
        Some(SessionOrder::Admit) => {}
        Some(SessionOrder::Refuse(failure)) => return refuse(&mut link, failure).await,
        _ => return,
    }
    match greeted(&mut link).await {
        Ok(()) => {}
        Err(failure) => return refuse(&mut link, failure).await,
    }
    let mut pinged = false;
    loop {
        let word = tokio::select! {
            word = timeout(SILENCE, link.receive()) => word,
            order = orders.recv() => match order {
                Some(SessionOrder::Drop) | None => return,
                Some(_) => continue,
            },
        };
        let word = match word {
            Ok(Ok(Some(word))) => word,
            Ok(Ok(None) | Err(FrameError::Io(_))) | Err(_) => return,
            Ok(Err(error)) => return refuse(&mut link, frame_failure(&error)).await,
        };
        match word {
            PeerWord::Ping { nonce } => {
                if link.send(&PeerWord::Pong { nonce }).await.is_err() {
                    return;
                }
                if !std::mem::replace(&mut pinged, true) {
                    around.report(Input::PingSeen(guest.email().clone())).await;
                }
            }
            PeerWord::Wake { transfer } => around.report(Input::Woken(guest.email().clone(), transfer)).await,
            PeerWord::Cancel { transfer, reason } => {
                around.report(Input::CalledOff(guest.email().clone(), transfer, reason)).await;
            }
            PeerWord::Pause { transfer } => {
                around.report(Input::PausedBy(guest.email().clone(), transfer)).await;
            }
            PeerWord::Offer(signed) => {
                return receive::receive(link, guest, id, around, orders, signed).await;
            }
            _ => return refuse(&mut link, out_of_place()).await,
        }
    }
}

async fn greeted(link: &mut PeerLink) -> Result<(), Failure> {
    match timeout(WORD_TIME, link.receive()).await {
        Ok(Ok(Some(PeerWord::Hello { .. }))) => {
            link.send(&hello()).await.map_err(|error| frame_failure(&error))
        }
        Ok(Ok(_)) => Err(out_of_place()),
        Ok(Err(error)) => Err(frame_failure(&error)),
        Err(_) => Err(frame_failure(&FrameError::Silence)),
    }
}

/// Says why not, and waits for the guest to hang up, so that the words are not lost with the connection.
pub async fn refuse(link: &mut PeerLink, failure: Failure) {
    tracing::debug!(code = ?failure.code, "a guest is refused");
    if link.send(&PeerWord::Refused(failure)).await.is_ok() {
        part(link).await;
    }
}

/// Waits until the guest has hung up, or long enough.
pub async fn part(link: &mut PeerLink) {
    link.expect_raw(SEALED_FRAME);
    let gone = async { while let Ok(Some(_)) = link.receive_raw().await {} };
    if timeout(PARTING, gone).await.is_err() {
        tracing::debug!("a guest that was answered did not hang up");
    }
}

/// A word that does not belong here.
#[must_use]
pub fn out_of_place() -> Failure {
    Failure::new(Code::UnknownMessage, "this word does not belong here")
        .hint("the other side may run a damaged or foreign program")
}
