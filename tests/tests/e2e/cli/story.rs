//! The whole story on the command line, and the demonstration.

use airhatch_tests::{Front, World, eventually, in_time};
use tokio::io::{AsyncBufReadExt, BufReader};

#[tokio::test]
async fn two_people_send_deny_and_accept_on_the_command_line() {
    let world = World::new().await;
    let (ann, bob) = world.front_friends().await;
    assert_eq!(ann.object(&["ping", "bob@example.org"]).await["type"], "pong");
    let online = ann.object(&["contact", "list"]).await;
    assert_eq!(online["contacts"][0]["presence"]["kind"], "online");

    let file = ann.file("report.pdf", b"all of it");
    let unwanted = ann.start(&["send", "bob@example.org", "--note", "for you", "--wait", &file]);
    let id = bob.waiting_offer().await;
    let shown = bob.ok(&["inbox", "list"]).await;
    assert!(shown.contains("report.pdf") && shown.contains("ann@example.org"), "{shown}");
    bob.ok(&["inbox", "deny", &id, "--reason", "not now"]).await;
    let told = in_time("the sender's end", unwanted.wait_with_output()).await.unwrap();
    assert_eq!(told.status.code(), Some(5), "denied");
    assert!(String::from_utf8_lossy(&told.stderr).contains("not now"), "{told:?}");

    let wanted = ann.start(&["send", "bob@example.org", "--wait", "--json", &file]);
    let id = bob.waiting_offer().await;
    bob.ok(&["inbox", "accept", &id]).await;
    let told = in_time("the sender's end", wanted.wait_with_output()).await.unwrap();
    assert_eq!(told.status.code(), Some(0), "{told:?}");
    let inbox = bob.inbox("bob@example.org");
    assert_eq!(std::fs::read(inbox.join("report.pdf")).unwrap(), b"all of it");
    let last = String::from_utf8(told.stdout).unwrap().lines().last().unwrap().to_owned();
    let last: serde_json::Value = serde_json::from_str(&last).unwrap();
    assert_eq!(last["state"]["kind"], "delivered", "{last}");
    let transfers = bob.object(&["transfer", "list"]).await;
    let kinds: Vec<_> =
        transfers["transfers"].as_array().unwrap().iter().map(|one| &one["state"]["kind"]).collect();
    assert_eq!(kinds, ["delivered", "denied"]);
    let outbox = ann.home().join("accounts/ann@example.org/outbox");
    eventually("an outbox without stages", async || is_empty(&outbox).then_some(())).await;
}

fn is_empty(folder: &std::path::Path) -> bool {
    std::fs::read_dir(folder).unwrap().next().is_none()
}

#[tokio::test]
async fn an_account_is_logged_out_logged_in_and_removed_on_the_command_line() {
    let world = World::new().await;
    let (ann, bob) = world.front_friends().await;
    bob.ok(&["logout"]).await;
    assert_eq!(bob.object(&["status"]).await["accounts"][0]["running"], false);
    assert_eq!(ann.refused(&["ping", "bob@example.org"]).await, (6, "peer_offline".into()));
    assert_eq!(bob.refused(&["inbox", "list"]).await, (4, "not_logged_in".into()));
    bob.ok(&["login", "--passphrase-file", &bob.passphrase_file()]).await;
    ann.ok(&["ping", "bob@example.org"]).await;

    let file = bob.passphrase_file();
    bob.ok(&["account", "remove", "bob@example.org", "--yes", "--passphrase-file", &file]).await;
    assert_eq!(bob.object(&["account", "list"]).await["accounts"], serde_json::json!([]));
    assert!(!bob.home().join("accounts/bob@example.org").exists());
    ann.ok(&["contact", "remove", "bob@example.org", "--yes"]).await;
    assert_eq!(ann.refused(&["contact", "add", "bob@example.org"]).await, (9, "not_found".into()));
}

#[tokio::test]
async fn events_are_printed_as_they_happen_until_ctrl_c() {
    let world = World::new().await;
    let (ann, bob) = world.front_friends().await;
    let mut events = bob.start(&["events", "--json"]);
    let mut lines = BufReader::new(events.stdout.take().unwrap()).lines();
    let file = ann.file("a.txt", b"content");
    ann.ok(&["send", "bob@example.org", &file, "--detach"]).await;
    in_time("the offer among the events", async {
        loop {
            let line = lines.next_line().await.unwrap().expect("events go on");
            let event: serde_json::Value = serde_json::from_str(&line).unwrap();
            if event["type"] == "transfer" && event["state"]["kind"] == "offered" {
                break;
            }
        }
    })
    .await;
    signal(&events, rustix::process::Signal::INT);
    let status = in_time("the end of events", events.wait()).await.unwrap();
    assert_eq!(status.code(), Some(130));
}

fn signal(child: &tokio::process::Child, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(child.id().unwrap().try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}

#[tokio::test]
async fn the_demonstration_tells_its_whole_story_and_leaves_nothing() {
    let world = World::new().await;
    let front = world.front("demo");
    let outcome = front.run(&["demo", "--headless"]).await;
    assert_eq!(outcome.code, 0, "{outcome:?}");
    for step in ["start a CA", "deny", "accept", "log out", "remove", "in vain", "all well"] {
        assert!(outcome.stdout.contains(step), "{step:?} is missing in\n{}", outcome.stdout);
    }
    left_nothing(&world, &front).await;
}

#[tokio::test]
async fn a_demonstration_that_is_interrupted_or_killed_leaves_nothing() {
    use rustix::process::Signal;
    let world = World::new().await;
    for (end, code) in [(Signal::INT, Some(130)), (Signal::TERM, Some(143)), (Signal::KILL, None)] {
        let front = world.front(&format!("demo-{}", end.as_raw()));
        let mut demo = front.start(&["demo", "--headless"]);
        let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
        in_time("two registrations", async {
            while !lines.next_line().await.unwrap().expect("the story goes on").contains("register") {}
        })
        .await;
        signal(&demo, end);
        assert_eq!(in_time("the end of the demonstration", demo.wait()).await.unwrap().code(), code);
        left_nothing(&world, &front).await;
    }
}

async fn left_nothing(world: &World, front: &Front) {
    let temporary = front.home().join("tmp");
    eventually("an empty temporary folder", async || is_empty(&temporary).then_some(())).await;
    eventually("the end of every process", async || (world.processes_of(front.home()) == 0).then_some(()))
        .await;
    assert!(!front.home().join("accounts").exists(), "the user's own home was touched");
}
