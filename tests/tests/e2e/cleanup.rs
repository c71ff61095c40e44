//! Transfers that end otherwise than well, while somebody is away: nothing is left of them, on either side, once both
//! are there again. And receipts that get lost: they are asked for again, and nothing arrives twice.

use airhatch_tests::{Agent, eventually};
use airhatch_wire::TransferId;
use airhatch_wire::control::{Command, TransferState};

use crate::interrupted::Way;

const OURS: fn(&TransferState) -> bool =
    |state| matches!(state, TransferState::Cancelled { by_us: true, .. });
const THEIRS: fn(&TransferState) -> bool =
    |state| matches!(state, TransferState::Cancelled { by_us: false, .. });

/// Half a file is at the receiver, and the receiver is gone.
async fn receiver_gone() -> (Way, TransferId) {
    let mut way = Way::new().await;
    let id = way.half_way().await;
    way.bob.kill().await;
    way.wire.cut();
    (way, id)
}

/// The agent is seen by the other one.
async fn is_online(seen: &Agent, by: &Agent) {
    eventually("a contact online", async || by.ping(&seen.email).await.ok()).await;
}

#[tokio::test]
async fn a_receiver_that_was_away_drops_its_half_of_what_the_sender_called_off() {
    let (mut way, id) = receiver_gone().await;
    way.ann.cancel(id, "wrong file").await.unwrap();
    way.bob.resume().await;
    way.wire.mend(&way.bob);
    way.bob.until(id, "the end", THEIRS).await;
    way.bob.is_unharmed().await;
}

#[tokio::test]
async fn a_sender_that_called_off_and_restarted_still_tells_the_receiver() {
    let (mut way, id) = receiver_gone().await;
    way.ann.cancel(id, "wrong file").await.unwrap();
    way.ann.terminate().await;
    tokio::join!(way.ann.resume(), way.bob.resume());
    way.wire.mend(&way.bob);
    way.bob.until(id, "the end", THEIRS).await;
    way.bob.is_unharmed().await;
    way.ann.until(id, "the end", OURS).await;
}

#[tokio::test]
async fn a_paused_transfer_that_is_called_off_while_the_receiver_is_away_leaves_nothing() {
    let (mut way, id) = receiver_gone().await;
    way.ann.pause(id).await.unwrap();
    way.ann.cancel(id, "wrong file").await.unwrap();
    way.bob.resume().await;
    way.wire.mend(&way.bob);
    way.bob.until(id, "the end", THEIRS).await;
    way.bob.is_unharmed().await;
}

#[tokio::test]
async fn a_sender_that_was_away_hears_what_the_receiver_called_off_even_after_its_restart() {
    let mut way = Way::new().await;
    let id = way.half_way().await;
    way.bob.pause(id).await.unwrap();
    way.ann.kill().await;
    way.wire.cut();
    way.bob.cancel(id, "too big").await.unwrap();
    way.bob.is_unharmed().await;
    way.bob.kill().await;
    tokio::join!(way.ann.resume(), way.bob.resume());
    way.wire.mend(&way.bob);
    way.ann.until(id, "the end", THEIRS).await;
    way.bob.until(id, "the end", OURS).await;
    way.bob.is_unharmed().await;
}

#[tokio::test]
async fn an_accepted_offer_that_expires_while_its_receiver_is_away_leaves_nothing() {
    let mut way = Way::new().await;
    let id = way.half_way_within(Some(8)).await;
    way.bob.kill().await;
    way.wire.cut();
    let expired = |state: &TransferState| *state == TransferState::Expired;
    way.ann.until(id, "the end", expired).await;
    way.bob.resume().await;
    way.bob.until(id, "the end", expired).await;
    way.bob.is_unharmed().await;
}

#[tokio::test]
async fn a_sender_that_forgot_what_it_called_off_says_so_when_it_is_asked() {
    let (mut way, id) = receiver_gone().await;
    way.ann.cancel(id, "wrong file").await.unwrap();
    way.ann.ask(Command::Forget { transfer: id }).await.unwrap();
    way.bob.resume().await;
    way.wire.mend(&way.bob);
    way.bob.ask(Command::Retry { transfer: id }).await.unwrap();
    way.bob.until(id, "the end", THEIRS).await;
    way.bob.is_unharmed().await;
}

#[tokio::test]
async fn a_receipt_that_gets_lost_is_given_again_and_nothing_arrives_twice() {
    for forgets in [false, true] {
        let way = Way::new().await;
        let id = way.half_way().await;
        way.wire.hold_answers();
        way.wire.release();
        way.bob.delivered(id).await;
        way.wire.cut();
        if forgets {
            way.bob.ask(Command::Forget { transfer: id }).await.unwrap();
        }
        way.wire.mend(&way.bob);
        is_online(&way.bob, &way.ann).await;
        way.ann.delivered(id).await;
        assert_eq!(way.bob.received_names(), ["big.bin"]);
        way.bob.has_no_leftovers().await;
        assert_eq!(way.bob.transfers().await.len(), usize::from(!forgets), "no second offer");
    }
}
