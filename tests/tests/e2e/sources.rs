//! What is to be sent is not a plain file, or does not stay what it was.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

use airhatch_tests::{Agent, HostilePeer, PeerLink, World, hear, sealed_begins, take_sealed, take_some};
use airhatch_wire::control::TransferState;
use airhatch_wire::peer::PeerWord;
use airhatch_wire::{Code, StageId, TransferId};

/// Puts something at a place that is not a plain file, given another file that must not be reached through it.
type Plant = fn(&PathBuf, &PathBuf);

#[tokio::test]
async fn what_is_not_a_plain_file_is_not_offered() {
    let world = World::new().await;
    let (ann, bob) = world.friends().await;
    let secret = world.path().join("secret");
    fs::write(&secret, "not for sending").unwrap();
    let plant: [(u8, Plant); 3] = [
        (1, |place, secret| symlink(secret, place).unwrap()),
        (3, |place, _| drop(UnixListener::bind(place).unwrap())),
        (4, |place, _| symlink("/nowhere", place).unwrap()),
    ];
    for (number, plant) in plant {
        let stage = StageId([number; 16]);
        plant(&ann.stage_folder(stage).join("a.txt"), &secret);
        let refused = ann.send(&bob.email, stage).await.unwrap_err();
        assert!(matches!(refused.code, Code::BadSource | Code::Invalid), "{number}: {refused:?}");
    }
    let nothing = StageId([5; 16]);
    assert_eq!(ann.send(&bob.email, nothing).await.unwrap_err().code, Code::NotFound);
    let _empty = ann.stage_folder(nothing);
    assert_eq!(ann.send(&bob.email, nothing).await.unwrap_err().code, Code::NotFound);
    assert_eq!(ann.transfers().await, []);
}

#[tokio::test]
async fn a_file_that_vanished_or_changed_between_offer_and_yes_is_not_sent() {
    let world = World::new().await;
    let (ann, bob) = world.friends().await;
    let change: [fn(PathBuf); 4] = [
        |path| fs::remove_file(path).unwrap(),
        |path| fs::write(path, "short").unwrap(),
        |path| fs::write(path, "longer than it was offered").unwrap(),
        |path| {
            fs::remove_file(&path).unwrap();
            symlink("/etc/passwd", path).unwrap();
        },
    ];
    for change in change {
        let stage = ann.stage(&[("a.txt", b"as it was offered")]);
        let id = ann.send(&bob.email, stage).await.unwrap().id;
        bob.offered(id).await;
        change(ann.stage_folder(stage).join("a.txt"));
        bob.accept(id).await.unwrap();
        let failure = ann.failed(id).await;
        assert_eq!(failure.code, Code::BadSource, "{failure:?}");
        let ended = bob.until(id, "the end", TransferState::is_over).await;
        assert!(matches!(ended.state, TransferState::Cancelled { by_us: false, .. }), "{:?}", ended.state);
    }
    bob.is_unharmed().await;
}

/// A big file and a small one on their way to a recipient that reads nothing yet.
struct Stuck {
    ann: Agent,
    id: TransferId,
    folder: PathBuf,
    link: PeerLink,
    _eve: HostilePeer,
    _world: World,
}

/// More than the buffers between two processes hold.
const BIG: u64 = 64 << 20;

async fn stuck() -> Stuck {
    let world = World::new().await;
    let ann = world.agent("ann@example.org").await;
    let eve = world.hostile("eve@example.org").await;
    let ear = eve.listen().await;
    ann.add(&eve.email).await.unwrap();
    let stage = ann.stage(&[("z-small", b"small")]);
    let folder = ann.stage_folder(stage);
    File::create(folder.join("a-big")).unwrap().set_len(BIG).unwrap();
    let id = ann.send(&eve.email, stage).await.unwrap().id;
    let (mut link, signed) = ear.offered().await;
    eve.accept(&mut link, &signed).await;
    sealed_begins(&mut link).await;
    take_some(&mut link, 4).await;
    Stuck { ann, id, folder, link, _eve: eve, _world: world }
}

impl Stuck {
    /// The rest is read; the sender must break off and say why on both sides.
    async fn breaks_off(mut self) {
        take_sealed(&mut self.link).await;
        assert!(matches!(hear(&mut self.link).await, Some(PeerWord::Cancel { .. })));
        assert_eq!(self.ann.failed(self.id).await.code, Code::BadSource);
    }
}

#[tokio::test]
async fn a_file_that_is_truncated_while_it_is_sent_breaks_the_transfer_off() {
    let it = stuck().await;
    OpenOptions::new().write(true).open(it.folder.join("a-big")).unwrap().set_len(BIG / 2).unwrap();
    it.breaks_off().await;
}

#[tokio::test]
async fn a_file_that_grows_while_it_is_sent_breaks_the_transfer_off() {
    let it = stuck().await;
    OpenOptions::new().append(true).open(it.folder.join("a-big")).unwrap().write_all(b"more").unwrap();
    it.breaks_off().await;
}

#[tokio::test]
async fn a_file_that_vanishes_while_another_is_sent_breaks_the_transfer_off() {
    let it = stuck().await;
    fs::remove_file(it.folder.join("z-small")).unwrap();
    it.breaks_off().await;
}
