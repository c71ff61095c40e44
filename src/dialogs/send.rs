//! Offers files: to whom, which, and a line to go with them. The warden makes the files readable for the agent, then the
//! agent offers them.

use std::path::PathBuf;

use airhatch_wire::control::{Command, ContactView, NOTE_LIMIT, Reply, Trust};
use airhatch_wire::{Code, Email, Failure};
use crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use super::{Dialog, Flow};
use crate::keymap::{Action, Place};
use crate::model::{Ask, Model, Screen, Tone};
use crate::msg::{Effect, Stage, Ticket};
use crate::text;
use crate::update::{Answer, Turn};
use crate::widgets::{Entry, Field, Form, Sheet};

mod draw;
mod paths;

pub(crate) use paths::{looks_like_paths, parse as paths_of};

const TO: usize = 0;
const PATHS: usize = 1;
const NOTE: usize = 2;

/// Contacts listed below the field.
const LISTED: usize = 3;

/// The form for sending.
#[derive(Debug)]
pub(crate) struct Send {
    form: Form,
    /// Which of the listed contacts is chosen.
    row: usize,
    step: Step,
    problem: Option<Failure>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Editing,
    Staging { ticket: Ticket, to: Email, copied: u64, total: u64 },
    Offering { ticket: Ticket, to: Email, stage: Stage },
}

impl Send {
    /// A form with the recipient that is meant: the one given, else the contact that is chosen on the screen.
    pub(crate) fn new(model: &Model, to: Option<Email>, paths: &str) -> Self {
        let meant = to.or_else(|| likely(model)).map(|email| email.to_string()).unwrap_or_default();
        let mut form = Form::new(vec![
            Entry::open(text::send::TO, text::send::TO_HINT, &meant),
            Entry::lines(text::send::PATHS, text::send::PATHS_HINT, paths),
            Entry::open(text::send::NOTE, text::send::NOTE_HINT, ""),
        ]);
        form.set_focus(if meant.is_empty() { TO } else { PATHS });
        Self { form, row: 0, step: Step::Editing, problem: None }
    }

    /// True while files are being copied.
    pub(crate) const fn is_staging(&self) -> bool {
        matches!(self.step, Step::Staging { .. })
    }

    /// Contacts that the typed recipient may mean, the first ones by email.
    fn matching<'a>(&self, model: &'a Model) -> Vec<&'a ContactView> {
        let typed = self.form.text(TO).to_lowercase();
        let contacts = model.session.as_ref().map(|session| session.contacts()).unwrap_or_default();
        contacts.iter().filter(|contact| contact.email.as_str().contains(&typed)).take(LISTED).collect()
    }

    /// The recipient: what is typed, when it is a contact, else the chosen one of the list.
    fn recipient(&self, model: &Model) -> Option<Email> {
        let typed = self.form.text(TO).parse::<Email>().ok();
        let known =
            |email: &Email| model.session.as_ref().is_some_and(|session| session.contact(email).is_some());
        typed
            .filter(known)
            .or_else(|| self.matching(model).get(self.row).map(|contact| contact.email.clone()))
    }

    fn move_row(&mut self, model: &Model, action: Action) {
        let last = self.matching(model).len().saturating_sub(1);
        match action {
            Action::Down => self.row = (self.row + 1).min(last),
            _ => self.row = self.row.saturating_sub(1),
        }
    }

    /// Writes the recipient out in full when the field is left.
    fn settle_recipient(&mut self, model: &Model) {
        if self.form.focus() == TO
            && let (Some(email), Some(field)) = (self.recipient(model), self.form.field_mut(TO))
        {
            *field = Field::open(email.as_str());
            self.row = 0;
        }
    }

    fn next(&mut self, turn: &mut Turn<'_>) -> Flow {
        self.settle_recipient(turn.model);
        match self.form.focus() {
            // Several paths, one on each line; an empty line ends them.
            PATHS if self.form.field(PATHS).is_some_and(|field| !field.on_empty_line()) => {
                self.form.paste("\n");
            }
            NOTE => self.submit(turn),
            _ => {
                self.form.act(Action::NextField);
            }
        }
        Flow::Stay
    }

    fn submit(&mut self, turn: &mut Turn<'_>) {
        self.settle_recipient(turn.model);
        self.problem = None;
        match self.order(turn.model) {
            Ok((to, paths)) => {
                let Some(account) = turn.model.session.as_ref().map(|session| session.record.account.clone())
                else {
                    return;
                };
                let ticket = turn.stage(account, paths);
                self.step = Step::Staging { ticket, to, copied: 0, total: 0 };
            }
            Err((field, failure)) => {
                self.form.set_focus(field);
                self.problem = Some(failure);
            }
        }
    }

    /// What is to be sent to whom, or which field is wrong.
    fn order(&self, model: &Model) -> Result<(Email, Vec<PathBuf>), (usize, Failure)> {
        let wrong =
            |field, message: &str, hint: &str| (field, Failure::new(Code::Invalid, message).hint(hint));
        let to =
            self.recipient(model).ok_or_else(|| wrong(TO, text::send::NOBODY, text::send::NOBODY_WHY))?;
        let trust =
            model.session.as_ref().and_then(|session| session.contact(&to)).map(|contact| contact.trust);
        if matches!(trust, Some(Trust::Changed { .. } | Trust::Revoked)) {
            return Err(wrong(TO, text::send::BLOCKED, text::send::BLOCKED_WHY));
        }
        let paths = paths::parse(&self.form.text(PATHS), &model.setting);
        if paths.is_empty() {
            return Err(wrong(PATHS, text::send::NO_FILES, text::send::NO_FILES_WHY));
        }
        if self.form.text(NOTE).len() > NOTE_LIMIT {
            return Err(wrong(NOTE, text::send::LONG_NOTE, text::send::LONG_NOTE_WHY));
        }
        Ok((to, paths))
    }

    fn staged(&mut self, turn: &mut Turn<'_>, to: Email, outcome: Result<Stage, Failure>) {
        let account = turn.model.session.as_ref().map(|session| session.record.account.clone());
        match (outcome, account) {
            (Ok(stage), Some(account)) => {
                let note = self.form.text(NOTE);
                let why = Ask::Offering { account, to: to.clone(), stage: stage.id };
                let command = Command::Send { to: to.clone(), stage: stage.id, note, lifetime: None };
                let ticket = turn.ask_agent(why, command);
                self.step = Step::Offering { ticket, to, stage };
            }
            (Err(failure), _) => self.back_with(failure),
            (Ok(_), None) => self.step = Step::Editing,
        }
    }

    fn offered(&mut self, turn: &mut Turn<'_>, to: &Email, stage: Stage, answer: Answer) -> Flow {
        match answer {
            Answer::Agent(Ok(reply)) => {
                turn.model.say(Tone::Good, text::offered(to));
                turn.model.screen = Screen::Transfers;
                if let (Reply::Transfer(view), Some(session)) = (reply, turn.model.session.as_mut()) {
                    session.transfer_cursor.choose(view.id);
                }
                Flow::Close
            }
            answer => {
                crate::update::release(turn, stage.id);
                if let Some(failure) = answer.failure() {
                    self.back_with(failure.clone());
                }
                Flow::Stay
            }
        }
    }

    fn back_with(&mut self, failure: Failure) {
        self.step = Step::Editing;
        if failure.code == Code::BadSource {
            self.form.set_focus(PATHS);
        }
        // Whoever calls it off knows.
        self.problem = Some(failure).filter(|failure| failure.code != Code::Cancelled);
    }
}

/// The contact that is most likely meant: the chosen one on the contacts screen, else the only one.
fn likely(model: &Model) -> Option<Email> {
    let session = model.session.as_ref()?;
    let only = (session.contacts().len() == 1).then(|| session.contacts().first()).flatten();
    let chosen = if model.screen == Screen::Contacts { session.chosen_contact() } else { only };
    chosen.map(|contact| contact.email.clone())
}

impl Dialog for Send {
    fn place(&self) -> Place {
        match self.step {
            Step::Editing => Place::SendForm,
            Step::Staging { .. } | Step::Offering { .. } => Place::Busy,
        }
    }

    fn takes_text(&self) -> bool {
        self.step == Step::Editing
    }

    fn act(&mut self, turn: &mut Turn<'_>, action: Action) -> Flow {
        match (action, &self.step) {
            (Action::Close, Step::Staging { ticket, .. }) => {
                turn.effects.push(Effect::CancelStage(*ticket));
                Flow::Stay
            }
            (Action::Close, _) => Flow::Close,
            (Action::Submit, Step::Editing) => self.next(turn),
            (Action::SubmitNow, Step::Editing) => {
                self.submit(turn);
                Flow::Stay
            }
            (Action::NextField | Action::PreviousField, Step::Editing) => {
                self.settle_recipient(turn.model);
                self.form.act(action);
                Flow::Stay
            }
            (Action::Down | Action::Up, Step::Editing) => self.arrow(turn.model, action),
            _ => Flow::Pass,
        }
    }

    fn key(&mut self, _turn: &mut Turn<'_>, key: KeyEvent) -> Flow {
        self.form.key(key);
        if self.form.focus() == TO {
            self.row = 0;
        }
        Flow::Stay
    }

    fn paste(&mut self, _turn: &mut Turn<'_>, text: &str) -> Flow {
        // Files dropped on the window are meant as files, whatever field is in use.
        if self.form.focus() != PATHS && looks_like_paths(text) {
            self.form.set_focus(PATHS);
        }
        self.form.paste(text);
        Flow::Stay
    }

    fn waits_for(&self, ticket: Ticket) -> bool {
        matches!(self.step, Step::Staging { ticket: own, .. } | Step::Offering { ticket: own, .. } if own == ticket)
    }

    fn answer(&mut self, turn: &mut Turn<'_>, _ticket: Ticket, answer: Answer) -> Flow {
        match (self.step.clone(), answer) {
            (Step::Staging { ticket, to, .. }, Answer::Staging { copied, total }) => {
                self.step = Step::Staging { ticket, to, copied, total };
                Flow::Stay
            }
            (Step::Staging { to, .. }, Answer::Staged(outcome)) => {
                self.staged(turn, to, outcome);
                Flow::Stay
            }
            (Step::Offering { to, stage, .. }, answer) => self.offered(turn, &to, stage, answer),
            _ => Flow::Stay,
        }
    }

    fn sheet(&self, model: &Model, area: Rect) -> Sheet {
        self.draw(model, area)
    }
}

impl Send {
    fn arrow(&mut self, model: &Model, action: Action) -> Flow {
        let down = action == Action::Down;
        match self.form.focus() {
            TO => self.move_row(model, action),
            PATHS if down == self.form.field(PATHS).is_some_and(Field::at_last_line) => {
                self.form.act(if down { Action::NextField } else { Action::PreviousField });
            }
            PATHS => {
                let code = if down { crossterm::event::KeyCode::Down } else { crossterm::event::KeyCode::Up };
                self.form.key(KeyEvent::from(code));
            }
            _ => {
                self.form.act(if down { Action::NextField } else { Action::PreviousField });
            }
        }
        Flow::Stay
    }
}
