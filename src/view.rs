//! The model as a picture: header, page, dialogs, status bar, keys. Draws only; changes nothing, asks nobody.

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::text::{Line, Text};
use ratatui::widgets::Paragraph;

use crate::model::{Model, Page, Screen};
use crate::screens;
use crate::text;
use crate::widgets::hide_hidden;

mod bars;

/// The smallest screen that something can be done on.
const SMALLEST: (u16, u16) = (40, 10);

/// Draws everything.
pub(crate) fn view(model: &Model, frame: &mut Frame<'_>) {
    let area = frame.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        too_small(model, frame, area);
    } else {
        let [header, body, status, keys] = bands(area);
        bars::header(model, frame, header);
        page(model, frame, body);
        for layer in &model.layers {
            dim(model, frame, body);
            layer.dialog().sheet(model, body).draw(frame, body, model.scrolled);
        }
        bars::status(model, frame, status);
        bars::keys(model, frame, keys);
    }
    hide_hidden(frame.buffer_mut());
}

/// Header and a line below it, page, a line and the status bar, keys. Low screens have no lines.
fn bands(area: Rect) -> [Rect; 4] {
    let airy = area.height >= 20;
    let row = |y: u16, height: u16| Rect { x: area.x, y, width: area.width, height };
    let above = if airy { 2 } else { 1 };
    let below = if airy { 3 } else { 2 };
    [
        row(area.y, above),
        row(area.y + above, area.height - above - below),
        row(area.bottom() - below, below - 1),
        row(area.bottom() - 1, 1),
    ]
}

fn page(model: &Model, frame: &mut Frame<'_>, body: Rect) {
    match &model.page {
        Page::Starting => screens::waiting(model, frame, body, text::STARTING),
        Page::Accounts => screens::accounts(model, frame, body),
        Page::AgentGone(reason) => {
            screens::gone(model, frame, body, (text::AGENT_GONE, text::AGENT_GONE_WHY), reason);
        }
        Page::WardenGone(reason) => {
            screens::gone(model, frame, body, (text::WARDEN_GONE, text::WARDEN_GONE_WHY), reason);
        }
        Page::Account => match model.screen {
            Screen::Transfers => screens::transfers(model, frame, body),
            Screen::Contacts => screens::contacts(model, frame, body),
            Screen::History => screens::history(model, frame, body),
            Screen::Log => screens::log(model, frame, body),
            Screen::Settings => screens::settings(model, frame, body),
        },
    }
}

/// Lets what lies below a dialog step back.
fn dim(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let quiet = model.setting.theme.quiet();
    for position in area.positions() {
        if let Some(cell) = frame.buffer_mut().cell_mut(position) {
            let symbol = cell.symbol().to_owned();
            cell.reset();
            cell.set_symbol(&symbol).set_style(quiet);
        }
    }
}

/// Says which size is needed.
fn too_small(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.setting.theme;
    let lines = vec![
        Line::styled(text::NAME, theme.chosen()),
        Line::styled(text::TOO_SMALL, theme.plain()),
        Line::styled(format!("{}x{}", area.width, area.height), theme.quiet()),
        Line::styled(text::needed(SMALLEST), theme.strong()),
    ];
    let height = u16::try_from(lines.len()).unwrap_or(4).min(area.height);
    let middle = Rect { y: area.y + (area.height - height) / 2, height, ..area };
    frame.render_widget(Paragraph::new(Text::from(lines)).alignment(Alignment::Center), middle);
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use ratatui::style::Modifier;

    use super::*;
    use crate::rehearsal::{Rehearsal, many_transfers, two_contacts};

    #[test]
    fn what_lies_below_a_dialog_steps_back() {
        let mut rehearsal = Rehearsal::logged_in(two_contacts(), many_transfers());
        rehearsal.keys("?");
        let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
        terminal.draw(|frame| view(&rehearsal.model, frame)).unwrap();
        let buffer = terminal.backend().buffer();
        for y in 2..21 {
            assert_eq!(buffer[(1, y)].modifier, Modifier::DIM, "row {y}");
        }
        assert_ne!(buffer[(10, 0)].modifier, Modifier::DIM, "the header stays");
    }
}
