//! `airhatch-agent`: the command line of the agent. What it does is in the library.
#![forbid(unsafe_code)]

use std::io::Write;
use std::num::NonZero;
use std::process::ExitCode;

use airhatch_agent::bridge::{BridgeArgs, run_bridge};
use airhatch_agent::config::RunArgs;
use airhatch_agent::filter::{KeygenArgs, SealArgs, UnsealArgs, run_keygen, run_seal, run_unseal};
use airhatch_agent::moving::{MovingArgs, run_pack, run_unpack};
use airhatch_agent::receipt::{ReceiptCommand, run_check};
use airhatch_agent::{agent, harden, startup};
use clap::{Parser, Subcommand};

/// The agent of one Airhatch account: it holds the keys, the contacts and the network.
#[derive(Parser)]
#[command(name = "airhatch-agent", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run an account's agent until it is logged out or told to end
    Run(RunArgs),
    /// Seal a file to recipients: an age filter
    Seal(SealArgs),
    /// Open a sealed file with an identity: an age filter
    Unseal(UnsealArgs),
    /// Make an identity for seal and unseal
    Keygen(KeygenArgs),
    /// Check a receipt file
    #[command(subcommand)]
    Receipt(ReceiptCommand),
    /// Exit 0 when the agent of this home answers
    Healthcheck(startup::HealthArgs),
    /// Join standard input and output with the control socket of the agent that runs
    StdioBridge(BridgeArgs),
    /// Write an agent's state to standard output
    Pack(MovingArgs),
    /// Make an agent's state from standard input
    Unpack(MovingArgs),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Run(args) => run(args),
        Command::Seal(args) => run_seal(&args).map_err(|error| (error.exit_code(), error.to_string())),
        Command::Unseal(args) => run_unseal(&args).map_err(|error| (error.exit_code(), error.to_string())),
        Command::Keygen(args) => run_keygen(&args).map_err(|error| (error.exit_code(), error.to_string())),
        Command::Receipt(ReceiptCommand::Verify(args)) => run_check(&args),
        Command::Healthcheck(args) => startup::healthcheck(&args).map_err(|error| (1, error.to_string())),
        Command::StdioBridge(args) => {
            hardened().and_then(|()| run_bridge(&args).map_err(|error| failed(&error)))
        }
        Command::Pack(args) => hardened().and_then(|()| run_pack(&args)),
        Command::Unpack(args) => hardened().and_then(|()| run_unpack(&args)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err((code, text)) => {
            // A closed stderr leaves the exit code to tell it.
            let _closed = writeln!(std::io::stderr(), "airhatch-agent: {text}");
            ExitCode::from(code)
        }
    }
}

fn hardened() -> Result<(), (u8, String)> {
    harden::harden_process().map_err(|error| failed(&error))
}

fn failed(error: &dyn std::fmt::Display) -> (u8, String) {
    (1, error.to_string())
}

fn run(args: RunArgs) -> Result<(), (u8, String)> {
    // Counted before the jail, which closes the files that say how much of the machine is this program's.
    let workers = std::thread::available_parallelism().map_or(1, NonZero::get);
    // The lock is held until every thread has had its time to end.
    let (_lock, begun) = startup::begin(&args).map_err(|error| failed(&error))?;
    airhatch_trust::library::check_threads().map_err(|error| failed(&error))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build();
    let runtime = runtime.map_err(|error| failed(&error))?;
    let ended = runtime.block_on(async {
        let stop = startup::told_to_stop()?;
        agent::run(args, begun, stop).await
    });
    // Threads that still wait for a disk or a peer must not keep a logged-out agent alive.
    runtime.shutdown_timeout(startup::PATIENCE);
    ended.map_err(|error| failed(&error))
}
