//! Whether one contact is there: a connection with the pinned key, a ping and its pong, again and again. The kept
//! connection makes its end noticed at once; while there is none it is tried again, later each time, with jitter.

use std::sync::Arc;
use std::time::Instant;

use airhatch_wire::peer::PeerWord;
use airhatch_wire::{Code, Failure};
use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::sync::mpsc;
use tokio::time::{Duration, sleep, timeout};

use super::{KEEPALIVE, PeerLink, Surroundings, WORD_TIME, dial, frame_failure};
use crate::hub::{Input, Target};

/// The first and the longest pause between two tries.
const PAUSES: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(60));

/// Calls a contact once; returns the time from calling to its pong, microseconds.
///
/// # Errors
/// As [`dial::call`]; what the contact's refusal says.
pub async fn ping(around: &Surroundings, target: &Target) -> Result<u64, Failure> {
    let start = Instant::now();
    let (mut link, _) = dial::call(around, target).await?;
    exchange(&mut link, 0).await?;
    let micros = micros_since(start);
    if link.close().await.is_err() {
        tracing::debug!("a contact hung up first");
    }
    Ok(micros)
}

/// Watches a contact until the task is dropped. A word on `now` means: ask at once.
pub async fn watch(around: Arc<Surroundings>, target: Target, mut now: mpsc::Receiver<()>) {
    let email = target.pin.email.clone();
    let mut target = target;
    let mut again = false;
    loop {
        let mut pauses = pauses();
        let mut link = loop {
            let start = Instant::now();
            let outcome = async {
                let called = if again {
                    dial::call_again(&around, &mut target).await
                } else {
                    dial::call(&around, &target).await
                };
                let (mut link, _) = called?;
                exchange(&mut link, 0).await?;
                Ok::<_, Failure>(link)
            };
            match outcome.await {
                Ok(link) => {
                    around.report(Input::Sighted(email.clone(), Some(micros_since(start)))).await;
                    break link;
                }
                Err(failure) => {
                    tracing::debug!(code = ?failure.code, "a contact is not reached");
                    around.report(Input::Sighted(email.clone(), None)).await;
                }
            }
            again = true;
            tokio::select! {
                () = sleep(pauses.next().unwrap_or(PAUSES.1)) => {}
                word = now.recv() => if word.is_none() { return },
            }
        };
        keep(&around, &mut link, &email).await;
        around.report(Input::Sighted(email.clone(), None)).await;
    }
}

/// Pings over a kept connection until it ends.
async fn keep(around: &Surroundings, link: &mut PeerLink, email: &airhatch_wire::Email) {
    for nonce in 1.. {
        // Nothing is due on this connection: whatever arrives before the next ping, the end above all, ends it.
        if timeout(KEEPALIVE, link.receive()).await.is_ok() {
            return;
        }
        let start = Instant::now();
        if exchange(link, nonce).await.is_err() {
            return;
        }
        around.report(Input::Sighted(email.clone(), Some(micros_since(start)))).await;
    }
}

async fn exchange(link: &mut PeerLink, nonce: u64) -> Result<(), Failure> {
    let talk = async {
        link.send(&PeerWord::Ping { nonce }).await.map_err(|error| frame_failure(&error))?;
        loop {
            match link.receive().await.map_err(|error| frame_failure(&error))? {
                Some(PeerWord::Hello { .. }) => {}
                Some(PeerWord::Pong { nonce: theirs }) if theirs == nonce => return Ok(()),
                Some(PeerWord::Refused(failure)) => return Err(failure),
                Some(_) => return Err(super::session::out_of_place()),
                None => return Err(Failure::new(Code::PeerOffline, "the contact hung up")),
            }
        }
    };
    timeout(WORD_TIME, talk).await.unwrap_or_else(|_| {
        Err(Failure::new(Code::PeerOffline, "the contact does not answer in time").hint("try again later"))
    })
}

fn pauses() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::default()
        .with_min_delay(PAUSES.0)
        .with_max_delay(PAUSES.1)
        .with_jitter()
        .without_max_times()
        .build()
}

fn micros_since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX)
}
