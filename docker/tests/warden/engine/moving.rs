//! An account moves between container and process: with everything that it keeps, whatever happens on the way.

use airhatch_wire::{Code, Failure};

use super::*;
use crate::world::is_alive;

fn relocate(front: &mut Front, runtime: RuntimeKind) -> Result<(), Failure> {
    match front.ask(Command::MoveAccount { account: email("ann@a"), runtime }) {
        Ok(Reply::Account(record)) => {
            assert_eq!(record.runtime, runtime);
            Ok(())
        }
        Err(failure) => Err(failure),
        other => panic!("{other:?}"),
    }
}

impl EngineWorld {
    fn agent_s(&self, file: &str) -> PathBuf {
        self.world.account("ann@a").join("agent").join(file)
    }
}

#[test]
fn an_account_moves_to_a_process_and_back_with_its_state_and_leaves_nothing() {
    let Some(world) = engine_world() else { return };
    let (mut front, connection) = world.running();
    assert_eq!(say(&connection, "write /state/home/precious"), "ok");
    let name = world.container();
    relocate(&mut front, RuntimeKind::Process).unwrap();
    assert_eq!(world.left(), Vec::<String>::new());
    assert!(!world.record().contains(&name), "{}", world.record());
    assert_eq!(fs::read_to_string(world.agent_s("precious")).unwrap(), "written");
    let process = front.open_control("ann@a").unwrap();
    assert!(say(&process, "who").starts_with("who "), "it is the stand-in of a process");
    let pid = world.world.started("ann@a")[0];
    relocate(&mut front, RuntimeKind::Container).unwrap();
    assert!(!is_alive(pid), "the agent that was left behind was ended");
    assert!(!world.agent_s("").exists());
    let connection = front.open_control("ann@a").unwrap();
    assert_eq!(say(&connection, "read /state/home/precious"), "written");
    assert_eq!(say(&connection, "who"), "good 2");
    relocate(&mut front, RuntimeKind::Container).unwrap();
    assert!(front.accounts()[0].running, "there already: nobody is logged out");
}

#[test]
fn a_state_that_does_not_fit_differs_or_meets_an_older_image_stays_where_it_was() {
    let Some(world) = engine_world() else { return };
    let mut front = world.front();
    front.create("ann@a");
    for (trouble, code, said) in [
        ("full", Code::DiskFull, "no space"),
        ("differs", Code::Internal, "did not arrive as it was sent"),
        ("older", Code::EngineUnavailable, "older than this program"),
    ] {
        fs::write(world.agent_s(trouble), "x").unwrap();
        let failure = relocate(&mut front, RuntimeKind::Container).unwrap_err();
        assert_eq!(failure.code, code, "{failure}");
        assert!(failure.message.shown().starts_with("ann@a stays where it was"), "{failure}");
        assert!(failure.message.shown().contains(said) && !failure.hint.is_empty(), "{failure}");
        assert_eq!(world.left(), Vec::<String>::new(), "{trouble}");
        assert!(world.agent_s(trouble).exists() && front.open_control("ann@a").is_ok());
        fs::remove_file(world.agent_s(trouble)).unwrap();
    }
    relocate(&mut front, RuntimeKind::Container).unwrap();
}

#[test]
fn without_an_image_or_an_engine_nobody_is_logged_out() {
    let Some(world) = engine_world() else { return };
    let mut front = world.front_with("airhatch-test/never-built:1");
    front.create("ann@a");
    front.open_control("ann@a").unwrap();
    let failure = relocate(&mut front, RuntimeKind::Container).unwrap_err();
    assert_eq!(failure.code, Code::EngineUnavailable);
    assert!(failure.hint.shown().contains("make images"), "{failure}");
    assert!(front.find_control("ann@a").is_ok());
    let mut front = world.world.front();
    let failure = relocate(&mut front, RuntimeKind::Container).unwrap_err();
    assert_eq!(failure.code, Code::EngineUnavailable);
    assert!(front.find_control("ann@a").is_ok());
}

/// A warden that is killed while a porter runs.
fn killed_while_moving(world: &EngineWorld, mut front: Front, to: RuntimeKind) {
    front.send(Command::MoveAccount { account: email("ann@a"), runtime: to });
    let porter = || docker(&["ps", "--quiet", "--filter", &format!("name={}-move", world.container())]);
    let moving = || world.record().contains("[container]") && !porter().unwrap().is_empty();
    wait_until("the carrying of the state", moving);
    front.warden.kill().unwrap();
    front.leave();
}

#[test]
fn a_warden_killed_while_moving_to_a_process_has_lost_nothing_and_the_next_one_succeeds() {
    let Some(world) = engine_world() else { return };
    let (front, connection) = world.running();
    for file in ["precious", "packs-forever"] {
        assert_eq!(say(&connection, &format!("write /state/home/{file}")), "ok");
    }
    killed_while_moving(&world, front, RuntimeKind::Process);
    let mut next = world.front();
    let connection = next.open_control("ann@a").unwrap();
    assert_eq!(say(&connection, "read /state/home/precious"), "written");
    assert_eq!(say(&connection, "remove /state/home/packs-forever"), "ok");
    relocate(&mut next, RuntimeKind::Process).unwrap();
    assert_eq!(fs::read_to_string(world.agent_s("precious")).unwrap(), "written");
    assert_eq!(world.left(), Vec::<String>::new());
}

#[test]
fn a_warden_killed_while_moving_to_a_container_has_lost_nothing_and_the_next_one_clears_up() {
    let Some(world) = engine_world() else { return };
    let mut front = world.front();
    front.create("ann@a");
    fs::write(world.agent_s("precious"), "written").unwrap();
    fs::write(world.agent_s("unpacks-forever"), "").unwrap();
    killed_while_moving(&world, front, RuntimeKind::Container);
    assert!(!world.left().is_empty());
    let mut next = world.front();
    wait_until("clearing up", || world.left().is_empty());
    assert!(next.open_control("ann@a").is_ok());
    fs::remove_file(world.agent_s("unpacks-forever")).unwrap();
    relocate(&mut next, RuntimeKind::Container).unwrap();
    let connection = next.open_control("ann@a").unwrap();
    assert_eq!(say(&connection, "read /state/home/precious"), "written");
    assert!(!world.agent_s("").exists());
}

#[test]
fn keys_left_behind_by_a_crash_after_the_switch_are_cleared_by_the_next_warden() {
    let Some(world) = engine_world() else { return };
    let (mut front, _connection) = world.running();
    assert!(front.leave().success());
    fs::create_dir(world.agent_s("")).unwrap();
    fs::write(world.agent_s("vault"), "keys").unwrap();
    let mut next = world.front();
    wait_until("clearing up", || !world.agent_s("").exists());
    assert_eq!(say(&next.find_control("ann@a").unwrap(), "who"), "good 1", "nobody is interrupted");
}

#[test]
fn an_account_whose_record_cannot_be_read_leaves_nothing_on_the_engine_when_it_is_removed() {
    let Some(world) = engine_world() else { return };
    let (mut front, _connection) = world.running();
    fs::write(world.world.account("ann@a").join("account.toml"), "\u{0}").unwrap();
    assert!(!world.left().is_empty());
    assert_eq!(front.ask(Command::RemoveAccount { account: email("ann@a") }), Ok(Reply::Done));
    assert_eq!(world.left(), Vec::<String>::new());
    assert!(!world.world.account("ann@a").exists());
}
