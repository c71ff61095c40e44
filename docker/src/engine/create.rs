//! Making what an account has on an engine: volume, networks, container; and unmaking it. What is there already is used if
//! it is the account's own, and never touched if it is not. What a failure leaves half made is unmade.

use std::collections::HashMap;

use bollard::models::ContainerInspectResponse;
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, RemoveContainerOptionsBuilder, RemoveVolumeOptions,
};

use super::check;
use super::failure::{EngineError, is_missing};
use super::find::Engine;
use super::name::EngineName;
use super::networks;
use super::template::{self, Template};

type Labels = HashMap<String, String>;

/// How an account's container was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Present {
    /// It is as the template says.
    AsDescribed,
    /// It was made by another version, from another image, or for other addresses.
    Outdated,
}

/// Makes sure that everything is there. The container is not started.
pub(super) async fn ensure(engine: &Engine, template: &Template) -> Result<Present, EngineError> {
    let mut made = Made::default();
    let ensured = ensure_all(engine, template, &mut made).await;
    if ensured.is_err() {
        undo(engine, template, &made).await;
    }
    ensured
}

/// What was made in one go.
#[derive(Debug, Default)]
struct Made {
    volume: bool,
    network: bool,
    container: bool,
}

async fn ensure_all(engine: &Engine, template: &Template, made: &mut Made) -> Result<Present, EngineError> {
    made.volume = ensure_volume(engine, template).await?;
    made.network = networks::ensure_private(engine, template).await?;
    // Its place in the shared network is looked after when the container is made, or compared.
    networks::ensure_peers(engine).await?;
    if let Some(found) = inspect(engine, &template.name).await? {
        must_be_ours(&found, &template.name, &template.labels)?;
        let same = check::differences(&found, template).walls.is_empty();
        return Ok(if same { Present::AsDescribed } else { Present::Outdated });
    }
    made.container = true;
    container(engine, template).await?;
    Ok(Present::AsDescribed)
}

/// A volume with this name is given back as it is, whoever made it; so its labels are read back.
async fn ensure_volume(engine: &Engine, template: &Template) -> Result<bool, EngineError> {
    let name = template.name.volume();
    let there = match engine.client.inspect_volume(name.as_str()).await {
        Ok(_) => true,
        Err(e) if is_missing(&e) => false,
        Err(e) => return Err(EngineError::from_client("looking for the volume")(e)),
    };
    let made = engine.client.create_volume(template.volume()).await;
    let volume = made.map_err(EngineError::from_client("creating the volume"))?;
    if template::carries(Some(&volume.labels), &template.labels) {
        Ok(!there)
    } else {
        Err(EngineError::Foreign { what: "the volume", name })
    }
}

/// Makes the container, attached to both networks.
pub(super) async fn container(engine: &Engine, template: &Template) -> Result<(), EngineError> {
    let options = CreateContainerOptionsBuilder::new().name(template.name.as_str()).build();
    let made = engine.client.create_container(Some(options), template.container()).await;
    made.map_err(|e| match is_missing(&e) && e.to_string().contains("image") {
        true => EngineError::NoImage(template.image.clone()),
        false => EngineError::from_client("creating the container")(e),
    })?;
    let peers = networks::ensure_peers(engine).await?;
    networks::connect(engine, &peers, &template.name).await
}

async fn undo(engine: &Engine, template: &Template, made: &Made) {
    let Template { name, labels, .. } = template;
    let mut left = Vec::new();
    if made.container {
        left.push(remove_container(engine, name, labels).await);
    }
    if made.network {
        left.push(networks::remove_private(engine, name, labels).await);
    }
    if made.volume {
        left.push(remove_volume(engine, name, labels).await);
    }
    left.push(networks::remove_peers_if_unused(engine).await);
    for error in left.into_iter().filter_map(Result::err) {
        tracing::warn!("something half made is left on the engine: {error}");
    }
}

/// Removes everything that an account has on the engine. Gone already is fine.
pub(super) async fn remove_all(
    engine: &Engine,
    name: &EngineName,
    labels: &Labels,
) -> Result<(), EngineError> {
    for container in [&name.porter(), &name.retired(), name] {
        remove_container(engine, container, labels).await?;
    }
    remove_volume(engine, name, labels).await?;
    networks::remove_private(engine, name, labels).await?;
    networks::remove_peers_if_unused(engine).await
}

/// Removes a container of the account, running or not. Gone already is fine.
pub(super) async fn remove_container(
    engine: &Engine,
    name: &EngineName,
    labels: &Labels,
) -> Result<(), EngineError> {
    let Some(found) = inspect(engine, name).await? else { return Ok(()) };
    must_be_ours(&found, name, labels)?;
    let options = RemoveContainerOptionsBuilder::new().force(true).build();
    match engine.client.remove_container(name.as_str(), Some(options)).await {
        Err(e) if !is_missing(&e) => Err(EngineError::from_client("removing the container")(e)),
        _ => Ok(()),
    }
}

async fn remove_volume(engine: &Engine, name: &EngineName, labels: &Labels) -> Result<(), EngineError> {
    let name = name.volume();
    match engine.client.inspect_volume(name.as_str()).await {
        Ok(volume) if template::carries(Some(&volume.labels), labels) => {}
        Ok(_) => return Err(EngineError::Foreign { what: "the volume", name }),
        Err(e) if is_missing(&e) => return Ok(()),
        Err(e) => return Err(EngineError::from_client("looking for the volume")(e)),
    }
    match engine.client.remove_volume(name.as_str(), None::<RemoveVolumeOptions>).await {
        Err(e) if !is_missing(&e) => Err(EngineError::from_client("removing the volume")(e)),
        _ => Ok(()),
    }
}

/// What the engine says of a container; `None` when there is none with this name.
pub(super) async fn inspect(
    engine: &Engine,
    name: &EngineName,
) -> Result<Option<ContainerInspectResponse>, EngineError> {
    match engine.client.inspect_container(name.as_str(), None).await {
        Ok(found) => Ok(Some(found)),
        Err(e) if is_missing(&e) => Ok(None),
        Err(e) => Err(EngineError::from_client("looking at the container")(e)),
    }
}

fn must_be_ours(
    found: &ContainerInspectResponse,
    name: &EngineName,
    labels: &Labels,
) -> Result<(), EngineError> {
    let found = found.config.as_ref().and_then(|config| config.labels.as_ref());
    if template::carries(found, labels) {
        Ok(())
    } else {
        Err(EngineError::Foreign { what: "the container", name: name.clone() })
    }
}
