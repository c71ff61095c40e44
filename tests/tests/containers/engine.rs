//! An engine that is stopped, killed, given a newer image or has none. On an engine of the test's own.

use super::*;

#[tokio::test]
async fn accounts_files_and_contacts_survive_an_engine_that_is_stopped_and_started() {
    let Some(private) = private().await else { return };
    let world = ContainerWorld::new(private.engine()).await;
    let (ann, bob) = world.friends().await;
    hand_over(&ann, (&bob, BOB), "before.txt", b"before the stop").await;
    private.stop().await;
    assert_eq!(bob.refused(&["inbox", "list"]).await, (4, "not_logged_in".into()));
    let (code, error) = bob.refused(&["login", "--passphrase-file", &bob.passphrase_file()]).await;
    assert_eq!((code, error.as_str()), (12, "engine_unavailable"));
    private.start_again().await;
    private.engine().said(&["start", world.authority().id()]);
    log_in(&ann).await;
    log_in(&bob).await;
    they_go_on(&world, &ann, &bob).await;
}

#[tokio::test]
async fn agents_answer_while_their_engine_is_dead_and_what_was_sent_then_arrives_after_its_return() {
    let Some(private) = private().await else { return };
    let world = ContainerWorld::new(private.engine()).await;
    let (ann, bob) = world.friends().await;
    hand_over(&ann, (&bob, BOB), "before.txt", b"before the crash").await;
    private.crash().await;
    bob.ok(&["inbox", "list"]).await;
    // An engine is its containers' name service too, so who is not connected already may not be found.
    let file = ann.file("meanwhile.txt", b"without an engine");
    ann.ok(&["send", BOB, "--detach", &file]).await;
    // It comes back only after it has ended what outlived it, and starts nothing of that again.
    private.start_again().await;
    assert_eq!(bob.refused(&["inbox", "list"]).await, (4, "not_logged_in".into()));
    private.engine().said(&["start", world.authority().id()]);
    log_in(&ann).await;
    log_in(&bob).await;
    let id = bob.waiting_offer().await;
    bob.ok(&["inbox", "accept", &id]).await;
    arrived(&bob, BOB, &id).await;
    assert_eq!(received(&bob, BOB, "meanwhile.txt"), b"without an engine");
    they_go_on(&world, &ann, &bob).await;
}

async fn they_go_on(world: &ContainerWorld<'_>, ann: &Front, bob: &Front) {
    assert!(received(bob, BOB, "before.txt").starts_with(b"before the "));
    let transfers = ann.object(&["transfer", "list"]).await;
    assert_eq!(transfers["transfers"][0]["state"]["kind"], "delivered");
    hand_over(ann, (bob, BOB), "after.txt", b"after its return").await;
    nothing_but_the_account_is_left(world, ann);
    nothing_but_the_account_is_left(world, bob);
}

#[tokio::test]
async fn a_newer_image_takes_over_at_the_next_login_with_the_account_and_every_finished_file() {
    let Some(private) = private().await else { return };
    let world = ContainerWorld::new(private.engine()).await;
    let (ann, bob) = world.friends().await;
    hand_over(&ann, (&bob, BOB), "before.txt", b"before the newer image").await;
    let image = |front: &Front| world.agent(front).inspect()["Image"].as_str().unwrap().to_owned();
    let (older, container) = (image(&bob), world.agent(&bob).id().to_owned());
    let tag = Image::Agent.tag();
    private.build(tag, &format!("FROM {tag}\nLABEL airhatch.test.newer=1\n"));
    bob.ok(&["status"]).await;
    assert_eq!(image(&bob), older, "nobody who is logged in is interrupted");
    bob.ok(&["logout"]).await;
    log_in(&bob).await;
    assert_ne!((image(&bob), world.agent(&bob).id()), (older, container.as_str()));
    assert_eq!(image(&bob), private.engine().inspect("image", tag)["Id"]);
    they_go_on(&world, &ann, &bob).await;
}

#[tokio::test]
async fn without_an_image_no_account_is_made_and_the_way_to_get_one_is_told() {
    let Some(_here) = engine() else { return };
    let Some(private) = PrivateEngine::start().await else { return };
    nothing_is_made(&private, 12, "make images").await;
}

#[tokio::test]
async fn what_was_made_before_a_foreign_network_was_met_is_unmade() {
    let Some(here) = engine() else { return };
    let Some(private) = PrivateEngine::start().await else { return };
    private.load(&here, Image::Agent.tag());
    private.engine().said(&["network", "create", "--label", "somebody=else", "airhatch-peers"]);
    nothing_is_made(&private, 13, "airhatch-peers").await;
    let networks = private.engine().said(&["network", "ls", "--quiet", "--filter", "label=somebody=else"]);
    assert_eq!(networks.lines().count(), 1, "what belongs to somebody else stays");
}

/// An account is asked for in vain; the hint says this, and nothing of it is left anywhere.
async fn nothing_is_made(private: &PrivateEngine, code: i32, hint: &str) {
    let home = tempfile::tempdir().unwrap();
    let mut front = Front::new(home.path().to_owned());
    front.use_engine(private.engine().address());
    let fingerprint = "0".repeat(64);
    let refused = front.create_at(("ca:7400", &fingerprint), ANN, &["--runtime", "docker", "--json"]).await;
    assert_eq!(refused.code, code, "{refused:?}");
    let error = refused.error();
    assert!(error["hint"].as_str().unwrap().contains(hint), "{error}");
    assert!(!home.path().join("accounts").join(ANN).exists());
    for kind in [&["ps", "--all", "--quiet"][..], &["volume", "ls", "--quiet"]] {
        assert_eq!(private.engine().said(kind), "", "{kind:?}");
    }
    let networks = private.engine().said(&["network", "ls", "--format", "{{.Name}}"]);
    assert!(!networks.contains("airhatch-agent"), "{networks}");
}
