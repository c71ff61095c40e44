//! The runtime where an agent is a process of this user, in its own session. An agent outlives the warden that started
//! it; any warden finds it again by its control socket, and ends it by the process that serves that socket.
//! Called by the commands, through [`Runtime`]; must never read what an agent keeps.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;

use airhatch_wire::Email;
use rustix::process::{Signal, pidfd_send_signal};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::timeout;

use crate::control::{self, Agent};
use crate::handover::hand_over;
use crate::home::{Folders, inbox_folder, private_folder, remove_folder};
use crate::runtime::{Packing, Runtime, RuntimeError, Unpacking};
use crate::watch::{Watch, ending};

mod carry;
mod launch;

/// How long an agent may take to withdraw its address and close its files, before it is killed.
const GENTLE: Duration = Duration::from_secs(5);

/// How long the kernel may take to end a killed process.
const HARD: Duration = Duration::from_secs(5);

/// The process runtime of one warden.
#[derive(Debug)]
pub(crate) struct ProcessRuntime {
    program: PathBuf,
    watch: Watch,
}

impl ProcessRuntime {
    /// Agents are started from `program`; whoever ends by itself is told to `ended`.
    pub(crate) fn new(program: PathBuf, ended: UnboundedSender<Email>) -> Self {
        Self { program, watch: Watch::new(ended) }
    }

    fn take(&self, folders: &Folders, agent: Agent) -> Result<UnixStream, RuntimeError> {
        self.watch.process(&folders.account, agent.pid, agent.process)?;
        Ok(agent.connection)
    }
}

impl Runtime for ProcessRuntime {
    async fn create(&self, folders: &Folders) -> Result<(), RuntimeError> {
        Ok(private_folder(&folders.agent())?)
    }

    async fn start(&self, folders: &Folders) -> Result<UnixStream, RuntimeError> {
        let agent = match control::identify(folders)? {
            Some(agent) => agent,
            None => {
                let own = [folders.agent(), folders.outbox(), folders.control(), folders.drop_folder()];
                own.iter().try_for_each(|folder| private_folder(folder))?;
                inbox_folder(&folders.inbox)?;
                hand_over(folders)?;
                control::clear_stale(folders)?;
                launch::launch(&self.program, folders).await?
            }
        };
        self.take(folders, agent)
    }

    async fn find(&self, folders: &Folders) -> Result<Option<UnixStream>, RuntimeError> {
        control::identify(folders)?.map(|agent| self.take(folders, agent)).transpose()
    }

    async fn stop(&self, folders: &Folders) -> Result<(), RuntimeError> {
        if let Some(agent) = control::identify(folders)? {
            self.watch.expect_end(&folders.account);
            drop(agent.connection);
            let mut end = pin!(ending(agent.process.try_clone()?)?);
            signal(&agent.process, Signal::TERM)?;
            if timeout(GENTLE, &mut end).await.is_err() {
                tracing::warn!("an agent did not end when asked and is killed");
                signal(&agent.process, Signal::KILL)?;
                timeout(HARD, &mut end).await.map_err(|_| RuntimeError::Unstoppable)?;
            }
        }
        control::clear_stale(folders)
    }

    async fn clear(&self, folders: &Folders) -> Result<(), RuntimeError> {
        Ok(remove_folder(&folders.agent())?)
    }

    async fn pack(&self, folders: &Folders) -> Result<Packing, RuntimeError> {
        carry::pack(&self.program, folders)
    }

    async fn unpack(&self, folders: &Folders) -> Result<Unpacking, RuntimeError> {
        carry::unpack(&self.program, folders)
    }
}

fn signal(process: &OwnedFd, signal: Signal) -> Result<(), RuntimeError> {
    match pidfd_send_signal(process, signal) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(e) => Err(std::io::Error::from(e).into()),
    }
}
