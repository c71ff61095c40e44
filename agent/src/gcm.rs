//! AES-256-GCM for what the agent keeps on disk: `nonce (12, random) | ciphertext | tag (16)`.
//!
//! Called by the vault and the store. A key seals far fewer than 2^32 messages, so random nonces are safe (NIST SP
//! 800-38D, 8.3). Knows nothing of what is inside.

use openssl::error::ErrorStack;
use openssl::rand::rand_bytes;
use openssl::symm::{Cipher, decrypt_aead, encrypt_aead};
use zeroize::Zeroizing;

/// Bytes of a key.
pub(crate) const KEY_BYTES: usize = 32;
/// Bytes in front of the ciphertext.
const NONCE_BYTES: usize = 12;
/// Bytes behind the ciphertext.
const TAG_BYTES: usize = 16;

/// Seals `plain` and binds it to `context`, which is not stored.
pub(crate) fn seal(key: &[u8; KEY_BYTES], context: &[u8], plain: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let mut nonce = [0; NONCE_BYTES];
    rand_bytes(&mut nonce)?;
    let mut tag = [0; TAG_BYTES];
    let body = encrypt_aead(Cipher::aes_256_gcm(), key, Some(&nonce), context, plain, &mut tag)?;
    Ok([nonce.as_slice(), &body, &tag].concat())
}

/// Opens what [`seal`] made; `None` when key, context or bytes are not the ones of then.
pub(crate) fn open(key: &[u8; KEY_BYTES], context: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    let (body, tag) = rest.split_last_chunk::<TAG_BYTES>()?;
    decrypt_aead(Cipher::aes_256_gcm(), key, Some(nonce), context, body, tag).ok().map(Zeroizing::new)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn sealed_bytes_open_only_with_the_same_key_and_context() {
        let sealed = seal(&[1; 32], b"here", b"words").unwrap();
        assert_eq!(open(&[1; 32], b"here", &sealed).unwrap().as_slice(), b"words");
        assert!(open(&[2; 32], b"here", &sealed).is_none());
        assert!(open(&[1; 32], b"there", &sealed).is_none());
    }

    #[test]
    fn every_flipped_or_missing_byte_is_noticed() {
        let sealed = seal(&[1; 32], b"", b"words").unwrap();
        for at in 0..sealed.len() {
            let mut bent = sealed.clone();
            bent[at] ^= 1;
            assert!(open(&[1; 32], b"", &bent).is_none(), "byte {at}");
            assert!(open(&[1; 32], b"", &sealed[..at]).is_none(), "length {at}");
        }
    }

    #[test]
    fn the_same_words_never_seal_to_the_same_bytes() {
        assert_ne!(seal(&[1; 32], b"", b"words").unwrap(), seal(&[1; 32], b"", b"words").unwrap());
    }
}
