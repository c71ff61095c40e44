//! A transfer's files as lines, with the pages that are not here yet.

use airhatch_wire::TransferId;
use airhatch_wire::control::{Command, ItemView, Reply, TransferView};

use crate::model::Ask;
use crate::msg::Ticket;
use crate::text;
use crate::update::{Answer, Turn};
use crate::widgets::Sheet;

/// So many rows before the end of what is known, the next page is asked for.
const AHEAD: usize = 40;

/// The files of one transfer, as far as they are known and looked at.
#[derive(Debug, Default)]
pub(super) struct Items {
    /// Pages after the one that the transfer itself carries.
    more: Vec<ItemView>,
    waiting: Option<Ticket>,
    row: usize,
}

impl Items {
    /// Moves through the files, fetching what comes next.
    pub(super) fn step(&mut self, turn: &mut Turn<'_>, view: &TransferView, by: isize) {
        let known = view.items.len() + self.more.len();
        self.row = self.row.saturating_add_signed(by).min(known.saturating_sub(1));
        let all = usize::try_from(view.item_count).unwrap_or(usize::MAX);
        if self.waiting.is_none() && known < all && self.row + AHEAD >= known {
            self.fetch(turn, view.id, known);
        }
    }

    fn fetch(&mut self, turn: &mut Turn<'_>, transfer: TransferId, known: usize) {
        let from = u32::try_from(known).unwrap_or(u32::MAX);
        self.waiting = Some(turn.ask_agent(Ask::Dialog, Command::Items { transfer, from }));
    }

    /// Whether the answer to this is a page.
    pub(super) fn waits_for(&self, ticket: Ticket) -> bool {
        self.waiting == Some(ticket)
    }

    /// Takes a page.
    pub(super) fn answer(&mut self, answer: Answer) {
        self.waiting = None;
        if let Answer::Agent(Ok(Reply::Items(items))) = answer {
            self.more.extend(items);
        }
    }

    /// The first files, and how many more there are.
    pub(super) fn draw_some(sheet: &mut Sheet, view: &TransferView, most: usize) {
        let all = usize::try_from(view.item_count).unwrap_or(usize::MAX);
        let most = if all <= most { all } else { most.saturating_sub(1) };
        for item in view.items.iter().take(most) {
            draw_one(sheet, item);
        }
        if all > most {
            let theme = *sheet.theme();
            sheet.styled(&text::more_files(all - most), theme.quiet());
        }
    }

    /// All files that are known, with a mark at the row that was moved to.
    pub(super) fn draw_all(&self, sheet: &mut Sheet, view: &TransferView) {
        for (index, item) in view.items.iter().chain(&self.more).enumerate() {
            draw_one(sheet, item);
            if index == self.row && self.row > 0 {
                sheet.mark_here();
            }
        }
    }
}

fn draw_one(sheet: &mut Sheet, item: &ItemView) {
    let theme = *sheet.theme();
    sheet.spread(&item.path.shown(), &text::bytes(item.size), theme.plain());
    if let Some(name) = &item.landed_as {
        sheet.indented(2, &text::landed_as(&name.shown()), theme.quiet());
    }
}
