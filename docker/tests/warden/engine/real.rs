//! The real agent in its real image.

use airhatch_wire::control::{self, AccountView, FromAgent, JailStrength, Phase, Request};
use airhatch_wire::link::Link;

use super::*;

const IMAGE: &str = concat!("airhatch/agent:", env!("CARGO_PKG_VERSION"));

/// Skips visibly without the image, which `make images` builds.
pub(super) fn real_world() -> Option<EngineWorld> {
    if !engine_answers() {
        return None;
    }
    if docker(&["image", "inspect", IMAGE]).is_err() {
        assert!(std::env::var_os("AIRHATCH_REQUIRE_ENGINE").is_none(), "{IMAGE} is required: make images");
        eprintln!("SKIPPED: there is no image {IMAGE}; make images");
        return None;
    }
    Some(EngineWorld { world: world(), image: IMAGE.to_owned(), _images: None })
}

pub(super) fn phase(connection: UnixStream) -> Phase {
    status(connection).phase
}

fn status(connection: UnixStream) -> AccountView {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        connection.set_nonblocking(true).unwrap();
        let stream = tokio::net::UnixStream::from_std(connection).unwrap();
        let mut link: Link<_, Request, FromAgent> = Link::open(stream).await.unwrap();
        link.send(&Request { id: 1, command: control::Command::Status }).await.unwrap();
        match link.receive().await.unwrap().unwrap() {
            FromAgent::Answer { outcome: Ok(control::Reply::Account(view)), .. } => *view,
            other => panic!("{other:?}"),
        }
    })
}

#[test]
fn the_real_agent_answers_ends_when_asked_and_starts_again() {
    let Some(world) = real_world() else { return };
    let (mut front, connection) = world.running();
    assert_eq!(phase(connection), Phase::New);
    assert!(isolation(&mut front).missing.iter().all(|what| what.shown().contains("does not limit")));
    stop(&mut front);
    assert_eq!(world.inspect("{{.State.ExitCode}}"), "0", "it was asked, not killed");
    assert_eq!(phase(front.open_control("ann@a").unwrap()), Phase::New);
    assert_eq!(front.ask(Command::RemoveAccount { account: email("ann@a") }), Ok(Reply::Done));
    assert_eq!(world.left(), Vec::<String>::new());
}

#[test]
fn the_real_agent_enters_its_own_jail_inside_its_container() {
    let Some(world) = real_world() else { return };
    let (mut front, connection) = world.running();
    let jail = status(connection).jail;
    assert_ne!(jail.strength, JailStrength::None, "{jail:?}");
    let held = jail.sentences.iter().any(|sentence| sentence.shown().contains("no other programs"));
    assert!(held, "{jail:?}");
    let process = PathBuf::from("/proc").join(world.inspect("{{.State.Pid}}"));
    // An engine in another namespace, or a virtual machine, counts its processes by itself.
    let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
    if name.trim() == "airhatch-agent" {
        for thread in fs::read_dir(process.join("task")).unwrap() {
            // A thread that waited for the disk may have ended meanwhile.
            let Ok(status) = fs::read_to_string(thread.unwrap().path().join("status")) else { continue };
            // The engine's list of system calls, and the agent's own two.
            assert!(status.contains("Seccomp_filters:\t3"), "{status}");
        }
        if let Ok(environment) = fs::read(process.join("environ")) {
            assert_eq!(String::from_utf8_lossy(&environment), "");
        }
    } else {
        eprintln!("SKIPPED: the engine's processes have other numbers here");
    }
    stop(&mut front);
}
