//! Sealed bytes that are not what was offered and accepted.

use airhatch_seal::{Identity, SealWriter};
use airhatch_tests::{Agent, Bent, HostilePeer, PeerLink, World, hear, refusal, say};
use airhatch_wire::peer::PeerWord;
use airhatch_wire::signed::{Signed, Verb};
use airhatch_wire::{Code, Failure};
use std::io::Write;

const CONTENT: &[u8] = b"what was offered";

/// An offer of [`CONTENT`] that ann has accepted.
struct Accepted {
    ann: Agent,
    eve: HostilePeer,
    bent: Bent,
    signed: Signed,
    link: PeerLink,
    _world: World,
}

impl Accepted {
    async fn new() -> Self {
        let world = World::new().await;
        let ann = world.agent("ann@example.org").await;
        let eve = world.hostile_friend("eve@example.org", &ann).await;
        let bent = Bent::new(&eve, &ann, "a.txt", CONTENT);
        let mut link = eve.call(&ann).await;
        let sent = bent.send_until_accepted(&mut link, &eve);
        let accept = async {
            ann.offered(bent.offer.transfer).await;
            ann.accept(bent.offer.transfer).await.unwrap();
        };
        let (signed, ()) = tokio::join!(sent, accept);
        Self { ann, eve, bent, signed, link, _world: world }
    }

    async fn seal(&mut self, content: &[u8]) {
        self.bent.send_sealed(&mut self.link, &self.eve, &self.ann, content).await;
    }

    /// Sends these bytes as the sealed stream, and states that they were what was offered.
    async fn frames(&mut self, bytes: &[u8]) {
        self.bent.send_frames(&mut self.link, bytes).await;
        self.complete().await;
    }

    async fn complete(&mut self) {
        self.bent.complete(&mut self.link, &self.eve, &self.signed, &[Bent::hash(CONTENT)]).await;
    }

    /// The transfer failed for both sides, and nothing is left of it.
    async fn failed(mut self) -> Failure {
        let seen = self.ann.failed(self.bent.offer.transfer).await;
        assert_eq!(refusal(&mut self.link).await.code, seen.code, "the sender hears the same");
        self.ann.is_unharmed().await;
        seen
    }
}

#[tokio::test]
async fn what_was_offered_lands_so_that_the_other_tests_fail_for_their_own_reason() {
    let mut it = Accepted::new().await;
    it.seal(CONTENT).await;
    it.complete().await;
    loop {
        match hear(&mut it.link).await {
            Some(PeerWord::Receipt(_)) => break,
            Some(PeerWord::Ack { .. }) => {}
            other => panic!("{other:?}"),
        }
    }
    it.ann.delivered(it.bent.offer.transfer).await;
    assert_eq!(it.ann.received("a.txt"), CONTENT);
}

#[tokio::test]
async fn more_bytes_than_offered_are_refused() {
    let mut it = Accepted::new().await;
    it.seal(&[CONTENT, b"!"].concat()).await;
    it.complete().await;
    assert_eq!(it.failed().await.code, Code::VerificationFailed);
}

#[tokio::test]
async fn far_more_bytes_than_offered_are_cut_off() {
    let mut it = Accepted::new().await;
    it.seal(&vec![0; 8 << 20]).await;
    assert_eq!(it.failed().await.code, Code::VerificationFailed);
}

#[tokio::test]
async fn fewer_bytes_than_offered_are_refused() {
    let mut it = Accepted::new().await;
    it.seal(&CONTENT[1..]).await;
    it.complete().await;
    assert_eq!(it.failed().await.code, Code::VerificationFailed);
}

#[tokio::test]
async fn other_bytes_than_signed_are_refused() {
    let mut it = Accepted::new().await;
    it.seal(b"what was 0ffered").await;
    it.complete().await;
    assert_eq!(it.failed().await.code, Code::VerificationFailed);
}

#[tokio::test]
async fn bytes_that_are_not_sealed_are_refused() {
    let mut it = Accepted::new().await;
    it.frames(CONTENT).await;
    assert_eq!(it.failed().await.code, Code::VerificationFailed);
}

#[tokio::test]
async fn bytes_sealed_to_somebody_else_are_refused() {
    let mut it = Accepted::new().await;
    let sealed = sealed_to(&Identity::generate_hybrid().unwrap());
    it.frames(&sealed).await;
    assert_eq!(it.failed().await.code, Code::VerificationFailed);
}

fn sealed_to(identity: &Identity) -> Vec<u8> {
    let mut sealed = SealWriter::new(Vec::new(), &[identity.recipient()]).unwrap();
    sealed.write_all(CONTENT).unwrap();
    sealed.finish().unwrap()
}

#[tokio::test]
async fn a_flipped_bit_in_the_sealed_bytes_is_refused() {
    let mut it = Accepted::new().await;
    let certificate = it.ann.certificate(&it.eve).await;
    let recipient = airhatch_seal::Recipient::from_hybrid_bytes(certificate.seal_key()).unwrap();
    let mut sealed = SealWriter::new(Vec::new(), &[recipient]).unwrap();
    sealed.write_all(CONTENT).unwrap();
    let mut sealed = sealed.finish().unwrap();
    *sealed.last_mut().unwrap() ^= 1;
    it.frames(&sealed).await;
    assert_eq!(it.failed().await.code, Code::VerificationFailed);
}

#[tokio::test]
async fn a_sealed_stream_without_its_end_is_refused() {
    let mut it = Accepted::new().await;
    let certificate = it.ann.certificate(&it.eve).await;
    let recipient = airhatch_seal::Recipient::from_hybrid_bytes(certificate.seal_key()).unwrap();
    let mut sealed = SealWriter::new(Vec::new(), &[recipient]).unwrap();
    sealed.write_all(&[7; 200_000]).unwrap();
    let sealed = sealed.finish().unwrap();
    it.frames(&sealed[..100_000]).await;
    assert_eq!(it.failed().await.code, Code::VerificationFailed);
}

#[tokio::test]
async fn a_completion_of_another_offer_is_refused() {
    let mut it = Accepted::new().await;
    it.seal(CONTENT).await;
    let other = it.eve.sign(Verb::Offer, &Bent::new(&it.eve, &it.ann, "b.txt", CONTENT).offer);
    it.bent.complete(&mut it.link, &it.eve, &other, &[Bent::hash(CONTENT)]).await;
    assert_eq!(it.failed().await.code, Code::VerificationFailed);
}

#[tokio::test]
async fn a_word_where_bytes_belong_is_refused() {
    let mut it = Accepted::new().await;
    say(&mut it.link, PeerWord::Wake { transfer: it.bent.offer.transfer }).await;
    assert_eq!(it.failed().await.code, Code::UnknownMessage);
}

#[tokio::test]
async fn a_sender_that_breaks_off_ends_the_transfer_with_its_words() {
    let mut it = Accepted::new().await;
    say(&mut it.link, PeerWord::Cancel { transfer: it.bent.offer.transfer, reason: "\u{1b}[2Jgone".into() })
        .await;
    let ended =
        it.ann.until(it.bent.offer.transfer, "the end", airhatch_wire::control::TransferState::is_over);
    let airhatch_wire::control::TransferState::Cancelled { by_us: false, reason } = ended.await.state else {
        panic!()
    };
    assert_eq!(reason.shown(), "\\u{1b}[2Jgone", "a stranger's words are shown escaped");
    it.ann.is_unharmed().await;
}

#[tokio::test]
async fn bytes_before_the_yes_are_refused_and_do_not_land() {
    let world = World::new().await;
    let ann = world.agent("ann@example.org").await;
    let eve = world.hostile_friend("eve@example.org", &ann).await;
    let bent = Bent::new(&eve, &ann, "a.txt", CONTENT);
    let mut link = eve.call(&ann).await;
    let signed = bent.send(&mut link, &eve).await;
    ann.offered(bent.offer.transfer).await;
    assert!(matches!(hear(&mut link).await, Some(PeerWord::Recorded { .. })));
    bent.send_sealed(&mut link, &eve, &ann, CONTENT).await;
    // The agent may have hung up by now.
    let _refused = link.send(&PeerWord::Done(signed)).await;
    assert_eq!(refusal(&mut link).await.code, Code::UnknownMessage);
    ann.offered(bent.offer.transfer).await;
    ann.is_unharmed().await;
}

#[tokio::test]
async fn bytes_for_another_transfer_are_refused() {
    let mut it = Accepted::new().await;
    say(&mut it.link, PeerWord::Sealed { transfer: airhatch_wire::TransferId([9; 16]) }).await;
    assert_eq!(it.failed().await.code, Code::UnknownMessage);
}

#[tokio::test]
async fn a_delivered_transfer_takes_no_bytes_again() {
    let mut it = Accepted::new().await;
    it.seal(CONTENT).await;
    it.complete().await;
    it.ann.delivered(it.bent.offer.transfer).await;
    let mut again = it.eve.call(&it.ann).await;
    it.bent.send_as(&mut again, it.signed.clone()).await;
    assert!(matches!(hear(&mut again).await, Some(PeerWord::Receipt(_))), "the receipt, and no yes");
    it.bent.send_sealed(&mut again, &it.eve, &it.ann, CONTENT).await;
    drop(again);
    it.ann.has_no_leftovers().await;
    assert_eq!(it.ann.received_names(), ["a.txt"]);
}

#[tokio::test]
async fn frames_larger_than_any_are_refused_and_one_byte_frames_are_not() {
    let mut it = Accepted::new().await;
    let certificate = it.ann.certificate(&it.eve).await;
    let recipient = airhatch_seal::Recipient::from_hybrid_bytes(certificate.seal_key()).unwrap();
    let mut sealed = SealWriter::new(Vec::new(), &[recipient]).unwrap();
    sealed.write_all(CONTENT).unwrap();
    let sealed = sealed.finish().unwrap();
    say(&mut it.link, PeerWord::Sealed { transfer: it.bent.offer.transfer }).await;
    for byte in &sealed {
        it.link.send_raw(bytes::Bytes::copy_from_slice(&[*byte])).await.unwrap();
    }
    it.link.send_raw(bytes::Bytes::new()).await.unwrap();
    it.complete().await;
    it.ann.delivered(it.bent.offer.transfer).await;

    let mut it = Accepted::new().await;
    say(&mut it.link, PeerWord::Sealed { transfer: it.bent.offer.transfer }).await;
    it.link.expect_raw(1 << 20);
    let large = bytes::Bytes::from(vec![0; airhatch_wire::peer::SEALED_FRAME + 1]);
    // It may hang up before the whole of it has left.
    let _refused = it.link.send_raw(large).await;
    let why = it.ann.failed(it.bent.offer.transfer).await;
    assert_eq!(why.code, Code::TooLarge);
    it.ann.is_unharmed().await;
}
