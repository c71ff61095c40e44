//! What a person is told when the container engine cannot be used: what, why and how to fix it, and nothing half made.

use airhatch_tests::{BrokenEngine, Front, Screen, Trouble, World, can_be_another_user};
use serde_json::json;

/// A CA that containers could reach; nobody gets that far.
const ELSEWHERE: &str = "192.0.2.1:7400";

/// Tries to make an account in a container; the exit code, and everything that is told.
async fn refused(front: &Front) -> (i32, String) {
    let (fingerprint, file) = ("ab".repeat(32), front.passphrase_file());
    let what = ["account", "create", "ann@example.org", "--ca", ELSEWHERE, "--ca-fingerprint", &fingerprint];
    let outcome =
        front.run(&[&what[..], &["--runtime", "docker", "--passphrase-file", &file]].concat()).await;
    assert_eq!(front.object(&["account", "list"]).await["accounts"], json!([]), "nothing half made");
    assert!(outcome.stderr.contains("hint: "), "{outcome:?}");
    (outcome.code, outcome.stderr)
}

fn tells(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "{part:?} is missing in {said}");
    }
}

#[tokio::test]
async fn an_engine_that_is_not_there_too_old_full_or_without_a_port_is_told_with_what_to_do() {
    let world = World::new().await;
    let mut front = world.front("ann");
    front.use_engine(Some("unix:///nowhere/engine.sock".to_owned()));
    let (code, said) = refused(&front).await;
    assert_eq!(code, 12);
    tells(&said, &["/nowhere/engine.sock does not answer", "Start it"]);
    let cases: [(&str, Trouble, i32, &[&str]); 4] = [
        (
            "GET /version",
            Trouble::Answer(r#"{"Version":"1.12","ApiVersion":"1.24"}"#),
            12,
            &["Docker 1.12 is too old", "API 1.24", "Update it"],
        ),
        ("GET /images", Trouble::HangUp, 12, &["went away while looking for the image", "Start it"]),
        (
            "POST /containers/create",
            Trouble::Refusal("mkdir /var/lib/docker/overlay2/x: no space left on device"),
            13,
            &["no space left", "Free some space"],
        ),
        (
            "/start",
            Trouble::Refusal("Bind for 127.0.0.1:1 failed: port is already allocated"),
            13,
            &["in use by something else", "ss -ltnp"],
        ),
    ];
    for (at, trouble, expected, parts) in cases {
        let engine = BrokenEngine::start(move |request| request.contains(at).then_some(trouble));
        front.use_engine(Some(engine.address()));
        let (code, said) = refused(&front).await;
        assert_eq!(code, expected, "{at}: {said}");
        tells(&said, parts);
    }
}

#[tokio::test]
async fn an_engine_that_this_user_may_not_use_is_told_with_both_ways_out() {
    if !can_be_another_user() {
        return;
    }
    let world = World::new().await;
    let mut front = world.front("ann");
    let engine = BrokenEngine::start(|_| None);
    engine.keep_to_owner();
    front.use_engine(Some(engine.address()));
    front.become_user(1000);
    let (code, said) = refused(&front).await;
    assert_eq!(code, 12);
    tells(&said, &["may not use the container engine", "rootless", "group"]);
    assert_eq!(front.refused(&["engine"]).await, (12, "engine_unavailable".to_owned()));
}

#[tokio::test]
async fn the_engine_and_its_image_are_shown() {
    let world = World::new().await;
    let mut front = world.front("ann");
    let engine = BrokenEngine::start(|_| None);
    front.use_engine(Some(engine.address()));
    let shown = front.object(&["engine"]).await;
    assert_eq!((&shown["product"], &shown["rootless"]), (&json!("Docker 20.10.24"), &json!(false)));
    assert_eq!(shown["image"], concat!("airhatch/agent:", env!("CARGO_PKG_VERSION")));
    let none = BrokenEngine::start(|request| {
        request.starts_with("GET /images").then_some(Trouble::Refusal("no space left on device"))
    });
    front.use_engine(Some(none.address()));
    let shown = front.object(&["engine"]).await;
    assert_eq!((&shown["image"], &shown["image_missing"]["code"]), (&json!(null), &json!("disk_full")));
}

#[tokio::test]
async fn an_engine_that_goes_away_while_it_builds_is_told() {
    let world = World::new().await;
    let mut front = world.front("ann");
    let engine = BrokenEngine::start(|request| request.starts_with("POST /build").then_some(Trouble::HangUp));
    front.use_engine(Some(engine.address()));
    let sources = front.home().join("sources");
    std::fs::create_dir_all(sources.join("docker")).unwrap();
    std::fs::write(sources.join("docker/Dockerfile"), "FROM scratch AS agent\n").unwrap();
    let outcome = front.run(&["engine", "build", "sources"]).await;
    assert_eq!(outcome.code, 12, "{outcome:?}");
    tells(&outcome.stderr, &["went away while building the image", "hint: "]);
    let nothing = front.run(&["engine", "build", "."]).await;
    assert_eq!(nothing.code, 1, "{nothing:?}");
    tells(&nothing.stderr, &["docker/Dockerfile", "the top folder of the sources"]);
    let garbage = front.file("garbage", &[0xaa; 9999]);
    assert_eq!(front.refused(&["engine", "load", &garbage]).await, (1, "bad_source".to_owned()));
    assert_eq!(front.refused(&["engine", "load", "none"]).await, (9, "not_found".to_owned()));
}

#[tokio::test]
async fn without_an_engine_the_wizard_says_so_and_leads_to_the_first_account_all_the_same() {
    let world = World::new().await;
    let mut front = world.front("ann");
    front.use_engine(Some("unix:///nowhere/engine.sock".to_owned()));
    let screen = Screen::start(&front, &[], (80, 24));
    screen.wait_for("Welcome");
    screen.keys("<Enter>");
    screen.wait_for("step 1 of 5");
    // The CA of this test, written so that it could be anywhere.
    screen.keys(&format!("127.1:{}", world.authority.address.port()));
    screen.keys("<Tab>");
    screen.paste(&world.authority.fingerprint.to_string());
    screen.keys("<Enter>");
    for what in ["step 2 of 5", "/nowhere/engine.sock", "Start it", "r look again", "● As a process"] {
        screen.wait_for(what);
    }
    screen.keys("<Up><Enter>");
    screen.wait_for("cannot run in a container yet");
    screen.keys("<Down><Enter>");
    screen.wait_for("step 3 of 5");
    screen.keys("ann@example.org<Tab><Enter>");
    screen.wait_for("step 4 of 5");
    screen.keys("a secret to type<Tab>");
    screen.keys("a secret to type<Enter>");
    screen.wait_for("Your account is ready");
    screen.keys("<Esc>");
    screen.wait_for("process runtime");
    assert_eq!(front.object(&["account", "list"]).await["accounts"][0]["runtime"], "process");
}
