//! A demonstration: the CA, and the end of everything.

use std::fs;

use airhatch_wire::Code;
use airhatch_wire::warden::{Command, Reply};

use crate::front::{Front, code};
use crate::world::{World, is_alive, world};

fn start_all(world: &World, front: &mut Front) -> Vec<i32> {
    let mut processes = Vec::new();
    assert!(front.ask(Command::StartDemoAuthority).is_ok());
    processes.push(fs::read_to_string(world.home.join("ca/pid")).unwrap().trim().parse().unwrap());
    for account in ["you@demo", "friend@demo"] {
        front.create(account);
        front.open_control(account).unwrap();
        processes.extend(world.started(account));
    }
    assert!(processes.iter().all(|pid| is_alive(*pid)));
    assert_eq!(processes.len(), 3);
    processes
}

#[test]
fn the_authority_is_started_once_and_told() {
    let world = world();
    let mut front = world.front_with(&["--demo"]);
    let first = front.ask(Command::StartDemoAuthority).unwrap();
    let Reply::Authority { address, fingerprint } = &first else { panic!("{first:?}") };
    assert_eq!(address.to_string(), "127.0.0.1:4242");
    assert_eq!(fingerprint.0, [[0xab, 0xcd]; 16].concat().as_slice());
    assert_eq!(front.ask(Command::StartDemoAuthority), Ok(first));
}

#[test]
fn a_warden_of_a_real_home_starts_no_authority() {
    assert_eq!(code(world().front().ask(Command::StartDemoAuthority)), Code::NotPermitted);
}

#[test]
fn an_authority_that_fails_is_reported() {
    for (script, wanted) in [
        ("#!/bin/sh\nexit 3\n", Code::AuthorityUnreachable),
        ("#!/bin/sh\necho hello\n", Code::AuthorityUnreachable),
    ] {
        let world = world();
        let mut front = world.front_with(&["--demo"]);
        fs::write(world.programs().join("airhatch-ca"), script).unwrap();
        assert_eq!(code(front.ask(Command::StartDemoAuthority)), wanted, "{script:?}");
        fs::remove_file(world.programs().join("airhatch-ca")).unwrap();
        assert_eq!(code(front.ask(Command::StartDemoAuthority)), Code::AuthorityUnreachable);
    }
}

#[test]
fn when_the_front_goes_everything_ends_and_is_removed() {
    let world = world();
    let mut front = world.front_with(&["--demo"]);
    let processes = start_all(&world, &mut front);
    assert!(front.leave().success());
    assert!(processes.into_iter().all(|pid| !is_alive(pid)));
    assert!(!world.home.exists());
}

#[test]
fn a_kept_demonstration_ends_but_stays_on_disk() {
    let world = world();
    let mut front = world.front_with(&["--demo", "--keep"]);
    let processes = start_all(&world, &mut front);
    assert!(front.leave().success());
    assert!(processes.into_iter().all(|pid| !is_alive(pid)));
    assert!(world.account("you@demo").join("account.toml").exists());
}

#[test]
fn an_agent_that_is_starting_when_the_front_goes_does_not_survive() {
    let world = world();
    let mut front = world.front_with(&["--demo", "--keep"]);
    front.create("you@demo");
    front.send(Command::OpenControl { account: crate::world::email("you@demo") });
    front.leave();
    assert!(world.started("you@demo").into_iter().all(|pid| !is_alive(pid)));
}
