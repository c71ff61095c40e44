//! The runtime where an agent is a container of this machine's engine, Docker or Podman. An account has a volume with its
//! agent's state, a network of its own and a place in one that all agents share, and a container that holds nothing and
//! may be made anew at any time. Called by the commands, through [`Runtime`]; must never read what an agent keeps, and
//! never touches anything on the engine that does not carry the account's labels.
//!
//! The commands know the accounts' folders; where the engine is, what it is and what it is asked for is known here only.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;

use airhatch_wire::Email;
use tokio::sync::OnceCell;
use tokio::sync::mpsc::UnboundedSender;

use crate::accounts::{Accounts, Container};
use crate::control::{self, Agent};
use crate::home::{Folders, Home};
use crate::runtime::{Packing, Runtime, RuntimeError, Unpacking};
use crate::watch::Watch;

mod adopt;
mod bridge;
mod check;
mod create;
mod failure;
mod find;
mod folders;
mod identity;
mod image;
mod launch;
mod name;
mod networks;
mod plan;
mod porter;
mod ports;
mod report;
mod strays;
mod subnets;
mod template;
mod upgrade;

pub(crate) use failure::{EngineError, from_engine};
pub(crate) use image::{ImageError, Material, from_image};
pub(crate) use name::{EngineName, ImageName};

use create::Present;
use find::Engine;
use launch::Reached;
use template::Template;
use upgrade::Outcome;

/// How often a start is tried anew after the reason for its failure was removed.
const ATTEMPTS: u32 = 4;

/// The container runtime of one warden.
#[derive(Debug)]
pub(crate) struct EngineRuntime {
    accounts: Accounts,
    home: Home,
    image: ImageName,
    engine: OnceCell<Engine>,
    watch: Watch,
}

impl EngineRuntime {
    /// Nothing is asked of an engine yet. Agents run from `image`; whoever ends by itself is told to `ended`.
    pub(crate) fn new(
        accounts: Accounts,
        home: Home,
        image: ImageName,
        ended: UnboundedSender<Email>,
    ) -> Self {
        Self { accounts, home, image, engine: OnceCell::new(), watch: Watch::new(ended) }
    }

    /// The engine, found when first needed. One that was not found is looked for again.
    async fn engine(&self) -> Result<&Engine, EngineError> {
        self.engine.get_or_try_init(find::find).await
    }

    fn root(&self) -> &Path {
        self.home.root()
    }

    fn take(&self, folders: &Folders, agent: Agent) -> Result<UnixStream, RuntimeError> {
        self.watch.process(&folders.account, agent.pid, agent.process)?;
        Ok(agent.connection)
    }

    /// Takes an agent of which only its container is known.
    fn take_bridged(
        &self,
        folders: &Folders,
        engine: &Engine,
        name: &EngineName,
        agent: UnixStream,
    ) -> UnixStream {
        self.watch.out_of_sight(&folders.account, bridge::ended(engine.clone(), name.clone()));
        agent
    }

    /// The account's container, if it runs and its agent was reached from inside when it was started.
    async fn bridged(&self, folders: &Folders) -> Result<Option<(&Engine, EngineName)>, EngineError> {
        let bridged = self.decided(folders)?.filter(|container| container.wanted && container.bridged);
        let Some(Container { name, .. }) = bridged else { return Ok(None) };
        let engine = self.engine().await?;
        let runs = create::inspect(engine, &name).await?.is_some_and(|found| launch::runs(&found));
        Ok(runs.then_some((engine, name)))
    }

    /// Whether the account's agent runs, as far as can be seen.
    pub(crate) async fn is_running(&self, folders: &Folders) -> bool {
        control::is_served(folders) || self.bridged(folders).await.is_ok_and(|found| found.is_some())
    }

    /// Brings the account's container up, as its template says.
    async fn bring_up(
        &self,
        engine: &Engine,
        template: &Template,
        folders: &Folders,
    ) -> Result<Outcome, RuntimeError> {
        upgrade::settle(engine, template).await?;
        match create::ensure(engine, template).await? {
            Present::AsDescribed => launch::launch(engine, template, folders).await.map(Outcome::Replaced),
            Present::Outdated => upgrade::replace(engine, template, folders).await,
        }
    }

    /// Removes the reason for a failed start, where that can be done; true when a new try makes sense.
    async fn recover(
        &self,
        engine: &Engine,
        template: &Template,
        container: &mut Container,
        error: &RuntimeError,
    ) -> Result<bool, RuntimeError> {
        match error {
            RuntimeError::Engine(EngineError::NoNetwork) => {}
            // Nobody was told of this port yet.
            RuntimeError::Engine(EngineError::PortTaken(_)) if container.image.is_none() => {
                container.port = self.free_port()?;
            }
            _ => return Ok(false),
        }
        create::remove_container(engine, &template.name, &template.labels).await?;
        Ok(true)
    }

    /// Compares what runs with what was asked for; a difference in its walls ends it.
    async fn examine(&self, engine: &Engine, template: &Template) -> Result<(), RuntimeError> {
        let found = create::inspect(engine, &template.name).await?;
        let differences = found.map(|found| check::differences(&found, template)).unwrap_or_default();
        if !differences.walls.is_empty() {
            launch::stop(engine, &template.name).await?;
            return Err(EngineError::Weakened(differences.walls.join(", ")).into());
        }
        if !differences.limits.is_empty() {
            tracing::warn!("the engine does not limit an agent's {}", differences.limits.join(", "));
        }
        Ok(())
    }
}

impl Runtime for EngineRuntime {
    async fn create(&self, folders: &Folders) -> Result<(), RuntimeError> {
        let engine = self.engine().await?;
        let container = self.decide(folders)?;
        folders::prepare(folders)?;
        let template = self.template(engine, folders, &container).await?;
        create::ensure(engine, &template).await?;
        Ok(())
    }

    async fn start(&self, folders: &Folders) -> Result<UnixStream, RuntimeError> {
        if let Some(connection) = self.find(folders).await? {
            return Ok(connection);
        }
        let engine = self.engine().await?;
        folders::prepare(folders)?;
        let mut container = self.decide(folders)?;
        let mut tries = 0;
        loop {
            tries += 1;
            let template = self.template(engine, folders, &container).await?;
            let reached = match self.bring_up(engine, &template, folders).await {
                Ok(Outcome::Replaced(reached)) => {
                    self.examine(engine, &template).await?;
                    container.image = Some(template.image);
                    reached
                }
                Ok(Outcome::PutBack(reached)) => reached,
                Err(error) if tries < ATTEMPTS => {
                    if self.recover(engine, &template, &mut container, &error).await? {
                        continue;
                    }
                    return Err(error);
                }
                Err(error) => return Err(error),
            };
            container.wanted = true;
            container.bridged = matches!(reached, Reached::Bridged(_));
            self.accounts.keep(&folders.account, container).map_err(EngineError::from)?;
            return match reached {
                Reached::Directly(agent) => self.take(folders, agent),
                Reached::Bridged(agent) => Ok(self.take_bridged(folders, engine, &template.name, agent)),
            };
        }
    }

    async fn find(&self, folders: &Folders) -> Result<Option<UnixStream>, RuntimeError> {
        if let Some(agent) = control::identify(folders)? {
            return self.take(folders, agent).map(Some);
        }
        let Some((engine, name)) = self.bridged(folders).await? else { return Ok(None) };
        if !bridge::is_well(engine, &name).await? {
            return Ok(None);
        }
        let agent = bridge::connect(engine, &name).await?;
        Ok(Some(self.take_bridged(folders, engine, &name, agent)))
    }

    async fn stop(&self, folders: &Folders) -> Result<(), RuntimeError> {
        self.watch.expect_end(&folders.account);
        if let Some(mut container) = self.decided(folders)? {
            let engine = self.engine().await?;
            container.wanted = false;
            let name = container.name.clone();
            self.accounts.keep(&folders.account, container).map_err(EngineError::from)?;
            launch::stop(engine, &name).await?;
        }
        control::clear_stale(folders)
    }

    async fn clear(&self, folders: &Folders) -> Result<(), RuntimeError> {
        let Some(container) = self.decided(folders)? else { return Ok(()) };
        let engine = self.engine().await?;
        let labels = template::labels(folders, &folders::home_name(self.root())?);
        create::remove_all(engine, &container.name, &labels).await?;
        Ok(self.accounts.forget_container(&folders.account).map_err(EngineError::from)?)
    }

    async fn pack(&self, folders: &Folders) -> Result<Packing, RuntimeError> {
        self.begin_packing(folders).await
    }

    async fn unpack(&self, folders: &Folders) -> Result<Unpacking, RuntimeError> {
        self.begin_unpacking(folders).await
    }
}

impl From<io::Error> for EngineError {
    fn from(source: io::Error) -> Self {
        Self::Refused { doing: "preparing a container", said: source.to_string() }
    }
}
