//! Whatever happens, in whatever order, at whatever size: nothing panics, and nothing hidden reaches the terminal.

use airhatch_wire::control::{
    Direction, Event, LogLevel, Phase, Presence, Reply, TransferState, TransferView, Trust,
};
use airhatch_wire::untrusted::is_hidden;
use airhatch_wire::{Code, Failure, TransferId, UnixMillis, warden};
use proptest::prelude::*;

use crate::msg::{Effect, Msg, Stage, Ticket};
use crate::rehearsal::{HOSTILE, Rehearsal, account, contact, fingerprint, folder, item, record, transfer};

/// One thing that may happen.
#[derive(Clone, Debug)]
enum Happening {
    Keys(String),
    Burst(String),
    Paste(String),
    Wait(u64),
    Event(Event),
    /// An answer to one of the last requests: which, how, and what it says.
    Answer(usize, u8, String),
    Gone(bool),
    Look(u16, u16),
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), prop::sample::select(HOSTILE.to_vec()).prop_map(str::to_owned)]
}

fn keys() -> impl Strategy<Value = String> {
    let named = [
        "<Enter>",
        "<Esc>",
        "<Tab>",
        "<S-Tab>",
        "<Up>",
        "<Down>",
        "<Left>",
        "<Right>",
        "<Backspace>",
        "<PageDown>",
        "<PageUp>",
        "<Home>",
        "<End>",
        "<Del>",
        "<F1>",
        "<C-y>",
        "<C-n>",
        "<C-s>",
        "<C-d>",
        "<C-u>",
        "<C-z>",
        "<C-l>",
        "a",
        "c",
        "d",
        "e",
        "g",
        "j",
        "k",
        "n",
        "o",
        "p",
        "r",
        "s",
        "t",
        "u",
        "v",
        "w",
        "x",
        "y",
        "X",
        "L",
        "/",
        ":",
        "<C-p>",
        "10MB",
        "G",
        "?",
        " ",
        "f",
        "h",
        "l",
        "1",
        "2",
        "3",
        "4",
        "5",
        "/tmp/a",
        "ann@example.org",
        "long enough",
        "報",
    ];
    prop::collection::vec(prop::sample::select(named.to_vec()), 1..6).prop_map(|keys| keys.concat())
}

fn state() -> impl Strategy<Value = TransferState> {
    prop_oneof![
        Just(TransferState::Queued),
        Just(TransferState::Offered),
        Just(TransferState::Accepted),
        Just(TransferState::Moving),
        Just(TransferState::NoRoom),
        Just(TransferState::Waiting),
        (any::<bool>(), any::<bool>()).prop_map(|(by_us, by_them)| TransferState::Paused { by_us, by_them }),
        Just(TransferState::Finishing),
        any::<u64>().prop_map(|at| TransferState::Delivered { at: UnixMillis(at) }),
        text().prop_map(|reason| TransferState::Denied { reason: reason.as_str().into() }),
        Just(TransferState::Expired),
        text().prop_map(|what| TransferState::Failed(Failure::new(Code::DiskFull, what))),
    ]
}

fn view() -> impl Strategy<Value = TransferView> {
    let sizes = (any::<u64>(), any::<u64>(), prop::option::of(any::<u64>()), any::<u32>());
    (1..6_u8, any::<bool>(), state(), prop::collection::vec(text(), 0..5), text(), sizes).prop_map(
        |(number, outgoing, state, names, note, (total, moved, free, count))| {
            let direction = if outgoing { Direction::Outgoing } else { Direction::Incoming };
            TransferView {
                items: names
                    .iter()
                    .enumerate()
                    .map(|(n, name)| if n == 1 { folder(name) } else { item(name, total) })
                    .collect(),
                item_count: count,
                wanted: count,
                note: note.as_str().into(),
                total,
                moved,
                free_space: free,
                destination: note,
                ..transfer(number, direction, state)
            }
        },
    )
}

fn event() -> impl Strategy<Value = Event> {
    let trust = prop_oneof![
        Just(Trust::Certified),
        Just(Trust::Verified),
        Just(Trust::Revoked),
        Just(Trust::Changed { fingerprint: fingerprint(7), noticed: UnixMillis(0) }),
    ];
    let presence = prop_oneof![
        Just(Presence::Unknown),
        (any::<u64>(), any::<u64>())
            .prop_map(|(at, micros)| Presence::Online { seen: UnixMillis(at), micros }),
        any::<Option<u64>>().prop_map(|at| Presence::Offline { seen: at.map(UnixMillis) }),
    ];
    let name = prop::sample::select(vec!["ann@example.org", "bob@example.org", "carol@example.org"]);
    prop_oneof![
        8 => view().prop_map(|view| Event::TransferChanged(Box::new(view))),
        4 => (name, trust, presence).prop_map(|(n, t, p)| Event::ContactChanged(Box::new(contact(n, t, p)))),
        2 => (1..6_u8, any::<u64>())
            .prop_map(|(n, moved)| Event::Progress { transfer: TransferId([n; 16]), moved }),
        1 => (1..6_u8).prop_map(|n| Event::TransferForgotten(TransferId([n; 16]))),
        1 => Just(Event::ContactRemoved("bob@example.org".parse().unwrap())),
        1 => Just(Event::AccountChanged(Box::new(account(Phase::Removed)))),
        2 => text().prop_map(|text| Event::Logged {
            at: UnixMillis(0),
            level: LogLevel::Warn,
            text: text.as_str().into(),
        }),
    ]
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        10 => keys().prop_map(Happening::Keys),
        1 => keys().prop_map(Happening::Burst),
        1 => text().prop_map(Happening::Paste),
        2 => (0..10_000_u64).prop_map(Happening::Wait),
        8 => event().prop_map(Happening::Event),
        6 => (0..4_usize, 0..8_u8, text()).prop_map(|(which, how, what)| Happening::Answer(which, how, what)),
        1 => any::<bool>().prop_map(Happening::Gone),
        4 => (1..=200_u16, 1..=60_u16).prop_map(|(columns, rows)| Happening::Look(columns, rows)),
    ]
}

/// A fitting or unfitting answer to a request.
fn answer(effect: &Effect, how: u8, what: &str) -> Option<Msg> {
    let refused = || Failure::new(Code::Internal, what).hint(what);
    let thing = warden::SkippedThing { path: what.as_bytes().to_vec().into(), why: warden::Why::Link };
    let skipped = warden::Skipped { count: u32::from(how) * 50, first: vec![thing; usize::from(how)] };
    let id = airhatch_wire::StageId([1; 16]);
    let stage = Stage { stage: id, files: 3, folders: 1, bytes: 9, skipped };
    Some(match (effect, how) {
        (Effect::Warden(ticket, _), 0) => Msg::Warden(*ticket, Err(refused())),
        (Effect::Warden(ticket, warden::Command::CreateAccount { account, .. }), _) => {
            Msg::Warden(*ticket, Ok(warden::Reply::Account(record(account.as_str(), false))))
        }
        (Effect::Warden(ticket, _), 1) => Msg::Warden(*ticket, Ok(warden::Reply::Done)),
        (Effect::Warden(ticket, _), _) => {
            Msg::Warden(*ticket, Ok(warden::Reply::Accounts(vec![record("you@example.org", true)])))
        }
        (Effect::Attach(ticket, ..), 0) => Msg::Attached(*ticket, Err(refused())),
        (Effect::Attach(ticket, ..), 1) => Msg::Attached(*ticket, Ok(Box::new(account(Phase::New)))),
        (Effect::Attach(ticket, ..), 2) => Msg::Attached(*ticket, Ok(Box::new(account(Phase::Locked)))),
        (Effect::Attach(ticket, ..), _) => Msg::Attached(*ticket, Ok(Box::new(account(Phase::Ready)))),
        (Effect::Agent(ticket, _) | Effect::Watch(ticket), 0) => Msg::Agent(*ticket, Err(refused())),
        (Effect::Agent(ticket, _), 1) => {
            Msg::Agent(*ticket, Ok(Reply::Account(Box::new(account(Phase::Ready)))))
        }
        (Effect::Agent(ticket, _), 2) => Msg::Agent(*ticket, Ok(Reply::Items(vec![item(what, 1)]))),
        (Effect::Agent(ticket, _) | Effect::Watch(ticket), _) => Msg::Agent(*ticket, Ok(Reply::Done)),
        (Effect::Stage(ticket, ..), 0) => Msg::Staged(*ticket, Err(refused())),
        (Effect::Stage(ticket, ..), 1) => Msg::Staging { ticket: *ticket, copied: 7, total: 3 },
        (Effect::Stage(ticket, ..), _) => Msg::Staged(*ticket, Ok(stage)),
        _ => return None,
    })
}

fn let_happen(rehearsal: &mut Rehearsal, asked: &mut Vec<Effect>, happening: Happening) {
    match happening {
        Happening::Keys(keys) => drop(rehearsal.keys(&keys)),
        Happening::Burst(keys) => drop(rehearsal.burst(&keys)),
        Happening::Paste(text) => drop(rehearsal.paste(&text)),
        Happening::Wait(time) => drop(rehearsal.wait(time)),
        Happening::Event(event) => drop(rehearsal.event(event)),
        Happening::Answer(which, how, what) => {
            let effect = asked.iter().rev().nth(which).cloned();
            if let Some(msg) = effect.and_then(|effect| answer(&effect, how, &what)) {
                rehearsal.send(msg);
            }
            rehearsal.send(Msg::Agent(Ticket(u32::MAX), Ok(Reply::Done)));
        }
        Happening::Gone(agent) => {
            let attachment = rehearsal.attachment();
            let gone = Failure::new(Code::AgentDown, "gone");
            rehearsal.send(if agent { Msg::AgentClosed(attachment, gone) } else { Msg::WardenClosed(gone) });
        }
        Happening::Look(columns, rows) => {
            let screen = rehearsal.screen(columns, rows);
            assert!(!screen.chars().any(|c| c != '\n' && is_hidden(c)), "{screen:?}");
        }
    }
    asked.extend(rehearsal.done());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_happens_panics_or_shows_what_is_hidden(
        happenings in prop::collection::vec(happening(), 1..60),
        begun in any::<bool>(),
    ) {
        let mut rehearsal = if begun {
            Rehearsal::logged_in(vec![], vec![])
        } else {
            Rehearsal::with_accounts(vec![])
        };
        let mut asked = rehearsal.done();
        for happening in happenings {
            let_happen(&mut rehearsal, &mut asked, happening);
        }
        rehearsal.screen(80, 24);
    }

    #[test]
    fn every_screen_and_dialog_is_drawn_at_every_size(columns in 1..=200_u16, rows in 1..=60_u16) {
        let views = (1..).zip(HOSTILE).map(|(number, name)| {
            let mut view = transfer(number, Direction::Incoming, TransferState::Offered);
            view.items = vec![item(name, u64::MAX)];
            view.note = name.into();
            view
        });
        let contacts = || vec![contact("ann@example.org", Trust::Certified, Presence::Unknown)];
        let places = [
            "1", "2", "3", "4", "5", "1<Enter>", "1<Enter><Enter>", "1<Enter><Enter> ", "1<Enter>f", "1<Enter>p", "2p", "2pjjj<Enter>", "5L", "/", "/x<Enter>", ":", "1<Enter>:", "s", "c", "2<Enter>", "2<Enter>v", "5p", "5w",
            "5X", "?", "1x", "5u", "5un", "5un<Enter>",
        ];
        for keys in places {
            let mut rehearsal = Rehearsal::logged_in(contacts(), views.clone().collect());
            rehearsal.keys(keys).screen(columns, rows);
        }
    }
}
