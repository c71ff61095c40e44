//! HPKE (RFC 9180) in base mode, single message, for the one suite age uses: X-Wing, HKDF-SHA256,
//! ChaCha20-Poly1305, empty additional data.
//!
//! Called by the `mlkem768x25519` stanza; the key schedule itself is in [`keys`].

use zeroize::Zeroizing;

use crate::aead::{self, Opening, TAG_BYTES};
use crate::keys;
use crate::x25519::AgreementError;
use crate::xwing::{ENCAPSULATION_BYTES, PrivateKey, PublicKey};

/// `SealBase`: the encapsulated key and the ciphertext. `SEALED` is the length of `plain` plus the tag's.
pub(crate) fn seal_base<const SEALED: usize>(
    recipient: &PublicKey,
    info: &[u8],
    plain: &[u8],
) -> Result<(Vec<u8>, [u8; SEALED]), AgreementError> {
    let (secret, encapsulation) = recipient.encapsulate()?;
    let (key, nonce) = keys::hpke_base(&secret, info)?;
    Ok((encapsulation, aead::seal_once(&key, &nonce, plain)?))
}

/// `OpenBase`: the plain bytes, or `None` when the ciphertext was made for another key or changed. `PLAIN` is the
/// length of `sealed` without the tag.
pub(crate) fn open_base<const PLAIN: usize>(
    identity: &PrivateKey,
    encapsulation: &[u8; ENCAPSULATION_BYTES],
    info: &[u8],
    sealed: &[u8],
) -> Result<Option<Zeroizing<[u8; PLAIN]>>, AgreementError> {
    debug_assert_eq!(sealed.len(), PLAIN + TAG_BYTES);
    let secret = identity.decapsulate(encapsulation)?;
    let (key, nonce) = keys::hpke_base(&secret, info)?;
    let mut plain = Zeroizing::new([0; PLAIN]);
    let opened = Opening::new(&key)?.open(&nonce, sealed, plain.as_mut_slice())?;
    Ok(opened.map(|_| plain))
}
