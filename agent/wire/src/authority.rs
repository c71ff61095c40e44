//! Agent and CA. Register and info need no certificate; everything else speaks for the certificate of the TLS session.
//! One request, one answer, in order; several on one connection.

use serde::{Deserialize, Serialize};

use crate::frame::{Protocol, Word};
use crate::signed::{Signature, Signed};
use crate::{Address, Blob, Email, Failure, UnixMillis};

/// ALPN of this protocol, in wire form.
pub const ALPN: &[u8] = b"\x0dairhatch-ca/1";

/// Length of the random part of a challenge, bytes.
pub const NONCE: usize = 32;

/// The most emails in one [`ToAuthority::Locate`].
pub const LOCATE_LIMIT: usize = 64;

/// The most addresses in one announcement.
pub const ADDRESSES_LIMIT: usize = 16;

/// What an agent asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToAuthority {
    /// Who are you? [`FromAuthority::Info`].
    Info,
    /// First step of a registration. [`FromAuthority::Sealed`].
    RegisterBegin {
        /// The email wanted.
        email: Email,
        /// The account's X-Wing public key, 1216 bytes.
        recipient: Blob,
    },
    /// Second step, on the same connection. [`FromAuthority::Certificate`].
    RegisterFinish {
        /// The nonce that was sealed.
        nonce: Blob,
        /// A certificate request (DER) signed with the identity key.
        request: Blob,
        /// The one-time code, where one is asked for.
        code: Option<String>,
    },
    /// The live certificate of an email. [`FromAuthority::Certificate`]; refused with `NotFound` when there is none.
    Lookup {
        /// Whose.
        email: Email,
    },
    /// Where accounts can be reached. [`FromAuthority::Located`].
    Locate {
        /// Whose; [`LOCATE_LIMIT`] at most.
        emails: Vec<Email>,
    },
    /// Signed [`Announcement`]. [`FromAuthority::Done`].
    Announce(Signed),
    /// Takes the announcement back. [`FromAuthority::Done`].
    Withdraw,
    /// A new certificate for the same keys, also after the old one expired. [`FromAuthority::Certificate`].
    Renew {
        /// A certificate request (DER) signed with the identity key.
        request: Blob,
    },
    /// First step of a removal. [`FromAuthority::Nonce`].
    RemoveBegin,
    /// Second step, on the same connection. [`FromAuthority::Done`].
    RemoveFinish {
        /// Over the body made of nonce, email and TLS exporter, see [`removal_body`].
        signature: Signature,
    },
    /// The list of revoked certificates. [`FromAuthority::Revocations`].
    Revocations,
}

/// What a CA answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromAuthority {
    /// Who this is.
    Info {
        /// The CA's certificate, DER.
        certificate: Blob,
        /// Whether registering needs an invitation.
        enrolment: Enrolment,
        /// The CA's clock.
        now: UnixMillis,
    },
    /// A nonce sealed (age, `mlkem768x25519`) to the key that was named.
    Sealed(Blob),
    /// A certificate, DER.
    Certificate(Blob),
    /// The newest announcement of each email asked for, in order.
    Located(Vec<Option<Signed>>),
    /// A single-use nonce for a removal.
    Nonce([u8; NONCE]),
    /// Signed [`RevocationList`].
    Revocations(Signed),
    /// It is done, and durable.
    Done,
    /// No, and why.
    Refused(Failure),
}

impl Word for ToAuthority {
    const PROTOCOL: Protocol = Protocol::Authority;
    const VERSION: u16 = 1;
    const LIMIT: usize = 64 * 1024;
}

impl Word for FromAuthority {
    const PROTOCOL: Protocol = Protocol::Authority;
    const VERSION: u16 = 1;
    const LIMIT: usize = 1 << 20;
}

/// What a CA asks of somebody who wants an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Enrolment {
    /// Nothing.
    Open,
    /// A one-time code, made for that email.
    Invite,
}

/// Where an account can be reached, signed by its identity key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// Whose.
    pub email: Email,
    /// Candidates, best first; [`ADDRESSES_LIMIT`] at most.
    pub addresses: Vec<Address>,
    /// When it was made; an older one never replaces a newer one.
    pub issued: UnixMillis,
    /// When it ends.
    pub expires: UnixMillis,
}

/// The certificates that must no longer be trusted, signed by the CA's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationList {
    /// Grows with every revocation; a list with a lower number is refused.
    pub number: u64,
    /// When it was signed.
    pub issued: UnixMillis,
    /// Serial numbers, ascending.
    pub serials: Vec<[u8; 16]>,
}

/// The body that a removal signs: `nonce || email || TLS exporter`, so that it serves this session and account only.
#[must_use]
pub fn removal_body(nonce: &[u8; NONCE], email: &Email, exporter: &[u8; 32]) -> Vec<u8> {
    [nonce.as_slice(), email.as_str().as_bytes(), exporter].concat()
}

/// The label under which both sides derive the TLS exporter value of a removal.
pub const REMOVAL_EXPORTER: &str = "EXPORTER-airhatch-remove-1";
