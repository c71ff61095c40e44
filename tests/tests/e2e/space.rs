//! No space left where the files should go.

use std::path::{Path, PathBuf};

use airhatch_tests::{Agent, Dice, Wire, World, befriend, eventually};
use airhatch_wire::TransferId;
use airhatch_wire::control::{Command, Phase, TransferState};

#[tokio::test]
async fn a_file_that_does_not_fit_waits_and_goes_on_after_tidying_up() {
    let world = World::new().await;
    let Some(disk) = world.tiny_disk(4) else { return };
    let inbox = disk.path().join("inbox");
    let options = ["--inbox", inbox.to_str().unwrap()];
    let (ann, bob) =
        tokio::join!(world.agent("ann@example.org"), world.agent_with("bob@example.org", &options));
    befriend(&ann, &bob).await;
    let filling = disk.path().join("filling");
    std::fs::write(&filling, vec![1; 3 << 20]).unwrap();

    let content = vec![7; 2 << 20];
    let too_much = ann.offer(&bob.email, &[("big.bin", &content)]).await;
    let offer = bob.offered(too_much).await;
    assert!(offer.free_space.unwrap() < offer.total, "the person can see it coming");
    bob.accept(too_much).await.unwrap();
    no_room(&ann, &bob, too_much).await;
    bob.is_unharmed().await;
    assert!(disk.free() > 900 << 10, "what was reserved is free again: {}", disk.free());

    std::fs::remove_file(filling).unwrap();
    tokio::join!(ann.delivered(too_much), bob.delivered(too_much));
    assert!(bob.received("big.bin") == content);
}

/// Both sides show that the transfer waits for room.
async fn no_room(ann: &Agent, bob: &Agent, id: TransferId) {
    let waits = |state: &TransferState| *state == TransferState::NoRoom;
    tokio::join!(ann.until(id, "a wait for room", waits), bob.until(id, "a wait for room", waits));
}

#[tokio::test]
async fn a_transfer_that_waits_for_room_can_be_called_off_from_both_sides() {
    let world = World::new().await;
    let Some(disk) = world.tiny_disk(2) else { return };
    let inbox = disk.path().join("inbox");
    let options = ["--inbox", inbox.to_str().unwrap()];
    let (ann, bob) =
        tokio::join!(world.agent("ann@example.org"), world.agent_with("bob@example.org", &options));
    befriend(&ann, &bob).await;
    for ends in [&ann, &bob] {
        let id = ann.offer(&bob.email, &[("big.bin", &vec![7; 3 << 20])]).await;
        bob.offered(id).await;
        bob.accept(id).await.unwrap();
        no_room(&ann, &bob, id).await;
        ends.cancel(id, "never mind").await.unwrap();
        tokio::join!(
            ann.until(id, "the end", TransferState::is_over),
            bob.until(id, "the end", TransferState::is_over)
        );
        bob.is_unharmed().await;
    }
}

#[tokio::test]
async fn an_agent_on_a_full_disk_says_so_and_works_again_afterwards() {
    let world = World::new().await;
    let Some(disk) = world.tiny_disk(64) else { return };
    // The agent's own folder, with its store, is on the tiny disk; its name must be the email's.
    std::os::unix::fs::symlink(disk.path(), world.path().join("bob@example.org")).unwrap();
    let (ann, mut bob) = tokio::join!(world.agent("ann@example.org"), world.agent("bob@example.org"));
    befriend(&ann, &bob).await;
    let filling = disk.fill();
    let content = vec![7; 1 << 20];
    let id = ann.offer(&bob.email, &[("a.txt", &content)]).await;
    // The agent may take the offer into what it keeps for bad days, or refuse it for now: it lives on.
    ann.ping(&bob.email).await.unwrap();
    assert_eq!(bob.status().await.phase, Phase::Ready);
    bob.kill().await;
    std::fs::remove_file(&filling).unwrap();
    bob.resume().await;
    bob.offered(id).await;
    bob.accept(id).await.unwrap();
    tokio::join!(ann.delivered(id), bob.delivered(id));
    assert!(bob.received("a.txt") == content);
}

/// A transfer to a disk that becomes full when half of it is there, with a few pages left, more each time.
struct Filling {
    ann: Agent,
    bob: Agent,
    wire: Wire,
    content: Vec<u8>,
}

impl Filling {
    async fn new(world: &World, inbox: Option<&Path>) -> Self {
        let wire = Wire::new().await;
        let advertise = wire.address.to_string();
        let mut options = vec!["--advertise", &advertise];
        options.extend(inbox.iter().flat_map(|inbox| ["--inbox", inbox.to_str().unwrap()]));
        let (ann, bob) =
            tokio::join!(world.agent("ann@example.org"), world.agent_with("bob@example.org", &options));
        wire.lead_to(&bob);
        befriend(&ann, &bob).await;
        // More than a landing keeps to itself before it notes how far it is.
        Self { ann, bob, wire, content: Dice::new(7).bytes(4 << 20) }
    }

    /// Has `fill` leave so many pages free until that is not noticed any more; how often it was.
    async fn until_untouched(&mut self, fill: impl Fn(u64) -> PathBuf) -> u32 {
        let (mut free, mut runs) = (0, 0);
        while !self.with(free, &fill).await {
            free = 2 * free + 1;
            runs += 1;
        }
        runs
    }

    /// One transfer; true when nobody noticed that the disk was full.
    async fn with(&mut self, free: u64, fill: &impl Fn(u64) -> PathBuf) -> bool {
        let Self { ann, bob, wire, content } = self;
        let id = ann.offer(&bob.email, &[("a.bin", content), ("b", b"")]).await;
        bob.offered(id).await;
        wire.hold_after(content.len() as u64 / 2);
        bob.accept(id).await.unwrap();
        wire.held().await;
        let filling = fill(free);
        wire.release();
        let untouched = is_untouched(ann, bob, id).await;
        assert_eq!(bob.status().await.phase, Phase::Ready, "with {free} pages");
        // What it has said it must not forget.
        bob.kill().await;
        std::fs::remove_file(filling).unwrap();
        bob.resume().await;
        // A person tries again at once; by itself it would go on a little later. It may be over by now.
        let _over = ann.ask(Command::Retry { transfer: id }).await;
        tokio::join!(ann.delivered(id), bob.delivered(id));
        assert!(bob.received("a.bin") == *content, "other bytes arrived with {free} pages");
        assert_eq!(bob.received_names(), ["a.bin", "b"], "each file once, with {free} pages");
        for name in ["a.bin", "b"] {
            std::fs::remove_file(bob.inbox().join(name)).unwrap();
        }
        bob.has_no_leftovers().await;
        untouched
    }
}

#[tokio::test]
async fn an_inbox_that_becomes_full_at_any_write_delays_a_transfer_and_nothing_else() {
    let world = World::new().await;
    let Some(disk) = world.tiny_disk(16) else { return };
    let mut it = Filling::new(&world, Some(&disk.path().join("inbox"))).await;
    let runs = it.until_untouched(|free| disk.fill_but(free * 4096)).await;
    assert!(runs > 0, "without a page there is no plan");
}

#[tokio::test]
async fn a_disk_that_becomes_full_at_any_write_delays_a_transfer_and_nothing_else() {
    let world = World::new().await;
    let Some(disk) = world.tiny_disk(64) else { return };
    // State, inbox and all on the tiny disk.
    std::os::unix::fs::symlink(disk.path(), world.path().join("bob@example.org")).unwrap();
    let mut it = Filling::new(&world, None).await;
    let ballast = disk.path().join("state/store/ballast");
    let fill = |free| {
        // What the store keeps for bad days is gone too, where it is not at its work just now.
        let _gone = std::fs::remove_file(&ballast);
        disk.fill_but(free * 4096)
    };
    assert!(it.until_untouched(fill).await > 0, "the store does without room");
}

/// Waits until a transfer to a full disk waits for room, or came through.
async fn is_untouched(ann: &Agent, bob: &Agent, id: TransferId) -> bool {
    eventually("a wait for room, or the end", async || {
        let (ours, theirs) = tokio::join!(ann.transfers(), bob.transfers());
        let mut states = ours.into_iter().chain(theirs).filter(|view| view.id == id).map(|view| view.state);
        let (ours, theirs) = (states.next().unwrap(), states.next().unwrap());
        let delivered = |state: &TransferState| matches!(state, TransferState::Delivered { .. });
        for state in [&ours, &theirs] {
            assert!(!state.is_over() || delivered(state), "{state:?} though it may go on");
        }
        let waits = !matches!(ours, TransferState::Moving | TransferState::Finishing) && !delivered(&ours);
        (waits || delivered(&ours)).then_some(!waits)
    })
    .await
}
