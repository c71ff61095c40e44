//! Networks that are slow, uneven, cut again and again, or silent: what was accepted arrives, once.
//!
//! `AIRHATCH_LINK_SEED` repeats the chances of a run. Silences longer than the agents' patience take minutes:
//! `AIRHATCH_TEST_LONG=1` has them tried too.

use std::time::Duration;

use airhatch_tests::{Dice, Wire, World, befriend, eventually, set_or, skipped};
use airhatch_wire::TransferId;
use airhatch_wire::control::TransferState;
use rustix::process::{Pid, Signal, kill_process};

use crate::interrupted::Way;

fn dice() -> Dice {
    let seed = set_or("AIRHATCH_LINK_SEED", u64::from(std::process::id()));
    eprintln!("AIRHATCH_LINK_SEED={seed}");
    Dice::new(seed)
}

#[tokio::test]
async fn over_a_slow_and_uneven_wire_with_cuts_everything_arrives_once() {
    let mut dice = dice();
    let world = World::new().await;
    let wire = Wire::new().await;
    let options = ["--advertise", &wire.address.to_string()];
    let (ann, bob) =
        tokio::join!(world.agent("ann@example.org"), world.agent_with("bob@example.org", &options));
    wire.lead_to(&bob);
    befriend(&ann, &bob).await;
    wire.weather(dice.part(1), Duration::from_millis(2), 1 << 16);
    let files: Vec<(String, Vec<u8>)> = (0..12)
        .map(|n| {
            let size = dice.sized(1 << 20);
            (format!("{n:02}"), dice.bytes(size))
        })
        .collect();
    let named: Vec<(&str, &[u8])> = files.iter().map(|(name, content)| (&**name, &**content)).collect();
    let id = ann.offer(&bob.email, &named).await;
    bob.offered(id).await;
    bob.accept(id).await.unwrap();
    for _ in 0..6 {
        wire.hold_after(1 + dice.sized(1 << 19));
        let over = |state: &TransferState| matches!(state, TransferState::Delivered { .. });
        eventually("a full wire or the end", async || {
            let delivered = bob.transfers().await.iter().all(|view| over(&view.state));
            (wire.is_held() || delivered).then_some(())
        })
        .await;
        wire.cut();
        wire.mend(&bob);
    }
    tokio::join!(ann.delivered(id), bob.delivered(id));
    for (name, content) in &files {
        assert!(bob.received(name) == *content, "other bytes arrived as {name}");
    }
    assert_eq!(bob.received_names().len(), files.len());
    bob.has_no_leftovers().await;
}

/// Longer than the agents wait for a sign of life.
const SILENCE: Duration = Duration::from_secs(80);

/// Whether somebody asked for tests that take minutes; says visibly if not.
fn has_time() -> bool {
    let long = set_or("AIRHATCH_TEST_LONG", 0) > 0;
    if !long {
        skipped("AIRHATCH_TEST_LONG=1 has it tried; it takes minutes");
    }
    long
}

/// Waits for the agents to lose patience.
async fn silence_passes() {
    let deadline = tokio::time::Instant::now() + SILENCE;
    tokio::time::sleep_until(deadline).await;
}

async fn waits(way: &Way, id: TransferId) {
    way.bob.until(id, "a transfer that waits", |state| *state == TransferState::Accepted).await;
}

#[tokio::test]
async fn a_wire_that_says_nothing_any_more_is_given_up_and_the_file_arrives_over_the_next() {
    if !has_time() {
        return;
    }
    let way = Way::new().await;
    let id = way.half_way().await;
    silence_passes().await;
    waits(&way, id).await;
    way.wire.cut();
    way.wire.mend(&way.bob);
    way.ends_well(id).await;
}

#[tokio::test]
async fn a_receipt_on_a_wire_that_says_nothing_any_more_is_asked_for_again() {
    if !has_time() {
        return;
    }
    let way = Way::new().await;
    let id = way.half_way().await;
    way.wire.hold_answers();
    way.wire.release();
    way.bob.delivered(id).await;
    silence_passes().await;
    // The old connection hangs for good; the next one is heard.
    way.wire.mend(&way.bob);
    way.ends_well(id).await;
}

/// One of the two is stopped in the middle, as a laptop that is closed, and goes on.
async fn nap(sender: bool, long: bool) {
    let way = Way::new().await;
    let id = way.half_way().await;
    let sleeper = if sender { &way.ann } else { &way.bob };
    let pid = Pid::from_raw(sleeper.program.id().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    way.wire.release();
    if long {
        silence_passes().await;
    }
    kill_process(pid, Signal::CONT).unwrap();
    way.ends_well(id).await;
}

#[tokio::test]
async fn an_agent_that_napped_goes_on() {
    tokio::join!(nap(true, false), nap(false, false));
}

#[tokio::test]
async fn an_agent_that_slept_longer_than_the_other_waits_goes_on_when_it_wakes_up() {
    if has_time() {
        tokio::join!(nap(true, true), nap(false, true));
    }
}
