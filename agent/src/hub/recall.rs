//! Transfers of ours that are off while their recipient does not know it yet. It may hold parts of them, and would keep
//! them until the offer expires: it is told as soon as it is there again, and whenever it asks.

use airhatch_wire::control::{Direction, TransferState};
use airhatch_wire::peer::PeerWord;
use airhatch_wire::{Email, TransferId, Untrusted};

use super::{Hub, Output};

impl Hub {
    /// The recipient shall hear that a transfer of ours is off; until it has, this is remembered.
    pub(super) fn owe_recall(&mut self, id: TransferId) {
        if let Some(entry) = self.transfers.get_mut(&id) {
            entry.transfer.untold = entry.transfer.direction == Direction::Outgoing;
        }
    }

    /// Calls the recipient only to say that a transfer of ours is off.
    pub(super) fn recall(&mut self, id: TransferId, reason: Untrusted<String>) {
        let Some(entry) = self.transfers.get(&id) else { return };
        if let Ok(target) = self.usable(&entry.transfer.contact) {
            self.outputs.push(Output::Recall(target, id, reason));
        }
    }

    /// A contact is there again: it hears what it missed.
    pub(super) fn recall_untold(&mut self, email: &Email) {
        let untold = self.transfers.values().filter(|entry| {
            entry.transfer.untold && entry.transfer.contact == *email && entry.transfer.expires > self.now
        });
        let missed = untold.filter_map(|entry| match &entry.transfer.state {
            TransferState::Cancelled { reason, .. } => Some((entry.transfer.id, reason.clone())),
            _ => None,
        });
        for (id, reason) in missed.collect::<Vec<_>>() {
            self.recall(id, reason);
        }
    }

    /// The recipient has heard it.
    pub(super) fn recalled(&mut self, id: TransferId) {
        if let Some(entry) = self.transfers.get_mut(&id)
            && std::mem::take(&mut entry.transfer.untold)
        {
            self.transfer_touched(id);
        }
    }

    /// A contact has decided about a transfer, or asks what became of it.
    pub(super) fn woken(&mut self, email: &Email, id: TransferId) {
        let Some(entry) = self.transfers.get(&id) else {
            // Forgotten here: whoever waits for it would wait in vain.
            let reason = Untrusted::from("the sender does not know this transfer any more");
            return self.say(email, PeerWord::Cancel { transfer: id, reason });
        };
        let transfer = &entry.transfer;
        if transfer.direction != Direction::Outgoing || transfer.contact != *email {
            return;
        }
        match &transfer.state {
            TransferState::Cancelled { by_us: true, reason } => self.recall(id, reason.clone()),
            TransferState::Failed(_) => self.recall(id, Untrusted::from("it failed at the sender")),
            state if !state.is_over() => self.outputs.push(Output::HurryDelivery(id)),
            _ => {}
        }
    }
}
