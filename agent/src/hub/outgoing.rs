//! Transfers that this account offers: drafted, delivered, followed to their end.

use std::sync::Arc;

use airhatch_wire::control::{Direction, NOTE_LIMIT, TransferState};
use airhatch_wire::{Code, Email, Failure, StageId, TransferId};

use super::pause::is_paused_by_us;
use super::{Ask, Delivery, Draft, Entry, Hub, OFFER_LIFETIME, OutgoingReport, Output, Taking, Transfer};

impl Hub {
    pub(super) fn send(&mut self, ask: Ask, to: Email, stage: StageId, note: String, lifetime: Option<u32>) {
        if let Err(failure) = self.usable(&to) {
            return self.answer(ask, Err(failure));
        }
        if note.len() > NOTE_LIMIT {
            let long = Failure::new(Code::TooLarge, format!("the note is longer than {NOTE_LIMIT} bytes"));
            return self.answer(ask, Err(long.hint("put the text into a file and send that")));
        }
        let lifetime = lifetime.map_or(OFFER_LIFETIME, |seconds| u64::from(seconds) * 1000);
        let expires = self.now.plus(lifetime);
        self.outputs.push(Output::Draft { ask, to, stage, note, expires });
    }

    pub(super) fn drafted(&mut self, ask: Ask, outcome: Result<Box<Draft>, Failure>) {
        let draft = match outcome {
            Ok(draft) => *draft,
            Err(failure) => return self.answer(ask, Err(failure)),
        };
        if let Err(failure) = self.usable(&draft.offer.to) {
            return self.answer(ask, Err(failure));
        }
        let id = draft.offer.transfer;
        let transfer = Transfer {
            id,
            direction: Direction::Outgoing,
            contact: draft.offer.to,
            offer: draft.signed,
            note: draft.offer.note,
            item_count: draft.offer.items,
            total: draft.offer.total,
            created: draft.offer.created,
            expires: draft.offer.expires,
            state: TransferState::Queued,
            stage: Some(draft.stage),
            free_space: None,
            taking: Taking::default(),
            landed: Vec::new(),
            completion: None,
            verdict: None,
            untold: false,
        };
        self.keep(Entry { transfer, items: draft.items, moved: 0, session: None });
        self.answer_transfer(ask, id);
        self.deliver(id);
    }

    /// Starts bringing an outgoing transfer to its recipient; nothing for others.
    pub(super) fn deliver(&mut self, id: TransferId) {
        let Some(entry) = self.transfers.get(&id) else { return };
        let transfer = &entry.transfer;
        let (Direction::Outgoing, Some(stage), false) = (
            transfer.direction,
            transfer.stage,
            transfer.state.is_over() || is_paused_by_us(&transfer.state),
        ) else {
            return;
        };
        let delivery = Box::new(Delivery {
            transfer: id,
            offer: transfer.offer.clone(),
            items: Arc::clone(&entry.items),
            stage,
        });
        match self.usable(&transfer.contact.clone()) {
            Ok(target) => self.outputs.push(Output::Deliver(delivery, target)),
            Err(failure) => self.settle(id, TransferState::Failed(failure)),
        }
    }

    pub(super) fn hurry_deliveries(&mut self, email: &Email) {
        let waiting = self.transfers.values().filter(|entry| {
            entry.transfer.direction == Direction::Outgoing
                && entry.transfer.contact == *email
                && !entry.transfer.state.is_over()
        });
        let hurry: Vec<_> = waiting.map(|entry| Output::HurryDelivery(entry.transfer.id)).collect();
        self.outputs.extend(hurry);
    }

    pub(super) fn outgoing(&mut self, id: TransferId, report: OutgoingReport) {
        if report == OutgoingReport::Told {
            return self.recalled(id);
        }
        let Some(entry) = self.transfers.get_mut(&id) else { return };
        if entry.transfer.direction != Direction::Outgoing || entry.transfer.state.is_over() {
            return;
        }
        let ending = matches!(
            report,
            OutgoingReport::Denied(_)
                | OutgoingReport::Cancelled(_)
                | OutgoingReport::Delivered { .. }
                | OutgoingReport::Failed(_)
        );
        // What its delivery says while it ends is of no account.
        if is_paused_by_us(&entry.transfer.state) && !ending {
            return;
        }
        match report {
            OutgoingReport::Told => {}
            OutgoingReport::Paused => self.paused_by_recipient(id),
            OutgoingReport::Unreachable(kept) => {
                let under_way = matches!(
                    entry.transfer.state,
                    TransferState::Moving | TransferState::Finishing | TransferState::Waiting
                );
                if under_way {
                    entry.moved = kept.min(entry.transfer.total);
                    self.advance(id, TransferState::Accepted);
                }
                self.make_room(id);
            }
            OutgoingReport::Waiting => {
                self.advance(id, TransferState::Waiting);
                self.make_room(id);
            }
            OutgoingReport::Recorded => {
                if entry.transfer.state == TransferState::Queued {
                    self.advance(id, TransferState::Offered);
                }
            }
            OutgoingReport::NoRoom(kept) => {
                entry.moved = kept.min(entry.transfer.total);
                self.advance(id, TransferState::NoRoom);
                self.make_room(id);
            }
            OutgoingReport::Accepted(wanted, offset) => {
                if entry.transfer.taking.wanted != wanted {
                    self.take_only(id, Taking { wanted, folder: None });
                }
                self.begun(id, offset);
                self.send_in_turn(id);
            }
            OutgoingReport::Moved(moved) => self.moved(id, moved),
            OutgoingReport::Sent => {
                entry.moved = entry.transfer.total;
                self.advance(id, TransferState::Finishing);
            }
            OutgoingReport::Denied(reason) => self.settle(id, TransferState::Denied { reason }),
            OutgoingReport::Cancelled(reason) => self.settle_called_off(id, reason),
            OutgoingReport::Delivered(proof, at) => {
                entry.moved = entry.transfer.total;
                self.settle_with(id, TransferState::Delivered { at }, Some(*proof));
            }
            OutgoingReport::Failed(failure) if failure.code == Code::Expired => {
                self.settle(id, TransferState::Expired);
            }
            OutgoingReport::Failed(failure) => self.settle(id, TransferState::Failed(failure)),
        }
    }
}
