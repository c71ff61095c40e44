//! Transfers that contacts offer to this account: stored, decided, received, landed.

use airhatch_wire::control::{Direction, TransferState};
use airhatch_wire::{Code, Failure, InboxFolder, Selection, TransferId, UnixMillis, Untrusted};

use super::transfers::{expired, no_transfer, stranger};
use super::{
    ArrivedOffer, Ask, Entry, Guest, Hub, IncomingReport, Output, SessionId, SessionOrder, Taking, Transfer,
};

/// What a person decided about an offer.
pub(super) enum Decision {
    Accept(Taking),
    Deny(String),
}

impl Hub {
    /// An offer came, for the first time or again after a broken connection.
    pub(super) fn offered(&mut self, session: SessionId, arrived: ArrivedOffer) {
        let id = arrived.offer.transfer;
        let Some(guest) = self.sessions.get_mut(&session) else { return };
        if guest.email != arrived.offer.from || !self.contacts.contains_key(&arrived.offer.from) {
            let order = SessionOrder::Refuse(stranger(&arrived.offer.from));
            return self.outputs.push(Output::Order(session, order));
        }
        let known = self.transfers.get(&id);
        if let Some(entry) = known {
            let same = entry.transfer.direction == Direction::Incoming
                && entry.transfer.contact == arrived.offer.from
                && entry.transfer.offer.body == arrived.signed.body;
            if !same {
                return self.outputs.push(Output::Order(session, reused()));
            }
            guest.transfer = Some(id);
            return self.offered_again(session, id);
        }
        if let Some(past) = self.past.get(&id) {
            let same = past.direction == Direction::Incoming && past.offer.body == arrived.signed.body;
            let order = ended(id, &past.outcome, past.completion, &past.wanted)
                .filter(|_| same)
                .unwrap_or_else(reused);
            return self.outputs.push(Output::Order(session, order));
        }
        if let Err(failure) = self.may_be_offered(&arrived) {
            return self.outputs.push(Output::Order(session, SessionOrder::Refuse(failure)));
        }
        if let Some(guest) = self.sessions.get_mut(&session) {
            guest.transfer = Some(id);
        }
        self.keep(new_entry(session, arrived));
        self.outputs.push(Output::Order(session, SessionOrder::Record));
        self.apply_rules(id);
    }

    fn may_be_offered(&self, arrived: &ArrivedOffer) -> Result<(), Failure> {
        if arrived.offer.expires <= self.now {
            return Err(expired());
        }
        self.has_room_for(arrived)
    }

    /// The sender came back: it is told where the transfer stands.
    fn offered_again(&mut self, session: SessionId, id: TransferId) {
        let Some(entry) = self.transfers.get_mut(&id) else { return };
        let paused = match entry.transfer.state {
            TransferState::Paused { by_us, .. } => Some(by_us),
            _ => None,
        };
        let order = match &entry.transfer.state {
            TransferState::Queued | TransferState::Offered => SessionOrder::Record,
            TransferState::Accepted
            | TransferState::NoRoom
            | TransferState::Paused { .. }
            | TransferState::Waiting
            | TransferState::Moving
            | TransferState::Finishing => SessionOrder::Accept(entry.transfer.taking.clone()),
            state => ended(id, state, entry.transfer.completion, &entry.transfer.taking.wanted)
                .unwrap_or_else(|| SessionOrder::Refuse(no_transfer(id))),
        };
        if !entry.transfer.state.is_over() {
            let before = entry.session.replace(session);
            if let Some(before) = before.filter(|before| *before != session) {
                self.outputs.push(Output::Order(before, SessionOrder::Drop));
            }
        }
        match paused {
            Some(by_us) => self.offered_while_paused(session, id, by_us),
            None if matches!(order, SessionOrder::Accept(_)) => self.take_in_turn(id, session),
            None => self.outputs.push(Output::Order(session, order)),
        }
    }

    /// A front says yes, to all or to a part.
    pub(super) fn accept(
        &mut self,
        ask: Ask,
        id: TransferId,
        items: &Selection,
        folder: Option<InboxFolder>,
    ) {
        let taking = match self.transfers.get(&id) {
            Some(entry) => Taking::of(&entry.items, items, folder),
            None => Err(no_transfer(id)),
        };
        match taking {
            Ok(taking) => self.decide(ask, id, &Decision::Accept(taking)),
            Err(failure) => self.answer(ask, Err(failure)),
        }
    }

    /// A front decides.
    pub(super) fn decide(&mut self, ask: Ask, id: TransferId, decision: &Decision) {
        let Some(entry) = self.transfers.get(&id) else {
            return self.answer(ask, Err(no_transfer(id)));
        };
        if let Err(failure) = decidable(&entry.transfer, self.now) {
            return self.answer(ask, Err(failure));
        }
        if matches!(decision, Decision::Accept(_))
            && let Err(failure) = self.usable(&entry.transfer.contact.clone())
        {
            return self.answer(ask, Err(failure));
        }
        self.settle_offer(id, decision);
        self.answer_transfer(ask, id);
    }

    pub(super) fn settle_offer(&mut self, id: TransferId, decision: &Decision) {
        let session = self.transfers.get(&id).and_then(|entry| entry.session);
        match decision {
            Decision::Accept(taking) => {
                self.take_only(id, taking.clone());
                self.spend(id);
                self.advance(id, TransferState::Accepted);
            }
            Decision::Deny(reason) => {
                self.settle(id, TransferState::Denied { reason: Untrusted::new(reason.clone()) });
            }
        }
        match (session, decision) {
            (None, _) => self.wake_sender(id),
            (Some(session), Decision::Accept(_)) => self.take_in_turn(id, session),
            (Some(session), Decision::Deny(reason)) => {
                let order = SessionOrder::Deny(Untrusted::new(reason.clone()));
                self.outputs.push(Output::Order(session, order));
            }
        }
    }

    /// The transfer is about these items from here on.
    pub(super) fn take_only(&mut self, id: TransferId, taking: Taking) {
        if let Some(entry) = self.transfers.get_mut(&id) {
            entry.transfer.total = taking.total(&entry.items);
            entry.transfer.taking = taking;
        }
    }

    pub(super) fn incoming(&mut self, session: SessionId, id: TransferId, report: IncomingReport) {
        let Some(entry) = self.transfers.get_mut(&id) else { return };
        if entry.session != Some(session) || entry.transfer.state.is_over() {
            return;
        }
        match report {
            IncomingReport::Begun(offset) => self.begun(id, offset),
            IncomingReport::Moved(moved) => self.moved(id, moved),
            IncomingReport::Landing(completion) => {
                entry.moved = entry.transfer.total;
                // Remembered before the first rename: after a crash the landing is completed, not repeated.
                entry.transfer.completion = Some(completion);
                self.advance(id, TransferState::Finishing);
            }
            IncomingReport::Landed { completion, numbers } => {
                let (at, items) = (self.now, entry.transfer.taking.wanted.clone());
                entry.moved = entry.transfer.total;
                entry.transfer.completion = Some(completion);
                entry.transfer.landed = numbers;
                self.settle(id, TransferState::Delivered { at });
                // The landing's plan is of use until the delivery is remembered, and no longer.
                self.outputs.push(Output::CloseLanding(id));
                self.outputs.push(Output::Order(session, SessionOrder::Receipt { completion, items, at }));
            }
            IncomingReport::Broken => {
                entry.session = None;
                entry.transfer.completion = None;
                if !matches!(entry.transfer.state, TransferState::Offered | TransferState::NoRoom) {
                    self.advance(id, TransferState::Accepted);
                }
                self.make_room(id);
            }
            IncomingReport::NoRoom => {
                entry.session = None;
                entry.transfer.completion = None;
                self.advance(id, TransferState::NoRoom);
                self.make_room(id);
            }
            IncomingReport::Failed(failure) => self.settle(id, TransferState::Failed(failure)),
            IncomingReport::Cancelled(reason) => self.settle_called_off(id, reason),
        }
    }

    pub(super) fn session_ended(&mut self, session: SessionId) {
        if let Some(Guest { transfer: Some(id), .. }) = self.sessions.remove(&session) {
            self.incoming(session, id, IncomingReport::Broken);
        }
    }
}

/// What the sender of a transfer that is over is told; `None` for one that is not.
fn ended(
    id: TransferId,
    state: &TransferState,
    completion: Option<[u8; 32]>,
    wanted: &Selection,
) -> Option<SessionOrder> {
    Some(match state {
        TransferState::Delivered { at } => match completion {
            Some(completion) => SessionOrder::Receipt { completion, items: wanted.clone(), at: *at },
            None => SessionOrder::Refuse(no_transfer(id)),
        },
        TransferState::Denied { reason } => SessionOrder::Deny(reason.clone()),
        TransferState::Cancelled { reason, .. } => SessionOrder::Cancel(reason.clone()),
        TransferState::Expired => SessionOrder::Refuse(expired()),
        TransferState::Failed(failure) => SessionOrder::Refuse(failure.clone()),
        _ => return None,
    })
}

fn reused() -> SessionOrder {
    SessionOrder::Refuse(Failure::new(Code::Conflict, "another offer with this id is known here"))
}

fn new_entry(session: SessionId, arrived: ArrivedOffer) -> Entry {
    let ArrivedOffer { offer, signed, items, free_space } = arrived;
    let transfer = Transfer {
        id: offer.transfer,
        direction: Direction::Incoming,
        contact: offer.from,
        offer: signed,
        note: offer.note,
        item_count: offer.items,
        total: offer.total,
        created: offer.created,
        expires: offer.expires,
        state: TransferState::Offered,
        stage: None,
        free_space,
        taking: Taking::default(),
        landed: Vec::new(),
        completion: None,
        verdict: None,
        untold: false,
    };
    Entry { transfer, items, moved: 0, session: Some(session) }
}

fn decidable(transfer: &Transfer, now: UnixMillis) -> Result<(), Failure> {
    if transfer.direction == Direction::Outgoing {
        let own = Failure::new(Code::Invalid, "this is an offer of yours: its recipient decides");
        return Err(own.hint("you can cancel it with: airhatch transfer cancel"));
    }
    match &transfer.state {
        TransferState::Offered if transfer.expires > now => Ok(()),
        TransferState::Offered | TransferState::Expired => Err(expired().hint("ask them to send it again")),
        TransferState::Denied { .. } => Err(Failure::new(Code::Conflict, "this offer was denied already")),
        TransferState::Cancelled { .. } => Err(Failure::new(Code::Conflict, "this offer was cancelled")),
        _ => Err(Failure::new(Code::Conflict, "this offer was accepted already")
            .hint("look at it with: airhatch transfer list")),
    }
}
