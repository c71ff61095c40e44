//! Accounts and the starting and finding of their agents.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command as Process, Stdio};

use airhatch_wire::Code;
use airhatch_wire::warden::{Choice, Command, FromWarden, Reply, RuntimeKind};
use rustix::process::{Pid, Signal, getsid, kill_process};

use crate::front::{Front, code};
use crate::world::{email, is_alive, mode, wait_until, world, world_with_home};

/// The process at the other end, by its own word.
fn who(connection: UnixStream) -> i32 {
    (&connection).write_all(b"who\n").unwrap();
    let mut line = String::new();
    BufReader::new(connection).read_line(&mut line).unwrap();
    line.strip_prefix("who ").unwrap().trim().parse().unwrap()
}

fn kill(pid: i32) {
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
}

fn running(front: &mut Front) -> Vec<bool> {
    front.accounts().iter().map(|account| account.running).collect()
}

#[test]
fn opening_starts_an_agent_and_hands_over_a_connection_to_it() {
    let world = world();
    let mut front = world.front();
    let record = front.create("ann@a");
    assert!(!record.running);
    let pid = who(front.open_control("ann@a").unwrap());
    assert_eq!(world.started("ann@a"), [pid]);
    assert_eq!(running(&mut front), [true]);
    let account = world.account("ann@a");
    let arguments = fs::read_to_string(world.programs().join("agent.arguments")).unwrap();
    let wanted = format!(
        "run --detach --home {0}/agent --inbox {1}/Airhatch/ann@a --outbox {0}/outbox --drop {0}/drop \
         --control {0}/control\n",
        account.display(),
        world.home.display()
    );
    assert_eq!(arguments, wanted);
    assert_eq!(record.inbox.as_slice(), format!("{}/Airhatch/ann@a", world.home.display()).as_bytes());
}

#[test]
fn an_agent_has_its_own_session_and_none_of_our_environment_or_files() {
    let world = world();
    let mut front = world.front();
    front.create("ann@a");
    let pid = who(front.open_control("ann@a").unwrap());
    let held = Pid::from_raw(pid).unwrap();
    assert_eq!(getsid(Some(held)).unwrap(), held);
    let environment = fs::read_to_string(world.programs().join("agent.env")).unwrap();
    let names: Vec<_> = environment.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    let made_by_sh = ["PWD", "OLDPWD", "SHLVL", "_"];
    let inherited = ["AIRHATCH_LOG", "RUST_BACKTRACE"];
    assert!(names.iter().all(|name| inherited.contains(name) || made_by_sh.contains(name)), "{names:?}");
    for (number, target) in [(0, "/dev/null".to_owned()), (1, "/dev/null".to_owned())] {
        let file = fs::read_link(format!("/proc/{pid}/fd/{number}")).unwrap();
        assert_eq!(file.to_str().unwrap(), target);
    }
    let log = fs::read_link(format!("/proc/{pid}/fd/2")).unwrap();
    assert_eq!(log, world.account("ann@a").join("agent.log"));
    assert_eq!(mode(&log), 0o600);
}

#[test]
fn finding_does_not_start_anything() {
    let world = world();
    let mut front = world.front();
    front.create("ann@a");
    assert_eq!(front.find_control("ann@a").unwrap_err().code, Code::AgentDown);
    assert!(world.started("ann@a").is_empty());
    let pid = who(front.open_control("ann@a").unwrap());
    assert_eq!(who(front.find_control("ann@a").unwrap()), pid);
}

#[test]
fn an_agent_outlives_its_warden_and_is_found_by_the_next() {
    let world = world();
    let mut front = world.front();
    front.create("ann@a");
    let pid = who(front.open_control("ann@a").unwrap());
    assert!(front.leave().success());
    assert!(is_alive(pid));
    let mut next = world.front();
    assert_eq!(running(&mut next), [true]);
    assert_eq!(who(next.open_control("ann@a").unwrap()), pid);
}

#[test]
fn many_who_open_at_once_get_one_agent() {
    let world = world();
    let mut fronts: Vec<_> = (0..3).map(|_| world.front()).collect();
    fronts[0].create("ann@a");
    let ids: Vec<_> = fronts
        .iter_mut()
        .flat_map(|front| {
            (0..5).map(|_| front.send(Command::OpenControl { account: email("ann@a") })).collect::<Vec<_>>()
        })
        .collect();
    for (at, id) in ids.into_iter().enumerate() {
        let (answer, connection) = fronts[at / 5].answer_with_descriptor(id);
        assert!(matches!(answer, Ok(Reply::Control)), "{answer:?}");
        let connection = UnixStream::from(connection.unwrap());
        connection.set_nonblocking(false).unwrap();
        assert_eq!(world.started("ann@a"), [who(connection)]);
    }
}

#[test]
fn an_agent_that_was_killed_is_told_of_and_replaced() {
    let world = world();
    let mut front = world.front();
    front.create("ann@a");
    let first = who(front.open_control("ann@a").unwrap());
    kill(first);
    assert_eq!(front.next_event(), FromWarden::AgentEnded { account: email("ann@a") });
    assert!(world.account("ann@a").join("control/control.sock").exists(), "the socket is stale now");
    assert_eq!(front.find_control("ann@a").unwrap_err().code, Code::AgentDown);
    let second = who(front.open_control("ann@a").unwrap());
    assert_eq!(world.started("ann@a"), [first, second]);
}

#[test]
fn the_end_of_an_agent_that_was_only_found_is_told_of() {
    let world = world();
    let mut first = world.front();
    first.create("ann@a");
    let pid = who(first.open_control("ann@a").unwrap());
    let mut second = world.front();
    assert_eq!(who(second.find_control("ann@a").unwrap()), pid);
    drop(first);
    kill(pid);
    assert_eq!(second.next_event(), FromWarden::AgentEnded { account: email("ann@a") });
}

#[test]
fn an_agent_that_ends_while_starting_is_reported_with_its_last_words() {
    let world = world();
    let mut front = world.front();
    front.create("ann@a");
    world.behave("ann@a", "crash");
    for _ in 0..2 {
        let failure = front.open_control("ann@a").unwrap_err();
        assert_eq!(failure.code, Code::AgentDown);
        assert!(failure.message.shown().ends_with("the vault is on \\u{1b}[31mfire"), "{failure}");
        assert!(!failure.hint.is_empty());
    }
}

#[test]
fn an_agent_that_takes_no_connection_is_ended_and_reported() {
    let world = world();
    let mut front = world.front();
    front.create("ann@a");
    world.behave("ann@a", "mute");
    assert_eq!(front.open_control("ann@a").unwrap_err().code, Code::AgentDown);
    let [pid] = world.started("ann@a")[..] else { panic!("it was not started once") };
    wait_until("the end of the mute agent", || !is_alive(pid));
}

#[test]
fn a_missing_agent_program_is_reported() {
    let world = world();
    fs::remove_file(world.programs().join("airhatch-agent")).unwrap();
    let mut front = world.front();
    front.create("ann@a");
    assert_eq!(front.open_control("ann@a").unwrap_err().code, Code::AgentDown);
}

#[test]
fn a_socket_of_another_user_is_not_handed_over() {
    let this = std::env::current_exe().unwrap();
    let open = |folder: &Path| folder.metadata().is_ok_and(|folder| folder.mode() & 0o001 != 0);
    if !rustix::process::geteuid().is_root() || !this.ancestors().skip(1).all(open) {
        eprintln!("SKIPPED: only root can be two users, where the way to this program is open");
        return;
    }
    let world = world();
    let mut front = world.front();
    front.create("ann@a");
    let control = world.account("ann@a").join("control");
    for folder in control.ancestors().take_while(|folder| folder.starts_with(world.home.parent().unwrap())) {
        let public = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        fs::set_permissions(folder, public).unwrap();
    }
    let mut other = Process::new(std::env::current_exe().unwrap())
        .args(["stand_in::the_agent_that_other_tests_start", "--exact", "--ignored"])
        .env("STAND_IN_HOME", &control)
        .env("STAND_IN_CONTROL", &control)
        .env("STAND_IN_BEHAVIOUR", "")
        .env("STAND_IN_DETACH", "no")
        .uid(65534)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    wait_until("the other user's socket", || UnixStream::connect(control.join("control.sock")).is_ok());
    let open = front.open_control("ann@a").unwrap_err();
    let stop = front.ask(Command::StopAgent { account: email("ann@a") });
    other.kill().unwrap();
    other.wait().unwrap();
    assert_eq!(open.code, Code::NotPermitted);
    assert_eq!(code(stop), Code::NotPermitted);
}

#[test]
fn a_home_too_long_for_a_socket_s_path_works() {
    let world = world_with_home(&["a-rather-long-name-of-a-folder"; 8].join("/"));
    let mut front = world.front();
    front.create("ann@example.org");
    who(front.open_control("ann@example.org").unwrap());
}

#[test]
fn an_account_that_is_not_there_is_not_found() {
    let world = world();
    let mut front = world.front();
    let account = || email("ann@a");
    for command in [
        Command::OpenControl { account: account() },
        Command::FindControl { account: account() },
        Command::StopAgent { account: account() },
        Command::RemoveAccount { account: account() },
        Command::Stages { account: account() },
        Command::Stage { account: account(), paths: vec![], choice: Choice::default(), stream: None },
    ] {
        assert_eq!(code(front.ask(command.clone())), Code::NotFound, "{command:?}");
    }
}

#[test]
fn an_account_in_a_container_is_refused_before_anything_is_made() {
    let world = world();
    let mut front = world.front();
    let refused = front
        .ask(Command::CreateAccount { account: email("ann@a"), runtime: RuntimeKind::Container })
        .unwrap_err();
    assert_eq!(refused.code, Code::EngineUnavailable);
    assert!(!refused.hint.is_empty());
    assert!(!world.account("ann@a").exists());
}

#[test]
fn an_account_is_not_created_twice() {
    let world = world();
    let mut front = world.front();
    front.create("ann@a");
    let again = Command::CreateAccount { account: email("ann@a"), runtime: RuntimeKind::Process };
    assert_eq!(code(front.ask(again)), Code::Conflict);
}

#[test]
fn folders_are_private_whatever_the_umask() {
    for umask in ["000", "777"] {
        let world = world();
        let warden = world.warden(&[]);
        let mut shell = Process::new("sh");
        shell.args(["-c", &format!("umask {umask}; exec \"$@\""), "sh"]).arg(warden.get_program());
        shell.args(warden.get_args()).stderr(Stdio::null());
        fs::create_dir_all(world.home.join("Airhatch")).unwrap();
        let (stream, child) = world.link(shell);
        let mut front = Front::new(stream, child).open();
        front.create("ann@a");
        let account = world.account("ann@a");
        for folder in ["", "agent", "outbox", "control"] {
            assert_eq!(mode(&account.join(folder)), 0o700, "{folder:?} under umask {umask}");
        }
        assert_eq!(mode(&world.home.join("accounts")), 0o700);
        assert_eq!(mode(&world.home.join("Airhatch/ann@a")), 0o700);
        assert_eq!(mode(&account.join("account.toml")), 0o600);
    }
}
