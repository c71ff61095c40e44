//! The authority that knows every account by email: it certifies keys, finds people, and forgets on request.
//!
//! `main` reads the command line and starts one command; [`server`] is the shell with the sockets, [`authority`] the
//! core that decides, [`store`] what it remembers. It must never know: any account's private key, a file's name, who
//! sends what to whom.
#![forbid(unsafe_code)]

mod announce;
mod authority;
mod challenge;
mod config;
mod connection;
mod events;
mod folder;
#[cfg(test)]
mod harness;
mod health;
mod init;
mod invite;
mod issue;
mod limits;
mod lookup;
mod register;
mod remove;
mod renew;
mod server;
mod store;
/// The agent's, which has more to fill disks with.
#[cfg(test)]
#[path = "../../agent/src/tiny_disk.rs"]
mod tiny_disk;

use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use airhatch_trust::library::check_threads;
use airhatch_wire::{Address, Email, UnixMillis};
use clap::{Parser, Subcommand};
use color_eyre::eyre::{Result, WrapErr};
use rustix::fs::Mode;
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit, umask};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use authority::Authority;
use config::Policy;
use folder::Folder;
use health::HealthError;
use invite::Invitations;
use server::{Patience, Shared};
use store::Store;

/// The Airhatch certificate authority: knows every account by email
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a CA: its key, certificate and configuration
    Init {
        #[command(flatten)]
        at: At,
        #[command(flatten)]
        new: NewAuthority,
    },
    /// Serve until SIGTERM or Ctrl-C
    Run {
        #[command(flatten)]
        at: At,
        /// Make a CA first where the folder holds none, as `init` does; one that is there is left as it is
        #[arg(long)]
        init: bool,
        #[command(flatten)]
        new: NewAuthority,
        /// Where to listen, for example 0.0.0.0:7400; port 0 takes a free one
        #[arg(long, value_name = "ADDR:PORT")]
        listen: SocketAddr,
    },
    /// Print the fingerprint that agents compare
    Fingerprint {
        #[command(flatten)]
        at: At,
    },
    /// Print a one-time code with which EMAIL can register
    Invite {
        /// Whom
        email: Email,
        #[command(flatten)]
        at: At,
    },
    /// Print the event log, oldest first; the CA must not be running
    Events {
        #[command(flatten)]
        at: At,
    },
    /// Ask a running CA who it is; exit code 0 when it answers
    Healthcheck {
        /// The CA's folder: finds its address and compares its fingerprint
        #[arg(long, value_name = "DIR", required_unless_present = "connect")]
        dir: Option<PathBuf>,
        /// Where to call
        #[arg(long, value_name = "HOST:PORT")]
        connect: Option<Address>,
    },
}

/// What a CA is made with.
#[derive(clap::Args)]
struct NewAuthority {
    /// Who may register at a new CA
    #[arg(long, value_enum, default_value = "open")]
    policy: Policy,
    /// The name in a new CA's certificate
    #[arg(long, default_value = "Airhatch CA")]
    name: String,
}

#[derive(clap::Args)]
struct At {
    /// The CA's folder
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
}

impl At {
    fn folder(self) -> Folder {
        Folder::new(self.dir)
    }
}

fn main() -> ExitCode {
    let done = color_eyre::config::HookBuilder::default()
        .display_env_section(false)
        .install()
        .and_then(|()| keep_to_ourselves().wrap_err("cannot protect this process"))
        .and_then(|()| carry_out(Arguments::parse().command));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(report) => {
            eprintln!("airhatch-ca: {report:#}");
            ExitCode::FAILURE
        }
    }
}

/// No file for other users, whatever the caller's umask says; no core file, no debugger: the CA's key is in memory.
fn keep_to_ourselves() -> rustix::io::Result<()> {
    umask(Mode::RWXG | Mode::RWXO);
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
}

fn carry_out(command: Command) -> Result<()> {
    match command {
        Command::Init { at, new } => {
            let root = init::init(&at.folder(), new.policy, &new.name, UnixMillis::now())?;
            print_line(&root.fingerprint().to_string())
        }
        Command::Run { at, init, new, listen } => {
            let folder = at.folder();
            if init && init::is_vacant(&folder) {
                init::init(&folder, new.policy, &new.name, UnixMillis::now())?;
            }
            run(&folder, listen)
        }
        Command::Fingerprint { at } => print_line(&at.folder().certificate()?.fingerprint().to_string()),
        Command::Invite { email, at } => {
            let folder = at.folder();
            folder.check_private()?;
            print_line(&Invitations::new(&folder.key()?)?.make(&email, UnixMillis::now())?)
        }
        Command::Events { at } => events(&at.folder()),
        Command::Healthcheck { dir, connect } => healthcheck(dir.map(Folder::new), connect),
    }
}

fn run(folder: &Folder, listen: SocketAddr) -> Result<()> {
    start_log();
    check_threads()?;
    folder.check_private()?;
    let config = folder.config()?;
    let _lock = folder.lock()?;
    let store = Store::open(&folder.store()).wrap_err("cannot open the store")?;
    let authority = Authority::new(folder.key()?, folder.certificate()?, store, config.policy.into())?;
    let shared = Shared::new(authority, &config.limits, Patience::default(), UnixMillis::now())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener =
            TcpListener::bind(listen).await.wrap_err_with(|| format!("cannot listen on {listen}"))?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let address = listener.local_addr()?;
        folder.announce_listening(address)?;
        print_line(&format!("listening on {address}"))?;
        tracing::info!(%address, "serving");
        let end = async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        server::run(listener, Arc::new(shared), config.limits.connections, end).await;
        folder.forget_listening();
        tracing::info!("ended");
        Ok(())
    })
}

fn events(folder: &Folder) -> Result<()> {
    folder.check_private()?;
    let _lock = folder.lock()?;
    for event in Store::open(&folder.store())?.events()? {
        print_line(&event.to_string())?;
    }
    Ok(())
}

fn healthcheck(folder: Option<Folder>, connect: Option<Address>) -> Result<()> {
    let pinned =
        folder.as_ref().map(|folder| folder.certificate().map(|root| root.fingerprint())).transpose()?;
    let listening = folder.and_then(|folder| folder.listening()).map(health::callable);
    let address = connect.or(listening).ok_or(HealthError::NotRunning)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let root = runtime.block_on(health::check(&address, pinned))?;
    print_line(&format!("{address} answers as {}", root.fingerprint()))
}

fn print_line(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}

/// Warnings and milestones on stderr; `RUST_LOG` says otherwise. No email is logged above debug.
fn start_log() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
}
