//! An account's own network, which publishes its port, and the network that all agents of an engine share. An engine lets
//! two networks have one name, so they are found by name and labels and used by their ids.

use std::collections::HashMap;

use bollard::models::{Network, NetworkConnectRequest, NetworkCreateRequest};
use bollard::query_parameters::{ListContainersOptionsBuilder, ListNetworksOptionsBuilder};

use super::failure::{EngineError, is_missing};
use super::find::Engine;
use super::name::EngineName;
use super::subnets::{self, Subnet};
use super::template::{self, Template};

/// Leading bits of an account's own network: its container, its gateway and a few to spare.
const PRIVATE: u8 = 28;

/// Leading bits of the shared network: about a thousand agents.
const SHARED: u8 = 22;

/// How often another range is tried, since another program may take one meanwhile.
const ATTEMPTS: u32 = 8;

type Labels = HashMap<String, String>;

/// Makes sure that the account has its network. True when it was made now.
pub(super) async fn ensure_private(engine: &Engine, template: &Template) -> Result<bool, EngineError> {
    let name = template.name.network();
    if oldest(engine, &name, &template.labels).await?.is_some() {
        return Ok(false);
    }
    make(engine, PRIVATE, |subnet| template.network(subnet)).await?;
    Ok(true)
}

/// Makes sure that the shared network is there, and gives its id.
pub(super) async fn ensure_peers(engine: &Engine) -> Result<String, EngineError> {
    let name = EngineName::peers();
    let mark = Labels::from([(template::PEERS.to_owned(), "1".to_owned())]);
    if let Some(id) = oldest(engine, &name, &mark).await? {
        remove_younger(engine, &name, &mark, &id).await?;
        return Ok(id);
    }
    let made = make(engine, SHARED, template::peers).await?;
    // Another warden may have made one in the same moment: all use the older one.
    let kept = oldest(engine, &name, &mark).await?.unwrap_or_else(|| made.clone());
    if kept != made {
        remove(engine, &made).await?;
    }
    Ok(kept)
}

/// Removes what another warden has made in the same moment, before it could, or when it ended before that: an engine
/// starts no container in a network whose name two have.
async fn remove_younger(
    engine: &Engine,
    name: &EngineName,
    labels: &Labels,
    oldest: &str,
) -> Result<(), EngineError> {
    for network in named(engine, name).await? {
        if carries(&network, labels)
            && let Some(id) = network.id.filter(|id| id != oldest)
            && let Err(error) = remove(engine, &id).await
        {
            tracing::warn!("a second network of the same name stays: {error}");
        }
    }
    Ok(())
}

/// Gives a container that was not started yet a place in the shared network.
pub(super) async fn connect(
    engine: &Engine,
    network: &str,
    container: &EngineName,
) -> Result<(), EngineError> {
    let request = NetworkConnectRequest { container: container.to_string(), endpoint_config: None };
    let connected = engine.client.connect_network(network, request).await;
    connected.map_err(EngineError::from_client("connecting a container to the shared network"))
}

/// Removes the account's network. Gone already is fine.
pub(super) async fn remove_private(
    engine: &Engine,
    name: &EngineName,
    labels: &Labels,
) -> Result<(), EngineError> {
    for network in named(engine, &name.network()).await? {
        if carries(&network, labels)
            && let Some(id) = network.id
        {
            remove(engine, &id).await?;
        }
    }
    Ok(())
}

/// Removes the shared network when no container uses it, running or not.
pub(super) async fn remove_peers_if_unused(engine: &Engine) -> Result<(), EngineError> {
    for network in named(engine, &EngineName::peers()).await? {
        let Some(id) = network.id.as_deref() else { continue };
        let ours = carries(&network, &Labels::from([(template::PEERS.to_owned(), "1".to_owned())]));
        if !ours || is_used(engine, id).await? {
            continue;
        }
        if let Err(error) = remove(engine, id).await {
            // Somebody began to use it in this moment.
            tracing::debug!("the shared network stays: {error}");
        }
    }
    Ok(())
}

async fn is_used(engine: &Engine, id: &str) -> Result<bool, EngineError> {
    let filters = HashMap::from([("network", vec![id])]);
    let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
    let using = engine.client.list_containers(Some(options)).await;
    Ok(!using.map_err(EngineError::from_client("looking who uses a network"))?.is_empty())
}

async fn remove(engine: &Engine, id: &str) -> Result<(), EngineError> {
    match engine.client.remove_network(id).await {
        Err(e) if !is_missing(&e) => Err(EngineError::from_client("removing a network")(e)),
        _ => Ok(()),
    }
}

/// The network that has this name and these labels; the oldest, if there are several.
async fn oldest(engine: &Engine, name: &EngineName, labels: &Labels) -> Result<Option<String>, EngineError> {
    let all = named(engine, name).await?;
    let foreign = !all.is_empty() && !all.iter().any(|network| carries(network, labels));
    if foreign {
        return Err(EngineError::Foreign { what: "the network", name: name.clone() });
    }
    let ours = all.into_iter().filter(|network| carries(network, labels));
    Ok(ours.min_by(|a, b| (&a.created, &a.id).cmp(&(&b.created, &b.id))).and_then(|network| network.id))
}

/// Every network with this very name; the engine's own filter also gives those whose names hold it.
async fn named(engine: &Engine, name: &EngineName) -> Result<Vec<Network>, EngineError> {
    let filters = HashMap::from([("name", vec![name.as_str()])]);
    let options = ListNetworksOptionsBuilder::new().filters(&filters).build();
    let listed = engine.client.list_networks(Some(options)).await;
    let mut networks = listed.map_err(EngineError::from_client("listing networks"))?;
    networks.retain(|network| network.name.as_deref() == Some(name.as_str()));
    Ok(networks)
}

fn carries(network: &Network, labels: &Labels) -> bool {
    template::carries(network.labels.as_ref(), labels)
}

async fn make(
    engine: &Engine,
    bits: u8,
    describe: impl Fn(String) -> NetworkCreateRequest,
) -> Result<String, EngineError> {
    const DOING: &str = "creating a network";
    let mut taken = subnets::routes();
    let mut last = EngineError::Exhausted("addresses for networks");
    for _ in 0..ATTEMPTS {
        taken.extend(engine_subnets(engine).await?);
        let chosen = subnets::choose(bits, &taken)
            .map_err(|e| EngineError::Refused { doing: DOING, said: e.to_string() })?;
        let Some(subnet) = chosen else { break };
        match engine.client.create_network(describe(subnet.to_string())).await {
            Ok(made) => return Ok(made.id),
            Err(e) if e.to_string().to_lowercase().contains("overlap") => {
                last = EngineError::from_client(DOING)(e);
                taken.push(subnet);
            }
            Err(e) => return Err(EngineError::from_client(DOING)(e)),
        }
    }
    Err(last)
}

async fn engine_subnets(engine: &Engine) -> Result<Vec<Subnet>, EngineError> {
    let networks = engine.client.list_networks(None).await;
    let networks = networks.map_err(EngineError::from_client("listing networks"))?;
    let configs = networks.iter().filter_map(|network| network.ipam.as_ref()?.config.as_ref()).flatten();
    Ok(configs.filter_map(|config| Subnet::parse(config.subnet.as_deref()?)).collect())
}
