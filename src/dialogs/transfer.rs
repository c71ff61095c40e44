//! One transfer that needs no decision: how far it is, and its files.

use airhatch_wire::TransferId;
use airhatch_wire::control::{Direction, TransferState, TransferView};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::files::Files;
use super::offer::moves;
use super::{Dialog, Flow, Layer, Question};
use crate::keymap::{Action, Place};
use crate::model::{Model, Tone, Transfer, folder_of};
use crate::msg::Ticket;
use crate::text;
use crate::update::{Answer, Turn, can_steer, steer};
use crate::widgets::{Sheet, bar, fit_middle, trace, width_of};

/// Lines of a panel's frame, and of what stands below the files.
const BELOW_TREE: usize = 5;

/// Columns of a bar at most.
const WIDEST_BAR: usize = 24;

/// Columns of the figures behind the name of the file that moves.
const FILE_FIGURES: usize = 24;

/// A look at a transfer.
#[derive(Debug)]
pub(crate) struct TransferPage {
    id: TransferId,
    files: Files,
}

impl TransferPage {
    /// Looks at a transfer.
    pub(crate) fn new(view: &TransferView) -> Self {
        Self { id: view.id, files: Files::new(view) }
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
        let view = self.transfer(model).map(|transfer| &transfer.view);
        match action {
            Action::CancelTransfer => view.is_some_and(|view| !view.state.is_over()),
            Action::PauseOrResume | Action::Retry => view.is_some_and(|view| can_steer(view, action)),
            _ => true,
        }
    }

    fn act(&mut self, turn: &mut Turn<'_>, action: Action) -> Flow {
        let view = self.transfer(turn.model).map(|transfer| transfer.view.clone());
        match (action, view) {
            (Action::Close, _) => return Flow::Close,
            (Action::CancelTransfer, Some(view)) => match Question::cancelling(&view) {
                Some(question) => return Flow::Open(Layer::Question(question)),
                None => turn.model.say(Tone::Plain, text::NOT_NOW),
            },
            // What is offered again is another transfer, on the list below.
            (Action::PauseOrResume | Action::Retry, Some(view)) => {
                if steer(turn, &view, action) {
                    return Flow::Close;
                }
            }
            // Where there is nothing to open, Enter closes what it opened.
            (Action::Details, _) if !self.files.is_on_folder() => return Flow::Close,
            (_, Some(_)) if moves(action) => {
                self.files.look(turn);
                self.files.act(action);
            }
            _ => return Flow::Pass,
        }
        Flow::Stay
    }

    fn waits_for(&self, ticket: Ticket) -> bool {
        self.files.waits_for(ticket)
    }

    fn answer(&mut self, turn: &mut Turn<'_>, _ticket: Ticket, answer: Answer) -> Flow {
        self.files.answer(turn, answer);
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
        self.files.draw_loading(&mut sheet);
        self.files.draw_tree(&mut sheet, usize::from(area.height).saturating_sub(BELOW_TREE), false, view);
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
    if let Some(advice) = text::what_to_do(view) {
        sheet.pair(text::label::ADVICE, &advice, theme.plain());
    }
    if let Some(verdict) = &view.verdict {
        sheet.pair(text::label::BY_ITSELF, &text::verdict(verdict), theme.plain());
    }
    let place = model.session.as_ref().and_then(|session| session.transfers.place_in_line(view.id));
    if let Some((place, of)) = place {
        sheet.pair(text::label::TURN, &text::place_in_line(place, of), theme.plain());
    }
    if transfer.is_moving() {
        moving(sheet, model, transfer);
    }
    if !view.note.is_empty() {
        sheet.pair(text::label::NOTE, &text::quoted(&view.note.shown()), theme.plain());
    }
    if !outgoing {
        let folder = text::inbox_folder(model, folder_of(view).as_ref());
        sheet.pair(text::label::FOLDER, &folder, theme.plain());
    }
    sheet.pair(text::label::ID, &view.id.short(), theme.quiet());
}

/// The bar and the trace with all their figures, and the file that moves.
fn moving(sheet: &mut Sheet, model: &Model, transfer: &Transfer) {
    let (theme, view, tick) = (*sheet.theme(), &transfer.view, model.now.tick);
    let figures = text::progress(view);
    let [done, rest] = bar(&theme, bar_room(sheet, &figures), view.moved, view.total);
    with_figures(sheet, text::label::DONE, vec![done, rest], figures);
    let figures = text::speed(&transfer.meter, view, tick);
    let line = trace(&theme, bar_room(sheet, &figures), &transfer.meter.trace(tick));
    with_figures(sheet, text::label::SPEED, vec![line], figures);
    if let (Some((index, item, moved)), 2..) = (transfer.present_file(), view.wanted) {
        let room = sheet.width().saturating_sub(sheet.label_width() + FILE_FIGURES).max(8);
        let name = fit_middle(&item.path.shown(), room, theme.glyphs().cut);
        let words = text::present_file(index + 1, view.wanted, &name, moved, item.size);
        sheet.pair(text::label::FILE, &words, theme.plain());
    }
}

/// Columns of a bar with these figures behind it.
fn bar_room(sheet: &Sheet, figures: &str) -> usize {
    let margin = if sheet.width() < 30 { 0 } else { sheet.label_width() };
    sheet.width().saturating_sub(margin + width_of(figures) + 2).min(WIDEST_BAR)
}

fn with_figures(sheet: &mut Sheet, label: &'static str, drawn: Vec<Span<'static>>, figures: String) {
    let theme = *sheet.theme();
    let margin = if sheet.width() < 30 { 0 } else { sheet.label_width() };
    let label = if margin == 0 { "" } else { label };
    let gap = if drawn.iter().any(|span| span.width() > 0) { "  " } else { "" };
    let mut spans = vec![Span::styled(format!("{label:<margin$}"), theme.quiet())];
    spans.extend(drawn);
    spans.push(Span::styled(format!("{gap}{figures}"), theme.plain()));
    sheet.line(Line::from(spans));
}
