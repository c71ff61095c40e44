//! An agent whose socket cannot be reached through the folder that is mounted. For that, the warden sees another, empty
//! folder where the container's is: as with an engine in a virtual machine, both see files there, and each its own socket.

use std::io::Read;
use std::net::Shutdown;

use airhatch_wire::Code;
use airhatch_wire::control::Phase;
use airhatch_wire::warden::FromWarden;

use super::*;

impl EngineWorld {
    /// An account that is there, and the front of a warden that cannot see its container's control folder. `None` where
    /// this user may not mount anything, which was said.
    fn blind(&self) -> Option<Front> {
        let may = Process::new("unshare").args(["--mount", "true"]).output();
        if !may.is_ok_and(|output| output.status.success()) {
            eprintln!("SKIPPED: this user may not mount anything");
            return None;
        }
        let control = self.world.account("ann@a").join("control");
        if !control.exists() {
            let mut front = self.front();
            create(&mut front);
            front.leave();
        }
        let warden = self.world.warden(&["--agent-image", &self.image]);
        let mut blind = Process::new("unshare");
        blind.args(["--mount", "--propagation", "private", "sh", "-c"]);
        blind.arg(r#"mount -t tmpfs -o mode=700 airhatch-test "$0" && exec "$@""#).arg(control);
        blind.arg(warden.get_program()).args(warden.get_args()).stderr(Stdio::null());
        Some(self.front_of(blind))
    }
}

#[test]
fn an_agent_whose_socket_leads_nowhere_is_reached_from_inside_its_container() {
    let Some(world) = engine_world() else { return };
    let Some(mut front) = world.blind() else { return };
    let connection = front.open_control("ann@a").unwrap();
    assert_eq!(say(&connection, "who"), "good 1");
    assert!(world.record().contains("bridged = true"));
    assert!(front.accounts()[0].running);
    let another = front.find_control("ann@a").unwrap();
    assert_eq!((say(&another, "who"), say(&connection, "who")), ("good 1".into(), "good 1".into()));
    let seen = isolation(&mut front).missing;
    assert!(seen.iter().any(|what| what.shown().contains("cannot be seen from here")), "{seen:?}");
    stop(&mut front);
    assert!(!front.accounts()[0].running);
    assert_eq!(front.find_control("ann@a").unwrap_err().code, Code::AgentDown);
    assert_eq!(front.take_aside(), [], "it ended because we wanted it to");
}

#[test]
fn much_travels_whole_and_the_end_of_either_side_reaches_the_other() {
    let Some(world) = engine_world() else { return };
    let Some(mut front) = world.blind() else { return };
    let large = "0123456789abcdef".repeat(1 << 18);
    let path = world.world.home.join("Airhatch/ann@a/large");
    fs::write(&path, &large).unwrap();
    fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    let mut connection = front.open_control("ann@a").unwrap();
    assert!(say(&connection, "read /inbox/large") == large, "4 MiB arrive as they were");
    writeln!(connection, "who").unwrap();
    connection.shutdown(Shutdown::Write).unwrap();
    let mut rest = String::new();
    connection.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "good 1\n", "what the agent says after our end arrives, and then its own end");
}

#[test]
fn a_bridged_agent_outlives_its_warden_is_found_by_the_next_and_its_end_is_told() {
    let Some(world) = engine_world() else { return };
    let Some(mut front) = world.blind() else { return };
    front.open_control("ann@a").unwrap();
    assert!(front.leave().success());
    let Some(mut next) = world.blind() else { return };
    assert_eq!(say(&next.find_control("ann@a").unwrap(), "who"), "good 1");
    docker(&["kill", &world.container()]).unwrap();
    assert_eq!(next.next_event(), FromWarden::AgentEnded { account: email("ann@a") });
    assert_eq!(say(&next.open_control("ann@a").unwrap(), "who"), "good 2");
}

#[test]
fn an_agent_that_can_be_reached_again_is_reached_directly() {
    let Some(world) = engine_world() else { return };
    let Some(mut front) = world.blind() else { return };
    front.open_control("ann@a").unwrap();
    assert!(front.leave().success());
    let mut sighted = world.front();
    assert_eq!(say(&sighted.find_control("ann@a").unwrap(), "who"), "good 1");
    stop(&mut sighted);
    assert_eq!(say(&sighted.open_control("ann@a").unwrap(), "who"), "good 2");
    assert!(world.record().contains("bridged = false"));
}

#[test]
fn the_real_agent_is_reached_from_inside_its_container_and_ends_when_asked() {
    let Some(world) = real::real_world() else { return };
    let Some(mut front) = world.blind() else { return };
    assert_eq!(real::phase(front.open_control("ann@a").unwrap()), Phase::New);
    assert!(world.record().contains("bridged = true"));
    assert_eq!(real::phase(front.find_control("ann@a").unwrap()), Phase::New);
    stop(&mut front);
    assert_eq!(world.inspect("{{.State.ExitCode}}"), "0", "it was asked, not killed");
}
