//! The recipient's thread: opens the sealed stream and writes what is authenticated into the landing. Runs outside the
//! async world, fed by frames; knows nothing of the connection or the hub.

use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};

use airhatch_seal::{Identity, UnsealReader};
use airhatch_wire::{Code, Failure};

use super::pipe::FrameReader;
use crate::landing::{Landing, LandingError};

/// What is worked with at a time, bytes.
const PIECE: usize = 1 << 20;

/// Writes everything that the frames hold; the landing that is complete but not yet checked against the sender's word.
/// When it cannot go on, what was written is made durable, for another attempt to go on from there. `written` follows
/// the bytes of content that are here.
///
/// # Errors
/// The reason, fit for both sides. [`Code::DiskFull`] is one that may pass.
pub fn open_and_write(
    mut landing: Landing,
    identity: Identity,
    frames: FrameReader,
    written: &AtomicU64,
) -> Result<Landing, Failure> {
    let outcome = write_all(&mut landing, frames, identity, written);
    let kept = match &outcome {
        Ok(()) => return Ok(landing),
        Err(_) => landing.keep(),
    };
    match kept {
        Ok(()) | Err(LandingError::DiskFull) => {}
        Err(error) => tracing::warn!(%error, "a transfer goes on from an earlier point than it could"),
    }
    outcome.map(|()| landing)
}

fn write_all(
    landing: &mut Landing,
    frames: FrameReader,
    identity: Identity,
    written: &AtomicU64,
) -> Result<(), Failure> {
    let mut plain = UnsealReader::new(frames, &[identity]).map_err(unsealed)?;
    let mut piece = vec![0; PIECE];
    loop {
        let count = plain.read(&mut piece).map_err(|error| {
            Failure::new(Code::VerificationFailed, format!("the sealed bytes do not open: {error}"))
        })?;
        let Some(bytes) = piece.get(..count).filter(|bytes| !bytes.is_empty()) else { return Ok(()) };
        landing.write(bytes)?;
        landing.step()?;
        written.store(landing.written(), Ordering::Relaxed);
    }
}

fn unsealed(error: airhatch_seal::UnsealError) -> Failure {
    Failure::new(Code::VerificationFailed, format!("the sealed bytes do not open: {error}"))
        .hint("the sender may have an older key of yours; ask them to send it again")
}
