//! Reaching an agent from inside its container, where its control socket cannot be reached through the folder that is
//! mounted: an engine in a virtual machine shows the folder, but a socket in it leads nowhere. The agent program itself
//! is started beside the agent and joins the socket with its standard input and output; its bytes are passed on between
//! those and one end of a socket pair, unread. Used by the runtime.

use std::os::unix::net::UnixStream;
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::errors::Error as ClientError;
use bollard::exec::{CreateExecOptions, StartExecOptions, StartExecResults};
use bollard::query_parameters::WaitContainerOptions;
use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::{sleep, timeout};

use super::create::inspect;
use super::failure::EngineError;
use super::find::Engine;
use super::launch::runs;
use super::name::EngineName;
use super::template::{CONTROL_INSIDE, HOME_INSIDE};

/// The agent program, inside.
const PROGRAM: &str = "/airhatch-agent";

/// Bytes passed on at once.
const BUFFER: usize = 64 << 10;

/// How long an agent may take to say that it is well.
const ANSWER: Duration = Duration::from_secs(5);

/// How long to wait before looking again whether a container runs, when the engine does not tell of its end.
const AGAIN: Duration = Duration::from_secs(2);

/// Whether the agent answers at its socket, asked from inside.
pub(super) async fn is_well(engine: &Engine, name: &EngineName) -> Result<bool, EngineError> {
    let command = ["healthcheck", "--home", HOME_INSIDE, "--control", CONTROL_INSIDE];
    let (id, started) = execute(engine, name, &command, false).await?;
    let StartExecResults::Attached { mut output, .. } = started else { return Ok(false) };
    let heard_out = timeout(ANSWER, async { while output.next().await.is_some() {} }).await;
    let looked = engine.client.inspect_exec(&id).await;
    let looked = looked.map_err(EngineError::from_client("asking an agent whether it is well"))?;
    Ok(heard_out.is_ok() && looked.exit_code == Some(0))
}

/// A connection to the agent. It ends when the agent closes it, when its other end is closed, and with this program.
pub(super) async fn connect(engine: &Engine, name: &EngineName) -> Result<UnixStream, EngineError> {
    let command = ["stdio-bridge", "--control", CONTROL_INSIDE];
    let (_, started) = execute(engine, name, &command, true).await?;
    let StartExecResults::Attached { output, input } = started else {
        return Err(EngineError::Gone("reaching an agent"));
    };
    let (front, ours) = UnixStream::pair()?;
    front.set_nonblocking(true)?;
    ours.set_nonblocking(true)?;
    let (from_front, to_front) = tokio::net::UnixStream::from_std(ours)?.into_split();
    tokio::spawn(pass_in(from_front, input));
    tokio::spawn(pass_out(output, to_front));
    Ok(front)
}

/// Completes when the container has ended, however that is learned.
pub(super) async fn ended(engine: Engine, name: EngineName) {
    loop {
        let mut end =
            std::pin::pin!(engine.client.wait_container(name.as_str(), None::<WaitContainerOptions>));
        if let Some(Ok(_) | Err(ClientError::DockerContainerWaitError { .. })) = end.next().await {
            return;
        }
        if !inspect(&engine, &name).await.is_ok_and(|found| found.is_some_and(|found| runs(&found))) {
            return;
        }
        sleep(AGAIN).await;
    }
}

async fn execute(
    engine: &Engine,
    name: &EngineName,
    command: &[&str],
    hears: bool,
) -> Result<(String, StartExecResults), EngineError> {
    let command = [&[PROGRAM], command].concat();
    let options = CreateExecOptions {
        attach_stdin: Some(hears),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        cmd: Some(command),
        ..CreateExecOptions::default()
    };
    let doing = "starting a program in the container";
    let made = engine.client.create_exec(name.as_str(), options).await;
    let id = made.map_err(EngineError::from_client(doing))?.id;
    let options = StartExecOptions { output_capacity: Some(2 * BUFFER), ..StartExecOptions::default() };
    let started = engine.client.start_exec(&id, Some(options)).await;
    Ok((id, started.map_err(EngineError::from_client(doing))?))
}

/// To the agent, and at the front's end the news of that.
async fn pass_in(mut from: OwnedReadHalf, mut input: impl AsyncWriteExt + Unpin) {
    let mut buffer = vec![0; BUFFER];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if input.write_all(buffer.get(..read).unwrap_or_default()).await.is_err() {
            return;
        }
    }
    // An agent that has ended needs no such news.
    let _ended = input.shutdown().await;
}

/// To the front, until the agent or the front is gone.
async fn pass_out(
    mut output: impl futures_util::Stream<Item = Result<LogOutput, ClientError>> + Unpin,
    mut to: OwnedWriteHalf,
) {
    while let Some(Ok(part)) = output.next().await {
        match part {
            LogOutput::StdErr { message } => {
                tracing::warn!("a bridge to an agent: {}", String::from_utf8_lossy(&message).escape_debug());
            }
            part => {
                if to.write_all(&part.into_bytes()).await.is_err() {
                    return;
                }
            }
        }
    }
    let _gone = to.shutdown().await;
}
