//! Table tests of the hub: what happened, in order, and what it decided. No sockets, no clock, no disk.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod accounts;
mod contacts;
mod history;
mod incoming;
mod outgoing;
mod pause;
mod rules;

use std::sync::Arc;

use airhatch_wire::control::{
    Command, ContactView, Direction, Event, JailStrength, Passphrase, PastTransfer, Phase, Reply,
    TransferState, TransferView,
};
use airhatch_wire::peer::{Item, ItemKind, Offer};
use airhatch_wire::signed::{Signature, Signed};
use airhatch_wire::{
    Blob, Code, Email, Failure, Fingerprint, StageId, TransferId, UnixMillis, Untrusted, frame,
};

use super::*;

/// The hub with a clock that the test moves.
struct World {
    hub: Hub,
    now: u64,
    asks: u32,
}

const FRONT: FrontId = FrontId(1);
const HOUR: u64 = 3_600_000;

impl World {
    /// An open account, `me@x.org`, with nobody looking.
    fn open() -> Self {
        Self::open_with(Vec::new())
    }

    fn open_with(records: Vec<Record>) -> Self {
        let mut world = Self::locked();
        world.happens(Input::Opened(None, Ok(Box::new(opened(records)))));
        world
    }

    /// An agent that has just started.
    fn before(phase: Phase, now: u64) -> Self {
        let jail = Jail { strength: JailStrength::Partial, sentences: vec!["an old kernel".into()] };
        Self { hub: Hub::new(phase, "test", jail), now, asks: 0 }
    }

    fn locked() -> Self {
        Self::before(Phase::Locked, 1_000_000)
    }

    /// An open account with `ann@x.org` among its contacts.
    fn with_ann() -> Self {
        let mut world = Self::open();
        world.add("ann@x.org", 1);
        world
    }

    fn add(&mut self, who: &str, key: u8) {
        let ask = self.ask();
        self.happens(Input::Asked(ask, Command::AddContact { email: email(who) }));
        self.happens(Input::LookedUp(ask, email(who), Ok(pin(who, key))));
    }

    fn ask(&mut self) -> Ask {
        self.asks += 1;
        Ask { front: FRONT, id: self.asks }
    }

    fn happens(&mut self, input: Input) -> Vec<Output> {
        self.hub.handle(UnixMillis(self.now), input)
    }

    fn passes(&mut self, millis: u64) -> Vec<Output> {
        self.now += millis;
        self.happens(Input::Time)
    }

    /// Asks and takes the answer that comes at once.
    fn commands(&mut self, command: Command) -> (Result<Reply, Failure>, Vec<Output>) {
        let ask = self.ask();
        let outputs = self.happens(Input::Asked(ask, command));
        (answer_in(&outputs, ask).unwrap_or_else(|| panic!("no answer in {outputs:?}")), outputs)
    }

    fn watch(&mut self) -> Vec<Output> {
        self.happens(Input::FrontAttached(FRONT));
        self.commands(Command::Watch { attending: true }).1
    }

    /// `who` connects and is admitted, under this number.
    fn arrives(&mut self, who: &str, key: u8, session: u64) -> Vec<Output> {
        self.happens(Input::Arrived(SessionId(session), pin(who, key)))
    }

    /// `who` connects and offers; returns what the hub made of the offer.
    fn offers(&mut self, who: &str, session: u64, transfer: u8) -> Vec<Output> {
        self.arrives(who, 1, session);
        let offer = arrived(who, transfer, self.now, self.now + HOUR);
        self.happens(Input::Offered(SessionId(session), Box::new(offer)))
    }

    fn reports(&mut self, session: u64, transfer: u8, report: IncomingReport) -> Vec<Output> {
        self.happens(Input::Incoming(SessionId(session), id(transfer), report))
    }

    fn transfer(&mut self, transfer: u8) -> TransferView {
        let (reply, _) = self.commands(Command::Transfers { after: None });
        let Ok(Reply::Transfers(views)) = reply else { panic!("{reply:?}") };
        views.into_iter().find(|view| view.id == id(transfer)).unwrap()
    }

    fn state(&mut self, transfer: u8) -> TransferState {
        self.transfer(transfer).state
    }

    fn contact(&mut self, who: &str) -> ContactView {
        let (reply, _) = self.commands(Command::Contacts { after: None });
        let Ok(Reply::Contacts(views)) = reply else { panic!("{reply:?}") };
        views.into_iter().find(|view| view.email == email(who)).unwrap()
    }
}

fn opened(records: Vec<Record>) -> Opened {
    Opened {
        email: email("me@x.org"),
        fingerprint: Fingerprint([9; 32]),
        authority: "127.0.0.1:7400".parse().unwrap(),
        authority_fingerprint: Fingerprint([8; 32]),
        certificate_until: UnixMillis(9_000_000_000),
        records,
    }
}

fn email(text: &str) -> Email {
    text.parse().unwrap()
}

fn id(byte: u8) -> TransferId {
    TransferId([byte; 16])
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::from(text.to_owned())
}

/// The keys of somebody: `key` tells one pair of keys, and its serial number, from another.
fn pin(who: &str, key: u8) -> Pin {
    Pin {
        email: email(who),
        identity: Fingerprint([key; 32]),
        sealing: [key; 32],
        serial: [key; 16],
        certificate: Blob::from(vec![key]),
    }
}

fn items(count: usize) -> Arc<[Item]> {
    let item = |n| Item {
        path: vec![Untrusted::new(format!("file{n}"))],
        kind: ItemKind::File,
        size: 10,
        executable: false,
        modified: UnixMillis(0),
    };
    (0..count).map(item).collect()
}

fn offer(from: &str, to: &str, transfer: u8, created: u64, expires: u64) -> Offer {
    Offer {
        transfer: id(transfer),
        from: email(from),
        to: email(to),
        created: UnixMillis(created),
        expires: UnixMillis(expires),
        note: Untrusted::from("hello"),
        items: 3,
        total: 30,
        table: [0; 32],
    }
}

fn signed(offer: &Offer) -> Signed {
    Signed { body: Blob::from(frame::to_bytes(offer).unwrap()), signature: Signature([0; 64]) }
}

fn arrived(from: &str, transfer: u8, created: u64, expires: u64) -> ArrivedOffer {
    let offer = offer(from, "me@x.org", transfer, created, expires);
    ArrivedOffer { signed: signed(&offer), offer, items: items(3), free_space: Some(1000) }
}

fn draft(to: &str, transfer: u8, created: u64, expires: u64) -> Box<Draft> {
    let offer = offer("me@x.org", to, transfer, created, expires);
    Box::new(Draft { signed: signed(&offer), offer, items: items(3), stage: StageId([7; 16]) })
}

fn answer_in(outputs: &[Output], wanted: Ask) -> Option<Result<Reply, Failure>> {
    outputs.iter().find_map(|output| match output {
        Output::Answer(ask, outcome) if *ask == wanted => Some(outcome.clone()),
        _ => None,
    })
}

fn code(outcome: Result<Reply, Failure>) -> Code {
    match outcome {
        Ok(reply) => panic!("accepted: {reply:?}"),
        Err(failure) => failure.code,
    }
}

fn orders(outputs: &[Output], session: u64) -> Vec<SessionOrder> {
    let of = |output: &Output| match output {
        Output::Order(id, order) if *id == SessionId(session) => Some(order.clone()),
        _ => None,
    };
    outputs.iter().filter_map(of).collect()
}

fn refusal(outputs: &[Output], session: u64) -> Code {
    match orders(outputs, session).as_slice() {
        [SessionOrder::Refuse(failure)] => failure.code,
        other => panic!("{other:?}"),
    }
}

fn events(outputs: &[Output]) -> Vec<Event> {
    let of = |output: &Output| match output {
        Output::Tell(_, event) => Some(event.clone()),
        _ => None,
    };
    outputs.iter().filter_map(of).collect()
}

/// What a restarted agent would find in the store after these outputs.
fn stored(outputs: &[Output], store: &mut Vec<Record>) {
    for output in outputs {
        match output {
            Output::Put(record) => {
                store.retain(|old| old.name() != record.name());
                store.push((**record).clone());
            }
            Output::Remove(name) => store.retain(|old| old.name() != *name),
            _ => {}
        }
    }
}
