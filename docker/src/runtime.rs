//! What every place where an agent can run offers: as a process of this user, or in a container of this machine's engine.
//! Called by the commands and by what moves an account from one to the other; must never know how an account is kept or a file is staged.

use std::io;
use std::os::unix::net::UnixStream;
use std::pin::Pin;

use bytes::Bytes;
use tokio::io::AsyncWrite;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::engine::{EngineError, EngineRuntime};
use crate::home::Folders;
use crate::process::ProcessRuntime;

/// Starts, finds and ends agents. One value serves all accounts of a home.
///
/// Whoever calls anything but `find` holds the account's lock meanwhile.
pub(crate) trait Runtime: Send + Sync {
    /// Prepares what an agent of a new account keeps its state in. Done already is fine; a failure leaves nothing new.
    fn create(&self, folders: &Folders) -> impl Future<Output = Result<(), RuntimeError>> + Send;

    /// A connection to the account's control socket. An agent that runs is found, else one is started.
    fn start(&self, folders: &Folders) -> impl Future<Output = Result<UnixStream, RuntimeError>> + Send;

    /// A connection to the account's control socket, if its agent runs.
    fn find(
        &self,
        folders: &Folders,
    ) -> impl Future<Output = Result<Option<UnixStream>, RuntimeError>> + Send;

    /// Ends the agent: asks first, then insists. Not running is fine. Nothing of it runs afterwards.
    fn stop(&self, folders: &Folders) -> impl Future<Output = Result<(), RuntimeError>> + Send;

    /// Removes what `create` prepared and an agent has kept there. None runs in this place; one may in another. Nothing
    /// there is fine.
    fn clear(&self, folders: &Folders) -> impl Future<Output = Result<(), RuntimeError>> + Send;

    /// Begins to read the agent's state. No agent runs.
    fn pack(&self, folders: &Folders) -> impl Future<Output = Result<Packing, RuntimeError>> + Send;

    /// Begins to write an agent's state where there is none. No agent runs.
    fn unpack(&self, folders: &Folders) -> impl Future<Output = Result<Unpacking, RuntimeError>> + Send;
}

/// What a packing or unpacking agent program says when all is done, or why it is not.
pub(crate) type Said = JoinHandle<Result<String, RuntimeError>>;

/// An agent's state on its way out.
#[derive(Debug)]
pub(crate) struct Packing {
    /// Its bytes; closed at the end, also after a failure.
    pub(crate) chunks: mpsc::Receiver<Bytes>,
    /// What the packing program says it was.
    pub(crate) said: Said,
}

/// An agent's state on its way in.
pub(crate) struct Unpacking {
    /// Where its bytes go; shut down at the end.
    pub(crate) sink: Pin<Box<dyn AsyncWrite + Send>>,
    /// What the unpacking program says has arrived.
    pub(crate) said: Said,
}

/// All runtimes of one warden.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Seat<'a> {
    /// Processes.
    Process(&'a ProcessRuntime),
    /// Containers.
    Container(&'a EngineRuntime),
}

impl Runtime for Seat<'_> {
    async fn create(&self, folders: &Folders) -> Result<(), RuntimeError> {
        match self {
            Self::Process(runtime) => runtime.create(folders).await,
            Self::Container(runtime) => runtime.create(folders).await,
        }
    }

    async fn start(&self, folders: &Folders) -> Result<UnixStream, RuntimeError> {
        match self {
            Self::Process(runtime) => runtime.start(folders).await,
            Self::Container(runtime) => runtime.start(folders).await,
        }
    }

    async fn find(&self, folders: &Folders) -> Result<Option<UnixStream>, RuntimeError> {
        match self {
            Self::Process(runtime) => runtime.find(folders).await,
            Self::Container(runtime) => runtime.find(folders).await,
        }
    }

    async fn stop(&self, folders: &Folders) -> Result<(), RuntimeError> {
        match self {
            Self::Process(runtime) => runtime.stop(folders).await,
            Self::Container(runtime) => runtime.stop(folders).await,
        }
    }

    async fn clear(&self, folders: &Folders) -> Result<(), RuntimeError> {
        match self {
            Self::Process(runtime) => runtime.clear(folders).await,
            Self::Container(runtime) => runtime.clear(folders).await,
        }
    }

    async fn pack(&self, folders: &Folders) -> Result<Packing, RuntimeError> {
        match self {
            Self::Process(runtime) => runtime.pack(folders).await,
            Self::Container(runtime) => runtime.pack(folders).await,
        }
    }

    async fn unpack(&self, folders: &Folders) -> Result<Unpacking, RuntimeError> {
        match self {
            Self::Process(runtime) => runtime.unpack(folders).await,
            Self::Container(runtime) => runtime.unpack(folders).await,
        }
    }
}

/// Why an agent could not be started, found or ended; divided by whose fault it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RuntimeError {
    /// The container engine, or what it was asked for.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The agent program is missing or cannot be run.
    #[error("the agent program {} cannot be started: {source}", path.display())]
    Program {
        /// Where it should be.
        path: std::path::PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The agent ended before it took connections.
    #[error("the agent ended while starting ({status}){}", last_words(said))]
    EndedEarly {
        /// How it ended.
        status: std::process::ExitStatus,
        /// The last line on its standard error; may be empty.
        said: String,
    },
    /// The agent runs but takes no connections.
    #[error("the agent did not take a connection in time")]
    Unresponsive,
    /// The agent did not even end when it was killed.
    #[error("the agent did not end in time")]
    Unstoppable,
    /// Somebody else's process listens at the control socket.
    #[error("the control socket is served by another user (uid {uid})")]
    Foreign {
        /// Whose.
        uid: u32,
    },
    /// The agent's process has no number here.
    #[error("the agent runs where this program cannot see its process")]
    Hidden,
    /// The agent's state was not packed or not unpacked.
    #[error("the agent's state could not be {step}: {said}")]
    NotCarried {
        /// What failed, as a participle.
        step: &'static str,
        /// Its own words.
        said: String,
    },
    /// There is no space for the agent's state in its new place.
    #[error("there is no space for the agent's state")]
    NoSpace,
    /// What arrived is not what was sent.
    #[error("the agent's state did not arrive as it was sent")]
    Differs,
    /// Nothing moved for too long.
    #[error("the agent's state did not move in time")]
    Stuck,
    /// The file system or the kernel said no.
    #[error("the control socket or its folder cannot be used: {0}")]
    Io(#[from] io::Error),
}

fn last_words(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(": {said}") }
}
