//! Whole folders, texts and the standard input, from one command line to the other's inbox.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::time::{Duration, SystemTime};

use airhatch_tests::{Front, World, eventually, in_time};
use tokio::io::AsyncWriteExt;

/// Sends, accepts, and waits until the sender has the receipt; what the sender's program said.
async fn deliver(ann: &Front, bob: &Front, arguments: &[&str]) -> std::process::Output {
    let sending = ann.start(&[&["send", "bob@example.org", "--wait"], arguments].concat());
    accepted(bob, sending).await
}

async fn accepted(bob: &Front, sending: tokio::process::Child) -> std::process::Output {
    let id = bob.waiting_offer().await;
    bob.ok(&["inbox", "accept", &id]).await;
    let told = in_time("the sender's end", sending.wait_with_output()).await.unwrap();
    assert_eq!(told.status.code(), Some(0), "{told:?}");
    told
}

/// Every path below a folder, sorted.
fn paths(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    gather(folder, "", &mut found);
    found.sort();
    found
}

fn gather(folder: &Path, under: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = format!("{under}{}", entry.file_name().into_string().unwrap());
        if entry.file_type().unwrap().is_dir() {
            gather(&entry.path(), &format!("{path}/"), found);
        }
        found.push(path);
    }
}

fn outbox(ann: &Front) -> std::path::PathBuf {
    ann.home().join("accounts/ann@example.org/outbox")
}

async fn nothing_is_staged(ann: &Front) {
    let outbox = outbox(ann);
    eventually("an empty outbox", async || fs::read_dir(&outbox).unwrap().next().is_none().then_some(()))
        .await;
}

#[tokio::test]
async fn a_folder_arrives_whole_and_what_cannot_be_sent_is_told() {
    let world = World::new().await;
    let (ann, bob) = world.front_friends().await;
    let tree = ann.home().join("tree");
    fs::create_dir_all(tree.join("a/b/empty")).unwrap();
    for (path, content) in
        [("top", "1"), ("a/run.sh", "#!/bin/sh"), ("a/b/deep.txt", "deep"), ("a/b/nothing", "")]
    {
        fs::write(tree.join(path), content).unwrap();
    }
    fs::set_permissions(tree.join("a/run.sh"), Permissions::from_mode(0o755)).unwrap();
    let then = SystemTime::UNIX_EPOCH + Duration::from_millis(1_400_000_000_250);
    File::options().write(true).open(tree.join("a/b/deep.txt")).unwrap().set_modified(then).unwrap();
    symlink("/etc/passwd", tree.join("a/link")).unwrap();
    let told = deliver(&ann, &bob, &["tree"]).await;
    let said = String::from_utf8(told.stderr).unwrap();
    assert!(said.contains("skipped: ") && said.contains("tree/a/link (link)"), "{said}");
    assert!(said.contains("4 files in 4 folders"), "{said}");
    let arrived = bob.inbox("bob@example.org").join("tree");
    assert_eq!(paths(&arrived), ["a", "a/b", "a/b/deep.txt", "a/b/empty", "a/b/nothing", "a/run.sh", "top"]);
    assert_eq!(fs::read(arrived.join("a/b/deep.txt")).unwrap(), b"deep");
    assert_eq!(fs::metadata(arrived.join("a/b/deep.txt")).unwrap().modified().unwrap(), then);
    assert_ne!(fs::metadata(arrived.join("a/run.sh")).unwrap().mode() & 0o100, 0);
    nothing_is_staged(&ann).await;
}

#[tokio::test]
async fn what_is_excluded_stays_and_scripts_hear_what_was_skipped() {
    let world = World::new().await;
    let (ann, bob) = world.front_friends().await;
    let tree = ann.home().join("p");
    for (path, content) in
        [(".gitignore", "*.log\n"), (".git/config", "x"), ("a.log", "x"), ("a.rs", "x"), ("target/x", "x")]
    {
        fs::create_dir_all(tree.join(path).parent().unwrap()).unwrap();
        fs::write(tree.join(path), content).unwrap();
    }
    symlink("a.rs", tree.join("link")).unwrap();
    let told = deliver(&ann, &bob, &["p", "--exclude", "/target", "--gitignore", "--json"]).await;
    let first: serde_json::Value =
        serde_json::from_str(String::from_utf8(told.stdout).unwrap().lines().next().unwrap()).unwrap();
    assert_eq!((&first["type"], &first["count"]), (&"skipped".into(), &1.into()), "{first}");
    assert_eq!(first["first"][0]["why"], "link", "{first}");
    assert!(first["first"][0]["path"].as_str().unwrap().ends_with("/p/link"), "{first}");
    assert_eq!(paths(&bob.inbox("bob@example.org").join("p")), [".gitignore", "a.rs"]);
    assert_eq!(ann.refused(&["send", "bob@example.org", "p", "--exclude", "[z-a]"]).await.1, "invalid");
}

#[tokio::test]
async fn a_text_and_the_standard_input_become_files() {
    let world = World::new().await;
    let (ann, bob) = world.front_friends().await;
    let inbox = bob.inbox("bob@example.org");
    deliver(&ann, &bob, &["--text", "see you at eight"]).await;
    assert_eq!(fs::read(inbox.join("message.txt")).unwrap(), b"see you at eight");

    let beside = ann.file("beside.txt", b"beside");
    let mut sending =
        ann.start_fed(&["send", "bob@example.org", "-", &beside, "--name", "log.bin", "--wait"]);
    let mut input = sending.stdin.take().unwrap();
    let content: Vec<u8> = (0..3_000_001_u32).map(|n| (n % 251) as u8).collect();
    for piece in content.chunks(70_001) {
        input.write_all(piece).await.unwrap();
    }
    drop(input);
    accepted(&bob, sending).await;
    assert!(fs::read(inbox.join("log.bin")).unwrap() == content);
    assert_eq!(fs::read(inbox.join("beside.txt")).unwrap(), b"beside");
    nothing_is_staged(&ann).await;
}

#[tokio::test]
async fn an_interrupted_standard_input_leaves_nothing() {
    let world = World::new().await;
    let (ann, _bob) = world.front_friends().await;
    for signal in [rustix::process::Signal::INT, rustix::process::Signal::KILL] {
        let mut sending = ann.start_fed(&["send", "bob@example.org", "-"]);
        let mut input = sending.stdin.take().unwrap();
        input.write_all(&[7; 100_000]).await.unwrap();
        let outbox = outbox(&ann);
        eventually("a growing file", async || fs::read_dir(&outbox).unwrap().next().map(drop)).await;
        let pid = rustix::process::Pid::from_raw(sending.id().unwrap().try_into().unwrap()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
        let ended = in_time("the sender's end", sending.wait()).await.unwrap();
        assert!(!ended.success(), "{ended:?}");
        nothing_is_staged(&ann).await;
    }
    assert_eq!(ann.object(&["transfer", "list"]).await["transfers"], serde_json::json!([]));
}

#[tokio::test]
async fn a_folder_that_holds_an_account_or_its_keys_is_refused_and_named() {
    let world = World::new().await;
    let (ann, _bob) = world.front_friends().await;
    let state = ann.home().join("accounts/ann@example.org/agent/state");
    let mut files = fs::read_dir(state).unwrap().flatten().map(|entry| entry.path());
    let vault = files.find(|path| path.is_file()).unwrap();
    fs::create_dir_all(ann.home().join("album/2026")).unwrap();
    fs::hard_link(vault, ann.home().join("album/2026/holiday.jpg")).unwrap();
    for (folder, named) in [
        ("accounts", "/accounts"),
        ("accounts/ann@example.org", "/accounts/ann@example.org"),
        ("album", "/album/2026/holiday.jpg"),
    ] {
        let told = ann.run(&["send", "bob@example.org", &ann.path(folder), "--json"]).await;
        let error = told.error();
        assert_eq!(error["code"], "not_permitted", "{told:?}");
        assert!(error["message"].as_str().unwrap().contains(named), "{error}");
    }
    nothing_is_staged(&ann).await;
}
