//! Two people whose agents are containers in two networks, joined by one.

use std::collections::BTreeSet;

use super::*;

#[tokio::test]
async fn two_people_in_containers_meet_send_deny_accept_log_out_and_leave() {
    let Some(engine) = engine() else { return };
    let world = ContainerWorld::new(&engine).await;
    let (ann, bob) = world.friends().await;
    they_live_in_two_networks_joined_by_one(&world, &ann, &bob);
    let status = ann.ok(&["status"]).await;
    assert!(status.contains("container"), "{status}");

    assert_eq!(ann.object(&["ping", BOB]).await["type"], "pong");
    eventually("bob's presence", async || {
        let contacts = ann.object(&["contact", "list"]).await;
        (contacts["contacts"][0]["presence"]["kind"] == "online").then_some(())
    })
    .await;

    let file = ann.file("report.pdf", b"all of it");
    let unwanted = ann.start(&["send", BOB, "--wait", &file]);
    let id = bob.waiting_offer().await;
    bob.ok(&["inbox", "deny", &id, "--reason", "not now"]).await;
    let told = airhatch_tests::in_time("the sender's end", unwanted.wait_with_output()).await.unwrap();
    assert_eq!(told.status.code(), Some(5), "denied");
    assert!(String::from_utf8_lossy(&told.stderr).contains("not now"), "{told:?}");
    assert!(!bob.inbox(BOB).join("report.pdf").exists());

    let wanted = ann.start(&["send", BOB, "--wait", "--json", &file]);
    let id = bob.waiting_offer().await;
    bob.ok(&["inbox", "accept", &id]).await;
    let told = airhatch_tests::in_time("the sender's end", wanted.wait_with_output()).await.unwrap();
    assert_eq!(told.status.code(), Some(0), "{told:?}");
    arrived(&bob, BOB, &id).await;
    assert_eq!(received(&bob, BOB, "report.pdf"), b"all of it");
    let (sent, got) = (state(&ann, &id).await, state(&bob, &id).await);
    assert_eq!(sent, got, "both sides name the moment in the receipt");

    bob.ok(&["logout"]).await;
    assert_eq!(world.agent(&bob).inspect()["State"]["ExitCode"], 0, "it was asked, not killed");
    assert_eq!(ann.refused(&["ping", BOB]).await, (6, "peer_offline".into()));
    log_in(&bob).await;
    ann.ok(&["ping", BOB]).await;

    let file = bob.passphrase_file();
    bob.ok(&["account", "remove", BOB, "--yes", "--passphrase-file", &file]).await;
    assert_eq!(world.belongings(&bob), Vec::<String>::new());
    assert_eq!(received(&bob, BOB, "report.pdf"), b"all of it", "received files stay");
    ann.ok(&["contact", "remove", BOB, "--yes"]).await;
    assert_eq!(ann.refused(&["contact", "add", BOB]).await, (9, "not_found".into()));
    nothing_but_the_account_is_left(&world, &ann);
}

fn they_live_in_two_networks_joined_by_one(world: &ContainerWorld<'_>, ann: &Front, bob: &Front) {
    let networks = |front: &Front| -> BTreeSet<String> {
        let agent = world.agent(front).inspect();
        agent["NetworkSettings"]["Networks"].as_object().unwrap().keys().cloned().collect()
    };
    let (anns, bobs) = (networks(ann), networks(bob));
    assert_eq!((anns.len(), bobs.len()), (2, 2), "{anns:?} {bobs:?}");
    assert_eq!(anns.intersection(&bobs).collect::<Vec<_>>(), ["airhatch-peers"]);
}
