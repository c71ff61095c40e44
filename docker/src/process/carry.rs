//! Packing and unpacking an agent's state by the agent program itself, beside the one that is installed here. Its stream
//! is passed on and never read.

use std::path::Path;
use std::process::{ExitStatus, Stdio};

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

use crate::home::Folders;
use crate::moving::{CHUNK, MOST_SAID, WAITING, heard};
use crate::runtime::{Packing, RuntimeError, Unpacking};

/// Starts the program that packs.
pub(super) fn pack(program: &Path, folders: &Folders) -> Result<Packing, RuntimeError> {
    let mut child = start(program, "pack", folders, [Stdio::null(), Stdio::piped(), Stdio::piped()])?;
    let (sender, chunks) = mpsc::channel(WAITING);
    let (stream, said) = (child.stdout.take(), child.stderr.take());
    let said = tokio::spawn(async move {
        let pass_on = async {
            let Some(mut stream) = stream else { return Ok(()) };
            loop {
                let mut chunk = bytes::BytesMut::with_capacity(CHUNK);
                if stream.read_buf(&mut chunk).await? == 0 || sender.send(chunk.freeze()).await.is_err() {
                    return Ok(());
                }
            }
        };
        let (passed, said) = tokio::join!(pass_on, all_of(said));
        drop(sender);
        passed.map_err(RuntimeError::Io)?;
        ended(child, "packed", &said?).await
    });
    Ok(Packing { chunks, said })
}

/// Starts the program that unpacks.
pub(super) fn unpack(program: &Path, folders: &Folders) -> Result<Unpacking, RuntimeError> {
    let mut child = start(program, "unpack", folders, [Stdio::piped(), Stdio::piped(), Stdio::piped()])?;
    let (said, complaint) = (child.stdout.take(), child.stderr.take());
    let sink = child.stdin.take().ok_or(RuntimeError::Stuck)?;
    let said = tokio::spawn(async move {
        let (said, complaint) = tokio::join!(all_of(said), all_of(complaint));
        let (mut said, complaint) = (said?, complaint?);
        said.extend(complaint);
        ended(child, "unpacked", &said).await
    });
    Ok(Unpacking { sink: Box::pin(sink), said })
}

fn start(
    program: &Path,
    command: &str,
    folders: &Folders,
    [input, output, error]: [Stdio; 3],
) -> Result<Child, RuntimeError> {
    let mut started = Command::new(program);
    started.args([command, "--home"]).arg(folders.agent()).env_clear().current_dir("/");
    started.stdin(input).stdout(output).stderr(error).process_group(0).kill_on_drop(true);
    started.spawn().map_err(|source| RuntimeError::Program { path: program.to_owned(), source })
}

/// What a program says on one of its outputs: its end is what counts, and there should not be much of it.
async fn all_of(output: Option<impl AsyncRead + Unpin>) -> Result<Vec<u8>, RuntimeError> {
    let mut said = Vec::new();
    if let Some(mut output) = output {
        (&mut output).take(MOST_SAID).read_to_end(&mut said).await?;
        tokio::io::copy(&mut output, &mut tokio::io::sink()).await?;
    }
    Ok(said)
}

async fn ended(mut child: Child, step: &'static str, said: &[u8]) -> Result<String, RuntimeError> {
    let status: ExitStatus = child.wait().await?;
    heard(step, status.code(), said)
}
