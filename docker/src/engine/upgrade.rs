//! Putting a new container in the place of an outdated one: another image, another version, other addresses. The state is
//! in the volume, so nothing is lost. The old container stays, renamed, until the new one's agent answers; if that fails,
//! it is put back and runs on.

use bollard::query_parameters::RenameContainerOptionsBuilder;

use super::create::{self, inspect, remove_container};
use super::failure::EngineError;
use super::find::Engine;
use super::launch::{self, Reached};
use super::name::EngineName;
use super::template::Template;
use crate::home::Folders;
use crate::runtime::RuntimeError;

/// What runs after a replacement.
pub(super) enum Outcome {
    /// The new container.
    Replaced(Reached),
    /// The old one, since the new one failed.
    PutBack(Reached),
}

/// Replaces the account's container and starts the new one.
///
/// # Errors
/// Why the new one failed, when the old one does not run either.
pub(super) async fn replace(
    engine: &Engine,
    template: &Template,
    folders: &Folders,
) -> Result<Outcome, RuntimeError> {
    let Template { name, labels, .. } = template;
    launch::stop(engine, name).await?;
    remove_container(engine, &name.retired(), labels).await?;
    rename(engine, name, &name.retired()).await?;
    let made = create::container(engine, template).await.map_err(RuntimeError::from);
    let launched = match made {
        Ok(()) => launch::launch(engine, template, folders).await,
        Err(e) => Err(e),
    };
    match launched {
        Ok(agent) => {
            remove_container(engine, &name.retired(), labels).await?;
            tracing::info!("an agent's container was replaced by a newer one");
            Ok(Outcome::Replaced(agent))
        }
        Err(first) => {
            remove_container(engine, name, labels).await?;
            rename(engine, &name.retired(), name).await?;
            match launch::launch(engine, template, folders).await {
                Ok(agent) => {
                    tracing::warn!("a newer container did not start, the older one runs on: {first}");
                    Ok(Outcome::PutBack(agent))
                }
                Err(_) => Err(first),
            }
        }
    }
}

/// Undoes a replacement that a crash interrupted: the older container is known to work.
pub(super) async fn settle(engine: &Engine, template: &Template) -> Result<(), EngineError> {
    let Template { name, labels, .. } = template;
    if inspect(engine, &name.retired()).await?.is_none() {
        return Ok(());
    }
    remove_container(engine, name, labels).await?;
    rename(engine, &name.retired(), name).await
}

async fn rename(engine: &Engine, from: &EngineName, to: &EngineName) -> Result<(), EngineError> {
    let options = RenameContainerOptionsBuilder::new().name(to.as_str()).build();
    let renamed = engine.client.rename_container(from.as_str(), options).await;
    renamed.map_err(EngineError::from_client("renaming a container"))
}
