//! Bad input on the command line: each with its own exit code and a message, and nothing half done.

use std::os::unix::fs::{PermissionsExt, symlink};

use airhatch_tests::{Authority, PASSPHRASE, World, can_be_another_user, in_time};

#[tokio::test]
async fn making_an_account_fails_with_the_exit_code_of_its_reason() {
    let mut world = World::new().await;
    let (ann, bob) = (world.front("ann"), world.front("bob"));
    ann.settle(&world.authority, "ann@example.org").await;
    let (address, fingerprint) =
        (world.authority.address.to_string(), world.authority.fingerprint.to_string());
    let file = bob.passphrase_file();
    let create = |email: &'static str, fingerprint: String| {
        let (address, file, bob) = (address.clone(), file.clone(), &bob);
        async move {
            let what = ["account", "create", email, "--ca", &address, "--ca-fingerprint", &fingerprint];
            bob.refused(&[&what[..], &["--passphrase-file", &file]].concat()).await
        }
    };
    assert_eq!(create("ann@example.org", fingerprint.clone()).await, (13, "conflict".into()), "taken");
    assert_eq!(create("bob@example.org", "ab".repeat(32)).await, (7, "wrong_authority".into()));
    world.authority.stop();
    assert_eq!(create("bob@example.org", fingerprint.clone()).await, (11, "authority_unreachable".into()));
    let usage = bob.run(&["account", "create", "not an email", "--ca", &address]).await;
    assert_eq!(usage.code, 2, "{usage:?}");
    assert_eq!(
        bob.object(&["account", "list"]).await["accounts"],
        serde_json::json!([]),
        "nothing half made"
    );
    world.authority.start_again().await;
    bob.settle(&world.authority, "bob@example.org").await;
}

#[tokio::test]
async fn an_invitation_that_is_missing_is_told_as_a_refusal_of_the_ca() {
    let world = World::with_policy("invite").await;
    let ann = world.front("ann");
    let refused = ann.create(&world.authority, "ann@example.org").await;
    assert_eq!(refused.code, 11, "{refused:?}");
    assert!(refused.stderr.contains("invitation"), "{refused:?}");
}

#[tokio::test]
async fn a_wrong_passphrase_is_told_and_opens_nothing() {
    let world = World::new().await;
    let ann = world.front("ann");
    ann.settle(&world.authority, "ann@example.org").await;
    ann.ok(&["logout"]).await;
    let wrong = ann.file("wrong", b"another passphrase\n");
    assert_eq!(ann.refused(&["login", "--passphrase-file", &wrong]).await, (4, "wrong_passphrase".into()));
    assert_eq!(ann.refused(&["login", "--no-input"]).await.0, 2, "nobody can be asked");
    assert_eq!(ann.refused(&["contact", "list"]).await, (4, "not_logged_in".into()));
    let remove = ["account", "remove", "ann@example.org", "--yes", "--passphrase-file", &wrong];
    assert_eq!(ann.refused(&remove).await.0, 4);
    ann.ok(&["login", "--passphrase-file", &ann.passphrase_file()]).await;
}

#[tokio::test]
async fn contacts_that_are_unknown_gone_or_changed_have_their_exit_codes() {
    let world = World::new().await;
    let (ann, bob) = world.front_friends().await;
    let file = ann.file("a.txt", b"content");
    assert_eq!(ann.refused(&["contact", "add", "nobody@example.org"]).await, (9, "not_found".into()));
    assert_eq!(ann.refused(&["ping", "nobody@example.org"]).await, (9, "not_found".into()));
    assert_eq!(ann.refused(&["send", "nobody@example.org", &file]).await, (9, "not_found".into()));
    let secret = bob.passphrase_file();
    bob.ok(&["account", "remove", "bob@example.org", "--yes", "--passphrase-file", &secret]).await;
    bob.settle(&world.authority, "bob@example.org").await;
    assert_eq!(ann.refused(&["contact", "add", "bob@example.org"]).await, (7, "key_changed".into()));
    assert_eq!(ann.refused(&["send", "bob@example.org", &file]).await, (7, "key_changed".into()));
    bob.ok(&["account", "remove", "bob@example.org", "--yes", "--passphrase-file", &secret]).await;
    let carl = world.front("carl");
    carl.settle(&world.authority, "carl@example.org").await;
    ann.ok(&["contact", "add", "carl@example.org"]).await;
    let secret = carl.passphrase_file();
    carl.ok(&["account", "remove", "carl@example.org", "--yes", "--passphrase-file", &secret]).await;
    ann.ok(&["logout"]).await;
    ann.ok(&["login", "--passphrase-file", &ann.passphrase_file()]).await;
    airhatch_tests::eventually("the revocation", async || {
        let carl = ann.object(&["contact", "show", "carl@example.org"]).await;
        (carl["trust"]["kind"] == "revoked").then_some(())
    })
    .await;
    assert_eq!(ann.refused(&["send", "carl@example.org", &file]).await, (7, "revoked".into()));
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_before_anything_is_staged() {
    let world = World::new().await;
    let (ann, _bob) = world.front_friends().await;
    symlink("/nowhere", ann.home().join("dangling")).unwrap();
    let key_file = ann.home().join("accounts/ann@example.org/agent/state/vault");
    let send = async |path: &str| ann.refused(&["send", "bob@example.org", path]).await;
    assert_eq!(send(&ann.path("missing.txt")).await, (9, "not_found".into()));
    assert_eq!(send(&ann.path("dangling")).await, (9, "not_found".into()));
    assert_eq!(send("/proc/self").await, (1, "bad_source".into()), "a folder that the kernel makes up");
    assert_eq!(send("/dev/null").await, (1, "bad_source".into()), "a device");
    let vault = std::fs::read_dir(key_file.parent().unwrap())
        .unwrap()
        .flatten()
        .find(|entry| entry.file_name().to_string_lossy().starts_with("vault"));
    let own = vault.unwrap().path();
    assert_eq!(send(own.to_str().unwrap()).await, (1, "not_permitted".into()), "the keys themselves");
    for name in ["a\u{1b}[2Jb", "invoice\u{202e}fdp.exe", " padded"] {
        let refused = ann.run(&["send", "bob@example.org", &ann.file(name, b"content")]).await;
        assert_eq!(refused.code, 1, "{refused:?}");
        assert!(!refused.stderr.contains(['\u{1b}', '\u{202e}']), "{refused:?}");
    }
    let long = "x".repeat(255);
    ann.ok(&["send", "bob@example.org", "--detach", &ann.file(&long, b"content"), &ann.file("報告😀", b"")])
        .await;
    let transfers = ann.object(&["transfer", "list"]).await;
    assert_eq!(transfers["transfers"].as_array().unwrap().len(), 1, "{transfers}");
    let outbox = ann.home().join("accounts/ann@example.org/outbox");
    assert_eq!(std::fs::read_dir(outbox).unwrap().count(), 1, "one stage for the one offer");
}

#[tokio::test]
async fn a_file_that_the_user_may_not_read_is_not_sent() {
    if !can_be_another_user() {
        return;
    }
    let world = World::new().await;
    let (mut ann, bob) = (world.front("ann"), world.front("bob"));
    ann.become_user(65534);
    tokio::join!(
        ann.settle(&world.authority, "ann@example.org"),
        bob.settle(&world.authority, "bob@example.org")
    );
    ann.ok(&["contact", "add", "bob@example.org"]).await;
    let secret = ann.file("secret", b"of another user");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(ann.refused(&["send", "bob@example.org", &secret]).await, (1, "bad_source".into()));
    let outbox = ann.home().join("accounts/ann@example.org/outbox");
    assert_eq!(std::fs::read_dir(outbox).unwrap().count(), 0);
}

#[tokio::test]
async fn waiting_for_a_transfer_ends_with_the_exit_code_of_its_end() {
    let world = World::new().await;
    let (ann, bob) = world.front_friends().await;
    let file = ann.file("a.txt", b"content");
    let expiring = ann.run(&["send", "bob@example.org", "--wait", "--expires", "1s", &file]).await;
    assert_eq!(expiring.code, 8, "{expiring:?}");
    let slow = ann.run(&["send", "bob@example.org", "--wait", "--timeout", "1s", &file]).await;
    assert_eq!(slow.code, 8, "{slow:?}");

    let id = bob.waiting_offer().await;
    ann.ok(&["transfer", "cancel", &id]).await;
    let late = airhatch_tests::eventually("the cancelled offer", async || {
        let (code, name) = bob.refused(&["inbox", "accept", &id]).await;
        (name != "try_again").then_some((code, name))
    });
    assert_eq!(late.await, (13, "conflict".into()));
    assert_eq!(bob.refused(&["inbox", "accept", "ffffffff"]).await.0, 9);

    let called_off = ann.start(&["send", "bob@example.org", "--wait", &file]);
    let id = bob.waiting_offer().await;
    bob.ok(&["transfer", "cancel", &id]).await;
    let told = in_time("the sender's end", called_off.wait_with_output()).await.unwrap();
    assert_eq!(told.status.code(), Some(14), "{told:?}");
}

#[tokio::test]
async fn no_space_at_the_receiver_is_told_to_both_until_there_is_some() {
    let world = World::new().await;
    let Some(disk) = world.tiny_disk(8) else { return };
    let (ann, bob) = (world.front("ann"), world.front("bob"));
    symlink(disk.path(), bob.home().join("Airhatch")).unwrap();
    tokio::join!(
        ann.settle(&world.authority, "ann@example.org"),
        bob.settle(&world.authority, "bob@example.org")
    );
    ann.ok(&["contact", "add", "bob@example.org"]).await;
    bob.ok(&["contact", "add", "ann@example.org"]).await;
    let filling = disk.fill();
    let file = ann.file("big.bin", &vec![7; 4 << 20]);
    let sending = ann.start(&["send", "bob@example.org", "--wait", &file]);
    let id = bob.waiting_offer().await;
    let accepting = bob.start(&["inbox", "accept", &id]);
    for front in [&ann, &bob] {
        airhatch_tests::eventually("a wait for room", async || {
            front.ok(&["transfer", "list", "--json"]).await.contains("no_room").then_some(())
        })
        .await;
    }
    std::fs::remove_file(filling).unwrap();
    for end in [sending, accepting] {
        let told = in_time("the end", end.wait_with_output()).await.unwrap();
        assert!(told.status.success(), "{told:?}");
    }
}

#[tokio::test]
async fn a_hostile_note_and_name_reach_no_terminal_and_no_json_raw() {
    let world = World::new().await;
    let ann = world.front("ann");
    ann.settle(&world.authority, "ann@example.org").await;
    let eve = world.agent("eve@example.org").await;
    ann.ok(&["contact", "add", "eve@example.org"]).await;
    eve.add(&airhatch_tests::email("ann@example.org")).await.unwrap();
    let stage = eve.stage(&[("zero\u{200b}width.txt", b"content")]);
    let note = "look\u{1b}]52;c;aGk=\u{7}\u{1b}[2J\u{202e}gpj\nsecond line".to_owned();
    let (to, lifetime) = (airhatch_tests::email("ann@example.org"), None);
    eve.ask(airhatch_wire::control::Command::Send { to, stage, note, lifetime }).await.unwrap();
    let id = ann.waiting_offer().await;
    for arguments in [
        &["inbox", "list"][..],
        &["inbox", "list", "--json"],
        &["transfer", "show", &id],
        &["transfer", "show", &id, "--json"],
    ] {
        let shown = ann.ok(arguments).await;
        let raw = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}' || c == '\u{200b}');
        assert!(!shown.contains(raw), "{arguments:?}: {shown:?}");
    }
    assert!(ann.ok(&["transfer", "show", &id]).await.contains("\\u{202e}"));
}

#[tokio::test]
async fn without_a_terminal_the_program_says_how_it_is_used() {
    let world = World::new().await;
    let ann = world.front("ann");
    let outcome = ann.run(&[]).await;
    assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""));
    assert!(outcome.stderr.contains("Usage"), "{outcome:?}");
    assert_eq!(ann.run(&["no-such-command"]).await.code, 2);
    assert_eq!(ann.refused(&["contact", "list"]).await.0, 9, "there is no account");
    assert_eq!(ann.run(&["--help"]).await.code, 0);
}

#[tokio::test]
async fn a_passphrase_is_in_no_argument_environment_or_file_of_the_home() {
    let world = World::new().await;
    let ann = world.front("ann");
    ann.settle(&world.authority, "ann@example.org").await;
    ann.ok(&["logout"]).await;
    let file = ann.passphrase_file();
    let login = ann.start(&["login", "--passphrase-file", &file]);
    let words = airhatch_tests::eventually("the agent's start", async || {
        let words = world.words_of(ann.home());
        words.contains("airhatch-agent").then_some(words)
    });
    assert!(!words.await.contains(PASSPHRASE));
    assert!(in_time("the login", login.wait_with_output()).await.unwrap().status.success());
    assert!(!world.words_of(ann.home()).contains(PASSPHRASE));
    std::fs::remove_file(file).unwrap();
    let found =
        std::process::Command::new("grep").args(["-rla", PASSPHRASE]).arg(ann.home()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&found.stdout), "");
}

#[tokio::test]
async fn another_ca_at_the_same_address_is_noticed() {
    let world = World::new().await;
    let ann = world.front("ann");
    let elsewhere = Authority::another(&world).await;
    let (address, file) = (elsewhere.address.to_string(), ann.passphrase_file());
    let fingerprint = world.authority.fingerprint.to_string();
    let what = ["account", "create", "ann@example.org", "--ca", &address, "--ca-fingerprint", &fingerprint];
    let refused = ann.refused(&[&what[..], &["--passphrase-file", &file]].concat()).await;
    assert_eq!(refused, (7, "wrong_authority".into()));
}
