//! Where the agent shall run, and getting its image.

use airhatch_wire::warden::{Command, ImageSource};

use super::*;
use crate::msg::{Msg, Ticket};

/// Compares the page at all its sizes.
macro_rules! page {
    ($name:literal, $rehearsal:expr) => {{
        let shown = &$rehearsal;
        insta::assert_snapshot!(concat!($name, "_60x20"), shown.screen(60, 20));
        shots!($name, shown);
    }};
}

fn denied() -> Failure {
    Failure::new(
        Code::EngineUnavailable,
        "this user may not use the container engine at /var/run/docker.sock",
    )
    .hint("Set up a rootless engine, or let an administrator add you to the group docker.")
}

/// Goes through the rest of the wizard; where the account's agent shall run.
fn made_in(rehearsal: &mut Rehearsal) -> RuntimeKind {
    rehearsal.keys("<Enter>you@example.org<Enter><Enter>long enough<Enter>long enough<Enter>");
    let made = rehearsal.done().into_iter().rev().find_map(|effect| match effect {
        Effect::Warden(_, Command::CreateAccount { runtime, .. }) => Some(runtime),
        _ => None,
    });
    made.expect("no account is made")
}

#[test]
fn every_state_of_the_engine_is_told_with_what_to_do() {
    page!("wizard_seat_looking", looking("ca.example.org:7400"));
    page!("wizard_seat_ready", found(Ok(engine(true))));
    page!("wizard_seat_rootless", found(Ok(Engine { rootless: true, ..engine(true) })));
    page!("wizard_seat_no_image", found(Ok(engine(false))));
    page!("wizard_seat_no_engine", found(Err(no_engine())));
    page!("wizard_seat_denied", found(Err(denied())));
    let mut loopback = looking("127.0.0.1:7400");
    page!("wizard_seat_loopback", loopback.warden(Ok(warden::Reply::Engine(engine(true)))));
}

#[test]
fn the_best_is_chosen_before_anybody_chooses() {
    assert_eq!(made_in(&mut found(Ok(engine(true)))), RuntimeKind::Container);
    for none in [Ok(engine(false)), Err(no_engine()), Err(denied())] {
        assert_eq!(made_in(&mut found(none)), RuntimeKind::Process);
    }
    let mut loopback = looking("127.0.0.1:7400");
    loopback.warden(Ok(warden::Reply::Engine(engine(true))));
    assert_eq!(made_in(&mut loopback), RuntimeKind::Process);
}

#[test]
fn a_person_s_choice_counts_where_it_is_possible() {
    assert_eq!(made_in(found(Ok(engine(true))).keys("<Down>")), RuntimeKind::Process);
    assert_eq!(made_in(found(Ok(engine(true))).keys("jk")), RuntimeKind::Container);
    for (keys, hint) in [("<Up><Enter>", "Get the image with l or b"), ("k<Enter>", "choose the process")] {
        let mut rehearsal = found(Ok(engine(false)));
        assert!(rehearsal.keys(keys).screen(80, 30).contains(hint));
        assert!(rehearsal.screen(80, 30).contains("step 2 of 5"));
        assert_eq!(made_in(rehearsal.keys("<Down>")), RuntimeKind::Process);
    }
    assert_eq!(made_in(&mut looking("127.0.0.1:7400")), RuntimeKind::Process, "no engine changes that");
    let mut loopback = looking("localhost:7400");
    loopback.warden(Ok(warden::Reply::Engine(engine(true)))).keys("<Up><Enter>");
    assert!(loopback.screen(80, 30).contains("give the CA's address"), "{}", loopback.screen(80, 30));
}

#[test]
fn nothing_is_decided_while_the_engine_is_looked_for_but_a_process_can_be_chosen() {
    let mut rehearsal = looking("ca.example.org:7400");
    assert!(rehearsal.keys("<Enter>").screen(80, 24).contains("Wait a moment"));
    rehearsal.keys("<Up><Enter>");
    assert!(rehearsal.screen(80, 24).contains("step 2 of 5"));
    assert_eq!(made_in(rehearsal.keys("<Down>")), RuntimeKind::Process);
}

#[test]
fn the_engine_is_asked_for_once_and_again_when_a_person_wants() {
    let asked = |rehearsal: &mut Rehearsal| {
        let engine = |effect: &Effect| matches!(effect, Effect::Warden(_, Command::Engine));
        rehearsal.done().iter().filter(|effect| engine(effect)).count()
    };
    let mut rehearsal = looking("ca.example.org:7400");
    assert_eq!(asked(&mut rehearsal), 1);
    let mut rehearsal = found(Err(no_engine()));
    rehearsal.done();
    rehearsal.keys("r");
    assert!(rehearsal.screen(80, 24).contains("looking for a container engine"));
    rehearsal.warden(Ok(warden::Reply::Engine(engine(true))));
    assert_eq!(made_in(&mut rehearsal), RuntimeKind::Container);
    let mut ready = found(Ok(engine(true)));
    ready.done();
    ready.keys("rlb");
    assert_eq!(ready.done(), [], "nothing is missing");
}

/// The image is being got: its ticket, and what it is made of.
fn getting(keys: &str) -> (Rehearsal, Ticket, ImageSource) {
    let mut rehearsal = found(Ok(engine(false)));
    rehearsal.keys(keys);
    let asked = rehearsal.done().into_iter().rev().find_map(|effect| match effect {
        Effect::Prepare(ticket, source) => Some((ticket, source)),
        _ => None,
    });
    let (ticket, source) = asked.expect("no image is asked for");
    (rehearsal, ticket, source)
}

fn blob(path: &str) -> airhatch_wire::Blob {
    airhatch_wire::Blob::from(path.as_bytes().to_vec())
}

#[test]
fn an_image_is_loaded_or_built_and_the_container_is_best_then() {
    let (mut rehearsal, ticket, source) = getting("l~/agent image.tar<Enter>");
    assert_eq!(source, ImageSource::Archive(blob("/home/you/agent image.tar")));
    rehearsal.send(Msg::Warden(ticket, Ok(warden::Reply::Engine(engine(true)))));
    assert!(rehearsal.screen(80, 24).contains("The image is ready"));
    assert_eq!(made_in(&mut rehearsal), RuntimeKind::Container);
    let (_, _, source) = getting("<Down>b/src/airhatch<Enter>");
    assert_eq!(source, ImageSource::Sources(blob("/src/airhatch")));
}

#[test]
fn the_form_and_the_work_are_shown() {
    let mut rehearsal = found(Ok(engine(false)));
    page!("wizard_image_load", rehearsal.keys("l"));
    page!("wizard_image_build", rehearsal.keys("<Esc>b"));
    assert!(rehearsal.keys("<Enter>").screen(80, 24).contains("No path was typed"));
    let (mut rehearsal, ticket, _) = getting("b/src/airhatch<Enter>");
    rehearsal.send(Msg::Preparing(ticket, "Step 7/27 : RUN cargo build --locked --release".into()));
    page!("wizard_image_building", rehearsal);
    let (mut rehearsal, ticket, _) = getting("l/saved.tar<Enter>");
    rehearsal.send(Msg::Preparing(ticket, "\u{1b}[2Jevil\u{202e}".into()));
    page!("wizard_image_loading", rehearsal);
}

#[test]
fn what_turns_turns_only_while_something_is_done() {
    let (mut rehearsal, ticket, _) = getting("b/src/airhatch<Enter>");
    let first = rehearsal.screen(80, 24);
    assert!(rehearsal.model.next_look().is_some_and(|wait| wait <= 250));
    rehearsal.wait(250);
    assert_ne!(rehearsal.screen(80, 24), first);
    rehearsal.send(Msg::Warden(ticket, Ok(warden::Reply::Engine(engine(true)))));
    rehearsal.wait(10_000);
    assert_eq!(rehearsal.model.next_look(), None, "an idle screen sleeps");
}

#[test]
fn a_failure_stays_until_something_else_is_done_and_keeps_the_path() {
    let (mut rehearsal, ticket, _) = getting("l/saved.tar<Enter>");
    let garbage = Failure::new(Code::BadSource, "the file is not a saved image, or a part of it is missing")
        .hint("get the file again and compare its size with the original");
    rehearsal.send(Msg::Warden(ticket, Err(garbage))).wait(60_000);
    page!("wizard_image_failed", rehearsal);
    rehearsal.keys("<Esc>");
    assert!(!rehearsal.screen(80, 24).contains("part of it is missing"));
    assert!(rehearsal.keys("l").screen(80, 24).contains("/saved.tar"));
}

#[test]
fn escape_calls_the_work_off_first_and_goes_back_then() {
    let (mut rehearsal, ticket, _) = getting("b/src/airhatch<Enter>");
    rehearsal.keys("<Enter>x");
    assert_eq!(rehearsal.done(), [], "nothing else is begun meanwhile");
    rehearsal.keys("<Esc>");
    assert_eq!(rehearsal.done(), [Effect::CancelPrepare(ticket)]);
    rehearsal.send(Msg::Warden(ticket, Err(Failure::new(Code::Cancelled, "called off"))));
    assert!(rehearsal.screen(80, 24).contains("/src/airhatch"), "{}", rehearsal.screen(80, 24));
    assert!(!rehearsal.screen(80, 24).contains("alled off"));
    rehearsal.keys("<Esc>");
    assert!(rehearsal.screen(80, 24).contains("Where shall your agent run"));
}

#[test]
fn an_engine_that_fails_when_it_counts_leads_back_to_the_choice() {
    let mut rehearsal = found(Ok(engine(true)));
    rehearsal.keys("<Enter>you@example.org<Enter><Enter>long enough<Enter>long enough<Enter>");
    let gone = Failure::new(Code::EngineUnavailable, "the container engine went away while starting");
    rehearsal.warden(Err(gone.hint("start it")));
    let screen = rehearsal.screen(80, 24);
    assert!(screen.contains("Where shall your agent run") && screen.contains("went away"), "{screen}");
    rehearsal.warden(Err(no_engine()));
    rehearsal.done();
    // Everything is filled in still.
    rehearsal.keys("<Down><Enter><Enter><Enter><Enter><Enter>");
    let account = email("you@example.org");
    let made = Command::CreateAccount { account, runtime: RuntimeKind::Process };
    assert!(
        rehearsal.done().iter().any(|effect| matches!(effect, Effect::Warden(_, asked) if *asked == made))
    );
}

#[test]
fn an_account_with_folders_is_not_asked_where_it_runs() {
    let mut rehearsal = Rehearsal::with_accounts(vec![record("you@example.org", false)]);
    rehearsal.attached(Ok(account(Phase::New)));
    shots!("wizard_resumed", rehearsal);
    rehearsal.done();
    rehearsal.keys("<Enter>ca.example.org:7400<Enter>").paste(&fingerprint(9).to_string()).keys("<Enter>");
    assert!(rehearsal.screen(80, 24).contains("step 2 of 4"), "{}", rehearsal.screen(80, 24));
    assert_eq!(rehearsal.done(), [], "no engine is looked for");
}
