//! Starting one agent and waiting until its door opens. Owns the agent's command line, environment and log.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::control::{self, Agent, Door};
use crate::home::{Folders, open_log};
use crate::runtime::RuntimeError;

/// How long an agent may take until it accepts connections.
const START: Duration = Duration::from_secs(10);

/// How often to knock meanwhile.
const PAUSE: Duration = Duration::from_millis(10);

/// The longest last line that is told, bytes.
const LAST_LINE: usize = 400;

/// The variables that an agent inherits; everything else could change what its libraries load. With any other one, the
/// agent would begin by starting itself again without it.
const INHERITED: [&str; 2] = ["AIRHATCH_LOG", "RUST_BACKTRACE"];

/// Starts the program and waits for its control socket. An agent that cannot be reached in time is ended again.
pub(super) async fn launch(program: &Path, folders: &Folders) -> Result<Agent, RuntimeError> {
    let log = open_log(&folders.agent_log())?;
    let before = log.metadata()?.len();
    let mut child = command(program, folders, log)
        .spawn()
        .map_err(|source| RuntimeError::Program { path: program.to_owned(), source })?;
    let opened = wait_for_door(&mut child, folders).await;
    match opened {
        Ok(agent) => {
            tokio::spawn(async move { child.wait().await });
            Ok(agent)
        }
        Err(RuntimeError::EndedEarly { status, .. }) => {
            Err(RuntimeError::EndedEarly { status, said: last_line(&folders.agent_log(), before) })
        }
        Err(e) => {
            child.kill().await?;
            Err(e)
        }
    }
}

/// The agent makes a session of its own (`--detach`), so no terminal's signal reaches it; until then it is in its own
/// group at least through the front, which starts the warden in one.
fn command(program: &Path, folders: &Folders, log: File) -> Command {
    let mut command = Command::new(program);
    command.args(["run", "--detach", "--home"]).arg(folders.agent());
    command.arg("--inbox").arg(&folders.inbox);
    command.arg("--outbox").arg(folders.outbox());
    command.arg("--drop").arg(folders.drop_folder());
    command.arg("--control").arg(folders.control());
    command.env_clear();
    command.envs(INHERITED.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).current_dir("/");
    command
}

async fn wait_for_door(child: &mut Child, folders: &Folders) -> Result<Agent, RuntimeError> {
    let deadline = Instant::now() + START;
    loop {
        // Knocking twice to know the process is for an open door only.
        if let Door::Open(_) = control::knock(folders)?
            && let Some(agent) = control::identify(folders)?
        {
            return Ok(agent);
        }
        if let Some(status) = child.try_wait()? {
            // It may have made way for an agent that was started by hand.
            return control::identify(folders)?
                .ok_or(RuntimeError::EndedEarly { status, said: String::new() });
        }
        if Instant::now() > deadline {
            return Err(RuntimeError::Unresponsive);
        }
        sleep(PAUSE).await;
    }
}

/// The last line that is not blank, of what was written to the log after `start`.
fn last_line(log: &Path, start: u64) -> String {
    let mut text = Vec::new();
    let read = File::open(log).and_then(|mut file| {
        let end = file.metadata()?.len();
        file.seek(SeekFrom::Start(start.max(end.saturating_sub(1 << 14))))?;
        file.read_to_end(&mut text)
    });
    if let Err(e) = read {
        tracing::warn!("an agent's log cannot be read: {e}");
    }
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
    line.chars().take(LAST_LINE).collect()
}
