//! One offer of ours, brought to its recipient: called, offered, waited for, sent, receipted. Goes on over broken
//! connections and restarts of the recipient until it is over or the hub stops it.

mod conversation;

use std::sync::{Arc, Mutex};

use airhatch_wire::frame::FrameError;
use airhatch_wire::peer::{PeerWord, Selection};
use airhatch_wire::{Failure, Untrusted};
use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::sync::mpsc;
use tokio::time::{Duration, Instant, sleep, timeout};

use crate::hub::{Delivery, Input, OutgoingReport, Target};
use crate::peer::{KEEPALIVE, Surroundings, dial, frame_failure, may_pass};
use crate::source::Read;
use conversation::Conversation;

/// The first and the longest pause between two tries.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// What the hub may tell a delivery.
#[derive(Debug)]
pub enum DeliveryOrder {
    /// Try now instead of later.
    Hurry,
    /// It is its turn: the bytes may leave.
    Begin,
    /// Stop, and tell the recipient that it is paused.
    Pause,
    /// Stop; with a reason the recipient is told.
    Stop(Option<Untrusted<String>>),
}

/// Why an attempt ended.
enum End {
    /// Nothing more will happen; the hub knows.
    Over,
    /// This attempt failed; a later one may not.
    Lost(Failure),
    /// The hub said pause.
    Paused,
    /// The hub said stop.
    Stopped(Option<Untrusted<String>>),
    /// It cannot go on.
    Failed(Failure),
}

impl From<FrameError> for End {
    fn from(error: FrameError) -> Self {
        Self::from(frame_failure(&error))
    }
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        if may_pass(failure.code) { Self::Lost(failure) } else { Self::Failed(failure) }
    }
}

/// What the attempts of one delivery learn.
#[derive(Default)]
struct Progress {
    /// It was called before.
    tried: bool,
    /// The recipient has answered the last attempt.
    reached: bool,
    /// Bytes of content that the recipient has on its disk, as it said.
    kept: u64,
    /// What the recipient wants of the offer.
    wanted: Selection,
    /// The wanted files that were read to their end.
    known: Arc<Mutex<Vec<Read>>>,
}

impl Progress {
    /// The recipient wants these items: what is known of others is of no use.
    fn want(&mut self, wanted: Selection) {
        if self.wanted != wanted {
            self.wanted = wanted;
            self.known = Arc::default();
        }
    }
}

/// Brings an offer to its recipient; ends when the transfer is over or was stopped.
pub async fn deliver(
    around: Arc<Surroundings>,
    delivery: Delivery,
    mut target: Target,
    mut orders: mpsc::Receiver<DeliveryOrder>,
) {
    let report = |report| around.report(Input::Outgoing(delivery.transfer, report));
    let mut pauses = pauses();
    let mut progress = Progress::default();
    loop {
        progress.reached = false;
        let end = match attempt(&around, &delivery, &mut target, &mut orders, &mut progress).await {
            Ok(()) => End::Over,
            Err(end) => end,
        };
        match end {
            End::Over | End::Stopped(None) => return,
            End::Failed(failure) => return report(OutgoingReport::Failed(failure)).await,
            End::Paused => return pause(&around, &target, &delivery).await,
            End::Stopped(Some(reason)) => return recall(&around, &target, &delivery, reason).await,
            End::Lost(failure) => tracing::debug!(code = ?failure.code, "the delivery waits"),
        }
        report(OutgoingReport::Unreachable(progress.kept)).await;
        if progress.reached {
            pauses = self::pauses();
        }
        tokio::select! {
            () = sleep(pauses.next().unwrap_or(PAUSES.1)) => {}
            order = orders.recv() => match order {
                // A turn that comes while nobody is connected was that of a connection before.
                Some(DeliveryOrder::Hurry | DeliveryOrder::Begin) => {}
                Some(DeliveryOrder::Pause) => return pause(&around, &target, &delivery).await,
                Some(DeliveryOrder::Stop(Some(reason))) => {
                    return recall(&around, &target, &delivery, reason).await;
                }
                Some(DeliveryOrder::Stop(None)) | None => return,
            },
        }
    }
}

/// One more call, so that the recipient need not wait for nothing: that a last word left here does not show that it
/// arrived. When it fails, the recipient hears it when it wakes us.
async fn pause(around: &Surroundings, target: &Target, delivery: &Delivery) {
    if let Err(failure) = dial::say(around, target, &pause_of(delivery)).await {
        tracing::debug!(code = ?failure.code, "the recipient could not be told");
    }
}

/// One more call, so that the recipient surely keeps nothing. When it fails, the hub does it when the recipient is there again.
async fn recall(around: &Surroundings, target: &Target, delivery: &Delivery, reason: Untrusted<String>) {
    match dial::say(around, target, &cancel_of(delivery, reason)).await {
        Ok(()) => around.report(Input::Outgoing(delivery.transfer, OutgoingReport::Told)).await,
        Err(failure) => tracing::debug!(code = ?failure.code, "the recipient could not be told"),
    }
}

fn cancel_of(delivery: &Delivery, reason: Untrusted<String>) -> PeerWord {
    PeerWord::Cancel { transfer: delivery.transfer, reason }
}

const fn pause_of(delivery: &Delivery) -> PeerWord {
    PeerWord::Pause { transfer: delivery.transfer }
}

/// One connection's worth of trying.
async fn attempt(
    around: &Arc<Surroundings>,
    delivery: &Delivery,
    target: &mut Target,
    orders: &mut mpsc::Receiver<DeliveryOrder>,
    progress: &mut Progress,
) -> Result<(), End> {
    let again = std::mem::replace(&mut progress.tried, true);
    let (link, recipient) = loop {
        let calling = async {
            if again { dial::call_again(around, target).await } else { dial::call(around, target).await }
        };
        tokio::select! {
            called = calling => break called?,
            order = orders.recv() => stop(order)?,
        }
    };
    let last = Instant::now();
    let mut conversation = Conversation { around, delivery, recipient, link, last, progress };
    let outcome = conversation.offer_and_send(orders).await;
    let last_word = match &outcome {
        Err(End::Stopped(Some(reason))) => Some(cancel_of(delivery, reason.clone())),
        Err(End::Paused) => Some(pause_of(delivery)),
        _ => None,
    };
    if let Some(word) = last_word
        && conversation.say_last(&word).await.is_err()
    {
        tracing::debug!("the recipient hung up before the last word");
    }
    if timeout(KEEPALIVE, conversation.link.close()).await.is_err() {
        tracing::debug!("the connection would not close");
    }
    outcome
}

fn stop(order: Option<DeliveryOrder>) -> Result<(), End> {
    match order {
        Some(DeliveryOrder::Hurry | DeliveryOrder::Begin) => Ok(()),
        Some(DeliveryOrder::Pause) => Err(End::Paused),
        Some(DeliveryOrder::Stop(reason)) => Err(End::Stopped(reason)),
        None => Err(End::Stopped(None)),
    }
}

fn pauses() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::default()
        .with_min_delay(PAUSES.0)
        .with_max_delay(PAUSES.1)
        .with_jitter()
        .without_max_times()
        .build()
}
