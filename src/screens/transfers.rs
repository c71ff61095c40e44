//! What moves and what waits, with what is chosen told in full below.

use airhatch_wire::control::{Direction, TransferState};
use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::{Line, Span};

use super::{empty, heading, nothing, split, waiting};
use crate::dialogs::transfer_facts;
use crate::model::{Model, Session, Transfer};
use crate::text::{self, heading as head};
use crate::widgets::{Column, Sheet, Table, bar, fit_middle};

/// Rows of the details.
const DETAILS: u16 = 6;

/// From so many columns on, rate and time left have columns of their own.
const WIDE: u16 = 96;

/// The screen.
pub(crate) fn transfers(model: &Model, frame: &mut Frame<'_>, body: Rect) {
    let Some(session) = &model.session else { return };
    let rows = session.transfer_rows();
    let theme = &model.setting.theme;
    if rows.is_empty() {
        if !session.complete {
            return waiting(model, frame, body, text::LOADING);
        }
        let words = if session.contacts().is_empty() { &text::NOBODY } else { &text::NO_TRANSFERS };
        return empty(theme, frame, body, nothing(session, model.screen, words));
    }
    let (list, below) = split(body, DETAILS);
    let chosen = session.transfer_cursor.index(&rows);
    let columns = columns(list.width);
    let row = |index: usize, cells: &[Rect]| {
        let transfer = rows.get(index).and_then(|id| session.transfers.find(*id));
        transfer.map(|transfer| cells_of(model, transfer, cells)).unwrap_or_default()
    };
    Table { theme, columns: &columns, rows: rows.len(), chosen }.draw(frame, list, row);
    let transfer = chosen.and_then(|index| rows.get(index)).and_then(|id| session.transfers.find(*id));
    if let (Some(area), Some(transfer)) = (below, transfer) {
        details(model, frame, area, transfer);
    }
}

/// The chosen transfer below the list: also for what is over.
pub(super) fn details(model: &Model, frame: &mut Frame<'_>, area: Rect, transfer: &Transfer) {
    let theme = &model.setting.theme;
    let room = usize::from(area.width.saturating_sub(10));
    let title = fit_middle(&text::what(&transfer.view), room, theme.glyphs().cut);
    heading(theme, frame, area, &title);
    let mut sheet = Sheet::new(theme, "", area);
    transfer_facts(&mut sheet, model, transfer);
    sheet.draw_plain(frame, Rect { x: area.x + 2, width: area.width.saturating_sub(4), ..area });
}

fn columns(width: u16) -> Vec<Column> {
    let arrow = Column::left("", Constraint::Length(1));
    let what = Column::left(head::WHAT, Constraint::Min(8));
    if width < super::SINGLE_PANE {
        return vec![arrow, what, Column::left(head::STATE, Constraint::Length(14))];
    }
    let size = Column::right(head::SIZE, Constraint::Length(8));
    if width < WIDE {
        let contact = Column::left(head::CONTACT, Constraint::Length(20));
        return vec![arrow, contact, what, size, Column::left(head::STATE, Constraint::Length(21))];
    }
    vec![
        arrow,
        Column::left(head::CONTACT, Constraint::Length(26)),
        what,
        size,
        Column::left(head::STATE, Constraint::Length(22)),
        Column::right(head::RATE, Constraint::Length(10)),
        Column::right(head::LEFT, Constraint::Length(7)),
    ]
}

fn cells_of(model: &Model, transfer: &Transfer, cells: &[Rect]) -> Vec<Line<'static>> {
    let (theme, view, tick) = (&model.setting.theme, &transfer.view, model.now.tick);
    let cut = theme.glyphs().cut;
    let width = |index: usize| cells.get(index).map_or(0, |cell| usize::from(cell.width));
    let arrow = Line::styled(arrow(model, transfer), theme.accent());
    let contact = Line::raw(fit_middle(view.contact.as_str(), width(1), cut));
    let what = |column| Line::raw(fit_middle(&text::what(view), width(column), cut));
    let size = Line::styled(text::bytes(view.total), theme.quiet());
    match cells.len() {
        3 => vec![arrow, what(1), state(model, transfer, width(2))],
        5 => vec![arrow, contact, what(2), size, state_with_time(model, transfer, width(4))],
        _ => {
            let moving = transfer.is_moving();
            let rate = if moving { text::rate(transfer.meter.rate(tick)) } else { String::new() };
            let left = time_left(model, transfer).unwrap_or_default();
            vec![
                arrow,
                contact,
                what(2),
                size,
                state(model, transfer, width(4)),
                Line::raw(rate),
                Line::raw(left),
            ]
        }
    }
}

fn arrow(model: &Model, transfer: &Transfer) -> &'static str {
    let glyphs = model.setting.theme.glyphs();
    if transfer.view.direction == Direction::Outgoing { glyphs.outgoing } else { glyphs.incoming }
}

/// The state as a word, or a bar and its share.
fn state(model: &Model, transfer: &Transfer, width: usize) -> Line<'static> {
    let (theme, view) = (&model.setting.theme, &transfer.view);
    if transfer.is_moving() {
        let share = format!("{:>5}", text::percent(view.moved, view.total));
        let [done, rest] = bar(theme, width.saturating_sub(6), view.moved, view.total);
        return Line::from(vec![done, rest, Span::styled(share, theme.plain())]);
    }
    let style = match &view.state {
        TransferState::Offered if view.direction == Direction::Incoming => theme.chosen(),
        TransferState::Delivered { .. } => theme.good(),
        TransferState::Failed(_) => theme.danger(),
        TransferState::Queued | TransferState::Offered | TransferState::Paused { .. } => theme.plain(),
        TransferState::Accepted
        | TransferState::NoRoom
        | TransferState::Waiting
        | TransferState::Moving
        | TransferState::Finishing => theme.accent(),
        TransferState::Denied { .. } | TransferState::Cancelled { .. } | TransferState::Expired => {
            theme.quiet()
        }
    };
    Line::styled(crate::widgets::fit(text::state(view), width, theme.glyphs().cut), style)
}

/// The same with the time left, where that has no column of its own.
fn state_with_time(model: &Model, transfer: &Transfer, width: usize) -> Line<'static> {
    match time_left(model, transfer) {
        Some(left) if transfer.is_moving() => {
            let mut line = state(model, transfer, width.saturating_sub(7));
            line.push_span(Span::styled(format!("{left:>7}"), model.setting.theme.quiet()));
            line
        }
        _ => state(model, transfer, width),
    }
}

fn time_left(model: &Model, transfer: &Transfer) -> Option<String> {
    let view = &transfer.view;
    let to_do = view.total.saturating_sub(view.moved);
    transfer.meter.left(model.now.tick, to_do).filter(|_| transfer.is_moving()).map(text::left)
}

/// Columns and cells that the history shares: everything that says who, what and how much.
pub(super) fn common_cells(
    model: &Model,
    session: &Session,
    transfer: &Transfer,
    widths: [usize; 2],
) -> Vec<Line<'static>> {
    let theme = &model.setting.theme;
    let known = session.contact(&transfer.view.contact).is_some();
    let contact_style = if known { theme.plain() } else { theme.quiet() };
    let cut = theme.glyphs().cut;
    vec![
        Line::styled(arrow(model, transfer), theme.accent()),
        Line::styled(fit_middle(transfer.view.contact.as_str(), widths[0], cut), contact_style),
        Line::raw(fit_middle(&text::what(&transfer.view), widths[1], cut)),
        Line::styled(text::bytes(transfer.view.total), theme.quiet()),
        state(model, transfer, 12),
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
    use airhatch_wire::control::{Direction, Event, TransferState};

    use crate::rehearsal::{HOSTILE, Rehearsal, item, many_transfers, offer, shots, transfer, two_contacts};

    #[test]
    fn an_empty_list_tells_the_next_key() {
        shots!("nobody", Rehearsal::logged_in(vec![], vec![]));
        shots!("nothing", Rehearsal::logged_in(two_contacts(), vec![]));
    }

    #[test]
    fn one_offer_waits() {
        shots!("one", Rehearsal::logged_in(two_contacts(), vec![offer(1)]));
    }

    #[test]
    fn every_state_has_its_words() {
        let mut rehearsal =
            Rehearsal::logged_in(two_contacts(), many_transfers().into_iter().take(7).collect());
        for number in 8..=13 {
            let mut live = transfer(number, Direction::Outgoing, TransferState::Offered);
            rehearsal.event(Event::TransferChanged(Box::new(live.clone())));
            live = many_transfers().swap_remove(usize::from(number) - 1);
            rehearsal.event(Event::TransferChanged(Box::new(live)));
        }
        rehearsal.wait(10_000);
        shots!("many", rehearsal);
    }

    #[test]
    fn a_moving_transfer_shows_share_rate_and_time_left() {
        let mut rehearsal = Rehearsal::logged_in(two_contacts(), many_transfers());
        for step in 0..20 {
            let id = airhatch_wire::TransferId([2; 16]);
            rehearsal.event(Event::Progress { transfer: id, moved: step * 150_000 }).wait(250);
        }
        rehearsal.keys("j");
        shots!("moving", rehearsal);
    }

    #[test]
    fn who_paused_and_what_is_missing_is_told_with_what_to_do() {
        let views = [
            (Direction::Outgoing, TransferState::Paused { by_us: true, by_them: false }),
            (Direction::Incoming, TransferState::Paused { by_us: false, by_them: true }),
            (Direction::Outgoing, TransferState::Paused { by_us: true, by_them: true }),
            (Direction::Outgoing, TransferState::NoRoom),
            (Direction::Incoming, TransferState::NoRoom),
            (Direction::Outgoing, TransferState::Accepted),
            (Direction::Outgoing, TransferState::Waiting),
            (Direction::Incoming, TransferState::Waiting),
            (Direction::Outgoing, TransferState::Waiting),
        ];
        let views = (1..).zip(views).map(|(number, (direction, state))| {
            let mut view = transfer(number, direction, state);
            view.moved = 2_650_000;
            view
        });
        let mut rehearsal = Rehearsal::logged_in(two_contacts(), views.collect());
        shots!("resting", rehearsal);
        insta::assert_snapshot!("resting_60x20", rehearsal.keys("jjj").screen(60, 20));
        insta::assert_snapshot!("in_line_60x20", rehearsal.keys("jjj").screen(60, 20));
    }

    #[test]
    fn of_many_files_the_one_that_moves_is_named() {
        let mut view = transfer(1, Direction::Incoming, TransferState::Moving);
        (view.items, view.item_count, view.total) = (offer(1).items, 3, offer(1).total);
        let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![view]);
        for step in 0..30_u64 {
            let id = airhatch_wire::TransferId([1; 16]);
            let moved = step * (60_000 + step * 2_000);
            rehearsal.event(Event::Progress { transfer: id, moved }).wait(250);
        }
        shots!("file_of_many", rehearsal);
        insta::assert_snapshot!("file_of_many_60x20", rehearsal.screen(60, 20));
        insta::assert_snapshot!("file_of_many_open_60x20", rehearsal.keys("<Enter>").screen(60, 20));
    }

    #[test]
    fn hostile_and_long_names_stay_in_their_place() {
        let named = |(number, name): (u8, &&str)| {
            let mut view = transfer(number, Direction::Incoming, TransferState::Offered);
            view.items = vec![item(name, 1_000)];
            view.note = (**name).into();
            view
        };
        shots!("hostile", Rehearsal::logged_in(two_contacts(), (1..).zip(&HOSTILE).map(named).collect()));
    }

    #[test]
    fn a_narrow_screen_has_one_pane() {
        let rehearsal = Rehearsal::logged_in(two_contacts(), many_transfers());
        insta::assert_snapshot!("narrow_50x16", rehearsal.screen(50, 16));
        insta::assert_snapshot!("smallest_40x10", rehearsal.screen(40, 10));
        insta::assert_snapshot!("too_small_30x8", rehearsal.screen(30, 8));
    }
}
