//! ChaCha20-Poly1305 (RFC 8439) on one reusable OpenSSL context per direction, without additional data.
//!
//! The key goes in once; each message then only sets its nonce, which is what makes 64 KiB chunks fast. Called by
//! the payload stream and by both stanza types; knows nothing of what is inside.

use openssl::cipher::Cipher;
use openssl::cipher_ctx::CipherCtx;
use openssl::error::ErrorStack;
use zeroize::Zeroize;

use crate::keys::AeadKey;

/// Bytes that sealing adds to a message.
pub(crate) const TAG_BYTES: usize = 16;
/// Bytes of a nonce.
pub(crate) const NONCE_BYTES: usize = 12;

/// The sealing direction.
pub(crate) struct Sealing(CipherCtx);

impl Sealing {
    pub(crate) fn new(key: &AeadKey) -> Result<Self, ErrorStack> {
        let mut context = CipherCtx::new()?;
        context.encrypt_init(Some(Cipher::chacha20_poly1305()), Some(key.as_bytes()), None)?;
        Ok(Self(context))
    }

    /// Seals `plain` into the front of `out` and returns the length, or `None` when `out` is too small.
    pub(crate) fn seal(
        &mut self,
        nonce: &[u8; NONCE_BYTES],
        plain: &[u8],
        out: &mut [u8],
    ) -> Result<Option<usize>, ErrorStack> {
        let Some((body, rest)) = out.split_at_mut_checked(plain.len()) else { return Ok(None) };
        let Some(tag) = rest.first_chunk_mut::<TAG_BYTES>() else { return Ok(None) };
        self.0.encrypt_init(None, None, Some(nonce))?;
        if !plain.is_empty() {
            self.0.cipher_update(plain, Some(body))?;
        }
        self.0.cipher_final(&mut [])?;
        self.0.tag(tag)?;
        Ok(Some(plain.len() + TAG_BYTES))
    }
}

/// The opening direction.
pub(crate) struct Opening(CipherCtx);

impl Opening {
    pub(crate) fn new(key: &AeadKey) -> Result<Self, ErrorStack> {
        let mut context = CipherCtx::new()?;
        context.decrypt_init(Some(Cipher::chacha20_poly1305()), Some(key.as_bytes()), None)?;
        Ok(Self(context))
    }

    /// Opens `sealed` into the front of `out` and returns the plain length. `None` means that it is not authentic
    /// (or that `out` is too small); no unauthenticated byte is left in `out`.
    pub(crate) fn open(
        &mut self,
        nonce: &[u8; NONCE_BYTES],
        sealed: &[u8],
        out: &mut [u8],
    ) -> Result<Option<usize>, ErrorStack> {
        let Some((body, tag)) = sealed.split_last_chunk::<TAG_BYTES>() else { return Ok(None) };
        let Some(out) = out.get_mut(..body.len()) else { return Ok(None) };
        self.0.decrypt_init(None, None, Some(nonce))?;
        self.0.set_tag(tag)?;
        if !body.is_empty() {
            self.0.cipher_update(body, Some(out))?;
        }
        if self.0.cipher_final(&mut []).is_err() {
            out.zeroize();
            return Ok(None);
        }
        Ok(Some(body.len()))
    }
}

/// Seals one message under a key that is used once (a wrapped file key). `SEALED` is the length of `plain` plus
/// [`TAG_BYTES`].
pub(crate) fn seal_once<const SEALED: usize>(
    key: &AeadKey,
    nonce: &[u8; NONCE_BYTES],
    plain: &[u8],
) -> Result<[u8; SEALED], ErrorStack> {
    let mut sealed = [0; SEALED];
    let length = Sealing::new(key)?.seal(nonce, plain, &mut sealed)?;
    debug_assert_eq!(length, Some(SEALED));
    Ok(sealed)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn a_refused_message_leaves_no_plain_bytes_behind() {
        let key = AeadKey::from_bytes([7; 32]);
        let mut sealed = [0; 48];
        Sealing::new(&key).unwrap().seal(&[0; 12], &[0xaa; 32], &mut sealed).unwrap().unwrap();
        sealed[47] ^= 1;
        let mut out = [0xee; 32];
        assert_eq!(Opening::new(&key).unwrap().open(&[0; 12], &sealed, &mut out).unwrap(), None);
        assert_eq!(out, [0; 32]);
    }

    #[test]
    fn one_context_serves_many_nonces() {
        let key = AeadKey::from_bytes([9; 32]);
        let (mut sealing, mut opening) = (Sealing::new(&key).unwrap(), Opening::new(&key).unwrap());
        for counter in 0..4u8 {
            let nonce = [counter; 12];
            let (mut sealed, mut out) = ([0; 19], [0; 3]);
            sealing.seal(&nonce, b"abc", &mut sealed).unwrap().unwrap();
            assert_eq!(sealed, seal_once::<19>(&key, &nonce, b"abc").unwrap());
            assert_eq!(opening.open(&nonce, &sealed, &mut out).unwrap(), Some(3));
            assert_eq!(&out, b"abc");
        }
    }
}
