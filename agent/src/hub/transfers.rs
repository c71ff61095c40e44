//! What belongs to transfers of both directions: their states, called off, expired, forgotten, told to the other side.

use airhatch_wire::control::{Direction, Event, ITEMS_PAGE, Reply, TransferState};
use airhatch_wire::peer::PeerWord;
use airhatch_wire::{Code, Email, Failure, TransferId, Untrusted};

use super::contacts::no_contact;
use super::pause::is_paused_by_us;
use super::record::table_names;
use super::view::item_views;
use super::{Ask, Entry, Hub, Output, Proof, Record, RecordName, SessionOrder, table_records};

impl Entry {
    /// Whether something of this transfer may lie in the inbox.
    fn may_have_parts(&self) -> bool {
        let decided = !matches!(self.transfer.state, TransferState::Queued | TransferState::Offered);
        self.transfer.direction == Direction::Incoming && decided
    }

    /// Whether its files are being put in place, which nothing stops any more.
    fn is_landing(&self) -> bool {
        self.transfer.direction == Direction::Incoming && self.transfer.state == TransferState::Finishing
    }
}

impl Hub {
    pub(super) fn cancel(&mut self, ask: Ask, id: TransferId, reason: &str) {
        let Some(entry) = self.transfers.get(&id) else {
            return self.answer(ask, Err(no_transfer(id)));
        };
        if entry.transfer.state.is_over() {
            let over = Failure::new(Code::Conflict, "this transfer is over already");
            return self.answer(ask, Err(over.hint("look at it with: airhatch transfer list")));
        }
        if entry.is_landing() {
            let late = Failure::new(Code::Conflict, "all bytes are here and are being put in place");
            return self
                .answer(ask, Err(late.hint("look for the files in the inbox, and remove them there")));
        }
        self.call_off(id, &Untrusted::new(reason.to_owned()));
        self.answer_transfer(ask, id);
    }

    /// Ends a live transfer from this side and tells the other.
    pub(super) fn call_off(&mut self, id: TransferId, reason: &Untrusted<String>) {
        let Some(entry) = self.transfers.get(&id) else { return };
        match (entry.transfer.direction, entry.session) {
            (Direction::Outgoing, _) if is_paused_by_us(&entry.transfer.state) => {
                self.recall(id, reason.clone());
            }
            (Direction::Outgoing, _) => self.outputs.push(Output::StopDelivery(id, Some(reason.clone()))),
            (Direction::Incoming, Some(session)) => {
                self.outputs.push(Output::Order(session, SessionOrder::Cancel(reason.clone())));
            }
            (Direction::Incoming, None) => self.wake_sender(id),
        }
        self.owe_recall(id);
        self.settle(id, TransferState::Cancelled { by_us: true, reason: reason.clone() });
    }

    pub(super) fn end_transfers_with(&mut self, email: &Email, reason: &str) {
        let live = self
            .transfers
            .values()
            .filter(|entry| entry.transfer.contact == *email && !entry.transfer.state.is_over());
        for id in live.map(|entry| entry.transfer.id).collect::<Vec<_>>() {
            self.call_off(id, &Untrusted::new(reason.to_owned()));
        }
    }

    pub(super) fn forget(&mut self, ask: Ask, id: TransferId) {
        let Some(entry) = self.transfers.get(&id) else {
            return self.answer(ask, Err(no_transfer(id)));
        };
        if !entry.transfer.state.is_over() {
            let live = Failure::new(Code::Conflict, "this transfer is not over yet");
            return self.answer(ask, Err(live.hint("cancel it first")));
        }
        self.drop_transfer(id);
        self.answer(ask, Ok(Reply::Done));
    }

    /// Takes a transfer that is over off the list.
    pub(super) fn drop_transfer(&mut self, id: TransferId) {
        let Some(entry) = self.transfers.remove(&id) else { return };
        self.outputs.extend(table_names(id, entry.items.len()).map(Output::Remove));
        self.outputs.push(Output::Remove(RecordName::Transfer(id)));
        self.publish(&Event::TransferForgotten(id));
    }

    pub(super) fn items(&mut self, ask: Ask, id: TransferId, from: u32) {
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let outcome = self.transfers.get(&id).map(|entry| Reply::Items(item_views(entry, from, ITEMS_PAGE)));
        self.answer(ask, outcome.ok_or_else(|| no_transfer(id)));
    }

    /// Offers nobody decided about in time, and accepted ones whose sender never came.
    pub(super) fn may_expire(entry: &Entry) -> bool {
        matches!(
            entry.transfer.state,
            TransferState::Queued | TransferState::Offered | TransferState::Accepted | TransferState::NoRoom
        )
    }

    pub(super) fn expire(&mut self) {
        let now = self.now;
        let over = |entry: &&Entry| Self::may_expire(entry) && entry.transfer.expires <= now;
        let due: Vec<TransferId> =
            self.transfers.values().filter(over).map(|entry| entry.transfer.id).collect();
        for id in due {
            let Some(entry) = self.transfers.get(&id) else { continue };
            let reason = Untrusted::from("the offer expired");
            match (entry.transfer.direction, entry.session) {
                (Direction::Outgoing, _) => self.outputs.push(Output::StopDelivery(id, Some(reason))),
                (Direction::Incoming, Some(session)) => {
                    self.outputs.push(Output::Order(session, SessionOrder::Refuse(expired())));
                }
                (Direction::Incoming, None) => {}
            }
            self.settle(id, TransferState::Expired);
        }
    }

    /// A new transfer: remembered with its table, shown to fronts.
    pub(super) fn keep(&mut self, entry: Entry) {
        let id = entry.transfer.id;
        for record in table_records(id, &entry.items).collect::<Vec<_>>() {
            self.put(record);
        }
        self.transfers.insert(id, entry);
        self.transfer_touched(id);
    }

    /// The transfer is in another state, and not over.
    pub(super) fn advance(&mut self, id: TransferId, state: TransferState) {
        let Some(entry) = self.transfers.get_mut(&id) else { return };
        if entry.transfer.state == state {
            return;
        }
        let remember = state != TransferState::Moving;
        entry.transfer.state = state;
        if remember {
            self.transfer_touched(id);
        } else {
            self.publish_transfer(id);
        }
    }

    /// The transfer is over.
    pub(super) fn settle(&mut self, id: TransferId, state: TransferState) {
        self.settle_with(id, state, None);
    }

    /// The transfer is over, and this proves how.
    pub(super) fn settle_with(&mut self, id: TransferId, state: TransferState, proof: Option<Proof>) {
        let Some(entry) = self.transfers.get_mut(&id) else { return };
        if entry.may_have_parts() && !matches!(state, TransferState::Delivered { .. }) {
            self.outputs.push(Output::DiscardIncoming(id));
        }
        entry.transfer.state = state;
        if let Some(session) = entry.session.take()
            && let Some(guest) = self.sessions.get_mut(&session)
        {
            guest.transfer = None;
        }
        self.keep_past(id, proof);
        self.transfer_touched(id);
        self.tidy_after(id);
        self.make_room(id);
    }

    /// The bytes are about to move; so many are at the recipient already.
    pub(super) fn begun(&mut self, id: TransferId, offset: u64) {
        if let Some(entry) = self.transfers.get_mut(&id) {
            entry.moved = offset.min(entry.transfer.total);
            if entry.transfer.state == TransferState::Accepted {
                self.publish_transfer(id);
            } else {
                self.advance(id, TransferState::Accepted);
            }
        }
    }

    pub(super) fn moved(&mut self, id: TransferId, moved: u64) {
        if let Some(entry) = self.transfers.get_mut(&id) {
            entry.moved = moved.min(entry.transfer.total);
            let moved = entry.moved;
            self.advance(id, TransferState::Moving);
            self.publish(&Event::Progress { transfer: id, moved });
        }
    }

    pub(super) fn transfer_touched(&mut self, id: TransferId) {
        if let Some(entry) = self.transfers.get(&id) {
            let record = Record::Transfer(Box::new(entry.transfer.clone()));
            self.put(record);
            self.publish_transfer(id);
        }
    }

    pub(super) fn answer_transfer(&mut self, ask: Ask, id: TransferId) {
        let outcome = self.transfer_reply(id).ok_or_else(|| no_transfer(id));
        self.answer(ask, outcome);
    }

    /// A contact calls a transfer off without a connection of its own for it.
    pub(super) fn called_off(&mut self, email: &Email, id: TransferId, reason: Untrusted<String>) {
        let Some(entry) = self.transfers.get(&id) else { return };
        if entry.transfer.contact != *email || entry.transfer.state.is_over() || entry.is_landing() {
            return;
        }
        match (entry.transfer.direction, entry.session) {
            (Direction::Outgoing, _) => self.outputs.push(Output::StopDelivery(id, None)),
            (Direction::Incoming, Some(session)) => {
                self.outputs.push(Output::Order(session, SessionOrder::Drop));
            }
            (Direction::Incoming, None) => {}
        }
        self.settle_called_off(id, reason);
    }

    /// The other side has called a transfer off. One whose time is over has expired, whoever noticed first.
    pub(super) fn settle_called_off(&mut self, id: TransferId, reason: Untrusted<String>) {
        let now = self.now;
        let over = |entry: &Entry| Self::may_expire(entry) && entry.transfer.expires <= now;
        let state = if self.transfers.get(&id).is_some_and(over) {
            TransferState::Expired
        } else {
            TransferState::Cancelled { by_us: false, reason }
        };
        self.settle(id, state);
    }

    pub(super) fn wake_sender(&mut self, id: TransferId) {
        if let Some(email) = self.transfers.get(&id).map(|entry| entry.transfer.contact.clone()) {
            self.say(&email, PeerWord::Wake { transfer: id });
        }
    }

    pub(super) fn say(&mut self, email: &Email, word: PeerWord) {
        if let Ok(target) = self.usable(email) {
            self.outputs.push(Output::Say(target, Box::new(word)));
        }
    }
}

pub(super) fn no_transfer(id: TransferId) -> Failure {
    Failure::new(Code::NotFound, format!("there is no transfer {}", id.short()))
        .hint("look at the list with: airhatch transfer list")
}

pub(super) fn expired() -> Failure {
    Failure::new(Code::Expired, "the offer expired before anybody decided").hint("send it again")
}

/// Refuses an email that is no contact; for offers that arrive.
pub(super) fn stranger(email: &Email) -> Failure {
    Failure { hint: Untrusted::default(), ..no_contact(email) }
}
