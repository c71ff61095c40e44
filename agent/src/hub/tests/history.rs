use super::*;

fn proof() -> Proof {
    let statement = signed(&offer("ann@x.org", "me@x.org", 1, 0, 0));
    Proof { receipt: statement.clone(), completion: statement, certificate: Blob::from(vec![1]) }
}

/// A transfer of ours to Ann, under this number, on its way.
fn sends(world: &mut World, transfer: u8) -> Vec<Output> {
    let ask = world.ask();
    let draft = draft("ann@x.org", transfer, world.now, world.now + HOUR);
    world.happens(Input::Drafted(ask, Ok(draft)))
}

fn delivered(world: &mut World, transfer: u8) -> Vec<Output> {
    let report = OutgoingReport::Delivered(Box::new(proof()), UnixMillis(77));
    world.happens(Input::Outgoing(id(transfer), report))
}

fn history(world: &mut World, with: Option<&str>, after: Option<u8>) -> Vec<PastTransfer> {
    let command = Command::History { with: with.map(email), after: after.map(id) };
    let (reply, _) = world.commands(command);
    let Ok(Reply::History(past)) = reply else { panic!("{reply:?}") };
    past
}

fn ids(past: &[PastTransfer]) -> Vec<TransferId> {
    past.iter().map(|past| past.id).collect()
}

#[test]
fn every_end_is_remembered_with_its_reason_and_the_last_comes_first() {
    let mut world = World::with_ann();
    let mut store = Vec::new();
    for transfer in 1..=3 {
        stored(&sends(&mut world, transfer), &mut store);
    }
    assert_eq!(history(&mut world, None, None), [], "what goes on is no history");
    world.now += 1;
    stored(&delivered(&mut world, 2), &mut store);
    world.now += 1;
    let denied = OutgoingReport::Denied(Untrusted::from("no"));
    stored(&world.happens(Input::Outgoing(id(1), denied)), &mut store);
    stored(&world.passes(HOUR), &mut store);
    let past = history(&mut world, None, None);
    assert_eq!(ids(&past), [id(3), id(1), id(2)]);
    assert_eq!(past.iter().map(|past| past.receipt).collect::<Vec<_>>(), [false, false, true]);
    let outcomes: Vec<_> = past.iter().map(|past| past.outcome.clone()).collect();
    let denied = TransferState::Denied { reason: Untrusted::from("no") };
    let expected = [TransferState::Expired, denied, TransferState::Delivered { at: UnixMillis(77) }];
    assert_eq!(outcomes, expected);
    let mut again = World::open_with(store);
    assert_eq!(history(&mut again, None, None), past, "a restart forgets nothing");
}

#[test]
fn what_left_the_list_stays_in_the_history_with_its_receipt() {
    let mut world = World::with_ann();
    sends(&mut world, 1);
    delivered(&mut world, 1);
    assert_eq!(world.commands(Command::Forget { transfer: id(1) }).0, Ok(Reply::Done));
    assert_eq!(ids(&history(&mut world, Some("ann@x.org"), None)), [id(1)]);
    assert_eq!(history(&mut world, Some("bob@x.org"), None), []);
    assert_eq!(history(&mut world, None, Some(1)), [], "the page after the last is empty");
    let ask = world.ask();
    let outputs = world.happens(Input::Asked(ask, Command::ExportReceipt { transfer: id(1) }));
    let expected = Held {
        offer: signed(&offer("me@x.org", "ann@x.org", 1, 1_000_000, 1_000_000 + HOUR)),
        items: items(3).to_vec(),
        proof: proof(),
    };
    assert!(outputs.contains(&Output::ExportReceipt(ask, Box::new(expected))), "{outputs:?}");
}

#[test]
fn a_receipt_that_is_not_here_is_refused_with_the_reason() {
    let mut world = World::with_ann();
    let mut refused = |transfer| code(world.commands(Command::ExportReceipt { transfer: id(transfer) }).0);
    assert_eq!(refused(1), Code::NotFound);
    sends(&mut world, 1);
    let mut refused = |transfer| code(world.commands(Command::ExportReceipt { transfer: id(transfer) }).0);
    assert_eq!(refused(1), Code::Conflict);
    world.happens(Input::Outgoing(id(1), OutgoingReport::Denied(Untrusted::from("no"))));
    let mut refused = |transfer| code(world.commands(Command::ExportReceipt { transfer: id(transfer) }).0);
    assert_eq!(refused(1), Code::NotFound);
    let large = Command::CheckReceipt { file: Blob::from(vec![0; (1 << 18) + 1]), authority: None };
    assert_eq!(code(world.commands(large).0), Code::TooLarge);
}

#[test]
fn of_too_many_the_one_that_ended_first_goes() {
    let records = (0..HISTORY_LIMIT).map(|n| {
        let mut id = [0xff; 16];
        id.iter_mut().zip(n.to_be_bytes()).for_each(|(byte, new)| *byte = new);
        Record::Past(Box::new(Past {
            id: TransferId(id),
            direction: Direction::Outgoing,
            contact: email("ann@x.org"),
            note: Untrusted::default(),
            items: Vec::new(),
            item_count: 1,
            total: 1,
            outcome: TransferState::Expired,
            created: UnixMillis(0),
            ended: UnixMillis(500 + n as u64),
            offer: signed(&offer("me@x.org", "ann@x.org", 1, 0, 0)),
            proof: None,
            verdict: None,
            completion: None,
            wanted: airhatch_wire::Selection::All,
        }))
    });
    let mut store: Vec<Record> = records.collect();
    let first = store.first().unwrap().name();
    let mut world = World::open_with(store.clone());
    world.add("ann@x.org", 1);
    sends(&mut world, 1);
    let outputs = delivered(&mut world, 1);
    assert!(outputs.contains(&Output::Remove(first.clone())));
    stored(&outputs, &mut store);
    assert!(store.iter().all(|record| record.name() != first));
}

#[test]
fn a_landing_completed_when_the_account_was_opened_is_in_the_history() {
    let mut world = World::with_ann();
    let mut store = vec![Record::Settings(Settings::default())];
    stored(&world.offers("ann@x.org", 1, 1), &mut store);
    for record in &mut store {
        if let Record::Transfer(transfer) = record {
            transfer.state = TransferState::Delivered { at: UnixMillis(77) };
        }
    }
    let mut world = World::locked();
    stored(&world.happens(Input::Opened(None, Ok(Box::new(opened(store.clone()))))), &mut store);
    assert!(store.contains(&Record::Past(Box::new(world.hub.past.get(&id(1)).unwrap().clone()))));
    let past = history(&mut world, None, None);
    assert_eq!(
        past.iter().map(|past| &past.outcome).collect::<Vec<_>>(),
        [&TransferState::Delivered { at: UnixMillis(77) }]
    );
    let mut again = World::open_with(store);
    assert_eq!(history(&mut again, None, None), past, "once is enough");
}
