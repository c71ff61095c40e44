//! Which account? Shown when there are several, and after leaving one.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::Line;

use super::empty;
use crate::model::Model;
use crate::text::{self, heading as head};
use crate::widgets::{Column, Table, fit};

/// The page.
pub(crate) fn accounts(model: &Model, frame: &mut Frame<'_>, body: Rect) {
    let theme = &model.setting.theme;
    if model.accounts.is_empty() {
        return empty(theme, frame, body, &text::NO_ACCOUNTS);
    }
    let title = Line::styled(text::WHICH_ACCOUNT, theme.strong());
    frame.buffer_mut().set_line(body.x + 2, body.y, &title, body.width.saturating_sub(2));
    let list = Rect { y: body.y + 2, height: body.height.saturating_sub(2), ..body };
    let columns = [
        Column::left(head::ACCOUNT, Constraint::Min(16)),
        Column::left(head::AGENT, Constraint::Length(11)),
        Column::left(head::ISOLATION, Constraint::Length(15)),
    ];
    let chosen = model.account_cursor.index(&model.account_names());
    let row = |index: usize, cells: &[Rect]| {
        let width = cells.first().map_or(0, |cell| usize::from(cell.width));
        let Some(record) = model.accounts.get(index) else { return Vec::new() };
        let (state, style) =
            if record.running { (text::RUNNING, theme.good()) } else { (text::STOPPED, theme.quiet()) };
        vec![
            Line::raw(fit(record.account.as_str(), width, theme.glyphs().cut)),
            Line::styled(state, style),
            Line::styled(text::runtime(record.runtime), theme.quiet()),
        ]
    };
    Table { theme, columns: &columns, rows: model.accounts.len(), chosen }.draw(frame, list, row);
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
mod tests {
    use crate::rehearsal::{Rehearsal, record, shots};

    #[test]
    fn several_accounts_are_a_choice() {
        let accounts = vec![record("home@example.org", false), record("work@example.com", true)];
        shots!("two", Rehearsal::with_accounts(accounts));
    }

    #[test]
    fn no_account_tells_the_next_key() {
        let mut rehearsal = Rehearsal::with_accounts(vec![]);
        shots!("none", rehearsal.keys("<Esc>"));
    }
}
