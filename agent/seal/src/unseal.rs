//! Opening: header and payload taken apart, as a reader, as chunks, or at once.

use std::io::{self, BufRead, BufReader, ErrorKind, Read};

use zeroize::Zeroizing;

use crate::error::UnsealError;
use crate::header::{Header, HeaderError};
use crate::identity::Identity;
use crate::keys::{FileKey, PAYLOAD_NONCE_BYTES};
use crate::stream::{CHUNK, ChunkOpener, Opened, SEALED_CHUNK};

/// Holds a header of one recipient; a chunk is read past it, straight into its place.
const HEADER_BUFFER: usize = 4 * 1024;

/// Reads the beginning of a sealed file (header and nonce, and not a byte more) with whichever of `identities`
/// opens it, and returns the opener of its chunks.
///
/// # Errors
/// Every [`UnsealError`] but `Payload` and `TooLong`.
pub fn begin_unseal(input: &mut impl BufRead, identities: &[Identity]) -> Result<ChunkOpener, UnsealError> {
    let header = Header::read(input)?;
    let file_key = open_file_key(&header, identities)?;
    header.verify(&file_key)?;
    let mut nonce = [0; PAYLOAD_NONCE_BYTES];
    input.read_exact(&mut nonce).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => HeaderError::Truncated.into(),
        _ => UnsealError::Io(error),
    })?;
    Ok(ChunkOpener::new(&file_key.payload_key(&nonce)?)?)
}

fn open_file_key(header: &Header, identities: &[Identity]) -> Result<FileKey, UnsealError> {
    for identity in identities {
        if let Some(file_key) = identity.unwrap(&header.stanzas)? {
            return Ok(file_key);
        }
    }
    Err(UnsealError::NoMatch)
}

/// Opens a sealed file as it is read, in constant memory.
///
/// Only authenticated bytes come out. Whoever uses them before the end must be ready to discard them: that nothing
/// is missing is only known when `read` has returned `Ok(0)`. Errors are [`UnsealError`]s inside [`io::Error`]s
/// (`UnsealError::from` gets them out again); those about the content are final.
pub struct UnsealReader<R: Read> {
    inner: BufReader<R>,
    opener: ChunkOpener,
    sealed: Box<[u8]>,
    /// How much of `sealed` was read so far.
    filled: usize,
    plain: Zeroizing<Box<[u8]>>,
    /// Which part of `plain` still waits to be read.
    waiting: std::ops::Range<usize>,
    ended: bool,
}

impl<R: Read> UnsealReader<R> {
    /// Reads the header from `inner`.
    ///
    /// # Errors
    /// As [`begin_unseal`].
    pub fn new(inner: R, identities: &[Identity]) -> Result<Self, UnsealError> {
        let mut inner = BufReader::with_capacity(HEADER_BUFFER, inner);
        let opener = begin_unseal(&mut inner, identities)?;
        Ok(Self {
            inner,
            opener,
            sealed: vec![0; SEALED_CHUNK].into_boxed_slice(),
            filled: 0,
            plain: Zeroizing::new(vec![0; CHUNK].into_boxed_slice()),
            waiting: 0..0,
            ended: false,
        })
    }

    /// Fills `sealed` with the next chunk; it stays shorter only at the end of the input. May be called again
    /// after an error.
    fn fill(&mut self) -> io::Result<()> {
        while let Some(room @ [_, ..]) = self.sealed.get_mut(self.filled..) {
            match self.inner.read(room) {
                Ok(0) => break,
                Ok(length) => self.filled += length,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for UnsealReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        while self.waiting.is_empty() {
            self.fill()?;
            let sealed = self.sealed.get(..self.filled).unwrap_or_default();
            if self.ended && sealed.is_empty() {
                return Ok(0);
            }
            // A caller with room for a whole chunk gets it without a copy; a refused one is wiped there.
            let direct = out.len() >= CHUNK;
            let target = if direct { &mut *out } else { &mut self.plain };
            let opened = self.opener.open_chunk(sealed, target)?;
            self.filled = 0;
            let (Opened::More(length) | Opened::Last(length)) = opened;
            self.ended = matches!(opened, Opened::Last(_));
            if direct && length > 0 {
                return Ok(length);
            }
            self.waiting = 0..length;
        }
        let length = self.plain.get(self.waiting.clone()).unwrap_or_default().read(out)?;
        self.waiting.start += length;
        Ok(length)
    }
}

/// Opens something small, at once.
///
/// # Errors
/// Every [`UnsealError`]; [`UnsealError::TooLong`] when it holds more than `limit` bytes.
pub fn unseal_small(
    identity: &Identity,
    sealed: &[u8],
    limit: usize,
) -> Result<Zeroizing<Vec<u8>>, UnsealError> {
    let reader = UnsealReader::new(sealed, std::slice::from_ref(identity))?;
    // Never reallocated, so no copy stays behind unwiped: the plain bytes are fewer than the sealed ones.
    let mut plain = Zeroizing::new(Vec::with_capacity(sealed.len()));
    reader.take((limit as u64).saturating_add(1)).read_to_end(&mut plain)?;
    if plain.len() > limit { Err(UnsealError::TooLong { limit }) } else { Ok(plain) }
}
