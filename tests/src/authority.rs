//! The CA as a process, and what a test may know of it: its address, certificate and, for forging, its key.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use airhatch_trust::{AuthorityCertificate, IdentityKey};
use airhatch_wire::{Address, Fingerprint};
use openssl::pkey::PKey;
use openssl::x509::X509;

use crate::in_time;
use crate::process::{Program, bare, built};

/// Where Debian and Fedora put libfaketime.
const FAKETIME: [&str; 3] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
];

/// A CA on loopback.
pub struct Authority {
    program: Program,
    folder: PathBuf,
    /// Where it listens; the same after a restart.
    pub address: Address,
    /// SHA-256 of its certificate.
    pub fingerprint: Fingerprint,
}

impl Authority {
    /// Makes a CA in a folder of its own below `world` and starts it.
    pub(crate) async fn start(world: &Path, policy: &str) -> Self {
        let folder = world.join("ca");
        let fingerprint = said(command(&folder, "init").args(["--policy", policy])).parse().unwrap();
        let (program, address) = run(&folder, "127.0.0.1:0").await;
        Self { program, folder, address, fingerprint }
    }

    /// Another CA in the same world, with accounts of its own.
    pub async fn another(world: &crate::World) -> Self {
        Self::start(&world.folder_for("elsewhere"), "open").await
    }

    /// Ends it at once.
    pub fn stop(&mut self) {
        self.program.kill();
    }

    /// Starts it again, at the same address.
    pub async fn start_again(&mut self) {
        self.program = run(&self.folder, &self.address.to_string()).await.0;
    }

    /// Starts it again, at the same address, with a clock that is off by `shift`, like `+3d`. False, and said to be
    /// skipped, where libfaketime is not installed.
    pub async fn start_again_off_by(&mut self, shift: &str) -> bool {
        let Some(library) = FAKETIME.iter().map(Path::new).find(|path| path.exists()) else {
            crate::skipped("libfaketime is not installed");
            return false;
        };
        let mut command = command(&self.folder, "run");
        command.env("LD_PRELOAD", library).env("FAKETIME", shift).env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        self.program = listening(command, &self.folder, &self.address.to_string()).await.0;
        true
    }

    /// A one-time code for an email.
    #[must_use]
    pub fn invite(&self, email: &str) -> String {
        said(command(&self.folder, "invite").arg(email))
    }

    /// Its certificate.
    #[must_use]
    pub fn root(&self) -> AuthorityCertificate {
        let pem = std::fs::read(self.folder.join("ca.crt")).unwrap();
        AuthorityCertificate::parse(&X509::from_pem(&pem).unwrap().to_der().unwrap()).unwrap()
    }

    /// Its private key, for certificates that it would never issue.
    #[must_use]
    pub fn key(&self) -> IdentityKey {
        let pem = std::fs::read(self.folder.join("ca.key")).unwrap();
        let seed = PKey::private_key_from_pem(&pem).unwrap().raw_private_key().unwrap();
        IdentityKey::from_seed(&seed.try_into().unwrap()).unwrap()
    }
}

fn command(folder: &Path, verb: &str) -> Command {
    let mut command = bare(built("airhatch-ca"));
    command.arg(verb).arg("--dir").arg(folder);
    command
}

/// Runs a command to its end; the line that it printed.
fn said(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

async fn run(folder: &Path, listen: &str) -> (Program, Address) {
    listening(command(folder, "run"), folder, listen).await
}

async fn listening(mut command: Command, folder: &Path, listen: &str) -> (Program, Address) {
    command.args(["--listen", listen]).stdout(Stdio::piped());
    let mut program = Program::start(command, &folder.with_extension("log"));
    let stdout = program.stdout();
    let line = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).map(|_| line)
    });
    let line = in_time("the CA's first line", line).await.unwrap().unwrap();
    let address = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("the CA said {line:?}"));
    (program, address.parse().unwrap())
}
