//! What an account has on an engine when its record does not say: found by the account's labels, and removed. What has
//! another account's labels, or a name that is none of ours, is never touched.

use std::collections::{BTreeSet, HashMap};

use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListNetworksOptionsBuilder, ListVolumesOptionsBuilder,
};

use super::failure::EngineError;
use super::find::Engine;
use super::name::EngineName;
use super::template::{ACCOUNT, HOME};
use super::{EngineRuntime, create, folders, launch, template};
use crate::home::Folders;

type Labels = HashMap<String, String>;

impl EngineRuntime {
    /// Ends and removes whatever carries the account's labels. Without an engine there is nothing.
    ///
    /// # Errors
    /// What the engine said; one that is there and does not answer may have something.
    pub(crate) async fn remove_strays(&self, folders: &Folders) -> Result<(), EngineError> {
        let engine = match self.engine().await {
            Ok(engine) => engine,
            Err(EngineError::Missing | EngineError::Denied(_)) => {
                tracing::info!("no engine that this user may use was asked for what an account has left");
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let labels = template::labels(folders, &folders::home_name(self.root())?);
        for name in found(engine, &labels).await? {
            launch::stop(engine, &name).await?;
            create::remove_all(engine, &name, &labels).await?;
        }
        Ok(())
    }
}

/// The containers that something with these labels belongs to.
async fn found(engine: &Engine, labels: &Labels) -> Result<BTreeSet<EngineName>, EngineError> {
    let wanted = [ACCOUNT, HOME].into_iter().filter_map(|name| Some(format!("{name}={}", labels.get(name)?)));
    let filters = HashMap::from([("label".to_owned(), wanted.collect::<Vec<_>>())]);
    let mut called = Vec::new();

    let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
    let listed = engine.client.list_containers(Some(options)).await;
    let listed = listed.map_err(EngineError::from_client("listing containers"))?;
    called.extend(listed.into_iter().filter_map(|container| container.names).flatten());

    let options = ListVolumesOptionsBuilder::new().filters(&filters).build();
    let listed = engine.client.list_volumes(Some(options)).await;
    let listed = listed.map_err(EngineError::from_client("listing volumes"))?;
    called.extend(listed.volumes.into_iter().flatten().map(|volume| volume.name));

    let options = ListNetworksOptionsBuilder::new().filters(&filters).build();
    let listed = engine.client.list_networks(Some(options)).await;
    let listed = listed.map_err(EngineError::from_client("listing networks"))?;
    called.extend(listed.into_iter().filter_map(|network| network.name));

    Ok(called.iter().filter_map(|called| EngineName::owner_of(called)).collect())
}
