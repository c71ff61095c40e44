use airhatch_wire::Selection;

use super::*;

fn send(to: &str) -> Command {
    Command::Send { to: email(to), stage: StageId([7; 16]), note: "hello".to_owned(), lifetime: Some(3600) }
}

/// A world with transfer 1 on its way to Ann, and what the hub did to start it.
fn sending() -> (World, Vec<Output>) {
    let mut world = World::with_ann();
    let ask = world.ask();
    world.happens(Input::Asked(ask, send("ann@x.org")));
    let draft = draft("ann@x.org", 1, world.now, world.now + HOUR);
    let outputs = world.happens(Input::Drafted(ask, Ok(draft)));
    assert!(matches!(answer_in(&outputs, ask).unwrap(), Ok(Reply::Transfer(_))));
    (world, outputs)
}

fn report(world: &mut World, report: OutgoingReport) -> Vec<Output> {
    world.happens(Input::Outgoing(id(1), report))
}

#[test]
fn an_offer_is_stored_before_it_is_answered_and_delivered() {
    let (_, outputs) = sending();
    let stored = outputs.iter().rposition(|output| matches!(output, Output::Put(_))).unwrap();
    let answered = outputs.iter().position(|output| matches!(output, Output::Answer(..))).unwrap();
    let delivered = outputs.iter().position(|output| matches!(output, Output::Deliver(..))).unwrap();
    assert!(stored < answered && answered < delivered);
}

#[test]
fn sending_to_somebody_unknown_or_a_note_too_long_is_refused() {
    let mut world = World::with_ann();
    assert_eq!(code(world.commands(send("bob@x.org")).0), Code::NotFound);
    let long = Command::Send {
        to: email("ann@x.org"),
        stage: StageId([7; 16]),
        note: "x".repeat(1025),
        lifetime: None,
    };
    assert_eq!(code(world.commands(long).0), Code::TooLarge);
}

#[test]
fn a_file_that_cannot_be_offered_makes_no_transfer() {
    let mut world = World::with_ann();
    let ask = world.ask();
    world.happens(Input::Asked(ask, send("ann@x.org")));
    let outputs = world.happens(Input::Drafted(ask, Err(Failure::new(Code::BadName, "no"))));
    assert_eq!(code(answer_in(&outputs, ask).unwrap()), Code::BadName);
    assert_eq!(world.commands(Command::Transfers { after: None }).0, Ok(Reply::Transfers(Vec::new())));
}

#[test]
fn the_states_follow_the_reports() {
    let (mut world, _) = sending();
    assert_eq!(world.state(1), TransferState::Queued);
    for (what, state) in [
        (OutgoingReport::Unreachable(7), TransferState::Queued),
        (OutgoingReport::Recorded, TransferState::Offered),
        (OutgoingReport::Unreachable(7), TransferState::Offered),
        (OutgoingReport::Accepted(Selection::All, 0), TransferState::Accepted),
        (OutgoingReport::Moved(12), TransferState::Moving),
        (OutgoingReport::Unreachable(7), TransferState::Accepted),
        (OutgoingReport::Accepted(Selection::All, 8), TransferState::Accepted),
        (OutgoingReport::NoRoom(8), TransferState::NoRoom),
        (OutgoingReport::Unreachable(8), TransferState::NoRoom),
        (OutgoingReport::Accepted(Selection::All, 8), TransferState::Accepted),
        (OutgoingReport::Moved(30), TransferState::Moving),
        (OutgoingReport::Sent, TransferState::Finishing),
    ] {
        report(&mut world, what);
        assert_eq!(world.state(1), state);
    }
    let receipt = signed(&offer("ann@x.org", "me@x.org", 1, 0, 0));
    let proof =
        Proof { receipt: receipt.clone(), completion: receipt.clone(), certificate: Blob::from(vec![1]) };
    let outputs = report(&mut world, OutgoingReport::Delivered(Box::new(proof), UnixMillis(77)));
    assert_eq!(world.state(1), TransferState::Delivered { at: UnixMillis(77) });
    assert!(outputs.iter().any(|output| {
        matches!(output, Output::Put(record)
            if matches!(&**record, Record::Past(past) if past.proof.as_ref().is_some_and(|proof| proof.receipt == receipt)))
    }));
}

#[test]
fn nothing_changes_a_transfer_that_is_over() {
    for end in [
        OutgoingReport::Denied(Untrusted::from("no")),
        OutgoingReport::Cancelled(Untrusted::from("no")),
        OutgoingReport::Failed(Failure::new(Code::DiskFull, "full")),
        OutgoingReport::Failed(Failure::new(Code::Expired, "late")),
    ] {
        let (mut world, _) = sending();
        report(&mut world, end);
        let over = world.state(1);
        assert!(over.is_over());
        for late in
            [OutgoingReport::Accepted(Selection::All, 0), OutgoingReport::Moved(3), OutgoingReport::Recorded]
        {
            assert_eq!(report(&mut world, late), []);
        }
        assert_eq!(world.state(1), over);
    }
}

#[test]
fn a_contact_that_comes_online_or_wakes_us_is_tried_at_once() {
    let (mut world, _) = sending();
    let outputs = world.happens(Input::Sighted(email("ann@x.org"), Some(3)));
    assert!(outputs.contains(&Output::HurryDelivery(id(1))));
    let outputs = world.happens(Input::Woken(email("ann@x.org"), id(1)));
    assert_eq!(outputs, [Output::HurryDelivery(id(1))]);
    assert_eq!(world.happens(Input::Woken(email("bob@x.org"), id(1))), []);
    let unknown = world.happens(Input::Woken(email("ann@x.org"), id(2)));
    assert!(matches!(unknown.as_slice(), [Output::Say(..)]), "{unknown:?}");
}

#[test]
fn cancelling_tells_the_recipient_now_or_when_it_answers() {
    let (mut world, _) = sending();
    let (outcome, outputs) = world.commands(Command::Cancel { transfer: id(1), reason: "typo".to_owned() });
    outcome.unwrap();
    assert!(outputs.contains(&Output::StopDelivery(id(1), Some(Untrusted::from("typo")))));
    let outputs = world.happens(Input::Woken(email("ann@x.org"), id(1)));
    assert!(matches!(outputs.as_slice(), [Output::Recall(..)]));
    assert_eq!(
        code(world.commands(Command::Cancel { transfer: id(1), reason: String::new() }).0),
        Code::Conflict
    );
}

#[test]
fn an_offer_that_nobody_answers_expires() {
    let (mut world, _) = sending();
    report(&mut world, OutgoingReport::Recorded);
    let outputs = world.passes(HOUR);
    assert!(matches!(outputs.first(), Some(Output::StopDelivery(..))));
    assert_eq!(world.state(1), TransferState::Expired);
    assert_eq!(world.hub.next_wake(), None);
}

#[test]
fn bytes_that_move_are_not_cut_off_by_the_end_of_the_offer() {
    let (mut world, _) = sending();
    report(&mut world, OutgoingReport::Accepted(Selection::All, 0));
    report(&mut world, OutgoingReport::Moved(1));
    world.passes(2 * HOUR);
    assert_eq!(world.state(1), TransferState::Moving);
}

#[test]
fn a_restart_takes_up_what_was_going_on() {
    let mut store = Vec::new();
    let mut world = World::open();
    let ask = world.ask();
    world.happens(Input::Asked(ask, Command::AddContact { email: email("ann@x.org") }));
    stored(&world.happens(Input::LookedUp(ask, email("ann@x.org"), Ok(pin("ann@x.org", 1)))), &mut store);
    let ask = world.ask();
    world.happens(Input::Asked(ask, send("ann@x.org")));
    let draft = draft("ann@x.org", 1, world.now, world.now + HOUR);
    stored(&world.happens(Input::Drafted(ask, Ok(draft))), &mut store);
    stored(&report(&mut world, OutgoingReport::Accepted(Selection::All, 0)), &mut store);
    stored(&report(&mut world, OutgoingReport::Moved(3)), &mut store);
    let mut again = World::locked();
    let outputs = again.happens(Input::Opened(None, Ok(Box::new(opened(store)))));
    let delivered = outputs.iter().find_map(|output| match output {
        Output::Deliver(delivery, _) => Some(delivery),
        _ => None,
    });
    let delivery = delivered.unwrap();
    assert_eq!((delivery.transfer, delivery.items.len(), delivery.stage), (id(1), 3, StageId([7; 16])));
    assert_eq!(again.state(1), TransferState::Accepted);
}

#[test]
fn only_what_is_over_can_be_forgotten_and_then_it_is_history() {
    let (mut world, outputs) = sending();
    let mut store = Vec::new();
    stored(&outputs, &mut store);
    assert_eq!(code(world.commands(Command::Forget { transfer: id(1) }).0), Code::Conflict);
    stored(&report(&mut world, OutgoingReport::Denied(Untrusted::from("no"))), &mut store);
    let (outcome, outputs) = world.commands(Command::Forget { transfer: id(1) });
    outcome.unwrap();
    stored(&outputs, &mut store);
    assert!(matches!(store.as_slice(), [Record::Past(_)]), "{store:?}");
    assert_eq!(world.commands(Command::Transfers { after: None }).0, Ok(Reply::Transfers(Vec::new())));
}

#[test]
fn a_table_is_shown_in_pages() {
    let mut world = World::with_ann();
    let ask = world.ask();
    world.happens(Input::Asked(ask, send("ann@x.org")));
    let mut draft = draft("ann@x.org", 1, world.now, world.now + HOUR);
    draft.items = items(700);
    draft.offer.items = 700;
    world.happens(Input::Drafted(ask, Ok(draft)));
    let mut seen = Vec::new();
    while seen.len() < 700 {
        let from = u32::try_from(seen.len()).unwrap();
        let (reply, _) = world.commands(Command::Items { transfer: id(1), from });
        let Ok(Reply::Items(page)) = reply else { panic!("{reply:?}") };
        assert!((1..=256).contains(&page.len()));
        seen.extend(page);
    }
    assert_eq!(seen.last().unwrap().path, Untrusted::from("file699"));
}

/// The recipient comes online; what it is told about transfers that are off.
fn recalls(world: &mut World) -> Vec<(TransferId, Untrusted<String>)> {
    world.happens(Input::Sighted(email("ann@x.org"), None));
    let outputs = world.happens(Input::Sighted(email("ann@x.org"), Some(5)));
    let recall = |output: Output| match output {
        Output::Recall(_, transfer, reason) => Some((transfer, reason)),
        _ => None,
    };
    outputs.into_iter().filter_map(recall).collect()
}

#[test]
fn a_recipient_that_was_away_hears_of_the_end_when_it_is_there_again_even_after_a_restart() {
    let (mut world, outputs) = sending();
    let mut store = Vec::new();
    stored(&outputs, &mut store);
    assert_eq!(recalls(&mut world), []);
    let cancel = Command::Cancel { transfer: id(1), reason: "typo".to_owned() };
    stored(&world.commands(cancel).1, &mut store);
    let expected = [(id(1), Untrusted::from("typo"))];
    assert_eq!(recalls(&mut world), expected);
    assert_eq!(recalls(&mut world), expected, "until it has heard it");
    let world = World::with_ann();
    let contact = world.hub.contacts.get(&email("ann@x.org")).unwrap().contact.clone();
    store.push(Record::Contact(Box::new(contact)));
    let mut world = World::open_with(store.clone());
    assert_eq!(recalls(&mut world), expected);
    stored(&world.happens(Input::Outgoing(id(1), OutgoingReport::Told)), &mut store);
    assert_eq!(recalls(&mut world), []);
    assert_eq!(recalls(&mut World::open_with(store)), []);
}

#[test]
fn a_recipient_that_asks_about_a_transfer_that_nobody_knows_any_more_hears_that() {
    let (mut world, _) = sending();
    let woken = |world: &mut World| world.happens(Input::Woken(email("ann@x.org"), id(1)));
    assert_eq!(woken(&mut world), [Output::HurryDelivery(id(1))]);
    report(&mut world, OutgoingReport::Failed(Failure::new(Code::BadSource, "it changed")));
    let outputs = woken(&mut world);
    assert!(matches!(outputs.as_slice(), [Output::Recall(..)]), "{outputs:?}");
    world.commands(Command::Forget { transfer: id(1) }).0.unwrap();
    let outputs = woken(&mut world);
    assert!(matches!(outputs.as_slice(), [Output::Say(..)]), "{outputs:?}");
}
