//! The deciding core of an agent: what is remembered, what fronts may ask, what contacts may do.
//!
//! `handle(now, input)` takes what happened and returns what to do. It has no clock, no I/O, no keys and no locks;
//! the shell (`agent.rs`) carries outputs out in order and feeds back what became of them. Signatures are made and
//! checked by the tasks before their reports come here.

mod account;
mod bounds;
mod contacts;
mod history;
mod incoming;
mod lanes;
mod outgoing;
mod pause;
mod recall;
mod record;
mod rules;
mod taking;
#[cfg(test)]
mod tests;
mod transfers;
mod view;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use airhatch_wire::control::{AuthorityState, Command, Event, Jail, Phase, Reply};
use airhatch_wire::peer::Item;
use airhatch_wire::{Address, Code, Email, Failure, Fingerprint, TransferId, UnixMillis, Untrusted};
pub use history::{HISTORY_LIMIT, Held, Past, Proof};
pub use record::{Contact, Pin, Record, RecordName, Settings, Spent, Transfer, table_records};
pub use taking::{Numbered, Taking, picked};
pub(crate) use view::listed;
pub use words::*;

/// How long an offer stands unless the sender says otherwise: 7 days, milliseconds.
pub const OFFER_LIFETIME: u64 = 7 * 24 * 3_600_000;

/// The state of one account's agent.
pub struct Hub {
    phase: Phase,
    account: Option<Account>,
    settings: Settings,
    contacts: BTreeMap<Email, Known>,
    transfers: BTreeMap<TransferId, Entry>,
    past: BTreeMap<TransferId, Past>,
    revoked: BTreeSet<[u8; 16]>,
    fronts: BTreeMap<FrontId, Attention>,
    sessions: BTreeMap<SessionId, Guest>,
    attempts: account::Attempts,
    arriving: lanes::Lane,
    leaving: lanes::Lane,
    version: String,
    jail: Jail,
    now: UnixMillis,
    outputs: Vec<Output>,
}

/// What a front is told without asking.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Attention {
    /// Nothing.
    None,
    /// Every change; nobody sits before it.
    Program,
    /// Every change, and a person sees it.
    Person,
}

/// Who this account is, while it is open.
struct Account {
    email: Email,
    fingerprint: Fingerprint,
    authority: Address,
    authority_fingerprint: Fingerprint,
    certificate_until: UnixMillis,
    authority_state: AuthorityState,
    addresses: Vec<Address>,
}

/// A contact and what is known of it only now.
struct Known {
    contact: Contact,
    /// Round trip of the last pong, microseconds, while the contact is online.
    online: Option<u64>,
    asked: bool,
}

/// A transfer and what is known of it only now.
struct Entry {
    transfer: Transfer,
    items: Arc<[Item]>,
    moved: u64,
    /// Incoming: the connection that carries it.
    session: Option<SessionId>,
}

/// A connection that a contact opened.
struct Guest {
    email: Email,
    transfer: Option<TransferId>,
}

impl Hub {
    /// The hub of an agent that has a vault (`Locked`) or none (`New`).
    #[must_use]
    pub fn new(phase: Phase, version: &str, jail: Jail) -> Self {
        Self {
            phase,
            account: None,
            settings: Settings::default(),
            contacts: BTreeMap::new(),
            transfers: BTreeMap::new(),
            past: BTreeMap::new(),
            revoked: BTreeSet::new(),
            fronts: BTreeMap::new(),
            sessions: BTreeMap::new(),
            attempts: account::Attempts::default(),
            arriving: lanes::Lane::default(),
            leaving: lanes::Lane::default(),
            version: version.to_owned(),
            jail,
            now: UnixMillis(0),
            outputs: Vec::new(),
        }
    }

    /// Takes what happened at `now`; returns what to do, in order.
    pub fn handle(&mut self, now: UnixMillis, input: Input) -> Vec<Output> {
        self.now = now;
        match input {
            Input::FrontAttached(front) => {
                self.fronts.insert(front, Attention::None);
            }
            Input::FrontLeft(front) => {
                if self.fronts.remove(&front) == Some(Attention::Person) {
                    self.publish_account();
                }
            }
            Input::Asked(ask, command) => self.asked(ask, command),
            Input::Opened(ask, outcome) => self.opened(ask, outcome),
            Input::Finished(ask, outcome) => self.answer(ask, outcome),
            Input::Removed(ask, outcome) => self.removed(ask, outcome),
            Input::LookedUp(ask, email, outcome) => self.looked_up(ask, &email, outcome),
            Input::Pinged(ask, email, outcome) => self.pinged(ask, &email, outcome),
            Input::Drafted(ask, outcome) => self.drafted(ask, outcome),
            Input::Sighted(email, micros) => self.sighted(&email, micros),
            Input::Located(email, announcement) => self.located(&email, announcement),
            Input::KeysSeen(pin) => self.keys_seen(&pin),
            Input::Arrived(session, pin) => self.arrived(session, &pin),
            Input::PingSeen(email) => self.ping_seen(email),
            Input::Woken(email, transfer) => self.woken(&email, transfer),
            Input::CalledOff(email, transfer, reason) => self.called_off(&email, transfer, reason),
            Input::PausedBy(email, transfer) => self.paused_by(&email, transfer),
            Input::Logged(level, text) => {
                self.publish(&Event::Logged { at: now, level, text: Untrusted::new(text) });
            }
            Input::Offered(session, offer) => self.offered(session, *offer),
            Input::Incoming(session, transfer, report) => self.incoming(session, transfer, report),
            Input::SessionEnded(session) => self.session_ended(session),
            Input::Outgoing(transfer, report) => self.outgoing(transfer, report),
            Input::AuthorityAsked(state) => self.authority_asked(state),
            Input::Listening(addresses) => self.with_account(|account| account.addresses = addresses),
            Input::Renewed(until) => self.with_account(|account| account.certificate_until = until),
            Input::Revocations(number, serials) => self.revocations(number, &serials),
            Input::Leaving => self.outputs.push(Output::Leave(None)),
            Input::Time => self.expire(),
        }
        std::mem::take(&mut self.outputs)
    }

    /// When [`Input::Time`] is wanted next: the earliest end of an offer.
    #[must_use]
    pub fn next_wake(&self) -> Option<UnixMillis> {
        let open = self.transfers.values().filter(|entry| Self::may_expire(entry));
        open.map(|entry| entry.transfer.expires).min()
    }

    fn asked(&mut self, ask: Ask, command: Command) {
        if self.phase != Phase::Ready && !account::allowed_while_closed(&command) {
            return self.answer(ask, Err(self.not_open()));
        }
        match command {
            Command::Enroll { email, authority, authority_fingerprint, code, passphrase } => {
                let account =
                    account::NewAccount { email, authority, authority_fingerprint, code, passphrase };
                self.enroll(ask, account);
            }
            Command::Unlock { passphrase } => self.unlock(ask, passphrase),
            Command::Lock => self.outputs.push(Output::Leave(Some(ask))),
            Command::ChangePassphrase { old, new } => {
                self.outputs.push(Output::ChangePassphrase(ask, old, new));
            }
            Command::RemoveAccount { passphrase } => {
                self.outputs.push(Output::RemoveAccount(ask, passphrase));
            }
            Command::Status => self.answer(ask, Ok(self.account_reply())),
            Command::Watch { attending } => self.watch(ask, attending),
            Command::SetPolicy { policy } => self.set_policy(ask, policy),
            Command::SetContactPolicy { email, policy } => self.set_contact_policy(ask, &email, policy),
            Command::SetLimits { limits } => self.set_limits(ask, limits),
            Command::Contacts { after } => self.answer(ask, Ok(self.contacts_page(after))),
            Command::AddContact { email } => self.add_contact(ask, email),
            Command::RemoveContact { email } => self.remove_contact(ask, &email),
            Command::TrustNewKey { email, fingerprint } => self.trust_new_key(ask, &email, fingerprint),
            Command::MarkVerified { email, fingerprint, verified } => {
                self.mark_verified(ask, &email, fingerprint, verified);
            }
            Command::Ping { email } => self.ping(ask, &email),
            Command::Transfers { after } => self.answer(ask, Ok(self.transfers_page(after))),
            Command::Items { transfer, from } => self.items(ask, transfer, from),
            Command::Send { to, stage, note, lifetime } => self.send(ask, to, stage, note, lifetime),
            Command::Accept { transfer, items, folder } => self.accept(ask, transfer, &items, folder),
            Command::Deny { transfer, reason } => {
                self.decide(ask, transfer, &incoming::Decision::Deny(reason));
            }
            Command::Cancel { transfer, reason } => self.cancel(ask, transfer, &reason),
            Command::Pause { transfer } => self.pause(ask, transfer),
            Command::Resume { transfer } => self.take_up(ask, transfer),
            Command::Retry { transfer } => self.retry(ask, transfer),
            Command::Forget { transfer } => self.forget(ask, transfer),
            Command::History { with, after } => self.answer(ask, Ok(self.history_page(with.as_ref(), after))),
            Command::ExportReceipt { transfer } => self.export_receipt(ask, transfer),
            Command::CheckReceipt { file, authority } => self.check_receipt(ask, file, authority),
        }
    }

    fn not_open(&self) -> Failure {
        match self.phase {
            Phase::New => Failure::new(Code::NotLoggedIn, "this agent has no account yet")
                .hint("create one with: airhatch account create"),
            Phase::Removed => Failure::new(Code::NotFound, "this account was removed"),
            Phase::Locked | Phase::Ready => {
                Failure::new(Code::NotLoggedIn, "the account is locked").hint("log in with: airhatch login")
            }
        }
    }

    fn watch(&mut self, ask: Ask, attending: bool) {
        let attention = if attending { Attention::Person } else { Attention::Program };
        self.fronts.insert(ask.front, attention);
        self.publish_account();
        for event in self.state_as_events() {
            self.outputs.push(Output::Tell(ask.front, event));
        }
        self.answer(ask, Ok(Reply::Done));
    }

    fn answer(&mut self, ask: Ask, outcome: Result<Reply, Failure>) {
        self.outputs.push(Output::Answer(ask, outcome));
    }

    fn put(&mut self, record: Record) {
        self.outputs.push(Output::Put(Box::new(record)));
    }

    fn publish(&mut self, event: &Event) {
        let watching = self.fronts.iter().filter(|(_, attention)| **attention != Attention::None);
        self.outputs.extend(watching.map(|(front, _)| Output::Tell(*front, event.clone())));
    }

    fn attended(&self) -> bool {
        self.fronts.values().any(|attention| *attention == Attention::Person)
    }

    fn fronts_attending(&self) -> u32 {
        let attending = self.fronts.values().filter(|attention| **attention == Attention::Person);
        u32::try_from(attending.count()).unwrap_or(u32::MAX)
    }
}
