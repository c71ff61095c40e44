//! What a front is shown of transfers that are over, and of the receipts that prove them.

use serde::{Deserialize, Serialize};

use super::{Direction, ItemView, TransferState, Verdict};
use crate::{Email, Fingerprint, TransferId, UnixMillis, Untrusted};

/// The most transfers in one [`super::Reply::History`].
pub const HISTORY_PAGE: usize = 64;

/// The largest receipt file that is read, bytes.
pub const RECEIPT_LIMIT: usize = 1 << 18;

/// A transfer that is over. It stays here when it leaves the list of transfers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastTransfer {
    /// Its id, the same on both sides.
    pub id: TransferId,
    /// Which way it went.
    pub direction: Direction,
    /// The other side.
    pub contact: Email,
    /// The sender's line.
    pub note: Untrusted<String>,
    /// The first [`super::ITEMS_LISTED`] items at most.
    pub items: Vec<ItemView>,
    /// How many items there were in all.
    pub item_count: u32,
    /// Content in all, bytes.
    pub total: u64,
    /// How it ended, with the reason.
    pub outcome: TransferState,
    /// When the offer was made.
    pub created: UnixMillis,
    /// When it ended, by this machine's clock.
    pub ended: UnixMillis,
    /// The recipient's signed receipt is here.
    pub receipt: bool,
    /// Incoming: what the account made of it by itself.
    pub verdict: Option<Verdict>,
}

/// What a receipt file says, and whether it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptFindings {
    /// The transfer.
    pub transfer: TransferId,
    /// Who sent.
    pub sender: Email,
    /// Who states to have the files.
    pub recipient: Email,
    /// SHA-256 of the recipient's Ed25519 public key, as the certificate in the file has it.
    pub recipient_key: Fingerprint,
    /// SHA-256 of the CA certificate in the file.
    pub authority: Fingerprint,
    /// The CA certificate in the file was compared with one that is trusted.
    pub compared: bool,
    /// The sender's line.
    pub note: Untrusted<String>,
    /// The items, where the file lists them.
    pub items: Vec<ItemView>,
    /// How many items there were in all.
    pub item_count: u32,
    /// Content in all, bytes.
    pub total: u64,
    /// When the offer was made, by the sender's clock.
    pub created: UnixMillis,
    /// When the files were in place, by the recipient's clock.
    pub received: UnixMillis,
    /// Why it does not hold, a sentence each; none when it holds.
    pub faults: Vec<Untrusted<String>>,
}
