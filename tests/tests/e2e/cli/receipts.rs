//! The history and the receipts in it, on the command line; every way in which a receipt may not hold.

use std::process::Command;

use airhatch_tests::{Front, World, in_time, program};
use serde_json::{Value, json};

/// One file, sent by Ann and accepted by Bob; the transfer's id.
async fn deliver(ann: &Front, bob: &Front, name: &str) -> String {
    let file = ann.file(name, name.as_bytes());
    let sending = ann.start(&["send", "bob@example.org", "--note", "for you", "--wait", &file]);
    let id = bob.waiting_offer().await;
    bob.ok(&["inbox", "accept", &id]).await;
    let told = in_time("the sender's end", sending.wait_with_output()).await.unwrap();
    assert_eq!(told.status.code(), Some(0), "{told:?}");
    id
}

async fn receipt(front: &Front, id: &str) -> Value {
    serde_json::from_str(&front.ok(&["receipt", "export", id]).await).unwrap()
}

/// The exit code of checking this receipt, and the reasons against it.
async fn verdict(front: &Front, receipt: &Value, options: &[&str]) -> (i32, String) {
    let file = front.file("receipt.json", receipt.to_string().as_bytes());
    let outcome = front.run(&[&["receipt", "verify", &file, "--json"], options].concat()).await;
    let told = outcome.objects().pop().unwrap_or_else(|| outcome.error());
    let faults = told["faults"].as_array().cloned().unwrap_or_else(|| vec![told["message"].clone()]);
    let faults: Vec<_> = faults.iter().map(|fault| fault.as_str().unwrap()).collect();
    assert_eq!(outcome.code == 0, told["holds"] == true, "{outcome:?}");
    (outcome.code, faults.join("; "))
}

#[tokio::test]
async fn a_receipt_is_kept_shown_exported_and_holds_for_others_without_a_network() {
    let mut world = World::new().await;
    let (ann, bob) = world.front_friends().await;
    let id = deliver(&ann, &bob, "report.pdf").await;
    ann.ok(&["transfer", "forget", &id]).await;
    let history = ann.object(&["history", "--with", "bob@example.org", "--limit", "1"]).await;
    let past = &history["transfers"][0];
    assert_eq!((&past["id"], &past["receipt"]), (&json!(id), &json!(true)), "{history}");
    assert_eq!((&past["outcome"]["kind"], &past["total"]), (&json!("delivered"), &json!(10)));
    let theirs = bob.object(&["history"]).await;
    assert_eq!(theirs["transfers"][0]["receipt"], false, "the recipient signed it and does not need it");
    assert_eq!(bob.refused(&["receipt", "export", &id]).await, (9, "not_found".into()));
    assert_eq!(ann.object(&["history", "--with", "eve@example.org"]).await["transfers"], json!([]));

    let shown = ann.ok(&["receipt", "show", &id]).await;
    assert!(shown.contains("the receipt holds") && shown.contains("report.pdf"), "{shown}");
    let exported = receipt(&ann, &id).await;
    let fingerprint = world.authority.fingerprint.to_string();
    world.authority.stop();
    assert_eq!(verdict(&bob, &exported, &[]).await, (0, String::new()));
    assert_eq!(verdict(&bob, &exported, &["--ca-fingerprint", &fingerprint]).await.0, 0);
    let other = "00".repeat(32);
    let (exit, faults) = verdict(&bob, &exported, &["--ca-fingerprint", &other]).await;
    assert_eq!(exit, 7);
    assert!(faults.contains("another CA") && faults.contains(&fingerprint), "{faults}");
    let missing = bob.refused(&["receipt", "verify", &bob.path("none.json")]).await;
    assert_eq!(missing, (9, "not_found".into()));

    let file = bob.file("receipt.json", exported.to_string().as_bytes());
    let filter = |options: &[&str]| {
        let mut command = Command::new(program("airhatch-agent"));
        command.args(["receipt", "verify", &file]).args(options).output().unwrap()
    };
    let told = filter(&[]);
    let text = String::from_utf8(told.stdout).unwrap();
    assert!(told.status.success() && text.contains(&fingerprint) && text.contains("report.pdf"), "{text}");
    assert_eq!(filter(&["--ca-fingerprint", &other]).status.code(), Some(7));
}

#[tokio::test]
async fn a_receipt_put_together_from_other_parts_does_not_hold_and_says_why() {
    let world = World::new().await;
    let (ann, bob) = world.front_friends().await;
    let one = deliver(&ann, &bob, "one.txt").await;
    let other = deliver(&ann, &bob, "other.txt").await;
    let (one, other) = (receipt(&ann, &one).await, receipt(&ann, &other).await);
    assert_eq!(verdict(&ann, &one, &[]).await, (0, String::new()));
    for (path, reason) in [
        ("/offer", "the receipt is for another offer"),
        ("/offer/body", "the sender's signature on the offer does not match"),
        ("/completion", "the receipt is for other content than what was sent"),
        ("/completion/signature", "the sender's signature on what was sent does not match"),
        ("/receipt", "the receipt is for another offer"),
        ("/receipt/body", "the recipient's signature on the receipt does not match"),
        ("/items", "the list of files is not the one that was signed"),
    ] {
        let mut mixed = one.clone();
        *mixed.pointer_mut(path).unwrap() = other.pointer(path).unwrap().clone();
        let (exit, faults) = verdict(&ann, &mixed, &[]).await;
        assert_eq!(exit, 7, "{path}");
        assert!(faults.contains(reason), "{path}: {faults}");
    }
    let mut swapped = one.clone();
    swapped["recipient_certificate"] = one["sender_certificate"].clone();
    let (exit, faults) = verdict(&ann, &swapped, &[]).await;
    assert!(exit == 7 && faults.contains("somebody else's"), "{faults}");
    let elsewhere = World::new().await;
    let stranger = elsewhere.front("eve");
    stranger.settle(&elsewhere.authority, "eve@example.org").await;
    let (exit, faults) = verdict(&stranger, &one, &[]).await;
    assert!(exit == 7 && faults.contains("another CA"), "{faults}");
    for broken in [json!({}), json!("text"), json!({ "airhatch_receipt": 1 })] {
        let (exit, faults) = verdict(&ann, &broken, &[]).await;
        assert!(exit == 7 && faults.contains("no receipt"), "{faults}");
    }
}
