//! The agent's jail, looked at from outside the running program: what the kernel holds it to, what it was started with,
//! and that everything it does for an account goes on inside.

use std::fs;
use std::io::ErrorKind;
use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};
use std::process::{Command as Start, Stdio};

use airhatch_tests::{Control, PASSPHRASE, Program, World, eventually, program, skipped};
use airhatch_wire::control::{Command, JailStrength, Passphrase, Phase, Reply};
use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
use rustix::io::Errno;

/// A variable with something in it that must not stay.
const SECRET: (&str, &str) = ("SOMEBODYS_TOKEN", "a-token-of-somebody");

#[tokio::test]
async fn every_thread_of_a_running_agent_is_in_the_jail() {
    let world = World::new().await;
    let ann = world.agent("ann@example.org").await;
    let threads: Vec<_> = fs::read_dir(format!("/proc/{}/task", ann.program.id())).unwrap().collect();
    assert!(threads.len() > 2, "{threads:?}");
    for thread in threads {
        // A thread that waited for the disk may have ended meanwhile.
        let Ok(status) = fs::read_to_string(thread.unwrap().path().join("status")) else { continue };
        for held in ["NoNewPrivs:\t1", "Seccomp:\t2", "Seccomp_filters:\t"] {
            assert!(status.contains(held), "{held} is not in\n{status}");
        }
    }
}

#[tokio::test]
async fn an_agent_tells_that_its_jail_is_whole() {
    let world = World::new().await;
    let ann = world.newcomer("ann@example.org").await;
    let jail = ann.status().await.jail;
    assert!(!jail.sentences.is_empty(), "{jail:?}");
    for sentence in &jail.sentences {
        assert!(ann.program.log().contains(&sentence.shown()), "{sentence:?} is not in the log");
    }
    if !kernel_has_it_all() {
        return skipped("this kernel lacks a part of the jail");
    }
    assert_eq!(jail.strength, JailStrength::Whole, "{jail:?}");
}

/// What the jail wants came with Linux 6.12, where Landlock is switched on.
fn kernel_has_it_all() -> bool {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let mut numbers = release.split(['.', '-']).map_while(|number| number.parse::<u32>().ok());
    let version = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    let switched_on = fs::read_to_string("/sys/kernel/security/lsm").map(|list| list.contains("landlock"));
    version >= (6, 12) && switched_on.unwrap_or(true)
}

#[tokio::test]
async fn an_agent_on_a_kernel_without_landlock_runs_and_says_what_is_missing() {
    let world = World::new().await;
    let mut without = Start::new(program("without-landlock"));
    without.arg(program("airhatch-agent")).arg("run");
    let bare = ByHand::start_as(&world, without, |_| {});
    let Ok(Reply::Account(view)) = bare.attach().await.ask(Command::Status).await else {
        panic!("no status")
    };
    assert_eq!(view.jail.strength, JailStrength::Partial, "{:?}", view.jail);
    let says = |word: &str| view.jail.sentences.iter().any(|sentence| sentence.shown().contains(word));
    assert!(says("files are not restricted") && says("no other programs"), "{:?}", view.jail);
    assert!(bare.program.log().contains("partly jailed"));
}

#[tokio::test]
async fn an_agent_started_by_hand_gives_its_environment_up() {
    let world = World::new().await;
    let by_hand = ByHand::start(&world, |command| {
        command.env(SECRET.0, SECRET.1).env("LD_LIBRARY_PATH", "/tmp").env("TZ", "Asia/Tokyo");
    });
    by_hand.attach().await;
    match fs::read(format!("/proc/{}/environ", by_hand.program.id())) {
        Ok(variables) => {
            let kept = |variable: &[u8]| {
                [&b"AIRHATCH_LOG="[..], b"RUST_BACKTRACE="].iter().any(|name| variable.starts_with(name))
            };
            let mut variables = variables.split(|byte| *byte == 0).filter(|variable| !variable.is_empty());
            assert_eq!(variables.find(|variable| !kept(variable)).map(String::from_utf8_lossy), None);
        }
        // A process that nobody may debug shows its environment to root only.
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::PermissionDenied);
            skipped("only root can look at the environment of an agent");
        }
    }
}

#[tokio::test]
async fn a_configuration_of_openssl_in_the_environment_is_never_opened() {
    let world = World::new().await;
    let hostile = world.path().join("openssl.cnf");
    fs::write(&hostile, "openssl_conf = nothing_like_that\n").unwrap();
    let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).unwrap();
    inotify::add_watch(&watch, &hostile, WatchFlags::OPEN).unwrap();
    let opened = || {
        let mut room = [MaybeUninit::uninit(); 512];
        match Reader::new(&watch, &mut room).next() {
            Ok(_) => true,
            Err(error) => {
                assert_eq!(error, Errno::AGAIN);
                false
            }
        }
    };
    // That the watch sees it: the same program obeys the variable where it is an ordinary tool.
    let mut keygen = Start::new(program("airhatch-agent"));
    keygen.arg("keygen").env("OPENSSL_CONF", &hostile).stdin(Stdio::null()).output().unwrap();
    assert!(opened(), "OpenSSL does not read OPENSSL_CONF any more");
    while opened() {}
    let by_hand = ByHand::start(&world, |command| {
        command.env("OPENSSL_CONF", &hostile);
    });
    let mut control = by_hand.attach().await;
    let enrolled = control.ask(enroll(&world)).await;
    assert!(matches!(&enrolled, Ok(Reply::Account(view)) if view.phase == Phase::Ready), "{enrolled:?}");
    assert!(!opened(), "the agent looked into {}", hostile.display());
}

#[tokio::test]
async fn a_passphrase_file_is_read_before_the_jail_closes_its_folder() {
    let world = World::new().await;
    let mut by_hand = ByHand::start(&world, |_| {});
    by_hand.attach().await.ask(enroll(&world)).await.unwrap();
    assert!(by_hand.program.terminate().await.success());
    let file = world.folder_for("elsewhere").join("passphrase");
    fs::write(&file, format!("{PASSPHRASE}\nmore\n")).unwrap();
    let again = ByHand::start(&world, |command| {
        command.arg("--passphrase-file").arg(&file);
    });
    let mut control = again.attach().await;
    eventually("an open account", async || {
        let Ok(Reply::Account(view)) = control.ask(Command::Status).await else { return None };
        (view.phase == Phase::Ready).then_some(())
    })
    .await;
}

#[tokio::test]
async fn names_are_resolved_in_the_jail() {
    let world = World::new().await;
    let ann = world.newcomer("ann@example.org").await;
    let authority = format!("localhost:{}", world.authority.address.port());
    let view = ann.enroll_at(authority.parse().unwrap(), world.authority.fingerprint, None).await.unwrap();
    assert_eq!(view.phase, Phase::Ready);
}

#[tokio::test]
async fn what_an_account_keeps_outlives_logging_out_and_in() {
    let world = World::new().await;
    let (mut ann, bob) = world.friends().await;
    let before = ann.status().await;
    assert_eq!(ann.ask(Command::Lock).await, Ok(Reply::Done));
    assert!(ann.program.ended().await.success());
    assert!(!ann.socket().exists(), "the control socket stays behind");
    ann.resume().await;
    assert_eq!(ann.status().await.fingerprint, before.fingerprint);
    assert!(ann.contact(&bob.email).await.is_some());
    let sent = ann.offer(&bob.email, &[("a.txt", b"content")]).await;
    bob.offered(sent).await;
    bob.accept(sent).await.unwrap();
    tokio::join!(ann.delivered(sent), bob.delivered(sent));
}

#[tokio::test]
async fn an_inbox_that_was_replaced_is_used_again_after_logging_out_and_in() {
    let world = World::new().await;
    let (ann, mut bob) = world.friends().await;
    fs::rename(bob.inbox(), world.path().join("moved-away")).unwrap();
    fs::create_dir(bob.inbox()).unwrap();
    let refused = ann.offer(&bob.email, &[("a.txt", b"content")]).await;
    bob.offered(refused).await;
    bob.accept(refused).await.unwrap();
    let failure = bob.failed(refused).await;
    assert!(failure.hint.as_received().contains("log out and in"), "{failure:?}");
    bob.terminate().await;
    bob.resume().await;
    let sent = ann.offer(&bob.email, &[("a.txt", b"content")]).await;
    bob.offered(sent).await;
    bob.accept(sent).await.unwrap();
    tokio::join!(ann.delivered(sent), bob.delivered(sent));
    assert_eq!(bob.received_names(), ["a.txt"]);
}

#[tokio::test]
async fn an_inbox_among_the_agents_own_files_is_refused_with_what_to_change() {
    let world = World::new().await;
    let home = world.folder_for("ann@example.org");
    for (option, folder) in
        [("--inbox", "state/inbox"), ("--outbox", "inbox/outbox"), ("--control", "state"), ("--inbox", "")]
    {
        let mut agent = Start::new(program("airhatch-agent"));
        agent.args(["run", "--home"]).arg(&home).arg(option).arg(home.join(folder)).stdin(Stdio::null());
        let ended = agent.output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(1), "{option} {folder}: {said}");
        assert!(said.contains(" lies in ") && said.contains("choose other folders with --inbox"), "{said}");
        assert!(!home.join(folder).join("control.sock").exists() && !socket(&home).exists());
    }
}

fn socket(home: &Path) -> PathBuf {
    home.join("control/control.sock")
}

fn enroll(world: &World) -> Command {
    Command::Enroll {
        email: airhatch_tests::email("hand@example.org"),
        authority: world.authority.address.clone(),
        authority_fingerprint: world.authority.fingerprint,
        code: None,
        passphrase: Passphrase::from(PASSPHRASE.to_owned()),
    }
}

/// An agent as somebody starts it who knows nothing of environments: with all of their own.
struct ByHand {
    program: Program,
    home: PathBuf,
}

impl ByHand {
    fn start(world: &World, change: impl FnOnce(&mut Start)) -> Self {
        let mut agent = Start::new(program("airhatch-agent"));
        agent.arg("run");
        Self::start_as(world, agent, change)
    }

    fn start_as(world: &World, mut command: Start, change: impl FnOnce(&mut Start)) -> Self {
        let home = world.folder_for("by-hand");
        command.arg("--home").arg(&home);
        change(&mut command);
        Self { program: Program::start(command, &home.with_extension("log")), home }
    }

    async fn attach(&self) -> Control {
        let socket = socket(&self.home);
        eventually("an open control socket", async || Control::connect(&socket).await.ok()).await
    }
}
