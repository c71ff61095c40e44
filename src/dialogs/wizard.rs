//! Makes an account: which CA, where its agent runs, which email, which passphrase; then the folders, the agent, the keys and the
//! registration; at its end, the first contact.

use airhatch_wire::warden::AccountRecord;
use airhatch_wire::{Address, Code, Email, Failure, Fingerprint};
use crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use super::passphrase::agreed;
use super::{Dialog, Flow, problem};
use crate::keymap::{Action, Place};
use crate::model::Model;
use crate::msg::{Now, Ticket};
use crate::text;
use crate::update::{Answer, Turn};
use crate::widgets::{Form, Sheet};

mod image;
mod seat;
mod steps;
mod work;

use image::Getting;
use seat::Seat;
use steps::Step;
use work::Work;

/// The making of an account.
#[derive(Debug)]
pub(crate) struct Wizard {
    step: Step,
    authority: Form,
    seat: Seat,
    getting: Option<Getting>,
    person: Form,
    passphrase: Form,
    /// An account whose folders are there already, its making having been cut off.
    resumed: Option<AccountRecord>,
    /// The folders that were made just now, to be removed when the rest fails.
    made: Option<Email>,
    work: Option<Work>,
    problem: Option<Failure>,
}

impl Wizard {
    /// From the beginning.
    pub(crate) fn new() -> Self {
        Self {
            step: Step::Welcome,
            authority: steps::authority_form(),
            seat: Seat::default(),
            getting: None,
            person: steps::person_form(""),
            passphrase: steps::passphrase_form(),
            resumed: None,
            made: None,
            work: None,
            problem: None,
        }
    }

    /// Goes on with an account that has folders and no keys.
    pub(crate) fn resuming(record: AccountRecord) -> Self {
        let mut wizard = Self::new();
        wizard.person = steps::person_form(record.account.as_str());
        wizard.resumed = Some(record);
        wizard
    }

    fn form_mut(&mut self) -> Option<&mut Form> {
        match self.step {
            Step::Welcome | Step::Seat | Step::Working => None,
            Step::Image => self.getting.as_mut().map(|getting| &mut getting.form),
            Step::Authority => Some(&mut self.authority),
            Step::Person => Some(&mut self.person),
            Step::Passphrase => Some(&mut self.passphrase),
        }
    }

    fn submit(&mut self, turn: &mut Turn<'_>, action: Action) {
        let ended = self.form_mut().is_none_or(|form| form.act(action));
        if !ended {
            return;
        }
        self.problem = self.check(turn.model).err();
        if self.problem.is_some() {
            return;
        }
        match self.step {
            Step::Welcome => {
                self.step = Step::Authority;
                // So that it is known when its page is there.
                self.look(turn);
            }
            Step::Authority if self.resumed.is_some() => self.step = Step::Person,
            Step::Authority => {
                self.step = Step::Seat;
                self.look(turn);
            }
            Step::Seat => self.step = Step::Person,
            Step::Image => self.get_image(turn),
            Step::Person => self.step = Step::Passphrase,
            Step::Passphrase => self.begin(turn),
            Step::Working => {}
        }
        self.form_mut().into_iter().for_each(|form| form.set_focus(0));
    }

    /// Looks for the engine, where it is still open what the agent runs in.
    fn look(&mut self, turn: &mut Turn<'_>) {
        if self.resumed.is_none() {
            self.seat.look(turn);
        }
    }

    /// The CA's address, once it is well-formed.
    fn address(&self) -> Option<Address> {
        self.authority.text(steps::ADDRESS).parse().ok()
    }

    /// Whether what was typed at this step is well-formed; the field that is not is in use afterwards.
    fn check(&mut self, model: &Model) -> Result<(), Failure> {
        let wrong = |reason: airhatch_wire::name::NameError| Failure::new(Code::Invalid, reason.to_string());
        match self.step {
            Step::Welcome | Step::Working => Ok(()),
            Step::Seat => self.address().map_or(Ok(()), |address| self.seat.check(&address)),
            Step::Image => {
                self.getting.as_ref().map_or(Ok(()), |getting| getting.source(&model.setting).map(|_| ()))
            }
            Step::Authority => {
                self.authority.set_focus(steps::ADDRESS);
                self.authority.text(steps::ADDRESS).parse::<Address>().map_err(wrong)?;
                self.authority.set_focus(steps::FINGERPRINT);
                self.authority.text(steps::FINGERPRINT).parse::<Fingerprint>().map_err(wrong)?;
                Ok(())
            }
            Step::Person => {
                let email = self.person.text(steps::EMAIL).parse::<Email>();
                self.person.set_focus(if email.is_err() { steps::EMAIL } else { steps::CODE });
                email.map(|_| ()).map_err(wrong)
            }
            Step::Passphrase => {
                let agreed = agreed(self.passphrase.field(0), self.passphrase.field(1));
                self.passphrase.set_focus(usize::from(agreed.is_ok()));
                agreed
            }
        }
    }

    fn back(&mut self, turn: &mut Turn<'_>) -> Flow {
        self.problem = None;
        match self.step {
            Step::Welcome => {
                if self.resumed.is_some() {
                    turn.detach();
                }
                return Flow::Close;
            }
            Step::Authority => self.step = Step::Welcome,
            Step::Seat => self.step = Step::Authority,
            Step::Image => self.call_off(turn),
            Step::Person if self.resumed.is_some() => self.step = Step::Authority,
            Step::Person => self.step = Step::Seat,
            Step::Passphrase => self.step = Step::Person,
            Step::Working => {}
        }
        Flow::Stay
    }
}

impl Dialog for Wizard {
    fn place(&self) -> Place {
        match self.step {
            Step::Welcome => Place::Telling,
            Step::Working => Place::Always,
            Step::Seat => Place::Seat,
            Step::Image if self.is_getting() => Place::Busy,
            Step::Image | Step::Authority | Step::Person | Step::Passphrase => Place::Form,
        }
    }

    fn takes_text(&self) -> bool {
        !matches!(self.step, Step::Welcome | Step::Seat | Step::Working) && !self.is_getting()
    }

    fn offers(&self, _model: &Model, action: Action) -> bool {
        match action {
            Action::LoadImage | Action::BuildImage => self.seat.lacks_image(),
            Action::LookAgain => self.seat.lacks_anything(),
            // The form for a path has one field.
            Action::NextField => self.step != Step::Image,
            _ => true,
        }
    }

    fn next_look(&self, now: Now) -> Option<u64> {
        self.getting.as_ref().and_then(|getting| getting.next_look(now))
    }

    fn act(&mut self, turn: &mut Turn<'_>, action: Action) -> Flow {
        match action {
            Action::Submit if self.is_getting() => {}
            Action::Down | Action::Up if self.step == Step::Seat => {
                self.problem = None;
                self.seat.step(action);
            }
            Action::LoadImage | Action::BuildImage if self.seat.lacks_image() => {
                self.problem = None;
                self.getting = Some(Getting::again(self.getting.take(), action));
                self.step = Step::Image;
            }
            Action::LookAgain if self.seat.lacks_anything() => {
                self.problem = None;
                self.seat.look_again(turn);
            }
            Action::Close => return self.back(turn),
            Action::Submit => self.submit(turn, action),
            Action::NextField | Action::PreviousField => {
                self.form_mut().map(|form| form.act(action));
            }
            _ => return Flow::Pass,
        }
        Flow::Stay
    }

    fn key(&mut self, _turn: &mut Turn<'_>, key: KeyEvent) -> Flow {
        self.form_mut().into_iter().for_each(|form| form.key(key));
        Flow::Stay
    }

    fn paste(&mut self, _turn: &mut Turn<'_>, text: &str) -> Flow {
        self.form_mut().into_iter().for_each(|form| form.paste(text));
        Flow::Stay
    }

    fn waits_for(&self, ticket: Ticket) -> bool {
        let working = matches!(&self.work, Some(Work::Folders(own) | Work::Agent(own, _) | Work::Keys(own, _)) if *own == ticket);
        working || self.seat.waits_for(ticket) || self.getting_ticket() == Some(ticket)
    }

    fn answer(&mut self, turn: &mut Turn<'_>, ticket: Ticket, answer: Answer) -> Flow {
        match (self.work.clone(), answer) {
            (_, Answer::Warden(outcome)) if self.seat.waits_for(ticket) => self.seat.found(outcome),
            (_, Answer::Warden(outcome)) if self.getting_ticket() == Some(ticket) => self.got(turn, outcome),
            (_, Answer::Preparing(line)) => {
                self.getting.iter_mut().for_each(|getting| getting.hear(line.clone()));
            }
            (Some(Work::Folders(_)), Answer::Warden(outcome)) => self.folders_made(turn, outcome),
            (Some(Work::Agent(_, record)), Answer::Attached(outcome)) => {
                self.attached(turn, record, outcome.map(|account| *account));
            }
            (Some(Work::Keys(_, record)), Answer::Agent(outcome)) => {
                return self.enrolled(turn, record, outcome);
            }
            _ => {}
        }
        Flow::Stay
    }

    fn sheet(&self, model: &Model, area: Rect) -> Sheet {
        let mut sheet = Sheet::new(
            &model.setting.theme,
            text::wizard::title(self.step.number(self.resumed.is_some())),
            area,
        );
        match self.step {
            Step::Welcome => {
                steps::welcome(&mut sheet, self.resumed.as_ref().map(|record| record.runtime));
            }
            Step::Seat => {
                if let Some(address) = self.address() {
                    self.seat.draw(&mut sheet, &address);
                }
            }
            Step::Image => {
                if let Some(getting) = &self.getting {
                    getting.draw(&mut sheet, model.now);
                }
            }
            Step::Authority => steps::ask(&mut sheet, text::wizard::AUTHORITY_WHY, &self.authority),
            Step::Person => steps::ask(&mut sheet, text::wizard::PERSON_WHY, &self.person),
            Step::Passphrase => steps::ask(&mut sheet, text::wizard::PASSPHRASE_WHY, &self.passphrase),
            Step::Working => {
                let done = match &self.work {
                    None | Some(Work::Folders(_)) => 0,
                    Some(Work::Agent(..)) => 1,
                    Some(Work::Keys(..)) => 2,
                };
                steps::working(&mut sheet, done);
            }
        }
        if let Some(failure) = &self.problem {
            problem(&mut sheet, failure);
        }
        sheet
    }
}
