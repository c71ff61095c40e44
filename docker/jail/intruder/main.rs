//! A captured agent, for tests: it opens its control socket as an agent does and then does for whoever connects what a
//! line says, the whole table of forbidden calls among it. Built with the feature `intruder` only, as a static program; the
//! tests put it into an image of its own and let the warden start it as it starts agents, and start it once more without
//! any walls, since what is refused everywhere proves nothing.
//!
//! Every line gets one line back: what came of it, or `refused: ` and the system's word.
#![deny(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "an intruder of the tests ends where it cannot go on"
)]

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

mod calls;

/// How long another machine may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// A page of memory, bytes.
const PAGE: usize = 4096;

fn option(name: &str) -> String {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.nth(1).unwrap_or_else(|| panic!("{name} is missing"))
}

fn main() {
    let socket = option("--control") + "/control.sock";
    fs::create_dir_all(option("--home")).unwrap();
    fs::write(option("--home") + "/vault", "the keys of this account").unwrap();
    let _none = fs::remove_file(&socket);
    let door = UnixListener::bind(&socket).unwrap();
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o600)).unwrap();
    let contacts = TcpListener::bind(option("--listen")).unwrap();
    std::thread::spawn(move || contacts.incoming().for_each(drop));
    for connection in door.incoming().flatten() {
        std::thread::spawn(move || talk(connection));
    }
}

fn talk(mut connection: UnixStream) {
    let lines = BufReader::new(connection.try_clone().unwrap()).lines();
    for line in lines.map_while(Result::ok) {
        let answer = obey(&line).unwrap_or_else(|error| format!("refused: {error}"));
        let _gone = writeln!(connection, "{}", answer.replace('\n', " "));
    }
}

fn obey(line: &str) -> io::Result<String> {
    let done = |()| "done".to_owned();
    match line.split_once(' ').unwrap_or((line, "")) {
        ("read", path) => fs::read_to_string(path),
        ("write", path) => fs::write(path, "written").map(done),
        ("find", name) => Ok(found(name)),
        ("knock", path) => UnixStream::connect(path).map(|_| "connected".to_owned()),
        ("call", address) => {
            let address: SocketAddr = address.parse().map_err(io::Error::other)?;
            TcpStream::connect_timeout(&address, PATIENCE).map(|_| "connected".to_owned())
        }
        ("threads", count) => threads(count.parse().map_err(io::Error::other)?),
        ("memory", mebibytes) => memory(mebibytes.parse().map_err(io::Error::other)?),
        ("attack", _) => Ok(attack()),
        _ => Err(io::ErrorKind::InvalidInput.into()),
    }
}

/// Every path below the root that ends with this name, in as far as it can be listed. The kernel's own trees are left out:
/// they have no end.
fn found(name: &str) -> String {
    let mut folders = vec![PathBuf::from("/")];
    let mut paths = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if entry.file_name().to_str() == Some(name) {
                paths.push(path.display().to_string());
            }
            let endless = [Path::new("/proc"), Path::new("/sys")].contains(&path.as_path());
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) && !endless {
                folders.push(path);
            }
        }
    }
    paths.sort();
    paths.join(" ")
}

/// Starts threads that all live at the same time.
fn threads(count: usize) -> io::Result<String> {
    let mut started = Vec::new();
    let outcome = loop {
        if started.len() == count {
            break Ok(format!("{count} threads"));
        }
        // Each waits for a word of its own.
        let (word, wait) = mpsc::channel::<()>();
        let waiting = std::thread::Builder::new().stack_size(16 * PAGE);
        match waiting.spawn(move || wait.recv()) {
            Ok(thread) => started.push((word, thread)),
            Err(error) => break Err(error),
        }
    };
    for (word, thread) in started {
        drop(word);
        let _ended = thread.join();
    }
    outcome
}

/// Takes memory and uses every page of it.
fn memory(mebibytes: usize) -> io::Result<String> {
    let mut taken = vec![0_u8; mebibytes << 20];
    for page in taken.chunks_mut(PAGE) {
        page.fill(1);
    }
    let used = taken.iter().step_by(PAGE).filter(|byte| **byte == 1).count() * PAGE;
    Ok(format!("{} MiB", used >> 20))
}

/// The table of calls, each with what came of it: `name=free`, or `name=` and the system's number.
fn attack() -> String {
    let lines = calls::try_all().into_iter().map(|(name, outcome)| {
        let outcome = outcome.map_or_else(|error| error.raw_os_error().to_string(), |()| "free".to_owned());
        format!("{name}={outcome}")
    });
    lines.collect::<Vec<_>>().join("|")
}
