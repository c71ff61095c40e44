//! A demonstration's CA: started in the home, known by its address and fingerprint, ended with the warden.
//! Called by the commands and at the end; must never know the CA's keys.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use airhatch_wire::{Address, Fingerprint};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::home::{Home, open_log};

/// How long the CA may take for each of: making its key, beginning to listen, telling its fingerprint, ending.
const PATIENCE: Duration = Duration::from_secs(10);

/// The most that a CA program may print where a line is expected, bytes.
const LINE: u64 = 4096;

/// Why there is no CA.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemoError {
    /// This warden serves a person's own home.
    #[error("a CA is only started for a demonstration")]
    NotDemo,
    /// The CA program is missing or cannot be run.
    #[error("the CA program {} cannot be started: {source}", path.display())]
    Program {
        /// Where it should be.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The CA program failed.
    #[error("the CA ended while it was being set up ({status})")]
    Ended {
        /// How it ended.
        status: ExitStatus,
    },
    /// The CA program said something else than it should.
    #[error("the CA answered unexpectedly: {0:?}")]
    Words(String),
    /// The CA program took too long.
    #[error("the CA did not get ready in time")]
    Silent,
    /// The file system said no.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The CA of one demonstration.
#[derive(Debug)]
pub(crate) struct Demo {
    program: PathBuf,
    authority: Mutex<Option<Authority>>,
}

#[derive(Debug)]
struct Authority {
    process: Child,
    address: Address,
    fingerprint: Fingerprint,
}

impl Demo {
    /// Nothing runs yet; the CA will be started from `program`.
    pub(crate) fn new(program: PathBuf) -> Self {
        Self { program, authority: Mutex::new(None) }
    }

    /// Starts the CA, or tells of the one that runs already.
    pub(crate) async fn start(&self, home: &Home) -> Result<(Address, Fingerprint), DemoError> {
        let mut authority = self.authority.lock().await;
        if let Some(running) = authority.as_ref() {
            return Ok((running.address.clone(), running.fingerprint));
        }
        let folder = home.authority();
        self.ask(home, &["init", "--policy", "open", "--dir"], &folder).await?;
        let fingerprint = self.ask(home, &["fingerprint", "--dir"], &folder).await?;
        let fingerprint = fingerprint.trim().parse().map_err(|_| DemoError::Words(fingerprint.clone()))?;
        let (process, address) = self.listen(home, &folder).await?;
        *authority = Some(Authority { process, address: address.clone(), fingerprint });
        Ok((address, fingerprint))
    }

    /// Ends the CA, gently first.
    pub(crate) async fn stop(&self) {
        let Some(mut authority) = self.authority.lock().await.take() else { return };
        if let Some(pid) = authority.process.id().and_then(|id| Pid::from_raw(id.try_into().ok()?)) {
            // The child has not been waited for, so its number is still its own.
            let _gone_already = kill_process(pid, Signal::TERM);
        }
        if timeout(PATIENCE, authority.process.wait()).await.is_err() {
            let _gone_already = authority.process.kill().await;
        }
    }

    /// Runs the program to its end and gives what it printed.
    async fn ask(&self, home: &Home, arguments: &[&str], folder: &Path) -> Result<String, DemoError> {
        let mut child = self.spawn(home, arguments, folder, &[])?;
        let work = async {
            let mut said = String::new();
            if let Some(output) = child.stdout.take() {
                output.take(LINE).read_to_string(&mut said).await?;
            }
            match child.wait().await? {
                status if status.success() => Ok(said),
                status => Err(DemoError::Ended { status }),
            }
        };
        timeout(PATIENCE, work).await.unwrap_or(Err(DemoError::Silent))
    }

    async fn listen(&self, home: &Home, folder: &Path) -> Result<(Child, Address), DemoError> {
        let mut child = self.spawn(home, &["run", "--dir"], folder, &["--listen", "127.0.0.1:0"])?;
        let output = child.stdout.take();
        match timeout(PATIENCE, first_line(output)).await.unwrap_or(Err(DemoError::Silent)) {
            Ok(line) if line.is_empty() => Err(DemoError::Ended { status: child.wait().await? }),
            Ok(line) => match line.trim().strip_prefix("listening on ").map(str::parse) {
                Some(Ok(address)) => Ok((child, address)),
                _ => Err(DemoError::Words(line)),
            },
            Err(e) => Err(e),
        }
    }

    /// In its own process group, so that keys pressed at the terminal do not end it before its agents.
    fn spawn(&self, home: &Home, before: &[&str], folder: &Path, after: &[&str]) -> Result<Child, DemoError> {
        let mut command = Command::new(&self.program);
        command.args(before).arg(folder).args(after).env_clear().current_dir("/");
        command.envs(std::env::var_os("AIRHATCH_LOG").map(|filter| ("AIRHATCH_LOG", filter)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(open_log(&home.authority_log())?);
        command.process_group(0).kill_on_drop(true);
        command.spawn().map_err(|source| DemoError::Program { path: self.program.clone(), source })
    }
}

async fn first_line(output: Option<ChildStdout>) -> Result<String, DemoError> {
    let mut line = String::new();
    if let Some(output) = output {
        let mut output = BufReader::new(output.take(LINE));
        output.read_line(&mut line).await?;
        // What it may print later has no reader; a full pipe must not stop it.
        tokio::spawn(async move {
            let mut rest = output.into_inner().into_inner();
            tokio::io::copy(&mut rest, &mut tokio::io::sink()).await
        });
    }
    Ok(line)
}
