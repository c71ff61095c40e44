//! Somebody offers files: who, what, how much, where to. Doing nothing denies; only `a` accepts, and not at once.

use airhatch_wire::control::{Command, ContactView, TransferView, Trust};
use airhatch_wire::{Code, Failure, Selection, TransferId};
use ratatui::layout::Rect;

use super::items::Items;
use super::{Dialog, Flow, Guard, problem};
use crate::keymap::{Action, Place};
use crate::model::{Ask, Model, Tone, Transfer};
use crate::msg::{Now, Ticket};
use crate::text;
use crate::update::{Answer, Turn, step};
use crate::widgets::Sheet;

/// Files listed at most before somebody asks for all of them.
const SOME: usize = 8;

/// Lines besides files, note and folder.
const OTHER_LINES: usize = 10;

/// Lines of the note at most; all of it is with the list of all files.
const NOTE_LINES: usize = 2;

/// The decision about an offer.
#[derive(Debug)]
pub(crate) struct Offer {
    id: TransferId,
    guard: Guard,
    all_files: bool,
    items: Items,
    waiting: Option<(Ticket, Choice)>,
    problem: Option<Failure>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    Accept,
    Deny,
}

impl Offer {
    /// Asks about an offer.
    pub(crate) fn new(id: TransferId, now: Now) -> Self {
        let guard = Guard::begin(now);
        Self { id, guard, all_files: false, items: Items::default(), waiting: None, problem: None }
    }

    fn transfer<'a>(&self, model: &'a Model) -> Option<&'a Transfer> {
        model.session.as_ref()?.transfers.find(self.id)
    }

    fn open_offer<'a>(&self, model: &'a Model) -> Option<&'a TransferView> {
        self.transfer(model).filter(|transfer| transfer.is_offer()).map(|transfer| &transfer.view)
    }

    /// Whether the sender's key is one that nothing is taken from; the agent would refuse as well.
    fn is_distrusted(&self, model: &Model) -> bool {
        let session = model.session.as_ref();
        let contact = self.transfer(model).and_then(|t| session?.contact(&t.view.contact));
        contact.is_some_and(|contact| matches!(contact.trust, Trust::Changed { .. } | Trust::Revoked))
    }

    fn decide(&mut self, turn: &mut Turn<'_>, choice: Choice) {
        if self.waiting.is_some() || self.open_offer(turn.model).is_none() {
            return;
        }
        if self.guard.holds(turn.model.now) {
            return turn.model.say(Tone::Plain, text::READ_FIRST);
        }
        if choice == Choice::Accept && self.is_distrusted(turn.model) {
            let failure = Failure::new(Code::KeyChanged, text::offer::DISTRUSTED);
            self.problem = Some(failure.hint(text::offer::DISTRUSTED_WHY));
            return;
        }
        let transfer = self.id;
        let command = match choice {
            Choice::Accept => Command::Accept { transfer, items: Selection::All, folder: None },
            Choice::Deny => Command::Deny { transfer, reason: String::new() },
        };
        self.problem = None;
        self.waiting = Some((turn.ask_agent(Ask::Dialog, command), choice));
    }

    fn scroll(&mut self, turn: &mut Turn<'_>, action: Action) {
        if let Some(view) = self.transfer(turn.model).map(|transfer| transfer.view.clone()) {
            step(action, |by| self.items.step(turn, &view, by));
        }
    }
}

impl Dialog for Offer {
    fn place(&self) -> Place {
        Place::Offer
    }

    fn offers(&self, model: &Model, action: Action) -> bool {
        !matches!(action, Action::Accept | Action::Deny) || self.open_offer(model).is_some()
    }

    fn act(&mut self, turn: &mut Turn<'_>, action: Action) -> Flow {
        match action {
            Action::Close if self.all_files => self.all_files = false,
            Action::Close => return Flow::Close,
            Action::Accept | Action::OldestYes => self.decide(turn, Choice::Accept),
            Action::Deny | Action::OldestNo => self.decide(turn, Choice::Deny),
            Action::Details => {
                self.all_files = !self.all_files;
                turn.model.scrolled = 0;
                self.scroll(turn, Action::Up);
            }
            Action::Down | Action::Up | Action::PageDown | Action::PageUp if self.all_files => {
                self.scroll(turn, action);
            }
            _ => return Flow::Pass,
        }
        Flow::Stay
    }

    fn waits_for(&self, ticket: Ticket) -> bool {
        self.waiting.is_some_and(|(waiting, _)| waiting == ticket) || self.items.waits_for(ticket)
    }

    fn answer(&mut self, turn: &mut Turn<'_>, ticket: Ticket, answer: Answer) -> Flow {
        let Some((_, choice)) = self.waiting.filter(|(waiting, _)| *waiting == ticket) else {
            self.items.answer(answer);
            return Flow::Stay;
        };
        self.waiting = None;
        if let Some(failure) = answer.failure() {
            self.problem = Some(failure.clone());
            return Flow::Stay;
        }
        let said = match choice {
            Choice::Accept => text::offer::ACCEPTED,
            Choice::Deny => text::offer::DENIED,
        };
        turn.model.say(Tone::Good, said);
        if let Some(session) = &mut turn.model.session {
            session.transfer_cursor.choose(self.id);
        }
        Flow::Close
    }

    fn next_look(&self, now: Now) -> Option<u64> {
        self.guard.left(now)
    }

    fn sheet(&self, model: &Model, area: Rect) -> Sheet {
        let theme = model.setting.theme;
        let mut sheet = Sheet::new(&theme, text::offer::TITLE, area);
        let Some(transfer) = self.transfer(model) else {
            sheet.text(text::offer::GONE);
            return sheet;
        };
        let view = &transfer.view;
        if self.all_files {
            if !view.note.is_empty() {
                sheet.pair(text::label::NOTE, &text::quoted(&view.note.shown()), theme.plain());
                sheet.blank();
            }
            sheet.styled(&text::files_in_words(view), theme.strong());
            sheet.blank();
            self.items.draw_all(&mut sheet, view);
            return sheet;
        }
        let contact = model.session.as_ref().and_then(|session| session.contact(&view.contact));
        who(&mut sheet, view, contact);
        what(&mut sheet, view, usize::from(area.height));
        wherefore(&mut sheet, model, view);
        sheet.blank();
        if transfer.is_offer() {
            let live = !self.guard.holds(model.now) && self.waiting.is_none();
            sheet.choices_when(
                live,
                &[("a", text::offer::ACCEPT), ("d", text::offer::DENY), ("Esc", text::offer::LATER)],
            );
        } else {
            let settled = text::state_sentence(view, model.now.wall, &model.setting.zone);
            sheet.styled(&text::offer::settled(&settled), theme.warning());
        }
        if let Some(failure) = &self.problem {
            problem(&mut sheet, failure);
        }
        sheet
    }
}

/// Who offers, and how sure that is.
fn who(sheet: &mut Sheet, view: &TransferView, contact: Option<&ContactView>) {
    let theme = *sheet.theme();
    sheet.pair(text::label::FROM, view.contact.as_str(), theme.strong());
    let Some(contact) = contact else {
        sheet.pair(text::label::TRUST, text::CONTACT_GONE, theme.danger());
        return;
    };
    let style = match contact.trust {
        Trust::Verified => theme.good(),
        Trust::Certified => theme.plain(),
        Trust::Changed { .. } | Trust::Revoked => theme.danger(),
    };
    sheet.pair(text::label::TRUST, text::trust_sentence(&contact.trust), style);
    sheet.pair(text::label::FINGERPRINT, &contact.fingerprint.short(), theme.plain());
}

/// What is offered, in their words and in bytes.
fn what(sheet: &mut Sheet, view: &TransferView, rows: usize) {
    let theme = *sheet.theme();
    let above = sheet.len();
    if !view.note.is_empty() {
        sheet.pair(text::label::NOTE, &text::quoted(&view.note.shown()), theme.plain());
        sheet.cut(above + NOTE_LINES);
    }
    let note_lines = sheet.len() - above;
    sheet.blank();
    // The frame takes two lines, a long folder two.
    let room = rows.saturating_sub(OTHER_LINES + note_lines + 4);
    Items::draw_some(sheet, view, room.clamp(1, SOME));
    sheet.right(&text::files_in_words(view), theme.strong());
}

/// Where it would go, and until when.
fn wherefore(sheet: &mut Sheet, model: &Model, view: &TransferView) {
    let theme = *sheet.theme();
    sheet.blank();
    sheet.pair(text::label::FOLDER, &text::inbox(model), theme.plain());
    if let Some(free) = view.free_space {
        let enough = free >= view.total;
        let style = if enough { theme.plain() } else { theme.danger() };
        sheet.pair(text::label::SPACE, &text::free_space(free, enough), style);
    }
    let until = text::clock(view.expires, model.now.wall, &model.setting.zone);
    sheet.pair(text::label::EXPIRES, &until, theme.plain());
}
