//! Somebody offers files: who, what, how much, where to. Doing nothing denies; only `a` accepts, and not at once. A
//! closer look shows the files as a tree, where a part can be ticked.

use airhatch_wire::control::{Command, TransferView, Trust};
use airhatch_wire::{Code, Failure, InboxFolder, Selection, SelectionError, TransferId};
use crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use super::files::Files;
use super::{Dialog, Flow, Guard, Layer, Rule};
use crate::keymap::{Action, Place};
use crate::model::{Ask, Model, Tone, Transfer};
use crate::msg::{Now, Ticket};
use crate::text;
use crate::update::{Answer, Turn};
use crate::widgets::{Entry, Form, Sheet};

mod draw;

/// The decision about an offer.
#[derive(Debug)]
pub(crate) struct Offer {
    id: TransferId,
    guard: Guard,
    /// Whether all files are shown.
    closer: bool,
    files: Files,
    /// Where the files shall go below the inbox.
    folder: Option<InboxFolder>,
    /// That folder while it is typed.
    typing: Option<Form>,
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
    pub(crate) fn new(view: &TransferView, now: Now) -> Self {
        Self {
            id: view.id,
            guard: Guard::begin(now),
            closer: false,
            files: Files::new(view),
            folder: None,
            typing: None,
            waiting: None,
            problem: None,
        }
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
        let Some(items) = self.open_offer(turn.model).map(|view| view.item_count) else { return };
        if self.waiting.is_some() {
            return;
        }
        if self.guard.holds(turn.model.now) {
            return turn.model.say(Tone::Plain, text::READ_FIRST);
        }
        let transfer = self.id;
        let command = match choice {
            Choice::Deny => Command::Deny { transfer, reason: String::new() },
            Choice::Accept => match self.accepted(turn.model, items) {
                Ok(items) => Command::Accept { transfer, items, folder: self.folder.clone() },
                Err(failure) => return self.problem = Some(failure),
            },
        };
        self.problem = None;
        self.waiting = Some((turn.ask_agent(Ask::Dialog, command), choice));
    }

    /// What would be accepted of so many items, or why nothing can be.
    fn accepted(&self, model: &Model, items: u32) -> Result<Selection, Failure> {
        if self.is_distrusted(model) {
            let failure = Failure::new(Code::KeyChanged, text::offer::DISTRUSTED);
            return Err(failure.hint(text::offer::DISTRUSTED_WHY));
        }
        let selection = self.files.selection();
        let hint = |error| match error {
            SelectionError::Empty => text::offer::NOTHING_TICKED_WHY,
            _ => text::offer::SCATTERED_WHY,
        };
        selection
            .check(items)
            .map_err(|error| Failure::new(Code::Invalid, error.to_string()).hint(hint(error)))?;
        Ok(selection)
    }

    /// Keys for the folder while it is typed.
    fn type_folder(&mut self, form: Form, action: Action) -> Flow {
        match action {
            Action::Close => {}
            Action::Submit | Action::SubmitNow => match folder(&form.text(0)) {
                Ok(folder) => (self.folder, self.problem) = (folder, None),
                Err(failure) => (self.typing, self.problem) = (Some(form), Some(failure)),
            },
            _ => {
                self.typing = Some(form);
                return Flow::Pass;
            }
        }
        Flow::Stay
    }

    fn look_closer(&mut self, turn: &mut Turn<'_>) {
        self.closer = true;
        turn.model.scrolled = 0;
        self.files.look(turn);
    }
}

/// A folder in the inbox as a person types it: nothing is the inbox itself.
fn folder(typed: &str) -> Result<Option<InboxFolder>, Failure> {
    let typed = typed.trim_end_matches('/');
    if typed.is_empty() {
        return Ok(None);
    }
    let wrong = |_| Failure::new(Code::Invalid, text::offer::NO_FOLDER).hint(text::offer::NO_FOLDER_WHY);
    typed.parse().map(Some).map_err(wrong)
}

impl Dialog for Offer {
    fn place(&self) -> Place {
        if self.typing.is_some() { Place::Form } else { Place::Offer }
    }

    fn takes_text(&self) -> bool {
        self.typing.is_some()
    }

    fn offers(&self, model: &Model, action: Action) -> bool {
        match action {
            Action::Accept | Action::Deny | Action::ChooseFolder => self.open_offer(model).is_some(),
            Action::Tick => self.closer && self.open_offer(model).is_some(),
            Action::Fold | Action::Unfold => self.closer,
            _ => true,
        }
    }

    fn act(&mut self, turn: &mut Turn<'_>, action: Action) -> Flow {
        if let Some(form) = self.typing.take() {
            return self.type_folder(form, action);
        }
        match action {
            Action::Close if self.closer => self.closer = false,
            Action::Close => return Flow::Close,
            Action::Accept | Action::OldestYes => self.decide(turn, Choice::Accept),
            Action::Deny | Action::OldestNo => self.decide(turn, Choice::Deny),
            Action::ChooseFolder if self.open_offer(turn.model).is_some() => {
                let typed = self.folder.as_ref().map(InboxFolder::as_str).unwrap_or_default();
                let entry = Entry::open(text::label::FOLDER, text::offer::FOLDER_HINT, typed);
                (self.typing, self.closer, self.problem) = (Some(Form::new(vec![entry])), false, None);
            }
            Action::ContactRule => {
                let session = turn.model.session.as_ref();
                let contact = self.transfer(turn.model).and_then(|t| session?.contact(&t.view.contact));
                if let Some(contact) = contact {
                    let rule = Rule::new(contact, turn.model.now.wall);
                    return Flow::Open(Layer::Rule(Box::new(rule)));
                }
            }
            Action::Details if !self.closer => self.look_closer(turn),
            Action::Tick if self.closer && !self.files.is_complete() => {
                self.files.look(turn);
                turn.model.say(Tone::Plain, text::offer::STILL_LISTING);
            }
            Action::Tick if self.open_offer(turn.model).is_none() => {}
            _ if self.closer && moves(action) => {
                self.problem = None;
                self.files.act(action);
            }
            _ => return Flow::Pass,
        }
        Flow::Stay
    }

    fn key(&mut self, _turn: &mut Turn<'_>, key: KeyEvent) -> Flow {
        if let Some(form) = &mut self.typing {
            form.key(key);
        }
        Flow::Stay
    }

    fn paste(&mut self, _turn: &mut Turn<'_>, text: &str) -> Flow {
        if let Some(form) = &mut self.typing {
            form.paste(text);
        }
        Flow::Stay
    }

    fn waits_for(&self, ticket: Ticket) -> bool {
        self.waiting.is_some_and(|(waiting, _)| waiting == ticket) || self.files.waits_for(ticket)
    }

    fn answer(&mut self, turn: &mut Turn<'_>, ticket: Ticket, answer: Answer) -> Flow {
        let Some((_, choice)) = self.waiting.filter(|(waiting, _)| *waiting == ticket) else {
            self.files.answer(turn, answer);
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
        self.draw(model, area)
    }
}

/// Whether an action is about the tree of files.
pub(super) const fn moves(action: Action) -> bool {
    matches!(
        action,
        Action::Down
            | Action::Up
            | Action::PageDown
            | Action::PageUp
            | Action::First
            | Action::Last
            | Action::Details
            | Action::Fold
            | Action::Unfold
            | Action::Tick
    )
}
