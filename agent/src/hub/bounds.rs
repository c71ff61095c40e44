//! What contacts can make this account hold: offers, tables, connections, and what is left of transfers that are over.
//! Whatever they send, and however often, it stays within these bounds, and no contact uses up what another needs.

use airhatch_wire::control::{Direction, ITEMS_PAGE, TransferState};
use airhatch_wire::peer::ITEMS_LIMIT;
use airhatch_wire::{Code, Email, Failure, TransferId};

use super::record::table_names;
use super::{ArrivedOffer, Entry, Hub, Output};

/// Transfers from one contact that stay on the list when they are over; all are in the history.
const ENDED: usize = 200;

/// Items of all offers of all contacts that wait for a decision.
const ITEMS_HELD: u64 = 2 * ITEMS_LIMIT as u64;

/// Connections of one contact besides those of offers that wait and of as many that were accepted.
const SPARE_SESSIONS: usize = 64;

impl Hub {
    /// Whether one more offer may wait here.
    pub(super) fn has_room_for(&self, arrived: &ArrivedOffer) -> Result<(), Failure> {
        let (limits, from) = (&self.settings.limits, &arrived.offer.from);
        let open = || self.transfers.values().filter(|entry| entry.waits_for_decision());
        let theirs = || open().filter(|entry| entry.transfer.contact == *from);
        if reached(theirs().count(), limits.offers_per_contact) {
            let text = format!("too many open offers: {} of yours wait for a decision", theirs().count());
            return Err(
                Failure::new(Code::TryAgain, text).hint("wait until some are decided, or cancel some")
            );
        }
        let items = |entry: &Entry| u64::from(entry.transfer.item_count);
        let (mine, all) = (theirs().map(items).sum::<u64>(), open().map(items).sum::<u64>());
        let new = u64::from(arrived.offer.items);
        let too_many = |held: u64, most: u64| held > 0 && held + new > most;
        let tables_full = too_many(mine, ITEMS_LIMIT.into()) || too_many(all, ITEMS_HELD);
        if reached(open().count(), limits.offers) || tables_full {
            let text = "too many open offers wait for a decision here";
            return Err(Failure::new(Code::TryAgain, text).hint("it is tried again by itself"));
        }
        let waiting = theirs().map(|entry| entry.transfer.total).fold(0, u64::saturating_add);
        self.has_day_for(from, arrived.offer.total, waiting)
    }

    /// Whether so many bytes more fit into what one contact may send in a day, beside those that wait.
    fn has_day_for(&self, from: &Email, total: u64, waiting: u64) -> Result<(), Failure> {
        let (Some(per_day), Some(known)) = (self.settings.limits.bytes_per_day, self.contacts.get(from))
        else {
            return Ok(());
        };
        let spent = known.contact.spent.at(self.now).in_all.saturating_add(waiting);
        if spent.saturating_add(total) <= per_day {
            return Ok(());
        }
        let (code, hint) = match total > per_day {
            true => (Code::TooLarge, "send it in parts, on several days"),
            false => (Code::TryAgain, "it is tried again by itself"),
        };
        let text = "this is more than this account takes from one contact in a day";
        Err(Failure::new(code, text).hint(hint))
    }

    /// Whether a contact has all the connections that it can have a use for.
    pub(super) fn has_too_many_sessions(&self, email: &Email) -> bool {
        let offers = usize::try_from(self.settings.limits.offers_per_contact).unwrap_or(usize::MAX);
        let most = offers.saturating_mul(2).saturating_add(SPARE_SESSIONS);
        self.sessions.values().filter(|guest| guest.email == *email).count() >= most
    }

    /// What came from a contact and is over takes little room: no long table of what did not arrive, and only the last
    /// ones stay on the list.
    pub(super) fn tidy_after(&mut self, id: TransferId) {
        let Some(entry) = self.transfers.get_mut(&id) else { return };
        if entry.transfer.direction != Direction::Incoming {
            return;
        }
        let arrived = matches!(entry.transfer.state, TransferState::Delivered { .. });
        if let (false, Some(first)) = (arrived, entry.items.get(..ITEMS_PAGE)) {
            let names = table_names(id, entry.items.len()).skip(table_names(id, ITEMS_PAGE).count());
            let removed: Vec<_> = names.map(Output::Remove).collect();
            entry.items = first.into();
            self.outputs.extend(removed);
        }
        let Some(contact) = self.transfers.get(&id).map(|entry| entry.transfer.contact.clone()) else {
            return;
        };
        let ended = self.transfers.values().filter(|entry| {
            entry.transfer.direction == Direction::Incoming
                && entry.transfer.contact == contact
                && entry.transfer.state.is_over()
        });
        let mut ended: Vec<_> = ended.map(|entry| (entry.transfer.created, entry.transfer.id)).collect();
        if ended.len() > ENDED {
            ended.sort_unstable();
            // The one that has just ended is still to be told of.
            if let Some((_, oldest)) = ended.into_iter().find(|(_, ended)| *ended != id) {
                self.drop_transfer(oldest);
            }
        }
    }
}

impl Entry {
    /// Whether it is an offer to us that nobody has decided about.
    fn waits_for_decision(&self) -> bool {
        self.transfer.direction == Direction::Incoming && self.transfer.state == TransferState::Offered
    }
}

fn reached(count: usize, limit: u32) -> bool {
    u32::try_from(count).unwrap_or(u32::MAX) >= limit
}
