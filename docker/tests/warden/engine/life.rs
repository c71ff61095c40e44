//! An agent's life in containers: made, started, found, stopped, renewed, removed; its state outlives them all.

use airhatch_wire::Code;
use airhatch_wire::warden::FromWarden;

use super::*;

#[test]
fn an_agent_in_a_container_is_made_started_stopped_and_keeps_its_state() {
    let Some(world) = engine_world() else { return };
    let (mut front, connection) = world.running();
    assert_eq!(say(&connection, "who"), "good 1");
    assert!(front.accounts()[0].running);
    let port = world.port();
    stop(&mut front);
    assert!(!front.accounts()[0].running);
    assert_eq!(front.find_control("ann@a").unwrap_err().code, Code::AgentDown);
    assert_eq!(world.inspect("{{.State.Status}}"), "exited");
    assert_eq!(say(&front.open_control("ann@a").unwrap(), "who"), "good 2");
    assert_eq!(world.port(), port, "others were told of the port");
}

#[test]
fn an_agent_outlives_its_warden_and_is_found_by_the_next_as_it_is() {
    let Some(world) = engine_world() else { return };
    let (mut front, _connection) = world.running();
    assert!(front.leave().success());
    let mut next = world.front();
    assert_eq!(say(&next.find_control("ann@a").unwrap(), "who"), "good 1");
}

#[test]
fn an_agent_that_was_killed_is_told_of_and_started_again() {
    let Some(world) = engine_world() else { return };
    let (mut front, _connection) = world.running();
    docker(&["kill", &world.container()]).unwrap();
    assert_eq!(front.next_event(), FromWarden::AgentEnded { account: email("ann@a") });
    assert_eq!(say(&front.open_control("ann@a").unwrap(), "who"), "good 2");
}

#[test]
fn what_an_engine_s_crash_has_ended_is_started_by_the_next_warden_and_what_was_stopped_is_not() {
    let Some(world) = engine_world() else { return };
    let (mut front, _connection) = world.running();
    assert!(front.leave().success());
    docker(&["kill", &world.container()]).unwrap();
    let mut next = world.front();
    wait_until("the start of what should run", || next.find_control("ann@a").is_ok());
    stop(&mut next);
    assert!(next.leave().success());
    let mut last = world.front();
    assert!(world.record().contains("wanted = false"));
    assert_eq!(last.find_control("ann@a").unwrap_err().code, Code::AgentDown);
}

#[test]
fn a_container_and_networks_removed_by_hand_are_made_again_with_the_state() {
    let Some(world) = engine_world() else { return };
    let (mut front, _connection) = world.running();
    docker(&["rm", "--force", &world.container()]).unwrap();
    assert_eq!(say(&front.open_control("ann@a").unwrap(), "who"), "good 2");
    stop(&mut front);
    docker(&["network", "rm", &format!("{}-net", world.container())]).unwrap();
    assert_eq!(say(&front.open_control("ann@a").unwrap(), "who"), "good 3");
}

#[test]
fn a_newer_image_takes_over_at_the_next_start_with_the_state() {
    let Some(world) = engine_world() else { return };
    let (mut front, _connection) = world.running();
    assert!(front.leave().success());
    let mut newer = world.front_with(&Images::name("newer"));
    let running = newer.open_control("ann@a").unwrap();
    assert_eq!(say(&running, "who"), "good 1", "nobody who is logged in is interrupted");
    assert!(isolation(&mut newer).missing[0].shown().contains("Image"));
    stop(&mut newer);
    assert_eq!(say(&newer.open_control("ann@a").unwrap(), "who"), "newer 2");
    assert_eq!(isolation(&mut newer).missing, []);
    let name = world.container();
    assert_eq!(world.left(), [name.clone(), format!("{name}-state"), format!("{name}-net")]);
}

#[test]
fn a_newer_image_that_does_not_start_leaves_the_older_one_running() {
    let Some(world) = engine_world() else { return };
    let (mut front, _connection) = world.running();
    stop(&mut front);
    assert!(front.leave().success());
    let mut newer = world.front_with(&Images::name("broken"));
    assert_eq!(say(&newer.open_control("ann@a").unwrap(), "who"), "good 2");
    let name = world.container();
    assert_eq!(world.left(), [name.clone(), format!("{name}-state"), format!("{name}-net")]);
}

#[test]
fn a_replacement_cut_short_by_a_crash_is_undone() {
    let Some(world) = engine_world() else { return };
    let (mut front, _connection) = world.running();
    stop(&mut front);
    let name = world.container();
    docker(&["rename", &name, &format!("{name}-old")]).unwrap();
    assert_eq!(say(&front.open_control("ann@a").unwrap(), "who"), "good 2");
    assert_eq!(world.left(), [name.clone(), format!("{name}-state"), format!("{name}-net")]);
}

#[test]
fn removing_an_account_leaves_nothing_but_the_inbox() {
    let Some(world) = engine_world() else { return };
    let (mut front, connection) = world.running();
    assert_eq!(say(&connection, "write /inbox/received"), "ok");
    assert_eq!(front.ask(Command::RemoveAccount { account: email("ann@a") }), Ok(Reply::Done));
    assert_eq!(world.left(), Vec::<String>::new());
    assert!(!world.world.account("ann@a").exists());
    let received = fs::read_to_string(world.world.home.join("Airhatch/ann@a/received"));
    assert_eq!(received.unwrap(), "written");
}
