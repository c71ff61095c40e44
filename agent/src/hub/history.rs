//! Transfers that are over, as they are remembered for good: how each ended, when, why, and the receipt that proves it.
//!
//! A record is made when a transfer ends and stays when the transfer leaves the list; of more than [`HISTORY_LIMIT`]
//! the one that ended first goes, those with a receipt last. Called by the hub. Must never know: how a receipt is checked or written to a file.

use std::cmp::Reverse;

use airhatch_wire::control::{
    Direction, HISTORY_PAGE, ITEMS_LISTED, PastTransfer, RECEIPT_LIMIT, Reply, TransferState, Verdict,
};
use airhatch_wire::peer::Item;
use airhatch_wire::signed::Signed;
use airhatch_wire::{Blob, Code, Email, Failure, Fingerprint, Selection, TransferId, UnixMillis, Untrusted};
use serde::{Deserialize, Serialize};

use super::transfers::no_transfer;
use super::view::listed;
use super::{Ask, Entry, Hub, Output, Record, RecordName};

/// The most transfers that are remembered after their end.
pub const HISTORY_LIMIT: usize = 2_000;

/// A table of up to so many items is remembered as a whole, so that the receipt says what was delivered.
const ITEMS_KEPT: usize = 16;

/// A transfer that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    /// Its id.
    pub id: TransferId,
    /// Which way it went.
    pub direction: Direction,
    /// The other side.
    pub contact: Email,
    /// The sender's line.
    pub note: Untrusted<String>,
    /// The first items of its table.
    pub items: Vec<Item>,
    /// How many items it had.
    pub item_count: u32,
    /// Bytes of what was wanted of it.
    pub total: u64,
    /// How it ended.
    pub outcome: TransferState,
    /// When the offer was made.
    pub created: UnixMillis,
    /// When it ended.
    pub ended: UnixMillis,
    /// The offer as its sender signed it.
    pub offer: Signed,
    /// Outgoing, when delivered: what proves it.
    pub proof: Option<Proof>,
    /// Incoming: what the account made of it by itself.
    pub verdict: Option<Verdict>,
    /// Incoming, when delivered: SHA-256 of the sender's completion, for a sender that never got its receipt.
    pub completion: Option<[u8; 32]>,
    /// What was accepted of it.
    pub wanted: Selection,
}

/// What a recipient signed about a delivery, and what is needed to check it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The recipient's receipt.
    pub receipt: Signed,
    /// Our statement of what was sent, to which it refers.
    pub completion: Signed,
    /// The recipient's certificate as it was then, DER.
    pub certificate: Blob,
}

/// What a receipt file is made of, but for the certificates of this account and its CA.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// The offer.
    pub offer: Signed,
    /// Its table; empty where that is not remembered as a whole.
    pub items: Vec<Item>,
    /// What the recipient signed.
    pub proof: Proof,
}

impl Hub {
    /// Remembers a transfer that has just ended.
    pub(super) fn keep_past(&mut self, id: TransferId, proof: Option<Proof>) {
        let Some(entry) = self.transfers.get(&id) else { return };
        let transfer = &entry.transfer;
        let past = Past {
            id,
            direction: transfer.direction,
            contact: transfer.contact.clone(),
            note: transfer.note.clone(),
            items: entry.items.iter().take(ITEMS_KEPT).cloned().collect(),
            item_count: transfer.item_count,
            total: transfer.total,
            outcome: transfer.state.clone(),
            created: transfer.created,
            ended: self.now,
            offer: transfer.offer.clone(),
            proof,
            verdict: transfer.verdict,
            completion: transfer.completion,
            wanted: transfer.taking.wanted.clone(),
        };
        self.put(Record::Past(Box::new(past.clone())));
        self.past.insert(id, past);
        if self.past.len() > HISTORY_LIMIT
            && let Some(first) =
                self.past.values().min_by_key(|past| (past.proof.is_some(), past.ended)).map(|past| past.id)
        {
            self.past.remove(&first);
            self.outputs.push(Output::Remove(RecordName::Past(first)));
        }
    }

    /// Remembers what ended while nobody was looking: a landing that was completed when the account was opened.
    pub(super) fn complete_history(&mut self) {
        let missing =
            |entry: &&Entry| entry.transfer.state.is_over() && !self.past.contains_key(&entry.transfer.id);
        let ended: Vec<_> = self.transfers.values().filter(missing).map(|entry| entry.transfer.id).collect();
        let room = HISTORY_LIMIT.saturating_sub(self.past.len());
        for id in ended.into_iter().take(room) {
            self.keep_past(id, None);
        }
    }

    pub(super) fn history_page(&self, with: Option<&Email>, after: Option<TransferId>) -> Reply {
        let wanted = |past: &&Past| with.is_none_or(|email| past.contact == *email);
        let mut past: Vec<&Past> = self.past.values().filter(wanted).collect();
        past.sort_by_key(|past| (Reverse(past.ended), past.id));
        let from = match after {
            None => Some(0),
            Some(id) => past.iter().position(|past| past.id == id).map(|place| place + 1),
        };
        let rest = from.and_then(|from| past.get(from..)).unwrap_or_default();
        Reply::History(rest.iter().take(HISTORY_PAGE).map(|past| view(past)).collect())
    }

    pub(super) fn export_receipt(&mut self, ask: Ask, id: TransferId) {
        let held = match (self.past.get(&id), self.transfers.contains_key(&id)) {
            (Some(past), _) => held(past),
            (None, true) => Err(Failure::new(Code::Conflict, "this transfer is not over yet")
                .hint("the recipient signs a receipt when the files are in place")),
            (None, false) => Err(no_transfer(id)),
        };
        match held {
            Ok(held) => self.outputs.push(Output::ExportReceipt(ask, Box::new(held))),
            Err(failure) => self.answer(ask, Err(failure)),
        }
    }

    pub(super) fn check_receipt(&mut self, ask: Ask, file: Blob, authority: Option<Fingerprint>) {
        if file.len() > RECEIPT_LIMIT {
            let large = Failure::new(Code::TooLarge, "this is larger than any receipt file");
            return self.answer(ask, Err(large.hint("name a file that airhatch receipt export wrote")));
        }
        self.outputs.push(Output::CheckReceipt(ask, file, authority));
    }
}

fn held(past: &Past) -> Result<Held, Failure> {
    let Some(proof) = past.proof.clone() else {
        let none = Failure::new(Code::NotFound, "there is no receipt of this transfer here");
        return Err(none.hint(match past.direction {
            Direction::Incoming => "its sender has it: this side signed it",
            Direction::Outgoing => "only what was delivered has one",
        }));
    };
    let whole = usize::try_from(past.item_count).is_ok_and(|count| count == past.items.len());
    let items = if whole { past.items.clone() } else { Vec::new() };
    Ok(Held { offer: past.offer.clone(), items, proof })
}

fn view(past: &Past) -> PastTransfer {
    let mut items = listed(&past.items, ITEMS_LISTED);
    items.iter_mut().zip(0..).for_each(|(item, index)| item.wanted = past.wanted.holds(index));
    PastTransfer {
        id: past.id,
        direction: past.direction,
        contact: past.contact.clone(),
        note: past.note.clone(),
        items,
        item_count: past.item_count,
        total: past.total,
        outcome: past.outcome.clone(),
        created: past.created,
        ended: past.ended,
        receipt: past.proof.is_some(),
        verdict: past.verdict,
    }
}
