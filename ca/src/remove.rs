//! Removing: the account signs a nonce of ours, bound to its email and to this very connection, and is gone.

use airhatch_trust::AccountCertificate;
use airhatch_wire::authority::{FromAuthority, removal_body};
use airhatch_wire::signed::{Signature, Verb};
use airhatch_wire::{Code, Failure, UnixMillis};

use crate::authority::{Authority, Conversation, Refusal};
use crate::challenge::Challenge;

/// An open removal. Whose it is needs no note: a connection speaks for one account from beginning to end.
pub(crate) struct Removal;

/// Asks for the signature.
pub(crate) fn begin(now: UnixMillis, conversation: &mut Conversation) -> Result<FromAuthority, Refusal> {
    Ok(FromAuthority::Nonce(Challenge::open(&mut conversation.removal, Removal, now)?))
}

/// Checks the signature; revokes, forgets and frees the email.
pub(crate) fn finish(
    authority: &Authority,
    now: UnixMillis,
    conversation: &mut Conversation,
    caller: &AccountCertificate,
    signature: &Signature,
) -> Result<FromAuthority, Refusal> {
    let (nonce, Removal) = Challenge::close(&mut conversation.removal, now)?;
    let body = removal_body(&nonce, caller.email(), &conversation.exporter);
    if caller.identity().verify(Verb::Remove, &body, signature).is_err() {
        let message = "the signature does not answer this challenge; the account stays";
        return Err(Failure::new(Code::VerificationFailed, message).hint("begin again").into());
    }
    authority.store.remove(caller.email(), &caller.serial(), now)?;
    tracing::info!(key = caller.identity().fingerprint().short(), "removed an account");
    Ok(FromAuthority::Done)
}
