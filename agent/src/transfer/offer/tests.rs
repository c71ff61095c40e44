//! Every lie that a statement about a transfer can tell, each told alone.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use airhatch_wire::Blob;
use airhatch_wire::peer::ItemKind;

use airhatch_wire::Run;

use super::*;

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);
const DAY: u64 = 24 * 3_600_000;

fn key(byte: u8) -> IdentityKey {
    IdentityKey::from_seed(&[byte; 32]).unwrap()
}

fn email(text: &str) -> Email {
    text.parse().unwrap()
}

fn ann() -> Author {
    Author { email: email("ann@x.org"), key: key(1).public() }
}

fn bob() -> Author {
    Author { email: email("bob@x.org"), key: key(2).public() }
}

fn items() -> Vec<Item> {
    let item = |name: &str, size| Item {
        path: vec![Untrusted::from(name)],
        kind: ItemKind::File,
        size,
        executable: false,
        modified: NOW,
    };
    vec![item("a.txt", 3), item("b.txt", 4)]
}

/// What Ann honestly offers to Bob.
fn drafted() -> Draft {
    let plan = Plan {
        from: email("ann@x.org"),
        to: email("bob@x.org"),
        stage: StageId([0; 16]),
        note: "hello".to_owned(),
        created: NOW,
        expires: NOW.plus(DAY),
    };
    draft(&key(1), plan, items()).unwrap()
}

fn judged(offer: &Offer) -> Result<Offer, Failure> {
    let signed = seal_statement(&key(1), Verb::Offer, offer).unwrap();
    judge(&signed, &ann(), &email("bob@x.org"), NOW)
}

#[test]
fn an_honest_offer_is_taken_as_it_was_made() {
    let draft = drafted();
    let offer = judge(&draft.signed, &ann(), &email("bob@x.org"), NOW).unwrap();
    assert_eq!(offer, draft.offer);
    judge_table(&offer, &draft.items).unwrap();
}

#[test]
fn an_offer_that_lies_in_one_way_is_refused_for_that() {
    let honest = drafted().offer;
    let lies: [(&str, Offer, Code); 9] = [
        ("another sender", Offer { from: email("eve@x.org"), ..honest.clone() }, Code::VerificationFailed),
        ("another recipient", Offer { to: email("eve@x.org"), ..honest.clone() }, Code::VerificationFailed),
        (
            "made tomorrow",
            Offer { created: NOW.plus(DAY), expires: NOW.plus(2 * DAY), ..honest.clone() },
            Code::Invalid,
        ),
        (
            "over already",
            Offer { created: UnixMillis(NOW.0 - DAY), expires: NOW, ..honest.clone() },
            Code::Expired,
        ),
        ("for ever", Offer { expires: UnixMillis(u64::MAX), ..honest.clone() }, Code::Invalid),
        (
            "over before it began",
            Offer { created: NOW.plus(5000), expires: NOW.plus(4000), ..honest.clone() },
            Code::Invalid,
        ),
        (
            "a long note",
            Offer { note: Untrusted::new("x".repeat(NOTE_LIMIT + 1)), ..honest.clone() },
            Code::TooLarge,
        ),
        ("nothing", Offer { items: 0, ..honest.clone() }, Code::TooLarge),
        ("too much", Offer { items: ITEMS_LIMIT + 1, ..honest.clone() }, Code::TooLarge),
    ];
    for (lie, offer, code) in lies {
        assert_eq!(judged(&offer).unwrap_err().code, code, "{lie}");
    }
    judged(&honest).unwrap();
}

#[test]
fn a_clock_that_is_a_little_ahead_is_no_lie() {
    let offer = Offer { created: NOW.plus(SKEW), ..drafted().offer };
    judged(&offer).unwrap();
}

#[test]
fn an_offer_is_worth_its_signature() {
    let signed = drafted().signed;
    let bob_says = email("bob@x.org");
    assert_eq!(judge(&signed, &bob(), &bob_says, NOW).unwrap_err().code, Code::VerificationFailed);
    let mut bent = signed.clone();
    let last = bent.body.len() - 1;
    *bent.body.get_mut(last).unwrap() ^= 1;
    assert_eq!(judge(&bent, &ann(), &bob_says, NOW).unwrap_err().code, Code::VerificationFailed);
    let as_deny = seal_statement(&key(1), Verb::Deny, &drafted().offer).unwrap();
    assert_eq!(judge(&as_deny, &ann(), &bob_says, NOW).unwrap_err().code, Code::VerificationFailed);
}

#[test]
fn another_table_than_the_signed_one_is_refused() {
    let draft = drafted();
    let mut renamed = items();
    renamed.first_mut().unwrap().path = vec![Untrusted::from("c.txt")];
    let swapped: Vec<Item> = items().into_iter().rev().collect();
    for table in [renamed, swapped, items().into_iter().take(1).collect()] {
        assert_eq!(judge_table(&draft.offer, &table).unwrap_err().code, Code::VerificationFailed);
    }
}

#[test]
fn a_signed_table_with_a_name_that_escapes_is_refused_all_the_same() {
    for name in ["../x", "..", "a/b", "\u{202e}gpj.exe", "a\u{1b}[2J", ""] {
        let mut table = items();
        table.first_mut().unwrap().path = vec![Untrusted::from(name)];
        let offer = Offer { table: table::digest(&table).unwrap(), ..drafted().offer };
        assert_eq!(judge_table(&offer, &table).unwrap_err().code, Code::BadName, "{name:?}");
    }
}

#[test]
fn a_decision_counts_for_its_offer_and_its_verb_only() {
    let Draft { offer, signed, .. } = drafted();
    let id = offer.transfer;
    let yes = accept(&key(2), &signed, id, Selection::All, offer.total).unwrap();
    judge_answer(&yes, Verb::Accept, &bob(), &signed, id, &items()).unwrap();
    let refused = |outcome: Result<Answer, Failure>| outcome.unwrap_err().code;
    assert_eq!(
        refused(judge_answer(&yes, Verb::Deny, &bob(), &signed, id, &items())),
        Code::VerificationFailed
    );
    assert_eq!(
        refused(judge_answer(&yes, Verb::Accept, &ann(), &signed, id, &items())),
        Code::VerificationFailed
    );
    let other = Signed { body: Blob::from(b"another offer".to_vec()), ..signed.clone() };
    assert_eq!(
        refused(judge_answer(&yes, Verb::Accept, &bob(), &other, id, &items())),
        Code::VerificationFailed
    );
    let other = TransferId([9; 16]);
    assert_eq!(
        refused(judge_answer(&yes, Verb::Accept, &bob(), &signed, other, &items())),
        Code::VerificationFailed
    );
}

#[test]
fn a_recipient_cannot_have_more_than_there_is() {
    let Draft { offer, signed, .. } = drafted();
    for offset in [offer.total + 1, u64::MAX] {
        let yes = accept(&key(2), &signed, offer.transfer, Selection::All, offset).unwrap();
        let judged = judge_answer(&yes, Verb::Accept, &bob(), &signed, offer.transfer, &items());
        assert_eq!(judged.unwrap_err().code, Code::Invalid);
    }
}

#[test]
fn a_completion_binds_the_offer_and_every_hash() {
    let Draft { offer, signed, .. } = drafted();
    let hashes = [ItemHash { length: 3, blake3: [1; 32] }, ItemHash { length: 4, blake3: [2; 32] }];
    let done = completion(&key(1), &signed, offer.transfer, &hashes).unwrap();
    let read = judge_completion(&done, &ann(), &signed, &offer, &Selection::All).unwrap();
    judge_hashes(&read, &hashes).unwrap();
    let [first, second] = hashes;
    for other in [vec![second, first], vec![first], vec![first, second, second]] {
        assert_eq!(judge_hashes(&read, &other).unwrap_err().code, Code::VerificationFailed);
    }
    assert!(judge_completion(&done, &bob(), &signed, &offer, &Selection::All).is_err());
    let fewer = completion(&key(1), &signed, offer.transfer, &hashes[..1]).unwrap();
    assert!(judge_completion(&fewer, &ann(), &signed, &offer, &Selection::All).is_err());
    judge_completion(&fewer, &ann(), &signed, &offer, &Selection::of([1])).unwrap();
}

#[test]
fn a_receipt_is_for_this_completion_of_this_part_of_this_offer() {
    let Draft { offer, signed, .. } = drafted();
    let (id, part, all) = (offer.transfer, Selection::of([1]), Selection::All);
    let done = completion(&key(1), &signed, id, &[]).unwrap();
    let made = |completion, items: &Selection| {
        receipt(&key(2), id, &signed, completion, items.clone(), NOW).unwrap()
    };
    let good = made(sha256(&done.body), &all);
    assert_eq!(judge_receipt(&good, &bob(), &signed, id, &done, &all).unwrap(), NOW);
    assert_eq!(receipted_items(&good, &bob(), &items()).unwrap(), all);
    assert!(judge_receipt(&good, &ann(), &signed, id, &done, &all).is_err());
    assert!(judge_receipt(&good, &bob(), &signed, id, &done, &part).is_err());
    assert!(judge_receipt(&made([0; 32], &all), &bob(), &signed, id, &done, &all).is_err());
    assert!(judge_receipt(&good, &bob(), &signed, TransferId([3; 16]), &done, &all).is_err());
    let of_part = made(sha256(&done.body), &part);
    assert_eq!(receipted_items(&of_part, &bob(), &items()).unwrap(), part);
    let nothing = made(sha256(&done.body), &Selection::of([7]));
    assert_eq!(receipted_items(&nothing, &bob(), &items()).unwrap_err().code, Code::Invalid);
}

#[test]
fn a_part_that_the_offer_does_not_have_is_never_sent() {
    let Draft { offer, signed, .. } = drafted();
    let run = |first, count| Run { first, count };
    for runs in [
        vec![],
        vec![run(2, 1)],
        vec![run(0, 3)],
        vec![run(u32::MAX, 2)],
        vec![run(0, 0)],
        vec![run(1, 1), run(0, 1)],
        vec![run(0, 1), run(0, 1)],
        vec![run(0, 1), run(1, 1)],
    ] {
        let wanted = Selection::Only(runs.clone());
        let yes = accept(&key(2), &signed, offer.transfer, wanted, 0).unwrap();
        let judged = judge_answer(&yes, Verb::Accept, &bob(), &signed, offer.transfer, &items());
        assert_eq!(judged.unwrap_err().code, Code::Invalid, "{runs:?}");
    }
    let second = items().get(1).unwrap().size;
    for (offset, fits) in [(0, true), (second, true), (second + 1, false)] {
        let yes = accept(&key(2), &signed, offer.transfer, Selection::of([1]), offset).unwrap();
        let judged = judge_answer(&yes, Verb::Accept, &bob(), &signed, offer.transfer, &items());
        assert_eq!(judged.is_ok(), fits, "the part from {offset} on");
    }
}

#[test]
fn no_bit_of_a_signed_offer_can_change_unnoticed() {
    let signed = drafted().signed;
    let lengths = [signed.body.len(), signed.signature.0.len()];
    for (part, length) in lengths.into_iter().enumerate() {
        for bit in 0..length * 8 {
            let mut bent = signed.clone();
            let mut body = bent.body.to_vec();
            let bytes = if part == 0 { body.as_mut_slice() } else { bent.signature.0.as_mut_slice() };
            if let Some(byte) = bytes.get_mut(bit / 8) {
                *byte ^= 1 << (bit % 8);
            }
            bent.body = Blob::from(body);
            let failure = judge(&bent, &ann(), &email("bob@x.org"), NOW).unwrap_err();
            assert_eq!(failure.code, Code::VerificationFailed, "part {part}, bit {bit}");
        }
    }
}
