//! Sealing: header and payload put together, as a writer, as chunks, or at once.

use std::io::{self, Write};

use openssl::rand::rand_bytes;
use zeroize::Zeroizing;

use crate::error::SealError;
use crate::header;
use crate::keys::{FileKey, PAYLOAD_NONCE_BYTES};
use crate::recipient::Recipient;
use crate::stream::{CHUNK, ChunkSealer, SEALED_CHUNK};

/// How many recipients one file can have: so many that its header always stays below the reader's limit.
pub const MAX_RECIPIENTS: usize = 512;

/// Starts a sealed file for `recipients`, all of whom will be able to open it.
///
/// Returns what the file begins with (header and nonce, to be written first) and the sealer of its chunks.
///
/// # Errors
/// [`SealError`]: no recipients, too many, or post-quantum and classic ones together.
pub fn begin_seal(recipients: &[Recipient]) -> Result<(Vec<u8>, ChunkSealer), SealError> {
    let first = recipients.first().ok_or(SealError::NoRecipients)?;
    if recipients.len() > MAX_RECIPIENTS {
        return Err(SealError::TooManyRecipients);
    }
    if recipients.iter().any(|recipient| recipient.is_hybrid() != first.is_hybrid()) {
        return Err(SealError::MixedRecipients);
    }
    let file_key = FileKey::generate()?;
    let stanzas =
        recipients.iter().map(|recipient| recipient.wrap(&file_key)).collect::<Result<Vec<_>, _>>()?;
    let mut beginning = header::write(&stanzas, &file_key)?;
    let mut nonce = [0; PAYLOAD_NONCE_BYTES];
    rand_bytes(&mut nonce)?;
    beginning.extend(nonce);
    Ok((beginning, ChunkSealer::new(&file_key.payload_key(&nonce)?)?))
}

/// Seals everything written to it, in constant memory.
///
/// Only [`finish`](Self::finish) writes the last chunk: a stream that was dropped or forgotten does not open, so
/// an aborted one can never pass for a complete one.
pub struct SealWriter<W: Write> {
    inner: W,
    sealer: ChunkSealer,
    /// The chunk being filled. A full one waits for more bytes, because it could be the last.
    plain: Zeroizing<Vec<u8>>,
    sealed: Box<[u8]>,
    /// Set once `inner` has failed: some sealed bytes are lost, and what follows could not be opened.
    broken: bool,
}

impl<W: Write> SealWriter<W> {
    /// Writes the header for `recipients` to `inner`.
    ///
    /// # Errors
    /// As [`begin_seal`], or `inner`'s own.
    pub fn new(mut inner: W, recipients: &[Recipient]) -> Result<Self, SealError> {
        let (beginning, sealer) = begin_seal(recipients)?;
        inner.write_all(&beginning)?;
        Ok(Self {
            inner,
            sealer,
            plain: Zeroizing::new(Vec::with_capacity(CHUNK)),
            sealed: vec![0; SEALED_CHUNK].into_boxed_slice(),
            broken: false,
        })
    }

    /// Seals the last chunk, flushes, and returns the inner writer.
    ///
    /// # Errors
    /// The inner writer's, also when an earlier write already failed.
    pub fn finish(mut self) -> io::Result<W> {
        check(self.broken)?;
        let length = self.sealer.seal_last(&self.plain, &mut self.sealed)?;
        self.inner.write_all(self.sealed.get(..length).unwrap_or_default())?;
        self.inner.flush()?;
        Ok(self.inner)
    }

    fn emit(&mut self, plain: Source<'_>) -> io::Result<()> {
        let chunk = match plain {
            Source::Buffer => self.plain.as_slice(),
            Source::Caller(bytes) => bytes,
        };
        self.broken = true;
        let length = self.sealer.seal_chunk(chunk, &mut self.sealed)?;
        // Overwritten by the next chunk, and wiped whole when dropped.
        self.plain.clear();
        self.inner.write_all(self.sealed.get(..length).unwrap_or_default())?;
        self.broken = false;
        Ok(())
    }
}

/// Where a full chunk lies: large writes are sealed where they are, without a copy.
enum Source<'a> {
    Buffer,
    Caller(&'a [u8]),
}

fn check(broken: bool) -> io::Result<()> {
    if broken {
        Err(io::Error::other("an earlier write failed; start again from the beginning"))
    } else {
        Ok(())
    }
}

impl<W: Write> Write for SealWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        check(self.broken)?;
        if bytes.is_empty() {
            return Ok(0);
        }
        if self.plain.len() == CHUNK {
            self.emit(Source::Buffer)?;
        }
        if self.plain.is_empty()
            && bytes.len() > CHUNK
            && let Some(chunk) = bytes.get(..CHUNK)
        {
            self.emit(Source::Caller(chunk))?;
            return Ok(CHUNK);
        }
        let length = bytes.len().min(CHUNK - self.plain.len());
        self.plain.extend_from_slice(bytes.get(..length).unwrap_or_default());
        Ok(length)
    }

    /// Flushes the inner writer. The chunk being filled stays: chunks cannot be cut short.
    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Seals something small to one recipient, at once.
///
/// # Errors
/// [`SealError::UnusableRecipient`], or OpenSSL's failure.
pub fn seal_small(recipient: &Recipient, plain: &[u8]) -> Result<Vec<u8>, SealError> {
    let mut writer = SealWriter::new(Vec::new(), std::slice::from_ref(recipient))?;
    writer.write_all(plain)?;
    Ok(writer.finish()?)
}
