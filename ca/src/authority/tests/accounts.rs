//! What accounts may do, with which certificate.

use airhatch_trust::{AccountCertificate, IdentityKey, certificate_request, open_statement, seal_statement};
use airhatch_wire::authority::{
    ADDRESSES_LIMIT, Announcement, Enrolment, FromAuthority, LOCATE_LIMIT, RevocationList, ToAuthority,
};
use airhatch_wire::signed::{Signature, Signed, Verb};
use airhatch_wire::{Address, Blob, Code, UnixMillis};

use crate::authority::{Authority, Conversation};
use crate::harness::*;
use crate::store::CERTIFICATES_LIMIT;

fn lookup(name: &str) -> ToAuthority {
    ToAuthority::Lookup { email: email(name) }
}

fn renewal(person: &Person) -> ToAuthority {
    ToAuthority::Renew { request: person.request() }
}

/// One of everything that needs an account.
fn for_accounts(person: &Person) -> Vec<ToAuthority> {
    vec![
        lookup("ann@example.org"),
        ToAuthority::Locate { emails: vec![] },
        ToAuthority::Announce(announcement(person, |_| ())),
        ToAuthority::Withdraw,
        ToAuthority::RemoveBegin,
        ToAuthority::RemoveFinish { signature: Signature([0; 64]) },
        ToAuthority::Revocations,
        renewal(person),
    ]
}

fn announcement(person: &Person, bend: impl FnOnce(&mut Announcement)) -> Signed {
    let mut said = Announcement {
        email: person.email.clone(),
        addresses: vec!["127.0.0.1:7401".parse().unwrap()],
        issued: NOW,
        expires: NOW.plus(60 * MINUTE),
    };
    bend(&mut said);
    seal_statement(&person.key, Verb::Announce, &said).unwrap()
}

fn located(ca: &Authority, person: &Person, now: UnixMillis, names: &[&str]) -> Vec<Option<Signed>> {
    let emails = names.iter().map(|name| email(name)).collect();
    match person.ask(ca, now, ToAuthority::Locate { emails }) {
        FromAuthority::Located(found) => found,
        other => panic!("{other:?}"),
    }
}

#[test]
fn strangers_get_nothing_but_info_and_registration() {
    let (_home, ca) = authority(Enrolment::Open);
    let ann = Person::registered(&ca, "ann@example.org", 2);
    for request in for_accounts(&ann) {
        let answer = ca.handle(NOW, &mut stranger(), request.clone());
        assert_eq!(refusal(answer), Code::NotPermitted, "{request:?}");
    }
}

#[test]
fn an_expired_certificate_is_good_for_renewal_only() {
    let (_home, ca) = authority(Enrolment::Open);
    let ann = Person::registered(&ca, "ann@example.org", 2);
    let late = NOW.plus(40 * DAY);
    for request in for_accounts(&ann) {
        let answer = ann.ask(&ca, late, request.clone());
        if matches!(request, ToAuthority::Renew { .. }) {
            certificate(answer).verify(ca.issuer.root(), late).unwrap();
        } else {
            assert_eq!(refusal(answer), Code::CertificateExpired, "{request:?}");
        }
    }
}

#[test]
fn a_certificate_that_expires_while_connected_is_refused_from_then_on() {
    let (_home, ca) = authority(Enrolment::Open);
    let ann = Person::registered(&ca, "ann@example.org", 2);
    let mut conversation = ann.conversation();
    let end = ann.certificate().not_after();
    certificate(ca.handle(end, &mut conversation, lookup("ann@example.org")));
    let after = ca.handle(end.plus(1), &mut conversation, lookup("ann@example.org"));
    assert_eq!(refusal(after), Code::CertificateExpired);
}

#[test]
fn a_revoked_certificate_is_good_for_nothing_even_on_an_open_connection() {
    let (_home, ca) = authority(Enrolment::Open);
    let ann = Person::registered(&ca, "ann@example.org", 2);
    let mut open = ann.conversation();
    certificate(ca.handle(NOW, &mut open, lookup("ann@example.org")));
    ann.remove(&ca, NOW);
    for now in [NOW, NOW.plus(40 * DAY)] {
        for request in for_accounts(&ann) {
            let expected = match request {
                ToAuthority::Renew { .. } => Code::Revoked,
                _ if now > NOW => Code::CertificateExpired,
                _ => Code::Revoked,
            };
            assert_eq!(refusal(ca.handle(now, &mut open, request.clone())), expected, "{request:?}");
        }
    }
}

#[test]
fn a_genuine_certificate_that_is_on_no_record_is_refused() {
    // As after a restore from an old backup, or issued to the loser of a race.
    let (_home, ca) = authority(Enrolment::Open);
    let ann = Person::registered(&ca, "ann@example.org", 2);
    let unknown = |name: &str| {
        let issued = ca.issuer.account(&email(name), &ann.key.public(), ann.certificate().seal_key(), NOW);
        let certificate = AccountCertificate::parse(&issued.unwrap().der).unwrap();
        ca.handle(NOW, &mut Conversation::new(Some(certificate), [7; 32]), lookup("ann@example.org"))
    };
    assert_eq!(refusal(unknown("ann@example.org")), Code::NotPermitted);
    assert_eq!(refusal(unknown("bob@example.org")), Code::NotPermitted);
}

#[test]
fn a_certificate_of_another_ca_is_refused() {
    let (_home, ca) = authority(Enrolment::Open);
    let (_other_home, _) = authority(Enrolment::Open);
    let other_key = IdentityKey::from_seed(&[66; 32]).unwrap();
    let other_root = crate::issue::Issuer::found(&other_key, "Test CA", NOW).unwrap();
    let other = crate::issue::Issuer::new(other_key, other_root).unwrap();
    let ann = Person::registered(&ca, "ann@example.org", 2);
    let issued = other.account(&ann.email, &ann.key.public(), ann.certificate().seal_key(), NOW).unwrap();
    let foreign = AccountCertificate::parse(&issued.der).unwrap();
    let answer = ca.handle(NOW, &mut Conversation::new(Some(foreign), [7; 32]), lookup("ann@example.org"));
    assert_eq!(refusal(answer), Code::VerificationFailed);
}

#[test]
fn an_unknown_email_is_not_found() {
    let (_home, ca) = authority(Enrolment::Open);
    let ann = Person::registered(&ca, "ann@example.org", 2);
    assert_eq!(refusal(ann.ask(&ca, NOW, lookup("nobody@example.org"))), Code::NotFound);
}

#[test]
fn an_announcement_is_found_until_it_expires_or_is_taken_back() {
    let (_home, ca) = authority(Enrolment::Open);
    let ann = Person::registered(&ca, "ann@example.org", 2);
    let bob = Person::registered(&ca, "bob@example.org", 3);
    let names = ["bob@example.org", "ann@example.org", "nobody@example.org"];
    assert_eq!(located(&ca, &bob, NOW, &names), [None, None, None]);

    let signed = announcement(&ann, |_| ());
    assert_eq!(ann.ask(&ca, NOW, ToAuthority::Announce(signed.clone())), FromAuthority::Done);
    assert_eq!(located(&ca, &bob, NOW, &names), [None, Some(signed.clone()), None]);
    assert_eq!(located(&ca, &bob, NOW.plus(60 * MINUTE - 1), &names), [None, Some(signed), None]);
    assert_eq!(located(&ca, &bob, NOW.plus(60 * MINUTE), &names), [None, None, None]);

    assert_eq!(ann.ask(&ca, NOW, ToAuthority::Withdraw), FromAuthority::Done);
    assert_eq!(located(&ca, &bob, NOW, &names), [None, None, None]);
    assert_eq!(ann.ask(&ca, NOW, ToAuthority::Withdraw), FromAuthority::Done);
}

#[test]
fn an_older_announcement_never_replaces_a_newer_one() {
    let (_home, ca) = authority(Enrolment::Open);
    let ann = Person::registered(&ca, "ann@example.org", 2);
    let at = |offset: u64| announcement(&ann, |said| said.issued = NOW.plus(offset));
    assert_eq!(ann.ask(&ca, NOW, ToAuthority::Announce(at(10))), FromAuthority::Done);
    for offset in [9, 10] {
        assert_eq!(refusal(ann.ask(&ca, NOW, ToAuthority::Announce(at(offset)))), Code::Conflict);
    }
    assert_eq!(located(&ca, &ann, NOW, &["ann@example.org"]), [Some(at(10))]);
    assert_eq!(ann.ask(&ca, NOW, ToAuthority::Announce(at(11))), FromAuthority::Done);
    assert_eq!(located(&ca, &ann, NOW, &["ann@example.org"]), [Some(at(11))]);
}

#[test]
fn announcements_that_are_wrong_in_one_way_are_refused() {
    let (_home, ca) = authority(Enrolment::Open);
    let ann = Person::registered(&ca, "ann@example.org", 2);
    let bob = Person::registered(&ca, "bob@example.org", 3);
    let address: Address = "127.0.0.1:1".parse().unwrap();
    let by_bob = Person { email: ann.email.clone(), ..Person::new("bob@example.org", 3) };
    let mut bent = announcement(&ann, |_| ());
    bent.body.push(0);
    let other_verb = Signed {
        signature: ann.key.sign(Verb::Offer, &announcement(&ann, |_| ()).body).unwrap(),
        ..announcement(&ann, |_| ())
    };
    let nonsense = seal_statement(&ann.key, Verb::Announce, &7_u8).unwrap();
    for (what, signed, code) in [
        ("signed by another", announcement(&by_bob, |_| ()), Code::VerificationFailed),
        ("changed after signing", bent, Code::VerificationFailed),
        ("signed for another purpose", other_verb, Code::VerificationFailed),
        ("no announcement", nonsense, Code::VerificationFailed),
        ("of another account", announcement(&ann, |said| said.email = bob.email.clone()), Code::NotPermitted),
        ("without addresses", announcement(&ann, |said| said.addresses.clear()), Code::TooLarge),
        (
            "with too many addresses",
            announcement(&ann, |said| said.addresses = vec![address; ADDRESSES_LIMIT + 1]),
            Code::TooLarge,
        ),
        ("from the future", announcement(&ann, |said| said.issued = NOW.plus(10 * MINUTE)), Code::Invalid),
        ("expired", announcement(&ann, |said| said.expires = NOW), Code::Expired),
        ("for too long", announcement(&ann, |said| said.expires = NOW.plus(DAY + 1)), Code::Invalid),
    ] {
        assert_eq!(refusal(ann.ask(&ca, NOW, ToAuthority::Announce(signed))), code, "{what}");
    }
    assert_eq!(located(&ca, &ann, NOW, &["ann@example.org", "bob@example.org"]), [None, None]);
    let most = announcement(&ann, |said| said.expires = NOW.plus(DAY));
    assert_eq!(ann.ask(&ca, NOW, ToAuthority::Announce(most)), FromAuthority::Done);
}

#[test]
fn too_many_emails_at_once_are_refused() {
    let (_home, ca) = authority(Enrolment::Open);
    let ann = Person::registered(&ca, "ann@example.org", 2);
    let ask = |count| ann.ask(&ca, NOW, ToAuthority::Locate { emails: vec![email("ann@b"); count] });
    assert_eq!(ask(LOCATE_LIMIT), FromAuthority::Located(vec![None; LOCATE_LIMIT]));
    assert_eq!(refusal(ask(LOCATE_LIMIT + 1)), Code::TooLarge);
}

#[test]
fn a_renewal_keeps_account_and_keys_and_the_old_certificate_holds_on() {
    let (_home, ca) = authority(Enrolment::Open);
    let mut ann = Person::registered(&ca, "ann@example.org", 2);
    let old = ann.certificate().clone();
    let later = NOW.plus(20 * DAY);
    let new = certificate(ann.ask(&ca, later, renewal(&ann)));
    assert_eq!((new.email(), new.identity(), new.seal_key()), (old.email(), old.identity(), old.seal_key()));
    assert_ne!(new.serial(), old.serial());
    assert_eq!(new.not_after(), later.plus(30 * DAY));
    assert_eq!(certificate(ann.ask(&ca, later, lookup("ann@example.org"))), new);
    ann.certificate = Some(new.clone());
    assert_eq!(certificate(ann.ask(&ca, NOW.plus(40 * DAY), lookup("ann@example.org"))), new);
}

#[test]
fn a_renewal_for_another_key_is_refused() {
    let (_home, ca) = authority(Enrolment::Open);
    let ann = Person::registered(&ca, "ann@example.org", 2);
    let other = IdentityKey::from_seed(&[9; 32]).unwrap();
    let foreign = Blob::from(certificate_request(&other, &ann.email).unwrap());
    for (request, code) in
        [(foreign, Code::NotPermitted), (Blob::from(b"garbage".to_vec()), Code::VerificationFailed)]
    {
        assert_eq!(refusal(ann.ask(&ca, NOW, ToAuthority::Renew { request })), code);
    }
    assert_eq!(certificate(ann.ask(&ca, NOW, lookup("ann@example.org"))), *ann.certificate());
}

#[test]
fn an_account_cannot_pile_up_certificates() {
    let (_home, ca) = authority(Enrolment::Open);
    let ann = Person::registered(&ca, "ann@example.org", 2);
    for _ in 1..CERTIFICATES_LIMIT {
        certificate(ann.ask(&ca, NOW, renewal(&ann)));
    }
    assert_eq!(refusal(ann.ask(&ca, NOW, renewal(&ann))), Code::TryAgain);
    certificate(ann.ask(&ca, NOW.plus(31 * DAY), renewal(&ann)));
}

#[test]
fn the_revocation_list_is_signed_and_its_number_grows() {
    let (_home, ca) = authority(Enrolment::Open);
    let bob = Person::registered(&ca, "bob@example.org", 3);
    let list = || match bob.ask(&ca, NOW, ToAuthority::Revocations) {
        FromAuthority::Revocations(signed) => {
            let root = ca.issuer.root().public_key();
            open_statement::<RevocationList>(&root, Verb::Revocations, &signed).unwrap()
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(list(), RevocationList { number: 0, issued: NOW, serials: vec![] });
    let mut expected = Vec::new();
    for seed in [4, 5, 6] {
        let person = Person::registered(&ca, "ann@example.org", seed);
        expected.push(person.certificate().serial());
        person.remove(&ca, NOW);
        expected.sort_unstable();
        let number = u64::try_from(expected.len()).unwrap();
        assert_eq!(list(), RevocationList { number, issued: NOW, serials: expected.clone() });
    }
}
