//! What an account remembers, as the store keeps it: contacts, transfers, settings.

use std::sync::Arc;

use airhatch_wire::control::{ContactPolicy, Direction, Limits, Policy, TransferState, Verdict};
use airhatch_wire::peer::Item;
use airhatch_wire::signed::Signed;
use airhatch_wire::{Blob, Email, Fingerprint, StageId, TransferId, UnixMillis, Untrusted};
use serde::{Deserialize, Serialize};

use super::{Numbered, Past, Taking};

/// The keys that a certificate binds to an email, and the certificate itself. Two pins are of the same person when
/// both keys are equal; the certificate around them is renewed every few weeks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// Whose.
    pub email: Email,
    /// SHA-256 of the Ed25519 identity key.
    pub identity: Fingerprint,
    /// SHA-256 of the X-Wing sealing key.
    pub sealing: [u8; 32],
    /// The certificate's serial number.
    pub serial: [u8; 16],
    /// The certificate, DER.
    pub certificate: Blob,
}

impl Pin {
    /// True when both keys are those of `other`.
    #[must_use]
    pub fn same_keys(&self, other: &Self) -> bool {
        self.email == other.email && self.identity == other.identity && self.sealing == other.sealing
    }
}

/// A contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The keys that are trusted.
    pub pin: Pin,
    /// A person compared the fingerprint.
    pub verified: bool,
    /// Other keys that the CA certified since, and when they were noticed.
    pub changed: Option<(Pin, UnixMillis)>,
    /// The CA revoked the pinned certificate.
    pub revoked: bool,
    /// When it was added.
    pub added: UnixMillis,
    /// When it answered last.
    pub seen: Option<UnixMillis>,
    /// Where it can be reached, as it last said.
    pub announcement: Option<Signed>,
    /// What happens to its offers.
    pub policy: ContactPolicy,
    /// What was accepted from it lately.
    pub spent: Spent,
}

/// What was accepted from a contact on one day (UTC). Counted on acceptance, whatever becomes of the bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Which day, from the Unix epoch on.
    pub day: u64,
    /// By its rule, bytes.
    pub by_rule: u64,
    /// In all, bytes.
    pub in_all: u64,
}

impl Spent {
    /// Milliseconds of a day.
    const DAY: u64 = 24 * 3_600_000;

    /// What counts at `now`: nothing on another day.
    #[must_use]
    pub const fn at(self, now: UnixMillis) -> Self {
        let day = now.0 / Self::DAY;
        if self.day == day { self } else { Self { day, by_rule: 0, in_all: 0 } }
    }
}

/// A transfer, without its table of items.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// Its id.
    pub id: TransferId,
    /// Which way.
    pub direction: Direction,
    /// The other side.
    pub contact: Email,
    /// The offer as its sender signed it.
    pub offer: Signed,
    /// The sender's line.
    pub note: Untrusted<String>,
    /// How many items.
    pub item_count: u32,
    /// Bytes of those that are wanted.
    pub total: u64,
    /// When the offer was made.
    pub created: UnixMillis,
    /// When it ends.
    pub expires: UnixMillis,
    /// How far it is.
    pub state: TransferState,
    /// Outgoing: where the files are staged.
    pub stage: Option<StageId>,
    /// Incoming: bytes free when it came.
    pub free_space: Option<u64>,
    /// Once accepted: what of it, and where it goes.
    pub taking: Taking,
    /// Incoming, once landed: the items whose names were taken.
    pub landed: Vec<Numbered>,
    /// Once landed: SHA-256 of the sender's completion.
    pub completion: Option<[u8; 32]>,
    /// Incoming: what the account made of it by itself.
    pub verdict: Option<Verdict>,
    /// Outgoing, called off: the recipient has not heard it yet.
    pub untold: bool,
}

/// What belongs to the account as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// What happens to offers while no front is attached.
    pub policy: Policy,
    /// What the account allows at most.
    pub limits: Limits,
    /// The highest revocation list seen.
    pub revocations: u64,
}

/// Items in one stored page.
const STORED_PAGE: usize = 256;

/// One value of the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Record {
    /// A contact.
    Contact(Box<Contact>),
    /// A transfer.
    Transfer(Box<Transfer>),
    /// A part of a transfer's table.
    Items {
        /// Whose table.
        transfer: TransferId,
        /// Which part, from 0.
        page: u32,
        /// The items, at most 256.
        items: Vec<Item>,
    },
    /// A transfer that is over.
    Past(Box<Past>),
    /// The account's settings.
    Settings(Settings),
    /// The account's own certificate, DER.
    Certificate(Blob),
    /// The port last listened on.
    Port(u16),
}

/// What a record is found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordName {
    /// A contact.
    Contact(Email),
    /// A transfer.
    Transfer(TransferId),
    /// A part of a transfer's table.
    Items(TransferId, u32),
    /// A transfer that is over.
    Past(TransferId),
    /// The settings.
    Settings,
    /// The certificate.
    Certificate,
    /// The port.
    Port,
}

impl Record {
    /// The name this record is stored under.
    #[must_use]
    pub fn name(&self) -> RecordName {
        match self {
            Self::Contact(contact) => RecordName::Contact(contact.pin.email.clone()),
            Self::Transfer(transfer) => RecordName::Transfer(transfer.id),
            Self::Items { transfer, page, .. } => RecordName::Items(*transfer, *page),
            Self::Past(past) => RecordName::Past(past.id),
            Self::Settings(_) => RecordName::Settings,
            Self::Certificate(_) => RecordName::Certificate,
            Self::Port(_) => RecordName::Port,
        }
    }
}

impl RecordName {
    /// The name as bytes; different names never give the same.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Contact(email) => [b"contact:", email.as_str().as_bytes()].concat(),
            Self::Transfer(id) => [b"transfer:".as_slice(), &id.0].concat(),
            Self::Items(id, page) => [b"items:".as_slice(), &id.0, &page.to_be_bytes()].concat(),
            Self::Past(id) => [b"past:".as_slice(), &id.0].concat(),
            Self::Settings => b"settings".to_vec(),
            Self::Certificate => b"certificate".to_vec(),
            Self::Port => b"port".to_vec(),
        }
    }
}

/// The names of the records that hold a table of so many items.
pub(super) fn table_names(transfer: TransferId, items: usize) -> impl Iterator<Item = RecordName> {
    (0_u32..).take(items.div_ceil(STORED_PAGE)).map(move |page| RecordName::Items(transfer, page))
}

/// A transfer's table cut into records.
pub fn table_records(transfer: TransferId, items: &Arc<[Item]>) -> impl Iterator<Item = Record> + '_ {
    items.chunks(STORED_PAGE).zip(0..).map(move |(page_items, page)| Record::Items {
        transfer,
        page,
        items: page_items.to_vec(),
    })
}
