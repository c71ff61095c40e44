//! Packing and unpacking the state in an account's volume: by a container that has the agent's image and walls, holds
//! nothing but the volume, and ends by itself. The stream travels over its standard input and output; the engine's own
//! ways of copying files, which follow what lies in a container, are never used.

use bollard::container::{AttachContainerResults, LogOutput};
use bollard::errors::Error as ClientError;
use bollard::query_parameters::{
    AttachContainerOptionsBuilder, CreateContainerOptionsBuilder, WaitContainerOptions,
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::sync::mpsc;

use super::EngineRuntime;
use super::create::remove_container;
use super::failure::EngineError;
use super::find::Engine;
use super::template::Template;
use crate::home::Folders;
use crate::moving::{MOST_SAID, WAITING, heard};
use crate::runtime::{Packing, RuntimeError, Said, Unpacking};

/// What a porter does.
#[derive(Clone, Copy, Debug)]
struct Task {
    /// The agent program's command.
    command: &'static str,
    /// Whether the stream comes in.
    hears: bool,
}

const PACK: Task = Task { command: "pack", hears: false };

const UNPACK: Task = Task { command: "unpack", hears: true };

impl EngineRuntime {
    /// As [`crate::runtime::Runtime::pack`].
    pub(super) async fn begin_packing(&self, folders: &Folders) -> Result<Packing, RuntimeError> {
        let (engine, template, AttachContainerResults { output, .. }) = self.porter(folders, PACK).await?;
        let (sender, chunks) = mpsc::channel(WAITING);
        Ok(Packing { chunks, said: spawn(engine, template, "packed", output, Some(sender)) })
    }

    /// As [`crate::runtime::Runtime::unpack`].
    pub(super) async fn begin_unpacking(&self, folders: &Folders) -> Result<Unpacking, RuntimeError> {
        let (engine, template, AttachContainerResults { output, input }) =
            self.porter(folders, UNPACK).await?;
        Ok(Unpacking { sink: input, said: spawn(engine, template, "unpacked", output, None) })
    }

    /// Starts a porter, in the place of one that a crash has left.
    async fn porter(
        &self,
        folders: &Folders,
        task: Task,
    ) -> Result<(Engine, Template, AttachContainerResults), RuntimeError> {
        let engine = self.engine().await?;
        let container = self.decide(folders)?;
        let template = self.template(engine, folders, &container).await?;
        let name = template.name.porter();
        remove_container(engine, &name, &template.labels).await?;
        let started = start(engine, &template, task).await;
        if started.is_err()
            && let Err(error) = remove_container(engine, &name, &template.labels).await
        {
            tracing::warn!("a container that failed to start could not be removed: {error}");
        }
        Ok((engine.clone(), template, started?))
    }
}

/// Attached before it is started, so that nothing is missed.
async fn start(
    engine: &Engine,
    template: &Template,
    task: Task,
) -> Result<AttachContainerResults, EngineError> {
    let name = template.name.porter();
    let options = CreateContainerOptionsBuilder::new().name(name.as_str()).build();
    let made = engine.client.create_container(Some(options), template.porter(task.command, task.hears)).await;
    made.map_err(EngineError::from_client("creating a container that carries the state"))?;
    let options =
        AttachContainerOptionsBuilder::new().stream(true).stdin(task.hears).stdout(true).stderr(true);
    let attached = engine.client.attach_container(name.as_str(), Some(options.build())).await;
    let attached = attached.map_err(EngineError::from_client("listening to a container"))?;
    let started = engine.client.start_container(name.as_str(), None).await;
    started.map_err(EngineError::from_client("starting a container that carries the state"))?;
    Ok(attached)
}

type Output = std::pin::Pin<Box<dyn Stream<Item = Result<LogOutput, ClientError>> + Send>>;

/// Hears a porter out and removes it. Its standard output is the stream where there is a `sender`, else what it says.
fn spawn(
    engine: Engine,
    template: Template,
    step: &'static str,
    output: Output,
    sender: Option<mpsc::Sender<Bytes>>,
) -> Said {
    tokio::spawn(async move {
        let said = listen(output, sender).await;
        let code = exit_code(&engine, &template).await;
        if let Err(error) = remove_container(&engine, &template.name.porter(), &template.labels).await {
            tracing::warn!("a container that carried the state could not be removed: {error}");
        }
        let text = String::from_utf8_lossy(&said);
        match heard(step, Some(code?), &said) {
            // The volume is in the engine's file system.
            Err(RuntimeError::NoSpace) => Err(EngineError::DiskFull.into()),
            Err(RuntimeError::NotCarried { .. }) if text.contains("unrecognized subcommand") => {
                Err(EngineError::OldImage.into())
            }
            heard => heard,
        }
    })
}

/// To the end of a container's output; gives the end of what it says.
async fn listen(mut output: Output, mut sender: Option<mpsc::Sender<Bytes>>) -> Vec<u8> {
    let most = usize::try_from(MOST_SAID).unwrap_or(usize::MAX);
    let is_stream = sender.is_some();
    let mut said = Vec::new();
    while let Some(part) = output.next().await {
        match part {
            Ok(LogOutput::StdOut { message }) if is_stream => {
                // Who does not want more lets it run to its end, unheard.
                if let Some(to) = &sender
                    && to.send(message).await.is_err()
                {
                    sender = None;
                }
            }
            Ok(part) => {
                said.extend_from_slice(&part.into_bytes());
                said.drain(..said.len().saturating_sub(most));
            }
            Err(error) => {
                tracing::warn!("a container that carries the state fell silent: {error}");
                break;
            }
        }
    }
    said
}

async fn exit_code(engine: &Engine, template: &Template) -> Result<i32, EngineError> {
    let name = template.name.porter();
    let mut ended = std::pin::pin!(engine.client.wait_container(name.as_str(), None::<WaitContainerOptions>));
    let code = match ended.next().await {
        Some(Ok(ended)) => ended.status_code,
        Some(Err(ClientError::DockerContainerWaitError { code, .. })) => code,
        Some(Err(error)) => return Err(EngineError::from_client("waiting for a container")(error)),
        None => return Err(EngineError::Gone("waiting for a container")),
    };
    Ok(i32::try_from(code).unwrap_or(-1))
}
