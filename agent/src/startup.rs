//! What surrounds a run: the way into the jail, folders, the lock that makes an agent the only one of its account, signals,
//! the health check.

use std::fs::File;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener as UnixDoor;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use airhatch_wire::control::{Command, FromAgent, Jail, LogLevel, Passphrase, Request};
use airhatch_wire::link::Link;
use rustix::fs::FlockOperation;
use tokio::net::UnixStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::Receiver;
use zeroize::Zeroizing;

use crate::config::{Folders, RunArgs};
use crate::control::{self, SOCKET};
use crate::{environment, harden, jail, log};

/// How long threads may take to end after everything else has.
pub const PATIENCE: Duration = Duration::from_secs(3);

/// The options of `airhatch-agent healthcheck`.
#[derive(Clone, Debug, clap::Args)]
pub struct HealthArgs {
    /// The agent's own folder
    #[arg(long, value_name = "DIR")]
    home: PathBuf,
    /// The folder of the control socket [default: HOME/control]
    #[arg(long, value_name = "DIR")]
    control: Option<PathBuf>,
}

/// What an agent has when it has entered its jail, and could not get any more.
#[derive(Debug)]
pub struct Begun {
    /// The lines that fronts should see.
    pub(crate) log: Receiver<(LogLevel, String)>,
    /// The control socket.
    pub(crate) door: UnixDoor,
    /// What the account is to be opened with at once.
    pub(crate) passphrase: Option<Passphrase>,
    /// How the jail turned out.
    pub(crate) jail: Jail,
}

/// Everything that needs the free system, then the jail. The order matters: variables go before anything can read them,
/// core files and debuggers before there is a secret, and the jail comes while the process has one thread and has not
/// called OpenSSL yet, which would obey a configuration file outside. The file returned is the account's lock; it makes
/// this agent the only one for as long as it is open.
///
/// # Errors
/// What the system refused, in words for whoever started the agent.
pub fn begin(args: &RunArgs) -> io::Result<(File, Begun)> {
    environment::clear().map_err(|error| {
        let advice = "start it as: env -i airhatch-agent run …";
        io::Error::other(format!("the environment could not be cleared: {error}; {advice}"))
    })?;
    harden::harden_process()?;
    if args.detach {
        harden::detach()?;
    }
    let log = log::start(false).map_err(io::Error::other)?;
    let folders = args.folders();
    let lock = prepare(&folders)?;
    let passphrase = args.passphrase_file.as_deref().and_then(passphrase_in);
    let door = control::open(&folders.control)?;
    // A static program reads randomness from a device, which is opened once, and could not be in the jail.
    getrandom::fill(&mut [0; 1])?;
    let jail = jail::enter(&folders).inspect_err(|_| {
        if let Err(error) = control::close(&folders.control) {
            tracing::warn!(%error, "the control socket stays behind");
        }
    })?;
    Ok((lock, Begun { log, door, passphrase, jail }))
}

/// The first line of a file.
fn passphrase_in(file: &Path) -> Option<Passphrase> {
    match std::fs::read_to_string(file).map(Zeroizing::new) {
        Ok(text) => Some(Passphrase::from(text.lines().next().unwrap_or_default().to_owned())),
        Err(error) => {
            tracing::error!(%error, "the passphrase file cannot be read; the account stays locked");
            None
        }
    }
}

/// Makes the account's folders, for this user only, and takes its lock. The lock lives as long as the file returned.
///
/// # Errors
/// When a folder cannot be made or belongs to somebody else, or another agent runs.
fn prepare(folders: &Folders) -> io::Result<File> {
    let needed = [&folders.state, &folders.inbox, &folders.outbox, &folders.control];
    for folder in needed.into_iter().chain(&folders.drop) {
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|error| naming(folder, &error))?;
    }
    for folder in [&folders.state, &folders.control] {
        own(folder).map_err(|error| naming(folder, &error))?;
    }
    let path = folders.state.join("lock");
    let lock = File::options().create(true).truncate(false).write(true).open(&path);
    let lock = lock.map_err(|error| naming(&path, &error))?;
    take(&lock)?;
    Ok(lock)
}

/// Takes the lock. An agent that has said goodbye and closed its door may hold it while its threads end.
fn take(lock: &File) -> io::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while rustix::fs::flock(lock, FlockOperation::NonBlockingLockExclusive).is_err() {
        if Instant::now() >= deadline {
            return Err(io::Error::other("another agent of this account is running; stop it first"));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// The same error, saying where.
fn naming(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn own(folder: &Path) -> io::Result<()> {
    let metadata = std::fs::metadata(folder)?;
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it belongs to another user"));
    }
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
}

/// Completes when this process is told to end.
///
/// # Errors
/// When the system takes no handler.
pub fn told_to_stop() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => return,
                _ = interrupt.recv() => return,
                // Agents outlive the terminal they were started from.
                _ = hangup.recv() => {}
            }
        }
    })
}

/// Asks the agent of a home for its status.
///
/// # Errors
/// When nobody answers, or not as an agent does.
pub fn healthcheck(args: &HealthArgs) -> io::Result<()> {
    let folder = args.control.clone().unwrap_or_else(|| args.home.join("control"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let stream = UnixStream::connect(folder.join(SOCKET)).await?;
        let mut link: Link<_, Request, FromAgent> = Link::open(stream).await.map_err(io::Error::other)?;
        link.send(&Request { id: 1, command: Command::Status }).await.map_err(io::Error::other)?;
        match tokio::time::timeout(PATIENCE, link.receive()).await {
            Ok(Ok(Some(FromAgent::Answer { outcome: Ok(_), .. }))) => Ok(()),
            _ => Err(io::Error::other("the agent does not answer as it should")),
        }
    })
}
