//! What a folder holds, in one line that is the same for the same content: how many files, how many bytes, and a hash of
//! every path and every content. Made while packing, and again from what was unpacked.

use std::fmt;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use blake3::Hasher;

/// A running tally; paths must come in the same order to give the same hash.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    files: u64,
    bytes: u64,
    hasher: Hasher,
}

impl Tally {
    pub(super) fn folder(&mut self, path: &Path) {
        self.path(b'd', path);
    }

    pub(super) fn file<R>(&mut self, path: &Path, content: Counting<R>) {
        self.path(b'f', path);
        self.hasher.update(content.hasher.finalize().as_bytes());
        self.files += 1;
        self.bytes += content.bytes;
    }

    /// With its length, so that no two lists of paths run together into the same bytes.
    fn path(&mut self, kind: u8, path: &Path) {
        let path = path.as_os_str().as_bytes();
        self.hasher.update(&[kind]);
        self.hasher.update(&(path.len() as u64).to_le_bytes());
        self.hasher.update(path);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "state: {} files, {} bytes, {}", self.files, self.bytes, self.hasher.finalize().to_hex())
    }
}

/// Counts and hashes what is read through it.
pub(super) struct Counting<R> {
    inner: R,
    bytes: u64,
    hasher: Hasher,
}

impl<R> Counting<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, bytes: 0, hasher: Hasher::new() }
    }

    /// Bytes read so far.
    pub(super) const fn seen(&self) -> u64 {
        self.bytes
    }
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hasher.update(buffer.get(..read).unwrap_or_default());
        self.bytes += read as u64;
        Ok(read)
    }
}
