//! Where an account's agent keeps and finds things, and how it listens: from the command line only.

use std::net::SocketAddr;
use std::path::PathBuf;

use airhatch_wire::Address;

/// The options of `airhatch-agent run`.
#[derive(Clone, Debug, clap::Args)]
pub struct RunArgs {
    /// The agent's own folder: vault, store, log
    #[arg(long, value_name = "DIR")]
    pub home: PathBuf,
    /// Where received files go [default: HOME/inbox]
    #[arg(long, value_name = "DIR")]
    pub inbox: Option<PathBuf>,
    /// Where staged files are found [default: HOME/outbox]
    #[arg(long, value_name = "DIR")]
    pub outbox: Option<PathBuf>,
    /// The drop folder
    #[arg(long, value_name = "DIR")]
    pub drop: Option<PathBuf>,
    /// The folder of the control socket [default: HOME/control]
    #[arg(long, value_name = "DIR")]
    pub control: Option<PathBuf>,
    /// Where to listen for contacts [default: a free port, kept; on loopback when the CA is]
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<SocketAddr>,
    /// An address at which contacts reach this agent, instead of this machine's own; may be repeated
    #[arg(long, value_name = "HOST:PORT")]
    pub advertise: Vec<Address>,
    /// Log in at once, with the passphrase in the first line of this file
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// The user whose programs may use the control socket, besides this agent's own [default: its own]
    #[arg(long, value_name = "UID")]
    pub owner: Option<u32>,
    /// Live on in a session of its own
    #[arg(long)]
    pub detach: bool,
}

/// The folders of one account.
#[derive(Clone, Debug)]
pub struct Folders {
    /// Vault, store, lock.
    pub state: PathBuf,
    /// Received files.
    pub inbox: PathBuf,
    /// Staged files.
    pub outbox: PathBuf,
    /// Files to be sent by themselves, where there is such a folder.
    pub drop: Option<PathBuf>,
    /// The control socket's folder.
    pub control: PathBuf,
}

impl RunArgs {
    /// The folders that these options mean.
    #[must_use]
    pub fn folders(&self) -> Folders {
        let below =
            |given: &Option<PathBuf>, name: &str| given.clone().unwrap_or_else(|| self.home.join(name));
        Folders {
            state: self.home.join("state"),
            inbox: below(&self.inbox, "inbox"),
            outbox: below(&self.outbox, "outbox"),
            drop: self.drop.clone(),
            control: below(&self.control, "control"),
        }
    }
}
