//! Starting what should run after an engine has crashed: such an engine kills its containers when it comes back and
//! forgets to start them, whatever they were made with. Accounts are found by their records and their containers by name;
//! nothing is taken over that does not carry the account's labels.

use airhatch_wire::warden::RuntimeKind;

use super::EngineRuntime;
use crate::home::Folders;
use crate::lock::AccountLock;
use crate::runtime::{Runtime, RuntimeError};

impl EngineRuntime {
    /// Starts every agent that was started, not stopped since, and does not run. What fails is only noted: whoever
    /// needs the account meets the same trouble and is told.
    pub(crate) async fn adopt(&self) {
        let accounts = match self.accounts.list() {
            Ok(accounts) => accounts,
            Err(e) => return tracing::warn!("the accounts cannot be listed: {e}"),
        };
        for (folders, kind) in accounts {
            if kind == RuntimeKind::Container
                && let Err(e) = self.adopt_one(&folders).await
            {
                tracing::warn!("an agent that should run could not be started: {e}");
            }
        }
    }

    async fn adopt_one(&self, folders: &Folders) -> Result<(), RuntimeError> {
        if !self.is_missed(folders).await? {
            return Ok(());
        }
        let Ok(_lock) = AccountLock::wait(&folders.root).await else { return Ok(()) };
        // Somebody may have been faster.
        if self.is_missed(folders).await? {
            drop(self.start(folders).await?);
            tracing::info!("an agent that should run was started again");
        }
        Ok(())
    }

    async fn is_missed(&self, folders: &Folders) -> Result<bool, RuntimeError> {
        let wanted = self.decided(folders)?.is_some_and(|container| container.wanted);
        Ok(wanted && !self.is_running(folders).await)
    }
}
