//! The last step: folders, agent, keys, registration, one after the other; what was made is removed when one fails.

use airhatch_wire::control::{AccountView, Command, Passphrase, Phase, Reply};
use airhatch_wire::warden::{self, AccountRecord, RuntimeKind};
use airhatch_wire::{Address, Code, Email, Failure, Fingerprint};

use super::Wizard;
use super::steps::{self, Step};
use crate::dialogs::{AddContact, Flow, Layer};
use crate::model::Ask;
use crate::msg::Ticket;
use crate::text;
use crate::update::{Turn, enter};
use crate::widgets::Field;

/// What is under way at the last step.
#[derive(Clone, Debug)]
pub(super) enum Work {
    /// The warden makes folders.
    Folders(Ticket),
    /// The agent starts.
    Agent(Ticket, AccountRecord),
    /// The agent makes keys and registers.
    Keys(Ticket, AccountRecord),
}

/// Everything the forms say, parsed.
struct Order {
    email: Email,
    authority: Address,
    fingerprint: Fingerprint,
    code: Option<String>,
    passphrase: Passphrase,
}

impl Wizard {
    /// Where the agent shall run: as before, as chosen, else where it always can.
    fn runtime(&self, authority: &Address) -> RuntimeKind {
        let settled = self.resumed.as_ref().map(|record| record.runtime);
        settled.or_else(|| self.seat.taken(authority)).unwrap_or(RuntimeKind::Process)
    }

    fn order(&self) -> Option<Order> {
        let code = Some(self.person.text(steps::CODE)).filter(|code| !code.is_empty());
        Some(Order {
            email: self.person.text(steps::EMAIL).parse().ok()?,
            authority: self.authority.text(steps::ADDRESS).parse().ok()?,
            fingerprint: self.authority.text(steps::FINGERPRINT).parse().ok()?,
            code,
            passphrase: self.passphrase.field(0)?.passphrase(),
        })
    }

    pub(super) fn begin(&mut self, turn: &mut Turn<'_>) {
        let Some(order) = self.order() else { return };
        self.step = Step::Working;
        let runtime = self.runtime(&order.authority);
        let resumed = self.resumed.clone().filter(|record| record.account == order.email);
        self.work = Some(match resumed {
            Some(record) => attach(turn, record),
            None => {
                let command = warden::Command::CreateAccount { account: order.email, runtime };
                Work::Folders(turn.ask_warden(Ask::Dialog, command))
            }
        });
    }

    pub(super) fn folders_made(&mut self, turn: &mut Turn<'_>, outcome: Result<warden::Reply, Failure>) {
        match outcome {
            Ok(warden::Reply::Account(record)) => {
                self.made = Some(record.account.clone());
                self.work = Some(attach(turn, record));
            }
            Ok(_) => self.give_up(turn, Failure::new(Code::Internal, text::wizard::ODD_ANSWER)),
            Err(failure) if failure.code == Code::Conflict => self.resume_known(turn, failure),
            Err(failure) => self.give_up(turn, failure),
        }
    }

    /// The folders are there already: perhaps only folders, left by a making that was cut off.
    fn resume_known(&mut self, turn: &mut Turn<'_>, failure: Failure) {
        let email = self.person.text(steps::EMAIL).parse::<Email>().ok();
        match turn.model.accounts.iter().find(|record| Some(&record.account) == email.as_ref()).cloned() {
            Some(record) => self.work = Some(attach(turn, record)),
            None => self.give_up(turn, failure),
        }
    }

    pub(super) fn attached(
        &mut self,
        turn: &mut Turn<'_>,
        record: AccountRecord,
        outcome: Result<AccountView, Failure>,
    ) {
        match (outcome, self.order()) {
            (Ok(account), Some(order)) if account.phase == Phase::New => {
                let command = Command::Enroll {
                    email: order.email,
                    authority: order.authority,
                    authority_fingerprint: order.fingerprint,
                    code: order.code,
                    passphrase: order.passphrase,
                };
                self.work = Some(Work::Keys(turn.ask_agent(Ask::Dialog, command), record));
            }
            (Ok(_), _) => {
                let failure =
                    Failure::new(Code::Conflict, text::wizard::EXISTS).hint(text::wizard::EXISTS_WHY);
                self.give_up(turn, failure);
            }
            (Err(failure), _) => self.give_up(turn, failure),
        }
    }

    pub(super) fn enrolled(
        &mut self,
        turn: &mut Turn<'_>,
        record: AccountRecord,
        outcome: Result<Reply, Failure>,
    ) -> Flow {
        match outcome {
            Ok(Reply::Account(account)) => {
                turn.model.accounts.push(record.clone());
                turn.model.accounts.sort_by(|one, other| one.account.cmp(&other.account));
                turn.model.accounts.dedup_by(|one, other| one.account == other.account);
                enter(turn, record, *account, Vec::new());
                Flow::Replace(Layer::AddContact(AddContact::new(true)))
            }
            Ok(_) => {
                self.give_up(turn, Failure::new(Code::Internal, text::wizard::ODD_ANSWER));
                Flow::Stay
            }
            Err(failure) => {
                self.give_up(turn, failure);
                Flow::Stay
            }
        }
    }

    /// Back to the step that can put it right, with nothing left of the attempt.
    fn give_up(&mut self, turn: &mut Turn<'_>, failure: Failure) {
        self.work = None;
        turn.detach();
        if let Some(account) = self.made.take() {
            turn.ask_warden(Ask::Tidying, warden::Command::RemoveAccount { account });
        }
        self.step = steps::to_put_right(failure.code);
        if self.step == Step::Seat && self.resumed.is_some() {
            self.step = Step::Passphrase;
        } else if self.step == Step::Seat {
            self.seat.look_again(turn);
        }
        self.passphrase.set_focus(0);
        [0, 1].into_iter().filter(|_| self.step == Step::Passphrase).for_each(|index| {
            self.passphrase.field_mut(index).into_iter().for_each(Field::clear);
        });
        self.problem = Some(failure);
    }
}

fn attach(turn: &mut Turn<'_>, record: AccountRecord) -> Work {
    let (ticket, _) = turn.attach(Ask::Dialog, record.account.clone());
    Work::Agent(ticket, record)
}
