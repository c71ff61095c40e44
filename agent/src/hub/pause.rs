//! Transfers that one side, or both, have paused, taken up again, or asked to be tried anew.
//!
//! A sender that pauses tells the recipient and ends its delivery. A recipient that pauses hangs up with a word; the
//! sender comes again now and then, and is told the same until it is no longer so: nothing depends on a word arriving.

use airhatch_wire::control::{Direction, TransferState};
use airhatch_wire::{Code, Email, Failure, TransferId};

use super::transfers::no_transfer;
use super::{Ask, Hub, Output, SessionId, SessionOrder};

impl Hub {
    pub(super) fn pause(&mut self, ask: Ask, id: TransferId) {
        let Some(entry) = self.transfers.get_mut(&id) else {
            return self.answer(ask, Err(no_transfer(id)));
        };
        let by_them = match entry.transfer.state {
            TransferState::Accepted
            | TransferState::NoRoom
            | TransferState::Waiting
            | TransferState::Moving => false,
            TransferState::Paused { by_them, .. } => by_them,
            _ => {
                let no = Failure::new(Code::Conflict, "only an accepted transfer under way can be paused");
                return self.answer(ask, Err(no.hint("look at it with: airhatch transfer list")));
            }
        };
        match (entry.transfer.direction, entry.session.take()) {
            (Direction::Outgoing, _) => self.outputs.push(Output::PauseDelivery(id)),
            (Direction::Incoming, Some(session)) => {
                self.outputs.push(Output::Order(session, SessionOrder::Pause));
            }
            // The sender hears it when it comes again.
            (Direction::Incoming, None) => {}
        }
        self.advance(id, TransferState::Paused { by_us: true, by_them });
        self.make_room(id);
        self.answer_transfer(ask, id);
    }

    pub(super) fn take_up(&mut self, ask: Ask, id: TransferId) {
        let Some(entry) = self.transfers.get(&id) else {
            return self.answer(ask, Err(no_transfer(id)));
        };
        let (state, direction) = match entry.transfer.state {
            TransferState::Paused { by_us: true, by_them: true } => {
                (TransferState::Paused { by_us: false, by_them: true }, entry.transfer.direction)
            }
            TransferState::Paused { by_us: true, .. } => (TransferState::Accepted, entry.transfer.direction),
            TransferState::Paused { .. } => {
                let theirs = Failure::new(Code::Conflict, "the other side has paused this transfer");
                return self.answer(ask, Err(theirs.hint("ask them to resume it")));
            }
            _ => {
                let no = Failure::new(Code::Conflict, "this transfer is not paused");
                return self.answer(ask, Err(no.hint("look at it with: airhatch transfer list")));
            }
        };
        self.advance(id, state);
        match direction {
            Direction::Outgoing => self.deliver(id),
            Direction::Incoming => self.wake_sender(id),
        }
        self.answer_transfer(ask, id);
    }

    /// Tries a waiting transfer of ours now, or offers again what ended without a delivery.
    pub(super) fn retry(&mut self, ask: Ask, id: TransferId) {
        let Some(entry) = self.transfers.get(&id) else {
            return self.answer(ask, Err(no_transfer(id)));
        };
        let transfer = &entry.transfer;
        let refused = |text: &str, hint: &str| Err(Failure::new(Code::Conflict, text).hint(hint));
        match (&transfer.state, transfer.direction, transfer.stage) {
            (TransferState::Delivered { .. }, ..) => {
                self.answer(ask, refused("this transfer was delivered", "send the files again if need be"));
            }
            (state, Direction::Incoming, _) if state.is_over() => {
                self.answer(
                    ask,
                    refused("only its sender can offer this again", "ask them to send it again"),
                );
            }
            (state, Direction::Outgoing, Some(stage)) if state.is_over() => {
                let expires = self.now.plus(transfer.expires.since(transfer.created));
                let (to, note) = (transfer.contact.clone(), transfer.note.as_received().to_owned());
                match self.usable(&to) {
                    Ok(_) => self.outputs.push(Output::Draft { ask, to, stage, note, expires }),
                    Err(failure) => self.answer(ask, Err(failure)),
                }
            }
            (_, Direction::Incoming, _) => {
                self.wake_sender(id);
                self.answer_transfer(ask, id);
            }
            _ => {
                self.outputs.push(Output::HurryDelivery(id));
                self.answer_transfer(ask, id);
            }
        }
    }

    /// The sender of an incoming transfer has paused it, over any connection.
    pub(super) fn paused_by(&mut self, email: &Email, id: TransferId) {
        let Some(entry) = self.transfers.get_mut(&id) else { return };
        if entry.transfer.contact != *email || entry.transfer.direction != Direction::Incoming {
            return;
        }
        let by_us = match entry.transfer.state {
            TransferState::Accepted
            | TransferState::NoRoom
            | TransferState::Waiting
            | TransferState::Moving => false,
            TransferState::Paused { by_us, .. } => by_us,
            _ => return,
        };
        entry.session = None;
        self.advance(id, TransferState::Paused { by_us, by_them: true });
        self.make_room(id);
    }

    /// The recipient of an outgoing transfer has paused it.
    pub(super) fn paused_by_recipient(&mut self, id: TransferId) {
        let by_us = self.transfers.get(&id).is_some_and(|entry| is_paused_by_us(&entry.transfer.state));
        self.advance(id, TransferState::Paused { by_us, by_them: true });
        self.make_room(id);
    }

    /// The sender of a paused transfer comes again: it has not paused it any more.
    pub(super) fn offered_while_paused(&mut self, session: SessionId, id: TransferId, by_us: bool) {
        if by_us {
            if let Some(entry) = self.transfers.get_mut(&id) {
                entry.session = None;
            }
            self.advance(id, TransferState::Paused { by_us: true, by_them: false });
            self.outputs.push(Output::Order(session, SessionOrder::Pause));
        } else {
            self.advance(id, TransferState::Accepted);
            self.take_in_turn(id, session);
        }
    }
}

/// True when this account has paused it.
pub(super) const fn is_paused_by_us(state: &TransferState) -> bool {
    matches!(state, TransferState::Paused { by_us: true, .. })
}
