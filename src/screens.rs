//! The pages: the five screens of an account, the list of accounts, and what is shown when something went away.

use airhatch_wire::Failure;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::keymap::Action;
use crate::model::{Model, Page, Screen, Session, Transfer};
use crate::text::{self, Empty};
use crate::theme::Theme;
use crate::update::can_steer;
use crate::widgets::wrap;

mod accounts;
mod contacts;
mod history;
mod log;
mod settings;
mod transfers;

pub(crate) use accounts::accounts;
pub(crate) use contacts::contacts;
pub(crate) use history::history;
pub(crate) use log::log;
pub(crate) use settings::{SETTING_ROWS, setting_action, settings};
pub(crate) use transfers::transfers;

/// Below so many columns there is room for one pane only.
const SINGLE_PANE: u16 = 60;

/// Whether an action would do something now: the bottom bar tells no others. Dialogs have only useful ones.
pub(crate) fn is_useful(model: &Model, action: Action) -> bool {
    if let Some(layer) = model.layers.last() {
        return layer.dialog().offers(model, action);
    }
    let Some(session) = model.session.as_ref().filter(|_| model.page == Page::Account) else {
        return action != Action::Open || !model.accounts.is_empty();
    };
    let somebody = !session.contacts().is_empty();
    let rows = match model.screen {
        Screen::Transfers => !session.transfer_rows().is_empty(),
        Screen::History => !session.history_rows().is_empty(),
        Screen::Contacts => somebody,
        Screen::Log | Screen::Settings => true,
    };
    match action {
        Action::OldestYes => !session.transfers.offers().is_empty(),
        Action::Send => somebody,
        Action::CancelTransfer => {
            chosen_transfer(model).is_some_and(|transfer| !transfer.view.state.is_over())
        }
        Action::PauseOrResume | Action::Retry => {
            chosen_transfer(model).is_some_and(|transfer| can_steer(&transfer.view, action))
        }
        Action::Open | Action::Forget => rows,
        Action::Verify | Action::Ping | Action::ContactRule | Action::RemoveContact => rows,
        _ => true,
    }
}

/// The transfer that is chosen on the screen.
pub(crate) fn chosen_transfer(model: &Model) -> Option<&Transfer> {
    let session = model.session.as_ref()?;
    let id = match model.screen {
        Screen::Transfers => session.transfer_cursor.chosen(&session.transfer_rows()),
        Screen::History => session.history_cursor.chosen(&session.history_rows()),
        Screen::Contacts | Screen::Log | Screen::Settings => None,
    };
    session.transfers.find(id?)
}

/// The list's area and, where there is room, the area of the details below it.
fn split(body: Rect, details: u16) -> (Rect, Option<Rect>) {
    let enough = body.width >= SINGLE_PANE && body.height >= details + 7;
    if !enough {
        return (body, None);
    }
    let list = Rect { height: body.height - details - 1, ..body };
    let below = Rect { y: list.bottom() + 1, height: details, ..body };
    (list, Some(below))
}

/// A rule with a word in it, above an area.
fn heading(theme: &Theme, frame: &mut Frame<'_>, area: Rect, words: &str) {
    let glyphs = theme.glyphs();
    let used = crate::widgets::width_of(words) + 4;
    let rest = glyphs.rule.repeat(usize::from(area.width).saturating_sub(used));
    let line = Line::from(vec![
        Span::styled(format!("{0}{0} ", glyphs.rule), theme.quiet()),
        Span::styled(words.to_owned(), theme.strong()),
        Span::styled(format!(" {rest}"), theme.quiet()),
    ]);
    if let Some(y) = area.y.checked_sub(1) {
        frame.buffer_mut().set_line(area.x, y, &line, area.width);
    }
}

/// What an empty list says: that nothing fits to the filter, where there is one.
fn nothing<'a>(session: &Session, screen: Screen, otherwise: &'a Empty) -> &'a Empty {
    let filtered = session.filter(screen).is_some_and(|filter| !filter.is_empty());
    if filtered { &text::NOTHING_FITS } else { otherwise }
}

/// What an empty list says, in the middle.
fn empty(theme: &Theme, frame: &mut Frame<'_>, area: Rect, words: &Empty) {
    let columns = usize::from(area.width.saturating_sub(4)).min(56);
    let mut lines = vec![Line::styled(words.title, theme.strong()), Line::default()];
    lines.extend(wrap(words.body, columns).into_iter().map(|line| Line::styled(line, theme.plain())));
    lines.push(Line::default());
    for (key, does) in words.keys {
        lines.push(Line::from(vec![
            Span::styled(format!("{key:<4}"), theme.chosen()),
            Span::styled(*does, theme.plain()),
        ]));
    }
    middle(frame, area, &lines, columns);
}

/// Lines in the middle of an area, all beginning at one column.
fn middle(frame: &mut Frame<'_>, area: Rect, lines: &[Line<'_>], columns: usize) {
    let width = u16::try_from(columns).unwrap_or(u16::MAX).min(area.width);
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(area.height);
    let x = area.x + (area.width - width) / 2;
    let y = area.y + (area.height - height) / 3;
    for (row, line) in (y..area.bottom()).zip(lines) {
        frame.buffer_mut().set_line(x, row, line, width);
    }
}

/// One word while something starts.
pub(crate) fn waiting(model: &Model, frame: &mut Frame<'_>, area: Rect, word: &str) {
    let line = Line::styled(word.to_owned(), model.setting.theme.quiet());
    let columns = line.width();
    middle(frame, area, &[line], columns);
}

/// Something went away: what, why, and what to do.
pub(crate) fn gone(model: &Model, frame: &mut Frame<'_>, area: Rect, words: (&str, &str), reason: &Failure) {
    let theme = &model.setting.theme;
    let columns = usize::from(area.width.saturating_sub(4)).min(60);
    let mut lines = vec![Line::styled(words.0.to_owned(), theme.danger()), Line::default()];
    let mut add = |text: String| lines.extend(wrap(&text, columns).into_iter().map(Line::from));
    add(text::sentence(&reason.message.shown()));
    add(words.1.to_owned());
    lines.push(Line::default());
    let hints = crate::keymap::BINDINGS.iter().filter(|binding| binding.place == model.place());
    for binding in hints.filter(|binding| binding.bar) {
        if let Some(keys) = binding.keys.first() {
            lines.push(Line::from(vec![
                Span::styled(format!("{:<4}", text::keys(keys)), theme.chosen()),
                Span::raw(text::long(binding.action)),
            ]));
        }
    }
    middle(frame, area, &lines, columns);
}
