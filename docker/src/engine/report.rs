//! What a front is told about the engine and about an account's walls.

use airhatch_wire::warden::{Isolation, RuntimeKind};
use airhatch_wire::{Untrusted, warden};

use super::failure::from_engine;
use super::find::Engine;
use super::identity::Dialect;
use super::template::Template;
use super::{EngineError, EngineRuntime, check, create};
use crate::control;
use crate::home::Folders;
use crate::runtime::RuntimeError;

impl EngineRuntime {
    /// The engine and the image.
    pub(crate) async fn report(&self) -> Result<warden::Engine, EngineError> {
        let engine = self.engine().await?;
        let image = self.image_id(engine, None).await;
        Ok(warden::Engine {
            product: Untrusted::new(engine.product.clone()),
            socket: Untrusted::new(engine.socket.display().to_string()),
            rootless: engine.dialect.is_rootless(),
            image: image.map(|_| Untrusted::new(self.image.to_string())).map_err(from_engine),
        })
    }

    /// Whether a new account could have its agent in a container.
    pub(crate) async fn must_be_usable(&self) -> Result<(), EngineError> {
        self.image_id(self.engine().await?, None).await.map(drop)
    }

    /// Whether an account could have its agent in a container, or has.
    pub(crate) async fn must_be_usable_for(&self, folders: &Folders) -> Result<(), EngineError> {
        let last = self.decided(folders)?.and_then(|container| container.image);
        self.image_id(self.engine().await?, last.as_ref()).await.map(drop)
    }

    /// What keeps an account's agent apart, and what does not. Of an agent that does not run, nothing is missing.
    pub(crate) async fn isolation(&self, folders: &Folders) -> Result<Isolation, RuntimeError> {
        let Some(container) = self.decided(folders)? else { return Ok(isolation(String::new(), Vec::new())) };
        let engine = self.engine().await?;
        let place = format!("{} on {}", container.name, engine.product);
        let agent = control::identify(folders)?;
        if agent.is_none() && self.bridged(folders).await?.is_none() {
            return Ok(isolation(place, Vec::new()));
        }
        let template = self.template(engine, folders, &container).await?;
        let mut missing = missing(engine, &template).await?;
        match agent.map(|agent| check::unguarded(agent.pid)).transpose()?.flatten() {
            Some(parts) => missing.extend(parts.into_iter().map(|part| format!("{part} is not in force"))),
            None => missing.push("whether the kernel guards it cannot be seen from here".to_owned()),
        }
        Ok(isolation(place, missing))
    }
}

async fn missing(engine: &Engine, template: &Template) -> Result<Vec<String>, EngineError> {
    let found = create::inspect(engine, &template.name).await?;
    let differences = found.map(|found| check::differences(&found, template)).unwrap_or_default();
    let mut missing = Vec::new();
    if !differences.walls.is_empty() {
        let what = differences.walls.join(", ");
        missing.push(format!("it is outdated ({what}); log out and in again to renew it"));
    }
    missing
        .extend(differences.limits.iter().map(|limit| format!("the engine does not limit {}", plain(limit))));
    if engine.dialect == Dialect::DockerRootless {
        missing.push("your own programs can read the agent's files on this kind of engine".to_owned());
    }
    Ok(missing)
}

fn plain(limit: &str) -> &str {
    match limit {
        "PidsLimit" => "its threads",
        "Memory" => "its memory",
        "MemorySwap" => "its use of swap space",
        "Ulimits" => "its open files",
        other => other,
    }
}

fn isolation(place: String, missing: Vec<String>) -> Isolation {
    Isolation {
        runtime: RuntimeKind::Container,
        place: Untrusted::new(place),
        missing: missing.into_iter().map(Untrusted::new).collect(),
    }
}
