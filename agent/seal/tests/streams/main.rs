//! Whatever is sealed opens again, unchanged, and nothing that was touched does.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod properties;
mod refusals;
mod round_trips;

use std::io::{Read, Write};
use std::sync::LazyLock;

use airhatch_seal::{CHUNK, Identity, Recipient, SealWriter, UnsealError, UnsealReader};

/// Sizes around the borders of chunks.
const INTERESTING_SIZES: [usize; 9] =
    [0, 1, 63, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1, 200_000];

static HYBRID: LazyLock<Identity> = LazyLock::new(|| Identity::hybrid_from_seed([1; 32]).unwrap());
static CLASSIC: LazyLock<Identity> = LazyLock::new(|| Identity::generate_x25519().unwrap());

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index % 251) as u8).collect()
}

fn seal(plain: &[u8], recipients: &[Recipient]) -> Vec<u8> {
    let mut writer = SealWriter::new(Vec::new(), recipients).unwrap();
    writer.write_all(plain).unwrap();
    writer.finish().unwrap()
}

/// What was released, and how it ended.
fn open(sealed: impl Read, identity: &Identity) -> (Vec<u8>, Result<(), UnsealError>) {
    let mut plain = Vec::new();
    let result = UnsealReader::new(sealed, std::slice::from_ref(identity))
        .and_then(|mut reader| Ok(reader.read_to_end(&mut plain).map(|_| ())?));
    (plain, result)
}
