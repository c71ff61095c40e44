//! What is over, newest first.

use airhatch_wire::UnixMillis;
use airhatch_wire::control::{TransferState, TransferView};
use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::Line;

use super::transfers::{common_cells, details};
use super::{empty, nothing, split};
use crate::model::Model;
use crate::text::{self, heading as head};
use crate::widgets::{Column, Table};

/// Rows of the details.
const DETAILS: u16 = 6;

/// The screen.
pub(crate) fn history(model: &Model, frame: &mut Frame<'_>, body: Rect) {
    let Some(session) = &model.session else { return };
    let theme = &model.setting.theme;
    let rows = session.history_rows();
    if rows.is_empty() {
        return empty(theme, frame, body, nothing(session, model.screen, &text::NO_HISTORY));
    }
    let (list, below) = split(body, DETAILS);
    let chosen = session.history_cursor.index(&rows);
    let narrow = list.width < super::SINGLE_PANE;
    let columns = columns(narrow, list.width);
    let row = |index: usize, cells: &[Rect]| {
        let Some(transfer) = rows.get(index).and_then(|id| session.transfers.find(*id)) else {
            return Vec::new();
        };
        let width = |index: usize| cells.get(index).map_or(0, |cell| usize::from(cell.width));
        let widths = if narrow { [0, width(1)] } else { [width(1), width(2)] };
        let mut lines = common_cells(model, session, transfer, widths);
        let when = text::clock(ended(&transfer.view), model.now.wall, &model.setting.zone);
        lines.push(Line::styled(when, theme.quiet()));
        if narrow {
            // Who and how much are in the details that Enter opens.
            lines = lines
                .into_iter()
                .enumerate()
                .filter(|(i, _)| matches!(i, 0 | 2 | 4))
                .map(|(_, l)| l)
                .collect();
        }
        lines
    };
    Table { theme, columns: &columns, rows: rows.len(), chosen }.draw(frame, list, row);
    let transfer = chosen.and_then(|index| rows.get(index)).and_then(|id| session.transfers.find(*id));
    if let (Some(area), Some(transfer)) = (below, transfer) {
        details(model, frame, area, transfer);
    }
}

fn columns(narrow: bool, width: u16) -> Vec<Column> {
    let arrow = Column::left("", Constraint::Length(1));
    let what = Column::left(head::WHAT, Constraint::Min(8));
    let state = Column::left(head::STATE, Constraint::Length(12));
    if narrow {
        return vec![arrow, what, state];
    }
    let contact = if width < 96 { 20 } else { 30 };
    vec![
        arrow,
        Column::left(head::CONTACT, Constraint::Length(contact)),
        what,
        Column::right(head::SIZE, Constraint::Length(8)),
        state,
        Column::right(head::WHEN, Constraint::Length(11)),
    ]
}

/// When it ended, as far as that is known: when it was made, else.
const fn ended(view: &TransferView) -> UnixMillis {
    match &view.state {
        TransferState::Delivered { at } => *at,
        TransferState::Expired => view.expires,
        _ => view.created,
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
mod tests {
    use crate::rehearsal::{Rehearsal, many_transfers, shots, two_contacts};

    #[test]
    fn an_empty_list_tells_the_next_key() {
        let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![]);
        shots!("empty", rehearsal.keys("3"));
    }

    #[test]
    fn every_end_is_listed_with_its_reason() {
        let mut rehearsal = Rehearsal::logged_in(two_contacts(), many_transfers());
        shots!("all_kinds", rehearsal.keys("3"));
        shots!("failed", rehearsal.keys("G"));
        insta::assert_snapshot!("narrow_50x16", rehearsal.screen(50, 16));
    }
}
