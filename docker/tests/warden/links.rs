//! The link itself: who may use it, what ends it, and what ends with it.

use std::fs::File;
use std::io::{Read, Write};
use std::process::Stdio;

use airhatch_wire::frame::Opening;
use airhatch_wire::warden::{Choice, Command, FromWarden, Reply, Request};
use airhatch_wire::{Code, authority};
use rustix::process::{Pid, Signal, kill_process};

use crate::front::{Front, code};
use crate::world::{World, email, world};

fn signal(front: &Front, signal: Signal) {
    kill_process(Pid::from_child(&front.warden), signal).unwrap();
}

#[test]
fn a_warden_without_a_link_says_so() {
    let world = world();
    let output = world.warden(&[]).stdin(Stdio::null()).stderr(Stdio::piped()).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("started by airhatch"));
    assert!(!world.home.exists(), "it made something before it looked");
}

#[test]
fn closing_the_link_ends_the_warden() {
    assert!(world().front().leave().success());
}

#[test]
fn keys_pressed_at_the_front_s_terminal_do_not_end_the_warden() {
    let world = world();
    let mut front = world.front();
    signal(&front, Signal::INT);
    signal(&front, Signal::HUP);
    assert!(front.accounts().is_empty());
    assert!(front.leave().success());
}

#[test]
fn a_termination_ends_the_warden_as_closing_does() {
    let world = world();
    let mut front = world.front();
    signal(&front, Signal::TERM);
    assert!(front.wait_for_end().success());
}

#[test]
fn garbage_ends_the_link() {
    for garbage in [&b"\0\0\0\x02ab"[..], b"\xff\xff\xff\xff", b"GET / HTTP/1.1\r\n\r\n"] {
        let world = world();
        let mut front = world.front();
        front.write(garbage);
        assert!(!front.wait_for_end().success(), "{garbage:?}");
    }
}

#[test]
fn a_front_of_another_protocol_or_version_is_told_ours() {
    let other_version = Opening { version: 999, ..Opening::of::<Request>() };
    for theirs in [other_version, Opening::of::<authority::ToAuthority>()] {
        let world = world();
        let (mut stream, mut warden) = world.link(world.warden(&[]));
        stream.write_all(&[&[0, 0, 0, 12], theirs.to_bytes().as_slice()].concat()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert_eq!(Opening::from_bytes(&answer[4..]), Some(Opening::refusal::<FromWarden>()));
        assert!(!warden.wait().unwrap().success());
    }
}

#[test]
fn a_link_that_closes_before_it_opens_ends_the_warden() {
    let world = world();
    let (stream, mut warden) = world.link(world.warden(&[]));
    drop(stream);
    assert!(!warden.wait().unwrap().success());
}

/// A staging of one file; while `outbox` is locked it does not get on.
fn stage_one(world: &World) -> Command {
    let file = world.files().join("f");
    std::fs::write(&file, "x").unwrap();
    let path = file.to_str().unwrap().as_bytes().to_vec().into();
    Command::Stage { account: email("ann@a"), paths: vec![path], choice: Choice::default(), stream: None }
}

fn lock_outbox(world: &World) -> File {
    let outbox = File::open(world.account("ann@a").join("outbox")).unwrap();
    outbox.lock().unwrap();
    outbox
}

#[test]
fn requests_are_answered_while_others_wait() {
    let world = world();
    let mut front = world.front();
    front.create("ann@a");
    let outbox = lock_outbox(&world);
    let staging = front.send(stage_one(&world));
    assert_eq!(front.accounts().len(), 1);
    outbox.unlock().unwrap();
    assert!(matches!(front.answer(staging), Ok(Reply::Staged(_))));
}

#[test]
fn each_connection_travels_with_its_own_answer() {
    let world = world();
    let mut front = world.front();
    front.create("ann@a");
    front.open_control("ann@a").unwrap();
    let mut asked = Vec::new();
    for _ in 0..20 {
        asked.push((front.send(Command::FindControl { account: email("ann@a") }), true));
        asked.push((front.send(Command::Accounts), false));
    }
    for (id, control) in asked {
        let (answer, connection) = front.answer_with_descriptor(id);
        assert_eq!(matches!(answer, Ok(Reply::Control)), control);
        assert_eq!(connection.is_some(), control);
    }
}

#[test]
fn a_flood_of_requests_is_refused_and_not_queued() {
    let world = world();
    let mut front = world.front();
    front.create("ann@a");
    let outbox = lock_outbox(&world);
    let stage = stage_one(&world);
    let ids: Vec<_> = (0..64).map(|_| front.send(stage.clone())).collect();
    assert_eq!(code(front.ask(Command::Accounts)), Code::TryAgain);
    assert_eq!(front.ask(Command::CancelStage { id: ids[0] }), Ok(Reply::Done));
    outbox.unlock().unwrap();
    assert_eq!(code(front.answer(ids[0])), Code::Cancelled);
    for id in &ids[1..] {
        assert!(matches!(front.answer(*id), Ok(Reply::Staged(_))));
    }
    assert_eq!(front.stages("ann@a").len(), 63);
}
