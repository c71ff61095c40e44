//! Rules with a budget, limits, and how fast bytes may move: as a person sets them, between real agents.

use std::time::{Duration, Instant};

use airhatch_tests::{Agent, World, patience};
use airhatch_wire::control::{Command, Limits, Reply, TransferState};
use serde_json::json;

const MEBI: u64 = 1 << 20;

async fn limit(agent: &Agent, limits: Limits) {
    let Reply::Account(view) = agent.ask(Command::SetLimits { limits }).await.unwrap() else { panic!() };
    assert_eq!(view.limits, limits);
}

#[tokio::test]
async fn a_rule_for_a_contact_accepts_within_its_budget_and_the_history_says_why() {
    let world = World::new().await;
    let (ann, bob) = world.front_friends().await;
    let rule = ["contact", "policy", "ann@example.org", "auto", "--per-file", "1MB", "--per-day", "2MB"];
    assert_eq!(bob.refused(&rule).await, (1, "not_permitted".into()), "nobody compared fingerprints yet");
    bob.ok(&["contact", "verify", "ann@example.org", "--yes"]).await;
    let set = bob.object(&[rule.as_slice(), &["--types", "txt,PDF", "--until", "30d"]].concat()).await;
    assert_eq!(set["policy"]["kind"], "auto");
    assert_eq!(set["policy"]["types"], json!(["txt", "pdf"]));
    assert_eq!(bob.refused(&["contact", "policy", "ann@example.org", "ask", "--per-day", "1MB"]).await.0, 2);

    let note = ann.file("note.txt", b"within the rule");
    ann.ok(&["send", "bob@example.org", "--wait", &note]).await;
    let history = bob.object(&["history"]).await;
    let verdict = &history["transfers"][0]["verdict"];
    assert_eq!(*verdict, json!({ "kind": "accepted_by_rule", "today": 15, "per_day": 2_000_000 }));
    let told = bob.ok(&["history"]).await;
    assert!(told.contains("ann@example.org: accepted by your rule: 15 B of 2.0 MB today"), "{told}");
    let shown = bob.object(&["contact", "policy", "ann@example.org"]).await;
    assert_eq!(shown["by_rule_today"], 15);

    let program = ann.file("tool.exe", b"beyond it");
    ann.ok(&["send", "bob@example.org", "--detach", &program]).await;
    let id = bob.waiting_offer().await;
    let waiting = bob.object(&["transfer", "show", &id]).await;
    assert_eq!(waiting["verdict"], json!({ "kind": "beyond_rule", "why": "file_type" }));
    assert!(!bob.inbox("bob@example.org").join("tool.exe").exists());

    bob.ok(&["contact", "policy", "ann@example.org", "never"]).await;
    assert_eq!(ann.refused(&["send", "bob@example.org", "--wait", &note]).await.0, 5, "denied");
}

#[tokio::test]
async fn limits_are_set_and_shown_on_the_command_line() {
    let world = World::new().await;
    let (ann, _bob) = world.front_friends().await;
    let set = ann.object(&["policy", "--upload", "1MiB", "--transfers", "4", "--per-day", "5GB"]).await;
    assert_eq!((&set["limits"]["upload"], &set["limits"]["transfers"]), (&json!(MEBI), &json!(4)));
    let set = ann.object(&["policy", "never", "--upload", "none"]).await;
    assert_eq!((&set["limits"]["upload"], &set["limits"]["transfers"]), (&json!(null), &json!(4)));
    assert_eq!(set["policy"]["kind"], "never");
    let status = ann.object(&["status"]).await;
    assert_eq!(status["accounts"][0]["agent"]["limits"]["bytes_per_day"], 5_000_000_000_u64);
    assert!(ann.ok(&["status"]).await.contains("5.0 GB a day from each contact"));
    assert_eq!(ann.refused(&["policy", "--download", "1kB"]).await, (2, "invalid".into()));
    assert_eq!(ann.refused(&["policy", "--transfers", "0"]).await.0, 2);
}

/// How long three mebibytes take from ann to bob.
async fn three_mebibytes(ann: &Agent, bob: &Agent) -> Duration {
    let content: Vec<u8> = (0..3 * MEBI).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let id = ann.offer(&bob.email, &[("a.bin", &content)]).await;
    bob.offered(id).await;
    let start = Instant::now();
    bob.accept(id).await.unwrap();
    bob.delivered(id).await;
    assert!(bob.received("a.bin") == content);
    start.elapsed()
}

#[tokio::test]
async fn three_mebibytes_at_one_a_second_take_about_three_seconds_up() {
    let world = World::new().await;
    let (ann, bob) = world.friends().await;
    limit(&ann, Limits { upload: Some(MEBI), ..Limits::default() }).await;
    let took = three_mebibytes(&ann, &bob).await;
    println!("3 MiB with an upload limit of 1 MiB/s took {took:?}");
    assert!(took > Duration::from_secs(2) && took < patience(), "{took:?}");
}

#[tokio::test]
async fn three_mebibytes_at_one_a_second_take_about_three_seconds_down() {
    let world = World::new().await;
    let (ann, bob) = world.friends().await;
    limit(&bob, Limits { download: Some(MEBI), ..Limits::default() }).await;
    let took = three_mebibytes(&ann, &bob).await;
    println!("3 MiB with a download limit of 1 MiB/s took {took:?}");
    assert!(took > Duration::from_secs(2) && took < patience(), "{took:?}");
}

#[tokio::test]
async fn transfers_beyond_the_limit_wait_for_their_turn_on_both_sides_and_all_arrive() {
    let world = World::new().await;
    let (ann, bob) = world.friends().await;
    limit(&bob, Limits { transfers: 1, download: Some(MEBI), ..Limits::default() }).await;
    let content = vec![7; 1 << 20];
    let first = ann.offer(&bob.email, &[("first.bin", &content)]).await;
    let second = ann.offer(&bob.email, &[("second.bin", &content)]).await;
    for id in [first, second] {
        bob.offered(id).await;
        bob.accept(id).await.unwrap();
    }
    let waits = |state: &TransferState| *state == TransferState::Waiting;
    tokio::join!(bob.until(second, "a turn", waits), ann.until(second, "a turn", waits));
    for id in [first, second] {
        tokio::join!(ann.delivered(id), bob.delivered(id));
    }
    limit(&bob, Limits::default()).await;
    limit(&ann, Limits { transfers: 1, upload: Some(MEBI), ..Limits::default() }).await;
    let mut all = Vec::new();
    for name in ["third.bin", "fourth.bin"] {
        let id = ann.offer(&bob.email, &[(name, &content)]).await;
        bob.offered(id).await;
        bob.accept(id).await.unwrap();
        all.push(id);
    }
    ann.until(all[1], "a turn", waits).await;
    for id in all {
        tokio::join!(ann.delivered(id), bob.delivered(id));
    }
}
