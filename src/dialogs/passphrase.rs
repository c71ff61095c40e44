//! Changes the passphrase: the present one, and the next one twice.

use airhatch_wire::control::Command;
use airhatch_wire::{Code, Failure};
use crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use super::{Dialog, Flow, Layer, problem};
use crate::keymap::{Action, Place};
use crate::model::{Ask, Model, Tone};
use crate::msg::Ticket;
use crate::text;
use crate::update::{Answer, Turn};
use crate::widgets::{Entry, Field, Form, Sheet};

/// The shortest passphrase, characters: the vault's copy can be guessed at without this program.
const SHORTEST: usize = 8;

/// Asks for both passphrases.
#[derive(Debug)]
pub(crate) struct ChangePassphrase {
    form: Form,
    waiting: Option<Ticket>,
    problem: Option<Failure>,
}

/// The dialog with nothing typed yet.
pub(crate) fn change_passphrase() -> Layer {
    let form = Form::new(vec![
        Entry::secret(text::passphrase::OLD, text::passphrase::OLD_HINT),
        Entry::secret(text::passphrase::NEW, text::passphrase::NEW_HINT),
        Entry::secret(text::passphrase::AGAIN, text::passphrase::AGAIN_HINT),
    ]);
    Layer::ChangePassphrase(ChangePassphrase { form, waiting: None, problem: None })
}

/// Whether two typed passphrases make a new one.
///
/// # Errors
/// When they differ or are too short, in words.
pub(super) fn agreed(one: Option<&Field>, again: Option<&Field>) -> Result<(), Failure> {
    let (Some(one), Some(again)) = (one, again) else {
        return Err(Failure::new(Code::Internal, text::passphrase::DIFFER));
    };
    if one.passphrase().0.chars().count() < SHORTEST {
        return Err(Failure::new(Code::Invalid, text::passphrase::SHORT).hint(text::passphrase::SHORT_WHY));
    }
    if one.passphrase() != again.passphrase() {
        return Err(Failure::new(Code::Invalid, text::passphrase::DIFFER).hint(text::passphrase::DIFFER_WHY));
    }
    Ok(())
}

impl ChangePassphrase {
    fn submit(&mut self, turn: &mut Turn<'_>) {
        self.problem = agreed(self.form.field(1), self.form.field(2)).err();
        if self.problem.is_some() {
            return self.form.set_focus(1);
        }
        if let (Some(old), Some(new)) = (self.form.field(0), self.form.field(1)) {
            let command = Command::ChangePassphrase { old: old.passphrase(), new: new.passphrase() };
            self.waiting = Some(turn.ask_agent(Ask::Dialog, command));
        }
    }
}

impl Dialog for ChangePassphrase {
    fn place(&self) -> Place {
        Place::Form
    }

    fn takes_text(&self) -> bool {
        self.waiting.is_none()
    }

    fn act(&mut self, turn: &mut Turn<'_>, action: Action) -> Flow {
        match action {
            Action::Close => return Flow::Close,
            Action::Submit | Action::NextField | Action::PreviousField => {
                if self.waiting.is_none() && self.form.act(action) {
                    self.submit(turn);
                }
            }
            _ => return Flow::Pass,
        }
        Flow::Stay
    }

    fn key(&mut self, _turn: &mut Turn<'_>, key: KeyEvent) -> Flow {
        self.form.key(key);
        Flow::Stay
    }

    fn paste(&mut self, _turn: &mut Turn<'_>, text: &str) -> Flow {
        self.form.paste(text);
        Flow::Stay
    }

    fn waits_for(&self, ticket: Ticket) -> bool {
        self.waiting == Some(ticket)
    }

    fn answer(&mut self, turn: &mut Turn<'_>, _ticket: Ticket, answer: Answer) -> Flow {
        self.waiting = None;
        self.problem = answer.failure().cloned();
        match &self.problem {
            None => {
                turn.model.say(Tone::Good, text::passphrase::CHANGED);
                Flow::Close
            }
            Some(failure) => {
                if failure.code == Code::WrongPassphrase {
                    self.form.set_focus(0);
                    self.form.field_mut(0).into_iter().for_each(Field::clear);
                }
                Flow::Stay
            }
        }
    }

    fn sheet(&self, model: &Model, area: Rect) -> Sheet {
        let theme = model.setting.theme;
        let mut sheet = Sheet::new(&theme, text::passphrase::TITLE, area);
        sheet.text(text::passphrase::WHY);
        sheet.blank();
        self.form.draw(&mut sheet, self.waiting.is_none());
        if self.waiting.is_some() {
            sheet.styled(text::passphrase::WRITING, theme.accent());
        }
        if let Some(failure) = &self.problem {
            problem(&mut sheet, failure);
        }
        sheet
    }
}
