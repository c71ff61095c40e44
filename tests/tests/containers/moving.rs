//! An account that moves out of its container and back into one, with its contacts and an offer that waits.

use super::*;

/// Two friends with agents in containers, at a CA that processes of this machine reach as well.
async fn friends(engine: &Engine, world: &ContainerWorld<'_>) -> (Front, Front) {
    let ca = world.authority();
    let address = ca.inspect()["NetworkSettings"]["Networks"]["airhatch-peers"]["IPAddress"].clone();
    let address = format!("{}:7400", address.as_str().unwrap());
    let fingerprint = engine.said(&["exec", ca.id(), "/airhatch-ca", "fingerprint", "--dir", "/state/ca"]);
    let (ann, bob) = (world.front("ann"), world.front("bob"));
    for (front, email) in [(&ann, ANN), (&bob, BOB)] {
        let made = front.create_at((&address, &fingerprint), email, &["--runtime", "docker"]).await;
        assert_eq!(made.code, 0, "{made:?}");
    }
    ann.ok(&["contact", "add", BOB]).await;
    bob.ok(&["contact", "add", ANN]).await;
    (ann, bob)
}

/// What an account is to everybody else.
async fn identity(front: &Front) -> (Value, Value) {
    let contacts = front.object(&["contact", "list"]).await;
    let contact = &contacts["contacts"][0];
    let status = front.object(&["status"]).await;
    (status["accounts"][0]["agent"]["fingerprint"].clone(), contact["fingerprint"].clone())
}

async fn relocate(front: &Front, runtime: &str) -> Value {
    front.object(&["account", "move", ANN, "--runtime", runtime, "--yes"]).await
}

#[tokio::test]
async fn an_account_moves_out_of_its_container_and_back_with_contacts_and_a_waiting_offer() {
    let Some(engine) = engine() else { return };
    let world = ContainerWorld::new(&engine).await;
    let (ann, bob) = friends(&engine, &world).await;
    let before = identity(&ann).await;
    assert!(before.0.is_string() && before.1.is_string(), "{before:?}");
    for (runtime, name) in [("process", "first.pdf"), ("docker", "second.pdf")] {
        bob.ok(&["send", ANN, "--detach", &bob.file(name, name.as_bytes())]).await;
        let id = ann.waiting_offer().await;
        let moved = relocate(&ann, runtime).await;
        assert_eq!((&moved["type"], &moved["runtime"]), (&"account_moved".into(), &runtime.into()));
        assert_eq!(ann.refused(&["inbox", "list"]).await, (4, "not_logged_in".into()));
        log_in(&ann).await;
        assert_eq!(identity(&ann).await, before, "the same keys and the same contact");
        assert_eq!(ann.waiting_offer().await, id);
        ann.ok(&["inbox", "accept", &id]).await;
        arrived(&ann, ANN, &id).await;
        assert_eq!(received(&ann, ANN, name), name.as_bytes());
        let state = ann.home().join("accounts").join(ANN).join("agent");
        if runtime == "process" {
            assert_eq!(world.belongings(&ann), Vec::<String>::new());
            assert!(state.join("state/vault").exists());
        } else {
            nothing_but_the_account_is_left(&world, &ann);
            assert!(!state.exists(), "a copy of the keys was left");
        }
    }
}

#[tokio::test]
async fn nobody_is_logged_out_by_a_move_without_having_said_yes() {
    let Some(engine) = engine() else { return };
    let world = ContainerWorld::new(&engine).await;
    let ann = world.front("ann");
    world.settle(&ann, ANN).await;
    let move_it = ["account", "move", ANN, "--runtime", "process", "--no-input"];
    assert_eq!(ann.refused(&move_it).await, (2, "invalid".into()));
    ann.ok(&["inbox", "list"]).await;
    relocate(&ann, "docker").await;
    ann.ok(&["inbox", "list"]).await;
    assert_eq!(ann.refused(&["account", "move", BOB, "--runtime", "process"]).await, (9, "not_found".into()));
}
