//! The `mlkem768x25519` recipient stanza: the file key, HPKE-sealed to an X-Wing key.

use crate::error::{SealError, UnsealError};
use crate::header::Stanza;
use crate::hpke;
use crate::keys::FileKey;
use crate::x25519::WRAPPED_BYTES;
use crate::xwing::{ENCAPSULATION_BYTES, PrivateKey, PublicKey};

/// The stanza's first argument.
pub(crate) const KIND: &str = "mlkem768x25519";
const INFO: &[u8] = b"age-encryption.org/mlkem768x25519";

/// Wraps the file key for the owner of `recipient`.
pub(crate) fn wrap(recipient: &PublicKey, file_key: &FileKey) -> Result<Stanza, SealError> {
    let (encapsulation, body) = hpke::seal_base::<WRAPPED_BYTES>(recipient, INFO, file_key.as_bytes())?;
    Ok(Stanza::new(KIND, &encapsulation, &body))
}

/// The file key in `stanza`; `None` when it was wrapped for another key.
pub(crate) fn unwrap(identity: &PrivateKey, stanza: &Stanza) -> Result<Option<FileKey>, UnsealError> {
    let (encapsulation, body) = stanza.share_and_body::<ENCAPSULATION_BYTES, WRAPPED_BYTES>(KIND)?;
    let opened =
        hpke::open_base(identity, &encapsulation, INFO, body).map_err(|error| error.in_stanza(KIND))?;
    Ok(opened.map(FileKey::from_bytes))
}
