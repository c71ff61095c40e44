//! No space left where the files should go.

use airhatch_tests::{Agent, World, befriend};
use airhatch_wire::TransferId;
use airhatch_wire::control::{Phase, TransferState};

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
