//! A hostile peer as a recipient: it answers offers by hand and takes, or does not take, the sealed bytes.

use airhatch_trust::sha256;
use airhatch_wire::peer::{Answer, Offer, PeerWord, Receipt, Selection};
use airhatch_wire::signed::{Signed, Verb};
use airhatch_wire::{UnixMillis, Untrusted};

use crate::{HostilePeer, PeerLink, hear, in_time, say};

/// A right answer to an offer, as its fields.
#[must_use]
pub fn answer_to(signed: &Signed) -> Answer {
    let offer: Offer = signed.read().unwrap();
    Answer {
        transfer: offer.transfer,
        offer: sha256(&signed.body),
        items: Selection::All,
        offset: 0,
        reason: Untrusted::default(),
    }
}

impl HostilePeer {
    /// Takes note of an offer whose statement has been heard, and accepts it.
    pub async fn accept(&self, link: &mut PeerLink, signed: &Signed) {
        let answer = answer_to(signed);
        say(link, PeerWord::Recorded { transfer: answer.transfer }).await;
        say(link, PeerWord::Accept(self.sign(Verb::Accept, &answer))).await;
    }

    /// A receipt for an offer and the completion that followed it.
    #[must_use]
    pub fn receipt(&self, offer: &Signed, completion: &[u8]) -> Signed {
        let statement: Offer = offer.read().unwrap();
        let (transfer, offer) = (statement.transfer, sha256(&offer.body));
        let (completion, items, at) = (sha256(completion), Selection::All, UnixMillis::now());
        self.sign(Verb::Receipt, &Receipt { transfer, offer, completion, items, at })
    }
}

/// Waits for the sealed stream to begin.
pub async fn sealed_begins(link: &mut PeerLink) {
    loop {
        match hear(link).await {
            Some(PeerWord::Items(_)) => {}
            Some(PeerWord::Sealed { .. }) => return,
            other => panic!("expected sealed bytes, got {other:?}"),
        }
    }
}

/// Takes so many frames of the sealed stream and leaves the rest.
pub async fn take_some(link: &mut PeerLink, frames: u32) {
    link.expect_raw(airhatch_wire::peer::SEALED_FRAME);
    for _ in 0..frames {
        in_time("a frame of sealed bytes", link.receive_raw()).await.unwrap().unwrap();
    }
}

/// Takes the sealed stream to its end.
pub async fn take_sealed(link: &mut PeerLink) -> Vec<u8> {
    let mut bytes = Vec::new();
    link.expect_raw(airhatch_wire::peer::SEALED_FRAME);
    in_time("the end of the sealed bytes", async {
        while let Some(frame) = link.receive_raw().await.unwrap().filter(|frame| !frame.is_empty()) {
            bytes.extend_from_slice(&frame);
        }
    })
    .await;
    link.expect_raw(0);
    bytes
}
