//! The program as an operator and its agents meet it: commands, exit codes, signals, a kill at the worst moment.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use airhatch_seal::{Identity, unseal_small};
use airhatch_trust::tls::AuthorityClient;
use airhatch_trust::{AccountCertificate, IdentityKey, certificate_request};
use airhatch_wire::authority::{FromAuthority, ToAuthority};
use airhatch_wire::link::Link;
use airhatch_wire::{Blob, Code, Email, Fingerprint};
use tempfile::TempDir;
use tokio::net::TcpStream;

fn command(words: &[&str], dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_airhatch-ca"));
    command.args(words).arg("--dir").arg(dir).env("RUST_BACKTRACE", "0").env_remove("RUST_LOG");
    command
}

fn said(words: &[&str], dir: &Path) -> Output {
    command(words, dir).output().unwrap()
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap().trim().to_owned()
}

fn complaint(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(output.stdout, b"");
    String::from_utf8(output.stderr.clone()).unwrap().trim().to_owned()
}

/// A CA that was just made.
fn made(words: &[&str]) -> (TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("ca");
    stdout(&said(&[&["init"], words].concat(), &dir));
    (home, dir)
}

/// A running CA; killed when dropped.
struct Running {
    child: Child,
    address: SocketAddr,
}

impl Running {
    fn start(dir: &Path) -> Self {
        Self::start_with(&[], dir)
    }

    fn start_with(words: &[&str], dir: &Path) -> Self {
        let mut run = command(&[&["run", "--listen", "127.0.0.1:0"], words].concat(), dir);
        let mut child = run.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap().parse().unwrap();
        Self { child, address }
    }

    fn signal(&mut self, signal: rustix::process::Signal) -> Option<i32> {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, signal).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Gone already in most tests.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn ask(address: SocketAddr, client: &AuthorityClient, requests: Vec<ToAuthority>) -> FromAuthority {
    let stream = TcpStream::connect(address).await.unwrap();
    let (stream, _) = client.connect(stream).await.unwrap();
    let mut link: Link<_, ToAuthority, FromAuthority> = Link::open(stream).await.unwrap();
    let mut last = None;
    for request in requests {
        link.send(&request).await.unwrap();
        last = link.receive().await.unwrap();
    }
    last.unwrap()
}

/// Registers on one connection and says nothing more.
async fn register(
    address: SocketAddr,
    root: Fingerprint,
    email: &Email,
    code: Option<String>,
) -> FromAuthority {
    let (key, seal) = (key(), Identity::hybrid_from_seed([5; 32]).unwrap());
    let client = AuthorityClient::anonymous(root).unwrap();
    let (stream, _) = client.connect(TcpStream::connect(address).await.unwrap()).await.unwrap();
    let mut link: Link<_, ToAuthority, FromAuthority> = Link::open(stream).await.unwrap();
    let recipient = Blob::from(seal.recipient().to_bytes());
    link.send(&ToAuthority::RegisterBegin { email: email.clone(), recipient }).await.unwrap();
    let sealed = match link.receive().await.unwrap().unwrap() {
        FromAuthority::Sealed(sealed) => sealed,
        other => return other,
    };
    let nonce = Blob::from(unseal_small(&seal, &sealed, 32).unwrap().to_vec());
    let request = Blob::from(certificate_request(&key, email).unwrap());
    link.send(&ToAuthority::RegisterFinish { nonce, request, code }).await.unwrap();
    link.receive().await.unwrap().unwrap()
}

fn key() -> IdentityKey {
    IdentityKey::from_seed(&[5; 32]).unwrap()
}

fn fingerprint(dir: &Path) -> Fingerprint {
    stdout(&said(&["fingerprint"], dir)).parse().unwrap()
}

#[test]
fn init_prints_the_fingerprint_once_and_refuses_a_second_time() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("ca");
    let first = stdout(&said(&["init"], &dir));
    assert_eq!(first, stdout(&said(&["fingerprint"], &dir)));
    assert!(complaint(&said(&["init"], &dir)).contains("already"));
    assert_eq!(first, stdout(&said(&["fingerprint"], &dir)));
    assert!(complaint(&said(&["fingerprint"], home.path())).contains("airhatch-ca init"));
}

#[test]
fn run_with_init_makes_a_ca_once_and_serves_the_same_one_ever_after() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("state/ca");
    assert!(complaint(&said(&["run", "--listen", "127.0.0.1:0"], &dir)).contains("there is no CA"));
    let options = ["--init", "--policy", "invite", "--name", "Of a container"];
    let first = Running::start_with(&options, &dir);
    let made = fingerprint(&dir);
    drop(first);
    let config = std::fs::read_to_string(dir.join("ca.toml")).unwrap();
    assert!(config.contains("policy = \"invite\""), "{config}");
    let _again = Running::start_with(&["--init"], &dir);
    assert_eq!(fingerprint(&dir), made);
    assert_eq!(std::fs::read_to_string(dir.join("ca.toml")).unwrap(), config);
}

#[test]
fn run_with_init_never_fills_up_a_ca_that_lost_a_part() {
    let (_home, dir) = made(&[]);
    for part in ["ca.key", "ca.crt", "ca.toml"] {
        let (from, aside) = (dir.join(part), dir.join("aside"));
        std::fs::rename(&from, &aside).unwrap();
        complaint(&said(&["run", "--init", "--listen", "127.0.0.1:0"], &dir));
        assert!(!from.exists(), "{part} was made anew");
        std::fs::rename(&aside, &from).unwrap();
    }
}

#[test]
fn a_second_ca_on_the_same_folder_is_refused() {
    let (_home, dir) = made(&[]);
    let _running = Running::start(&dir);
    let second = complaint(&said(&["run", "--listen", "127.0.0.1:0"], &dir));
    assert!(second.contains("another airhatch-ca is running"), "{second}");
    assert!(complaint(&said(&["events"], &dir)).contains("another airhatch-ca is running"));
}

#[test]
fn a_folder_that_others_can_read_is_not_served() {
    let (_home, dir) = made(&[]);
    std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o755)).unwrap();
    let refused = complaint(&said(&["run", "--listen", "127.0.0.1:0"], &dir));
    assert!(refused.contains("chmod"), "{refused}");
}

#[test]
fn the_healthcheck_follows_the_ca() {
    let (_home, dir) = made(&[]);
    assert!(complaint(&said(&["healthcheck"], &dir)).contains("no CA is running"));
    let mut running = Running::start(&dir);
    stdout(&said(&["healthcheck"], &dir));
    assert_eq!(running.signal(rustix::process::Signal::TERM), Some(0));
    assert!(complaint(&said(&["healthcheck"], &dir)).contains("no CA is running"));
    // After a kill the note stays, and nobody answers.
    let mut running = Running::start(&dir);
    assert_eq!(running.signal(rustix::process::Signal::KILL), None);
    assert!(complaint(&said(&["healthcheck"], &dir)).contains("no CA answers"));
}

#[tokio::test]
async fn what_was_answered_survives_a_kill() {
    let (_home, dir) = made(&[]);
    let root = fingerprint(&dir);
    let mut accounts: Vec<(Email, AccountCertificate)> = Vec::new();
    for round in 0..5 {
        let mut running = Running::start(&dir);
        for (email, certificate) in &accounts {
            let client = AuthorityClient::identified(root, &key(), certificate).unwrap();
            let lookup = vec![ToAuthority::Lookup { email: email.clone() }];
            match ask(running.address, &client, lookup).await {
                FromAuthority::Certificate(der) => assert_eq!(der.as_slice(), certificate.der()),
                other => panic!("{other:?}"),
            }
        }
        let email: Email = format!("ann{round}@example.org").parse().unwrap();
        match register(running.address, root, &email, None).await {
            FromAuthority::Certificate(der) => {
                accounts.push((email, AccountCertificate::parse(&der).unwrap()));
            }
            other => panic!("{other:?}"),
        }
        running.signal(rustix::process::Signal::KILL);
    }
    let events = stdout(&said(&["events"], &dir));
    let names: Vec<&str> = events.lines().filter_map(|line| line.split(' ').next_back()).collect();
    let expected: Vec<&str> = accounts.iter().map(|(email, _)| email.as_str()).collect();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn an_invitation_from_the_command_line_opens_the_door_once() {
    let (_home, dir) = made(&["--policy", "invite"]);
    let root = fingerprint(&dir);
    let running = Running::start(&dir);
    let email: Email = "ann@example.org".parse().unwrap();
    let refused =
        |answer| matches!(answer, FromAuthority::Refused(failure) if failure.code == Code::AuthorityRefused);
    assert!(refused(register(running.address, root, &email, None).await));
    // Made while the CA runs.
    let code = stdout(&said(&["invite", email.as_str()], &dir));
    let other: Email = "bob@example.org".parse().unwrap();
    assert!(refused(register(running.address, root, &other, Some(code.clone())).await));
    let answer = register(running.address, root, &email, Some(code)).await;
    assert!(matches!(answer, FromAuthority::Certificate(_)), "{answer:?}");
}
