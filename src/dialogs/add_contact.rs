//! Adds a contact: the agent looks the email up at the CA, checks the certificate and pins the key.

use airhatch_wire::control::{Command, Reply};
use airhatch_wire::{Code, Email, Failure};
use crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use super::{ContactPage, Dialog, Flow, Layer, problem};
use crate::keymap::{Action, Place};
use crate::model::{Ask, Model, Screen, Tone};
use crate::msg::Ticket;
use crate::text;
use crate::update::{Answer, Turn};
use crate::widgets::{Entry, Form, Sheet};

/// Asks whom.
#[derive(Debug)]
pub(crate) struct AddContact {
    /// Whether this ends the making of an account.
    first: bool,
    form: Form,
    waiting: Option<Ticket>,
    problem: Option<Failure>,
}

impl AddContact {
    /// An empty form; `first` when it ends the making of an account.
    pub(crate) fn new(first: bool) -> Self {
        let form = Form::new(vec![Entry::open(text::add_contact::EMAIL, text::add_contact::HINT, "")]);
        Self { first, form, waiting: None, problem: None }
    }

    fn submit(&mut self, turn: &mut Turn<'_>) {
        self.problem = None;
        let own = turn.model.session.as_ref().map(|session| session.record.account.clone());
        match self.form.text(0).parse::<Email>() {
            Ok(email) if own == Some(email.clone()) => {
                self.problem = Some(Failure::new(Code::Invalid, text::add_contact::YOURSELF));
            }
            Ok(email) => {
                self.waiting = Some(turn.ask_agent(Ask::Dialog, Command::AddContact { email }));
            }
            Err(reason) => self.problem = Some(Failure::new(Code::Invalid, reason.to_string())),
        }
    }
}

impl Dialog for AddContact {
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
            Action::Close => Flow::Close,
            Action::Submit => {
                if self.waiting.is_none() {
                    self.submit(turn);
                }
                Flow::Stay
            }
            Action::NextField | Action::PreviousField => Flow::Stay,
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
        self.waiting == Some(ticket)
    }

    fn answer(&mut self, turn: &mut Turn<'_>, _ticket: Ticket, answer: Answer) -> Flow {
        self.waiting = None;
        let Answer::Agent(Ok(Reply::Contact(contact))) = answer else {
            self.problem = answer.failure().cloned();
            return Flow::Stay;
        };
        let email = contact.email.clone();
        turn.model.say(Tone::Good, text::contact_added(&email));
        turn.model.screen = Screen::Contacts;
        if let Some(session) = &mut turn.model.session {
            session.put_contact(*contact);
            session.contact_cursor.choose(email.clone());
        }
        // The fingerprint is what a person compares now.
        Flow::Replace(Layer::Contact(ContactPage::new(email)))
    }

    fn sheet(&self, model: &Model, area: Rect) -> Sheet {
        let theme = model.setting.theme;
        let words = if self.first { text::add_contact::FIRST } else { text::add_contact::TITLE };
        let mut sheet = Sheet::new(&theme, words, area);
        sheet.text(if self.first { text::add_contact::FIRST_WHY } else { text::add_contact::WHY });
        sheet.blank();
        self.form.draw(&mut sheet, self.waiting.is_none());
        if self.waiting.is_some() {
            sheet.styled(text::add_contact::LOOKING, theme.accent());
        }
        if let Some(failure) = &self.problem {
            problem(&mut sheet, failure);
        }
        sheet
    }
}
