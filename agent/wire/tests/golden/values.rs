//! The values that samples are made of.

use airhatch_wire::signed::{Signature, Signed};
use airhatch_wire::{Address, Blob, Code, Email, Failure, Fingerprint, StageId, TransferId, UnixMillis};

pub(crate) const AT: UnixMillis = UnixMillis(1_700_000_000_123);
pub(crate) const TRANSFER: TransferId = TransferId([0x11; 16]);
pub(crate) const STAGE: StageId = StageId([0x22; 16]);
pub(crate) const FINGERPRINT: Fingerprint = Fingerprint([0x33; 32]);

pub(crate) fn ann() -> Email {
    "ann@example.org".parse().unwrap()
}

pub(crate) fn address() -> Address {
    "127.0.0.1:7400".parse().unwrap()
}

pub(crate) fn blob() -> Blob {
    Blob::from(vec![1, 2, 3])
}

pub(crate) fn failure() -> Failure {
    Failure::new(Code::PeerOffline, "away").hint("later")
}

pub(crate) fn signed() -> Signed {
    Signed { body: blob(), signature: Signature([0x44; 64]) }
}
