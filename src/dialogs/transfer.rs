//! One transfer that needs no decision: how far it is, and its files.

use airhatch_wire::TransferId;
use airhatch_wire::control::{Direction, TransferState};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::items::Items;
use super::{Dialog, Flow, Layer, Question};
use crate::keymap::{Action, Place};
use crate::model::{Model, Tone, Transfer};
use crate::msg::Ticket;
use crate::text;
use crate::update::{Answer, Turn, step};
use crate::widgets::{Sheet, bar};

/// A look at a transfer.
#[derive(Debug)]
pub(crate) struct TransferPage {
    id: TransferId,
    items: Items,
}

impl TransferPage {
    /// Looks at a transfer.
    pub(crate) fn new(id: TransferId) -> Self {
        Self { id, items: Items::default() }
    }

    fn transfer<'a>(&self, model: &'a Model) -> Option<&'a Transfer> {
        model.session.as_ref()?.transfers.find(self.id)
    }
}

impl Dialog for TransferPage {
    fn place(&self) -> Place {
        Place::Transfer
    }

    fn offers(&self, model: &Model, action: Action) -> bool {
        let over = self.transfer(model).is_none_or(|transfer| transfer.view.state.is_over());
        !(over && action == Action::CancelTransfer)
    }

    fn act(&mut self, turn: &mut Turn<'_>, action: Action) -> Flow {
        let view = self.transfer(turn.model).map(|transfer| transfer.view.clone());
        match (action, view) {
            (Action::Close, _) => return Flow::Close,
            (Action::CancelTransfer, Some(view)) => match Question::cancelling(&view) {
                Some(question) => return Flow::Open(Layer::Question(question)),
                None => turn.model.say(Tone::Plain, text::NOT_NOW),
            },
            (Action::Down | Action::Up | Action::PageDown | Action::PageUp, Some(view)) => {
                step(action, |by| self.items.step(turn, &view, by));
            }
            _ => return Flow::Pass,
        }
        Flow::Stay
    }

    fn waits_for(&self, ticket: Ticket) -> bool {
        self.items.waits_for(ticket)
    }

    fn answer(&mut self, _turn: &mut Turn<'_>, _ticket: Ticket, answer: Answer) -> Flow {
        self.items.answer(answer);
        Flow::Stay
    }

    fn sheet(&self, model: &Model, area: Rect) -> Sheet {
        let theme = model.setting.theme;
        let Some(transfer) = self.transfer(model) else {
            let mut sheet = Sheet::new(&theme, text::transfer::TITLE, area);
            sheet.text(text::transfer::GONE);
            return sheet;
        };
        let view = &transfer.view;
        let mut sheet = Sheet::new(&theme, text::what(view), area);
        facts(&mut sheet, model, transfer);
        sheet.blank();
        self.items.draw_all(&mut sheet, view);
        sheet.right(&text::files_in_words(view), theme.strong());
        sheet
    }
}

/// Everything about a transfer but its files: also shown below the list.
pub(crate) fn facts(sheet: &mut Sheet, model: &Model, transfer: &Transfer) {
    let (theme, view) = (*sheet.theme(), &transfer.view);
    let outgoing = view.direction == Direction::Outgoing;
    let side = if outgoing { text::label::TO } else { text::label::FROM };
    sheet.pair(side, view.contact.as_str(), theme.strong());
    let (now, zone) = (model.now.wall, &model.setting.zone);
    let style = match view.state {
        TransferState::Failed(_) => theme.danger(),
        TransferState::Delivered { .. } => theme.good(),
        _ => theme.plain(),
    };
    sheet.pair(text::label::STATE, &text::state_sentence(view, now, zone), style);
    if let TransferState::Failed(failure) = &view.state {
        sheet.pair(text::label::ADVICE, &text::advice_of(failure), theme.plain());
    }
    if transfer.is_moving() {
        sheet.line(moving(sheet, model, transfer));
    }
    if !view.note.is_empty() {
        sheet.pair(text::label::NOTE, &text::quoted(&view.note.shown()), theme.plain());
    }
    if !outgoing {
        sheet.pair(text::label::FOLDER, &text::inbox(model), theme.plain());
    }
    sheet.pair(text::label::ID, &view.id.short(), theme.quiet());
}

/// The bar with all its figures.
fn moving(sheet: &Sheet, model: &Model, transfer: &Transfer) -> Line<'static> {
    let (theme, view, tick) = (*sheet.theme(), &transfer.view, model.now.tick);
    let margin = if sheet.width() < 30 { 0 } else { sheet.label_width() };
    let label = if margin == 0 { "" } else { text::label::DONE };
    let figures = text::progress(transfer, tick);
    let room = sheet.width().saturating_sub(margin + crate::widgets::width_of(&figures) + 2).min(24);
    let [done, rest] = bar(&theme, room, view.moved, view.total);
    let label = Span::styled(format!("{label:<margin$}"), theme.quiet());
    Line::from(vec![label, done, rest, Span::raw("  "), Span::styled(figures, theme.plain())])
}
