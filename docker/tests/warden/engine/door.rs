//! The warden's own door, in front of a recorded engine: whatever a captured front says, nothing but the template of an
//! account of this home reaches the engine.

use airhatch_wire::frame::WordCodec;
use airhatch_wire::warden::{Choice, FromWarden, Request};
use airhatch_wire::{Blob, StageId};
use bytes::BytesMut;
use serde_json::Value;
use tokio_util::codec::Encoder;

use super::recorder::{Asked, Recorder};
use super::*;

/// An email that is replaced, byte for byte, by what no email may be.
const PLACEHOLDER: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaa@a";

/// What a hostile front might put where an account belongs.
const HOSTILE: [&str; 25] = [
    "../../../../etc/passwd",
    "..",
    "/",
    "/var/run/docker.sock",
    "../../version?",
    "a/../../containers/json",
    "ann@a/../../x",
    "ann@a?force=true",
    "ann@a#x",
    "ann@a%2f..",
    "ann@a\nlabel",
    "ann@a\0",
    "ann@a\\..",
    "ann@a --privileged",
    "ann@a:/host:rw",
    "host",
    "container:other",
    "airhatch.account=bob@a",
    "{\"Privileged\":true}",
    "network=host",
    "ANN@A",
    "ann@a ",
    "@a",
    "ann@",
    "\u{202e}a@nna",
];

/// Places an account can stand in.
fn commands() -> Vec<Command> {
    let account = || email(PLACEHOLDER);
    let paths = vec![Blob::from(b"/etc/passwd".to_vec())];
    vec![
        Command::CreateAccount { account: account(), runtime: RuntimeKind::Container },
        Command::OpenControl { account: account() },
        Command::FindControl { account: account() },
        Command::StopAgent { account: account() },
        Command::RemoveAccount { account: account() },
        Command::Stage { account: account(), paths, choice: Choice::default(), stream: None },
        Command::Release { account: account(), stage: StageId([0; 16]) },
        Command::Isolation { account: account() },
    ]
}

struct Watched {
    world: World,
    recorder: Recorder,
}

fn watched() -> Watched {
    Watched { world: world(), recorder: Recorder::start() }
}

impl Watched {
    fn front(&self) -> Front {
        let mut warden = self.world.warden(&[]);
        warden.env("DOCKER_HOST", format!("unix://{}", self.recorder.socket.display()));
        // Most of these wardens end with a report, and looking up its lines would take longer than all the rest.
        warden.env("RUST_BACKTRACE", "0");
        let (stream, warden) = self.world.link(warden);
        Front::new(stream, warden).open()
    }
}

/// The frame of a command, with a hostile text of the same length in the account's place.
fn frame(command: Command, hostile: &str) -> Vec<u8> {
    let mut frame = BytesMut::new();
    WordCodec::<Request, FromWarden>::default().encode(&Request { id: 1, command }, &mut frame).unwrap();
    let mut text = hostile.as_bytes().to_vec();
    text.resize(PLACEHOLDER.len(), hostile.as_bytes()[hostile.len() - 1]);
    let at = frame.windows(PLACEHOLDER.len()).position(|part| part == PLACEHOLDER.as_bytes()).unwrap();
    frame[at..at + PLACEHOLDER.len()].copy_from_slice(&text);
    frame.to_vec()
}

#[test]
fn two_hundred_malformed_requests_end_the_link_and_none_reaches_the_engine() {
    let watched = watched();
    let mut sent = 0;
    for hostile in HOSTILE {
        for command in commands() {
            let mut front = watched.front();
            front.write(&frame(command, hostile));
            while front.read_some() {}
            front.wait_for_end();
            sent += 1;
        }
    }
    assert_eq!(sent, 200);
    assert_eq!(watched.recorder.asked(), Vec::<Asked>::new());
    assert_eq!(fs::read_dir(watched.world.home.join("accounts")).unwrap().count(), 0);
}

#[test]
fn well_formed_requests_about_accounts_that_are_not_here_do_not_reach_the_engine() {
    let watched = watched();
    let mut front = watched.front();
    for command in commands().into_iter().skip(1) {
        front.ask(command).unwrap_err();
    }
    assert_eq!(watched.recorder.asked(), Vec::<Asked>::new());
}

#[test]
fn a_new_account_is_asked_for_in_the_words_of_the_template_and_no_others() {
    let watched = watched();
    let mut front = watched.front();
    create(&mut front);
    let record = fs::read_to_string(watched.world.account("ann@a").join("account.toml")).unwrap();
    let name = record.lines().find_map(|line| line.strip_prefix("name = ")).unwrap().trim_matches('"');
    let asked = watched.recorder.asked();
    for (line, _) in &asked {
        let place = line.split_once(' ').unwrap().1.split('?').next().unwrap();
        let ours = place.split('/').any(|part| part.starts_with(name));
        let fixed =
            ["/version", "/info", "/networks", "/networks/create", "/volumes/create", "/containers/create"];
        let image = place == concat!("/images/airhatch/agent:", env!("CARGO_PKG_VERSION"), "/json");
        let shared = place == "/networks/0af1/connect";
        assert!(ours || image || shared || fixed.contains(&place), "{line}");
        assert!(!place.contains("/archive") && !place.contains(".."), "{line}");
    }
    let body = asked.iter().find(|(line, _)| line.starts_with("POST /containers/create")).unwrap();
    let body: Value = serde_json::from_str(&body.1).unwrap();
    let host = &body["HostConfig"];
    assert_eq!((&host["Privileged"], &host["ReadonlyRootfs"]), (&Value::Bool(false), &Value::Bool(true)));
    assert_eq!(host["NetworkMode"], format!("{name}-net"));
    for mount in host["Mounts"].as_array().unwrap() {
        let source = mount["Source"].as_str().unwrap();
        let home = watched.world.home.to_str().unwrap();
        assert!(source == format!("{name}-state") || source.starts_with(home), "{source}");
    }
}

#[test]
fn a_creation_that_fails_on_disk_leaves_no_record_and_asks_the_engine_for_nothing() {
    let watched = watched();
    let mut front = watched.front();
    // An inbox that cannot be made: the folder's name is taken by a link to nowhere.
    fs::create_dir_all(watched.world.home.join("Airhatch")).unwrap();
    std::os::unix::fs::symlink("/nowhere", watched.world.home.join("Airhatch/ann@a")).unwrap();
    let account = email("ann@a");
    front.ask(Command::CreateAccount { account, runtime: RuntimeKind::Container }).unwrap_err();
    assert!(!watched.world.account("ann@a").join("account.toml").exists());
    assert!(!watched.recorder.asked().iter().any(|(line, _)| line.contains("/create")));
}

#[test]
fn a_dead_engine_and_one_on_another_machine_are_told_apart_with_advice() {
    let world = world();
    let ask = |host: &str| {
        let mut warden = world.warden(&[]);
        warden.env("DOCKER_HOST", host);
        let (stream, warden) = world.link(warden);
        Front::new(stream, warden).open().ask(Command::Engine).unwrap_err()
    };
    let dead = ask("unix:///nowhere/engine.sock");
    let remote = ask("tcp://192.0.2.1:2375");
    for (failure, said) in [(dead, "does not answer"), (remote, "only a socket of this machine")] {
        assert_eq!(failure.code, airhatch_wire::Code::EngineUnavailable);
        assert!(failure.message.shown().contains(said), "{failure}");
        assert!(!failure.hint.is_empty());
    }
}
