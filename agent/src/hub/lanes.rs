//! Whose bytes may move now: so many transfers at the same time in each direction, the others in line.
//!
//! A place is taken when a transfer that is accepted could begin, and given back when its connection or the transfer
//! ends. Whoever waits longest comes next, but the contacts take turns, and none gets more than half of the places: one
//! that fills them with transfers that never end keeps out nobody else. A recipient has its place before the sender asks
//! for its own, so two agents never wait for each other.

use std::collections::BTreeMap;

use airhatch_wire::control::{Direction, TransferState};
use airhatch_wire::{Email, TransferId};

use super::{Hub, Output, SessionId, SessionOrder};

/// One direction.
#[derive(Default)]
pub(super) struct Lane {
    moving: BTreeMap<TransferId, Email>,
    line: Vec<(TransferId, Email)>,
}

impl Lane {
    /// Stands in line; who stands there or moves already stays where it is.
    pub(super) fn join(&mut self, id: TransferId, email: &Email) {
        if !self.moving.contains_key(&id) && self.line.iter().all(|(waiting, _)| *waiting != id) {
            self.line.push((id, email.clone()));
        }
    }

    /// Gives up its place, or its place in line.
    pub(super) fn leave(&mut self, id: TransferId) {
        self.moving.remove(&id);
        self.line.retain(|(waiting, _)| *waiting != id);
    }

    pub(super) fn is_moving(&self, id: TransferId) -> bool {
        self.moving.contains_key(&id)
    }

    /// The next one that may move, of so many places.
    pub(super) fn call(&mut self, places: usize) -> Option<TransferId> {
        if self.moving.len() >= places {
            return None;
        }
        let held = |email: &Email| self.moving.values().filter(|who| *who == email).count();
        let most = places.div_ceil(2);
        let waiting = self.line.iter().enumerate().map(|(place, (_, email))| (held(email), place));
        let (_, place) = waiting.filter(|(held, _)| *held < most).min()?;
        let (id, email) = self.line.remove(place);
        self.moving.insert(id, email);
        Some(id)
    }
}

impl Hub {
    /// An accepted offer's sender is connected: its bytes are asked for, or it is told to wait for its turn.
    pub(super) fn take_in_turn(&mut self, id: TransferId, session: SessionId) {
        let Some(entry) = self.transfers.get(&id) else { return };
        // What is being put in place moves no bytes, and is not to be held up.
        if self.arriving.is_moving(id) || entry.transfer.state == TransferState::Finishing {
            let yes = SessionOrder::Accept(entry.transfer.taking.clone());
            return self.outputs.push(Output::Order(session, yes));
        }
        let email = entry.transfer.contact.clone();
        self.arriving.join(id, &email);
        self.call_next();
        if !self.arriving.is_moving(id) {
            self.advance(id, TransferState::Waiting);
            self.outputs.push(Output::Order(session, SessionOrder::Wait));
        }
    }

    /// The recipient of one of ours asks for its bytes: they leave, or wait for their turn.
    pub(super) fn send_in_turn(&mut self, id: TransferId) {
        let Some(entry) = self.transfers.get(&id) else { return };
        let email = entry.transfer.contact.clone();
        if self.leaving.is_moving(id) {
            return self.outputs.push(Output::BeginDelivery(id));
        }
        self.leaving.join(id, &email);
        self.call_next();
        if !self.leaving.is_moving(id) {
            self.advance(id, TransferState::Waiting);
        }
    }

    /// The bytes of a transfer move no longer, for whatever reason.
    pub(super) fn make_room(&mut self, id: TransferId) {
        self.arriving.leave(id);
        self.leaving.leave(id);
        self.call_next();
    }

    /// Lets everybody begin whom the limits allow.
    pub(super) fn call_next(&mut self) {
        let places = usize::try_from(self.settings.limits.transfers).unwrap_or(usize::MAX);
        while let Some(id) = self.arriving.call(places) {
            let entry = self.transfers.get(&id);
            match entry.and_then(|entry| Some((entry.session?, entry.transfer.taking.clone()))) {
                Some((session, taking)) => {
                    self.advance(id, TransferState::Accepted);
                    self.outputs.push(Output::Order(session, SessionOrder::Accept(taking)));
                }
                None => self.arriving.leave(id),
            }
        }
        while let Some(id) = self.leaving.call(places) {
            if self.transfers.get(&id).is_some_and(|entry| {
                entry.transfer.direction == Direction::Outgoing && !entry.transfer.state.is_over()
            }) {
                self.advance(id, TransferState::Accepted);
                self.outputs.push(Output::BeginDelivery(id));
            } else {
                self.leaving.leave(id);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn lane(waiting: &[(u8, &str)]) -> Lane {
        let mut lane = Lane::default();
        for (id, who) in waiting {
            lane.join(TransferId([*id; 16]), &who.parse().unwrap());
        }
        lane
    }

    fn called(lane: &mut Lane, places: usize) -> Vec<u8> {
        std::iter::from_fn(|| lane.call(places)).map(|id| id.0[0]).collect()
    }

    #[test]
    fn contacts_take_turns_and_none_gets_more_than_half_of_the_places() {
        let ann_first = [(1, "ann@x"), (2, "ann@x"), (3, "ann@x"), (4, "bob@x"), (5, "cat@x"), (6, "bob@x")];
        assert_eq!(called(&mut lane(&ann_first), 4), [1, 4, 5, 2]);
        assert_eq!(called(&mut lane(&ann_first), 100), [1, 4, 5, 2, 6, 3]);
        assert_eq!(called(&mut lane(&ann_first[..3]), 4), [1, 2], "half, though nobody else waits");
        assert_eq!(called(&mut lane(&ann_first[..3]), 1), [1]);
    }

    #[test]
    fn a_place_that_is_given_back_goes_to_the_next_in_line() {
        let mut lane = lane(&[(1, "ann@x"), (2, "bob@x"), (3, "cat@x")]);
        assert_eq!(called(&mut lane, 2), [1, 2]);
        lane.leave(TransferId([1; 16]));
        lane.leave(TransferId([1; 16]));
        assert_eq!(called(&mut lane, 2), [3]);
        lane.join(TransferId([2; 16]), &"bob@x".parse().unwrap());
        lane.leave(TransferId([3; 16]));
        assert_eq!(called(&mut lane, 2), [0; 0], "who moves does not stand in line again");
    }
}
