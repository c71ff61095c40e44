//! Who gets an email, and who does not.

use airhatch_trust::{IdentityKey, certificate_request, profile};
use airhatch_wire::authority::{Enrolment, FromAuthority, ToAuthority};
use airhatch_wire::{Blob, Code};
use openssl::hash::MessageDigest;
use openssl::stack::Stack;
use openssl::x509::X509Req;
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};

use crate::harness::*;

#[test]
fn whoever_proves_both_keys_gets_the_email() {
    let (_home, ca) = authority(Enrolment::Open);
    let ann = Person::registered(&ca, "ann@example.org", 2);
    let certificate = ann.certificate();
    certificate.verify(ca.issuer.root(), NOW).unwrap();
    assert_eq!(certificate.email(), &ann.email);
    assert_eq!(certificate.identity(), ann.key.public());
    assert_eq!(certificate.seal_key().to_vec(), ann.seal.recipient().to_bytes());
}

#[test]
fn info_says_who_this_is_and_what_it_asks() {
    for enrolment in [Enrolment::Open, Enrolment::Invite] {
        let (_home, ca) = authority(enrolment);
        let expected = FromAuthority::Info {
            certificate: Blob::from(ca.issuer.root().der().to_vec()),
            enrolment,
            now: NOW,
        };
        assert_eq!(ca.handle(NOW, &mut stranger(), ToAuthority::Info), expected);
    }
}

#[test]
fn a_nonce_that_was_not_opened_is_refused_and_spent() {
    let (_home, ca) = authority(Enrolment::Open);
    let ann = Person::new("ann@example.org", 2);
    let opened = |bend: fn(&mut Vec<u8>)| {
        let mut conversation = stranger();
        let right = ann.open(ca.handle(NOW, &mut conversation, ann.begin()));
        let mut wrong = right.to_vec();
        bend(&mut wrong);
        let refused = refusal(ca.handle(NOW, &mut conversation, ann.finish(Blob::from(wrong), None)));
        let again = refusal(ca.handle(NOW, &mut conversation, ann.finish(right, None)));
        (refused, again)
    };
    let bends: [fn(&mut Vec<u8>); 5] =
        [|n| n.clear(), |n| n.truncate(31), |n| n.push(0), |n| n.reverse(), |n| *n = vec![0; 32]];
    for bend in bends {
        assert_eq!(opened(bend), (Code::VerificationFailed, Code::Invalid));
    }
    assert!(ca.store.account(&ann.email).unwrap().is_none());
}

#[test]
fn a_nonce_serves_once_for_a_minute_on_its_own_connection() {
    let (_home, ca) = authority(Enrolment::Open);
    let (ann, bob) = (Person::new("ann@example.org", 2), Person::new("bob@example.org", 3));
    let mut conversation = stranger();

    let finish = ann.finish(Blob::from(vec![0; 32]), None);
    assert_eq!(refusal(ca.handle(NOW, &mut conversation, finish)), Code::Invalid, "never begun");

    let nonce = ann.open(ca.handle(NOW, &mut conversation, ann.begin()));
    let elsewhere = ca.handle(NOW, &mut stranger(), ann.finish(nonce.clone(), None));
    assert_eq!(refusal(elsewhere), Code::Invalid, "another connection");

    let newer = ann.open(ca.handle(NOW, &mut conversation, ann.begin()));
    assert_ne!(nonce, newer);
    let older = ca.handle(NOW, &mut conversation, ann.finish(nonce, None));
    assert_eq!(refusal(older), Code::VerificationFailed, "replaced by a newer one");

    for (moment, what) in
        [(NOW.plus(MINUTE + 1), "late"), (airhatch_wire::UnixMillis(NOW.0 - 1), "clock set back")]
    {
        let nonce = ann.open(ca.handle(NOW, &mut conversation, ann.begin()));
        assert_eq!(
            refusal(ca.handle(moment, &mut conversation, ann.finish(nonce, None))),
            Code::Expired,
            "{what}"
        );
    }

    let nonce = ann.open(ca.handle(NOW, &mut conversation, ann.begin()));
    certificate(ca.handle(NOW.plus(MINUTE), &mut conversation, ann.finish(nonce.clone(), None)));
    assert_eq!(refusal(ca.handle(NOW, &mut conversation, bob.finish(nonce, None))), Code::Invalid, "used");
}

#[test]
fn a_sealing_key_that_is_none_is_refused() {
    let (_home, ca) = authority(Enrolment::Open);
    for recipient in [vec![], vec![1; 32], vec![0xff; profile::SEAL_KEY_BYTES], vec![1; 1217]] {
        let begin = ToAuthority::RegisterBegin { email: email("ann@b"), recipient: Blob::from(recipient) };
        assert_eq!(refusal(ca.handle(NOW, &mut stranger(), begin)), Code::Invalid);
    }
}

#[test]
fn a_certificate_request_that_proves_nothing_is_refused() {
    let (_home, ca) = authority(Enrolment::Open);
    let ann = Person::new("ann@example.org", 2);
    let good = ann.request();
    let mut bent = good.clone();
    *bent.last_mut().unwrap() ^= 1;
    for request in [Blob::new(), Blob::from(b"garbage".to_vec()), bent] {
        let mut conversation = stranger();
        let nonce = ann.open(ca.handle(NOW, &mut conversation, ann.begin()));
        let finish = ToAuthority::RegisterFinish { nonce, request, code: None };
        assert_eq!(refusal(ca.handle(NOW, &mut conversation, finish)), Code::VerificationFailed);
    }
    assert!(ca.store.account(&ann.email).unwrap().is_none());
}

#[test]
fn nothing_that_a_request_claims_is_copied() {
    let (_home, ca) = authority(Enrolment::Open);
    let ann = Person::new("ann@example.org", 2);
    let mut request = X509Req::builder().unwrap();
    request.set_subject_name(&profile::name("root@example.org").unwrap()).unwrap();
    request.set_pubkey(ann.key.openssl()).unwrap();
    let mut claims = Stack::new().unwrap();
    claims.push(BasicConstraints::new().critical().ca().build().unwrap()).unwrap();
    let mut names = SubjectAlternativeName::new();
    names.email("root@example.org").dns(profile::AUTHORITY_NAME);
    claims.push(names.build(&request.x509v3_context(None)).unwrap()).unwrap();
    request.add_extensions(&claims).unwrap();
    request.sign(ann.key.openssl(), MessageDigest::null()).unwrap();

    let mut conversation = stranger();
    let nonce = ann.open(ca.handle(NOW, &mut conversation, ann.begin()));
    let request = Blob::from(request.build().to_der().unwrap());
    let finish = ToAuthority::RegisterFinish { nonce, request, code: None };
    // The parser takes nothing that is not exactly the profile of an account.
    assert_eq!(certificate(ca.handle(NOW, &mut conversation, finish)).email(), &ann.email);
}

#[test]
fn a_taken_email_is_refused_at_once_and_at_the_end() {
    let (_home, ca) = authority(Enrolment::Open);
    let mut ann = Person::new("ann@example.org", 2);
    let eve = Person::new("ann@example.org", 3);
    let mut late = stranger();
    let nonce = eve.open(ca.handle(NOW, &mut late, eve.begin()));
    ann.register(&ca, NOW);
    assert_eq!(refusal(ca.handle(NOW, &mut stranger(), eve.begin())), Code::Conflict);
    assert_eq!(refusal(ca.handle(NOW, &mut late, eve.finish(nonce, None))), Code::Conflict);
    let found = ann.ask(&ca, NOW, ToAuthority::Lookup { email: ann.email.clone() });
    assert_eq!(certificate(found), *ann.certificate());
}

/// Registers with a code; the answer.
fn with_code(ca: &crate::authority::Authority, person: &Person, code: Option<String>) -> FromAuthority {
    let mut conversation = stranger();
    match ca.handle(NOW, &mut conversation, person.begin()) {
        sealed @ FromAuthority::Sealed(_) => {
            let nonce = person.open(sealed);
            ca.handle(NOW, &mut conversation, person.finish(nonce, code))
        }
        refused => refused,
    }
}

#[test]
fn a_ca_that_invites_takes_a_code_once_and_for_its_email_only() {
    let (_home, ca) = authority(Enrolment::Invite);
    let (ann, bob) = (Person::new("ann@example.org", 2), Person::new("bob@example.org", 3));
    let code = |person: &Person| ca.invitations.make(&person.email, NOW).unwrap();
    let for_ann = code(&ann);
    let old = ca.invitations.make(&ann.email, airhatch_wire::UnixMillis(NOW.0 - 8 * DAY)).unwrap();
    for (what, given) in [
        ("none", None),
        ("empty", Some(String::new())),
        ("invented", Some("0".repeat(40))),
        ("another's", Some(code(&bob))),
        ("expired", Some(old)),
    ] {
        assert_eq!(refusal(with_code(&ca, &ann, given)), Code::AuthorityRefused, "{what}");
    }
    let mut ann = ann;
    ann.certificate = Some(certificate(with_code(&ca, &ann, Some(for_ann.clone()))));
    ann.remove(&ca, NOW);
    assert_eq!(refusal(with_code(&ca, &ann, Some(for_ann))), Code::AuthorityRefused, "used");
    certificate(with_code(&ca, &ann, Some(code(&ann))));
}

#[test]
fn a_code_is_not_used_up_by_a_registration_that_failed() {
    let (_home, ca) = authority(Enrolment::Invite);
    let ann = Person::new("ann@example.org", 2);
    let code = ca.invitations.make(&ann.email, NOW).unwrap();
    let mut conversation = stranger();
    ca.handle(NOW, &mut conversation, ann.begin());
    let wrong = ca.handle(NOW, &mut conversation, ann.finish(Blob::from(vec![0; 32]), Some(code.clone())));
    assert_eq!(refusal(wrong), Code::VerificationFailed);
    certificate(with_code(&ca, &ann, Some(code)));
}

#[test]
fn registering_needs_the_key_of_the_request_alone() {
    // The account's key is the one that signed the request, whatever email the request names.
    let (_home, ca) = authority(Enrolment::Open);
    let ann = Person::new("ann@example.org", 2);
    let key = IdentityKey::from_seed(&[9; 32]).unwrap();
    let mut conversation = stranger();
    let nonce = ann.open(ca.handle(NOW, &mut conversation, ann.begin()));
    let request = Blob::from(certificate_request(&key, &email("bob@example.org")).unwrap());
    let finish = ToAuthority::RegisterFinish { nonce, request, code: None };
    let issued = certificate(ca.handle(NOW, &mut conversation, finish));
    assert_eq!((issued.email(), issued.identity()), (&ann.email, key.public()));
}

#[test]
fn registering_again_with_the_same_keys_gives_the_same_certificate() {
    let (_home, ca) = authority(Enrolment::Invite);
    let mut ann = Person::new("ann@example.org", 2);
    let code = ca.invitations.make(&ann.email, NOW).unwrap();
    let first = certificate(with_code(&ca, &ann, Some(code)));
    let again = certificate(with_code(&ca, &ann, None));
    assert_eq!(first, again);
    // Another identity key with the same sealing key is somebody else.
    ann.key = IdentityKey::from_seed(&[77; 32]).unwrap();
    let code = ca.invitations.make(&ann.email, NOW).unwrap();
    assert_eq!(refusal(with_code(&ca, &ann, Some(code))), Code::Conflict);
}
