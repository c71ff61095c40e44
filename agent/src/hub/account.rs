//! The account's own life in the hub: made, opened, locked, removed.

use std::sync::Arc;

use airhatch_wire::control::{AuthorityState, Command, Passphrase, Phase, Reply, TransferState};
use airhatch_wire::peer::Item;
use airhatch_wire::{Address, Code, Email, Failure, Fingerprint, TransferId, UnixMillis};

use super::{Account, Ask, Entry, Hub, Known, Opened, Output, Record};

/// Failed passphrases in a row, and the pause they cost: 1 s after the third, doubled up to a minute.
#[derive(Default)]
pub(super) struct Attempts {
    failed: u32,
    not_before: UnixMillis,
    running: bool,
}

/// What a new account is made from.
pub(super) struct NewAccount {
    pub(super) email: Email,
    pub(super) authority: Address,
    pub(super) authority_fingerprint: Fingerprint,
    pub(super) code: Option<String>,
    pub(super) passphrase: Passphrase,
}

const FREE_ATTEMPTS: u32 = 2;
const LONGEST_PAUSE: u64 = 60_000;
const SHORTEST_PASSPHRASE: usize = 8;

/// Commands that make sense before the vault is open.
pub(super) const fn allowed_while_closed(command: &Command) -> bool {
    matches!(
        command,
        Command::Enroll { .. }
            | Command::Unlock { .. }
            | Command::Status
            | Command::Watch { .. }
            | Command::Lock
    )
}

impl Hub {
    pub(super) fn enroll(&mut self, ask: Ask, new: NewAccount) {
        if self.phase != Phase::New {
            let taken = Failure::new(Code::Conflict, "this agent has an account already");
            return self.answer(ask, Err(taken.hint("log in with: airhatch login")));
        }
        if let Err(failure) = check_passphrase(&new.passphrase) {
            return self.answer(ask, Err(failure));
        }
        if self.begin_opening(ask) {
            let NewAccount { email, authority, authority_fingerprint, code, passphrase } = new;
            self.outputs.push(Output::Enroll {
                ask,
                email,
                authority,
                authority_fingerprint,
                code,
                passphrase,
            });
        }
    }

    pub(super) fn unlock(&mut self, ask: Ask, passphrase: Passphrase) {
        match self.phase {
            Phase::Ready => self.answer(ask, Ok(self.account_reply())),
            Phase::New | Phase::Removed => self.answer(ask, Err(self.not_open())),
            Phase::Locked => {
                let pause = self.attempts.not_before.since(self.now);
                if pause > 0 {
                    let seconds = pause.div_ceil(1000);
                    let wait = Failure::new(Code::TryAgain, "too many wrong passphrases in a row");
                    return self.answer(ask, Err(wait.hint(format!("wait {seconds} s and try again"))));
                }
                if self.begin_opening(ask) {
                    self.outputs.push(Output::Unlock(ask, passphrase));
                }
            }
        }
    }

    /// One opening at a time: the vault's key derivation is meant to be expensive.
    fn begin_opening(&mut self, ask: Ask) -> bool {
        if self.attempts.running {
            let busy = Failure::new(Code::TryAgain, "the account is being opened already");
            self.answer(ask, Err(busy.hint("wait a moment and try again")));
            return false;
        }
        self.attempts.running = true;
        true
    }

    pub(super) fn opened(&mut self, ask: Option<Ask>, outcome: Result<Box<Opened>, Failure>) {
        self.attempts.running = false;
        match outcome {
            Ok(opened) => {
                self.attempts = Attempts::default();
                self.remember(*opened);
                self.publish_account();
                for event in self.state_as_events() {
                    self.publish(&event);
                }
                if let Some(ask) = ask {
                    self.answer(ask, Ok(self.account_reply()));
                }
                self.outputs.push(Output::SetPaces(self.settings.limits));
                self.expire();
                self.resume();
            }
            Err(failure) => {
                // A registration that broke off has its keys in the vault: logging in finishes it.
                if self.phase == Phase::New && failure.code == Code::TryAgain {
                    self.phase = Phase::Locked;
                }
                if failure.code == Code::WrongPassphrase {
                    self.attempts.failed += 1;
                    let doublings = self.attempts.failed.saturating_sub(FREE_ATTEMPTS + 1).min(6);
                    if self.attempts.failed > FREE_ATTEMPTS {
                        let pause = (1000_u64 << doublings).min(LONGEST_PAUSE);
                        self.attempts.not_before = self.now.plus(pause);
                    }
                }
                if let Some(ask) = ask {
                    self.answer(ask, Err(failure));
                }
            }
        }
    }

    fn remember(&mut self, opened: Opened) {
        self.phase = Phase::Ready;
        self.account = Some(Account {
            email: opened.email,
            fingerprint: opened.fingerprint,
            authority: opened.authority,
            authority_fingerprint: opened.authority_fingerprint,
            certificate_until: opened.certificate_until,
            authority_state: AuthorityState::Unasked,
            addresses: Vec::new(),
        });
        let mut pages: std::collections::BTreeMap<(TransferId, u32), Vec<Item>> = Default::default();
        let mut transfers = Vec::new();
        for record in opened.records {
            match record {
                Record::Contact(contact) => {
                    let email = contact.pin.email.clone();
                    self.contacts.insert(email, Known { contact: *contact, online: None, asked: false });
                }
                Record::Transfer(transfer) => transfers.push(*transfer),
                Record::Items { transfer, page, items } => {
                    pages.insert((transfer, page), items);
                }
                Record::Past(past) => {
                    self.past.insert(past.id, *past);
                }
                Record::Settings(settings) => self.settings = settings,
                Record::Certificate(_) | Record::Port(_) => {}
            }
        }
        for mut transfer in transfers {
            let parts = pages.range((transfer.id, 0)..=(transfer.id, u32::MAX));
            let items: Arc<[Item]> = parts.flat_map(|(_, items)| items.iter().cloned()).collect();
            if matches!(
                transfer.state,
                TransferState::Moving | TransferState::Finishing | TransferState::Waiting
            ) {
                transfer.state = TransferState::Accepted;
            }
            let moved =
                if transfer.state.is_over() && transfer.completion.is_some() { transfer.total } else { 0 };
            self.transfers.insert(transfer.id, Entry { transfer, items, moved, session: None });
        }
        self.complete_history();
    }

    /// Takes up what was going on when the agent last ended.
    fn resume(&mut self) {
        let contacts: Vec<Email> = self.contacts.keys().cloned().collect();
        for email in &contacts {
            self.watch_presence(email);
        }
        let open = self.transfers.values().filter(|entry| !entry.transfer.state.is_over());
        for id in open.map(|entry| entry.transfer.id).collect::<Vec<_>>() {
            self.deliver(id);
        }
    }

    pub(super) fn removed(&mut self, ask: Ask, outcome: Result<(), Failure>) {
        match outcome {
            Ok(()) => {
                self.phase = Phase::Removed;
                self.outputs.push(Output::Leave(Some(ask)));
            }
            Err(failure) => self.answer(ask, Err(failure)),
        }
    }

    pub(super) fn authority_asked(&mut self, state: AuthorityState) {
        let known = self.account.as_ref().map(|account| &account.authority_state);
        if known != Some(&state) {
            self.with_account(|account| account.authority_state = state);
        }
    }

    pub(super) fn with_account(&mut self, change: impl FnOnce(&mut Account)) {
        if let Some(account) = &mut self.account {
            change(account);
            self.publish_account();
        }
    }
}

/// The least a passphrase must be: it is all that protects the keys of a stolen disk.
///
/// # Errors
/// [`Code::Invalid`] with advice.
pub(super) fn check_passphrase(passphrase: &Passphrase) -> Result<Reply, Failure> {
    if passphrase.0.chars().count() >= SHORTEST_PASSPHRASE {
        return Ok(Reply::Done);
    }
    let short = format!("the passphrase is shorter than {SHORTEST_PASSPHRASE} characters");
    Err(Failure::new(Code::Invalid, short)
        .hint("it protects your keys if the disk is stolen; use a few words"))
}
