//! Front and warden: which accounts live on this machine, starting and stopping their agents, staging files.
//! Over a socket pair made by the front. Nothing a stranger wrote travels here.

use serde::{Deserialize, Serialize};

use crate::frame::{Protocol, Word};
use crate::{Address, Blob, Email, Failure, Fingerprint, StageId, Untrusted};

mod stage;
pub use stage::*;

/// What a front sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Chosen by the front; comes back in the answer.
    pub id: u32,
    /// What is asked.
    pub command: Command,
}

/// What a warden sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromWarden {
    /// The answer to one request. With [`Reply::Control`] one descriptor travels beside the frame's first byte.
    Answer {
        /// The request's id.
        id: u32,
        /// What came of it.
        outcome: Result<Reply, Failure>,
    },
    /// Copying goes on for a [`Command::Stage`].
    Staging {
        /// The request's id.
        id: u32,
        /// Bytes copied so far.
        copied: u64,
        /// Bytes to copy in all.
        total: u64,
    },
    /// An agent that was running has ended by itself.
    AgentEnded {
        /// Whose.
        account: Email,
    },
    /// Getting the image goes on for a [`Command::PrepareImage`].
    Preparing {
        /// The request's id.
        id: u32,
        /// What the engine or the program that builds says, one line of at most [`LINE_LIMIT`] characters.
        line: Untrusted<String>,
    },
}

impl Word for Request {
    const PROTOCOL: Protocol = Protocol::Warden;
    const VERSION: u16 = 1;
    const LIMIT: usize = 1 << 20;
}

impl Word for FromWarden {
    const PROTOCOL: Protocol = Protocol::Warden;
    const VERSION: u16 = 1;
    const LIMIT: usize = 1 << 20;
}

/// The longest line of a [`FromWarden::Preparing`], characters.
pub const LINE_LIMIT: usize = 200;

/// Where an account's agent runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RuntimeKind {
    /// A child process of this user, in its own session.
    Process,
    /// A container of the local engine.
    Container,
}

/// What a front may ask. Each comment names the reply of success.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// The accounts of this home. [`Reply::Accounts`].
    Accounts,
    /// Makes the folders of a new account. [`Reply::Account`]; [`crate::Code::Conflict`] when it is there already.
    CreateAccount {
        /// The account.
        account: Email,
        /// Where its agent shall run.
        runtime: RuntimeKind,
    },
    /// Starts the agent or finds it running, and hands over a connection to its control socket. [`Reply::Control`].
    OpenControl {
        /// The account.
        account: Email,
    },
    /// Hands over a connection if the agent is running. [`Reply::Control`]; [`crate::Code::AgentDown`] otherwise.
    FindControl {
        /// The account.
        account: Email,
    },
    /// Ends the agent, gently first. [`Reply::Done`], also when it was not running.
    StopAgent {
        /// The account.
        account: Email,
    },
    /// Stops the agent and removes the account's folders; received files stay. [`Reply::Done`].
    RemoveAccount {
        /// The account.
        account: Email,
    },
    /// Ends the agent and lets it run elsewhere from its next start on, with everything that it keeps.
    /// [`Reply::Account`], also when it is there already.
    MoveAccount {
        /// The account.
        account: Email,
        /// Where its agent shall run.
        runtime: RuntimeKind,
    },
    /// Makes files and folders readable for the agent, in a new staging folder. [`Reply::Staged`],
    /// [`FromWarden::Staging`] before.
    Stage {
        /// The account that will send.
        account: Email,
        /// Absolute paths as the operating system spells them; none only with a stream.
        paths: Vec<Blob>,
        /// What of the folders is left out.
        choice: Choice,
        /// The id of a [`Command::BeginStream`] whose file is whole now and lies beside the others. It has ended then,
        /// also when staging fails.
        stream: Option<u32>,
    },
    /// Begins a file whose bytes the front sends itself. [`Reply::Done`]; its request's id names it from here on, until
    /// a [`Command::Stage`] takes it or [`Command::CancelStage`] ends it.
    BeginStream {
        /// The account that will send.
        account: Email,
        /// The file's name.
        name: String,
    },
    /// The next bytes of such a file. [`Reply::Done`] when they are written; one at a time.
    Chunk {
        /// The id of the [`Command::BeginStream`].
        stream: u32,
        /// At most [`CHUNK_LIMIT`].
        bytes: Blob,
    },
    /// Stops a [`Command::Stage`] that is still copying, or a [`Command::BeginStream`]. [`Reply::Done`].
    CancelStage {
        /// That request's id.
        id: u32,
    },
    /// The staging folders of an account. [`Reply::Stages`].
    Stages {
        /// The account.
        account: Email,
    },
    /// Removes a staging folder. [`Reply::Done`], also when it is gone already.
    Release {
        /// The account.
        account: Email,
        /// Which folder.
        stage: StageId,
    },
    /// Starts a CA for a demonstration in this home. [`Reply::Authority`]; only for a warden started for a demo.
    StartDemoAuthority,
    /// The container engine of this machine. [`Reply::Engine`]; [`crate::Code::EngineUnavailable`] when there is none
    /// that can be used.
    Engine,
    /// What keeps an account's agent apart from the rest of this machine. [`Reply::Isolation`].
    Isolation {
        /// The account.
        account: Email,
    },
    /// Gets the image that agents in containers run from. [`Reply::Engine`], [`FromWarden::Preparing`] before;
    /// [`crate::Code::NotPermitted`] once this warden has handed a connection over: who has heard strangers does not
    /// choose what agents run from.
    PrepareImage {
        /// What it is made of.
        source: ImageSource,
    },
    /// Stops a [`Command::PrepareImage`]. [`Reply::Done`].
    CancelPrepare {
        /// That request's id.
        id: u32,
    },
}

/// What an image is made of. Absolute paths as the operating system spells them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImageSource {
    /// A file that an engine saved the image in.
    Archive(Blob),
    /// A folder with the sources of this version.
    Sources(Blob),
}

/// What success looks like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// Nothing to tell.
    Done,
    /// The accounts of this home, by email.
    Accounts(Vec<AccountRecord>),
    /// One account.
    Account(AccountRecord),
    /// A connection to the agent travels with this frame.
    Control,
    /// A staging folder is ready.
    Staged(Staged),
    /// Staging folders.
    Stages(Vec<StageId>),
    /// The demonstration's CA.
    Authority {
        /// Where it listens.
        address: Address,
        /// SHA-256 of its certificate.
        fingerprint: Fingerprint,
    },
    /// The container engine.
    Engine(Engine),
    /// What keeps an agent apart.
    Isolation(Isolation),
}

/// A container engine that answers and is new enough.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Engine {
    /// What it calls itself, with its version.
    pub product: Untrusted<String>,
    /// Its socket.
    pub socket: Untrusted<String>,
    /// Whether it runs without root's rights.
    pub rootless: bool,
    /// The image that agents run from, or why there is none and how to get one.
    pub image: Result<Untrusted<String>, Failure>,
}

/// What keeps an account's agent apart from the rest of this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Isolation {
    /// Where it runs.
    pub runtime: RuntimeKind,
    /// Its place, for a person: a container's name and its engine; empty for a process.
    pub place: Untrusted<String>,
    /// What was asked of the engine and not given, one sentence each; empty when everything holds, as far as it can
    /// be seen, or nothing runs.
    pub missing: Vec<Untrusted<String>>,
}

/// An account of this home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRecord {
    /// The account.
    pub account: Email,
    /// Where its agent runs.
    pub runtime: RuntimeKind,
    /// Whether the agent runs now.
    pub running: bool,
    /// The folder that received files go to, as the operating system spells it.
    pub inbox: Blob,
    /// The folder whose files are sent by themselves, likewise.
    pub drop: Blob,
}
