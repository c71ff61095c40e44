//! The payload: age's STREAM of 64 KiB chunks, each sealed on its own under a counter.
//!
//! [`ChunkSealer`] and [`ChunkOpener`] work on the caller's buffers and do no I/O; the writer and the reader are
//! built on them, and a pipeline with its own buffers can be. They never see a header or a recipient.

use openssl::error::ErrorStack;
use thiserror::Error;

use crate::aead::{NONCE_BYTES, Opening, Sealing, TAG_BYTES};
use crate::error::{SealError, UnsealError};
use crate::keys::AeadKey;

/// Plain bytes of a full chunk; every chunk but the last is full.
pub const CHUNK: usize = 64 * 1024;
/// Bytes that sealing adds to each chunk.
pub const TAG: usize = TAG_BYTES;
/// Sealed bytes of a full chunk.
pub const SEALED_CHUNK: usize = CHUNK + TAG;

/// Why a payload was refused, and at which chunk (counted from 0).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PayloadError {
    /// The bytes end before the last chunk does.
    #[error("it ends too early, after {chunk} chunks of 64 KiB; copy the whole file again")]
    Truncated {
        /// The chunk that is missing.
        chunk: u64,
    },
    /// A chunk was changed, reordered, or cut off.
    #[error("chunk {chunk} was changed or cut off after sealing; ask for a new copy")]
    Damaged {
        /// The chunk that does not authenticate.
        chunk: u64,
    },
    /// Bytes follow the last chunk.
    #[error("something was appended after its end; ask for a new copy")]
    TrailingData,
    /// The last chunk is empty, though others precede it: no correct program writes that.
    #[error("its last chunk is empty; it was made by a faulty program")]
    EmptyLastChunk,
    /// The chunk counter ran out (after 2^80 bytes).
    #[error("it is longer than any file can be")]
    TooLong,
}

/// The nonce of the next chunk: a counter, and a mark on the last one. The marked nonce can only be had by giving
/// the counter away, so no key ever meets two last chunks.
struct Counter(u64);

impl Counter {
    /// The nonce when more chunks follow.
    fn nonce(&self) -> [u8; NONCE_BYTES] {
        self.marked(0)
    }

    /// The nonce when this chunk is the last.
    fn last(self) -> [u8; NONCE_BYTES] {
        self.marked(1)
    }

    /// The counter after this one; `None` when there is none.
    fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }

    fn is_first(&self) -> bool {
        self.0 == 0
    }

    /// Eleven bytes of counter, of which a `u64` never needs the first three, and the mark.
    fn marked(&self, mark: u8) -> [u8; NONCE_BYTES] {
        let [a, b, c, d, e, f, g, h] = self.0.to_be_bytes();
        [0, 0, 0, a, b, c, d, e, f, g, h, mark]
    }
}

/// Seals one payload, chunk by chunk.
pub struct ChunkSealer {
    cipher: Sealing,
    /// `None` once the counter ran out.
    counter: Option<Counter>,
}

impl ChunkSealer {
    pub(crate) fn new(key: &AeadKey) -> Result<Self, ErrorStack> {
        Ok(Self { cipher: Sealing::new(key)?, counter: Some(Counter(0)) })
    }

    /// Seals a chunk that is not the last: exactly [`CHUNK`] bytes, into the first [`SEALED_CHUNK`] bytes of
    /// `out`. Returns that length.
    ///
    /// # Errors
    /// [`SealError::ChunkSize`] when a size is wrong, or OpenSSL's failure.
    pub fn seal_chunk(&mut self, plain: &[u8], out: &mut [u8]) -> Result<usize, SealError> {
        if plain.len() != CHUNK || out.len() < SEALED_CHUNK {
            return Err(SealError::ChunkSize);
        }
        let counter = self.counter.take().ok_or(SealError::ChunkSize)?;
        let length = self.cipher.seal(&counter.nonce(), plain, out)?;
        self.counter = counter.next();
        length.ok_or(SealError::ChunkSize)
    }

    /// Seals the last chunk: at most [`CHUNK`] bytes, and none only if it is the first chunk too. Returns the
    /// sealed length, [`TAG`] more than the plain one, which `out` must have room for.
    ///
    /// # Errors
    /// [`SealError::ChunkSize`] when a size is wrong, or OpenSSL's failure.
    pub fn seal_last(mut self, plain: &[u8], out: &mut [u8]) -> Result<usize, SealError> {
        let counter = self.counter.take().ok_or(SealError::ChunkSize)?;
        if plain.len() > CHUNK || (plain.is_empty() && !counter.is_first()) {
            return Err(SealError::ChunkSize);
        }
        self.cipher.seal(&counter.last(), plain, out)?.ok_or(SealError::ChunkSize)
    }
}

/// What an opened chunk was, with its plain length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opened {
    /// A full chunk; more follow.
    More(usize),
    /// The last chunk: nothing may follow.
    Last(usize),
}

/// Opens one payload, chunk by chunk.
pub struct ChunkOpener {
    cipher: Opening,
    /// `None` once the last chunk was opened, or a chunk refused.
    counter: Option<Counter>,
    refusal: PayloadError,
}

impl ChunkOpener {
    pub(crate) fn new(key: &AeadKey) -> Result<Self, ErrorStack> {
        let refusal = PayloadError::TrailingData;
        Ok(Self { cipher: Opening::new(key)?, counter: Some(Counter(0)), refusal })
    }

    /// Opens the next chunk into the front of `out`, which must have room for `sealed.len() - TAG` bytes.
    ///
    /// `sealed` must be [`SEALED_CHUNK`] bytes; only at the end of the input may it be shorter, or empty (when
    /// the input ends where a chunk should begin). After [`Opened::Last`] nothing may follow: the caller checks
    /// that its input has ended, or calls this again and gets [`PayloadError::TrailingData`].
    ///
    /// # Errors
    /// [`UnsealError::Payload`]; nothing unauthenticated is left in `out`, and every later call fails the same
    /// way. Or OpenSSL's failure.
    pub fn open_chunk(&mut self, sealed: &[u8], out: &mut [u8]) -> Result<Opened, UnsealError> {
        let Some(counter) = self.counter.take() else { return Err(self.refusal.into()) };
        let chunk = counter.0;
        self.refusal = PayloadError::Damaged { chunk };
        if sealed.len() == SEALED_CHUNK {
            if let Some(length) = self.cipher.open(&counter.nonce(), sealed, out)? {
                self.counter = counter.next();
                self.refusal = PayloadError::TooLong;
                return Ok(Opened::More(length));
            }
        } else if sealed.is_empty() {
            self.refusal = PayloadError::Truncated { chunk };
        } else if sealed.len() == TAG && !counter.is_first() {
            self.refusal = PayloadError::EmptyLastChunk;
        }
        if matches!(self.refusal, PayloadError::Damaged { .. })
            && sealed.len() <= SEALED_CHUNK
            && let Some(length) = self.cipher.open(&counter.last(), sealed, out)?
        {
            self.refusal = PayloadError::TrailingData;
            return Ok(Opened::Last(length));
        }
        Err(self.refusal.into())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    fn key() -> AeadKey {
        AeadKey::from_bytes([5; 32])
    }

    fn sealed(chunks: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut sealer = ChunkSealer::new(&key()).unwrap();
        let (last, full) = chunks.split_last().unwrap();
        let mut out = vec![0; SEALED_CHUNK];
        let mut sealed: Vec<Vec<u8>> = Vec::new();
        for chunk in full {
            let length = sealer.seal_chunk(chunk, &mut out).unwrap();
            sealed.push(out[..length].to_vec());
        }
        let length = sealer.seal_last(last, &mut out).unwrap();
        sealed.push(out[..length].to_vec());
        sealed
    }

    fn open(chunks: &[impl AsRef<[u8]>]) -> (usize, Result<(), PayloadError>) {
        let mut opener = ChunkOpener::new(&key()).unwrap();
        let mut out = vec![0; CHUNK];
        let mut released = 0;
        for chunk in chunks {
            match opener.open_chunk(chunk.as_ref(), &mut out) {
                Ok(Opened::More(length) | Opened::Last(length)) => released += length,
                Err(UnsealError::Payload(error)) => return (released, Err(error)),
                Err(other) => panic!("not a payload error: {other}"),
            }
        }
        (released, Ok(()))
    }

    #[test]
    fn the_nonce_is_a_big_endian_counter_and_a_mark() {
        assert_eq!(Counter(0).nonce(), [0; 12]);
        assert_eq!(Counter(258).last(), [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 1]);
        assert!(Counter(u64::MAX).next().is_none());
    }

    #[test]
    fn swapped_repeated_and_missing_chunks_are_refused() {
        let chunks = sealed(&[&[1; CHUNK], &[2; CHUNK], &[3; CHUNK], b"end"]);
        let order = |indexes: &[usize]| open(&indexes.iter().map(|i| &chunks[*i]).collect::<Vec<_>>());
        assert_eq!(order(&[0, 1, 2, 3]), (3 * CHUNK + 3, Ok(())));
        assert_eq!(order(&[0, 2, 1, 3]), (CHUNK, Err(PayloadError::Damaged { chunk: 1 })));
        assert_eq!(order(&[0, 0, 1]), (CHUNK, Err(PayloadError::Damaged { chunk: 1 })));
        assert_eq!(order(&[0, 1, 3]), (2 * CHUNK, Err(PayloadError::Damaged { chunk: 2 })));
        assert_eq!(order(&[0, 1, 2, 3, 3]), (3 * CHUNK + 3, Err(PayloadError::TrailingData)));
    }

    #[test]
    fn an_end_without_a_last_chunk_is_refused() {
        let chunks = sealed(&[&[1; CHUNK], b"end"]);
        assert_eq!(open(&[&chunks[0][..], &[]]), (CHUNK, Err(PayloadError::Truncated { chunk: 1 })));
        assert_eq!(open(&[[]]), (0, Err(PayloadError::Truncated { chunk: 0 })));
    }

    #[test]
    fn a_refusal_is_final() {
        let chunks = sealed(&[&[1; CHUNK], b"end"]);
        let mut opener = ChunkOpener::new(&key()).unwrap();
        let mut out = vec![0xee; CHUNK];
        assert!(opener.open_chunk(&chunks[1], &mut out).is_err());
        assert_eq!(out[..3], [0; 3]);
        assert!(matches!(
            opener.open_chunk(&chunks[0], &mut out),
            Err(UnsealError::Payload(PayloadError::Damaged { chunk: 0 }))
        ));
    }

    #[test]
    fn a_sealer_refuses_chunks_of_the_wrong_size() {
        let mut out = vec![0; SEALED_CHUNK];
        let mut sealer = ChunkSealer::new(&key()).unwrap();
        assert!(matches!(sealer.seal_chunk(&[0; CHUNK - 1], &mut out), Err(SealError::ChunkSize)));
        assert!(matches!(sealer.seal_chunk(&[0; CHUNK], &mut out[1..]), Err(SealError::ChunkSize)));
        sealer.seal_chunk(&[0; CHUNK], &mut out).unwrap();
        assert!(matches!(sealer.seal_last(&[], &mut out), Err(SealError::ChunkSize)));
    }

    #[test]
    fn an_empty_last_chunk_after_others_is_refused() {
        let mut sealer = ChunkSealer::new(&key()).unwrap();
        let (mut first, mut last) = (vec![0; SEALED_CHUNK], [0; TAG]);
        sealer.seal_chunk(&[0; CHUNK], &mut first).unwrap();
        sealer.cipher.seal(&sealer.counter.take().unwrap().last(), &[], &mut last).unwrap();
        assert_eq!(open(&[&first[..], &last]), (CHUNK, Err(PayloadError::EmptyLastChunk)));
    }
}
