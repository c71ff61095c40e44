//! An account's agent as a process, and what a person does with it.

use std::path::{Path, PathBuf};
use std::process::Command as Start;

use airhatch_trust::AccountCertificate;
use airhatch_wire::control::{
    AccountView, Command, ContactView, Passphrase, Phase, Policy, Reply, TransferState, TransferView,
};
use airhatch_wire::{Address, Code, Email, Failure, Fingerprint, Selection, StageId, TransferId};
use tokio::sync::Mutex;

use crate::process::{Program, bare, built};
use crate::{Authority, Control, PASSPHRASE, eventually};

/// A running agent.
pub struct Agent {
    /// Its account.
    pub email: Email,
    /// The process.
    pub program: Program,
    home: PathBuf,
    inbox: PathBuf,
    options: Vec<String>,
    authority: (Address, Fingerprint),
    control: Mutex<Option<Control>>,
}

impl Agent {
    pub(crate) async fn start(world: &Path, authority: &Authority, email: &str, options: &[&str]) -> Self {
        let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
        let home = world.join(email);
        std::fs::create_dir_all(&home).unwrap();
        let inbox = options.iter().skip_while(|option| *option != "--inbox").nth(1);
        let inbox = inbox.map_or_else(|| home.join("inbox"), PathBuf::from);
        let program = run(&home, &options);
        let agent = Self {
            email: crate::email(email),
            program,
            home,
            inbox,
            options,
            authority: (authority.address.clone(), authority.fingerprint),
            control: Mutex::new(None),
        };
        agent.attach().await;
        agent
    }

    /// Connects the conversation that the other methods use.
    async fn attach(&self) {
        let control = eventually("an open control socket", async || self.connect().await.ok()).await;
        *self.control.lock().await = Some(control);
    }

    /// One more conversation: another front.
    ///
    /// # Errors
    /// When the agent does not take it.
    pub async fn connect(&self) -> Result<Control, airhatch_wire::frame::FrameError> {
        Control::connect(&self.socket()).await
    }

    /// The control socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.home.join("control/control.sock")
    }

    /// The agent's own folder.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Where received files go.
    #[must_use]
    pub fn inbox(&self) -> &Path {
        &self.inbox
    }

    /// Asks over the first conversation.
    ///
    /// # Errors
    /// What the agent refused with.
    pub async fn ask(&self, command: Command) -> Result<Reply, Failure> {
        self.control.lock().await.as_mut().expect("the agent runs").ask(command).await
    }

    /// The refusal of a command that must be refused.
    pub async fn refused(&self, command: Command) -> Failure {
        self.ask(command).await.expect_err("this must be refused")
    }

    /// Ends the process without a chance to tidy up.
    pub async fn kill(&mut self) {
        self.program.kill();
        *self.control.lock().await = None;
    }

    /// Ends the process gently.
    pub async fn terminate(&mut self) {
        let status = self.program.terminate().await;
        assert!(status.success(), "{status}");
        *self.control.lock().await = None;
    }

    /// Starts the process again after its end; the account stays locked.
    pub async fn start_again(&mut self) {
        self.program = run(&self.home, &self.options);
        self.attach().await;
    }

    /// Starts the process again and logs in.
    pub async fn resume(&mut self) {
        self.start_again().await;
        self.unlock(PASSPHRASE).await.unwrap();
    }

    /// Registers the account.
    ///
    /// # Errors
    /// What agent or CA refused with.
    pub async fn enroll(&self) -> Result<AccountView, Failure> {
        self.enroll_at(self.authority.0.clone(), self.authority.1, None).await
    }

    /// Registers the account at a CA, perhaps with a code.
    ///
    /// # Errors
    /// What agent or CA refused with.
    pub async fn enroll_at(
        &self,
        authority: Address,
        authority_fingerprint: Fingerprint,
        code: Option<String>,
    ) -> Result<AccountView, Failure> {
        let (email, passphrase) = (self.email.clone(), passphrase(PASSPHRASE));
        let command = Command::Enroll { email, authority, authority_fingerprint, code, passphrase };
        account(self.ask(command).await?)
    }

    /// Logs in.
    ///
    /// # Errors
    /// [`Code::WrongPassphrase`] and the like.
    pub async fn unlock(&self, text: &str) -> Result<AccountView, Failure> {
        account(self.ask(Command::Unlock { passphrase: passphrase(text) }).await?)
    }

    /// The account as the agent shows it.
    pub async fn status(&self) -> AccountView {
        account(self.ask(Command::Status).await.unwrap()).unwrap()
    }

    /// Where contacts reach this agent.
    pub async fn address(&self) -> Address {
        eventually("an announced address", async || self.status().await.addresses.first().cloned()).await
    }

    /// The port where contacts are listened for, whatever is announced.
    #[must_use]
    pub fn listening_port(&self) -> u16 {
        let log = self.program.log();
        let port = log.rsplit_once("the account is open port=").expect("an open account").1;
        port.lines().next().unwrap().parse().unwrap()
    }

    /// Adds a contact.
    ///
    /// # Errors
    /// What the agent refused with.
    pub async fn add(&self, other: &Email) -> Result<ContactView, Failure> {
        contact(self.ask(Command::AddContact { email: other.clone() }).await?)
    }

    /// Adds a contact and marks it as compared.
    pub async fn verify(&self, other: &Email) -> ContactView {
        let ContactView { email, fingerprint, .. } = self.add(other).await.unwrap();
        contact(self.ask(Command::MarkVerified { email, fingerprint, verified: true }).await.unwrap())
            .unwrap()
    }

    /// A contact as it is shown now.
    pub async fn contact(&self, other: &Email) -> Option<ContactView> {
        match self.ask(Command::Contacts { after: None }).await.unwrap() {
            Reply::Contacts(all) => all.into_iter().find(|contact| contact.email == *other),
            other => panic!("{other:?}"),
        }
    }

    /// Calls a contact.
    ///
    /// # Errors
    /// Why it was not reached.
    pub async fn ping(&self, other: &Email) -> Result<u64, Failure> {
        match self.ask(Command::Ping { email: other.clone() }).await? {
            Reply::Pong { micros } => Ok(micros),
            other => panic!("{other:?}"),
        }
    }

    /// What happens to offers while nobody watches.
    pub async fn policy(&self, policy: Policy) {
        assert_eq!(account(self.ask(Command::SetPolicy { policy }).await.unwrap()).unwrap().policy, policy);
    }

    /// Removes the account at the CA.
    ///
    /// # Errors
    /// What agent or CA refused with.
    pub async fn remove_account(&self, text: &str) -> Result<Reply, Failure> {
        self.ask(Command::RemoveAccount { passphrase: passphrase(text) }).await
    }

    /// The staging folder of this name, made when it is not there.
    #[must_use]
    pub fn stage_folder(&self, stage: StageId) -> PathBuf {
        let folder = self.home.join("outbox").join(stage.to_string());
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// Puts files where the agent may read them.
    #[must_use]
    pub fn stage(&self, files: &[(&str, &[u8])]) -> StageId {
        let mut id = [0; 16];
        openssl::rand::rand_bytes(&mut id).unwrap();
        let folder = self.stage_folder(StageId(id));
        for (name, content) in files {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        StageId(id)
    }

    /// Offers what was staged.
    ///
    /// # Errors
    /// What the agent refused with.
    pub async fn send(&self, to: &Email, stage: StageId) -> Result<TransferView, Failure> {
        let note = "for you".to_owned();
        view(self.ask(Command::Send { to: to.clone(), stage, note, lifetime: None }).await?)
    }

    /// Offers files; the transfer's id.
    pub async fn offer(&self, to: &Email, files: &[(&str, &[u8])]) -> TransferId {
        self.send(to, self.stage(files)).await.unwrap().id
    }

    /// Accepts an offer.
    ///
    /// # Errors
    /// What the agent refused with.
    pub async fn accept(&self, transfer: TransferId) -> Result<TransferView, Failure> {
        view(self.ask(Command::Accept { transfer, items: Selection::All, folder: None }).await?)
    }

    /// Denies an offer.
    ///
    /// # Errors
    /// What the agent refused with.
    pub async fn deny(&self, transfer: TransferId, reason: &str) -> Result<TransferView, Failure> {
        view(self.ask(Command::Deny { transfer, reason: reason.to_owned() }).await?)
    }

    /// Calls a transfer off.
    ///
    /// # Errors
    /// What the agent refused with.
    pub async fn cancel(&self, transfer: TransferId, reason: &str) -> Result<TransferView, Failure> {
        view(self.ask(Command::Cancel { transfer, reason: reason.to_owned() }).await?)
    }

    /// Lets no bytes of a transfer move.
    ///
    /// # Errors
    /// What the agent refused with.
    pub async fn pause(&self, transfer: TransferId) -> Result<TransferView, Failure> {
        view(self.ask(Command::Pause { transfer }).await?)
    }

    /// Takes up what it paused.
    ///
    /// # Errors
    /// What the agent refused with.
    pub async fn take_up(&self, transfer: TransferId) -> Result<TransferView, Failure> {
        view(self.ask(Command::Resume { transfer }).await?)
    }

    /// All transfers, newest first.
    pub async fn transfers(&self) -> Vec<TransferView> {
        let mut all: Vec<TransferView> = Vec::new();
        loop {
            let after = all.last().map(|view| view.id);
            match self.ask(Command::Transfers { after }).await.unwrap() {
                Reply::Transfers(page) if page.is_empty() => return all,
                Reply::Transfers(page) => all.extend(page),
                other => panic!("{other:?}"),
            }
        }
    }

    /// Waits until a transfer is in the wanted state; it must not end in another one.
    pub async fn until(
        &self,
        transfer: TransferId,
        what: &str,
        wanted: fn(&TransferState) -> bool,
    ) -> TransferView {
        eventually(&format!("{what} at {}", self.email), async || {
            let view = self.transfers().await.into_iter().find(|view| view.id == transfer)?;
            let fits = wanted(&view.state);
            assert!(fits || !view.state.is_over(), "instead of {what} at {}: {view:?}", self.email);
            fits.then_some(view)
        })
        .await
    }

    /// Waits for an offer.
    pub async fn offered(&self, transfer: TransferId) -> TransferView {
        self.until(transfer, "an offer", |state| *state == TransferState::Offered).await
    }

    /// Waits for the end of a transfer that is delivered.
    pub async fn delivered(&self, transfer: TransferId) -> TransferView {
        self.until(transfer, "a delivery", |state| matches!(state, TransferState::Delivered { .. })).await
    }

    /// Waits for the end of a transfer that fails; why.
    pub async fn failed(&self, transfer: TransferId) -> Failure {
        let failed = self.until(transfer, "a failure", |state| matches!(state, TransferState::Failed(_)));
        match failed.await.state {
            TransferState::Failed(failure) => failure,
            other => panic!("{other:?}"),
        }
    }

    /// The content of a received file.
    #[must_use]
    pub fn received(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.inbox.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The names of everything that was received, sorted; the landing's own folder is left out.
    #[must_use]
    pub fn received_names(&self) -> Vec<String> {
        names_in(&self.inbox).into_iter().filter(|name| name != ".incoming").collect()
    }

    /// Waits until nothing is left of transfers that did not land.
    pub async fn has_no_leftovers(&self) {
        let incoming = self.inbox.join(".incoming");
        eventually("an empty landing folder", async || names_in(&incoming).is_empty().then_some(())).await;
    }

    /// Nothing has landed, nothing is left half done, and the agent serves on.
    pub async fn is_unharmed(&self) {
        self.has_no_leftovers().await;
        assert_eq!(self.received_names(), Vec::<String>::new());
        assert_eq!(self.status().await.phase, Phase::Ready);
    }

    /// The certificate that the CA has issued to this account, as another account sees it.
    pub async fn certificate(&self, seen_by: &crate::HostilePeer) -> AccountCertificate {
        seen_by.look_up(&self.email).await
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn run(home: &Path, options: &[String]) -> Program {
    let mut command: Start = bare(built("airhatch-agent"));
    command.args(["run", "--home"]).arg(home).args(options);
    Program::start(command, &PathBuf::from(format!("{}.log", home.display())))
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::from(text.to_owned())
}

fn account(reply: Reply) -> Result<AccountView, Failure> {
    match reply {
        Reply::Account(view) => Ok(*view),
        other => Err(Failure::new(Code::UnknownMessage, format!("{other:?}"))),
    }
}

fn contact(reply: Reply) -> Result<ContactView, Failure> {
    match reply {
        Reply::Contact(view) => Ok(*view),
        other => Err(Failure::new(Code::UnknownMessage, format!("{other:?}"))),
    }
}

fn view(reply: Reply) -> Result<TransferView, Failure> {
    match reply {
        Reply::Transfer(view) => Ok(*view),
        other => Err(Failure::new(Code::UnknownMessage, format!("{other:?}"))),
    }
}
