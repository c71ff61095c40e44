//! Offers made by hand: right in everything, until a test bends one thing.

use airhatch_seal::SealWriter;
use airhatch_trust::sha256;
use airhatch_wire::frame;
use airhatch_wire::peer::{Completion, Item, ItemHash, ItemKind, Offer, PeerWord};
use airhatch_wire::signed::{Signed, Verb};
use airhatch_wire::{TransferId, UnixMillis, Untrusted};
use bytes::Bytes;
use serde::Serialize;
use std::io::Write;

use crate::{Agent, HostilePeer, PeerLink, hear, say};

/// An offer and what belongs to it; every field may be changed before it is used.
#[derive(Clone)]
pub struct Bent {
    /// The statement.
    pub offer: Offer,
    /// Its table.
    pub items: Vec<Item>,
    /// The bytes of the items, one after another.
    pub content: Vec<u8>,
}

/// A plain file as an entry of a table.
#[must_use]
pub fn file(name: &str, size: u64) -> Item {
    Item {
        path: vec![Untrusted::from(name)],
        kind: ItemKind::File,
        size,
        executable: false,
        modified: UnixMillis(1_600_000_000_000),
    }
}

impl Bent {
    /// A right offer of one file.
    #[must_use]
    pub fn new(from: &HostilePeer, to: &Agent, name: &str, content: &[u8]) -> Self {
        let mut id = [0; 16];
        openssl::rand::rand_bytes(&mut id).unwrap();
        let created = UnixMillis::now();
        let offer = Offer {
            transfer: TransferId(id),
            from: from.email.clone(),
            to: to.email.clone(),
            created,
            expires: created.plus(3_600_000),
            note: Untrusted::from("look at this"),
            items: 0,
            total: 0,
            table: [0; 32],
        };
        let items = vec![file(name, content.len().try_into().unwrap())];
        let mut bent = Self { offer, items, content: content.to_vec() };
        bent.settle();
        bent
    }

    /// Makes the statement agree with the table.
    pub fn settle(&mut self) {
        self.offer.items = self.items.len().try_into().unwrap();
        self.offer.total = self.items.iter().map(|item| item.size).sum();
        self.offer.table = digest(&self.items);
    }

    /// Offers it; the statement as it was sent.
    pub async fn send(&self, link: &mut PeerLink, by: &HostilePeer) -> Signed {
        let signed = by.sign(Verb::Offer, &self.offer);
        self.send_as(link, signed.clone()).await;
        signed
    }

    /// Offers the table under a statement that was made elsewhere.
    pub async fn send_as(&self, link: &mut PeerLink, signed: Signed) {
        say(link, PeerWord::Offer(signed)).await;
        // A refusal of the statement may have closed the line already.
        let _refused = link.send(&PeerWord::Items(self.items.clone())).await;
    }

    /// Offers it and waits until it is accepted; the statement as it was sent.
    pub async fn send_until_accepted(&self, link: &mut PeerLink, by: &HostilePeer) -> Signed {
        let signed = self.send(link, by).await;
        loop {
            match hear(link).await {
                Some(PeerWord::Recorded { .. }) => {}
                Some(PeerWord::Accept(_)) => return signed,
                other => panic!("not accepted: {other:?}"),
            }
        }
    }

    /// Sends bytes sealed to the recipient, to the end of the stream. The recipient may hang up before that.
    pub async fn send_sealed(&self, link: &mut PeerLink, by: &HostilePeer, to: &Agent, content: &[u8]) {
        let certificate = to.certificate(by).await;
        let recipient = airhatch_seal::Recipient::from_hybrid_bytes(certificate.seal_key()).unwrap();
        let mut sealed = SealWriter::new(Vec::new(), &[recipient]).unwrap();
        sealed.write_all(content).unwrap();
        let sealed = sealed.finish().unwrap();
        self.send_frames(link, &sealed).await;
    }

    /// Sends these bytes as the sealed stream, to its end. The recipient may hang up before that.
    pub async fn send_frames(&self, link: &mut PeerLink, bytes: &[u8]) {
        say(link, PeerWord::Sealed { transfer: self.offer.transfer }).await;
        for frame in bytes.chunks(1 << 16).chain([[].as_slice()]) {
            if link.send_raw(Bytes::copy_from_slice(frame)).await.is_err() {
                return;
            }
        }
    }

    /// States what was sent: these hashes under this offer.
    pub async fn complete(&self, link: &mut PeerLink, by: &HostilePeer, offer: &Signed, hashes: &[ItemHash]) {
        let completion = Completion {
            transfer: self.offer.transfer,
            offer: sha256(&offer.body),
            items: hashes.len().try_into().unwrap(),
            table: digest(hashes),
        };
        // A refusal of what came before may have closed the line already.
        let _refused = link.send(&PeerWord::Done(by.sign(Verb::Done, &completion))).await;
        let _refused = link.send(&PeerWord::Hashes(hashes.to_vec())).await;
    }

    /// The hash of this content as one item.
    #[must_use]
    pub fn hash(content: &[u8]) -> ItemHash {
        ItemHash { length: content.len().try_into().unwrap(), blake3: *blake3::hash(content).as_bytes() }
    }
}

fn digest<T: Serialize>(entries: &[T]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for entry in entries {
        hasher.update(&frame::to_bytes(entry).unwrap());
    }
    *hasher.finalize().as_bytes()
}
