//! Removes the account for good: at the CA, and here. The email is typed, because nothing brings it back.

use airhatch_wire::control::Command;
use airhatch_wire::{Code, Email, Failure};
use crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use super::{Dialog, Flow, problem};
use crate::keymap::{Action, Place};
use crate::model::{Ask, Model};
use crate::msg::Ticket;
use crate::text;
use crate::update::{Answer, Turn, agent_gone, removed};
use crate::widgets::{Entry, Field, Form, Sheet};

/// Asks for the email and the passphrase.
#[derive(Debug)]
pub(crate) struct RemoveAccount {
    account: Email,
    form: Form,
    waiting: Option<Ticket>,
    problem: Option<Failure>,
}

impl RemoveAccount {
    /// Asks about an account.
    pub(crate) fn new(account: Email) -> Self {
        let form = Form::new(vec![
            Entry::open(text::remove_account::EMAIL, text::remove_account::EMAIL_HINT, ""),
            Entry::secret(text::log_in::PASSPHRASE, text::remove_account::PASSPHRASE_HINT),
        ]);
        Self { account, form, waiting: None, problem: None }
    }

    fn submit(&mut self, turn: &mut Turn<'_>) {
        let typed = self.form.text(0);
        if typed.parse::<Email>().ok().as_ref() != Some(&self.account) {
            let failure = Failure::new(Code::Invalid, text::remove_account::OTHER_EMAIL)
                .hint(text::remove_account::type_email(&self.account));
            self.problem = Some(failure);
            return self.form.set_focus(0);
        }
        if let Some(field) = self.form.field_mut(1).filter(|field| !field.is_empty()) {
            let passphrase = field.passphrase();
            field.clear();
            self.problem = None;
            self.waiting = Some(turn.ask_agent(Ask::Removal, Command::RemoveAccount { passphrase }));
        }
    }
}

impl Dialog for RemoveAccount {
    fn place(&self) -> Place {
        if self.waiting.is_some() { Place::Always } else { Place::Form }
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
        // The email is to be typed: a paste is no second thought.
        if self.form.focus() == 1 {
            self.form.paste(text);
        }
        Flow::Stay
    }

    fn waits_for(&self, ticket: Ticket) -> bool {
        self.waiting == Some(ticket)
    }

    fn answer(&mut self, turn: &mut Turn<'_>, _ticket: Ticket, answer: Answer) -> Flow {
        self.waiting = None;
        self.problem = answer.failure().cloned();
        if self.problem.is_none() {
            removed(turn);
            return Flow::Close;
        }
        if let Some(reason) = turn.model.session.as_mut().and_then(|session| session.gone.take()) {
            agent_gone(turn, reason);
            return Flow::Close;
        }
        self.form.set_focus(1);
        self.form.field_mut(1).into_iter().for_each(Field::clear);
        Flow::Stay
    }

    fn sheet(&self, model: &Model, area: Rect) -> Sheet {
        let theme = model.setting.theme;
        let mut sheet = Sheet::new(&theme, text::remove_account::TITLE, area);
        sheet.alarm();
        sheet.styled(&text::remove_account::what(&self.account), theme.danger());
        sheet.blank();
        sheet.text(text::remove_account::WHY);
        sheet.blank();
        self.form.draw(&mut sheet, self.waiting.is_none());
        if self.waiting.is_some() {
            sheet.styled(text::remove_account::WORKING, theme.accent());
        }
        if let Some(failure) = &self.problem {
            problem(&mut sheet, failure);
        }
        sheet
    }
}
