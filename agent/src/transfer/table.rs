//! A table on its way: cut into pages that fit a message, bound to its statement by one digest.

use airhatch_wire::frame::{self, FrameError, Word};
use airhatch_wire::peer::PeerWord;
use serde::Serialize;

/// Room that a page leaves for the message around it, bytes.
const MARGIN: usize = 1024;

/// BLAKE3 over the encoded entries, one after another.
///
/// # Errors
/// [`FrameError::TooLarge`] for an entry that no message could carry.
pub fn digest<T: Serialize>(entries: &[T]) -> Result<[u8; 32], FrameError> {
    let mut hasher = blake3::Hasher::new();
    for entry in entries {
        hasher.update(&frame::to_bytes(entry)?);
    }
    Ok(*hasher.finalize().as_bytes())
}

/// The entries in pages, each small enough for one [`PeerWord`].
///
/// # Errors
/// [`FrameError::TooLarge`] for an entry that no message could carry.
pub fn pages<T: Serialize + Clone>(entries: &[T]) -> Result<Vec<Vec<T>>, FrameError> {
    let room = PeerWord::LIMIT - MARGIN;
    let mut pages = Vec::new();
    let mut page = Vec::new();
    let mut used = 0;
    for entry in entries {
        let size = frame::to_bytes(entry)?.len();
        if size > room {
            return Err(FrameError::TooLarge { limit: room });
        }
        if used + size > room {
            pages.push(std::mem::take(&mut page));
            used = 0;
        }
        used += size;
        page.push(entry.clone());
    }
    if !page.is_empty() {
        pages.push(page);
    }
    Ok(pages)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use airhatch_wire::peer::ItemHash;

    use super::*;

    #[test]
    fn pages_together_are_the_table_and_each_fits_a_message() {
        let hashes: Vec<_> = (0..5000).map(|n| ItemHash { length: n, blake3: [7; 32] }).collect();
        let pages = pages(&hashes).unwrap();
        assert!(pages.len() > 1);
        for page in &pages {
            assert!(frame::to_bytes(&PeerWord::Hashes(page.clone())).unwrap().len() <= PeerWord::LIMIT);
        }
        assert_eq!(pages.concat(), hashes);
    }

    #[test]
    fn the_digest_depends_on_every_entry_and_their_order() {
        let a = ItemHash { length: 1, blake3: [1; 32] };
        let b = ItemHash { length: 2, blake3: [2; 32] };
        assert_ne!(digest(&[a, b]).unwrap(), digest(&[b, a]).unwrap());
        assert_ne!(digest(&[a, b]).unwrap(), digest(&[a]).unwrap());
    }

    #[test]
    fn an_entry_that_fits_no_message_is_refused() {
        assert!(pages(&["x".repeat(PeerWord::LIMIT)]).is_err());
    }
}
