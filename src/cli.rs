//! The command line: the same account and agent as the full-screen program, one file per command.
//!
//! stdout is data, stderr is talk. Called by `main`. Must never know: how the screen draws.

mod account;
mod ask;
mod contact;
mod context;
mod doctor;
mod engine;
mod events;
mod exit;
mod follow;
mod history;
mod human;
mod inbox;
mod json;
mod login;
mod logout;
mod output;
mod ping;
mod policy;
mod receipt;
mod select;
mod send;
mod status;
mod transfer;

use std::path::{Path, PathBuf};
use std::time::Duration;

use airhatch_wire::{Code, Email, Failure};
use clap::{Args, Parser, Subcommand, ValueEnum};
use tokio::signal::unix::{SignalKind, signal};

pub(crate) use exit::{Stop, code};
pub(crate) use json::object;
pub(crate) use output::Output;

use crate::demo::Demo;
use crate::home::Home;
use crate::jail;
use crate::link::{WardenLink, WardenMode, launch};
use ask::PassphraseFile;
use context::{Context, Surroundings};
use doctor::{Doctor, Trial};
use receipt::OpenReceipt;

/// Send files safely between people who know each other.
#[derive(Debug, Parser)]
#[command(name = "airhatch", version, about, max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    /// What to do; without it, the full-screen program starts
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// The options that every command has.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Options for every command")]
pub(crate) struct Global {
    /// Which account, where there are several
    #[arg(long, global = true, value_name = "EMAIL")]
    pub(crate) account: Option<Email>,
    /// Print JSON; streams are one object a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print data and errors only
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Never ask; fail where something would have to be asked
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
    /// Agree to what would be asked
    #[arg(long, short, global = true)]
    pub(crate) yes: bool,
    /// How long to wait at most, like 30s or 5m
    #[arg(long, global = true, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// Read the passphrase from the first line of a file (- for standard input)
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: ColorWhen,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum ColorWhen {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Every command.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Those that work with the user's own accounts
    #[command(flatten)]
    Own(OwnCommand),
    /// Try everything: a CA, you and a friend on this machine; nothing is left behind
    Demo(Demo),
    /// Try the walls around the programs on this machine: a line for each, held or not, and what to do
    Doctor(Doctor),
    /// What doctor starts to attack a jail from inside
    #[command(name = doctor::ATTACKER, hide = true)]
    Attack(Trial),
}

/// The commands that work with the user's own accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum OwnCommand {
    /// Make, list and remove accounts, change a passphrase
    #[command(subcommand)]
    Account(account::Account),
    /// Show the container engine of this machine, and get the image that agents run from
    Engine(engine::Engine),
    /// Log in: start an account's agent and open its keys
    Login(login::Login),
    /// Log out: wipe the keys from memory and end the agent
    Logout(logout::Logout),
    /// Show how the accounts of this machine are
    Status,
    /// Add, show, verify and remove contacts
    #[command(subcommand)]
    Contact(contact::Contact),
    /// Show or set what happens to offers while nobody watches, and the limits for everybody
    Policy(policy::SetPolicy),
    /// See whether a contact is online
    Ping(ping::Ping),
    /// Send files
    Send(send::Send),
    /// See, accept and deny what others offer
    #[command(subcommand)]
    Inbox(inbox::Inbox),
    /// See and end transfers
    #[command(subcommand)]
    Transfer(transfer::Transfer),
    /// List how transfers ended, the last one first
    History(history::History),
    /// Show, write out and check the signed receipts of what was delivered
    #[command(subcommand)]
    Receipt(receipt::Receipt),
    /// Print everything that happens until Ctrl-C
    Events,
}

impl OwnCommand {
    /// Those that end by themselves, in good order, when `--timeout` is over.
    const fn keeps_time(&self) -> bool {
        matches!(self, Self::Send(_) | Self::Inbox(_))
    }

    /// Refuses what makes no sense whatever the warden says, so that nothing is started for it.
    fn check(&self) -> Result<(), Failure> {
        match self {
            Self::Send(send) => send.check(),
            _ => Ok(()),
        }
    }

    /// The file that a second passphrase is to be read from.
    fn new_passphrase_file(&self) -> Option<&Path> {
        match self {
            Self::Account(account) => account.new_passphrase_file(),
            _ => None,
        }
    }

    /// The receipt file that is to be read.
    fn receipt_file(&self) -> Option<&Path> {
        match self {
            Self::Receipt(receipt) => receipt.file(),
            _ => None,
        }
    }

    async fn run(self, context: &Context) -> Result<(), Stop> {
        match self {
            Self::Account(account) => account.run(context).await,
            Self::Engine(engine) => engine.run(context).await,
            Self::Login(login) => login.run(context).await,
            Self::Logout(logout) => logout.run(context).await,
            Self::Status => status::run(context).await,
            Self::Contact(contact) => contact.run(context).await,
            Self::Policy(policy) => policy.run(context).await,
            Self::Ping(ping) => ping.run(context).await,
            Self::Send(send) => send.run(context).await,
            Self::Inbox(inbox) => inbox.run(context).await,
            Self::Transfer(transfer) => transfer.run(context).await,
            Self::History(history) => history.run(context).await,
            Self::Receipt(receipt) => receipt.run(context).await,
            Self::Events => events::run(context).await,
        }
    }
}

/// Runs a command to its end, to a signal, or to `--timeout`. The exit code.
pub(crate) fn run(command: Command, global: Global) -> u8 {
    let out = Output::new(&global);
    let outcome = match command {
        // A demonstration has a home of its own and cleans up after a signal too.
        Command::Demo(demo) => demo.run(out, global.timeout),
        Command::Own(command) => in_home(command, global),
        Command::Doctor(doctor) => doctor.run(&global),
        Command::Attack(trial) => trial.run(out),
    };
    told(out, outcome)
}

/// Tells a failure that was not told yet. The exit code.
pub(crate) fn told(out: Output, outcome: Result<(), Stop>) -> u8 {
    match outcome {
        Ok(()) => 0,
        Err(stop) => {
            if let Stop::Failed(failure) = &stop {
                out.failure(failure);
            }
            stop.exit()
        }
    }
}

/// Waits for Ctrl-C or SIGTERM. The exit code.
pub(crate) async fn interrupted() -> u8 {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        // Without handlers the signals end this process by themselves.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => code::INTERRUPTED,
        _ = terminate.recv() => code::TERMINATED,
    }
}

/// Does what cannot be done in the jail, enters it, and runs the command there.
fn in_home(command: OwnCommand, global: Global) -> Result<(), Stop> {
    command.check()?;
    let home = Home::of_this_user()?;
    let passphrase_file = global.passphrase_file.as_deref().map(PassphraseFile::open);
    let new_passphrase_file = command.new_passphrase_file().map(PassphraseFile::open);
    let receipt = command.receipt_file().map(OpenReceipt::open);
    let time = global.timeout.filter(|_| !command.keeps_time());
    let launched = launch(&home, WardenMode::Accounts)?;
    jail::inside(&home, Vec::new(), async |jail| {
        let work = async {
            let warden = WardenLink::begin(launched).await?;
            let surroundings = Surroundings { warden, jail, passphrase_file, new_passphrase_file, receipt };
            let context = Context::new(global, surroundings);
            command.run(&context).await
        };
        tokio::select! {
            outcome = in_time(time, work) => outcome,
            exit = interrupted() => Err(Stop::Quiet(exit)),
        }
    })?
}

/// Gives some work no more than `time`.
///
/// # Errors
/// [`Code::TimedOut`]; those of the work.
pub(crate) async fn in_time(
    time: Option<Duration>,
    work: impl Future<Output = Result<(), Stop>>,
) -> Result<(), Stop> {
    let Some(time) = time else { return work.await };
    tokio::time::timeout(time, work).await.unwrap_or_else(|_| {
        let failure = Failure::new(Code::TimedOut, "it took longer than --timeout allows");
        Err(failure.hint("allow more time").into())
    })
}

/// What to say about a command line that makes no sense. The exit code; 0 for help and version.
pub(crate) fn usage(error: &clap::Error, json_wanted: bool) -> u8 {
    let exit = u8::try_from(error.exit_code()).unwrap_or(code::USAGE);
    if json_wanted && error.use_stderr() {
        let text = error.render().to_string();
        let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        eprintln!("{}", json::error("usage", exit, message, "see airhatch --help"));
    } else {
        // Nobody is left to hear about a closed terminal.
        let _ = error.print();
    }
    exit
}

/// A length of time: `90` (seconds), `30s`, `5m`, `12h`, `7d`.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no length of time; write it like 30s, 5m, 12h or 7d");
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.strip_prefix(digits).unwrap_or_default() {
        "" | "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    number.checked_mul(unit).filter(|seconds| *seconds > 0).map(Duration::from_secs).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn lengths_of_time_read_with_their_units() {
        let seconds = |text| duration(text).map(|time| time.as_secs()).ok();
        assert_eq!(seconds("90"), Some(90));
        assert_eq!(seconds("5m"), Some(300));
        assert_eq!(seconds("7d"), Some(604_800));
        for wrong in ["", "0", "-1s", "1x", "s", "1.5h", "99999999999999999999d", "300000000000000000d"] {
            assert_eq!(seconds(wrong), None, "{wrong:?}");
        }
    }
}
