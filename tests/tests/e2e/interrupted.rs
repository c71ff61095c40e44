//! Programs killed and networks cut in the middle: a transfer ends in one way, with every byte right and one file.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use airhatch_tests::{Agent, Wire, World, befriend, eventually};
use airhatch_wire::control::{Command, Policy, Reply, TransferState};
use airhatch_wire::{Code, StageId, TransferId};

pub(crate) const SIZE: u64 = 80 << 20;

/// A big file from ann to bob, over a wire that the test holds.
pub(crate) struct Way {
    pub(crate) ann: Agent,
    pub(crate) bob: Agent,
    pub(crate) wire: Wire,
    _world: World,
}

impl Way {
    pub(crate) async fn new() -> Self {
        let world = World::new().await;
        let wire = Wire::new().await;
        let advertise = wire.address.to_string();
        let options = ["--advertise", &advertise];
        let (ann, bob) =
            tokio::join!(world.agent("ann@example.org"), world.agent_with("bob@example.org", &options));
        wire.lead_to(&bob);
        befriend(&ann, &bob).await;
        Self { ann, bob, wire, _world: world }
    }

    /// Offers a big file, has it accepted, and holds the wire when half of it has passed.
    pub(crate) async fn half_way(&self) -> TransferId {
        self.half_way_within(None).await
    }

    /// As [`Way::half_way`], for an offer that ends after so many seconds.
    pub(crate) async fn half_way_within(&self, lifetime: Option<u32>) -> TransferId {
        let stage = StageId([1; 16]);
        fill(&self.ann.stage_folder(stage).join("big.bin"));
        let (to, note) = (self.bob.email.clone(), String::new());
        let sent = self.ann.ask(Command::Send { to, stage, note, lifetime }).await.unwrap();
        let Reply::Transfer(view) = sent else { panic!("{sent:?}") };
        let id = view.id;
        self.bob.offered(id).await;
        self.wire.hold_after(SIZE / 2);
        self.bob.accept(id).await.unwrap();
        self.wire.held().await;
        assert_eq!(self.bob.received_names(), Vec::<String>::new());
        id
    }

    /// It ends well: delivered on both sides, one file, the same bytes.
    pub(crate) async fn ends_well(&self, id: TransferId) {
        tokio::join!(self.ann.delivered(id), self.bob.delivered(id));
        assert_eq!(self.bob.received_names(), ["big.bin"]);
        let sent = self.ann.stage_folder(StageId([1; 16])).join("big.bin");
        assert!(hash(&sent) == hash(&self.bob.inbox().join("big.bin")), "other bytes arrived");
        let repeated = self.wire.passed().saturating_sub(SIZE);
        assert!(repeated < SIZE / 4, "{repeated} bytes were sent again");
        self.bob.has_no_leftovers().await;
    }
}

/// A file with something to tell apart in every part, most of it holes.
fn fill(path: &Path) {
    let mut file = File::create(path).unwrap();
    file.set_len(SIZE).unwrap();
    for at in (0..SIZE).step_by(1 << 20) {
        file.seek(SeekFrom::Start(at)).unwrap();
        file.write_all(&at.to_le_bytes()).unwrap();
    }
}

fn hash(path: &Path) -> blake3::Hash {
    let (mut hasher, mut file) = (blake3::Hasher::new(), File::open(path).unwrap());
    let mut piece = vec![0; 1 << 20];
    loop {
        match file.read(&mut piece).unwrap() {
            0 => return hasher.finalize(),
            count => hasher.update(&piece[..count]),
        };
    }
}

#[tokio::test]
async fn a_receiver_killed_in_the_middle_gets_the_file_once_after_its_return() {
    let mut way = Way::new().await;
    let id = way.half_way().await;
    way.bob.kill().await;
    way.wire.cut();
    way.bob.resume().await;
    assert_eq!(way.bob.received_names(), Vec::<String>::new(), "half a file has no name");
    way.wire.mend(&way.bob);
    way.ends_well(id).await;
}

#[tokio::test]
async fn a_sender_killed_in_the_middle_goes_on_after_its_return() {
    let mut way = Way::new().await;
    let id = way.half_way().await;
    way.ann.kill().await;
    way.wire.release();
    way.bob.until(id, "a transfer that waits", |state| *state == TransferState::Accepted).await;
    way.ann.resume().await;
    way.ends_well(id).await;
}

#[tokio::test]
async fn a_network_cut_in_the_middle_delays_the_file_and_nothing_else() {
    let way = Way::new().await;
    let id = way.half_way().await;
    way.wire.cut();
    way.bob.until(id, "a transfer that waits", |state| *state == TransferState::Accepted).await;
    way.wire.mend(&way.bob);
    way.ends_well(id).await;
}

#[tokio::test]
async fn both_sides_killed_at_once_still_end_in_one_delivery() {
    let mut way = Way::new().await;
    let id = way.half_way().await;
    tokio::join!(way.ann.kill(), way.bob.kill());
    way.wire.cut();
    tokio::join!(way.ann.resume(), way.bob.resume());
    way.wire.mend(&way.bob);
    way.ends_well(id).await;
}

const PAUSED_HERE: TransferState = TransferState::Paused { by_us: true, by_them: false };
const PAUSED_THERE: TransferState = TransferState::Paused { by_us: false, by_them: true };

#[tokio::test]
async fn a_sender_that_pauses_in_the_middle_goes_on_when_it_likes() {
    let mut way = Way::new().await;
    let id = way.half_way().await;
    assert_eq!(way.ann.pause(id).await.unwrap().state, PAUSED_HERE);
    way.wire.release();
    way.bob.until(id, "a pause", |state| *state == PAUSED_THERE).await;
    assert_eq!(way.bob.take_up(id).await.unwrap_err().code, Code::Conflict, "it is not bob's pause");
    way.ann.kill().await;
    way.ann.resume().await;
    way.ann.until(id, "a pause", |state| *state == PAUSED_HERE).await;
    way.ann.take_up(id).await.unwrap();
    way.ends_well(id).await;
}

#[tokio::test]
async fn a_receiver_that_pauses_in_the_middle_goes_on_when_it_likes() {
    let mut way = Way::new().await;
    let id = way.half_way().await;
    assert_eq!(way.bob.pause(id).await.unwrap().state, PAUSED_HERE);
    way.wire.release();
    way.ann.until(id, "a pause", |state| *state == PAUSED_THERE).await;
    way.bob.kill().await;
    way.bob.resume().await;
    way.wire.mend(&way.bob);
    way.bob.until(id, "a pause", |state| *state == PAUSED_HERE).await;
    way.bob.take_up(id).await.unwrap();
    way.ends_well(id).await;
}

#[tokio::test]
async fn a_paused_transfer_that_is_called_off_leaves_nothing() {
    let way = Way::new().await;
    let id = way.half_way().await;
    way.ann.pause(id).await.unwrap();
    way.wire.release();
    way.bob.until(id, "a pause", |state| *state == PAUSED_THERE).await;
    way.ann.cancel(id, "never mind").await.unwrap();
    way.bob.until(id, "the end", TransferState::is_over).await;
    way.bob.is_unharmed().await;
}

#[tokio::test]
async fn a_file_that_changes_between_two_attempts_ends_the_transfer_with_nothing_landed() {
    let way = Way::new().await;
    let id = way.half_way().await;
    way.wire.cut();
    way.bob.until(id, "a transfer that waits", |state| *state == TransferState::Accepted).await;
    fill(&way.ann.stage_folder(StageId([1; 16])).join("big.bin"));
    way.wire.mend(&way.bob);
    assert_eq!(way.ann.failed(id).await.code, Code::BadSource);
    way.bob.until(id, "the end", TransferState::is_over).await;
    way.bob.is_unharmed().await;
}

#[tokio::test]
async fn a_receiver_that_calls_off_in_the_middle_keeps_nothing_and_the_sender_hears_it() {
    let way = Way::new().await;
    let id = way.half_way().await;
    way.bob.cancel(id, "too big").await.unwrap();
    way.wire.release();
    let ended = way.ann.until(id, "the end", TransferState::is_over).await;
    assert_eq!(ended.state, TransferState::Cancelled { by_us: false, reason: "too big".into() });
    way.bob.is_unharmed().await;
}

#[tokio::test]
async fn a_sender_that_calls_off_in_the_middle_leaves_nothing_at_the_receiver() {
    let way = Way::new().await;
    let id = way.half_way().await;
    way.ann.cancel(id, "wrong file").await.unwrap();
    way.wire.release();
    let ended = way.bob.until(id, "the end", TransferState::is_over).await;
    assert!(matches!(ended.state, TransferState::Cancelled { by_us: false, .. }), "{:?}", ended.state);
    way.bob.is_unharmed().await;
}

#[tokio::test]
async fn an_offer_called_off_before_the_answer_cannot_be_accepted() {
    let world = World::new().await;
    let (ann, bob) = world.friends().await;
    let id = ann.offer(&bob.email, &[("a.txt", b"content")]).await;
    bob.offered(id).await;
    ann.cancel(id, "never mind").await.unwrap();
    let ended = bob.until(id, "the end", TransferState::is_over).await;
    assert_eq!(ended.state, TransferState::Cancelled { by_us: false, reason: "never mind".into() });
    assert_eq!(bob.accept(id).await.unwrap_err().code, Code::Conflict);
    assert_eq!(ann.cancel(id, "").await.unwrap_err().code, Code::Conflict);
    bob.is_unharmed().await;
}

#[tokio::test]
async fn offers_outlive_the_agents_on_both_sides() {
    let world = World::new().await;
    let (mut ann, mut bob) = world.friends().await;
    let id = ann.offer(&bob.email, &[("a.txt", b"content"), ("b.txt", b"more")]).await;
    let before = bob.offered(id).await;
    bob.kill().await;
    ann.kill().await;
    tokio::join!(ann.resume(), bob.resume());
    let after = bob.offered(id).await;
    assert_eq!((&after.items, after.total, &after.note), (&before.items, before.total, &before.note));
    bob.accept(id).await.unwrap();
    tokio::join!(ann.delivered(id), bob.delivered(id));
    assert_eq!(bob.received_names(), ["a.txt", "b.txt"]);
    // And so does the outcome.
    tokio::join!(ann.kill(), bob.kill());
    tokio::join!(ann.resume(), bob.resume());
    assert_eq!(ann.delivered(id).await.state, bob.delivered(id).await.state);
    assert_eq!(bob.received_names(), ["a.txt", "b.txt"], "nothing arrives a second time");
}

#[tokio::test]
async fn an_offer_that_nobody_decides_about_expires_on_both_sides() {
    let world = World::new().await;
    let (ann, bob) = world.friends().await;
    let (to, stage) = (bob.email.clone(), ann.stage(&[("a.txt", b"content")]));
    let command = Command::Send { to, stage, note: String::new(), lifetime: Some(1) };
    ann.ask(command).await.unwrap();
    let id = ann.transfers().await[0].id;
    let expired = |state: &TransferState| *state == TransferState::Expired;
    tokio::join!(ann.until(id, "the end", expired), async {
        eventually("the offer", async || (!bob.transfers().await.is_empty()).then_some(())).await;
        bob.until(id, "the end", expired).await
    });
    assert_eq!(bob.accept(id).await.unwrap_err().code, Code::Expired);
    bob.is_unharmed().await;
}

#[tokio::test]
async fn a_policy_decides_while_nobody_watches_and_never_beyond_its_bounds() {
    let world = World::new().await;
    let (ann, bob) = world.friends().await;
    let policy = Policy::Verified { max_bytes: 10 };
    bob.policy(policy).await;
    let from_unverified = ann.offer(&bob.email, &[("a.txt", b"content")]).await;
    bob.offered(from_unverified).await;
    bob.verify(&ann.email).await;
    let small = ann.offer(&bob.email, &[("small.txt", b"0123456789")]).await;
    bob.delivered(small).await;
    let large = ann.offer(&bob.email, &[("large.txt", b"0123456789+")]).await;
    bob.offered(large).await;
    let mut front = bob.connect().await.unwrap();
    front.watch().await;
    let watched = ann.offer(&bob.email, &[("watched.txt", b"1")]).await;
    bob.offered(watched).await;
    assert_eq!(bob.received_names(), ["small.txt"], "a person who watches decides");
    drop(front);
    eventually("the front's end", async || (bob.status().await.fronts == 0).then_some(())).await;
    bob.policy(Policy::Never).await;
    let unwanted = ann.offer(&bob.email, &[("unwanted.txt", b"1")]).await;
    ann.until(unwanted, "a denial", |state| matches!(state, TransferState::Denied { .. })).await;
    assert_eq!(bob.received_names(), ["small.txt"]);
}
