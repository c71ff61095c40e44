//! Challenges: a nonce that is good once, for a minute, and only on the connection it was given on. (It lives in that
//! connection's [`Conversation`](crate::authority::Conversation), so no other one can answer it.)

use airhatch_wire::authority::NONCE;
use airhatch_wire::{Code, Failure, UnixMillis};
use openssl::rand::rand_bytes;

use crate::authority::Refusal;

/// How long an answer may take, milliseconds.
pub(crate) const LIFETIME: u64 = 60_000;

/// An open question, and what it was asked about.
pub(crate) struct Challenge<T> {
    nonce: [u8; NONCE],
    since: UnixMillis,
    about: T,
}

impl<T> Challenge<T> {
    /// Asks anew; an earlier question in `slot` is no longer open.
    pub(crate) fn open(slot: &mut Option<Self>, about: T, now: UnixMillis) -> Result<[u8; NONCE], Refusal> {
        let mut nonce = [0; NONCE];
        rand_bytes(&mut nonce).map_err(Refusal::internal)?;
        *slot = Some(Self { nonce, since: now, about });
        Ok(nonce)
    }

    /// Closes the question, whatever the answer will be worth.
    pub(crate) fn close(slot: &mut Option<Self>, now: UnixMillis) -> Result<([u8; NONCE], T), Refusal> {
        let challenge = slot.take().ok_or_else(|| {
            Failure::new(Code::Invalid, "there is no open challenge on this connection")
                .hint("begin again: a challenge can be answered once, on the connection it came on")
        })?;
        // A clock that was set back makes a challenge look unborn; it is then as good as expired.
        if now < challenge.since || now.since(challenge.since) > LIFETIME {
            return Err(Failure::new(Code::Expired, "the challenge was not answered within a minute")
                .hint("begin again")
                .into());
        }
        Ok((challenge.nonce, challenge.about))
    }
}
