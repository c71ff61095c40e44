//! Removing an account: every answer to the challenge that must not work, and what is left when the right one came.

use airhatch_trust::{IdentityKey, open_statement};
use airhatch_wire::authority::{Enrolment, FromAuthority, RevocationList, ToAuthority, removal_body};
use airhatch_wire::signed::{Signature, Verb};
use airhatch_wire::{Code, UnixMillis};

use crate::authority::{Authority, Conversation};
use crate::events::EventKind;
use crate::harness::*;

/// The exporter of [`Person::conversation`].
const HERE: [u8; 32] = [7; 32];

fn begin(ca: &Authority, conversation: &mut Conversation) -> [u8; 32] {
    removal_nonce(ca.handle(NOW, conversation, ToAuthority::RemoveBegin))
}

fn finish(
    ca: &Authority,
    now: UnixMillis,
    conversation: &mut Conversation,
    signature: Signature,
) -> FromAuthority {
    ca.handle(now, conversation, ToAuthority::RemoveFinish { signature })
}

fn stays(ca: &Authority, person: &Person, what: &str) {
    let found = person.ask(ca, NOW, ToAuthority::Lookup { email: person.email.clone() });
    assert_eq!(certificate(found), *person.certificate(), "{what}");
}

#[test]
fn signatures_over_anything_else_are_refused_and_the_account_stays() {
    let (_home, ca) = authority(Enrolment::Open);
    let ann = Person::registered(&ca, "ann@example.org", 2);
    let bob = Person::registered(&ca, "bob@example.org", 3);
    let other_key = IdentityKey::from_seed(&[9; 32]).unwrap();
    type Sign = Box<dyn Fn(&[u8; 32], &Person, &Person, &IdentityKey) -> Signature>;
    let body = |nonce: &[u8; 32], person: &Person, exporter| removal_body(nonce, &person.email, exporter);
    let wrong: [(&str, Sign); 8] = [
        ("nothing", Box::new(|_, _, _, _| Signature([0; 64]))),
        (
            "another nonce",
            Box::new(move |_, ann, _, _| ann.key.sign(Verb::Remove, &body(&[1; 32], ann, &HERE)).unwrap()),
        ),
        (
            "another email",
            Box::new(move |n, ann, bob, _| ann.key.sign(Verb::Remove, &body(n, bob, &HERE)).unwrap()),
        ),
        (
            "another connection",
            Box::new(move |n, ann, _, _| ann.key.sign(Verb::Remove, &body(n, ann, &[8; 32])).unwrap()),
        ),
        (
            "another purpose",
            Box::new(move |n, ann, _, _| ann.key.sign(Verb::Announce, &body(n, ann, &HERE)).unwrap()),
        ),
        (
            "another account's key",
            Box::new(move |n, ann, bob, _| bob.key.sign(Verb::Remove, &body(n, ann, &HERE)).unwrap()),
        ),
        (
            "a key of nobody",
            Box::new(move |n, ann, _, key| key.sign(Verb::Remove, &body(n, ann, &HERE)).unwrap()),
        ),
        ("the nonce alone", Box::new(|n, ann, _, _| ann.key.sign(Verb::Remove, n).unwrap())),
    ];
    for (what, sign) in wrong {
        let mut conversation = ann.conversation();
        let nonce = begin(&ca, &mut conversation);
        let signature = sign(&nonce, &ann, &bob, &other_key);
        assert_eq!(
            refusal(finish(&ca, NOW, &mut conversation, signature)),
            Code::VerificationFailed,
            "{what}"
        );
        // The challenge is spent: the right answer comes too late.
        let right = ann.removal(&nonce, &HERE);
        assert_eq!(refusal(finish(&ca, NOW, &mut conversation, right)), Code::Invalid, "{what}");
        stays(&ca, &ann, what);
    }
    stays(&ca, &bob, "the other account");
}

#[test]
fn an_answer_without_a_challenge_or_too_late_is_refused() {
    let (_home, ca) = authority(Enrolment::Open);
    let ann = Person::registered(&ca, "ann@example.org", 2);
    let mut conversation = ann.conversation();
    let unasked = finish(&ca, NOW, &mut conversation, ann.removal(&[0; 32], &HERE));
    assert_eq!(refusal(unasked), Code::Invalid);
    let nonce = begin(&ca, &mut conversation);
    let late = finish(&ca, NOW.plus(MINUTE + 1), &mut conversation, ann.removal(&nonce, &HERE));
    assert_eq!(refusal(late), Code::Expired);
    stays(&ca, &ann, "expired");
}

#[test]
fn a_challenge_is_answered_only_where_it_was_asked() {
    let (_home, ca) = authority(Enrolment::Open);
    let ann = Person::registered(&ca, "ann@example.org", 2);
    let bob = Person::registered(&ca, "bob@example.org", 3);
    let (mut first, mut second) = (ann.conversation(), ann.conversation());
    let nonce = begin(&ca, &mut first);
    // Another connection of the same account, with no challenge of its own and then with one.
    assert_eq!(refusal(finish(&ca, NOW, &mut second, ann.removal(&nonce, &HERE))), Code::Invalid);
    begin(&ca, &mut second);
    let crossed = finish(&ca, NOW, &mut second, ann.removal(&nonce, &HERE));
    assert_eq!(refusal(crossed), Code::VerificationFailed);
    // Another account's connection.
    let mut foreign = bob.conversation();
    begin(&ca, &mut foreign);
    let foreign = finish(&ca, NOW, &mut foreign, ann.removal(&nonce, &HERE));
    assert_eq!(refusal(foreign), Code::VerificationFailed);
    stays(&ca, &ann, "foreign");
    stays(&ca, &bob, "foreign");
    assert_eq!(finish(&ca, NOW.plus(MINUTE), &mut first, ann.removal(&nonce, &HERE)), FromAuthority::Done);
}

#[test]
fn a_newer_challenge_takes_the_place_of_an_older_one() {
    let (_home, ca) = authority(Enrolment::Open);
    let ann = Person::registered(&ca, "ann@example.org", 2);
    let mut conversation = ann.conversation();
    let (older, newer) = (begin(&ca, &mut conversation), begin(&ca, &mut conversation));
    assert_ne!(older, newer);
    let answer = finish(&ca, NOW, &mut conversation, ann.removal(&older, &HERE));
    assert_eq!(refusal(answer), Code::VerificationFailed);
    stays(&ca, &ann, "older challenge");
}

#[test]
fn a_removed_account_leaves_nothing_behind() {
    let (_home, ca) = authority(Enrolment::Open);
    let ann = Person::registered(&ca, "ann@example.org", 2);
    let bob = Person::registered(&ca, "bob@example.org", 3);
    let renewed = certificate(ann.ask(&ca, NOW, ToAuthority::Renew { request: ann.request() }));
    let said = airhatch_wire::authority::Announcement {
        email: ann.email.clone(),
        addresses: vec!["127.0.0.1:7401".parse().unwrap()],
        issued: NOW,
        expires: NOW.plus(MINUTE),
    };
    let said = airhatch_trust::seal_statement(&ann.key, Verb::Announce, &said).unwrap();
    assert_eq!(ann.ask(&ca, NOW, ToAuthority::Announce(said)), FromAuthority::Done);
    ann.remove(&ca, NOW);

    let find = |request| bob.ask(&ca, NOW, request);
    assert_eq!(refusal(find(ToAuthority::Lookup { email: ann.email.clone() })), Code::NotFound);
    let located = find(ToAuthority::Locate { emails: vec![ann.email.clone()] });
    assert_eq!(located, FromAuthority::Located(vec![None]));
    let FromAuthority::Revocations(list) = find(ToAuthority::Revocations) else { panic!("no list") };
    let root = ca.issuer.root().public_key();
    let list: RevocationList = open_statement(&root, Verb::Revocations, &list).unwrap();
    let mut both = vec![ann.certificate().serial(), renewed.serial()];
    both.sort_unstable();
    assert_eq!(list.serials, both);
    let kinds: Vec<EventKind> = ca.store.events().unwrap().iter().map(|event| event.kind).collect();
    let expected = [
        EventKind::Issued,
        EventKind::Issued,
        EventKind::Renewed,
        EventKind::Revoked,
        EventKind::Revoked,
        EventKind::Removed,
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn a_removed_email_can_be_registered_again_and_the_past_stays_revoked() {
    let (_home, ca) = authority(Enrolment::Open);
    let before = Person::registered(&ca, "ann@example.org", 2);
    let mut old_connection = before.conversation();
    let nonce = begin(&ca, &mut old_connection);
    before.remove(&ca, NOW);
    // The same person with the same keys: everything of the first account stays dead.
    let after = Person::registered(&ca, "ann@example.org", 2);
    assert_ne!(before.certificate().serial(), after.certificate().serial());
    let replayed = finish(&ca, NOW, &mut old_connection, before.removal(&nonce, &HERE));
    assert_eq!(refusal(replayed), Code::Revoked);
    let old = before.ask(&ca, NOW, ToAuthority::Lookup { email: after.email.clone() });
    assert_eq!(refusal(old), Code::Revoked);
    let renewal = before.ask(&ca, NOW, ToAuthority::Renew { request: before.request() });
    assert_eq!(refusal(renewal), Code::Revoked);
    stays(&ca, &after, "replayed");
}

#[test]
fn of_two_removals_at_the_same_moment_one_is_done_and_one_refused() {
    let (_home, ca) = authority(Enrolment::Open);
    let ann = Person::registered(&ca, "ann@example.org", 2);
    let (mut first, mut second) = (ann.conversation(), ann.conversation());
    let (one, two) = (begin(&ca, &mut first), begin(&ca, &mut second));
    assert_eq!(finish(&ca, NOW, &mut first, ann.removal(&one, &HERE)), FromAuthority::Done);
    assert_eq!(refusal(finish(&ca, NOW, &mut second, ann.removal(&two, &HERE))), Code::Revoked);
}
