//! What is done when a front wants an account's agent to run elsewhere, and after a move that was cut short.

use airhatch_wire::warden::{Reply, RuntimeKind};
use airhatch_wire::{Email, Failure};

use super::{Warden, blocking};
use crate::home::Folders;
use crate::lock::AccountLock;
use crate::moving::{self, Hands};
use crate::runtime::{Runtime, RuntimeError};
use crate::{accounts, engine, failure};

impl Warden {
    /// Moves an account's agent. Moved already is fine.
    pub(super) async fn relocate(&self, account: Email, to: RuntimeKind) -> Result<Reply, Failure> {
        let (folders, _) = self.find(&account).await?;
        let _lock = AccountLock::wait(&folders.root).await.map_err(failure::from_lock)?;
        // Another warden may have moved it meanwhile.
        let (folders, from) = self.find(&account).await?;
        let place = Place { warden: self, account };
        if from == to {
            moving::settle(&place, to).await;
            let running = self.is_running(&folders, to).await;
            return Ok(Reply::Account(accounts::shown(&folders, to, running)));
        }
        // Before anybody is logged out.
        self.runtimes.engine.must_be_usable_for(&folders).await.map_err(engine::from_engine)?;
        moving::relocate(&place, from, to).await.map_err(|e| not_moved(&place.account, e))?;
        tracing::info!(?to, "account moved");
        let folders = self.home.folders(&place.account, to);
        Ok(Reply::Account(accounts::shown(&folders, to, false)))
    }

    /// Clears what moves that were cut short have left.
    pub(super) async fn settle_moves(&self) {
        let accounts = self.accounts.clone();
        let found = blocking(move || accounts.list().map_err(failure::from_account)).await;
        for (folders, kind) in found.unwrap_or_default() {
            if self.may_have_left(&folders, kind)
                && let Ok(_lock) = AccountLock::wait(&folders.root).await
                && let Ok((folders, kind)) = self.find(&folders.account).await
                && self.may_have_left(&folders, kind)
            {
                moving::settle(&Place { warden: self, account: folders.account }, kind).await;
            }
        }
    }

    fn may_have_left(&self, folders: &Folders, kind: RuntimeKind) -> bool {
        match kind {
            RuntimeKind::Container => folders.agent().symlink_metadata().is_ok(),
            RuntimeKind::Process => {
                self.accounts.container(&folders.account).is_ok_and(|left| left.is_some())
            }
        }
    }
}

/// The two places of one account.
struct Place<'a> {
    warden: &'a Warden,
    account: Email,
}

impl Place<'_> {
    fn folders(&self, at: RuntimeKind) -> Folders {
        self.warden.home.folders(&self.account, at)
    }
}

impl Hands for Place<'_> {
    type Error = RuntimeError;

    async fn stop(&self, at: RuntimeKind) -> Result<(), RuntimeError> {
        self.warden.runtime(at).stop(&self.folders(at)).await
    }

    async fn clear(&self, at: RuntimeKind) -> Result<(), RuntimeError> {
        self.warden.runtime(at).clear(&self.folders(at)).await
    }

    async fn create(&self, at: RuntimeKind) -> Result<(), RuntimeError> {
        match at {
            // The unpacking agent makes its own folder.
            RuntimeKind::Process => Ok(()),
            RuntimeKind::Container => self.warden.runtime(at).create(&self.folders(at)).await,
        }
    }

    async fn copy(&self, from: RuntimeKind, to: RuntimeKind) -> Result<(), RuntimeError> {
        let packing = self.warden.runtime(from).pack(&self.folders(from)).await?;
        let unpacking = self.warden.runtime(to).unpack(&self.folders(to)).await?;
        moving::carry(packing, unpacking).await
    }

    async fn switch(&self, to: RuntimeKind) -> Result<(), RuntimeError> {
        let switched = self.warden.accounts.switch(&self.account, to);
        switched.map_err(|e| engine::EngineError::from(e).into())
    }
}

/// The same failure, saying what has become of the account.
fn not_moved(account: &Email, error: RuntimeError) -> Failure {
    let failure = failure::from_runtime(error);
    let message = format!("{account} stays where it was, logged out: {}", failure.message.as_received());
    Failure { hint: failure.hint, ..Failure::new(failure.code, message) }
}
