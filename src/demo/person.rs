//! One of the two people of the demonstration: their account, and what they do with it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use airhatch_wire::control::{
    Command, ContactView, Passphrase, Presence, Reply, TransferState, TransferView,
};
use airhatch_wire::warden::{self, RuntimeKind};
use airhatch_wire::{Address, Code, Email, Failure, Fingerprint, TransferId};

use crate::home::Home;
use crate::link::{AgentLink, WardenLink, unexpected};

/// How long any one thing may take before the demonstration gives up on it.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often something that is waited for is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Where the CA is and how it is known.
#[derive(Clone, Debug)]
pub(super) struct Authority {
    /// Where it listens.
    pub(super) address: Address,
    /// Its certificate's fingerprint.
    pub(super) fingerprint: Fingerprint,
}

/// A person with an account.
pub(super) struct Person {
    /// Their account.
    pub(super) email: Email,
    /// Their passphrase, made up for this demonstration.
    pub(super) passphrase: Passphrase,
    warden: WardenLink,
    agent: Option<AgentLink>,
    inbox: PathBuf,
}

impl Person {
    /// Somebody without an account yet.
    pub(super) fn new(email: Email, passphrase: Passphrase, warden: WardenLink, home: &Home) -> Self {
        let inbox = home.inbox_base().join(email.as_str());
        Self { email, passphrase, warden, agent: None, inbox }
    }

    /// The conversation with the agent.
    ///
    /// # Errors
    /// [`Code::NotLoggedIn`] while there is none.
    pub(super) fn agent(&self) -> Result<&AgentLink, Failure> {
        self.agent
            .as_ref()
            .ok_or_else(|| Failure::new(Code::NotLoggedIn, format!("{} is not logged in", self.email)))
    }

    /// Makes the account and registers it at the CA.
    ///
    /// # Errors
    /// What warden, agent or CA refused with.
    pub(super) async fn register(&mut self, authority: &Authority) -> Result<(), Failure> {
        let account = self.email.clone();
        let command =
            warden::Command::CreateAccount { account: account.clone(), runtime: RuntimeKind::Process };
        self.warden.request(command).await?;
        let agent = self.warden.open_control(account, true).await?;
        let command = Command::Enroll {
            email: self.email.clone(),
            authority: authority.address.clone(),
            authority_fingerprint: authority.fingerprint,
            code: None,
            passphrase: self.passphrase.clone(),
        };
        agent.request(command).await?;
        self.agent = Some(agent);
        Ok(())
    }

    /// Lets go of the agent, which lives on without a front.
    pub(super) fn detach(&mut self) {
        self.agent = None;
    }

    /// Asks the agent.
    ///
    /// # Errors
    /// What it refused with.
    pub(super) async fn ask(&self, command: Command) -> Result<Reply, Failure> {
        self.agent()?.request(command).await
    }

    /// Adds somebody. The contact.
    ///
    /// # Errors
    /// What the agent refused with.
    pub(super) async fn add(&self, other: &Email) -> Result<ContactView, Failure> {
        match self.ask(Command::AddContact { email: other.clone() }).await? {
            Reply::Contact(contact) => Ok(*contact),
            _ => Err(unexpected()),
        }
    }

    /// Reaches somebody, and waits until the list of contacts shows them online.
    ///
    /// # Errors
    /// [`Code::PeerOffline`]; [`Code::TimedOut`].
    pub(super) async fn see_online(&self, other: &Email) -> Result<(), Failure> {
        self.ask(Command::Ping { email: other.clone() }).await?;
        let online = |contact: &ContactView| matches!(contact.presence, Presence::Online { .. });
        wait_for(&format!("{other} to be shown online"), async || {
            let contacts = self.agent()?.contacts().await?;
            Ok(contacts.into_iter().find(|contact| contact.email == *other && online(contact)))
        })
        .await
        .map(drop)
    }

    /// Offers files to somebody. The transfer's id.
    ///
    /// # Errors
    /// What warden or agent refused with.
    pub(super) async fn offer(
        &self,
        to: &Email,
        files: Vec<PathBuf>,
        note: &str,
    ) -> Result<TransferId, Failure> {
        let everything = warden::Choice::default();
        let stage = self.warden.stage(self.email.clone(), files, everything, |_, _| {}).await?.stage;
        let command = Command::Send { to: to.clone(), stage, note: note.to_owned(), lifetime: None };
        match self.ask(command).await? {
            Reply::Transfer(view) => Ok(view.id),
            _ => Err(unexpected()),
        }
    }

    /// Waits until a transfer is in a wanted state, as this person sees it.
    ///
    /// # Errors
    /// [`Code::TimedOut`]; what ended the transfer, when it ended otherwise.
    pub(super) async fn see(
        &self,
        transfer: TransferId,
        wanted: fn(&TransferState) -> bool,
        what: &str,
    ) -> Result<TransferView, Failure> {
        wait_for(&format!("{what} for {}", self.email), async || {
            match self.agent()?.transfers().await?.into_iter().find(|view| view.id == transfer) {
                Some(view) if wanted(&view.state) => Ok(Some(view)),
                Some(TransferView { state: TransferState::Failed(why), .. }) => Err(why),
                Some(view) if view.state.is_over() => {
                    let message = format!("instead of {what} the transfer ended: {:?}", view.state);
                    Err(Failure::new(Code::Internal, message))
                }
                _ => Ok(None),
            }
        })
        .await
    }

    /// Compares what arrived with what was sent, byte by byte.
    ///
    /// # Errors
    /// [`Code::VerificationFailed`] for any difference.
    pub(super) fn has_received(&self, sent: &[PathBuf], transfer: &TransferView) -> Result<(), Failure> {
        let differ = |path: &Path, why: String| {
            Err(Failure::new(
                Code::VerificationFailed,
                format!("{} did not arrive whole: {why}", path.display()),
            ))
        };
        for path in sent {
            let name = path.file_name().unwrap_or_default();
            let landed = transfer
                .items
                .iter()
                .find(|item| Path::new(item.path.as_received()) == Path::new(name))
                .and_then(|item| item.landed_as.as_ref());
            let name = landed.map_or_else(|| PathBuf::from(name), |name| PathBuf::from(name.as_received()));
            match (std::fs::read(path), std::fs::read(self.inbox.join(&name))) {
                (Ok(sent), Ok(received)) if sent == received => {}
                (Ok(_), Ok(_)) => return differ(path, "the bytes differ".into()),
                (Err(e), _) | (_, Err(e)) => return differ(path, e.to_string()),
            }
        }
        Ok(())
    }

    /// Logs out and waits until the agent is gone.
    ///
    /// # Errors
    /// What agent or warden refused with; [`Code::TimedOut`].
    pub(super) async fn log_out(&mut self) -> Result<(), Failure> {
        self.ask(Command::Lock).await?;
        self.detach();
        wait_for("the agent to end", async || {
            match self.warden.open_control(self.email.clone(), false).await {
                Err(failure) if failure.code == Code::AgentDown => Ok(Some(())),
                Err(failure) => Err(failure),
                Ok(_) => Ok(None),
            }
        })
        .await
    }

    /// Starts the agent and opens the vault.
    ///
    /// # Errors
    /// What warden or agent refused with.
    pub(super) async fn log_in(&mut self) -> Result<(), Failure> {
        let agent = self.warden.open_control(self.email.clone(), true).await?;
        agent.request(Command::Unlock { passphrase: self.passphrase.clone() }).await?;
        self.agent = Some(agent);
        Ok(())
    }

    /// Removes the account at the CA, then here.
    ///
    /// # Errors
    /// What agent, CA or warden refused with.
    pub(super) async fn remove(&mut self) -> Result<(), Failure> {
        self.ask(Command::RemoveAccount { passphrase: self.passphrase.clone() }).await?;
        self.detach();
        self.warden.request(warden::Command::RemoveAccount { account: self.email.clone() }).await.map(drop)
    }

    /// Looks somebody up again who must not be there any more.
    ///
    /// # Errors
    /// [`Code::VerificationFailed`] when the CA still has them.
    pub(super) async fn cannot_find(&self, other: &Email) -> Result<(), Failure> {
        self.ask(Command::RemoveContact { email: other.clone() }).await?;
        match self.add(other).await {
            Err(failure) if failure.code == Code::NotFound => Ok(()),
            Err(failure) => Err(failure),
            Ok(_) => Err(Failure::new(
                Code::VerificationFailed,
                format!("the CA still has {other} after the removal"),
            )),
        }
    }
}

async fn wait_for<T>(
    what: &str,
    mut look: impl AsyncFnMut() -> Result<Option<T>, Failure>,
) -> Result<T, Failure> {
    let found = async {
        loop {
            if let Some(found) = look().await? {
                return Ok(found);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::time::timeout(PATIENCE, found).await.unwrap_or_else(|_| {
        let seconds = PATIENCE.as_secs();
        Err(Failure::new(Code::TimedOut, format!("waited {seconds} s in vain for {what}")))
    })
}
