//! The shipped front in its jail, seen from outside: what the kernel says about it, and every call it makes.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use airhatch_tests::{
    Agent, Calls, Front, PASSPHRASE, Screen, Trace, World, can_be_another_user, email, eventually, in_time,
};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, BufReader};

const SIZE: (u16, u16) = (80, 24);

/// Every thread has given up new privileges and has both filters; the process leaves no core file.
fn is_jailed(process: u32) -> usize {
    let threads: Vec<PathBuf> = std::fs::read_dir(format!("/proc/{process}/task"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    for thread in &threads {
        let status = std::fs::read_to_string(thread.join("status")).unwrap();
        for wanted in ["NoNewPrivs:\t1", "Seccomp:\t2", "Seccomp_filters:\t2"] {
            assert!(status.contains(wanted), "{wanted} is missing in\n{status}");
        }
    }
    let limits = std::fs::read_to_string(format!("/proc/{process}/limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"]);
    threads.len()
}

#[tokio::test]
async fn every_thread_of_the_screen_is_in_the_jail() {
    let world = World::new().await;
    let front = world.front("ann");
    front.settle(&world.authority, "ann@example.org").await;
    let screen = Screen::start(&front, &[], SIZE);
    screen.wait_for("agent ok");
    assert!(is_jailed(screen.id()) > 1, "a thread for the keyboard");
}

#[tokio::test]
async fn a_command_is_in_the_jail_and_other_programs_of_its_user_cannot_look_into_it() {
    let world = World::new().await;
    let mut front = world.front("ann");
    if can_be_another_user() {
        front.become_user(65534);
    }
    front.settle(&world.authority, "ann@example.org").await;
    let mut events = front.start(&["events", "--json"]);
    let mut lines = BufReader::new(events.stdout.take().unwrap()).lines();
    in_time("the first event", lines.next_line()).await.unwrap().unwrap();
    let process = events.id().unwrap();
    is_jailed(process);
    // What belongs to root there is a process that is not dumpable: nobody else may open or debug it.
    assert_eq!(std::fs::metadata(format!("/proc/{process}/environ")).unwrap().uid(), 0);
    kill_process(Pid::from_raw(process.try_into().unwrap()).unwrap(), Signal::INT).unwrap();
    assert_eq!(in_time("the end of events", events.wait()).await.unwrap().code(), Some(130));
}

#[tokio::test]
async fn the_jails_are_told_by_status() {
    let world = World::new().await;
    let front = world.front("ann");
    front.settle(&world.authority, "ann@example.org").await;
    let status = front.object(&["status"]).await;
    let text = front.ok(&["status"]).await;
    let screen = Screen::start(&front, &[], SIZE);
    screen.wait_for("agent ok");
    screen.keys("5");
    for (jail, label) in
        [(&status["front"]["jail"], "this program"), (&status["accounts"][0]["agent"]["jail"], "agent is")]
    {
        let sentences: Vec<&str> =
            jail["sentences"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
        // Which of them it is depends on the kernel.
        let (word, told) = match jail["strength"].as_str().unwrap() {
            "whole" => ("jailed", "jailed".to_owned()),
            "partial" => ("partly jailed", format!("partly jailed: {}", sentences.join("; "))),
            other => panic!("{other}"),
        };
        assert!(
            text.lines().any(|line| line.contains(label) && line.ends_with(&told)),
            "{told:?} in\n{text}"
        );
        screen.wait_for(word);
    }
}

#[tokio::test]
async fn a_passphrase_is_asked_for_in_the_jail_and_an_interrupted_question_gives_the_terminal_back() {
    let world = World::new().await;
    let front = world.front("ann");
    front.settle(&world.authority, "ann@example.org").await;
    front.ok(&["logout"]).await;
    let mut asked = Screen::start(&front, &["login"], SIZE);
    asked.wait_for("Passphrase of ann@example.org");
    asked.keys("<C-c>");
    assert_eq!(asked.ended(), 130);
    let mut asked = Screen::start(&front, &["login"], SIZE);
    asked.wait_for("Passphrase of ann@example.org");
    asked.keys("wrong passphrase<Enter>");
    asked.wait_for("error:");
    asked.wait_until("the question again", |text| text.matches("Passphrase of").count() == 2);
    asked.keys(&format!("{PASSPHRASE}<Enter>"));
    asked.wait_for("ann@example.org is logged in");
    assert_eq!(asked.ended(), 0);
    assert!(!asked.text().contains("passphrase\n") && !asked.text().contains(PASSPHRASE), "{}", asked.text());
}

#[tokio::test]
async fn a_screen_that_may_not_stop_its_whole_job_tells_how_to_get_back_to_the_shell() {
    let world = World::new().await;
    let front = world.front("ann");
    front.settle(&world.authority, "ann@example.org").await;
    let screen = Screen::start_in_anothers_job(&front, SIZE);
    screen.wait_for("agent ok");
    screen.keys("<C-z>");
    screen.wait_for("Ctrl-Z again leads back to the shell");
    screen.press_until("<C-z>", "the shell", |text| text.contains("back in the shell"));
    screen.keys("<Enter>");
    screen.wait_for("agent ok");
}

#[tokio::test]
async fn a_whole_session_at_the_screen_makes_no_call_that_it_should_not() {
    let world = World::new().await;
    let Some(trace) = Trace::into_folder(&world.folder_for("trace")) else { return };
    let (front, bob) = (world.front("ann"), world.agent("bob@example.org").await);
    befriended(&world, &front, &bob).await;
    front.ok(&["logout"]).await;
    let path = front.file("for bob.txt", b"from the screen");
    let mut screen = Screen::start_traced(&front, &trace, SIZE);
    screen.press_until("<Enter>", "the question for the passphrase", |text| text.contains("Passphrase"));
    screen.keys(&format!("{PASSPHRASE}<Enter>"));
    screen.wait_for("agent ok");
    screen.keys("s");
    screen.wait_for("Offer files");
    screen.wait_for("bob@example.org");
    screen.paste(&format!("'{path}'"));
    screen.keys("<C-s>");
    screen.wait_for("offered");
    let offer = eventually("the offer", async || bob.transfers().await.into_iter().next()).await;
    bob.accept(offer.id).await.unwrap();
    bob.delivered(offer.id).await;
    let id = bob.offer(&email("ann@example.org"), &[("report.pdf", b"all of it")]).await;
    screen.wait_for("1 offer waiting");
    screen.keys("<C-y>");
    screen.wait_for("Files are offered to you");
    screen.press_until("a", "an accepted offer", |text| !text.contains("Files are offered to you"));
    bob.delivered(id).await;
    screen.keys("q");
    screen.press_until("y", "the end", |text| !text.contains("Transfers"));
    assert_eq!(screen.ended(), 0);
    behaves(&trace.calls(), front.home());
}

#[tokio::test]
async fn sending_from_the_command_line_makes_no_call_that_it_should_not() {
    let world = World::new().await;
    let Some(trace) = Trace::into_folder(&world.folder_for("trace")) else { return };
    let (front, bob) = (world.front("ann"), world.agent("bob@example.org").await);
    befriended(&world, &front, &bob).await;
    let path = front.file("for bob.txt", b"from the command line");
    let words = trace.words();
    let mut command = std::process::Command::new(&words[0]);
    command.args(&words[1..]).args(["send", "bob@example.org", "--wait", &path]).envs(front.variables());
    let sending = tokio::process::Command::from(command).kill_on_drop(true).output();
    let accepting = async {
        let offer = eventually("the offer", async || bob.transfers().await.into_iter().next()).await;
        bob.accept(offer.id).await.unwrap();
    };
    let (sent, ()) = in_time("the end of a delivery", async { tokio::join!(sending, accepting) }).await;
    assert!(sent.unwrap().status.success());
    behaves(&trace.calls(), front.home());
}

async fn befriended(world: &World, front: &Front, bob: &Agent) {
    front.settle(&world.authority, "ann@example.org").await;
    front.ok(&["contact", "add", "bob@example.org"]).await;
    bob.add(&email("ann@example.org")).await.unwrap();
}

/// The jail comes before the first word, and in it nothing is opened but the terminal and nothing is made but threads.
fn behaves(threads: &[Calls], home: &Path) {
    let accounts = home.join("accounts");
    for thread in threads {
        let calls = thread
            .named(&["socket", "connect", "bind", "listen", "accept4", "sendmsg", "sendmmsg", "ptrace"]);
        assert_eq!(calls.collect::<Vec<_>>(), [""; 0], "on the network");
        let opened = thread.named(&["open", "openat", "openat2"]);
        let closed: Vec<_> = opened.filter(|call| call.contains(accounts.to_str().unwrap())).collect();
        assert_eq!(closed, [""; 0], "among the agents' files");
    }
    let (free, jailed) = threads[0].split_at_last("seccomp");
    assert_eq!(free.named(&["execve"]).count(), 1, "itself");
    assert_eq!(free.named(&["recvmsg"]).count(), 0, "a word before the jail");
    assert!(jailed.named(&["recvmsg"]).count() > 10, "the session was not written down");
    for thread in [&jailed].into_iter().chain(&threads[1..]) {
        let never = [
            "execve",
            "execveat",
            "fork",
            "vfork",
            "socketpair",
            "memfd_create",
            "unlink",
            "rename",
            "mkdir",
        ];
        assert_eq!(thread.named(&never).collect::<Vec<_>>(), [""; 0], "in the jail");
        let made = thread.named(&["clone"]).filter(|call| !call.contains("CLONE_THREAD"));
        assert_eq!(made.collect::<Vec<_>>(), [""; 0], "a process");
        let opened = thread.named(&["open", "openat"]).filter(|call| !call.contains("\"/dev/tty\""));
        assert_eq!(opened.collect::<Vec<_>>(), [""; 0], "opened in the jail");
    }
}
