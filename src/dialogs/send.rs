//! Offers files: to whom, which, and a line to go with them. The warden makes the files readable for the agent, then the
//! agent offers them.

use airhatch_wire::control::{Command, Reply};
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
mod order;
mod paths;

use order::Order;
pub(crate) use paths::{looks_like_paths, parse as paths_of};

const TO: usize = 0;
const PATHS: usize = 1;
const NOTE: usize = 2;
const LEFT_OUT: usize = 3;

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
    Staging {
        ticket: Ticket,
        to: Vec<Email>,
        copied: u64,
        total: u64,
    },
    /// Some of it cannot be sent: the rest goes when a person says so.
    Skipped {
        to: Vec<Email>,
        stage: Stage,
    },
    Offering {
        waiting: Vec<Ticket>,
        asked: usize,
        stage: Stage,
        refused: Vec<Failure>,
    },
}

impl Send {
    /// A form with the recipient that is meant: the one given, else the contact that is chosen on the screen.
    pub(crate) fn new(model: &Model, to: Option<Email>, paths: &str) -> Self {
        let meant = to.or_else(|| likely(model)).map(|email| email.to_string()).unwrap_or_default();
        let mut form = Form::new(vec![
            Entry::open(text::send::TO, text::send::TO_HINT, &meant),
            Entry::lines(text::send::PATHS, text::send::PATHS_HINT, paths),
            Entry::open(text::send::NOTE, text::send::NOTE_HINT, ""),
            Entry::open(text::send::LEFT_OUT, text::send::LEFT_OUT_HINT, ""),
        ]);
        form.set_focus(if meant.is_empty() { TO } else { PATHS });
        Self { form, row: 0, step: Step::Editing, problem: None }
    }

    /// True while files are being copied.
    pub(crate) const fn is_staging(&self) -> bool {
        matches!(self.step, Step::Staging { .. })
    }

    fn move_row(&mut self, model: &Model, action: Action) {
        let last = self.matching(model).len().saturating_sub(1);
        match action {
            Action::Down => self.row = (self.row + 1).min(last),
            _ => self.row = self.row.saturating_sub(1),
        }
    }

    /// Writes the recipients out in full when the field is left.
    fn settle_recipient(&mut self, model: &Model) {
        if self.form.focus() != TO {
            return;
        }
        let recipients: Vec<String> = self.recipients(model).iter().map(ToString::to_string).collect();
        if let (false, Some(field)) = (recipients.is_empty(), self.form.field_mut(TO)) {
            *field = Field::open(&recipients.join(", "));
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
            NOTE | LEFT_OUT => self.submit(turn),
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
            Ok(Order { to, paths, choice }) => {
                let Some(account) = turn.model.session.as_ref().map(|session| session.record.account.clone())
                else {
                    return;
                };
                let ticket = turn.stage(account, paths, choice);
                self.step = Step::Staging { ticket, to, copied: 0, total: 0 };
            }
            Err((field, failure)) => {
                self.form.set_focus(field);
                self.problem = Some(failure);
            }
        }
    }

    fn staged(&mut self, turn: &mut Turn<'_>, to: Vec<Email>, outcome: Result<Stage, Failure>) {
        match outcome {
            // What is left behind is to be known before the rest goes.
            Ok(stage) if stage.skipped.count > 0 => self.step = Step::Skipped { to, stage },
            Ok(stage) => self.offer(turn, to, stage),
            Err(failure) => self.back_with(failure),
        }
    }

    /// Offers the same files to each.
    fn offer(&mut self, turn: &mut Turn<'_>, to: Vec<Email>, stage: Stage) {
        let Some(account) = turn.model.session.as_ref().map(|session| session.record.account.clone()) else {
            self.step = Step::Editing;
            return;
        };
        let note = self.form.text(NOTE);
        let mut waiting = Vec::new();
        for to in to {
            let why = Ask::Offering { account: account.clone(), to: to.clone(), stage: stage.stage };
            let command = Command::Send { to, stage: stage.stage, note: note.clone(), lifetime: None };
            waiting.push(turn.ask_agent(why, command));
        }
        let asked = waiting.len();
        self.step = Step::Offering { waiting, asked, stage, refused: Vec::new() };
    }

    /// One of the agent's answers; after the last one the form is done, unless all were refused.
    fn answered(&mut self, turn: &mut Turn<'_>, ticket: Ticket, answer: &Answer) -> Flow {
        let Step::Offering { waiting, asked, stage, refused } = &mut self.step else { return Flow::Stay };
        waiting.retain(|waiting| *waiting != ticket);
        match answer {
            Answer::Agent(Ok(reply)) => {
                if let (Reply::Transfer(view), Some(session)) = (reply, turn.model.session.as_mut()) {
                    session.transfer_cursor.choose(view.id);
                }
            }
            answer => refused.extend(answer.failure().cloned()),
        }
        if !waiting.is_empty() {
            return Flow::Stay;
        }
        let (asked, stage, refused) = (*asked, stage.stage, std::mem::take(refused));
        let offered = asked.saturating_sub(refused.len());
        match refused.into_iter().next() {
            Some(failure) if offered == 0 => {
                crate::update::release(turn, stage);
                self.back_with(failure);
                Flow::Stay
            }
            refused => {
                turn.model.say(Tone::Good, text::offered(offered));
                turn.model.screen = Screen::Transfers;
                if let Some(failure) = refused {
                    turn.fail(text::FAILED_SOME, failure);
                }
                Flow::Close
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
            Step::Skipped { .. } => Place::Telling,
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
            (Action::Close, Step::Skipped { stage, .. }) => {
                crate::update::release(turn, stage.stage);
                self.step = Step::Editing;
                Flow::Stay
            }
            (Action::Submit, Step::Skipped { to, stage }) => {
                let (to, stage) = (to.clone(), stage.clone());
                self.offer(turn, to, stage);
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
        match &self.step {
            Step::Staging { ticket: own, .. } => *own == ticket,
            Step::Offering { waiting, .. } => waiting.contains(&ticket),
            Step::Editing | Step::Skipped { .. } => false,
        }
    }

    fn answer(&mut self, turn: &mut Turn<'_>, ticket: Ticket, answer: Answer) -> Flow {
        match (self.step.clone(), answer) {
            (Step::Staging { ticket, to, .. }, Answer::Staging { copied, total }) => {
                self.step = Step::Staging { ticket, to, copied, total };
                Flow::Stay
            }
            (Step::Staging { to, .. }, Answer::Staged(outcome)) => {
                self.staged(turn, to, outcome);
                Flow::Stay
            }
            (Step::Offering { .. }, answer) => self.answered(turn, ticket, &answer),
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
