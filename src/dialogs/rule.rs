//! What happens to one contact's offers: a list to choose from, and a form for the budget of what is accepted.

use airhatch_wire::control::{Budget, Command, ContactPolicy, ContactView, ENDINGS_LIMIT, FileEnding, Trust};
use airhatch_wire::{Code, Email, Failure, UnixMillis};
use bytesize::ByteSize;
use crossterm::event::KeyEvent;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Dialog, Flow, problem};
use crate::keymap::{Action, Place};
use crate::model::{Ask, Model, Tone};
use crate::msg::Ticket;
use crate::text::{self, rule_dialog as words};
use crate::update::{Answer, Turn};
use crate::widgets::{Entry, Form, Sheet};

const PER_FILE: usize = 0;
const PER_DAY: usize = 1;
const TYPES: usize = 2;
const DAYS: usize = 3;

/// The row of the choices that has a budget.
const AUTO: usize = 3;

/// The longest that a rule may be made for, days.
const LONGEST: u64 = 3_650;

/// One day, milliseconds.
const DAY: u64 = 86_400_000;

/// The dialog.
#[derive(Debug)]
pub(crate) struct Rule {
    email: Email,
    row: usize,
    /// The budget, while it is typed.
    is_typing: bool,
    form: Form,
    waiting: Option<Ticket>,
    problem: Option<Failure>,
}

impl Rule {
    /// About a contact, with what is so now.
    pub(crate) fn new(contact: &ContactView, now: UnixMillis) -> Self {
        let (row, budget) = match &contact.policy {
            ContactPolicy::Account => (0, None),
            ContactPolicy::Ask => (1, None),
            ContactPolicy::Never => (2, None),
            ContactPolicy::Auto(budget) => (AUTO, Some(budget)),
        };
        let size = |of: fn(&Budget) -> u64| budget.map(|b| text::exact_size(of(b))).unwrap_or_default();
        let endings: Vec<String> =
            budget.into_iter().flat_map(|b| &b.endings).map(ToString::to_string).collect();
        let until = budget.and_then(|budget| budget.until).filter(|until| *until > now);
        let days = until.map(|until| until.since(now).div_ceil(DAY).to_string());
        let form = Form::new(vec![
            Entry::open(words::PER_FILE, words::PER_FILE_HINT, &size(|budget| budget.per_file)),
            Entry::open(words::PER_DAY, words::PER_DAY_HINT, &size(|budget| budget.per_day)),
            Entry::open(words::TYPES, words::TYPES_HINT, &endings.join(", ")),
            Entry::open(words::DAYS, words::DAYS_HINT, &days.unwrap_or_default()),
        ]);
        Self { email: contact.email.clone(), row, is_typing: false, form, waiting: None, problem: None }
    }

    fn choose(&mut self, turn: &mut Turn<'_>) {
        let policy = match self.row {
            0 => ContactPolicy::Account,
            1 => ContactPolicy::Ask,
            2 => ContactPolicy::Never,
            _ => {
                let session = turn.model.session.as_ref();
                let contact = session.and_then(|session| session.contact(&self.email));
                if contact.is_some_and(|contact| contact.trust == Trust::Verified) {
                    self.is_typing = true;
                } else {
                    let failure = Failure::new(Code::NotPermitted, words::UNVERIFIED);
                    self.problem = Some(failure.hint(words::UNVERIFIED_WHY));
                }
                return;
            }
        };
        self.set(turn, policy);
    }

    fn submit(&mut self, turn: &mut Turn<'_>) {
        match budget(&self.form, turn.model.now.wall) {
            Ok(budget) => self.set(turn, ContactPolicy::Auto(budget)),
            Err((field, failure)) => {
                self.form.set_focus(field);
                self.problem = Some(failure);
            }
        }
    }

    fn set(&mut self, turn: &mut Turn<'_>, policy: ContactPolicy) {
        let command = Command::SetContactPolicy { email: self.email.clone(), policy };
        self.waiting = Some(turn.ask_agent(Ask::Dialog, command));
    }
}

/// The budget as typed, or which field is wrong.
fn budget(form: &Form, now: UnixMillis) -> Result<Budget, (usize, Failure)> {
    let wrong = |field, what: &str, why: &str| (field, Failure::new(Code::Invalid, what).hint(why));
    let size =
        |field| size(&form.text(field)).ok_or_else(|| wrong(field, words::NO_SIZE, words::NO_SIZE_WHY));
    let types = form.text(TYPES);
    let endings = types.split([',', ' ']).filter(|part| !part.is_empty());
    let endings: Vec<FileEnding> = endings
        .map(str::parse)
        .collect::<Result<_, _>>()
        .ok()
        .filter(|endings: &Vec<_>| endings.len() <= ENDINGS_LIMIT)
        .ok_or_else(|| wrong(TYPES, words::NO_TYPES, words::NO_TYPES_WHY))?;
    let days = form.text(DAYS);
    let until = match days.parse::<u64>() {
        _ if days.is_empty() => None,
        Ok(days @ 1..=LONGEST) => Some(now.plus(days * DAY)),
        _ => return Err(wrong(DAYS, words::NO_DAYS, words::NO_DAYS_WHY)),
    };
    Ok(Budget { per_file: size(PER_FILE)?, per_day: size(PER_DAY)?, endings, until })
}

/// A size as people write it, more than nothing.
pub(super) fn size(typed: &str) -> Option<u64> {
    typed.parse::<ByteSize>().ok().map(|size| size.as_u64()).filter(|size| *size > 0)
}

impl Dialog for Rule {
    fn place(&self) -> Place {
        match (self.waiting, self.is_typing) {
            (Some(_), _) => Place::Busy,
            (None, true) => Place::Form,
            (None, false) => Place::Choice,
        }
    }

    fn takes_text(&self) -> bool {
        self.is_typing && self.waiting.is_none()
    }

    fn act(&mut self, turn: &mut Turn<'_>, action: Action) -> Flow {
        match action {
            Action::Close if self.is_typing && self.waiting.is_none() => {
                (self.is_typing, self.problem) = (false, None);
            }
            Action::Close => return Flow::Close,
            _ if self.waiting.is_some() => return Flow::Pass,
            Action::Down if !self.is_typing => self.row = (self.row + 1).min(AUTO),
            Action::Up if !self.is_typing => self.row = self.row.saturating_sub(1),
            Action::Choose => {
                self.problem = None;
                self.choose(turn);
            }
            Action::Submit | Action::NextField | Action::PreviousField if self.is_typing => {
                self.problem = None;
                if self.form.act(action) {
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
        if let Some(failure) = answer.failure() {
            self.problem = Some(failure.clone());
            return Flow::Stay;
        }
        turn.model.say(Tone::Good, words::set(&self.email));
        Flow::Close
    }

    fn sheet(&self, model: &Model, area: Rect) -> Sheet {
        let theme = model.setting.theme;
        let mut sheet = Sheet::new(&theme, words::title(&self.email), area);
        sheet.text(words::WHY);
        sheet.blank();
        for (index, choice) in words::CHOICES.iter().enumerate() {
            let chosen = index == self.row;
            let sign = if chosen { theme.glyphs().full } else { theme.glyphs().hollow };
            let style = if chosen { theme.chosen() } else { theme.plain() };
            sheet.line(Line::from(vec![
                Span::styled(format!("{sign} "), style),
                Span::styled(*choice, style),
            ]));
            if chosen {
                sheet.see_here();
            }
        }
        if self.is_typing {
            sheet.blank();
            self.form.draw(&mut sheet, self.waiting.is_none());
        }
        if let Some(failure) = &self.problem {
            problem(&mut sheet, failure);
        }
        sheet
    }
}
