use airhatch_wire::Selection;
use airhatch_wire::control::{Beyond, Budget, ContactPolicy, Limits, Policy, Verdict};
use airhatch_wire::peer::PeerWord;

use super::*;

const DAY: u64 = 24 * HOUR;

/// 10 bytes a file and 70 a day: two of the tests' offers of three files of 10 bytes.
fn budget() -> Budget {
    Budget { per_file: 10, per_day: 70, endings: Vec::new(), until: None }
}

impl World {
    /// An open account whose verified contact `ann@x.org` has this rule.
    fn with_rule(policy: ContactPolicy) -> Self {
        let mut world = Self::with_ann();
        world.verify("ann@x.org", true);
        world.rule("ann@x.org", policy).0.unwrap();
        world
    }

    fn verify(&mut self, who: &str, verified: bool) {
        let mark = Command::MarkVerified { email: email(who), fingerprint: Fingerprint([1; 32]), verified };
        self.commands(mark).0.unwrap();
    }

    fn rule(&mut self, who: &str, policy: ContactPolicy) -> (Result<Reply, Failure>, Vec<Output>) {
        self.commands(Command::SetContactPolicy { email: email(who), policy })
    }

    fn limits(&mut self, limits: Limits) -> Result<Reply, Failure> {
        self.commands(Command::SetLimits { limits }).0
    }

    fn verdict(&mut self, transfer: u8) -> Option<Verdict> {
        self.transfer(transfer).verdict
    }

    /// `who` offers items of these names and sizes.
    fn offers_items(&mut self, session: u64, transfer: u8, files: &[(&str, u64)]) -> Vec<Output> {
        self.arrives("ann@x.org", 1, session);
        let mut arrived = arrived("ann@x.org", transfer, self.now, self.now + HOUR);
        let item = |(name, size): &(&str, u64)| Item {
            path: vec![Untrusted::from("folder.exe"), Untrusted::new((*name).to_owned())],
            kind: ItemKind::File,
            size: *size,
            executable: false,
            modified: UnixMillis(0),
        };
        arrived.items = files.iter().map(item).collect();
        arrived.offer.total = files.iter().map(|(_, size)| size).sum();
        arrived.signed = signed(&arrived.offer);
        self.happens(Input::Offered(SessionId(session), Box::new(arrived)))
    }
}

fn yes(transfer: u8) -> Command {
    Command::Accept { transfer: id(transfer), items: Selection::All, folder: None }
}

/// The orders of an offer that is accepted at once.
fn accepted() -> [SessionOrder; 2] {
    [SessionOrder::Record, SessionOrder::Accept(Taking::default())]
}

#[test]
fn a_rule_accepts_within_its_budget_whoever_looks_and_says_how_much_of_the_day_is_used() {
    let mut world = World::with_rule(ContactPolicy::Auto(budget()));
    world.watch();
    assert_eq!(orders(&world.offers("ann@x.org", 1, 1), 1), accepted());
    assert_eq!(world.verdict(1), Some(Verdict::AcceptedByRule { today: 30, per_day: 70 }));
    assert_eq!(orders(&world.offers("ann@x.org", 2, 2), 2), accepted());
    assert_eq!(world.verdict(2), Some(Verdict::AcceptedByRule { today: 60, per_day: 70 }));
    assert_eq!(world.contact("ann@x.org").by_rule_today, 60);
    assert_eq!(orders(&world.offers("ann@x.org", 3, 3), 3), [SessionOrder::Record], "it waits for a person");
    assert_eq!(world.verdict(3), Some(Verdict::Beyond(Beyond::Day { today: 60, per_day: 70 })));
}

#[test]
fn a_new_day_is_a_new_budget_and_a_restart_is_not() {
    let mut store = Vec::new();
    let mut world = World::with_rule(ContactPolicy::Auto(Budget { per_day: 30, ..budget() }));
    let contact = world.hub.contacts.values().next().unwrap().contact.clone();
    stored(&[Output::Put(Box::new(Record::Contact(Box::new(contact))))], &mut store);
    stored(&world.offers("ann@x.org", 1, 1), &mut store);
    let now = world.now;
    let mut again = World::open_with(store);
    again.now = now;
    assert_eq!(orders(&again.offers("ann@x.org", 2, 2), 2), [SessionOrder::Record]);
    assert_eq!(again.contact("ann@x.org").by_rule_today, 30);
    again.now = now / DAY * DAY + DAY - 1;
    assert_eq!(orders(&again.offers("ann@x.org", 3, 3), 3), [SessionOrder::Record], "the day is not over");
    again.now += 1;
    assert_eq!(again.contact("ann@x.org").by_rule_today, 0);
    assert_eq!(orders(&again.offers("ann@x.org", 4, 4), 4), accepted());
}

#[test]
fn what_goes_beyond_the_rule_waits_with_the_reason() {
    let pdf = || vec!["pdf".parse().unwrap()];
    let over = UnixMillis(1_000_000 + HOUR);
    let cases = [
        (budget(), vec![("a.pdf", 10), ("b", 10)], None),
        (budget(), vec![("a.pdf", 11)], Some(Beyond::FileSize { per_file: 10 })),
        (Budget { per_file: u64::MAX, ..budget() }, vec![("a", 70)], None),
        (
            Budget { per_file: u64::MAX, ..budget() },
            vec![("a", 71)],
            Some(Beyond::Day { today: 0, per_day: 70 }),
        ),
        (Budget { endings: pdf(), ..budget() }, vec![("a.pdf", 1), ("B.PDF", 1)], None),
        (Budget { endings: pdf(), ..budget() }, vec![("a.pdf", 1), ("a.pdf.exe", 1)], Some(Beyond::FileType)),
        (Budget { endings: pdf(), ..budget() }, vec![("pdf", 1)], Some(Beyond::FileType)),
        (Budget { until: Some(over), ..budget() }, vec![("a", 1)], None),
    ];
    for (budget, files, beyond) in cases {
        let mut world = World::with_rule(ContactPolicy::Auto(budget.clone()));
        let outputs = world.offers_items(1, 1, &files);
        match beyond {
            None => assert_eq!(orders(&outputs, 1), accepted(), "{budget:?} {files:?}"),
            Some(beyond) => {
                assert_eq!(orders(&outputs, 1), [SessionOrder::Record], "{budget:?} {files:?}");
                assert_eq!(world.verdict(1), Some(Verdict::Beyond(beyond)));
            }
        }
    }
    let mut world = World::with_rule(ContactPolicy::Auto(Budget { until: Some(over), ..budget() }));
    world.now = over.0;
    assert_eq!(orders(&world.offers("ann@x.org", 1, 1), 1), [SessionOrder::Record]);
    assert_eq!(world.verdict(1), Some(Verdict::Beyond(Beyond::Over)));
}

#[test]
fn no_rule_accepts_from_a_contact_whose_key_nobody_compared() {
    let mut world = World::with_ann();
    let refused = world.rule("ann@x.org", ContactPolicy::Auto(budget())).0;
    assert_eq!(code(refused), Code::NotPermitted);
    world.verify("ann@x.org", true);
    world.rule("ann@x.org", ContactPolicy::Auto(budget())).0.unwrap();
    world.verify("ann@x.org", false);
    assert_eq!(orders(&world.offers("ann@x.org", 1, 1), 1), [SessionOrder::Record]);
    assert_eq!(world.verdict(1), Some(Verdict::Beyond(Beyond::NotVerified)));
}

#[test]
fn a_changed_key_takes_the_rule_with_it() {
    let mut world = World::with_rule(ContactPolicy::Auto(budget()));
    world.happens(Input::KeysSeen(pin("ann@x.org", 2)));
    let refused = world.rule("ann@x.org", ContactPolicy::Auto(budget())).0;
    assert_eq!(code(refused), Code::KeyChanged);
    let trust = Command::TrustNewKey { email: email("ann@x.org"), fingerprint: Fingerprint([2; 32]) };
    world.commands(trust).0.unwrap();
    assert_eq!(world.contact("ann@x.org").policy, ContactPolicy::Account);
}

#[test]
fn a_contacts_rule_comes_before_the_accounts_policy() {
    let verified = Policy::Verified { max_bytes: 1000 };
    let no = SessionOrder::Deny(Untrusted::from("not taking offers now"));
    let cases = [
        (ContactPolicy::Ask, verified, vec![SessionOrder::Record], None),
        (ContactPolicy::Ask, Policy::Never, vec![SessionOrder::Record], None),
        (ContactPolicy::Never, verified, vec![SessionOrder::Record, no.clone()], Some(Verdict::DeniedByRule)),
        (
            ContactPolicy::Account,
            verified,
            accepted().to_vec(),
            Some(Verdict::AcceptedByPolicy { max_bytes: 1000 }),
        ),
        (
            ContactPolicy::Account,
            Policy::Never,
            vec![SessionOrder::Record, no],
            Some(Verdict::DeniedByPolicy),
        ),
    ];
    for (rule, policy, expected, verdict) in cases {
        let mut world = World::with_rule(rule.clone());
        world.commands(Command::SetPolicy { policy }).0.unwrap();
        assert_eq!(orders(&world.offers("ann@x.org", 1, 1), 1), expected, "{rule:?} {policy:?}");
        assert_eq!(world.verdict(1), verdict, "{rule:?} {policy:?}");
    }
}

#[test]
fn a_decision_of_a_rule_is_in_the_history_with_its_reason() {
    let mut world = World::with_rule(ContactPolicy::Auto(budget()));
    world.offers("ann@x.org", 1, 1);
    world.reports(1, 1, IncomingReport::Landed { completion: [5; 32], numbers: Vec::new() });
    let (reply, _) = world.commands(Command::History { with: None, after: None });
    let Ok(Reply::History(past)) = reply else { panic!("{reply:?}") };
    let verdicts: Vec<_> = past.iter().map(|past| past.verdict).collect();
    assert_eq!(verdicts, [Some(Verdict::AcceptedByRule { today: 30, per_day: 70 })]);
}

#[test]
fn a_person_may_take_what_is_beyond_the_rule_and_it_does_not_use_up_its_day() {
    let mut world = World::with_rule(ContactPolicy::Auto(Budget { per_day: 30, ..budget() }));
    world.offers("ann@x.org", 1, 1);
    world.offers("ann@x.org", 2, 2);
    world.commands(yes(2)).0.unwrap();
    assert_eq!(world.contact("ann@x.org").by_rule_today, 30);
}

#[test]
fn rules_and_limits_that_make_no_sense_are_refused() {
    let mut world = World::with_rule(ContactPolicy::Ask);
    let until = Some(UnixMillis(world.now));
    for budget in
        [Budget { per_file: 0, ..budget() }, Budget { per_day: 0, ..budget() }, Budget { until, ..budget() }]
    {
        assert_eq!(code(world.rule("ann@x.org", ContactPolicy::Auto(budget)).0), Code::Invalid);
    }
    let endings = (0..33).map(|n| format!("e{n}").parse().unwrap()).collect();
    let many = ContactPolicy::Auto(Budget { endings, ..budget() });
    assert_eq!(code(world.rule("ann@x.org", many).0), Code::TooLarge);
    assert_eq!(code(world.rule("nobody@x.org", ContactPolicy::Never).0), Code::NotFound);
    let default = Limits::default();
    for limits in [
        Limits { transfers: 0, ..default },
        Limits { offers: 0, ..default },
        Limits { offers_per_contact: 0, ..default },
        Limits { upload: Some(8 * 4096 - 1), ..default },
        Limits { download: Some(0), ..default },
    ] {
        assert_eq!(code(world.limits(limits)), Code::Invalid, "{limits:?}");
    }
    world.limits(Limits { upload: Some(8 * 4096), ..default }).unwrap();
}

#[test]
fn a_thousand_offers_of_one_contact_are_cut_off_and_another_contacts_offer_still_arrives() {
    let mut world = World::with_ann();
    world.add("bob@x.org", 1);
    let mut refused = 0;
    for number in 0..1000_u64 {
        world.arrives("ann@x.org", 1, number);
        let mut offer = arrived("ann@x.org", 1, world.now, world.now + HOUR);
        let mut id = [0; 16];
        id.iter_mut().zip(number.to_be_bytes()).for_each(|(byte, new)| *byte = new);
        offer.offer.transfer = TransferId(id);
        let outputs = world.happens(Input::Offered(SessionId(number), Box::new(offer)));
        match orders(&outputs, number).as_slice() {
            [SessionOrder::Record] => {}
            [SessionOrder::Refuse(failure)] => {
                assert_eq!(failure.code, Code::TryAgain);
                assert!(failure.message.shown().starts_with("too many open offers"), "{failure}");
                refused += 1;
                world.happens(Input::SessionEnded(SessionId(number)));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(refused, 900);
    assert_eq!(orders(&world.offers("bob@x.org", 2000, 255), 2000), [SessionOrder::Record]);
    world.commands(yes(255)).0.unwrap();
}

#[test]
fn all_contacts_together_may_have_so_many_open_offers() {
    let mut world = World::with_ann();
    world.add("bob@x.org", 1);
    world.limits(Limits { offers: 2, ..Limits::default() }).unwrap();
    world.offers("ann@x.org", 1, 1);
    world.offers("bob@x.org", 2, 2);
    assert_eq!(refusal(&world.offers("bob@x.org", 3, 3), 3), Code::TryAgain);
    world.commands(Command::Deny { transfer: id(1), reason: String::new() }).0.unwrap();
    assert_eq!(orders(&world.offers("bob@x.org", 4, 3), 4), [SessionOrder::Record]);
}

#[test]
fn a_day_takes_so_much_from_one_contact_whoever_accepts() {
    let mut world = World::with_ann();
    world.limits(Limits { bytes_per_day: Some(60), ..Limits::default() }).unwrap();
    world.offers("ann@x.org", 1, 1);
    world.commands(yes(1)).0.unwrap();
    world.offers("ann@x.org", 2, 2);
    assert_eq!(refusal(&world.offers("ann@x.org", 3, 3), 3), Code::TryAgain, "one accepted, one waiting");
    assert_eq!(refusal(&world.offers_items(4, 4, &[("a", 61)]), 4), Code::TooLarge, "no day is enough");
    world.now = world.now / DAY * DAY + DAY;
    world.happens(Input::Time);
    assert_eq!(orders(&world.offers("ann@x.org", 5, 5), 5), [SessionOrder::Record]);
}

#[test]
fn transfers_beyond_the_limit_wait_in_line_and_begin_when_a_place_is_free() {
    let mut world = World::with_ann();
    world.add("bob@x.org", 1);
    world.limits(Limits { transfers: 2, ..Limits::default() }).unwrap();
    for (session, who) in [(1, "ann@x.org"), (2, "ann@x.org"), (3, "bob@x.org")] {
        let transfer = u8::try_from(session).unwrap();
        world.offers(who, session, transfer);
    }
    let accept = |world: &mut World, n| world.commands(yes(n)).1;
    assert_eq!(orders(&accept(&mut world, 1), 1), [SessionOrder::Accept(Taking::default())]);
    assert_eq!(orders(&accept(&mut world, 2), 2), [SessionOrder::Wait], "half of the places are ann's");
    assert_eq!(world.state(2), TransferState::Waiting);
    assert_eq!(orders(&accept(&mut world, 3), 3), [SessionOrder::Accept(Taking::default())]);
    let outputs = world.happens(Input::SessionEnded(SessionId(1)));
    assert_eq!(orders(&outputs, 2), [SessionOrder::Accept(Taking::default())]);
    assert_eq!(world.state(2), TransferState::Accepted);
    // The first one comes again, and waits now.
    assert_eq!(orders(&world.offers("ann@x.org", 4, 1), 4), [SessionOrder::Wait]);
    world.limits(Limits { transfers: 4, ..Limits::default() }).unwrap();
    assert_eq!(world.state(1), TransferState::Accepted, "a higher limit holds at once");
}

#[test]
fn whatever_ends_a_transfer_gives_its_place_to_the_next() {
    let ends: [fn(&mut World); 6] = [
        |world| drop(world.reports(1, 1, IncomingReport::NoRoom)),
        |world| drop(world.reports(1, 1, IncomingReport::Broken)),
        |world| drop(world.reports(1, 1, IncomingReport::Failed(Failure::new(Code::Internal, "no")))),
        |world| drop(world.commands(Command::Pause { transfer: id(1) })),
        |world| drop(world.happens(Input::PausedBy(email("ann@x.org"), id(1)))),
        |world| drop(world.commands(Command::Cancel { transfer: id(1), reason: String::new() })),
    ];
    for (number, end) in ends.into_iter().enumerate() {
        let mut world = World::with_ann();
        world.limits(Limits { transfers: 1, ..Limits::default() }).unwrap();
        for transfer in [1, 2] {
            world.offers("ann@x.org", transfer.into(), transfer);
            world.commands(yes(transfer)).0.unwrap();
        }
        assert_eq!(world.state(2), TransferState::Waiting);
        end(&mut world);
        assert_eq!(world.state(2), TransferState::Accepted, "way {number}");
    }
}

#[test]
fn transfers_of_ours_wait_for_their_turn_too() {
    let mut world = World::with_ann();
    world.limits(Limits { transfers: 1, ..Limits::default() }).unwrap();
    for transfer in [1, 2] {
        let ask = world.ask();
        let draft = draft("ann@x.org", transfer, world.now, world.now + HOUR);
        world.happens(Input::Drafted(ask, Ok(draft)));
    }
    let report = |world: &mut World, n, report| world.happens(Input::Outgoing(id(n), report));
    assert!(
        report(&mut world, 1, OutgoingReport::Accepted(Selection::All, 0))
            .contains(&Output::BeginDelivery(id(1)))
    );
    let outputs = report(&mut world, 2, OutgoingReport::Accepted(Selection::All, 0));
    assert!(!outputs.contains(&Output::BeginDelivery(id(2))));
    assert_eq!(world.state(2), TransferState::Waiting);
    let outputs = report(&mut world, 1, OutgoingReport::Unreachable(0));
    assert!(outputs.contains(&Output::BeginDelivery(id(2))));
    // One that waits at the other side says so, and stands in nobody's way here.
    report(&mut world, 2, OutgoingReport::Unreachable(0));
    report(&mut world, 1, OutgoingReport::Waiting);
    assert_eq!((world.state(1), world.state(2)), (TransferState::Waiting, TransferState::Accepted));
    assert!(
        report(&mut world, 2, OutgoingReport::Accepted(Selection::All, 0))
            .contains(&Output::BeginDelivery(id(2)))
    );
    report(&mut world, 1, OutgoingReport::Unreachable(0));
    assert_eq!(world.state(1), TransferState::Accepted);
}

#[test]
fn the_rates_are_set_when_the_account_opens_and_when_they_change() {
    let limits = Limits { upload: Some(1 << 20), ..Limits::default() };
    let mut world = World::open();
    let (_, outputs) = world.commands(Command::SetLimits { limits });
    assert!(outputs.contains(&Output::SetPaces(limits)));
    let mut store = Vec::new();
    stored(&outputs, &mut store);
    let mut again = World::locked();
    let outputs = again.happens(Input::Opened(None, Ok(Box::new(opened(store)))));
    assert!(outputs.contains(&Output::SetPaces(limits)));
    assert!(
        !outputs
            .iter()
            .any(|output| matches!(output, Output::Say(_, word) if matches!(**word, PeerWord::Wake { .. })))
    );
}

#[test]
fn what_is_over_takes_little_room_however_often_a_contact_offers() {
    let mut world = World::with_rule(ContactPolicy::Never);
    let mut store = Vec::new();
    for number in 0..300_u64 {
        world.now += 1;
        world.arrives("ann@x.org", 1, number);
        let mut offer = arrived("ann@x.org", 1, world.now, world.now + HOUR);
        let mut id = [0; 16];
        id.iter_mut().zip(number.to_be_bytes()).for_each(|(byte, new)| *byte = new);
        offer.offer.transfer = TransferId(id);
        offer.items = items(600);
        offer.offer.items = 600;
        stored(&world.happens(Input::Offered(SessionId(number), Box::new(offer))), &mut store);
        stored(&world.happens(Input::SessionEnded(SessionId(number))), &mut store);
    }
    let count = |wanted: fn(&Record) -> bool| store.iter().filter(|record| wanted(record)).count();
    assert_eq!(count(|record| matches!(record, Record::Transfer(_))), 200);
    assert_eq!(count(|record| matches!(record, Record::Items { .. })), 200, "one page of each table");
    assert_eq!(count(|record| matches!(record, Record::Past(_))), 300, "the history has them all");
    let again = World::open_with(store);
    assert_eq!(again.hub.transfers.len(), 200);
    assert!(again.hub.transfers.values().all(|entry| entry.items.len() == 256));
}

#[test]
fn tables_that_wait_for_a_decision_are_bounded_together() {
    let mut world = World::with_ann();
    let offer = |world: &mut World, who: &str, number: u8, items: u32| {
        world.arrives(who, 1, number.into());
        let mut offer = arrived(who, number, world.now, world.now + HOUR);
        offer.offer.items = items;
        world.happens(Input::Offered(SessionId(number.into()), Box::new(offer)))
    };
    for who in ["bob@x.org", "cat@x.org"] {
        world.add(who, 1);
    }
    assert_eq!(orders(&offer(&mut world, "ann@x.org", 1, 1_000_000), 1), [SessionOrder::Record]);
    assert_eq!(refusal(&offer(&mut world, "ann@x.org", 2, 1), 2), Code::TryAgain);
    assert_eq!(orders(&offer(&mut world, "bob@x.org", 3, 1_000_000), 3), [SessionOrder::Record]);
    assert_eq!(refusal(&offer(&mut world, "cat@x.org", 4, 1), 4), Code::TryAgain);
}

#[test]
fn one_contact_has_a_bounded_number_of_connections_here() {
    let mut world = World::with_ann();
    world.add("bob@x.org", 1);
    world.limits(Limits { offers_per_contact: 4, ..Limits::default() }).unwrap();
    for session in 0..72 {
        assert_eq!(orders(&world.arrives("ann@x.org", 1, session), session), [SessionOrder::Admit]);
    }
    assert_eq!(refusal(&world.arrives("ann@x.org", 1, 100), 100), Code::TryAgain);
    assert_eq!(orders(&world.arrives("bob@x.org", 1, 101), 101), [SessionOrder::Admit]);
    world.happens(Input::SessionEnded(SessionId(0)));
    assert_eq!(orders(&world.arrives("ann@x.org", 1, 102), 102), [SessionOrder::Admit]);
}
