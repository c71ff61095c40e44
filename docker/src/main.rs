//! `airhatch-warden`: serves one front, which starts it with one end of a socket pair as standard input. It starts and
//! finds agents, keeps the list of accounts and stages files. It has no keys, no network and no cryptographic code.
#![forbid(unsafe_code)]

use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use airhatch_wire::Failure;
use clap::Parser;
use color_eyre::eyre::{Context, Result, bail};
use rustix::net::{SocketType, sockopt};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tracing_subscriber::EnvFilter;

use crate::accounts::Accounts;
use crate::commands::{Runtimes, Warden};
use crate::demo::Demo;
use crate::engine::{EngineRuntime, ImageName};
use crate::home::Home;
use crate::process::ProcessRuntime;

mod accounts;
mod commands;
mod control;
mod demo;
mod engine;
mod failure;
mod handover;
mod home;
mod link;
mod lock;
mod moving;
mod preparation;
mod process;
mod runtime;
mod server;
mod stage;
mod stagings;
mod streams;
mod watch;

/// Starts and finds agents for one front, and stages the files they may read. Started by airhatch, not by hand.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The folder of the accounts
    #[arg(long, value_name = "DIR")]
    home: PathBuf,
    /// The folder of the folders for received files
    #[arg(long, value_name = "DIR")]
    inbox_base: PathBuf,
    /// The image that agents in containers run from
    #[arg(long, value_name = "IMAGE", default_value_t = ImageName::agent())]
    agent_image: ImageName,
    /// The home is a demonstration's: everything in it ends and is removed with this program
    #[arg(long)]
    demo: bool,
    /// Do not remove a demonstration's home
    #[arg(long, requires = "demo")]
    keep: bool,
}

fn main() -> Result<()> {
    color_eyre::install()?;
    let arguments = Arguments::parse();
    let link = front()?;
    let home = Home::open(&arguments.home, &arguments.inbox_base)
        .wrap_err_with(|| format!("the home {} cannot be used", arguments.home.display()))?;
    start_log();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(run(link, home, &arguments));
    if let Err(e) = &outcome {
        tracing::error!("ended with an error: {e}");
    }
    outcome
}

/// The link to the front, which is standard input.
fn front() -> Result<UnixStream> {
    let stdin = std::io::stdin();
    match sockopt::socket_type(stdin.as_fd()) {
        Ok(SocketType::STREAM) => Ok(stdin.as_fd().try_clone_to_owned()?.into()),
        _ => bail!("standard input is no socket: this program is started by airhatch, not by hand"),
    }
}

/// Standard error is the front's log file for us; the terminal is the front's own.
fn start_log() {
    let filter = EnvFilter::try_from_env("AIRHATCH_LOG").unwrap_or_else(|_| "info".into());
    // At its lower levels the engine's client prints whole requests.
    let quiet = ["bollard=warn", "hyper_util=warn"];
    let filter = quiet.iter().filter_map(|rule| rule.parse().ok()).fold(filter, EnvFilter::add_directive);
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(std::io::stderr).init();
}

async fn run(link: UnixStream, home: Home, arguments: &Arguments) -> Result<()> {
    let signals = Signals::new()?;
    let programs = sibling_folder()?;
    let (ended, agents_ended) = mpsc::unbounded_channel();
    let process = ProcessRuntime::new(programs.join("airhatch-agent"), ended.clone());
    let accounts = Accounts::open(home.clone()).map_err(|e| report(failure::from_account(e)))?;
    let engine = EngineRuntime::new(accounts.clone(), home.clone(), arguments.agent_image.clone(), ended);
    let demo = arguments.demo.then(|| Demo::new(programs.join("airhatch-ca")));
    let warden = Arc::new(Warden::open(home, accounts, Runtimes { process, engine }, demo).map_err(report)?);
    let adopting = Arc::clone(&warden);
    tokio::spawn(async move { adopting.adopt().await });
    let served = match link::answer(link).await {
        Ok((reader, writer)) => {
            server::serve(reader, writer, Arc::clone(&warden), agents_ended, signals.terminated()).await
        }
        Err(e) => Err(e),
    };
    if arguments.demo {
        warden.tear_down(arguments.keep).await.map_err(report)?;
    }
    Ok(served?)
}

/// All programs are installed side by side.
fn sibling_folder() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    Ok(program.parent().map(Path::to_owned).unwrap_or_default())
}

fn report(failure: Failure) -> color_eyre::Report {
    failure.into()
}

/// A key pressed at the front's terminal, or its closing, is the front's matter: it then closes the link. Taking these
/// signals without looking at them keeps them from ending this program first.
struct Signals {
    terminate: Signal,
    _interrupt: Signal,
    _hangup: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            _interrupt: signal(SignalKind::interrupt())?,
            _hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn terminated(mut self) {
        self.terminate.recv().await;
    }
}
