//! Transfers taken up again by somebody who lies: what counts is what the sender signed at the end, of the whole.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use airhatch_seal::{Recipient, SealWriter};
use airhatch_tests::{
    Agent, Bent, Dice, HostilePeer, PeerLink, World, answer_to, eventually, hear, refusal, say,
    sealed_begins, take_sealed,
};
use airhatch_wire::control::TransferState;
use airhatch_wire::peer::{Answer, PeerWord};
use airhatch_wire::signed::{Signed, Verb};
use airhatch_wire::{Code, TransferId};
use bytes::Bytes;

const SIZE: usize = 1 << 20;

/// An offer from eve that ann has accepted, and of which she holds about a half.
struct Half {
    ann: Agent,
    eve: HostilePeer,
    content: Vec<u8>,
    bent: Bent,
    signed: Signed,
    world: World,
}

impl Half {
    async fn new() -> Self {
        let world = World::new().await;
        let ann = world.agent("ann@example.org").await;
        let eve = world.hostile_friend("eve@example.org", &ann).await;
        let content = Dice::new(1).bytes(SIZE as u64);
        let bent = Bent::new(&eve, &ann, "a.bin", &content);
        let mut link = eve.call(&ann).await;
        let sent = bent.send_until_accepted(&mut link, &eve);
        let accept = async {
            ann.offered(bent.offer.transfer).await;
            ann.accept(bent.offer.transfer).await.unwrap();
        };
        let (signed, ()) = tokio::join!(sent, accept);
        let it = Self { ann, eve, content, bent, signed, world };
        let sealed = it.sealed(&it.content).await;
        say(&mut link, PeerWord::Sealed { transfer: it.id() }).await;
        for frame in sealed[..SIZE / 2].chunks(1 << 16) {
            link.send_raw(Bytes::copy_from_slice(frame)).await.unwrap();
        }
        link.close().await.unwrap();
        drop(link);
        let journal = it.parts().join("progress");
        let noted = async || fs::metadata(&journal).is_ok_and(|file| file.len() > 0).then_some(());
        eventually("a note of what is here", noted).await;
        it
    }

    fn id(&self) -> TransferId {
        self.bent.offer.transfer
    }

    async fn sealed(&self, content: &[u8]) -> Vec<u8> {
        let certificate = self.ann.certificate(&self.eve).await;
        let recipient = Recipient::from_hybrid_bytes(certificate.seal_key()).unwrap();
        let mut sealed = SealWriter::new(Vec::new(), &[recipient]).unwrap();
        sealed.write_all(content).unwrap();
        sealed.finish().unwrap()
    }

    /// Eve comes again; how much ann says to have.
    async fn again(&self) -> (PeerLink, usize) {
        let mut link = self.eve.call(&self.ann).await;
        self.bent.send_as(&mut link, self.signed.clone()).await;
        loop {
            match hear(&mut link).await {
                Some(PeerWord::Recorded { .. }) => {}
                Some(PeerWord::Accept(signed)) => {
                    let answer: Answer = signed.read().unwrap();
                    return (link, usize::try_from(answer.offset).unwrap());
                }
                other => panic!("not accepted: {other:?}"),
            }
        }
    }

    /// Sends these bytes as the rest, and states these as the whole.
    async fn rest(&self, link: &mut PeerLink, rest: &[u8], whole: &[u8]) {
        self.bent.send_sealed(link, &self.eve, &self.ann, rest).await;
        self.bent.complete(link, &self.eve, &self.signed, &[Bent::hash(whole)]).await;
    }

    /// Eve finishes honestly.
    async fn ends_well(&self) {
        let (mut link, offset) = self.again().await;
        self.rest(&mut link, &self.content[offset..], &self.content).await;
        self.ann.delivered(self.id()).await;
        assert!(self.ann.received("a.bin") == self.content, "other bytes arrived");
        assert_eq!(self.ann.received_names(), ["a.bin"]);
        self.ann.has_no_leftovers().await;
    }

    /// Where ann keeps what she has.
    fn parts(&self) -> PathBuf {
        self.ann.inbox().join(".incoming").join(self.id().to_string())
    }
}

#[tokio::test]
async fn an_honest_sender_goes_on_where_it_was_so_that_the_other_tests_fail_for_their_own_reason() {
    let it = Half::new().await;
    let (link, offset) = it.again().await;
    assert!(offset > SIZE / 4 && offset < SIZE, "{offset}");
    drop(link);
    it.ends_well().await;
}

#[tokio::test]
async fn a_sender_that_comes_back_with_other_bytes_makes_no_mixture() {
    let it = Half::new().await;
    let other = Dice::new(2).bytes(SIZE as u64);
    let (mut link, offset) = it.again().await;
    it.rest(&mut link, &other[offset..], &other).await;
    assert_eq!(it.ann.failed(it.id()).await.code, Code::VerificationFailed);
    assert_eq!(refusal_after_acks(&mut link).await, Code::VerificationFailed);
    it.ann.is_unharmed().await;
    let mut link = it.eve.call(&it.ann).await;
    it.bent.send_as(&mut link, it.signed.clone()).await;
    assert_eq!(refusal(&mut link).await.code, Code::VerificationFailed, "it stays failed");
    it.ann.is_unharmed().await;
}

async fn refusal_after_acks(link: &mut PeerLink) -> Code {
    loop {
        match hear(link).await {
            Some(PeerWord::Ack { .. }) => {}
            Some(PeerWord::Refused(failure)) => return failure.code,
            other => panic!("expected a refusal, got {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_sender_that_begins_again_in_spite_of_the_offset_is_refused() {
    let it = Half::new().await;
    let (mut link, _) = it.again().await;
    it.rest(&mut link, &it.content, &it.content).await;
    assert_eq!(it.ann.failed(it.id()).await.code, Code::VerificationFailed);
    it.ann.is_unharmed().await;
}

#[tokio::test]
async fn another_contact_cannot_go_on_with_somebody_elses_transfer() {
    let it = Half::new().await;
    let mallory = it.world.hostile_friend("mallory@example.org", &it.ann).await;
    // Eve's own statement, brought by mallory.
    let mut link = mallory.call(&it.ann).await;
    it.bent.send_as(&mut link, it.signed.clone()).await;
    let code = refusal(&mut link).await.code;
    assert!(matches!(code, Code::VerificationFailed | Code::NotPermitted | Code::Invalid), "{code:?}");
    // A statement of mallory's under the same number.
    let mut own = Bent::new(&mallory, &it.ann, "a.bin", &it.content);
    own.offer.transfer = it.id();
    let mut link = mallory.call(&it.ann).await;
    own.send(&mut link, &mallory).await;
    assert_eq!(refusal(&mut link).await.code, Code::Conflict);
    // A word about it outside of its connection.
    let mut link = mallory.call(&it.ann).await;
    say(&mut link, PeerWord::Cancel { transfer: it.id(), reason: "mine".into() }).await;
    say(&mut link, PeerWord::Pause { transfer: it.id() }).await;
    say(&mut link, PeerWord::Ping { nonce: 1 }).await;
    link.close().await.unwrap();
    it.ends_well().await;
}

/// What somebody does to the bytes of a file.
type Tamper = fn(&mut Vec<u8>);

#[tokio::test]
async fn parts_and_journals_that_somebody_tampers_with_never_land_wrong() {
    let tampers: [(&str, Tamper); 6] = [
        ("0", |bytes| bytes[1000] ^= 1),
        ("0", |bytes| bytes.truncate(1000)),
        ("progress", |bytes| bytes[7] ^= 1),
        ("progress", |bytes| *bytes = Dice::new(3).bytes(300)),
        ("progress", |bytes| bytes.truncate(20)),
        ("progress", |bytes| *bytes = [0xff; 64].to_vec()),
    ];
    for (number, (name, tamper)) in tampers.into_iter().enumerate() {
        let mut it = Half::new().await;
        if number % 2 == 0 {
            it.ann.kill().await;
        }
        let path = it.parts().join(name);
        let mut bytes = fs::read(&path).unwrap();
        tamper(&mut bytes);
        // In place: the same inode.
        fs::write(&path, bytes).unwrap();
        if number % 2 == 0 {
            it.ann.resume().await;
        }
        let (mut link, offset) = it.again().await;
        it.rest(&mut link, &it.content[offset..], &it.content).await;
        let ended = it.ann.until(it.id(), "the end", TransferState::is_over).await;
        match ended.state {
            TransferState::Delivered { .. } => assert!(it.ann.received("a.bin") == it.content, "{number}"),
            TransferState::Failed(failure) => {
                assert_eq!(failure.code, Code::VerificationFailed, "{number}");
                it.ann.is_unharmed().await;
            }
            other => panic!("{number}: {other:?}"),
        }
        assert!(number == 0 || offset == 0, "{number}: {offset} bytes are believed");
        it.ann.has_no_leftovers().await;
    }
}

#[tokio::test]
async fn an_offset_beyond_the_end_sends_nothing_and_one_at_the_end_only_the_statement() {
    let world = World::new().await;
    let ann = world.agent("ann@example.org").await;
    let eve = world.hostile("eve@example.org").await;
    let ear = eve.listen().await;
    ann.add(&eve.email).await.unwrap();
    for (offset, fails) in [(8, true), (u64::MAX - 1, true), (u64::MAX, true), (7, false)] {
        let id = ann.offer(&eve.email, &[("a.txt", b"content")]).await;
        let (mut link, signed) = ear.offered().await;
        let mut answer = answer_to(&signed);
        answer.offset = offset;
        say(&mut link, PeerWord::Accept(eve.sign(Verb::Accept, &answer))).await;
        if fails {
            assert_eq!(ann.failed(id).await.code, Code::Invalid, "{offset}");
            continue;
        }
        sealed_begins(&mut link).await;
        let sealed = take_sealed(&mut link).await;
        assert_eq!(*airhatch_seal::unseal_small(&eve.sealing, &sealed, 100).unwrap(), *b"");
        let Some(PeerWord::Done(done)) = hear(&mut link).await else { panic!("no completion") };
        say(&mut link, PeerWord::Receipt(eve.receipt(&signed, &done.body))).await;
        ann.delivered(id).await;
    }
}
