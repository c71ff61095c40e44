//! Recipients that lie about what they decided or received.

use airhatch_tests::{
    Agent, Ear, HostilePeer, PeerLink, World, answer_to, hear, say, sealed_begins, take_sealed,
};
use airhatch_wire::control::TransferState;
use airhatch_wire::peer::{PeerWord, Selection};
use airhatch_wire::signed::{Signed, Verb};
use airhatch_wire::{Code, TransferId};

/// Ann has offered a file to eve, who has heard it.
struct Heard {
    ann: Agent,
    eve: HostilePeer,
    id: TransferId,
    link: PeerLink,
    signed: Signed,
    _ear: Ear,
    _world: World,
}

async fn heard() -> Heard {
    let world = World::new().await;
    let ann = world.agent("ann@example.org").await;
    let eve = world.hostile("eve@example.org").await;
    let ear = eve.listen().await;
    ann.add(&eve.email).await.unwrap();
    let id = ann.offer(&eve.email, &[("a.txt", b"content")]).await;
    let (link, signed) = ear.offered().await;
    Heard { ann, eve, id, link, signed, _ear: ear, _world: world }
}

#[tokio::test]
async fn a_yes_to_another_offer_sends_nothing() {
    let mut it = heard().await;
    let mut answer = answer_to(&it.signed);
    answer.offer = [1; 32];
    say(&mut it.link, PeerWord::Accept(it.eve.sign(Verb::Accept, &answer))).await;
    assert_eq!(it.ann.failed(it.id).await.code, Code::VerificationFailed);
}

#[tokio::test]
async fn a_yes_that_somebody_else_signed_sends_nothing() {
    let mut it = heard().await;
    let other = it._world.hostile("mallory@example.org").await;
    say(&mut it.link, PeerWord::Accept(other.sign(Verb::Accept, &answer_to(&it.signed)))).await;
    assert_eq!(it.ann.failed(it.id).await.code, Code::VerificationFailed);
}

#[tokio::test]
async fn a_no_cannot_be_turned_into_a_yes() {
    let mut it = heard().await;
    let no = it.eve.sign(Verb::Deny, &answer_to(&it.signed));
    say(&mut it.link, PeerWord::Accept(no)).await;
    assert_eq!(it.ann.failed(it.id).await.code, Code::VerificationFailed);
}

#[tokio::test]
async fn a_yes_to_a_part_that_was_not_offered_sends_nothing() {
    let mut it = heard().await;
    let mut answer = answer_to(&it.signed);
    answer.items = Selection::of([1]);
    say(&mut it.link, PeerWord::Accept(it.eve.sign(Verb::Accept, &answer))).await;
    assert_eq!(it.ann.failed(it.id).await.code, Code::Invalid);
}

#[tokio::test]
async fn a_yes_that_claims_to_hold_more_than_there_is_sends_nothing() {
    let mut it = heard().await;
    let mut answer = answer_to(&it.signed);
    answer.offset = u64::MAX;
    say(&mut it.link, PeerWord::Accept(it.eve.sign(Verb::Accept, &answer))).await;
    assert_eq!(it.ann.failed(it.id).await.code, Code::Invalid);
}

#[tokio::test]
async fn a_receipt_for_other_bytes_is_not_a_delivery() {
    let mut it = heard().await;
    it.eve.accept(&mut it.link, &it.signed).await;
    sealed_begins(&mut it.link).await;
    take_sealed(&mut it.link).await;
    let Some(PeerWord::Done(_)) = hear(&mut it.link).await else { panic!("no completion") };
    let receipt = it.eve.receipt(&it.signed, b"another completion");
    say(&mut it.link, PeerWord::Receipt(receipt)).await;
    assert_eq!(it.ann.failed(it.id).await.code, Code::VerificationFailed);
}

#[tokio::test]
async fn an_honest_receipt_is_a_delivery_and_the_sealed_bytes_are_an_age_file() {
    let mut it = heard().await;
    it.eve.accept(&mut it.link, &it.signed).await;
    sealed_begins(&mut it.link).await;
    let sealed = take_sealed(&mut it.link).await;
    assert!(sealed.starts_with(b"age-encryption.org/v1\n-> mlkem768x25519 "));
    assert_eq!(*airhatch_seal::unseal_small(&it.eve.sealing, &sealed, 100).unwrap(), *b"content");
    let Some(PeerWord::Done(done)) = hear(&mut it.link).await else { panic!("no completion") };
    let receipt = it.eve.receipt(&it.signed, &done.body);
    say(&mut it.link, PeerWord::Receipt(receipt)).await;
    it.ann.delivered(it.id).await;
}

#[tokio::test]
async fn a_receipt_for_bytes_that_were_never_sent_is_not_a_delivery() {
    let mut it = heard().await;
    let receipt = it.eve.receipt(&it.signed, b"never sent");
    say(&mut it.link, PeerWord::Receipt(receipt)).await;
    assert_eq!(it.ann.failed(it.id).await.code, Code::VerificationFailed);
}

#[tokio::test]
async fn a_recipients_words_are_kept_escaped_and_within_bounds() {
    let mut it = heard().await;
    let mut answer = answer_to(&it.signed);
    answer.reason = "no\u{1b}]0;pwned\u{7}\u{202e}".into();
    say(&mut it.link, PeerWord::Deny(it.eve.sign(Verb::Deny, &answer))).await;
    let ended = it.ann.until(it.id, "the denial", TransferState::is_over).await;
    let TransferState::Denied { reason } = ended.state else { panic!("{ended:?}") };
    assert_eq!(reason.shown(), "no\\u{1b}]0;pwned\\u{7}\\u{202e}");
}
