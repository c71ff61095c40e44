use airhatch_wire::Selection;
use airhatch_wire::control::Policy;

use super::*;

fn accept(transfer: u8) -> Command {
    Command::Accept { transfer: id(transfer), items: Selection::All, folder: None }
}

fn deny(transfer: u8) -> Command {
    Command::Deny { transfer: id(transfer), reason: "no thanks".to_owned() }
}

#[test]
fn an_offer_is_stored_before_the_sender_hears_that_it_was() {
    let mut world = World::with_ann();
    let outputs = world.offers("ann@x.org", 1, 1);
    let stored = outputs.iter().rposition(|output| matches!(output, Output::Put(_))).unwrap();
    let said =
        outputs.iter().position(|output| matches!(output, Output::Order(_, SessionOrder::Record))).unwrap();
    assert!(stored < said);
    assert_eq!(world.state(1), TransferState::Offered);
}

#[test]
fn nothing_is_accepted_without_a_person_or_a_policy() {
    let mut world = World::with_ann();
    let outputs = world.offers("ann@x.org", 1, 1);
    assert_eq!(orders(&outputs, 1), [SessionOrder::Record]);
    for report in [IncomingReport::Broken, IncomingReport::Moved(0)] {
        world.reports(1, 1, report);
    }
    assert!(!matches!(world.state(1), TransferState::Accepted));
}

#[test]
fn accepting_tells_the_sender_and_landing_gives_the_receipt() {
    let mut world = World::with_ann();
    world.offers("ann@x.org", 1, 1);
    let (outcome, outputs) = world.commands(accept(1));
    outcome.unwrap();
    assert_eq!(orders(&outputs, 1), [SessionOrder::Accept(Taking::default())]);
    world.reports(1, 1, IncomingReport::Moved(10));
    assert_eq!((world.state(1), world.transfer(1).moved), (TransferState::Moving, 10));
    world.reports(1, 1, IncomingReport::Landing([5; 32]));
    let numbers = vec![Numbered { item: 0, number: 2 }];
    let landed = IncomingReport::Landed { completion: [5; 32], numbers };
    let outputs = world.reports(1, 1, landed);
    let at = UnixMillis(world.now);
    assert_eq!(
        orders(&outputs, 1),
        [SessionOrder::Receipt { completion: [5; 32], items: Selection::All, at }]
    );
    assert_eq!(world.state(1), TransferState::Delivered { at });
    let view = world.transfer(1);
    assert_eq!(view.items.first().unwrap().landed_as, Some(Untrusted::from("file0 (2)")));
}

#[test]
fn the_second_decision_about_an_offer_is_refused() {
    for (first, second) in
        [(accept(1), deny(1)), (accept(1), accept(1)), (deny(1), accept(1)), (deny(1), deny(1))]
    {
        let mut world = World::with_ann();
        world.offers("ann@x.org", 1, 1);
        world.commands(first).0.unwrap();
        let (outcome, outputs) = world.commands(second);
        assert_eq!(code(outcome), Code::Conflict);
        assert_eq!(orders(&outputs, 1), []);
    }
}

#[test]
fn a_decision_without_a_connection_wakes_the_sender_and_waits_for_it() {
    let mut world = World::with_ann();
    world.offers("ann@x.org", 1, 1);
    world.happens(Input::SessionEnded(SessionId(1)));
    let (outcome, outputs) = world.commands(accept(1));
    outcome.unwrap();
    assert!(outputs.iter().any(|output| matches!(output, Output::Say(_, word) if matches!(**word, airhatch_wire::peer::PeerWord::Wake { .. }))));
    assert_eq!(orders(&world.offers("ann@x.org", 2, 1), 2), [SessionOrder::Accept(Taking::default())]);
}

#[test]
fn a_sender_that_comes_again_is_told_where_the_transfer_stands() {
    let mut world = World::with_ann();
    world.offers("ann@x.org", 1, 1);
    assert_eq!(orders(&world.offers("ann@x.org", 2, 1), 2), [SessionOrder::Record]);
    world.commands(deny(1)).0.unwrap();
    let reason = Untrusted::from("no thanks");
    assert_eq!(orders(&world.offers("ann@x.org", 3, 1), 3), [SessionOrder::Deny(reason)]);
}

#[test]
fn a_second_connection_for_a_transfer_takes_over_from_the_first() {
    let mut world = World::with_ann();
    world.offers("ann@x.org", 1, 1);
    let outputs = world.offers("ann@x.org", 2, 1);
    assert_eq!(orders(&outputs, 1), [SessionOrder::Drop]);
    world.reports(1, 1, IncomingReport::Failed(Failure::new(Code::Internal, "late word of the first")));
    assert_eq!(world.state(1), TransferState::Offered);
}

#[test]
fn a_delivered_transfer_is_never_received_twice() {
    let mut world = World::with_ann();
    world.offers("ann@x.org", 1, 1);
    world.commands(accept(1)).0.unwrap();
    world.reports(1, 1, IncomingReport::Landed { completion: [5; 32], numbers: Vec::new() });
    let at = UnixMillis(world.now);
    let outputs = world.offers("ann@x.org", 2, 1);
    assert_eq!(
        orders(&outputs, 2),
        [SessionOrder::Receipt { completion: [5; 32], items: Selection::All, at }]
    );
}

#[test]
fn a_broken_connection_keeps_the_parts_and_the_sender_goes_on() {
    let mut world = World::with_ann();
    world.offers("ann@x.org", 1, 1);
    world.commands(accept(1)).0.unwrap();
    world.reports(1, 1, IncomingReport::Moved(20));
    let outputs = world.happens(Input::SessionEnded(SessionId(1)));
    assert!(!outputs.contains(&Output::DiscardIncoming(id(1))));
    assert_eq!((world.state(1), world.transfer(1).moved), (TransferState::Accepted, 20));
    assert_eq!(orders(&world.offers("ann@x.org", 2, 1), 2), [SessionOrder::Accept(Taking::default())]);
    world.reports(2, 1, IncomingReport::Begun(18));
    assert_eq!((world.state(1), world.transfer(1).moved), (TransferState::Accepted, 18));
}

#[test]
fn a_full_disk_waits_for_room_and_for_the_sender() {
    let mut world = World::with_ann();
    world.offers("ann@x.org", 1, 1);
    world.commands(accept(1)).0.unwrap();
    world.reports(1, 1, IncomingReport::Moved(20));
    let outputs = world.reports(1, 1, IncomingReport::NoRoom);
    assert!(!outputs.contains(&Output::DiscardIncoming(id(1))));
    assert_eq!(world.state(1), TransferState::NoRoom);
    world.happens(Input::SessionEnded(SessionId(1)));
    assert_eq!(world.state(1), TransferState::NoRoom);
    assert_eq!(orders(&world.offers("ann@x.org", 2, 1), 2), [SessionOrder::Accept(Taking::default())]);
    world.reports(2, 1, IncomingReport::Begun(20));
    assert_eq!((world.state(1), world.transfer(1).moved), (TransferState::Accepted, 20));
}

#[test]
fn whatever_ends_an_accepted_transfer_before_its_delivery_removes_its_parts() {
    let ends: [fn(&mut World) -> Vec<Output>; 5] = [
        |world| world.reports(1, 1, IncomingReport::Failed(Failure::new(Code::Internal, "no"))),
        |world| world.reports(1, 1, IncomingReport::Cancelled(Untrusted::from("no"))),
        |world| world.commands(Command::Cancel { transfer: id(1), reason: String::new() }).1,
        |world| world.happens(Input::CalledOff(email("ann@x.org"), id(1), Untrusted::from("no"))),
        |world| {
            world.reports(1, 1, IncomingReport::Broken);
            world.passes(HOUR)
        },
    ];
    for end in ends {
        let mut world = World::with_ann();
        world.offers("ann@x.org", 1, 1);
        world.commands(accept(1)).0.unwrap();
        world.reports(1, 1, IncomingReport::Moved(20));
        let outputs = end(&mut world);
        assert!(world.state(1).is_over());
        assert!(outputs.contains(&Output::DiscardIncoming(id(1))), "{outputs:?}");
    }
}

#[test]
fn the_same_id_with_another_content_or_sender_is_refused() {
    let mut world = World::with_ann();
    world.add("bob@x.org", 1);
    world.offers("ann@x.org", 1, 1);
    world.arrives("ann@x.org", 1, 2);
    let changed = arrived("ann@x.org", 1, world.now, world.now + 2 * HOUR);
    assert_eq!(refusal(&world.happens(Input::Offered(SessionId(2), Box::new(changed))), 2), Code::Conflict);
    assert_eq!(refusal(&world.offers("bob@x.org", 3, 1), 3), Code::Conflict);
}

#[test]
fn an_offer_in_somebody_elses_name_is_refused() {
    let mut world = World::with_ann();
    world.add("bob@x.org", 2);
    world.arrives("bob@x.org", 2, 1);
    let forged = arrived("ann@x.org", 1, world.now, world.now + HOUR);
    assert_eq!(refusal(&world.happens(Input::Offered(SessionId(1), Box::new(forged))), 1), Code::NotFound);
    assert_eq!(world.commands(Command::Transfers { after: None }).0, Ok(Reply::Transfers(Vec::new())));
}

#[test]
fn an_offer_expires_and_both_sides_are_told() {
    let mut world = World::with_ann();
    world.watch();
    world.offers("ann@x.org", 1, 1);
    assert_eq!(world.hub.next_wake(), Some(UnixMillis(world.now + HOUR)));
    let outputs = world.passes(HOUR);
    assert_eq!(refusal(&outputs, 1), Code::Expired);
    assert!(
        events(&outputs).iter().any(
            |event| matches!(event, Event::TransferChanged(view) if view.state == TransferState::Expired)
        )
    );
    assert_eq!(code(world.commands(accept(1)).0), Code::Expired);
}

#[test]
fn an_offer_that_is_over_when_it_arrives_is_refused() {
    let mut world = World::with_ann();
    world.arrives("ann@x.org", 1, 1);
    let old = arrived("ann@x.org", 1, 0, world.now);
    assert_eq!(refusal(&world.happens(Input::Offered(SessionId(1), Box::new(old))), 1), Code::Expired);
}

#[test]
fn one_contact_cannot_fill_the_list_with_offers() {
    let mut world = World::with_ann();
    world.add("bob@x.org", 1);
    for n in 0..100 {
        assert_eq!(orders(&world.offers("ann@x.org", u64::from(n), n), u64::from(n)), [SessionOrder::Record]);
    }
    assert_eq!(refusal(&world.offers("ann@x.org", 500, 200), 500), Code::TryAgain);
    assert_eq!(orders(&world.offers("bob@x.org", 501, 201), 501), [SessionOrder::Record]);
}

#[test]
fn the_policy_decides_only_while_nobody_looks() {
    let verified = |world: &mut World| {
        let email = email("ann@x.org");
        let mark = Command::MarkVerified { email, fingerprint: Fingerprint([1; 32]), verified: true };
        world.commands(mark).0.unwrap();
    };
    let cases: [(Policy, bool, bool, &[SessionOrder]); 6] = [
        (Policy::Ask, true, false, &[SessionOrder::Record]),
        (Policy::Never, true, true, &[SessionOrder::Record]),
        (
            Policy::Verified { max_bytes: 30 },
            true,
            false,
            &[SessionOrder::Record, SessionOrder::Accept(Taking::default())],
        ),
        (Policy::Verified { max_bytes: 29 }, true, false, &[SessionOrder::Record]),
        (Policy::Verified { max_bytes: 30 }, false, false, &[SessionOrder::Record]),
        (Policy::Verified { max_bytes: 30 }, true, true, &[SessionOrder::Record]),
    ];
    for (policy, is_verified, looking, expected) in cases {
        let mut world = World::with_ann();
        world.commands(Command::SetPolicy { policy }).0.unwrap();
        if is_verified {
            verified(&mut world);
        }
        if looking {
            world.watch();
        }
        assert_eq!(orders(&world.offers("ann@x.org", 1, 1), 1), expected, "{policy:?}");
    }
}

#[test]
fn the_policy_called_never_denies_while_nobody_looks() {
    let mut world = World::with_ann();
    world.commands(Command::SetPolicy { policy: Policy::Never }).0.unwrap();
    let outputs = world.offers("ann@x.org", 1, 1);
    assert!(matches!(orders(&outputs, 1).as_slice(), [SessionOrder::Record, SessionOrder::Deny(_)]));
}

#[test]
fn an_offer_outlives_a_restart_with_its_whole_table() {
    let mut store = Vec::new();
    let mut world = World::with_ann();
    stored(
        &[Output::Put(Box::new(Record::Contact(Box::new(
            world.hub.contacts.values().next().unwrap().contact.clone(),
        ))))],
        &mut store,
    );
    stored(&world.offers("ann@x.org", 1, 1), &mut store);
    let mut again = World::open_with(store);
    let view = again.transfer(1);
    assert_eq!((view.state, view.items.len()), (TransferState::Offered, 3));
    let (outcome, _) = again.commands(accept(1));
    outcome.unwrap();
    assert_eq!(orders(&again.offers_same(&mut world), 9), [SessionOrder::Accept(Taking::default())]);
}

impl World {
    /// The sender of `earlier`'s first offer comes again, to this hub, as connection 9.
    fn offers_same(&mut self, earlier: &mut World) -> Vec<Output> {
        self.arrives("ann@x.org", 1, 9);
        let created = earlier.transfer(1).created.0;
        let offer = arrived("ann@x.org", 1, created, created + HOUR);
        self.happens(Input::Offered(SessionId(9), Box::new(offer)))
    }
}

#[test]
fn cancelling_stops_the_bytes_and_tells_the_sender() {
    let mut world = World::with_ann();
    world.offers("ann@x.org", 1, 1);
    world.commands(accept(1)).0.unwrap();
    world.reports(1, 1, IncomingReport::Moved(10));
    let (outcome, outputs) = world.commands(Command::Cancel { transfer: id(1), reason: "enough".to_owned() });
    outcome.unwrap();
    assert_eq!(orders(&outputs, 1), [SessionOrder::Cancel(Untrusted::from("enough"))]);
    world.reports(1, 1, IncomingReport::Landed { completion: [0; 32], numbers: Vec::new() });
    assert!(
        matches!(world.state(1), TransferState::Cancelled { by_us: true, .. }),
        "late reports change nothing"
    );
}

#[test]
fn a_sender_may_call_off_over_another_connection() {
    let mut world = World::with_ann();
    world.add("bob@x.org", 2);
    world.offers("ann@x.org", 1, 1);
    world.happens(Input::CalledOff(email("bob@x.org"), id(1), Untrusted::from("not mine")));
    assert_eq!(world.state(1), TransferState::Offered);
    let outputs = world.happens(Input::CalledOff(email("ann@x.org"), id(1), Untrusted::from("oops")));
    assert_eq!(orders(&outputs, 1), [SessionOrder::Drop]);
    assert!(matches!(world.state(1), TransferState::Cancelled { by_us: false, .. }));
}

#[test]
fn a_program_that_watches_is_nobody_who_looks() {
    let mut world = World::with_ann();
    world.commands(Command::SetPolicy { policy: Policy::Never }).0.unwrap();
    world.happens(Input::FrontAttached(FRONT));
    world.commands(Command::Watch { attending: false }).0.unwrap();
    let outputs = world.offers("ann@x.org", 1, 1);
    assert!(matches!(orders(&outputs, 1).as_slice(), [SessionOrder::Record, SessionOrder::Deny(_)]));
}

#[test]
fn files_that_are_being_put_in_place_are_not_called_off_any_more_by_either_side() {
    let mut world = World::with_ann();
    world.offers("ann@x.org", 1, 1);
    world.commands(accept(1)).0.unwrap();
    world.reports(1, 1, IncomingReport::Landing([5; 32]));
    let cancel = Command::Cancel { transfer: id(1), reason: String::new() };
    assert_eq!(code(world.commands(cancel).0), Code::Conflict);
    world.happens(Input::CalledOff(email("ann@x.org"), id(1), Untrusted::from("never mind")));
    assert_eq!(world.state(1), TransferState::Finishing);
    world.reports(1, 1, IncomingReport::Landed { completion: [5; 32], numbers: Vec::new() });
    assert!(matches!(world.state(1), TransferState::Delivered { .. }), "what lies in the inbox is told");
}

#[test]
fn a_landing_that_outlived_its_connection_is_told_over_the_next_one() {
    let mut world = World::with_ann();
    world.offers("ann@x.org", 1, 1);
    world.commands(accept(1)).0.unwrap();
    world.reports(1, 1, IncomingReport::Landing([5; 32]));
    world.offers("ann@x.org", 2, 1);
    let landed = || IncomingReport::Landed { completion: [5; 32], numbers: Vec::new() };
    assert_eq!(world.reports(1, 1, landed()), [], "nobody hears the first one any more");
    let at = UnixMillis(world.now);
    assert_eq!(
        orders(&world.reports(2, 1, landed()), 2),
        [SessionOrder::Receipt { completion: [5; 32], items: Selection::All, at }]
    );
}

#[test]
fn a_transfer_that_left_the_list_is_not_offered_to_the_person_again() {
    let mut world = World::with_ann();
    world.offers("ann@x.org", 1, 1);
    let created = world.now;
    world.commands(accept(1)).0.unwrap();
    world.reports(1, 1, IncomingReport::Landed { completion: [5; 32], numbers: Vec::new() });
    let at = UnixMillis(world.now);
    world.commands(Command::Forget { transfer: id(1) }).0.unwrap();
    world.now += 5;
    world.arrives("ann@x.org", 1, 2);
    let again = |expires| Box::new(arrived("ann@x.org", 1, created, expires));
    let outputs = world.happens(Input::Offered(SessionId(2), again(created + HOUR)));
    assert_eq!(
        outputs,
        [Output::Order(
            SessionId(2),
            SessionOrder::Receipt { completion: [5; 32], items: Selection::All, at }
        )]
    );
    let other = world.happens(Input::Offered(SessionId(2), again(created + HOUR + 1)));
    assert_eq!(refusal(&other, 2), Code::Conflict, "another offer under its number is none");
    assert_eq!(world.commands(Command::Transfers { after: None }).0, Ok(Reply::Transfers(Vec::new())));
}
