//! What the account allows at most, as a form.

use airhatch_wire::control::{Command, Limits, Reply};
use airhatch_wire::{Code, Failure};
use crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use super::rule::size;
use super::{Dialog, Flow, Layer, problem};
use crate::keymap::{Action, Place};
use crate::model::{Ask, Model, Tone};
use crate::msg::Ticket;
use crate::text::{self, limits_dialog as words, rule_dialog};
use crate::update::{Answer, Turn};
use crate::widgets::{Entry, Form, Sheet};

const UPLOAD: usize = 0;
const DOWNLOAD: usize = 1;
const TRANSFERS: usize = 2;
const PER_DAY: usize = 3;
const EACH: usize = 4;
const ALL: usize = 5;

/// The form.
#[derive(Debug)]
pub(crate) struct ChooseLimits {
    form: Form,
    waiting: Option<Ticket>,
    problem: Option<Failure>,
}

/// The form with what is so now.
pub(crate) fn choose_limits(model: &Model) -> Layer {
    let limits = model.session.as_ref().map(|session| session.account.limits).unwrap_or_default();
    let size = |size: Option<u64>| size.map(text::exact_size).unwrap_or_default();
    let number = |number: u32| number.to_string();
    let form = Form::new(vec![
        Entry::open(words::UPLOAD, words::UPLOAD_HINT, &size(limits.upload)),
        Entry::open(words::DOWNLOAD, words::DOWNLOAD_HINT, &size(limits.download)),
        Entry::open(words::TRANSFERS, words::TRANSFERS_HINT, &number(limits.transfers)),
        Entry::open(words::PER_DAY, words::PER_DAY_HINT, &size(limits.bytes_per_day)),
        Entry::open(words::EACH, words::EACH_HINT, &number(limits.offers_per_contact)),
        Entry::open(words::ALL, words::ALL_HINT, &number(limits.offers)),
    ]);
    Layer::ChooseLimits(ChooseLimits { form, waiting: None, problem: None })
}

/// The limits as typed, or which field is wrong.
fn limits(form: &Form) -> Result<Limits, (usize, Failure)> {
    let wrong = |field, what: &str, why: &str| (field, Failure::new(Code::Invalid, what).hint(why));
    let rate = |field| match form.text(field) {
        typed if typed.is_empty() => Ok(None),
        typed => size(&typed)
            .filter(|rate| *rate >= Limits::SLOWEST)
            .map(Some)
            .ok_or_else(|| wrong(field, words::NO_RATE, words::NO_RATE_WHY)),
    };
    let number = |field| {
        let number = form.text(field).parse::<u32>().ok().filter(|number| *number > 0);
        number.ok_or_else(|| wrong(field, words::NO_NUMBER, words::NO_NUMBER_WHY))
    };
    let bytes_per_day = match form.text(PER_DAY) {
        typed if typed.is_empty() => None,
        typed => {
            let size = size(&typed);
            Some(size.ok_or_else(|| wrong(PER_DAY, rule_dialog::NO_SIZE, rule_dialog::NO_SIZE_WHY))?)
        }
    };
    Ok(Limits {
        offers_per_contact: number(EACH)?,
        offers: number(ALL)?,
        bytes_per_day,
        transfers: number(TRANSFERS)?,
        upload: rate(UPLOAD)?,
        download: rate(DOWNLOAD)?,
    })
}

impl Dialog for ChooseLimits {
    fn place(&self) -> Place {
        if self.waiting.is_some() { Place::Busy } else { Place::Form }
    }

    fn takes_text(&self) -> bool {
        self.waiting.is_none()
    }

    fn act(&mut self, turn: &mut Turn<'_>, action: Action) -> Flow {
        match action {
            Action::Close => return Flow::Close,
            Action::Submit | Action::NextField | Action::PreviousField if self.waiting.is_none() => {
                self.problem = None;
                if self.form.act(action) {
                    match limits(&self.form) {
                        Ok(limits) => {
                            self.waiting = Some(turn.ask_agent(Ask::Dialog, Command::SetLimits { limits }));
                        }
                        Err((field, failure)) => {
                            self.form.set_focus(field);
                            self.problem = Some(failure);
                        }
                    }
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
        if let Some(failure) = answer.failure() {
            self.problem = Some(failure.clone());
            return Flow::Stay;
        }
        if let (Answer::Agent(Ok(Reply::Account(account))), Some(session)) = (answer, &mut turn.model.session)
        {
            session.account = *account;
        }
        turn.model.say(Tone::Good, words::SET);
        Flow::Close
    }

    fn sheet(&self, model: &Model, area: Rect) -> Sheet {
        let mut sheet = Sheet::new(&model.setting.theme, words::TITLE, area);
        sheet.text(words::WHY);
        sheet.blank();
        self.form.draw(&mut sheet, self.waiting.is_none());
        if let Some(failure) = &self.problem {
            problem(&mut sheet, failure);
        }
        sheet
    }
}
