//! Ending agents and removing accounts.

use std::fs;
use std::os::unix::fs::symlink;

use airhatch_wire::warden::{Command, FromWarden, Reply};

use crate::front::Front;
use crate::world::{email, is_alive, world};

fn stop(front: &mut Front) {
    assert_eq!(front.ask(Command::StopAgent { account: email("ann@a") }), Ok(Reply::Done));
}

fn assert_no_agent_ended(front: &mut Front) {
    let told = front.take_aside().iter().any(|word| matches!(word, FromWarden::AgentEnded { .. }));
    assert!(!told, "an end that was asked for is told as an accident");
}

#[test]
fn stopping_lets_an_agent_end_by_itself() {
    let world = world();
    let mut front = world.front();
    front.create("ann@a");
    front.open_control("ann@a").unwrap();
    let pid = world.started("ann@a")[0];
    stop(&mut front);
    assert!(!is_alive(pid));
    assert!(world.account("ann@a").join("agent/ended-gently").exists());
    front.accounts();
    assert_no_agent_ended(&mut front);
}

#[test]
fn stopping_an_agent_that_does_not_run_is_done() {
    let world = world();
    let mut front = world.front();
    front.create("ann@a");
    stop(&mut front);
    stop(&mut front);
}

#[test]
fn an_agent_that_does_not_listen_to_reason_is_killed() {
    let world = world();
    let mut front = world.front();
    front.create("ann@a");
    world.behave("ann@a", "deaf");
    front.open_control("ann@a").unwrap();
    let pid = world.started("ann@a")[0];
    stop(&mut front);
    assert!(!is_alive(pid));
    assert!(!world.account("ann@a").join("agent/ended-gently").exists());
    assert!(!world.account("ann@a").join("control/control.sock").exists(), "the stale socket is cleared");
    front.accounts();
    assert_no_agent_ended(&mut front);
}

#[test]
fn an_agent_of_an_earlier_warden_is_stopped_too() {
    let world = world();
    let mut first = world.front();
    first.create("ann@a");
    first.open_control("ann@a").unwrap();
    let pid = world.started("ann@a")[0];
    first.leave();
    let mut second = world.front();
    stop(&mut second);
    assert!(!is_alive(pid));
}

#[test]
fn stopping_and_opening_at_once_end_in_some_order() {
    let world = world();
    let mut front = world.front();
    front.create("ann@a");
    for _ in 0..5 {
        let opening = front.send(Command::OpenControl { account: email("ann@a") });
        let stopping = front.send(Command::StopAgent { account: email("ann@a") });
        let (opened, connection) = front.answer_with_descriptor(opening);
        assert_eq!(opened, Ok(Reply::Control));
        assert!(connection.is_some());
        assert_eq!(front.answer(stopping), Ok(Reply::Done));
        stop(&mut front);
        assert!(world.started("ann@a").into_iter().all(|pid| !is_alive(pid)));
    }
}

#[test]
fn removing_ends_the_agent_and_takes_all_but_received_files() {
    let world = world();
    let mut front = world.front();
    front.create("ann@a");
    front.open_control("ann@a").unwrap();
    let pid = world.started("ann@a")[0];
    let outside = world.files().join("precious");
    fs::write(&outside, "x").unwrap();
    symlink(world.files(), world.account("ann@a").join("agent/link")).unwrap();
    symlink(world.files(), world.account("ann@a").join("link")).unwrap();
    let received = world.home.join("Airhatch/ann@a/received");
    fs::write(&received, "x").unwrap();
    assert_eq!(front.ask(Command::RemoveAccount { account: email("ann@a") }), Ok(Reply::Done));
    assert!(!is_alive(pid));
    assert_eq!(fs::read_dir(world.home.join("accounts")).unwrap().count(), 0);
    assert!(received.exists() && outside.exists());
    assert!(front.accounts().is_empty());
    front.create("ann@a");
}
