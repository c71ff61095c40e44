//! Registering: prove both keys, satisfy the policy, be the first. Done again with the same two keys it gives the same
//! certificate: whoever never heard the first answer loses nothing by asking once more.

use airhatch_seal::{Recipient, seal_small};
use airhatch_trust::profile::SEAL_KEY_BYTES;
use airhatch_trust::{AccountCertificate, check_request};
use airhatch_wire::authority::{Enrolment, FromAuthority};
use airhatch_wire::{Blob, Code, Email, Failure, UnixMillis};
use openssl::memcmp;

use crate::authority::{Authority, Conversation, Refusal};
use crate::challenge::Challenge;
use crate::invite::InvitationId;

/// What a registration was begun with.
pub(crate) struct Registration {
    email: Email,
    seal_key: Box<[u8; SEAL_KEY_BYTES]>,
}

/// Seals a nonce to the key that is claimed.
pub(crate) fn begin(
    authority: &Authority,
    now: UnixMillis,
    conversation: &mut Conversation,
    email: Email,
    recipient: &[u8],
) -> Result<FromAuthority, Refusal> {
    let unusable = || Failure::new(Code::Invalid, "the sealing key is not a valid X-Wing public key");
    let seal_key = recipient.try_into().map_err(|_| unusable())?;
    let recipient = Recipient::from_hybrid_bytes(recipient).map_err(|_| unusable())?;
    let live = live_certificate(authority, &email)?;
    if live.is_some_and(|live| *live.seal_key() != seal_key) {
        return Err(taken().into());
    }
    let registration = Registration { email, seal_key: Box::new(seal_key) };
    let nonce = Challenge::open(&mut conversation.registration, registration, now)?;
    let sealed = seal_small(&recipient, &nonce).map_err(|_| unusable())?;
    Ok(FromAuthority::Sealed(Blob::from(sealed)))
}

/// Checks the proofs, issues, and gives the email to whoever is first.
pub(crate) fn finish(
    authority: &Authority,
    now: UnixMillis,
    conversation: &mut Conversation,
    answer: &[u8],
    request: &[u8],
    code: Option<&str>,
) -> Result<FromAuthority, Refusal> {
    let (nonce, registration) = Challenge::close(&mut conversation.registration, now)?;
    if answer.len() != nonce.len() || !memcmp::eq(answer, &nonce) {
        let message = "the sealed nonce was not opened: this is not the owner of the sealing key";
        return Err(Failure::new(Code::VerificationFailed, message).hint("begin again").into());
    }
    let identity =
        check_request(request).map_err(|e| Failure::new(Code::VerificationFailed, e.to_string()))?;
    let Registration { email, seal_key } = registration;
    if let Some(live) = live_certificate(authority, &email)?
        && live.identity() == identity
        && *live.seal_key() == *seal_key
    {
        return Ok(FromAuthority::Certificate(Blob::from(live.der().to_vec())));
    }
    let invitation = invitation(authority, now, &email, code)?;
    let issued = authority.issuer.account(&email, &identity, &seal_key, now)?;
    authority.store.register(&email, &issued, invitation.as_ref(), now)?;
    tracing::info!(key = identity.fingerprint().short(), "registered an account");
    tracing::debug!(%email, "registered");
    Ok(FromAuthority::Certificate(Blob::from(issued.der)))
}

fn live_certificate(authority: &Authority, email: &Email) -> Result<Option<AccountCertificate>, Refusal> {
    let live = authority.store.account(email)?;
    let parsed = live.map(|live| AccountCertificate::parse(&live.certificate)).transpose();
    parsed.map_err(Refusal::internal)
}

fn invitation(
    authority: &Authority,
    now: UnixMillis,
    email: &Email,
    code: Option<&str>,
) -> Result<Option<InvitationId>, Refusal> {
    match authority.enrolment {
        Enrolment::Open => Ok(None),
        Enrolment::Invite => {
            let checked = authority.invitations.check(code.unwrap_or_default(), email, now);
            Ok(Some(checked.map_err(|_| not_invited())?))
        }
    }
}

pub(crate) fn taken() -> Failure {
    Failure::new(Code::Conflict, "this email is taken at this CA")
        .hint("choose another email; if it is yours, remove the old account from the machine that has it")
}

/// Said for a wrong, foreign, expired and used code alike.
pub(crate) fn not_invited() -> Failure {
    Failure::new(
        Code::AuthorityRefused,
        "this CA asks for an invitation, and this code is none for this email",
    )
    .hint("ask the CA's operator for a code: airhatch-ca invite EMAIL")
}
