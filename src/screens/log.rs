//! What happened, line by line, the newest at the end; the chosen line is told in full below.

use airhatch_wire::control::LogLevel;
use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::Line;

use super::{empty, heading, split};
use crate::model::{Entry, Model, Said};
use crate::text::{self, heading as head};
use crate::widgets::{Column, Sheet, Table, fit};

/// Rows of the details.
const DETAILS: u16 = 3;

/// The screen.
pub(crate) fn log(model: &Model, frame: &mut Frame<'_>, body: Rect) {
    let theme = &model.setting.theme;
    let journal = &model.journal;
    if journal.len() == 0 {
        return empty(theme, frame, body, &text::NO_LOG);
    }
    let (list, below) = split(body, DETAILS);
    let chosen = journal.index();
    let columns = [
        Column::left(head::TIME, Constraint::Length(9)),
        Column::left(head::FROM, Constraint::Length(6)),
        Column::left(head::WHAT, Constraint::Min(10)),
    ];
    let row = |index: usize, cells: &[Rect]| {
        let width = cells.get(2).map_or(0, |cell| usize::from(cell.width));
        journal.line(index).map(|entry| cells_of(model, entry, width)).unwrap_or_default()
    };
    Table { theme, columns: &columns, rows: journal.len(), chosen }.draw(frame, list, row);
    if let (Some(area), Some(entry)) = (below, chosen.and_then(|index| journal.line(index))) {
        heading(theme, frame, area, text::level(entry.level));
        let mut sheet = Sheet::new(theme, "", area);
        sheet.text(&entry.said.shown());
        sheet.draw_plain(frame, Rect { x: area.x + 2, width: area.width.saturating_sub(4), ..area });
    }
}

fn cells_of(model: &Model, entry: &Entry, width: usize) -> Vec<Line<'static>> {
    let theme = &model.setting.theme;
    let style = match entry.level {
        LogLevel::Info => theme.plain(),
        LogLevel::Warn => theme.warning(),
        LogLevel::Error => theme.danger(),
    };
    let from = match entry.said {
        Said::ByAgent(_) => text::FROM_AGENT,
        Said::Here(_) => text::FROM_HERE,
    };
    vec![
        Line::styled(text::clock(entry.at, model.now.wall, &model.setting.zone), theme.quiet()),
        Line::styled(from, theme.quiet()),
        Line::styled(fit(&entry.said.shown(), width, theme.glyphs().cut), style),
    ]
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
mod tests {
    use airhatch_wire::control::{Event, LogLevel};

    use crate::rehearsal::{HOSTILE, NOW, Rehearsal, shots};

    #[test]
    fn lines_of_the_agent_cannot_harm_the_screen() {
        let mut rehearsal = Rehearsal::logged_in(vec![], vec![]);
        let levels = [LogLevel::Info, LogLevel::Warn, LogLevel::Error];
        for (text, level) in HOSTILE.iter().zip(levels.into_iter().cycle()) {
            rehearsal.event(Event::Logged { at: NOW, level, text: (*text).into() });
        }
        shots!("hostile", rehearsal.keys("4"));
    }
}
