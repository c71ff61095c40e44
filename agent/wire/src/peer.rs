//! Agent and agent, over mutual TLS 1.3 with the pinned certificates.
//!
//! The side that dials greets with [`PeerWord::Hello`] and is greeted back. A connection is then for presence (ping
//! and pong) or for one transfer: OFFER and its item pages, `Recorded`, ACCEPT or DENY when somebody decided, SEALED
//! followed by raw frames up to an empty one, DONE and its hash pages, RECEIPT. ACK goes the other way meanwhile.

use serde::{Deserialize, Serialize};

use crate::frame::{Protocol, Word};
pub use crate::selection::Selection;
use crate::signed::Signed;
use crate::{Email, Failure, TransferId, UnixMillis, Untrusted};

/// ALPN of this protocol, in wire form.
pub const ALPN: &[u8] = b"\x0aairhatch/1";

/// The largest raw frame of sealed bytes.
pub const SEALED_FRAME: usize = 1 << 18;

/// The most items in one offer.
pub const ITEMS_LIMIT: u32 = 1_000_000;

/// A peer's message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PeerWord {
    /// First word each way: what this side can take.
    Hello {
        /// The most items of an offer.
        items: u32,
    },
    /// Are you there?
    Ping {
        /// Comes back.
        nonce: u64,
    },
    /// Yes.
    Pong {
        /// From the ping.
        nonce: u64,
    },
    /// Signed [`Offer`]; its [`PeerWord::Items`] follow at once.
    Offer(Signed),
    /// A page of the offer's table, in order.
    Items(Vec<Item>),
    /// The offer is stored and waits for a decision.
    Recorded {
        /// Which offer.
        transfer: TransferId,
    },
    /// Signed [`Answer`]: yes.
    Accept(Signed),
    /// Signed [`Answer`]: no.
    Deny(Signed),
    /// Accepted, but others come first: the bytes are asked for when it is their turn.
    Waiting {
        /// Which offer.
        transfer: TransferId,
    },
    /// Raw frames follow: one age stream of the accepted items' bytes, ended by an empty frame.
    Sealed {
        /// Which transfer.
        transfer: TransferId,
    },
    /// The receiver has this many bytes of content on disk.
    Ack {
        /// Bytes, counted through the table.
        durable: u64,
    },
    /// Signed [`Completion`]; its [`PeerWord::Hashes`] follow at once.
    Done(Signed),
    /// A page of what was sent, in table order.
    Hashes(Vec<ItemHash>),
    /// Signed [`Receipt`].
    Receipt(Signed),
    /// This side calls the transfer off.
    Cancel {
        /// Which transfer.
        transfer: TransferId,
        /// A person's or a program's words.
        reason: Untrusted<String>,
    },
    /// This side has paused the transfer: no bytes until it says otherwise.
    Pause {
        /// Which transfer.
        transfer: TransferId,
    },
    /// A decision is ready for an offer of yours: dial.
    Wake {
        /// Which offer.
        transfer: TransferId,
    },
    /// The last word was not acceptable.
    Refused(Failure),
}

impl Word for PeerWord {
    const PROTOCOL: Protocol = Protocol::Peer;
    const VERSION: u16 = 1;
    const LIMIT: usize = 64 * 1024;
}

/// What a sender offers. The item table travels in pages; this statement binds it by digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Chosen at random by the sender.
    pub transfer: TransferId,
    /// The sender.
    pub from: Email,
    /// The recipient.
    pub to: Email,
    /// When it was made.
    pub created: UnixMillis,
    /// When it ends.
    pub expires: UnixMillis,
    /// A line for the recipient, at most [`crate::control::NOTE_LIMIT`] bytes.
    pub note: Untrusted<String>,
    /// How many items.
    pub items: u32,
    /// Their sizes together, bytes.
    pub total: u64,
    /// BLAKE3 over the encoded items, one after another.
    pub table: [u8; 32],
}

/// One entry of an offer's table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The path's parts, outermost first.
    pub path: Vec<Untrusted<String>>,
    /// What it is.
    pub kind: ItemKind,
    /// Bytes; 0 for a folder.
    pub size: u64,
    /// Whether the owner may run it.
    pub executable: bool,
    /// Last modification.
    pub modified: UnixMillis,
}

/// What an item is. There is nothing else: no links, no devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ItemKind {
    /// A plain file.
    File,
    /// A folder.
    Folder,
}

/// A recipient's decision about the offer it was shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Which offer.
    pub transfer: TransferId,
    /// SHA-256 of the offer's signed body.
    pub offer: [u8; 32],
    /// On acceptance: which items.
    pub items: Selection,
    /// On acceptance: bytes of the accepted items that the recipient holds already.
    pub offset: u64,
    /// On denial: words for the sender.
    pub reason: Untrusted<String>,
}

/// What a sender sent, item by item in [`PeerWord::Hashes`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    /// Which transfer.
    pub transfer: TransferId,
    /// SHA-256 of the offer's signed body.
    pub offer: [u8; 32],
    /// How many hashes follow: one for each accepted item.
    pub items: u32,
    /// BLAKE3 over the encoded hashes, one after another.
    pub table: [u8; 32],
}

/// One item as it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemHash {
    /// Bytes.
    pub length: u64,
    /// BLAKE3 of the content.
    pub blake3: [u8; 32],
}

/// A recipient states that the files are in place under their final names, on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Which transfer.
    pub transfer: TransferId,
    /// SHA-256 of the offer's signed body.
    pub offer: [u8; 32],
    /// SHA-256 of the completion's signed body.
    pub completion: [u8; 32],
    /// Which items they are, as the recipient accepted them.
    pub items: Selection,
    /// When the last file was in place.
    pub at: UnixMillis,
}
