//! Deciding what an account's container is called, which port it has and which image it runs from. What is decided once
//! is kept in the account's record.

use std::collections::BTreeSet;

use super::failure::{EngineError, is_missing};
use super::find::Engine;
use super::name::{EngineName, ImageName};
use super::template::{Choices, Template};
use super::{EngineRuntime, ports};
use crate::accounts::Container;
use crate::home::Folders;

impl EngineRuntime {
    /// What was decided about an account's container, if anything was.
    pub(super) fn decided(&self, folders: &Folders) -> Result<Option<Container>, EngineError> {
        Ok(self.accounts.container(&folders.account)?)
    }

    /// The same, decided now if need be. The caller holds the account's lock.
    pub(super) fn decide(&self, folders: &Folders) -> Result<Container, EngineError> {
        if let Some(container) = self.decided(folders)? {
            return Ok(container);
        }
        let name = EngineName::draw(&folders.account)?;
        let container =
            Container { name, port: self.free_port()?, image: None, wanted: false, bridged: false };
        self.accounts.keep(&folders.account, container.clone())?;
        Ok(container)
    }

    /// A port that neither this machine nor another account of this home uses.
    pub(super) fn free_port(&self) -> Result<u16, EngineError> {
        let mut taken = BTreeSet::new();
        for (folders, _) in self.accounts.list()? {
            taken.extend(self.decided(&folders)?.map(|container| container.port));
        }
        ports::choose(&taken)?.ok_or(EngineError::Exhausted("ports"))
    }

    /// The template of an account's container.
    pub(super) async fn template(
        &self,
        engine: &Engine,
        folders: &Folders,
        container: &Container,
    ) -> Result<Template, EngineError> {
        let choices = Choices {
            name: container.name.clone(),
            image: self.image_id(engine, container.image.as_ref()).await?,
            port: container.port,
            dialect: engine.dialect,
            addresses: ports::addresses(),
        };
        self.write_seccomp(engine)?;
        Template::new(folders, self.root(), choices)
            .map_err(|path| EngineError::Folder { path, why: "its name is not UTF-8".to_owned() })
    }

    /// The very image that the name means now; else the one that the account ran from last.
    pub(super) async fn image_id(
        &self,
        engine: &Engine,
        last: Option<&ImageName>,
    ) -> Result<ImageName, EngineError> {
        for image in [Some(&self.image), last].into_iter().flatten() {
            match engine.client.inspect_image(image.as_str()).await {
                Ok(found) => {
                    let id = found.id.unwrap_or_default();
                    let unusable = |_| EngineError::Refused { doing: "naming the image", said: id.clone() };
                    return ImageName::try_from(id.clone()).map_err(unusable);
                }
                Err(e) if is_missing(&e) => {}
                Err(e) => return Err(EngineError::from_client("looking for the image")(e)),
            }
        }
        Err(EngineError::NoImage(self.image.clone()))
    }
}
