//! Front and agent: what a person may ask of an account, and what the agent tells. Local socket, same user only.
//!
//! A conversation: requests carry an id, each gets exactly one answer, in any order. After [`Command::Watch`] events
//! follow: first one per contact and transfer (the state now), then the answer, then every change as it happens.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::frame::{Protocol, Word};
use crate::{
    Address, Blob, Email, Failure, Fingerprint, InboxFolder, Selection, StageId, TransferId, UnixMillis,
    Untrusted,
};

mod past;
mod rule;
mod view;
pub use past::*;
pub use rule::*;
pub use view::*;

/// The largest note that goes with an offer, bytes.
pub const NOTE_LIMIT: usize = 1024;

/// The most items that one [`Reply::Items`] page or [`TransferView`] carries.
pub const ITEMS_PAGE: usize = 256;

/// The most contacts in one [`Reply::Contacts`].
pub const CONTACTS_PAGE: usize = 512;

/// The most transfers in one [`Reply::Transfers`].
pub const TRANSFERS_PAGE: usize = 64;

/// The most items of each transfer in one [`Reply::Transfers`].
pub const ITEMS_LISTED: usize = 8;

/// What a front sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Chosen by the front; comes back in the answer.
    pub id: u32,
    /// What is asked.
    pub command: Command,
}

/// What an agent sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromAgent {
    /// The answer to one request.
    Answer {
        /// The request's id.
        id: u32,
        /// What came of it.
        outcome: Result<Reply, Failure>,
    },
    /// Something changed. Only after [`Command::Watch`].
    Event(Event),
}

impl Word for Request {
    const PROTOCOL: Protocol = Protocol::Control;
    const VERSION: u16 = 1;
    const LIMIT: usize = 1 << 20;
}

impl Word for FromAgent {
    const PROTOCOL: Protocol = Protocol::Control;
    const VERSION: u16 = 1;
    const LIMIT: usize = 1 << 20;
}

/// A passphrase on its way to the vault: wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Passphrase(pub Zeroizing<String>);

impl From<String> for Passphrase {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl From<Passphrase> for String {
    fn from(passphrase: Passphrase) -> Self {
        passphrase.0.to_string()
    }
}

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase")
    }
}

/// What a person may ask. Each comment names the reply of success.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Makes keys, registers the email at a CA and writes the vault; logged in afterwards. [`Reply::Account`].
    Enroll {
        /// The new account's email.
        email: Email,
        /// Where the CA listens.
        authority: Address,
        /// SHA-256 of the CA's certificate, compared by the person.
        authority_fingerprint: Fingerprint,
        /// The one-time code, where the CA asks for an invitation.
        code: Option<String>,
        /// Protects the vault.
        passphrase: Passphrase,
    },
    /// Opens the vault: logs in. [`Reply::Account`].
    Unlock {
        /// The vault's passphrase.
        passphrase: Passphrase,
    },
    /// Wipes the keys, withdraws the address, closes the listener and ends the agent: logs out. [`Reply::Done`].
    Lock,
    /// Writes the vault anew under another passphrase. [`Reply::Done`].
    ChangePassphrase {
        /// The present one.
        old: Passphrase,
        /// The next one.
        new: Passphrase,
    },
    /// The account and its surroundings. [`Reply::Account`].
    Status,
    /// Starts the events on this connection. [`Reply::Done`].
    Watch {
        /// A person is looking: until this connection ends, the account's policy leaves offers to them.
        attending: bool,
    },
    /// A page of the contacts, by email. [`Reply::Contacts`]; an empty page is the end.
    Contacts {
        /// The last one of the page before.
        after: Option<Email>,
    },
    /// Looks an email up at the CA, checks and pins it. [`Reply::Contact`].
    AddContact {
        /// Whom.
        email: Email,
    },
    /// Forgets a contact and denies what it has offered. [`Reply::Done`].
    RemoveContact {
        /// Whom.
        email: Email,
    },
    /// Settles a changed key: takes the new one in place of the pinned one. [`Reply::Contact`].
    TrustNewKey {
        /// Whose.
        email: Email,
        /// The new key, as the person saw it: something newer is not taken.
        fingerprint: Fingerprint,
    },
    /// Notes that the person compared fingerprints (or takes that back). [`Reply::Contact`].
    MarkVerified {
        /// Whose.
        email: Email,
        /// The key compared: if it changed since, nothing is marked.
        fingerprint: Fingerprint,
        /// Compared, or no longer.
        verified: bool,
    },
    /// Connects to a contact and waits for the answer. [`Reply::Pong`].
    Ping {
        /// Whom.
        email: Email,
    },
    /// What happens to an offer while no front is attached. [`Reply::Account`].
    SetPolicy {
        /// The account's policy.
        policy: Policy,
    },
    /// What happens to a contact's offers. [`Reply::Contact`]; [`crate::Code::NotPermitted`] where it would accept from a
    /// contact that is not verified.
    SetContactPolicy {
        /// Whose offers.
        email: Email,
        /// The contact's rule.
        policy: ContactPolicy,
    },
    /// What the account allows at most. [`Reply::Account`].
    SetLimits {
        /// All of it.
        limits: Limits,
    },
    /// A page of the transfers, newest first. [`Reply::Transfers`]; an empty page is the end.
    Transfers {
        /// The last one of the page before.
        after: Option<TransferId>,
    },
    /// A page of a transfer's items. [`Reply::Items`].
    Items {
        /// Which transfer.
        transfer: TransferId,
        /// Index of the first item wanted.
        from: u32,
    },
    /// Offers what lies in a staging folder to a contact. [`Reply::Transfer`].
    Send {
        /// To whom.
        to: Email,
        /// The folder under `outbox`, as the warden staged it.
        stage: StageId,
        /// A line to go with it, [`NOTE_LIMIT`] bytes at most.
        note: String,
        /// How long the offer stands, seconds; the agent's default when absent.
        lifetime: Option<u32>,
    },
    /// Accepts an offer, or a part of it. [`Reply::Transfer`]; [`crate::Code::Conflict`] when it is settled already,
    /// [`crate::Code::Invalid`] for a part that the offer does not have.
    Accept {
        /// Which offer.
        transfer: TransferId,
        /// Which of its items; the folders above them come with them.
        items: Selection,
        /// Where they go: a folder in the inbox, made where it is missing. The inbox itself when absent.
        folder: Option<InboxFolder>,
    },
    /// Denies an offer. [`Reply::Transfer`]; [`crate::Code::Conflict`] when it is settled already.
    Deny {
        /// Which offer.
        transfer: TransferId,
        /// Told to the sender; may be empty.
        reason: String,
    },
    /// Ends a transfer that is not over, from either side. [`Reply::Transfer`].
    Cancel {
        /// Which transfer.
        transfer: TransferId,
        /// Told to the other side; may be empty.
        reason: String,
    },
    /// Lets no bytes move until [`Command::Resume`]; the other side is told. [`Reply::Transfer`].
    Pause {
        /// Which transfer.
        transfer: TransferId,
    },
    /// Takes back [`Command::Pause`]. [`Reply::Transfer`].
    Resume {
        /// Which transfer.
        transfer: TransferId,
    },
    /// Tries a waiting transfer now; offers again what ended without a delivery. [`Reply::Transfer`], a new one then.
    Retry {
        /// Which transfer.
        transfer: TransferId,
    },
    /// Takes a finished transfer off the list. [`Reply::Done`].
    Forget {
        /// Which transfer.
        transfer: TransferId,
    },
    /// A page of the transfers that are over, the last ended first. [`Reply::History`]; an empty page is the end.
    History {
        /// Only those with this contact.
        with: Option<Email>,
        /// The last one of the page before.
        after: Option<TransferId>,
    },
    /// The receipt of a delivered transfer with all that is needed to check it elsewhere. [`Reply::ReceiptFile`].
    ExportReceipt {
        /// Which transfer.
        transfer: TransferId,
    },
    /// Checks a receipt file, whoever it is from. [`Reply::Receipt`], also when it does not hold;
    /// [`crate::Code::VerificationFailed`] when it is no receipt file.
    CheckReceipt {
        /// The file, [`RECEIPT_LIMIT`] bytes at most.
        file: Blob,
        /// SHA-256 of the CA certificate that is trusted; this account's CA when absent.
        authority: Option<Fingerprint>,
    },
    /// Removes the account at the CA after a signed challenge, then its keys and store here. [`Reply::Done`].
    RemoveAccount {
        /// Asked again, because it cannot be undone.
        passphrase: Passphrase,
    },
}

/// What success looks like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// Nothing to tell.
    Done,
    /// The account.
    Account(Box<AccountView>),
    /// One contact.
    Contact(Box<ContactView>),
    /// A page of contacts, at most [`CONTACTS_PAGE`].
    Contacts(Vec<ContactView>),
    /// One transfer.
    Transfer(Box<TransferView>),
    /// A page of transfers, at most [`TRANSFERS_PAGE`], each with its first [`ITEMS_LISTED`] items.
    Transfers(Vec<TransferView>),
    /// Some items of a transfer, in table order.
    Items(Vec<ItemView>),
    /// A page of the transfers that are over, at most [`HISTORY_PAGE`].
    History(Vec<PastTransfer>),
    /// A receipt file: text.
    ReceiptFile(Blob),
    /// What a receipt file says.
    Receipt(Box<ReceiptFindings>),
    /// A contact answered.
    Pong {
        /// From asking to the answer, connection and handshake included, microseconds.
        micros: u64,
    },
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// The account's own state.
    AccountChanged(Box<AccountView>),
    /// A contact was added or differs now.
    ContactChanged(Box<ContactView>),
    /// A contact is gone.
    ContactRemoved(Email),
    /// A transfer was added or differs now.
    TransferChanged(Box<TransferView>),
    /// Bytes moved; at most a few times a second for each transfer.
    Progress {
        /// Which transfer.
        transfer: TransferId,
        /// Bytes of content so far.
        moved: u64,
    },
    /// A transfer left the list.
    TransferForgotten(TransferId),
    /// A line of the agent's log, warnings and above, and milestones.
    Logged {
        /// When.
        at: UnixMillis,
        /// How grave.
        level: LogLevel,
        /// What.
        text: Untrusted<String>,
    },
}

/// How grave a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LogLevel {
    /// A milestone.
    Info,
    /// Something to look at.
    Warn,
    /// Something failed.
    Error,
}
