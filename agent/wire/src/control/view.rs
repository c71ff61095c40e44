//! What a front is shown: the account, its contacts, its transfers. Copies, made by the agent for showing only.

use serde::{Deserialize, Serialize};

use super::{ContactPolicy, Limits, Policy, Verdict};
use crate::peer::ItemKind;
use crate::{Address, Email, Failure, Fingerprint, StageId, TransferId, UnixMillis, Untrusted};

/// The account and its surroundings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountView {
    /// How far the account is.
    pub phase: Phase,
    /// The email; absent before enrolment.
    pub email: Option<Email>,
    /// SHA-256 of the account's Ed25519 public key; absent while locked.
    pub fingerprint: Option<Fingerprint>,
    /// The CA; absent before enrolment and while locked.
    pub authority: Option<AuthorityView>,
    /// End of the certificate's time.
    pub certificate_until: Option<UnixMillis>,
    /// Where the agent listens and what it announced.
    pub addresses: Vec<Address>,
    /// What happens to offers while no front is attached.
    pub policy: Policy,
    /// What it allows at most.
    pub limits: Limits,
    /// Fronts at which a person is looking now.
    pub fronts: u32,
    /// The agent's version.
    pub version: String,
    /// The agent's jail, as it turned out on its kernel.
    pub jail: Jail,
}

/// What keeps a captured agent from the rest of the machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jail {
    /// How much of it there is.
    pub strength: JailStrength,
    /// What holds, what this kernel lacks, what is narrower than expected; each a sentence to be shown on a line.
    pub sentences: Vec<Untrusted<String>>,
}

/// How much of the wanted jail there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum JailStrength {
    /// Neither files nor system calls are restricted.
    None,
    /// Something wanted is missing on this kernel.
    Partial,
    /// All that was wanted.
    Whole,
}

/// How far an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// No vault yet.
    New,
    /// The vault is there, closed.
    Locked,
    /// Logged in.
    Ready,
    /// Removed at the CA; nothing is left here.
    Removed,
}

/// The CA as the agent sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorityView {
    /// Where it listens.
    pub address: Address,
    /// SHA-256 of its certificate.
    pub fingerprint: Fingerprint,
    /// The outcome of the last conversation.
    pub state: AuthorityState,
}

/// The outcome of the last conversation with the CA.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuthorityState {
    /// There has been none yet.
    Unasked,
    /// It took what it was told.
    Fine,
    /// It did not answer.
    Unreachable,
    /// It answered, and refused; or its answer cannot be taken. A wrong clock shows here.
    Refused(Failure),
}

/// A contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactView {
    /// The name everything hangs on.
    pub email: Email,
    /// SHA-256 of the pinned Ed25519 public key.
    pub fingerprint: Fingerprint,
    /// How far the pinned key is to be trusted.
    pub trust: Trust,
    /// Whether it can be reached.
    pub presence: Presence,
    /// When it was added.
    pub added: UnixMillis,
    /// What happens to its offers.
    pub policy: ContactPolicy,
    /// What the rule accepted this day, bytes.
    pub by_rule_today: u64,
}

/// How far a contact's key is to be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trust {
    /// The CA vouches for it.
    Certified,
    /// A person compared the fingerprint.
    Verified,
    /// The CA now vouches for another key; nothing is sent or taken until a person decides.
    Changed {
        /// The other key.
        fingerprint: Fingerprint,
        /// When this was noticed.
        noticed: UnixMillis,
    },
    /// The CA revoked the certificate.
    Revoked,
}

/// Whether a contact can be reached. `Online` means a mutual TLS handshake with the pinned key and a pong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Presence {
    /// Not asked yet.
    Unknown,
    /// It answered.
    Online {
        /// When it answered last.
        seen: UnixMillis,
        /// Round trip, microseconds.
        micros: u64,
    },
    /// It did not answer the last time.
    Offline {
        /// When it answered last, if ever.
        seen: Option<UnixMillis>,
    },
}

/// Which way a transfer goes, seen from this account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    /// From this account.
    Outgoing,
    /// To this account.
    Incoming,
}

/// A transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferView {
    /// Its id, the same on both sides.
    pub id: TransferId,
    /// Which way.
    pub direction: Direction,
    /// The other side.
    pub contact: Email,
    /// The sender's line.
    pub note: Untrusted<String>,
    /// The first [`super::ITEMS_PAGE`] items at most.
    pub items: Vec<ItemView>,
    /// How many items were offered in all.
    pub item_count: u32,
    /// How many of them are wanted: all, unless a part was accepted.
    pub wanted: u32,
    /// Content of the wanted items, bytes.
    pub total: u64,
    /// Content so far, bytes.
    pub moved: u64,
    /// How far it is.
    pub state: TransferState,
    /// When the offer was made.
    pub created: UnixMillis,
    /// When the offer ends unless accepted.
    pub expires: UnixMillis,
    /// Incoming: the folder that the files go to, as the agent names it. Outgoing: empty.
    pub destination: String,
    /// Incoming: bytes free where the files go, when the offer came.
    pub free_space: Option<u64>,
    /// Outgoing: the staging folder, needed until the transfer is over.
    pub stage: Option<StageId>,
    /// Incoming: what the account made of it by itself.
    pub verdict: Option<Verdict>,
}

/// One file or folder of a transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemView {
    /// The path below the destination, `/` between its parts; the sender chose it.
    pub path: Untrusted<String>,
    /// What it is.
    pub kind: ItemKind,
    /// Bytes; 0 for a folder.
    pub size: u64,
    /// Whether it may be run.
    pub executable: bool,
    /// Whether it comes: false once a part was accepted that does not hold it.
    pub wanted: bool,
    /// The path it got on landing, where that differs.
    pub landed_as: Option<Untrusted<String>>,
}

/// How far a transfer is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TransferState {
    /// Outgoing: the contact has not been reached yet; tried again until the offer expires.
    Queued,
    /// The recipient has the offer and has not decided.
    Offered,
    /// Accepted; waiting for the bytes to start.
    Accepted,
    /// Bytes move.
    Moving,
    /// All bytes are there; checking, renaming, receipt.
    Finishing,
    /// Over: the files are in place, the receipt is signed.
    Delivered {
        /// When the recipient finished.
        at: UnixMillis,
    },
    /// Over: the recipient said no.
    Denied {
        /// Their words.
        reason: Untrusted<String>,
    },
    /// Over: one side called it off.
    Cancelled {
        /// True when this account did.
        by_us: bool,
        /// Their words.
        reason: Untrusted<String>,
    },
    /// Over: nobody decided in time.
    Expired,
    /// Over: what went wrong and what to do.
    Failed(Failure),
    /// Accepted; goes on by itself when there is room on the recipient's disk.
    NoRoom,
    /// Accepted; no bytes move until whoever paused it resumes it.
    Paused {
        /// This account has paused it.
        by_us: bool,
        /// The other side has.
        by_them: bool,
    },
    /// Accepted; its bytes start when others that move now have ended, here or at the other side.
    Waiting,
}

impl TransferState {
    /// True when nothing more will happen.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        !matches!(
            self,
            Self::Queued
                | Self::Offered
                | Self::Accepted
                | Self::NoRoom
                | Self::Paused { .. }
                | Self::Waiting
                | Self::Moving
                | Self::Finishing
        )
    }
}
