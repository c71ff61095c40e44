//! What accounts may read: each other's certificates and addresses, and what is revoked.

use airhatch_wire::authority::{FromAuthority, LOCATE_LIMIT, RevocationList};
use airhatch_wire::{Code, Email, Failure, UnixMillis};

use crate::authority::{Authority, Refusal};

/// The newest certificate of a live account. It may have expired, which is for the asker to see.
pub(crate) fn lookup(authority: &Authority, email: &Email) -> Result<FromAuthority, Refusal> {
    let account = authority.store.account(email)?.ok_or_else(|| {
        Failure::new(Code::NotFound, "nobody is registered with this email at this CA")
            .hint("check the spelling; ask them whether they use another CA")
    })?;
    Ok(FromAuthority::Certificate(account.certificate))
}

/// Where accounts can be reached, in the order asked.
pub(crate) fn locate(
    authority: &Authority,
    now: UnixMillis,
    emails: &[Email],
) -> Result<FromAuthority, Refusal> {
    if emails.len() > LOCATE_LIMIT {
        return Err(Failure::new(Code::TooLarge, format!("more than {LOCATE_LIMIT} emails at once"))
            .hint("ask in several parts")
            .into());
    }
    let located: Result<Vec<_>, _> =
        emails.iter().map(|email| authority.store.announcement(email, now)).collect();
    Ok(FromAuthority::Located(located?))
}

/// The signed list of revoked certificates.
pub(crate) fn revocations(authority: &Authority, now: UnixMillis) -> Result<FromAuthority, Refusal> {
    let revoked = authority.store.revocations(now)?;
    let list = RevocationList { number: revoked.number, issued: now, serials: revoked.serials };
    Ok(FromAuthority::Revocations(authority.issuer.revocations(&list)?))
}
