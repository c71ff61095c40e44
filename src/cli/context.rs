//! What every command needs: the options, the warden, which account is meant, its agent.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::time::Duration;

use airhatch_wire::control::{AccountView, Command, Direction, Jail, Reply, TransferView};
use airhatch_wire::warden::{self, AccountRecord};
use airhatch_wire::{Code, Email, Failure};
use tokio::time::Instant;

use super::Global;
use super::ask::PassphraseFile;
use super::output::Output;
use super::receipt::OpenReceipt;
use crate::link::{AgentLink, WardenLink, unexpected};
use crate::model::folder_of;
use crate::stages;

/// One run of the command line.
pub(crate) struct Context {
    /// The options that every command has.
    pub(crate) global: Global,
    /// Where words go.
    pub(crate) out: Output,
    /// When `--timeout` is over.
    pub(crate) deadline: Option<Instant>,
    /// What was made ready outside the jail, and how the jail turned out.
    pub(crate) surroundings: Surroundings,
}

/// What a command finds in the jail.
pub(crate) struct Surroundings {
    /// The warden.
    pub(crate) warden: WardenLink,
    /// How the jail turned out.
    pub(crate) jail: Jail,
    /// What `--passphrase-file` names.
    pub(crate) passphrase_file: Option<PassphraseFile>,
    /// What `--new-passphrase-file` names, where a command has that.
    pub(crate) new_passphrase_file: Option<PassphraseFile>,
    /// The receipt file that is to be checked, where a command has that.
    pub(crate) receipt: Option<OpenReceipt>,
}

/// An account and the conversation with its agent.
pub(crate) struct Attached {
    /// The account.
    pub(crate) account: Email,
    /// Its agent.
    pub(crate) agent: AgentLink,
    /// Where its received files go.
    pub(crate) inbox: PathBuf,
}

impl Context {
    /// For one run.
    pub(crate) fn new(global: Global, surroundings: Surroundings) -> Self {
        let out = Output::new(&global);
        let deadline = global.timeout.map(|time| Instant::now() + time);
        Self { global, out, deadline, surroundings }
    }

    /// The warden.
    pub(crate) const fn warden(&self) -> &WardenLink {
        &self.surroundings.warden
    }

    /// The accounts of this home.
    ///
    /// # Errors
    /// What the warden refused with.
    pub(crate) async fn accounts(&self) -> Result<Vec<AccountRecord>, Failure> {
        match self.warden().request(warden::Command::Accounts).await? {
            warden::Reply::Accounts(accounts) => Ok(accounts),
            _ => Err(unexpected()),
        }
    }

    /// The account that is meant: `named`, else `--account`, else the only one there is.
    ///
    /// # Errors
    /// [`Code::NotFound`] when it does not exist, [`Code::Invalid`] when several could be meant.
    pub(crate) async fn account(&self, named: Option<&Email>) -> Result<Email, Failure> {
        self.record(named).await.map(|record| record.account)
    }

    /// As [`Context::account`], with what the warden knows about it.
    ///
    /// # Errors
    /// As [`Context::account`].
    pub(crate) async fn record(&self, named: Option<&Email>) -> Result<AccountRecord, Failure> {
        choose(self.accounts().await?, named.or(self.global.account.as_ref()))
    }

    /// The conversation with the running agent of the account that is meant.
    ///
    /// # Errors
    /// As [`Context::account`]; [`Code::NotLoggedIn`] when no agent runs.
    pub(crate) async fn attach(&self) -> Result<Attached, Failure> {
        let record = self.record(None).await?;
        let agent =
            self.running_agent(&record.account).await?.ok_or_else(|| not_logged_in(&record.account))?;
        let attached = Attached::new(record, agent);
        if let Ok(transfers) = attached.transfers().await {
            // Folders that stay for now are given back another time.
            let _ = stages::release_finished(self.warden(), &attached.account, &transfers).await;
        }
        Ok(attached)
    }

    /// The conversation with an account's agent, if it runs.
    ///
    /// # Errors
    /// What the warden refused with, other than [`Code::AgentDown`].
    pub(crate) async fn running_agent(&self, account: &Email) -> Result<Option<AgentLink>, Failure> {
        match self.warden().open_control(account.clone(), false).await {
            Ok(agent) => Ok(Some(agent)),
            Err(failure) if failure.code == Code::AgentDown => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// How much of `--timeout` is left; `None` without one.
    pub(crate) fn time_left(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }
}

impl Attached {
    /// For an account that the warden knows.
    pub(crate) fn new(record: AccountRecord, agent: AgentLink) -> Self {
        let inbox = PathBuf::from(OsString::from_vec(record.inbox.into_vec()));
        Self { account: record.account, agent, inbox }
    }

    /// All transfers, newest first.
    ///
    /// # Errors
    /// What the agent refused with.
    pub(crate) async fn transfers(&self) -> Result<Vec<TransferView>, Failure> {
        Ok(self.agent.transfers().await?.into_iter().map(|view| self.placed(view)).collect())
    }

    /// A transfer whose destination is the folder as this machine knows it; the agent has another name for it.
    pub(crate) fn placed(&self, mut view: TransferView) -> TransferView {
        if view.direction == Direction::Incoming {
            let folder =
                folder_of(&view).map_or(self.inbox.clone(), |folder| self.inbox.join(folder.as_str()));
            view.destination = folder.display().to_string();
        }
        view
    }
}

/// The account as its agent sees it.
///
/// # Errors
/// What the agent refused with.
pub(crate) async fn account_of(agent: &AgentLink, command: Command) -> Result<AccountView, Failure> {
    match agent.request(command).await? {
        Reply::Account(view) => Ok(*view),
        _ => Err(unexpected()),
    }
}

/// An account whose agent does not run.
pub(crate) fn not_logged_in(account: &Email) -> Failure {
    Failure::new(Code::NotLoggedIn, format!("{account} is not logged in"))
        .hint(format!("log in first: airhatch login {account}"))
}

fn choose(mut accounts: Vec<AccountRecord>, wanted: Option<&Email>) -> Result<AccountRecord, Failure> {
    let names = accounts.iter().map(|record| record.account.to_string()).collect::<Vec<_>>().join(", ");
    if let Some(wanted) = wanted {
        let missing = Failure::new(Code::NotFound, format!("there is no account {wanted} here"));
        return accounts.into_iter().find(|record| record.account == *wanted).ok_or(if names.is_empty() {
            missing.hint("make it: airhatch account create")
        } else {
            missing.hint(format!("there is: {names}"))
        });
    }
    match accounts.len() {
        0 => Err(Failure::new(Code::NotFound, "there is no account here yet")
            .hint("make one: airhatch account create EMAIL --ca ADDRESS --ca-fingerprint FINGERPRINT")),
        1 => accounts.pop().ok_or_else(unexpected),
        _ => Err(Failure::new(Code::Invalid, format!("there are several accounts: {names}"))
            .hint("say which one is meant with --account EMAIL")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use airhatch_wire::Blob;
    use airhatch_wire::warden::RuntimeKind;

    use super::*;

    fn accounts(names: &[&str]) -> Vec<AccountRecord> {
        let record = |name: &&str| AccountRecord {
            account: name.parse().unwrap(),
            runtime: RuntimeKind::Process,
            running: false,
            inbox: Blob::default(),
            drop: Blob::default(),
        };
        names.iter().map(record).collect()
    }

    #[test]
    fn the_only_account_needs_no_naming_and_several_do() {
        let chosen = |names: &[&str], wanted: Option<&str>| {
            choose(accounts(names), wanted.map(|name| name.parse().unwrap()).as_ref())
                .map(|record| record.account.to_string())
        };
        assert_eq!(chosen(&["a@x"], None).unwrap(), "a@x");
        assert_eq!(chosen(&["a@x", "b@x"], Some("b@x")).unwrap(), "b@x");
        assert_eq!(chosen(&[], None).unwrap_err().code, Code::NotFound);
        assert_eq!(chosen(&["a@x"], Some("c@x")).unwrap_err().code, Code::NotFound);
        let several = chosen(&["a@x", "b@x"], None).unwrap_err();
        assert_eq!(several.code, Code::Invalid);
        assert!(several.message.shown().contains("a@x, b@x"));
    }
}
