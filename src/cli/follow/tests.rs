//! Following through events that the test makes up.

use airhatch_wire::control::{FromAgent, Request};
use airhatch_wire::link::Link;
use airhatch_wire::{TransferId, UnixMillis, Untrusted};
use clap::Parser;

use super::*;
use crate::cli::context::Surroundings;
use crate::link::AgentLink;
use crate::rehearsal::jailed;

const A_WHILE: &str = "1h";

/// A command whose warden nobody asks anything.
async fn context(timeout: &str) -> Context {
    let words = ["airhatch", "--quiet", "--timeout", timeout, "status"];
    let (warden, _side) = crate::link::tests::warden().await;
    let surroundings = Surroundings {
        warden,
        jail: jailed(),
        passphrase_file: None,
        new_passphrase_file: None,
        receipt: None,
    };
    Context::new(crate::cli::Cli::parse_from(words).global, surroundings)
}

/// An account whose agent nobody asks anything.
async fn attached() -> Attached {
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    theirs.set_nonblocking(true).unwrap();
    let theirs = tokio::net::UnixStream::from_std(theirs).unwrap();
    let (agent, side) =
        tokio::join!(AgentLink::attach(ours.into()), Link::<_, FromAgent, Request>::answer(theirs));
    side.unwrap();
    Attached {
        account: "ann@example.org".parse().unwrap(),
        agent: agent.unwrap(),
        inbox: "/nowhere/inbox".into(),
    }
}

fn transfer(n: u8, state: TransferState) -> TransferView {
    TransferView {
        id: TransferId([n; 16]),
        direction: Direction::Outgoing,
        contact: "bob@example.org".parse().unwrap(),
        note: Untrusted::default(),
        items: Vec::new(),
        item_count: 1,
        wanted: 1,
        total: 100,
        moved: 0,
        state,
        created: UnixMillis(0),
        expires: UnixMillis(0),
        destination: String::new(),
        free_space: None,
        stage: None,
        verdict: None,
    }
}

/// Follows transfers 1, 2, … that are queued at first, through `heard`; the exit code.
async fn exit_after(timeout: &str, count: u8, heard: Vec<AgentEvent>) -> u8 {
    let context = context(timeout).await;
    let attached = attached().await;
    let (sender, events) = mpsc::unbounded_channel();
    let mut follow = Follow::new(&context, &attached, events);
    for n in 1..=count {
        follow.add(transfer(n, TransferState::Queued)).unwrap();
    }
    for event in heard {
        sender.send(event).unwrap();
    }
    let outcome = follow.until_over().await.and_then(|ended| settle(&context, &ended));
    outcome.map_or_else(|stop| stop.exit(), |()| 0)
}

fn now(n: u8, state: TransferState) -> AgentEvent {
    AgentEvent::Event(Event::TransferChanged(Box::new(transfer(n, state))))
}

fn delivered(n: u8) -> AgentEvent {
    now(n, TransferState::Delivered { at: UnixMillis(1) })
}

fn denied(n: u8) -> AgentEvent {
    now(n, TransferState::Denied { reason: Untrusted::default() })
}

#[tokio::test(start_paused = true)]
async fn every_end_has_its_exit_code() {
    let cancelled = || TransferState::Cancelled { by_us: false, reason: Untrusted::default() };
    let full = || TransferState::Failed(Failure::new(Code::DiskFull, "full"));
    for (end, exit) in [
        (delivered(1), 0),
        (denied(1), 5),
        (now(1, cancelled()), 14),
        (now(1, full()), 13),
        // Never reached and expired.
        (now(1, TransferState::Expired), 6),
        (AgentEvent::Closed(Failure::new(Code::AgentDown, "gone")), 10),
    ] {
        assert_eq!(exit_after(A_WHILE, 1, vec![end.clone()]).await, exit, "{end:?}");
    }
    let reached = vec![now(1, TransferState::Offered), now(1, TransferState::Expired)];
    assert_eq!(exit_after(A_WHILE, 1, reached).await, 8);
}

#[tokio::test(start_paused = true)]
async fn when_time_is_over_it_matters_whether_the_contact_was_reached() {
    // The sender of events stays open, so only the clock can end these.
    let (context, attached) = (context("5s").await, attached().await);
    for (state, exit) in [(TransferState::Queued, 6), (TransferState::Offered, 8), (TransferState::Moving, 8)]
    {
        let (sender, events) = mpsc::unbounded_channel();
        let mut follow = Follow::new(&context, &attached, events);
        follow.add(transfer(1, TransferState::Queued)).unwrap();
        sender.send(now(1, state.clone())).unwrap();
        let ended = follow.until_over().await.unwrap();
        assert_eq!(settle(&context, &ended), Err(Stop::Quiet(exit)), "{state:?}");
        drop(sender);
    }
}

#[tokio::test(start_paused = true)]
async fn of_several_transfers_some_may_succeed() {
    assert_eq!(exit_after(A_WHILE, 2, vec![delivered(1), delivered(2)]).await, 0);
    assert_eq!(exit_after(A_WHILE, 2, vec![delivered(1), denied(2)]).await, 3);
    assert_eq!(exit_after(A_WHILE, 2, vec![denied(2), denied(1)]).await, 5);
    assert_eq!(exit_after(A_WHILE, 2, vec![denied(2), now(1, TransferState::Expired)]).await, 1);
}
