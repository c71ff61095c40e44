//! What all protocols share: openings, failures, names, the contexts of signatures.

use airhatch_wire::authority::{FromAuthority, ToAuthority};
use airhatch_wire::frame::{Opening, Word};
use airhatch_wire::peer::PeerWord;
use airhatch_wire::signed::Verb;
use airhatch_wire::{Code, control, warden};

use crate::values::{FINGERPRINT, STAGE, TRANSFER, address, ann, failure, signed};
use crate::{Every, Golden};

every!(Code {
    Internal,
    Invalid,
    UnknownVersion,
    UnknownMessage,
    TooLarge,
    NotLoggedIn,
    WrongPassphrase,
    Denied,
    PeerOffline,
    VerificationFailed,
    KeyChanged,
    Revoked,
    CertificateExpired,
    TimedOut,
    NotFound,
    AgentDown,
    AuthorityUnreachable,
    AuthorityRefused,
    WrongAuthority,
    EngineUnavailable,
    Conflict,
    DiskFull,
    Cancelled,
    Expired,
    TryAgain,
    NotPermitted,
    BadSource,
    BadName,
});

every!(Verb { Offer, Accept, Deny, Done, Receipt, Announce, Remove, Revocations });

const CODES: [Code; 28] = [
    Code::Internal,
    Code::Invalid,
    Code::UnknownVersion,
    Code::UnknownMessage,
    Code::TooLarge,
    Code::NotLoggedIn,
    Code::WrongPassphrase,
    Code::Denied,
    Code::PeerOffline,
    Code::VerificationFailed,
    Code::KeyChanged,
    Code::Revoked,
    Code::CertificateExpired,
    Code::TimedOut,
    Code::NotFound,
    Code::AgentDown,
    Code::AuthorityUnreachable,
    Code::AuthorityRefused,
    Code::WrongAuthority,
    Code::EngineUnavailable,
    Code::Conflict,
    Code::DiskFull,
    Code::Cancelled,
    Code::Expired,
    Code::TryAgain,
    Code::NotPermitted,
    Code::BadSource,
    Code::BadName,
];

const VERBS: [Verb; 8] = [
    Verb::Offer,
    Verb::Accept,
    Verb::Deny,
    Verb::Done,
    Verb::Receipt,
    Verb::Announce,
    Verb::Remove,
    Verb::Revocations,
];

pub(crate) fn lines(golden: &mut Golden) {
    opening::<control::Request, control::FromAgent>(golden, "control");
    opening::<warden::Request, warden::FromWarden>(golden, "warden");
    opening::<PeerWord, PeerWord>(golden, "peer");
    opening::<ToAuthority, FromAuthority>(golden, "authority");
    golden.every("Code", &CODES);
    golden.one("Failure", &failure());
    assert_eq!(VERBS.map(|verb| verb.variant()), *Verb::ALL);
    for verb in VERBS {
        golden.bytes(&format!("Verb::{}", verb.variant()), verb.context());
    }
    golden.one("Email", &ann());
    golden.one("Address", &address());
    golden.one("Fingerprint", &FINGERPRINT);
    golden.one("TransferId", &TRANSFER);
    golden.one("StageId", &STAGE);
    golden.one("Signed", &signed());
}

/// Both sides of a conversation open it alike.
fn opening<One: Word, Other: Word>(golden: &mut Golden, protocol: &str) {
    assert_eq!(Opening::of::<One>(), Opening::of::<Other>());
    golden.bytes(&format!("Opening::{protocol}"), &Opening::of::<One>().to_bytes());
    golden.bytes(&format!("Opening::{protocol}::refusal"), &Opening::refusal::<One>().to_bytes());
}
