//! Announcing: an account says where it can be reached, in its own words and signature, or takes that back.

use airhatch_trust::{AccountCertificate, open_statement};
use airhatch_wire::authority::{ADDRESSES_LIMIT, Announcement, FromAuthority};
use airhatch_wire::signed::{Signed, Verb};
use airhatch_wire::{Code, Failure, UnixMillis};

use crate::authority::{Authority, Refusal};

/// The longest time for which an announcement may hold, milliseconds from now.
pub(crate) const LONGEST: u64 = 24 * 3600 * 1000;

/// How far an account's clock may be ahead, milliseconds.
pub(crate) const SKEW: u64 = 5 * 60 * 1000;

/// Keeps an announcement.
pub(crate) fn announce(
    authority: &Authority,
    now: UnixMillis,
    caller: &AccountCertificate,
    signed: &Signed,
) -> Result<FromAuthority, Refusal> {
    let said: Announcement = open_statement(&caller.identity(), Verb::Announce, signed)
        .map_err(|e| Failure::new(Code::VerificationFailed, e.to_string()))?;
    if let Some(flaw) = flaw(&said, caller, now) {
        return Err(flaw.into());
    }
    authority.store.announce(caller.email(), &caller.serial(), signed, (said.issued, said.expires))?;
    Ok(FromAuthority::Done)
}

/// Forgets it.
pub(crate) fn withdraw(authority: &Authority, caller: &AccountCertificate) -> Result<FromAuthority, Refusal> {
    authority.store.withdraw(caller.email())?;
    Ok(FromAuthority::Done)
}

fn flaw(said: &Announcement, caller: &AccountCertificate, now: UnixMillis) -> Option<Failure> {
    let clocks = "compare this machine's clock with the CA's";
    if said.email != *caller.email() {
        return Some(Failure::new(Code::NotPermitted, "an account can announce only itself"));
    }
    if !(1..=ADDRESSES_LIMIT).contains(&said.addresses.len()) {
        return Some(Failure::new(
            Code::TooLarge,
            format!("an announcement has 1 to {ADDRESSES_LIMIT} addresses"),
        ));
    }
    if said.issued > now.plus(SKEW) {
        return Some(Failure::new(Code::Invalid, "the announcement was made in the future").hint(clocks));
    }
    if said.expires <= now {
        return Some(Failure::new(Code::Expired, "the announcement has expired already").hint(clocks));
    }
    if said.expires > now.plus(LONGEST) {
        return Some(
            Failure::new(Code::Invalid, "an announcement can hold for 24 hours at most").hint(clocks),
        );
    }
    None
}
