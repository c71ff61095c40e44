//! Carrying a state from the program that packs it to the one that unpacks it, and comparing what the two say it was.
//! Owns the sizes and times of that; never reads the bytes.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use crate::runtime::{Packing, RuntimeError, Said, Unpacking};

/// Bytes carried at once.
pub(crate) const CHUNK: usize = 64 << 10;

/// Chunks that may wait for the unpacking side.
pub(crate) const WAITING: usize = 16;

/// The most that is kept of what a program says, bytes.
pub(crate) const MOST_SAID: u64 = 16 << 10;

/// How long nothing may move, the making durable at the end included.
const STILL: Duration = Duration::from_secs(120);

/// The exit code by which the agent program tells of a full disk.
const FULL: i32 = 3;

/// How the agent program's account of a state begins; the same account means the same state.
const ACCOUNT: &str = "state: ";

/// The longest last line that is told, characters.
const LAST_LINE: usize = 400;

/// Carries everything over.
///
/// # Errors
/// Why either side failed; [`RuntimeError::Differs`], [`RuntimeError::Stuck`].
pub(crate) async fn carry(mut from: Packing, mut to: Unpacking) -> Result<(), RuntimeError> {
    while let Some(chunk) = in_time(from.chunks.recv()).await? {
        if in_time(to.sink.write_all(&chunk)).await?.is_err() {
            // It ended early, and says why.
            drop(to.sink);
            told(to.said).await?;
            return Err(RuntimeError::Differs);
        }
    }
    let closed = in_time(to.sink.shutdown()).await?;
    drop(to.sink);
    let (packed, unpacked) = (told(from.said).await, told(to.said).await);
    // A side that failed has cut the other one short, so the first cause comes first.
    let packed = packed?;
    if packed == unpacked? && closed.is_ok() { Ok(()) } else { Err(RuntimeError::Differs) }
}

/// What a program has said with its exit code and, on its last line, about the state.
///
/// # Errors
/// [`RuntimeError::NoSpace`], [`RuntimeError::NotCarried`].
pub(crate) fn heard(step: &'static str, code: Option<i32>, said: &[u8]) -> Result<String, RuntimeError> {
    let said = String::from_utf8_lossy(said);
    let line = said.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
    match code {
        Some(0) if line.starts_with(ACCOUNT) => Ok(line.to_owned()),
        Some(FULL) => Err(RuntimeError::NoSpace),
        _ if line.is_empty() => Err(RuntimeError::NotCarried { step, said: "it said nothing".to_owned() }),
        _ => Err(RuntimeError::NotCarried { step, said: line.chars().take(LAST_LINE).collect() }),
    }
}

async fn told(said: Said) -> Result<String, RuntimeError> {
    in_time(said).await?.unwrap_or(Err(RuntimeError::Stuck))
}

async fn in_time<T>(work: impl Future<Output = T>) -> Result<T, RuntimeError> {
    timeout(STILL, work).await.map_err(|_| RuntimeError::Stuck)
}
