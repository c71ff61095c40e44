//! The accounts of a home: finding them, making one, removing one. Owns `account.toml`, the only thing it keeps about
//! an account. Called by the commands; must never open what lies in an agent's folder.

use std::fs;
use std::io;
use std::path::PathBuf;

use airhatch_wire::Email;
use airhatch_wire::warden::{AccountRecord, RuntimeKind};

use crate::home::{Folders, Home, REMOVED, inbox_folder, private_folder, random_id, remove_folder};

mod record;
pub(crate) use record::Container;
use record::Record;

/// What can be wrong with an account's folders.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AccountError {
    /// There is no such account here.
    #[error("there is no account {0} here")]
    Missing(Email),
    /// It is there already.
    #[error("the account {0} is there already")]
    Exists(Email),
    /// The record was changed by something else than a warden of this version.
    #[error("the record {} cannot be read: {reason}", path.display())]
    Unreadable {
        /// The record.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file system said no.
    #[error("{}: {source}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

/// What is left of an account that is to be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remains {
    /// All of it; its agent runs there.
    Whole(RuntimeKind),
    /// Its record was never written, so nothing outside its folder was made.
    HalfMade,
    /// Its record cannot be read, so it may have something anywhere.
    Unreadable,
}

impl AccountError {
    fn at(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |source| Self::Io { path, source }
    }
}

/// The accounts of one home.
#[derive(Clone, Debug)]
pub(crate) struct Accounts {
    home: Home,
}

impl Accounts {
    /// The accounts of this home. Finishes removals that were interrupted.
    pub(crate) fn open(home: Home) -> Result<Self, AccountError> {
        let accounts = Self { home };
        for name in accounts.names()?.iter().filter(|name| name.starts_with(REMOVED)) {
            let path = accounts.home.accounts().join(name);
            remove_folder(&path).map_err(AccountError::at(path))?;
        }
        Ok(accounts)
    }

    /// Every account with a readable record, by email. Other folders are left alone.
    pub(crate) fn list(&self) -> Result<Vec<(Folders, RuntimeKind)>, AccountError> {
        let mut accounts = Vec::new();
        for name in self.names()? {
            match Email::try_from(name).map(|account| self.find(&account)) {
                Ok(Ok(account)) => accounts.push(account),
                Ok(Err(e)) => {
                    tracing::warn!("an account's folder is skipped, its record is missing or unreadable");
                    tracing::debug!("skipped: {e}");
                }
                Err(_) => tracing::debug!("a folder among the accounts is skipped, its name is no email"),
            }
        }
        accounts.sort_by(|(a, _), (b, _)| a.account.cmp(&b.account));
        Ok(accounts)
    }

    /// One account and where its agent runs.
    pub(crate) fn find(&self, account: &Email) -> Result<(Folders, RuntimeKind), AccountError> {
        match Record::read(&self.home.folders(account, RuntimeKind::Process).record())? {
            Some(record) => Ok((self.home.folders(account, record.runtime()), record.runtime())),
            None => Err(AccountError::Missing(account.clone())),
        }
    }

    /// Makes an account's folders, and its record last: with the record the account is there. What a crash left
    /// half made is completed. Of several callers at once exactly one succeeds.
    pub(crate) fn create(&self, account: &Email, kind: RuntimeKind) -> Result<Folders, AccountError> {
        let folders = self.home.folders(account, kind);
        if Record::read(&folders.record())?.is_some() {
            return Err(AccountError::Exists(account.clone()));
        }
        for folder in [&folders.root, &folders.outbox(), &folders.control()] {
            private_folder(folder).map_err(AccountError::at(folder))?;
        }
        inbox_folder(&folders.inbox).map_err(AccountError::at(&folders.inbox))?;
        match Record::new(kind).write_new(&folders.record()) {
            Ok(()) => Ok(folders),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Err(AccountError::Exists(account.clone())),
            Err(source) => Err(AccountError::Io { path: folders.record(), source }),
        }
    }

    /// The folders of an account to be removed, which may be half made or have a broken record.
    pub(crate) fn find_remains(&self, account: &Email) -> Result<(Folders, Remains), AccountError> {
        let remains = match self.find(account) {
            Err(AccountError::Missing(_)) => Remains::HalfMade,
            Err(AccountError::Unreadable { .. }) => Remains::Unreadable,
            found => return found.map(|(folders, kind)| (folders, Remains::Whole(kind))),
        };
        let folders = self.home.folders(account, RuntimeKind::Process);
        match fs::symlink_metadata(&folders.root) {
            Ok(_) => Ok((folders, remains)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Err(AccountError::Missing(account.clone())),
            Err(source) => Err(AccountError::Io { path: folders.root, source }),
        }
    }

    /// Removes an account's folder. It leaves the list in one step; the inbox stays.
    pub(crate) fn remove(&self, folders: &Folders) -> Result<(), AccountError> {
        let id = random_id().map_err(AccountError::at(&folders.root))?;
        let doomed = self.home.accounts().join(format!("{REMOVED}{id}"));
        fs::rename(&folders.root, &doomed).map_err(AccountError::at(&folders.root))?;
        remove_folder(&doomed).map_err(AccountError::at(&doomed))
    }

    /// The container of an account, once it was decided on. An account whose agent is a process has one only while
    /// something may be left of it on the engine.
    pub(crate) fn container(&self, account: &Email) -> Result<Option<Container>, AccountError> {
        Ok(self.record(account)?.container())
    }

    /// Keeps what was decided about an account's container. The caller holds the account's lock.
    pub(crate) fn keep(&self, account: &Email, container: Container) -> Result<(), AccountError> {
        self.change(account, |record| record.with_container(container))
    }

    /// Forgets the container of an account, of which nothing is left. The caller holds the account's lock.
    pub(crate) fn forget_container(&self, account: &Email) -> Result<(), AccountError> {
        self.change(account, Record::without_container)
    }

    /// From here on the account's agent runs in the other place. The caller holds the account's lock.
    ///
    /// # Errors
    /// What the file system said; the record may say either then, and [`Accounts::find`] tells which.
    pub(crate) fn switch(&self, account: &Email, to: RuntimeKind) -> Result<(), AccountError> {
        self.change(account, |record| record.with_runtime(to))
    }

    fn record(&self, account: &Email) -> Result<Record, AccountError> {
        let record = Record::read(&self.home.folders(account, RuntimeKind::Process).record())?;
        record.ok_or_else(|| AccountError::Missing(account.clone()))
    }

    fn change(&self, account: &Email, change: impl FnOnce(Record) -> Record) -> Result<(), AccountError> {
        let path = self.home.folders(account, RuntimeKind::Process).record();
        change(self.record(account)?).replace(&path).map_err(AccountError::at(path))
    }

    fn names(&self) -> Result<Vec<String>, AccountError> {
        let path = self.home.accounts();
        let entries = fs::read_dir(&path).map_err(AccountError::at(&path))?;
        let names: io::Result<Vec<_>> = entries.map(|entry| entry.map(|e| e.file_name())).collect();
        let names = names.map_err(AccountError::at(&path))?;
        Ok(names.into_iter().filter_map(|name| name.into_string().ok()).collect())
    }
}

/// An account as a front is told of it.
pub(crate) fn shown(folders: &Folders, runtime: RuntimeKind, running: bool) -> AccountRecord {
    use std::os::unix::ffi::OsStrExt;

    let inbox = folders.inbox.as_os_str().as_bytes().to_vec().into();
    let drop = folders.drop_folder().into_os_string().into_encoded_bytes().into();
    AccountRecord { account: folders.account.clone(), runtime, running, inbox, drop }
}

#[cfg(test)]
mod tests;
