//! Renewing: the same account and keys, for another while.

use airhatch_trust::{AccountCertificate, check_request};
use airhatch_wire::authority::FromAuthority;
use airhatch_wire::{Blob, Code, Failure, UnixMillis};

use crate::authority::{Authority, Refusal};

/// A new certificate for the keys in `caller`; that one holds on until its own end.
pub(crate) fn renew(
    authority: &Authority,
    now: UnixMillis,
    caller: &AccountCertificate,
    request: &[u8],
) -> Result<FromAuthority, Refusal> {
    let identity =
        check_request(request).map_err(|e| Failure::new(Code::VerificationFailed, e.to_string()))?;
    if identity != caller.identity() {
        return Err(Failure::new(Code::NotPermitted, "a renewal keeps the identity key")
            .hint("to change keys, remove the account and register again")
            .into());
    }
    let issued = authority.issuer.account(caller.email(), &identity, caller.seal_key(), now)?;
    authority.store.renew(caller.email(), &caller.serial(), &issued, now)?;
    tracing::info!(key = identity.fingerprint().short(), "renewed a certificate");
    Ok(FromAuthority::Certificate(Blob::from(issued.der)))
}
