//! What the front does all day goes on in its jail.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use airhatch_jail::{JailError, front};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};
use rustix::process::{Signal, getpid, kill_process};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::signal::unix::{SignalKind, signal};

use crate::stage::{Place, Stage, everybody};
use crate::{Inside, Test};

pub(crate) const TESTS: &[Test] = &[
    ("a_session_goes_on_in_the_front_jail", || {
        for who in everybody() {
            let stage = Stage::new(who);
            fs::write(stage.place().of("outside").join("photo"), "pixels").unwrap();
            stage.give(stage.place().root());
            stage.run("a session");
        }
    }),
    ("the_terminal_works_in_the_front_jail", terminal_works),
    ("every_thread_of_a_jailed_process_is_in_the_jail", every_thread_is_in_it),
    ("a_jail_is_not_entered_with_a_second_thread", || {
        Stage::new(crate::stage::Who::Me).run("enter with a second thread");
    }),
];

pub(crate) const INSIDE: &[Inside] = &[
    ("a session", session),
    ("a terminal", terminal),
    ("wait in the jail", |place| {
        let entered = front::enter(&place.front()).unwrap();
        let thread = std::thread::spawn(|| std::io::stdin().read_to_end(&mut Vec::new()).unwrap());
        println!("{:?}", entered.report.files);
        thread.join().unwrap();
    }),
    ("enter with a second thread", |place| {
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::spawn(move || wait.recv());
        assert!(matches!(front::enter(&place.front()), Err(JailError::Threads(2))));
        drop(go);
        assert!(thread.join().unwrap().is_err());
        // Nothing was given up: a program can still be started.
        assert!(std::process::Command::new("/bin/true").status().unwrap().success());
    }),
];

/// A socket that came over another, as the warden hands one to the front.
fn handed() -> (UnixStream, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let (control, agents_end) = UnixStream::pair().unwrap();
    let descriptors = [control.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    assert!(ancillary.push(SendAncillaryMessage::ScmRights(&descriptors)));
    sendmsg(&theirs, &[IoSlice::new(b"x")], &mut ancillary, SendFlags::empty()).unwrap();
    (ours, agents_end)
}

fn receive(link: &UnixStream) -> OwnedFd {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    recvmsg(link, &mut [IoSliceMut::new(&mut byte)], &mut ancillary, RecvFlags::CMSG_CLOEXEC).unwrap();
    let received = ancillary.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    received.unwrap()
}

fn session(place: &Place) {
    let (link, agents_end) = handed();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let entered = front::enter(&place.front()).unwrap();
    lists_and_reads(place, &entered);
    saves_settings(place);
    runtime.block_on(talks(receive(&link).into(), agents_end));
    assert_eq!(runtime.block_on(async { tokio::task::spawn_blocking(|| 7).await.unwrap() }), 7);
    // Times and backtraces, a panic on another thread, a big allocation.
    assert!(std::time::SystemTime::now().elapsed().is_ok());
    assert!(std::backtrace::Backtrace::force_capture().to_string().contains("session"));
    let caught = std::thread::spawn(|| std::panic::resume_unwind(Box::new("on purpose"))).join();
    assert!(caught.is_err());
    assert_eq!(vec![1_u8; 64 << 20].len(), 64 << 20);
}

fn lists_and_reads(place: &Place, entered: &front::Entered) {
    assert_eq!(fs::read_to_string(place.of("outside").join("photo")).unwrap(), "pixels");
    assert_eq!(fs::read_dir(place.of("outside")).unwrap().count(), 1);
    // The folder that holds the closed one is listed by the descriptor kept, twice.
    let along = &entered.along_the_way;
    let kept = along.iter().find(|folder| folder.path == place.root()).unwrap();
    for _ in 0..2 {
        assert!(kept.names().unwrap().contains(&"outside".into()));
    }
    assert!(fs::read_dir(place.root()).is_err());
}

fn saves_settings(place: &Place) {
    let (temporary, settings) = (place.of("own").join(".settings"), place.of("own").join("settings"));
    for text in ["one", "two"] {
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(&temporary).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file.sync_all().unwrap();
        fs::rename(&temporary, &settings).unwrap();
        assert_eq!(fs::read_to_string(&settings).unwrap(), text);
    }
    let mut log = File::options().append(true).create(true).open(place.of("own").join("log")).unwrap();
    writeln!(log, "a line").unwrap();
    log.set_len(0).unwrap();
    fs::remove_file(place.of("own").join("log")).unwrap();
}

async fn talks(control: UnixStream, agents_end: UnixStream) {
    for stream in [&control, &agents_end] {
        stream.set_nonblocking(true).unwrap();
    }
    let mut control = tokio::net::UnixStream::from_std(control).unwrap();
    let mut agent = tokio::net::UnixStream::from_std(agents_end).unwrap();
    let mut winch = signal(SignalKind::window_change()).unwrap();
    let echo = tokio::spawn(async move {
        let mut word = [0; 5];
        agent.read_exact(&mut word).await.unwrap();
        agent.write_all(&word).await.unwrap();
        agent.shutdown().await.unwrap();
    });
    control.write_all(b"hello").await.unwrap();
    let mut answer = Vec::new();
    control.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, b"hello");
    echo.await.unwrap();
    tokio::time::timeout(Duration::from_millis(1), std::future::pending::<()>()).await.unwrap_err();
    kill_process(getpid(), Signal::WINCH).unwrap();
    winch.recv().await.unwrap();
}

fn terminal_works() {
    let stage = Stage::new(crate::stage::Who::Me);
    let size = PtySize { rows: 31, cols: 99, pixel_width: 0, pixel_height: 0 };
    let pty = native_pty_system().openpty(size).unwrap();
    let mut command = CommandBuilder::new("/proc/self/exe");
    command.args(["--inside", "a terminal"]);
    command.arg(stage.place().root());
    let mut child = pty.slave.spawn_command(command).unwrap();
    drop(pty.slave);
    let mut keys = pty.master.take_writer().unwrap();
    let mut said = String::new();
    for line in BufReader::new(pty.master.try_clone_reader().unwrap()).lines() {
        // A terminal whose other end is gone reads as an error.
        let Ok(line) = line else { break };
        if line.contains("ready") {
            keys.write_all(b"k").unwrap();
        }
        said += &line;
        said.push('\n');
    }
    assert!(child.wait().unwrap().success(), "{said}");
    assert!(said.contains("99x31") && said.contains("'k'"), "{said}");
}

fn terminal(place: &Place) {
    use crossterm::event;
    let _ready = event::poll(Duration::ZERO).unwrap();
    let _entered = front::enter(&place.front()).unwrap();
    crossterm::terminal::enable_raw_mode().unwrap();
    let (columns, rows) = crossterm::terminal::size().unwrap();
    print!("ready {columns}x{rows}\r\n");
    std::io::stdout().flush().unwrap();
    assert!(event::poll(Duration::from_secs(30)).unwrap());
    let event = event::read().unwrap();
    crossterm::terminal::disable_raw_mode().unwrap();
    println!("{event:?}");
}

fn every_thread_is_in_it() {
    let stage = Stage::new(crate::stage::Who::Me);
    let mut child = stage.start("wait in the jail");
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let process = format!("/proc/{}", child.id());
    let threads: Vec<_> = fs::read_dir(format!("{process}/task")).unwrap().collect();
    assert_eq!(threads.len(), 2, "{line}");
    for thread in threads {
        let status = fs::read_to_string(thread.unwrap().path().join("status")).unwrap();
        for wanted in ["NoNewPrivs:\t1", "Seccomp:\t2", "Seccomp_filters:\t2"] {
            assert!(status.contains(wanted), "{status}");
        }
    }
    let limits = fs::read_to_string(format!("{process}/limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"]);
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}
