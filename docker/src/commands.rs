//! What is done for each command of a front. Holds the warden's parts together; the server calls it once for each
//! request, several at once. Must never know how words travel.

use std::os::unix::ffi::OsStringExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;

use airhatch_wire::warden::{Command, ImageSource, Isolation, Reply, RuntimeKind};
use airhatch_wire::{Blob, Code, Email, Failure, StageId};
use tokio::task::JoinSet;

use crate::accounts::{self, Accounts, Remains};
use crate::control;
use crate::demo::{Demo, DemoError};
use crate::engine::{self, EngineRuntime, ImageError, Material};
use crate::failure;
use crate::home::{self, Folders, Home};
use crate::lock::AccountLock;
use crate::preparation::{Order, Preparation};
use crate::process::ProcessRuntime;
use crate::runtime::{Runtime, Seat};
use crate::stage::{self, Meter};
use crate::stagings::{Stagings, Ticket};
use crate::streams::Streams;

mod relocate;
mod stream;
pub(crate) use stream::StageOrder;

/// What a command gives: a reply, and what travels with it, which is never anything but a connection.
pub(crate) type Outcome = Result<(Reply, Option<UnixStream>), Failure>;

/// Everything a warden works with.
#[derive(Debug)]
pub(crate) struct Warden {
    home: Home,
    accounts: Accounts,
    runtimes: Runtimes,
    stagings: Stagings,
    streams: Streams,
    preparation: Preparation,
    demo: Option<Demo>,
}

/// Where agents can run.
#[derive(Debug)]
pub(crate) struct Runtimes {
    /// As processes.
    pub(crate) process: ProcessRuntime,
    /// In containers.
    pub(crate) engine: EngineRuntime,
}

impl Warden {
    /// A warden of this home; what crashes have left behind is cleaned up.
    pub(crate) fn open(
        home: Home,
        accounts: Accounts,
        runtimes: Runtimes,
        demo: Option<Demo>,
    ) -> Result<Self, Failure> {
        for (folders, _) in accounts.list().map_err(failure::from_account)? {
            if let Err(e) = stage::sweep(&folders) {
                tracing::warn!("an outbox could not be swept: {e}");
            }
        }
        Ok(Self {
            home,
            accounts,
            runtimes,
            stagings: Stagings::default(),
            streams: Streams::default(),
            preparation: Preparation::default(),
            demo,
        })
    }

    /// Starts again what an engine's crash has ended, and nobody else has started since; and finishes moves that were
    /// cut short.
    pub(crate) async fn adopt(&self) {
        self.runtimes.engine.adopt().await;
        self.settle_moves().await;
    }

    /// The stagings under way.
    pub(crate) const fn stagings(&self) -> &Stagings {
        &self.stagings
    }

    /// The files that the front sends itself.
    pub(crate) const fn streams(&self) -> &Streams {
        &self.streams
    }

    /// The image that is being got.
    pub(crate) const fn preparation(&self) -> &Preparation {
        &self.preparation
    }

    /// Everything but work that takes time, which can be cancelled.
    pub(crate) async fn handle(&self, command: Command) -> Outcome {
        let reply = match command {
            Command::Accounts => self.list().await?,
            Command::CreateAccount { account, runtime } => self.create(account, runtime).await?,
            Command::OpenControl { account } => {
                return self.open_control(&account).await.map(|control| self.hand_over(control));
            }
            Command::FindControl { account } => {
                return self.find_control(&account).await.map(|control| self.hand_over(control));
            }
            Command::StopAgent { account } => self.stop(&account).await?,
            Command::RemoveAccount { account } => self.remove(account).await?,
            Command::MoveAccount { account, runtime } => self.relocate(account, runtime).await?,
            Command::Stages { account } => self.stages(account).await?,
            Command::Release { account, stage } => self.release(account, stage).await?,
            Command::Engine => {
                Reply::Engine(self.runtimes.engine.report().await.map_err(engine::from_engine)?)
            }
            Command::Isolation { account } => self.isolation(&account).await?,
            Command::StartDemoAuthority => self.start_authority().await?,
            Command::Chunk { stream, bytes } => self.add_to_stream(stream, bytes).await?,
            Command::Stage { .. }
            | Command::BeginStream { .. }
            | Command::CancelStage { .. }
            | Command::PrepareImage { .. }
            | Command::CancelPrepare { .. } => {
                return Err(Failure::new(
                    Code::Internal,
                    "work that takes time was not given to its own task",
                ));
            }
        };
        Ok((reply, None))
    }

    /// Stages files and folders on a thread that may block; `tell` hears of bytes copied and bytes in all.
    pub(crate) async fn stage(
        &self,
        ticket: Ticket,
        order: StageOrder,
        mut tell: impl FnMut(u64, u64) + Send + 'static,
    ) -> Outcome {
        let StageOrder { account, paths, choice, stream } = order;
        let stream = stream.map(|id| self.take_stream(id, &account)).transpose()?;
        let (accounts, home) = (self.accounts.clone(), self.home.clone());
        blocking(move || {
            let (folders, _) = accounts.find(&account).map_err(failure::from_account)?;
            let paths: Vec<PathBuf> = paths.into_iter().map(path).collect();
            let meter = Meter::new(ticket.cancelled(), &mut tell);
            let order = stage::Order { paths: &paths, choice: &choice, stream };
            let staged = stage::stage(&home, &folders, order, meter).map_err(failure::from_stage)?;
            tracing::info!(stage = %staged.stage, files = staged.files, bytes = staged.bytes, "staged");
            Ok((Reply::Staged(staged), None))
        })
        .await
    }

    /// Gets the agents' image; `tell` hears what the engine says.
    pub(crate) async fn prepare_image(
        &self,
        order: Order,
        source: ImageSource,
        mut tell: impl FnMut(&str) + Send,
    ) -> Outcome {
        let material = match source {
            ImageSource::Archive(bytes) => Material::Archive(path(bytes)),
            ImageSource::Sources(bytes) => Material::Sources(path(bytes)),
        };
        let prepared = tokio::select! {
            () = order.cancelled() => Err(ImageError::Cancelled),
            prepared = self.runtimes.engine.prepare(material, &mut tell) => prepared,
        };
        Ok((Reply::Engine(prepared.map_err(engine::from_image)?), None))
    }

    /// From here on this front hears what strangers write.
    fn hand_over(&self, connection: UnixStream) -> (Reply, Option<UnixStream>) {
        self.preparation.close();
        (Reply::Control, Some(connection))
    }

    /// Ends every agent and the CA of a demonstration, and removes its home unless it is to be kept. What fails does
    /// not keep the rest from being ended.
    pub(crate) async fn tear_down(self: Arc<Self>, keep: bool) -> Result<(), Failure> {
        let mut stops = JoinSet::new();
        for (folders, kind) in self.accounts.list().map_err(failure::from_account)? {
            let warden = Arc::clone(&self);
            // What an engine keeps is not in the home, and would be left.
            let wholly = kind == RuntimeKind::Container && !keep;
            stops.spawn(async move {
                if wholly {
                    warden.remove(folders.account).await
                } else {
                    warden.stop(&folders.account).await
                }
            });
        }
        while let Some(stopped) = stops.join_next().await {
            match stopped {
                Ok(Ok(_)) => {}
                Ok(Err(failure)) => tracing::error!(code = ?failure.code, "an agent could not be ended"),
                Err(e) => tracing::error!("an agent could not be ended: {e}"),
            }
        }
        if let Some(demo) = &self.demo {
            demo.stop().await;
        }
        if !keep {
            home::remove_folder(self.home.root()).map_err(|e| failure::from_io(&e))?;
        }
        Ok(())
    }

    async fn list(&self) -> Result<Reply, Failure> {
        let accounts = self.accounts.clone();
        let found = blocking(move || accounts.list().map_err(failure::from_account)).await?;
        let mut shown = Vec::with_capacity(found.len());
        for (folders, kind) in found {
            shown.push(accounts::shown(&folders, kind, self.is_running(&folders, kind).await));
        }
        Ok(Reply::Accounts(shown))
    }

    async fn is_running(&self, folders: &Folders, kind: RuntimeKind) -> bool {
        match kind {
            RuntimeKind::Process => control::is_served(folders),
            RuntimeKind::Container => self.runtimes.engine.is_running(folders).await,
        }
    }

    async fn create(&self, account: Email, kind: RuntimeKind) -> Result<Reply, Failure> {
        let runtime = self.runtime(kind);
        if kind == RuntimeKind::Container {
            // Before anything is made.
            self.runtimes.engine.must_be_usable().await.map_err(engine::from_engine)?;
        }
        let accounts = self.accounts.clone();
        let folders =
            blocking(move || accounts.create(&account, kind).map_err(failure::from_account)).await?;
        let lock = AccountLock::wait(&folders.root).await.map_err(failure::from_lock)?;
        if let Err(error) = runtime.create(&folders).await {
            drop(lock);
            // What cannot be taken back keeps its folder, so that removing the account can be tried again.
            if let Err(left) = self.remove(folders.account).await {
                tracing::warn!(code = ?left.code, "an account that could not be made is left half made");
            }
            return Err(failure::from_runtime(error));
        }
        tracing::info!("account created");
        Ok(Reply::Account(accounts::shown(&folders, kind, false)))
    }

    async fn open_control(&self, account: &Email) -> Result<UnixStream, Failure> {
        let (folders, kind) = self.find(account).await?;
        let runtime = self.runtime(kind);
        if let Some(connection) = runtime.find(&folders).await.map_err(failure::from_runtime)? {
            return Ok(connection);
        }
        let _lock = AccountLock::wait(&folders.root).await.map_err(failure::from_lock)?;
        runtime.start(&folders).await.map_err(failure::from_runtime)
    }

    async fn find_control(&self, account: &Email) -> Result<UnixStream, Failure> {
        let (folders, kind) = self.find(account).await?;
        let found = self.runtime(kind).find(&folders).await.map_err(failure::from_runtime)?;
        found.ok_or_else(|| {
            Failure::new(Code::AgentDown, "the account's agent is not running").hint("log in to start it")
        })
    }

    async fn stop(&self, account: &Email) -> Result<Reply, Failure> {
        let (folders, kind) = self.find(account).await?;
        let runtime = self.runtime(kind);
        let _lock = AccountLock::wait(&folders.root).await.map_err(failure::from_lock)?;
        runtime.stop(&folders).await.map_err(failure::from_runtime)?;
        Ok(Reply::Done)
    }

    async fn remove(&self, account: Email) -> Result<Reply, Failure> {
        let accounts = self.accounts.clone();
        let (folders, remains) =
            blocking(move || accounts.find_remains(&account).map_err(failure::from_account)).await?;
        let _lock = AccountLock::wait(&folders.root).await.map_err(failure::from_lock)?;
        self.clear(&folders, remains).await?;
        self.stagings.cancel_account(&folders.account);
        self.streams.end_account(&folders.account);
        let accounts = self.accounts.clone();
        blocking(move || accounts.remove(&folders).map_err(failure::from_account)).await?;
        tracing::info!("account removed");
        Ok(Reply::Done)
    }

    /// Ends the agent and removes what it has kept, wherever it ran and may have run before.
    async fn clear(&self, folders: &Folders, remains: Remains) -> Result<(), Failure> {
        let place = match remains {
            Remains::Whole(kind) => kind,
            Remains::HalfMade => RuntimeKind::Process,
            Remains::Unreadable => {
                self.runtimes.engine.remove_strays(folders).await.map_err(engine::from_engine)?;
                RuntimeKind::Process
            }
        };
        self.runtime(place).stop(folders).await.map_err(failure::from_runtime)?;
        if let Remains::Whole(_) = remains {
            self.runtimes.engine.clear(folders).await.map_err(failure::from_runtime)?;
        }
        self.runtimes.process.clear(folders).await.map_err(failure::from_runtime)
    }

    async fn stages(&self, account: Email) -> Result<Reply, Failure> {
        let (folders, _) = self.find(&account).await?;
        blocking(move || stage::list(&folders).map(Reply::Stages).map_err(|e| failure::from_io(&e))).await
    }

    async fn release(&self, account: Email, stage: StageId) -> Result<Reply, Failure> {
        let (folders, _) = self.find(&account).await?;
        blocking(move || stage::release(&folders, stage).map_err(|e| failure::from_io(&e))).await?;
        Ok(Reply::Done)
    }

    async fn start_authority(&self) -> Result<Reply, Failure> {
        let demo = self.demo.as_ref().ok_or_else(|| failure::from_demo(DemoError::NotDemo))?;
        let (address, fingerprint) = demo.start(&self.home).await.map_err(failure::from_demo)?;
        Ok(Reply::Authority { address, fingerprint })
    }

    async fn find(&self, account: &Email) -> Result<(Folders, RuntimeKind), Failure> {
        let (accounts, account) = (self.accounts.clone(), account.clone());
        blocking(move || accounts.find(&account).map_err(failure::from_account)).await
    }

    async fn isolation(&self, account: &Email) -> Result<Reply, Failure> {
        let (folders, kind) = self.find(account).await?;
        let isolation = match self.runtime(kind) {
            Seat::Process(_) => Isolation { runtime: kind, place: "".into(), missing: Vec::new() },
            Seat::Container(engine) => engine.isolation(&folders).await.map_err(failure::from_runtime)?,
        };
        Ok(Reply::Isolation(isolation))
    }

    const fn runtime(&self, kind: RuntimeKind) -> Seat<'_> {
        match kind {
            RuntimeKind::Process => Seat::Process(&self.runtimes.process),
            RuntimeKind::Container => Seat::Container(&self.runtimes.engine),
        }
    }
}

fn path(bytes: Blob) -> PathBuf {
    std::ffi::OsString::from_vec(bytes.into_vec()).into()
}

/// Runs work that waits for the file system beside the requests that do not.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|e| {
        tracing::error!("a task failed: {e}");
        Err(Failure::new(Code::Internal, "the warden met a defect").hint("warden.log may say more."))
    })
}
