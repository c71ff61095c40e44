//! What goes wrong with an engine that works: each has its own answer, and leaves nothing half made.

use airhatch_wire::Code;

use super::*;
use crate::front::code;

#[test]
fn a_missing_image_is_told_before_anything_is_made() {
    let Some(world) = engine_world() else { return };
    let mut front = world.front_with("airhatch-test/never-built:1");
    let account = email("ann@a");
    let refused = front.ask(Command::CreateAccount { account, runtime: RuntimeKind::Container }).unwrap_err();
    assert_eq!(refused.code, Code::EngineUnavailable);
    assert!(refused.hint.shown().contains("make images"), "{}", refused.hint.shown());
    assert!(!world.world.account("ann@a").exists());
    assert_eq!(world.left(), Vec::<String>::new());
}

#[test]
fn an_image_that_was_removed_since_is_not_needed_by_an_account_that_has_run() {
    let Some(world) = engine_world() else { return };
    let (mut front, _connection) = world.running();
    stop(&mut front);
    assert!(front.leave().success());
    let mut later = world.front_with("airhatch-test/never-built:1");
    assert_eq!(say(&later.open_control("ann@a").unwrap(), "who"), "good 2");
}

#[test]
fn an_agent_that_ends_while_starting_is_reported_with_its_last_words() {
    let Some(world) = engine_world() else { return };
    let mut front = world.front_with(&Images::name("broken"));
    create(&mut front);
    let failure = front.open_control("ann@a").unwrap_err();
    assert_eq!(failure.code, Code::AgentDown);
    assert!(failure.message.shown().ends_with("nothing works today"), "{failure}");
    assert_eq!(world.inspect("{{.State.Running}} {{.State.Restarting}}"), "false false");
}

#[test]
fn a_port_that_was_taken_meanwhile_is_told_and_found_free_again() {
    let Some(world) = engine_world() else { return };
    let (mut front, _connection) = world.running();
    stop(&mut front);
    let other = std::net::TcpListener::bind(("127.0.0.1", world.port())).unwrap();
    let refused = front.open_control("ann@a").unwrap_err();
    assert_eq!(refused.code, Code::Conflict);
    assert!(refused.message.shown().contains(&world.port().to_string()), "{refused}");
    drop(other);
    assert_eq!(say(&front.open_control("ann@a").unwrap(), "who"), "good 2");
}

#[test]
fn a_container_and_a_volume_of_somebody_else_are_not_touched() {
    let Some(world) = engine_world() else { return };
    let (mut front, _connection) = world.running();
    let name = world.container();
    docker(&["rm", "--force", &name]).unwrap();
    let label = format!("airhatch.home={}", world.home());
    let stranger = ["create", "--name", &name, "--label", &label, &world.image, "run"];
    docker(&stranger).unwrap();
    let before = world.inspect("{{.Id}}");
    assert_eq!(front.open_control("ann@a").unwrap_err().code, Code::Conflict);
    assert_eq!(code(front.ask(Command::RemoveAccount { account: email("ann@a") })), Code::Conflict);
    assert_eq!(world.inspect("{{.Id}}"), before);
}

#[test]
fn a_volume_and_a_network_of_another_account_are_not_taken() {
    let Some(world) = engine_world() else { return };
    let (mut front, _connection) = world.running();
    let name = world.container();
    stop(&mut front);
    docker(&["rm", "--force", &name]).unwrap();
    let home = format!("airhatch.home={}", world.home());
    let bobs = ["--label", &home, "--label", "airhatch.account=bob@a"];
    for (kind, thing) in [("volume", format!("{name}-state")), ("network", format!("{name}-net"))] {
        docker(&[kind, "rm", &thing]).unwrap();
        docker(&[&[kind, "create"], &bobs[..], &[&thing]].concat()).unwrap();
        let before = docker(&[kind, "inspect", &thing]).unwrap();
        let refused = front.open_control("ann@a").unwrap_err();
        assert_eq!(refused.code, Code::Conflict);
        assert!(refused.message.shown().contains(&thing), "{refused}");
        assert_eq!(docker(&[kind, "inspect", &thing]).unwrap(), before);
        assert!(docker(&["inspect", &name]).is_err(), "no container was made for it");
        docker(&[kind, "rm", &thing]).unwrap();
    }
    assert_eq!(say(&front.open_control("ann@a").unwrap(), "who"), "good 1");
}

#[test]
fn a_folder_that_is_a_link_to_somewhere_else_is_refused() {
    let Some(world) = engine_world() else { return };
    let (mut front, _connection) = world.running();
    stop(&mut front);
    let outbox = world.world.account("ann@a").join("outbox");
    fs::remove_dir(&outbox).unwrap();
    std::os::unix::fs::symlink("/etc", &outbox).unwrap();
    assert_eq!(front.open_control("ann@a").unwrap_err().code, Code::NotPermitted);
    assert_eq!(world.inspect("{{.State.Running}}"), "false");
}

#[test]
fn a_record_that_names_something_else_is_not_followed() {
    let Some(world) = engine_world() else { return };
    let (mut front, _connection) = world.running();
    let record = world.record();
    let path = world.world.account("ann@a").join("account.toml");
    stop(&mut front);
    for name in ["../../version?", "x/../y", "", "A"] {
        fs::write(&path, record.replace(&world.container(), name)).unwrap();
        assert_eq!(front.open_control("ann@a").unwrap_err().code, Code::Internal, "{name:?}");
        fs::write(&path, &record).unwrap();
    }
}
