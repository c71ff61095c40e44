//! The transfers of an account, newest first, with how fast they move.

use airhatch_wire::control::{Direction, ItemView, TransferState, TransferView};
use airhatch_wire::{Email, InboxFolder, StageId, TransferId};

use super::{Filter, Meter};

/// One transfer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Transfer {
    /// What the agent says.
    pub(crate) view: TransferView,
    /// How fast it moves.
    pub(crate) meter: Meter,
    /// Whether it ended before the eyes of this person: such a one stays on the first screen.
    pub(crate) ended_here: bool,
}

impl Transfer {
    /// True for an offer to this account that waits for a decision.
    pub(crate) const fn is_offer(&self) -> bool {
        matches!((self.view.direction, &self.view.state), (Direction::Incoming, TransferState::Offered))
    }

    /// The file that moves now: which one of those that come, and how many of its bytes moved. `None` when it is none of those
    /// that the agent told of at once.
    pub(crate) fn present_file(&self) -> Option<(usize, &ItemView, u64)> {
        let mut before = 0_u64;
        for (index, item) in self.view.items.iter().filter(|item| item.wanted).enumerate() {
            let end = before.saturating_add(item.size);
            if self.view.moved < end {
                return Some((index, item, self.view.moved - before));
            }
            before = end;
        }
        None
    }

    /// True while its bytes move.
    pub(crate) const fn is_moving(&self) -> bool {
        matches!(self.view.state, TransferState::Moving)
    }
}

/// The folder in the inbox that a transfer's files go to; `None` for the inbox itself. The agent calls the inbox `inbox`.
pub(crate) fn folder_of(view: &TransferView) -> Option<InboxFolder> {
    view.destination.strip_prefix("inbox/")?.parse().ok()
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Transfers {
    all: Vec<Transfer>,
}

impl Transfers {
    /// Takes what the agent says. Returns the one before, if it was known.
    pub(crate) fn put(&mut self, view: TransferView, tick: u64) -> Option<TransferView> {
        if let Some(known) = self.all.iter_mut().find(|known| known.view.id == view.id) {
            known.ended_here |= view.state.is_over() && !known.view.state.is_over();
            match view.state {
                TransferState::Moving => known.meter.sample(tick, view.moved),
                TransferState::Finishing => {}
                // What was before an interruption says nothing about the next attempt.
                _ => known.meter = Meter::default(),
            }
            return Some(std::mem::replace(&mut known.view, view));
        }
        let before = |known: &Transfer| (known.view.created, known.view.id) > (view.created, view.id);
        let index = self.all.partition_point(before);
        self.all.insert(index, Transfer { view, meter: Meter::default(), ended_here: false });
        None
    }

    /// Bytes moved.
    pub(crate) fn progress(&mut self, id: TransferId, moved: u64, tick: u64) {
        if let Some(known) = self.all.iter_mut().find(|known| known.view.id == id) {
            known.view.moved = moved.min(known.view.total);
            known.meter.sample(tick, moved);
        }
    }

    /// Lets go of one.
    pub(crate) fn remove(&mut self, id: TransferId) {
        self.all.retain(|known| known.view.id != id);
    }

    /// One by its id.
    pub(crate) fn find(&self, id: TransferId) -> Option<&Transfer> {
        self.all.iter().find(|known| known.view.id == id)
    }

    /// What the agent says about all of them.
    pub(crate) fn views(&self) -> Vec<TransferView> {
        self.all.iter().map(|transfer| transfer.view.clone()).collect()
    }

    /// What the first screen lists: everything that is not over, and what ended while one looked.
    pub(crate) fn current(&self, filter: &Filter) -> Vec<TransferId> {
        let is_current = |transfer: &Transfer| !transfer.view.state.is_over() || transfer.ended_here;
        self.ids(|transfer| is_current(transfer) && filter.shows(&transfer.view))
    }

    /// What is over.
    pub(crate) fn over(&self, filter: &Filter) -> Vec<TransferId> {
        self.ids(|transfer| transfer.view.state.is_over() && filter.shows(&transfer.view))
    }

    /// Offers that wait for a decision, the oldest first.
    pub(crate) fn offers(&self) -> Vec<TransferId> {
        let mut offers = self.ids(Transfer::is_offer);
        offers.reverse();
        offers
    }

    /// True while bytes of any move.
    pub(crate) fn is_moving(&self) -> bool {
        self.all.iter().any(Transfer::is_moving)
    }

    /// Whether one that is not over is about the files in this staging folder.
    pub(crate) fn needs(&self, stage: StageId) -> bool {
        self.all.iter().any(|known| known.view.stage == Some(stage) && !known.view.state.is_over())
    }

    /// Which place a transfer has among those that wait for their turn in its direction, and how many there are. The
    /// oldest is the first.
    pub(crate) fn place_in_line(&self, id: TransferId) -> Option<(usize, usize)> {
        let direction = self.find(id)?.view.direction;
        let line = self.ids(|other| {
            other.view.direction == direction && matches!(other.view.state, TransferState::Waiting)
        });
        let place = line.iter().rev().position(|other| *other == id)?;
        Some((place + 1, line.len()))
    }

    /// How many are not over and not merely waiting for somebody.
    pub(crate) fn busy(&self) -> usize {
        let busy = |state: &TransferState| {
            matches!(state, TransferState::Accepted | TransferState::Moving | TransferState::Finishing)
        };
        self.all.iter().filter(|transfer| busy(&transfer.view.state)).count()
    }

    /// How many with a contact are not over.
    pub(crate) fn live_with(&self, contact: &Email) -> usize {
        self.all.iter().filter(|t| t.view.contact == *contact && !t.view.state.is_over()).count()
    }

    /// How far everything is that moves now, in hundredths; `None` while nothing does.
    pub(crate) fn share(&self) -> Option<u8> {
        let moving =
            || self.all.iter().filter(|transfer| transfer.is_moving()).map(|transfer| &transfer.view);
        let sum = |of: fn(&TransferView) -> u64| moving().map(|view| u128::from(of(view))).sum::<u128>();
        let (moved, total) = (sum(|view| view.moved), sum(|view| view.total));
        moving().next()?;
        u8::try_from((moved * 100).checked_div(total).unwrap_or(0).min(100)).ok()
    }

    /// Bytes a second, one way.
    pub(crate) fn rate(&self, direction: Direction, tick: u64) -> u64 {
        let one_way = |transfer: &&Transfer| transfer.view.direction == direction && transfer.is_moving();
        self.all.iter().filter(one_way).map(|transfer| transfer.meter.rate(tick)).sum()
    }

    fn ids(&self, wanted: impl Fn(&Transfer) -> bool) -> Vec<TransferId> {
        self.all.iter().filter(|transfer| wanted(transfer)).map(|transfer| transfer.view.id).collect()
    }
}
