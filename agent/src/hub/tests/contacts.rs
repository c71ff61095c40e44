use airhatch_wire::control::{Presence, Trust};

use super::*;

#[test]
fn a_contact_is_pinned_stored_and_watched() {
    let mut world = World::open();
    let ask = world.ask();
    let asked = world.happens(Input::Asked(ask, Command::AddContact { email: email("ann@x.org") }));
    assert_eq!(asked, [Output::Lookup(ask, email("ann@x.org"))]);
    let outputs = world.happens(Input::LookedUp(ask, email("ann@x.org"), Ok(pin("ann@x.org", 1))));
    assert!(
        outputs
            .iter()
            .any(|output| matches!(output, Output::Put(record) if matches!(**record, Record::Contact(_))))
    );
    assert!(outputs.iter().any(|output| matches!(output, Output::WatchPresence(target) if target.pin.identity == Fingerprint([1; 32]))));
    assert!(matches!(answer_in(&outputs, ask).unwrap(), Ok(Reply::Contact(_))));
}

#[test]
fn nobody_is_their_own_contact() {
    let mut world = World::open();
    assert_eq!(code(world.commands(Command::AddContact { email: email("me@x.org") }).0), Code::Invalid);
}

#[test]
fn an_email_that_the_ca_does_not_know_makes_no_contact() {
    let mut world = World::open();
    let ask = world.ask();
    world.happens(Input::Asked(ask, Command::AddContact { email: email("ann@x.org") }));
    let unknown = Failure::new(Code::NotFound, "unknown");
    let outputs = world.happens(Input::LookedUp(ask, email("ann@x.org"), Err(unknown)));
    assert_eq!(code(answer_in(&outputs, ask).unwrap()), Code::NotFound);
    assert_eq!(world.commands(Command::Contacts { after: None }).0, Ok(Reply::Contacts(Vec::new())));
}

#[test]
fn a_changed_key_is_never_taken_silently_and_blocks_until_decided() {
    let mut world = World::with_ann();
    world.happens(Input::KeysSeen(pin("ann@x.org", 2)));
    let view = world.contact("ann@x.org");
    assert_eq!(view.fingerprint, Fingerprint([1; 32]), "the pinned key stays");
    assert!(matches!(view.trust, Trust::Changed { fingerprint, .. } if fingerprint == Fingerprint([2; 32])));
    let send = Command::Send {
        to: email("ann@x.org"),
        stage: StageId([7; 16]),
        note: String::new(),
        lifetime: None,
    };
    assert_eq!(code(world.commands(send).0), Code::KeyChanged);
    assert_eq!(code(world.commands(Command::Ping { email: email("ann@x.org") }).0), Code::KeyChanged);
    assert_eq!(refusal(&world.arrives("ann@x.org", 1, 5), 5), Code::KeyChanged);
    assert_eq!(refusal(&world.arrives("ann@x.org", 2, 6), 6), Code::KeyChanged);
}

#[test]
fn only_the_key_that_the_person_saw_is_trusted() {
    let mut world = World::with_ann();
    world.happens(Input::KeysSeen(pin("ann@x.org", 2)));
    world.happens(Input::KeysSeen(pin("ann@x.org", 3)));
    let trust = |key| Command::TrustNewKey { email: email("ann@x.org"), fingerprint: Fingerprint([key; 32]) };
    assert_eq!(code(world.commands(trust(2)).0), Code::Conflict);
    world.commands(trust(3)).0.unwrap();
    let view = world.contact("ann@x.org");
    assert_eq!((view.fingerprint, view.trust), (Fingerprint([3; 32]), Trust::Certified));
}

#[test]
fn a_new_key_is_not_verified_because_the_old_one_was() {
    let mut world = World::with_ann();
    let verify = |key| Command::MarkVerified {
        email: email("ann@x.org"),
        fingerprint: Fingerprint([key; 32]),
        verified: true,
    };
    assert_eq!(code(world.commands(verify(2)).0), Code::KeyChanged, "another key than the pinned one");
    world.commands(verify(1)).0.unwrap();
    assert_eq!(world.contact("ann@x.org").trust, Trust::Verified);
    world.happens(Input::KeysSeen(pin("ann@x.org", 2)));
    world
        .commands(Command::TrustNewKey { email: email("ann@x.org"), fingerprint: Fingerprint([2; 32]) })
        .0
        .unwrap();
    assert_eq!(world.contact("ann@x.org").trust, Trust::Certified);
}

#[test]
fn looking_up_again_finds_a_changed_key_too() {
    let mut world = World::with_ann();
    let ask = world.ask();
    world.happens(Input::Asked(ask, Command::AddContact { email: email("ann@x.org") }));
    let outputs = world.happens(Input::LookedUp(ask, email("ann@x.org"), Ok(pin("ann@x.org", 2))));
    assert_eq!(code(answer_in(&outputs, ask).unwrap()), Code::KeyChanged);
    assert!(matches!(world.contact("ann@x.org").trust, Trust::Changed { .. }));
}

#[test]
fn a_renewed_certificate_with_the_same_keys_is_taken() {
    let mut world = World::with_ann();
    let renewed = Pin { serial: [42; 16], certificate: Blob::from(vec![42]), ..pin("ann@x.org", 1) };
    let outputs = world.happens(Input::Arrived(SessionId(1), renewed));
    assert_eq!(orders(&outputs, 1), [SessionOrder::Admit]);
    assert_eq!(world.contact("ann@x.org").trust, Trust::Certified);
    let revoked = world.happens(Input::Revocations(1, Arc::from(vec![[42; 16]])));
    assert!(
        revoked.contains(&Output::UnwatchPresence(email("ann@x.org"))),
        "the new serial counts from now on"
    );
}

#[test]
fn strangers_and_revoked_certificates_are_refused_at_the_door() {
    let mut world = World::with_ann();
    assert_eq!(refusal(&world.arrives("eve@x.org", 3, 1), 1), Code::NotPermitted);
    world.happens(Input::Revocations(1, Arc::from(vec![[1; 16]])));
    assert_eq!(refusal(&world.arrives("ann@x.org", 1, 2), 2), Code::Revoked);
    assert_eq!(world.contact("ann@x.org").trust, Trust::Revoked);
    assert_eq!(code(world.commands(Command::Ping { email: email("ann@x.org") }).0), Code::Revoked);
}

#[test]
fn an_older_revocation_list_does_not_replace_a_newer_one() {
    let mut world = World::with_ann();
    world.happens(Input::Revocations(5, Arc::from(vec![[1; 16]])));
    world.happens(Input::Revocations(4, Arc::from(Vec::new())));
    assert_eq!(refusal(&world.arrives("ann@x.org", 1, 2), 2), Code::Revoked);
}

#[test]
fn a_revoked_key_never_counts_as_a_changed_key() {
    let mut world = World::with_ann();
    world.happens(Input::Revocations(1, Arc::from(vec![[2; 16]])));
    world.happens(Input::KeysSeen(pin("ann@x.org", 2)));
    assert_eq!(world.contact("ann@x.org").trust, Trust::Certified);
}

#[test]
fn presence_is_what_the_last_answer_was() {
    let mut world = World::with_ann();
    assert_eq!(world.contact("ann@x.org").presence, Presence::Unknown);
    world.happens(Input::Sighted(email("ann@x.org"), None));
    assert_eq!(world.contact("ann@x.org").presence, Presence::Offline { seen: None });
    world.happens(Input::Sighted(email("ann@x.org"), Some(700)));
    let seen = UnixMillis(world.now);
    assert_eq!(world.contact("ann@x.org").presence, Presence::Online { seen, micros: 700 });
    world.now += 5;
    world.happens(Input::Sighted(email("ann@x.org"), None));
    assert_eq!(world.contact("ann@x.org").presence, Presence::Offline { seen: Some(seen) });
}

#[test]
fn a_ping_from_a_contact_that_seemed_away_is_answered_by_asking_at_once() {
    let mut world = World::with_ann();
    assert_eq!(world.happens(Input::PingSeen(email("ann@x.org"))), [Output::AskPresence(email("ann@x.org"))]);
    world.happens(Input::Sighted(email("ann@x.org"), Some(1)));
    assert_eq!(world.happens(Input::PingSeen(email("ann@x.org"))), []);
}

#[test]
fn a_removed_contact_is_disconnected_and_its_offers_end() {
    let mut world = World::with_ann();
    world.offers("ann@x.org", 1, 1);
    let (outcome, outputs) = world.commands(Command::RemoveContact { email: email("ann@x.org") });
    outcome.unwrap();
    assert!(orders(&outputs, 1).contains(&SessionOrder::Drop));
    assert!(matches!(world.state(1), TransferState::Cancelled { by_us: true, .. }));
    assert_eq!(refusal(&world.arrives("ann@x.org", 1, 2), 2), Code::NotPermitted);
}

#[test]
fn contacts_outlive_a_restart() {
    let mut store = Vec::new();
    let mut world = World::open();
    let ask = world.ask();
    world.happens(Input::Asked(ask, Command::AddContact { email: email("ann@x.org") }));
    stored(&world.happens(Input::LookedUp(ask, email("ann@x.org"), Ok(pin("ann@x.org", 1)))), &mut store);
    stored(&world.happens(Input::KeysSeen(pin("ann@x.org", 2))), &mut store);
    let mut again = World::open_with(store);
    assert!(matches!(again.contact("ann@x.org").trust, Trust::Changed { .. }));
}
