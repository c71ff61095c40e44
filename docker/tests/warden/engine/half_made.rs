//! A real engine that refuses, or dies, at any step of making an account: what was made up to there is unmade, or made
//! whole the next time.

use airhatch_wire::Code;

use super::proxy::{Fault, Proxy, Request};
use super::*;

/// What is asked of an engine to make an account, in this order.
const STEPS: [Request; 4] = [
    Request("POST", "/volumes/create"),
    Request("POST", "/networks/create"),
    Request("POST", "/containers/create"),
    Request("POST", "/connect"),
];

const START: Request = Request("POST", "/start");

impl EngineWorld {
    /// A front whose warden reaches the engine through a proxy.
    fn front_behind(&self, proxy: &Proxy) -> Front {
        let mut warden = self.world.warden(&["--agent-image", &self.image]);
        warden.env("DOCKER_HOST", proxy.address());
        let (stream, warden) = self.world.link(warden);
        Front::new(stream, warden).open()
    }
}

fn ask_for_ann(front: &mut Front) -> airhatch_wire::Failure {
    let account = email("ann@a");
    front.ask(Command::CreateAccount { account, runtime: RuntimeKind::Container }).unwrap_err()
}

#[test]
fn whatever_an_engine_refuses_while_an_account_is_made_nothing_of_it_is_left() {
    for step in STEPS {
        let Some(world) = engine_world() else { return };
        let proxy = Proxy::start(step, Fault::Refuses);
        let refused = ask_for_ann(&mut world.front_behind(&proxy));
        assert!(proxy.was_met(), "{} was never asked for", step.1);
        assert_eq!(refused.code, Code::EngineUnavailable, "{}", step.1);
        assert!(refused.message.shown().ends_with("not today"), "{refused}");
        assert_eq!(world.left(), Vec::<String>::new(), "{}", step.1);
        assert!(!world.world.account("ann@a").exists(), "{}", step.1);
    }
}

#[test]
fn what_an_engine_has_made_before_it_died_is_made_whole_at_the_next_login() {
    for step in STEPS {
        let Some(world) = engine_world() else { return };
        let proxy = Proxy::start(step, Fault::DiesAfter);
        let failure = ask_for_ann(&mut world.front_behind(&proxy));
        assert!(proxy.was_met(), "{} was never asked for", step.1);
        assert_eq!(failure.code, Code::EngineUnavailable, "{}", step.1);
        assert!(!failure.hint.is_empty() && failure.message.shown().contains("engine"), "{failure}");
        let mut later = world.front();
        assert_eq!(say(&later.open_control("ann@a").unwrap(), "who"), "good 1", "{}", step.1);
        let name = world.container();
        assert_eq!(world.left(), [name.clone(), format!("{name}-state"), format!("{name}-net")]);
    }
}

#[test]
fn what_an_engine_has_made_before_it_died_can_be_removed_later() {
    for step in STEPS {
        let Some(world) = engine_world() else { return };
        let proxy = Proxy::start(step, Fault::DiesAfter);
        ask_for_ann(&mut world.front_behind(&proxy));
        let mut later = world.front();
        assert_eq!(later.ask(Command::RemoveAccount { account: email("ann@a") }), Ok(Reply::Done));
        assert_eq!(world.left(), Vec::<String>::new(), "{}", step.1);
        assert!(!world.world.account("ann@a").exists());
    }
}

#[test]
fn an_engine_that_dies_between_create_and_start_is_told_of_and_the_next_login_succeeds() {
    for fault in [Fault::Refuses, Fault::DiesBefore, Fault::DiesAfter] {
        let Some(world) = engine_world() else { return };
        let proxy = Proxy::start(START, fault);
        let mut front = world.front_behind(&proxy);
        create(&mut front);
        let failure = front.open_control("ann@a").unwrap_err();
        assert!(proxy.was_met());
        assert_eq!(failure.code, Code::EngineUnavailable);
        assert!(!failure.hint.is_empty(), "{failure}");
        let mut later = world.front();
        assert!(say(&later.open_control("ann@a").unwrap(), "who").starts_with("good "));
        let name = world.container();
        assert_eq!(world.left(), [name.clone(), format!("{name}-state"), format!("{name}-net")]);
    }
}
