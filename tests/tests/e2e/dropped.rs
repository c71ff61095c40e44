//! The drop folder: what is put there is sent, by an agent without any front.

use std::fs;
use std::path::Path;

use airhatch_tests::{Agent, World, befriend, eventually};
use airhatch_wire::control::{Command, Direction, Policy, TransferState, TransferView};
use serde_json::Value;

/// Two accounts that are contacts of each other; the first has a drop folder, in its home.
async fn dropping(world: &World) -> (Agent, Agent, std::path::PathBuf) {
    let drop = world.folder_for("ann-drop");
    let folder = drop.display().to_string();
    let options = ["--drop", &folder];
    let (ann, bob) =
        tokio::join!(world.agent_with("ann@example.org", &options), world.agent("bob@example.org"));
    befriend(&ann, &bob).await;
    fs::create_dir(drop.join("bob@example.org")).unwrap();
    (ann, bob, drop)
}

/// The lines of the log, when there are so many.
async fn lines(drop: &Path, count: usize) -> Vec<Value> {
    eventually("lines in the log of the drop folder", async || {
        let text = fs::read_to_string(drop.join(".sent/log.jsonl")).ok()?;
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (lines.len() == count).then_some(lines)
    })
    .await
}

/// The names in one of the folder's own places.
fn names(drop: &Path, place: &str) -> Vec<String> {
    let entries = fs::read_dir(drop.join(place)).unwrap().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.retain(|name| name != "log.jsonl");
    names.sort();
    names
}

async fn waiting(bob: &Agent) -> TransferView {
    eventually("an offer", async || {
        let offered = |view: &TransferView| view.state == TransferState::Offered;
        bob.transfers().await.into_iter().find(offered)
    })
    .await
}

#[tokio::test]
async fn what_is_dropped_is_offered_and_kept_with_its_outcome() {
    let world = World::new().await;
    let (_ann, bob, drop) = dropping(&world).await;
    bob.verify(&airhatch_tests::email("ann@example.org")).await;
    fs::write(drop.join("bob@example.org/first.txt"), "the first").unwrap();
    let offer = waiting(&bob).await;
    assert_eq!(names(&drop, "bob@example.org"), Vec::<String>::new());
    bob.accept(offer.id).await.unwrap();
    let line = lines(&drop, 1).await.remove(0);
    assert_eq!((&line["outcome"], &line["to"]), (&"delivered".into(), &"bob@example.org".into()), "{line}");
    assert_eq!((&line["transfer"], &line["receipt"]), (&offer.id.to_string().into(), &true.into()));
    assert_eq!(bob.received("first.txt"), b"the first");
    eventually("the file among the sent", async || {
        names(&drop, ".sent").iter().any(|name| name.ends_with("-first.txt")).then_some(())
    })
    .await;

    fs::write(drop.join("bob@example.org/second.txt"), "the second").unwrap();
    let offer = waiting(&bob).await;
    bob.deny(offer.id, "not now").await.unwrap();
    let line = lines(&drop, 2).await.remove(1);
    assert_eq!((&line["outcome"], &line["reason"]), (&"denied".into(), &"not now".into()), "{line}");
    eventually("an empty place for what is sent", async || names(&drop, ".sending").is_empty().then_some(()))
        .await;
}

#[tokio::test]
async fn a_folder_that_is_dropped_is_offered_as_a_whole() {
    let world = World::new().await;
    let (_ann, bob, drop) = dropping(&world).await;
    bob.verify(&airhatch_tests::email("ann@example.org")).await;
    bob.policy(Policy::Verified { max_bytes: 1000 }).await;
    // Made elsewhere on the same disk, so that it appears in one step; a second one grows where it is watched.
    let made = drop.join(".made");
    fs::create_dir_all(made.join("photos/2026/empty")).unwrap();
    fs::write(made.join("photos/2026/a.jpg"), "a picture").unwrap();
    fs::rename(made.join("photos"), drop.join("bob@example.org/photos")).unwrap();
    fs::create_dir_all(drop.join("bob@example.org/notes/deep")).unwrap();
    fs::write(drop.join("bob@example.org/notes/deep/n.txt"), "a note").unwrap();
    let lines = lines(&drop, 2).await;
    assert!(lines.iter().all(|line| line["outcome"] == "delivered"), "{lines:?}");
    assert_eq!(bob.received_names(), ["notes", "photos"]);
    assert_eq!(bob.received("photos/2026/a.jpg"), b"a picture");
    assert_eq!(bob.received("notes/deep/n.txt"), b"a note");
    let sent = eventually("both among the sent", async || {
        Some(names(&drop, ".sent")).filter(|names| names.len() == 2)
    })
    .await;
    assert!(sent[0].ends_with("-notes") && sent[1].ends_with("-photos"), "{sent:?}");
    assert!(drop.join(".sent").join(&sent[1]).join("2026/empty").is_dir());
}

#[tokio::test]
async fn a_dropped_folder_with_a_link_in_it_is_refused_and_named() {
    let world = World::new().await;
    let (_ann, bob, drop) = dropping(&world).await;
    let made = drop.join(".made");
    fs::create_dir_all(made.join("d/e")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", made.join("d/e/link")).unwrap();
    fs::rename(made.join("d"), drop.join("bob@example.org/d")).unwrap();
    let line = lines(&drop, 1).await.remove(0);
    assert_eq!(line["outcome"], "refused", "{line}");
    assert!(line["reason"].as_str().unwrap().contains("d/e/link"), "{line}");
    eventually("the folder among the refused", async || (names(&drop, ".refused").len() == 1).then_some(()))
        .await;
    assert_eq!(bob.transfers().await, []);
}

#[tokio::test]
async fn what_nobody_can_be_sent_is_refused_with_the_reason() {
    let world = World::new().await;
    let (_ann, bob, drop) = dropping(&world).await;
    fs::write(drop.join("loose.txt"), "for nobody").unwrap();
    fs::create_dir(drop.join("eve@example.org")).unwrap();
    fs::write(drop.join("eve@example.org/a.txt"), "for a stranger").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", drop.join("bob@example.org/link")).unwrap();
    let lines = lines(&drop, 3).await;
    let of = |name: &str| lines.iter().find(|line| line["name"] == name).unwrap();
    for name in ["loose.txt", "a.txt", "link"] {
        assert_eq!(of(name)["outcome"], "refused", "{lines:?}");
    }
    assert!(of("link")["reason"].as_str().unwrap().contains("plain files"), "{lines:?}");
    assert!(of("loose.txt")["reason"].as_str().unwrap().contains("no contact's folder"), "{lines:?}");
    assert!(of("a.txt")["reason"].as_str().unwrap().contains("eve@example.org"), "{lines:?}");
    eventually("files among the refused", async || (names(&drop, ".refused").len() == 2).then_some(())).await;
    assert_eq!(names(&drop, "bob@example.org"), ["link"], "no link is made anywhere");
    assert_eq!(bob.transfers().await, []);
}

#[tokio::test]
async fn what_was_dropped_goes_on_after_both_agents_were_killed_and_arrives_once() {
    let world = World::new().await;
    let (mut ann, mut bob, drop) = dropping(&world).await;
    bob.kill().await;
    fs::write(drop.join("bob@example.org/late.txt"), "in the end").unwrap();
    eventually("a queued transfer", async || {
        ann.transfers().await.first().map(|view| assert_eq!(view.direction, Direction::Outgoing))
    })
    .await;
    ann.kill().await;
    fs::write(drop.join("bob@example.org/meanwhile.txt"), "dropped while nobody looked").unwrap();
    bob.resume().await;
    bob.verify(&ann.email).await;
    bob.policy(Policy::Verified { max_bytes: 1000 }).await;
    ann.resume().await;
    let lines = lines(&drop, 2).await;
    assert!(lines.iter().all(|line| line["outcome"] == "delivered"), "{lines:?}");
    assert_eq!(bob.received_names(), ["late.txt", "meanwhile.txt"]);
    assert_eq!(ann.transfers().await.len(), 2);
    assert!(ann.ask(Command::Status).await.is_ok());
}
