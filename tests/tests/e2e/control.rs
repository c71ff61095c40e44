//! The control socket: two fronts at once, other users, and fronts that talk nonsense.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Command as Start, Stdio};

use airhatch_tests::{World, can_be_another_user, eventually, in_time};
use airhatch_wire::control::{Command, Event, Phase, TransferState};
use airhatch_wire::{Code, Selection, TransferId};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

#[tokio::test]
async fn of_two_fronts_that_accept_the_same_offer_one_learns_that_it_was_late() {
    let world = World::new().await;
    let (ann, bob) = world.friends().await;
    let id = ann.offer(&bob.email, &[("a.txt", b"content")]).await;
    bob.offered(id).await;
    let (mut one, mut two) = (bob.connect().await.unwrap(), bob.connect().await.unwrap());
    let accept = Command::Accept { transfer: id, items: Selection::All, folder: None };
    let outcomes = tokio::join!(one.ask(accept.clone()), two.ask(accept.clone()));
    let late = match outcomes {
        (Ok(_), Err(late)) | (Err(late), Ok(_)) => late,
        other => panic!("not exactly one: {other:?}"),
    };
    assert_eq!(late.code, Code::Conflict);
    tokio::join!(ann.delivered(id), bob.delivered(id));
    assert_eq!(bob.received_names(), ["a.txt"]);
    assert_eq!(bob.deny(id, "").await.unwrap_err().code, Code::Conflict);
}

#[tokio::test]
async fn every_front_that_watches_sees_what_happens_to_another_ones_transfer() {
    let world = World::new().await;
    let (ann, bob) = world.friends().await;
    let (mut one, mut two) = (bob.connect().await.unwrap(), bob.connect().await.unwrap());
    one.watch().await;
    two.watch().await;
    assert_eq!(bob.status().await.fronts, 2);
    let id = ann.offer(&bob.email, &[("a.txt", b"content")]).await;
    let offered = |event: &Event| match event {
        Event::TransferChanged(view) if view.state == TransferState::Offered => Some(view.id),
        _ => None,
    };
    assert_eq!(one.event("an offer", offered).await, id);
    assert_eq!(two.event("an offer", offered).await, id);
    one.ask(Command::Accept { transfer: id, items: Selection::All, folder: None }).await.unwrap();
    let delivered = |event: &Event| match event {
        Event::TransferChanged(view) => matches!(view.state, TransferState::Delivered { .. }).then_some(()),
        _ => None,
    };
    tokio::join!(one.event("a delivery", delivered), two.event("a delivery", delivered));
    drop(one);
    eventually("one front less", async || (bob.status().await.fronts == 1).then_some(())).await;
}

#[tokio::test]
async fn another_user_of_this_machine_is_refused() {
    let world = World::new().await;
    let ann = world.agent("ann@example.org").await;
    let folder = ann.home().join("control");
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&ann.socket())), (0o700, 0o600));
    if !can_be_another_user() {
        return;
    }
    let check = |uid: u32| {
        let mut command = Start::new(airhatch_tests::program("airhatch-agent"));
        command.args(["healthcheck", "--home"]).arg(ann.home()).current_dir("/").uid(uid).gid(uid);
        command.stdin(Stdio::null()).output().unwrap()
    };
    assert!(!check(65534).status.success(), "the folder is closed");
    // Even with every door on the way open, the agent looks at who is calling.
    for path in [world.path(), ann.home(), &folder] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    std::fs::set_permissions(ann.socket(), std::fs::Permissions::from_mode(0o666)).unwrap();
    let stranger = check(65534);
    assert_eq!(stranger.status.code(), Some(1), "{stranger:?}");
    assert!(check(0).status.success(), "the owner is served all the while");
    assert!(ann.program.log().contains("another user tried the control socket"));
}

#[tokio::test]
async fn a_front_that_talks_nonsense_is_hung_up_on_and_others_are_served() {
    let world = World::new().await;
    let ann = world.agent("ann@example.org").await;
    for nonsense in
        [b"GET / HTTP/1.1\r\n\r\n".as_slice(), &[0xff; 1 << 16], b"\0\0\0\x0cairhatch\x02\x01\0\x01"]
    {
        let mut stream = UnixStream::connect(ann.socket()).await.unwrap();
        // The agent may hang up in the middle.
        let _hung_up = stream.write_all(nonsense).await;
        let mut rest = Vec::new();
        let _reset = in_time("the agent's end", stream.read_to_end(&mut rest)).await;
    }
    let mut greeted = UnixStream::connect(ann.socket()).await.unwrap();
    greeted.write_all(b"\0\0\0\x0cairhatch\x01\x01\0\x01").await.unwrap();
    greeted.write_all(&[0xff, 0xff, 0xff, 0xff]).await.unwrap();
    let mut rest = Vec::new();
    let _reset = in_time("the agent's end", greeted.read_to_end(&mut rest)).await;
    assert_eq!(ann.status().await.phase, Phase::Ready);
}

#[tokio::test]
async fn commands_about_transfers_that_do_not_exist_are_not_found() {
    let world = World::new().await;
    let ann = world.agent("ann@example.org").await;
    let transfer = TransferId([3; 16]);
    for command in [
        Command::Accept { transfer, items: Selection::All, folder: None },
        Command::Deny { transfer, reason: String::new() },
        Command::Cancel { transfer, reason: String::new() },
        Command::Forget { transfer },
        Command::Items { transfer, from: 0 },
    ] {
        assert_eq!(ann.refused(command.clone()).await.code, Code::NotFound, "{command:?}");
    }
}

#[tokio::test]
async fn a_second_agent_of_the_same_home_does_not_start() {
    let world = World::new().await;
    let ann = world.agent("ann@example.org").await;
    let mut command = Start::new(airhatch_tests::program("airhatch-agent"));
    let second = command.args(["run", "--home"]).arg(ann.home()).stdin(Stdio::null()).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&second.stderr).contains("another agent"), "{second:?}");
    assert_eq!(ann.status().await.phase, Phase::Ready);
}

#[tokio::test]
async fn nothing_secret_is_in_a_log_or_readable_for_others() {
    let world = World::new().await;
    let (ann, bob) = world.friends().await;
    let id = ann.offer(&bob.email, &[("very-private-name.txt", b"content")]).await;
    bob.offered(id).await;
    bob.accept(id).await.unwrap();
    tokio::join!(ann.delivered(id), bob.delivered(id));
    for agent in [&ann, &bob] {
        let log = agent.program.log();
        for secret in ["example.org", "very-private-name", airhatch_tests::PASSPHRASE, "for you"] {
            assert!(!log.contains(secret), "{secret:?} in\n{log}");
        }
        let state = agent.home().join("state");
        for entry in std::fs::read_dir(&state).unwrap().flatten() {
            let mode = entry.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", entry.path().display());
            if entry.path().is_file() {
                let bytes = std::fs::read(entry.path()).unwrap();
                assert!(
                    !bytes.windows(11).any(|window| window == b"example.org"),
                    "{}",
                    entry.path().display()
                );
            }
        }
    }
}
