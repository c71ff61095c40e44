//! Starting an account's container and waiting until its agent's door opens; and the look at its walls before anybody is
//! let in. A container that fails any of it is stopped again.

use std::convert::Infallible;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use bollard::models::{ContainerInspectResponse, ContainerStateStatusEnum};
use bollard::query_parameters::{
    KillContainerOptionsBuilder, LogsOptionsBuilder, StopContainerOptionsBuilder,
};
use futures_util::StreamExt;
use tokio::time::{Instant, sleep};

use super::create::inspect;
use super::failure::{EngineError, is_missing};
use super::find::Engine;
use super::name::EngineName;
use super::template::{GENTLE, Template};
use super::{bridge, check};
use crate::control::{self, Agent, Door};
use crate::home::Folders;
use crate::runtime::RuntimeError;

/// How long an agent may take until it accepts connections.
const START: Duration = Duration::from_secs(15);

/// How often to knock meanwhile.
const PAUSE: Duration = Duration::from_millis(10);

/// How long to wait before asking a container to end once more.
const AGAIN: Duration = Duration::from_millis(300);

/// How long an agent may take to open its door before it is asked from inside whether it has.
const FROM_INSIDE: Duration = Duration::from_secs(1);

/// How many knocks to one look at the container.
const KNOCKS: u32 = 10;

/// The longest last line that is told, characters.
const LAST_LINE: usize = 400;

/// An agent that was reached.
#[derive(Debug)]
pub(super) enum Reached {
    /// Through its socket in the mounted folder.
    Directly(Agent),
    /// From inside its container.
    Bridged(UnixStream),
}

/// Starts the container and gives the connection to its agent.
///
/// # Errors
/// Among others [`EngineError::PortTaken`], [`EngineError::NoNetwork`], [`EngineError::Ended`].
pub(super) async fn launch(
    engine: &Engine,
    template: &Template,
    folders: &Folders,
) -> Result<Reached, RuntimeError> {
    let launched = try_launch(engine, template, folders).await;
    if launched.is_err()
        && let Err(error) = stop(engine, &template.name).await
    {
        tracing::warn!("a container that failed to start could not be stopped: {error}");
    }
    launched
}

async fn try_launch(
    engine: &Engine,
    template: &Template,
    folders: &Folders,
) -> Result<Reached, RuntimeError> {
    control::clear_stale(folders)?;
    let before = inspect(engine, &template.name).await?.and_then(|found| found.restart_count);
    let started = engine.client.start_container(template.name.as_str(), None).await;
    started.map_err(|e| EngineError::from_client("starting the container")(e).about_port(template.port))?;
    let reached = wait_for_door(engine, template, folders, before).await?;
    // The process of an agent that is reached from inside has no number here.
    if let Reached::Directly(agent) = &reached
        && let Some(missing) = check::unguarded(agent.pid)?.filter(|missing| !missing.is_empty())
    {
        return Err(EngineError::Weakened(missing.join(", ")).into());
    }
    Ok(reached)
}

async fn wait_for_door(
    engine: &Engine,
    template: &Template,
    folders: &Folders,
    restarts: Option<i64>,
) -> Result<Reached, RuntimeError> {
    let deadline = Instant::now() + START;
    let mut from_inside = Instant::now() + if engine.distant { Duration::ZERO } else { FROM_INSIDE };
    while Instant::now() < deadline {
        for _ in 0..KNOCKS {
            if let Door::Open(_) = control::knock(folders)?
                && let Some(agent) = control::identify(folders)?
            {
                return Ok(Reached::Directly(agent));
            }
            sleep(PAUSE).await;
        }
        let found = inspect(engine, &template.name).await?;
        if !found.is_some_and(|found| goes_on(&found) && found.restart_count <= restarts) {
            return Err(EngineError::Ended(last_line(engine, &template.name).await).into());
        }
        if Instant::now() >= from_inside {
            if let Some(reached) = reach_from_inside(engine, template, folders).await? {
                return Ok(reached);
            }
            from_inside = Instant::now() + FROM_INSIDE;
        }
    }
    Err(EngineError::Unresponsive.into())
}

/// An agent that answers at its socket inside, while nobody does here.
async fn reach_from_inside(
    engine: &Engine,
    template: &Template,
    folders: &Folders,
) -> Result<Option<Reached>, RuntimeError> {
    let well = bridge::is_well(engine, &template.name).await.unwrap_or_else(|error| {
        tracing::debug!("an agent cannot be asked from inside: {error}");
        false
    });
    if !well {
        return Ok(None);
    }
    // It may have opened its door in this moment.
    if let Some(agent) = control::identify(folders)? {
        return Ok(Some(Reached::Directly(agent)));
    }
    tracing::info!("an agent's socket leads nowhere here, so the agent is reached from inside its container");
    Ok(Some(Reached::Bridged(bridge::connect(engine, &template.name).await?)))
}

/// Whether a container runs now.
pub(super) fn runs(found: &ContainerInspectResponse) -> bool {
    found.state.as_ref().and_then(|state| state.status) == Some(ContainerStateStatusEnum::RUNNING)
}

/// Whether a container runs, or is about to.
fn goes_on(found: &ContainerInspectResponse) -> bool {
    let status = found.state.as_ref().and_then(|state| state.status);
    matches!(status, Some(ContainerStateStatusEnum::RUNNING | ContainerStateStatusEnum::CREATED))
}

/// Stops a container: asks first, then insists. Not running or not there is fine.
pub(super) async fn stop(engine: &Engine, name: &EngineName) -> Result<(), EngineError> {
    let options = StopContainerOptionsBuilder::new().t(GENTLE).build();
    let stopped = tokio::select! {
        stopped = engine.client.stop_container(name.as_str(), Some(options)) => stopped,
        never = ask_again(engine, name) => match never {},
    };
    match stopped {
        Err(e) if !is_missing(&e) => Err(EngineError::from_client("stopping the container")(e)),
        _ => Ok(()),
    }
}

/// Goes on asking a container that is being stopped. The kernel tells the first process of a container nothing that it
/// does not listen for yet, and an agent that has just logged out is being started again by its engine.
async fn ask_again(engine: &Engine, name: &EngineName) -> Infallible {
    loop {
        sleep(AGAIN).await;
        let options = KillContainerOptionsBuilder::new().signal("SIGTERM").build();
        let _ended_meanwhile = engine.client.kill_container(name.as_str(), Some(options)).await;
    }
}

/// The last line that is not blank, of what the agent said.
async fn last_line(engine: &Engine, name: &EngineName) -> String {
    let options = LogsOptionsBuilder::new().stdout(true).stderr(true).tail("10").build();
    let mut said = Vec::new();
    let mut log = std::pin::pin!(engine.client.logs(name.as_str(), Some(options)));
    while let Some(Ok(part)) = log.next().await {
        said.extend_from_slice(&part.into_bytes());
    }
    let said = String::from_utf8_lossy(&said);
    let line = said.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
    line.chars().take(LAST_LINE).collect()
}
