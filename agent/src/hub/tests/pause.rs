use airhatch_wire::Selection;

use super::*;

const HERE: TransferState = TransferState::Paused { by_us: true, by_them: false };
const THERE: TransferState = TransferState::Paused { by_us: false, by_them: true };
const BOTH: TransferState = TransferState::Paused { by_us: true, by_them: true };

fn pause() -> Command {
    Command::Pause { transfer: id(1) }
}

fn resume() -> Command {
    Command::Resume { transfer: id(1) }
}

/// Ann's offer, accepted, its bytes moving over connection 1.
fn receiving() -> World {
    let mut world = World::with_ann();
    world.offers("ann@x.org", 1, 1);
    world.commands(Command::Accept { transfer: id(1), items: Selection::All, folder: None }).0.unwrap();
    world.reports(1, 1, IncomingReport::Moved(10));
    world
}

/// An offer to Ann, accepted, its bytes moving.
fn sending() -> World {
    let mut world = World::with_ann();
    let ask = world.ask();
    let draft = draft("ann@x.org", 1, world.now, world.now + HOUR);
    world.happens(Input::Drafted(ask, Ok(draft)));
    world.happens(Input::Outgoing(id(1), OutgoingReport::Accepted(Selection::All, 0)));
    world.happens(Input::Outgoing(id(1), OutgoingReport::Moved(10)));
    world
}

#[test]
fn a_paused_receiver_hangs_up_with_a_word_and_repeats_it_until_it_resumes() {
    let mut world = receiving();
    let (outcome, outputs) = world.commands(pause());
    outcome.unwrap();
    assert_eq!(orders(&outputs, 1), [SessionOrder::Pause]);
    world.reports(1, 1, IncomingReport::Moved(20));
    world.happens(Input::SessionEnded(SessionId(1)));
    assert_eq!((world.state(1), world.transfer(1).moved), (HERE, 10));
    assert_eq!(orders(&world.offers("ann@x.org", 2, 1), 2), [SessionOrder::Pause]);
    world.happens(Input::SessionEnded(SessionId(2)));
    let (outcome, outputs) = world.commands(resume());
    outcome.unwrap();
    assert!(outputs.iter().any(|output| matches!(output, Output::Say(..))), "the sender is woken");
    assert_eq!(orders(&world.offers("ann@x.org", 3, 1), 3), [SessionOrder::Accept(Taking::default())]);
}

#[test]
fn a_paused_sender_tells_the_recipient_and_delivers_nothing_until_it_resumes() {
    let mut world = sending();
    assert!(world.commands(pause()).1.contains(&Output::PauseDelivery(id(1))));
    for late in [
        OutgoingReport::Moved(20),
        OutgoingReport::Unreachable(20),
        OutgoingReport::Accepted(Selection::All, 20),
    ] {
        world.happens(Input::Outgoing(id(1), late));
        assert_eq!(world.state(1), HERE);
    }
    let (outcome, outputs) = world.commands(resume());
    outcome.unwrap();
    assert!(outputs.iter().any(|output| matches!(output, Output::Deliver(..))));
    assert_eq!(world.state(1), TransferState::Accepted);
}

#[test]
fn only_the_side_that_paused_can_resume_and_both_must_if_both_did() {
    let mut world = sending();
    world.happens(Input::Outgoing(id(1), OutgoingReport::Paused));
    assert_eq!(world.state(1), THERE);
    assert_eq!(code(world.commands(resume()).0), Code::Conflict);
    world.commands(pause()).0.unwrap();
    assert_eq!(world.state(1), BOTH);
    world.commands(resume()).0.unwrap();
    assert_eq!(world.state(1), THERE);
    world.happens(Input::Outgoing(id(1), OutgoingReport::Accepted(Selection::All, 12)));
    assert_eq!((world.state(1), world.transfer(1).moved), (TransferState::Accepted, 12));
}

#[test]
fn the_senders_pause_lasts_until_it_comes_again() {
    let mut world = receiving();
    world.add("bob@x.org", 2);
    world.happens(Input::PausedBy(email("bob@x.org"), id(1)));
    assert_eq!(world.state(1), TransferState::Moving, "it is not bob's transfer");
    world.happens(Input::PausedBy(email("ann@x.org"), id(1)));
    world.happens(Input::SessionEnded(SessionId(1)));
    assert_eq!(world.state(1), THERE);
    assert_eq!(orders(&world.offers("ann@x.org", 2, 1), 2), [SessionOrder::Accept(Taking::default())]);
}

#[test]
fn what_is_not_under_way_cannot_be_paused() {
    let mut world = World::with_ann();
    assert_eq!(code(world.commands(pause()).0), Code::NotFound);
    world.offers("ann@x.org", 1, 1);
    assert_eq!(code(world.commands(pause()).0), Code::Conflict);
    assert_eq!(code(world.commands(resume()).0), Code::Conflict);
    world.commands(Command::Deny { transfer: id(1), reason: String::new() }).0.unwrap();
    assert_eq!(code(world.commands(pause()).0), Code::Conflict);
}

#[test]
fn a_failed_transfer_is_offered_again_from_the_same_folder() {
    let retry = || Command::Retry { transfer: id(1) };
    let mut world = sending();
    assert!(world.commands(retry()).1.contains(&Output::HurryDelivery(id(1))), "a live one is hurried");
    let failure = Failure::new(Code::VerificationFailed, "no");
    world.happens(Input::Outgoing(id(1), OutgoingReport::Failed(failure)));
    let ask = world.ask();
    let outputs = world.happens(Input::Asked(ask, retry()));
    let [Output::Draft { to, stage, .. }] = outputs.as_slice() else { panic!("{outputs:?}") };
    assert_eq!((to, *stage), (&email("ann@x.org"), StageId([7; 16])));
    let mut world = receiving();
    world.reports(1, 1, IncomingReport::Cancelled(Untrusted::from("no")));
    assert_eq!(code(world.commands(retry()).0), Code::Conflict);
}
