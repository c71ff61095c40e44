//! Asks for the passphrase that opens an account's vault.

use airhatch_wire::control::{Command, Reply};
use airhatch_wire::warden::{self, AccountRecord};
use airhatch_wire::{Failure, StageId};
use crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use super::{Dialog, Flow, problem};
use crate::keymap::{Action, Place};
use crate::model::{Ask, Model};
use crate::msg::Ticket;
use crate::text;
use crate::update::{Answer, Turn, enter, leave};
use crate::widgets::{Entry, Form, Sheet};

/// The way into an account.
#[derive(Debug)]
pub(crate) struct LogIn {
    record: AccountRecord,
    form: Form,
    waiting: Option<Ticket>,
    /// The request for the staging folders that are there before the login.
    stages_asked: Ticket,
    stages: Vec<StageId>,
    problem: Option<Failure>,
}

impl LogIn {
    /// Asks for an account whose agent is attached; the warden was asked for its staging folders.
    pub(crate) fn new(record: AccountRecord, stages_asked: Ticket) -> Self {
        let form = Form::new(vec![Entry::secret(text::log_in::PASSPHRASE, text::log_in::HINT)]);
        Self { record, form, waiting: None, stages_asked, stages: Vec::new(), problem: None }
    }

    fn submit(&mut self, turn: &mut Turn<'_>) {
        let Some(field) = self.form.field_mut(0).filter(|field| !field.is_empty()) else { return };
        let passphrase = field.passphrase();
        field.clear();
        self.problem = None;
        self.waiting = Some(turn.ask_agent(Ask::Dialog, Command::Unlock { passphrase }));
    }
}

impl Dialog for LogIn {
    fn place(&self) -> Place {
        Place::Form
    }

    fn takes_text(&self) -> bool {
        self.waiting.is_none()
    }

    fn offers(&self, _model: &Model, action: Action) -> bool {
        // There is one field only.
        action != Action::NextField
    }

    fn act(&mut self, turn: &mut Turn<'_>, action: Action) -> Flow {
        match action {
            Action::Close => {
                leave(turn);
                Flow::Close
            }
            Action::Submit if self.waiting.is_none() => {
                self.submit(turn);
                Flow::Stay
            }
            Action::Submit | Action::NextField | Action::PreviousField => Flow::Stay,
            _ => Flow::Pass,
        }
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
        self.waiting == Some(ticket) || self.stages_asked == ticket
    }

    fn answer(&mut self, turn: &mut Turn<'_>, ticket: Ticket, answer: Answer) -> Flow {
        if ticket == self.stages_asked {
            if let Answer::Warden(Ok(warden::Reply::Stages(stages))) = answer {
                self.stages = stages;
            }
            return Flow::Stay;
        }
        self.waiting = None;
        match answer {
            Answer::Agent(Ok(Reply::Account(account))) => {
                enter(turn, self.record.clone(), *account, self.stages.clone());
                return Flow::Close;
            }
            answer => self.problem = answer.failure().cloned(),
        }
        Flow::Stay
    }

    fn sheet(&self, model: &Model, area: Rect) -> Sheet {
        let theme = model.setting.theme;
        let mut sheet = Sheet::new(&theme, text::log_in::TITLE, area);
        sheet.pair(text::label::ACCOUNT, self.record.account.as_str(), theme.strong());
        sheet.pair(text::label::ISOLATION, text::runtime_sentence(self.record.runtime), theme.plain());
        sheet.blank();
        self.form.draw(&mut sheet, self.waiting.is_none());
        if self.waiting.is_some() {
            sheet.styled(text::log_in::OPENING, theme.accent());
        }
        if let Some(failure) = &self.problem {
            problem(&mut sheet, failure);
        }
        sheet
    }
}
