//! Agent and agent: the words, and the bodies that are signed.

use airhatch_wire::peer::{
    Answer, Completion, Item, ItemHash, ItemKind, Offer, PeerWord, Receipt, Selection,
};

use crate::Golden;
use crate::values::{AT, TRANSFER, ann, failure, signed};

every!(PeerWord {
    Hello,
    Ping,
    Pong,
    Offer,
    Items,
    Recorded,
    Accept,
    Deny,
    Waiting,
    Sealed,
    Ack,
    Done,
    Hashes,
    Receipt,
    Cancel,
    Wake,
    Pause,
    Refused,
});
every!(ItemKind { File, Folder });
every!(Selection { All, Only });

fn item() -> Item {
    let path = vec!["folder".into(), "a.txt".into()];
    Item { path, kind: ItemKind::File, size: 7, executable: true, modified: AT }
}

const HASH: ItemHash = ItemHash { length: 7, blake3: [0x55; 32] };

/// Items 0, 300 and 301.
pub(crate) fn part() -> Selection {
    Selection::of([0, 300, 301])
}

fn words() -> Vec<PeerWord> {
    let transfer = TRANSFER;
    vec![
        PeerWord::Hello { items: 1_000_000 },
        PeerWord::Ping { nonce: 7 },
        PeerWord::Pong { nonce: 7 },
        PeerWord::Offer(signed()),
        PeerWord::Items(vec![item()]),
        PeerWord::Recorded { transfer },
        PeerWord::Accept(signed()),
        PeerWord::Deny(signed()),
        PeerWord::Waiting { transfer },
        PeerWord::Sealed { transfer },
        PeerWord::Ack { durable: 1 << 33 },
        PeerWord::Done(signed()),
        PeerWord::Hashes(vec![HASH]),
        PeerWord::Receipt(signed()),
        PeerWord::Cancel { transfer, reason: "stop".into() },
        PeerWord::Wake { transfer },
        PeerWord::Pause { transfer },
        PeerWord::Refused(failure()),
    ]
}

pub(crate) fn lines(golden: &mut Golden) {
    golden.every("peer::PeerWord", &words());
    golden.every("peer::ItemKind", &[ItemKind::File, ItemKind::Folder]);
    golden.every("peer::Selection", &[Selection::All, part()]);
    golden.one("peer::Item", &item());
    golden.one("peer::ItemHash", &HASH);
    let offer = Offer {
        transfer: TRANSFER,
        from: ann(),
        to: "bob@example.org".parse().unwrap(),
        created: AT,
        expires: AT.plus(1000),
        note: "note".into(),
        items: 1,
        total: 7,
        table: [0x66; 32],
    };
    golden.one("peer::Offer", &offer);
    let offer = [0x77; 32];
    let answer = Answer { transfer: TRANSFER, offer, items: Selection::All, offset: 0, reason: "no".into() };
    golden.one("peer::Answer", &answer);
    golden.one("peer::Completion", &Completion { transfer: TRANSFER, offer, items: 1, table: [0x66; 32] });
    golden.one(
        "peer::Receipt",
        &Receipt { transfer: TRANSFER, offer, completion: [0x88; 32], items: part(), at: AT },
    );
}
