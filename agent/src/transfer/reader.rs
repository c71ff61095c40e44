//! The sender's thread: reads the staged files, hashes and seals them. Runs outside the async world; knows nothing of the
//! connection or the hub.

use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use airhatch_seal::{Recipient, SealWriter};
use airhatch_wire::peer::{Item, ItemHash};
use airhatch_wire::{Code, Failure, StageId};

use super::offer::internal;
use super::pipe::FrameWriter;
use crate::source::{Read, SourceReader};

/// What is worked with at a time, bytes.
const PIECE: usize = 1 << 20;

/// The files of one offer, and what earlier attempts have learnt of them.
#[derive(Clone)]
pub struct Content {
    /// Where staging folders lie.
    pub outbox: PathBuf,
    /// Which one.
    pub stage: StageId,
    /// The wanted items of the offer's table.
    pub items: Arc<[Item]>,
    /// The files that were read to their end.
    pub known: Arc<Mutex<Vec<Read>>>,
}

impl Content {
    /// Reads on from `offset`, seals what comes into frames, and says what all the files are. `read` follows the bytes
    /// of content.
    ///
    /// # Errors
    /// [`Code::BadSource`] when a file is not what was offered; [`Code::PeerOffline`] when nobody takes the frames.
    pub fn read_and_seal(
        &self,
        offset: u64,
        recipient: &Recipient,
        frames: FrameWriter,
        read: &AtomicU64,
    ) -> Result<Vec<ItemHash>, Failure> {
        self.with_source(|source, known| {
            source.pass(offset, known)?;
            let mut sealed = SealWriter::new(frames, std::slice::from_ref(recipient)).map_err(internal)?;
            let mut piece = vec![0; PIECE];
            loop {
                let count = source.next_chunk(&mut piece)?;
                let Some(bytes) = piece.get(..count).filter(|bytes| !bytes.is_empty()) else { break };
                sealed.write_all(bytes).map_err(gone)?;
                read.fetch_add(u64::try_from(count).unwrap_or(0), Ordering::Relaxed);
            }
            let hashes = source.finish()?;
            sealed.finish().map_err(gone)?.flush().map_err(gone)?;
            Ok(hashes)
        })
    }

    /// Says what the files are; reads only those that were not read before.
    ///
    /// # Errors
    /// [`Code::BadSource`] when a file is not what was offered.
    pub fn hashes(&self) -> Result<Vec<ItemHash>, Failure> {
        self.with_source(|source, known| {
            let total = self.items.iter().map(|item| item.size).sum();
            source.pass(total, known)?;
            // Files without content may follow the last byte.
            while source.next_chunk(&mut [0])? > 0 {}
            Ok(source.finish()?)
        })
    }

    /// Whatever comes of it, what was read to its end is known from here on.
    fn with_source(
        &self,
        work: impl FnOnce(&mut SourceReader, &[Read]) -> Result<Vec<ItemHash>, Failure>,
    ) -> Result<Vec<ItemHash>, Failure> {
        let mut source = SourceReader::open(&self.outbox, self.stage, self.items.to_vec())?;
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let outcome = work(&mut source, &known);
        let now = source.into_read();
        if now.len() > known.len() {
            *self.known.lock().unwrap_or_else(PoisonError::into_inner) = now;
        }
        outcome
    }
}

fn gone(error: std::io::Error) -> Failure {
    Failure::new(Code::PeerOffline, error.to_string()).hint("it is tried again by itself")
}
