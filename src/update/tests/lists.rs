//! Lists: the choice stays on its row, whatever comes and goes.

use airhatch_wire::control::{Command, Direction, Event, TransferState, Trust};
use airhatch_wire::{StageId, TransferId, UnixMillis, warden};

use crate::model::{Screen, Tone};
use crate::msg::Effect;
use crate::rehearsal::{
    Rehearsal, changed_contact, contact, email, many_transfers, offer, online, transfer, two_contacts,
};

fn chosen(rehearsal: &Rehearsal) -> Option<TransferId> {
    let session = rehearsal.model.session.as_ref().unwrap();
    session.transfer_cursor.chosen(&session.transfer_rows())
}

fn id(number: u8) -> TransferId {
    TransferId([number; 16])
}

#[test]
fn the_title_tells_what_waits_and_how_far_everything_is() {
    let title = |transfers| crate::text::window_title(&Rehearsal::logged_in(two_contacts(), transfers).model);
    assert_eq!(title(vec![]), "Airhatch");
    let moving = |number| transfer(number, Direction::Outgoing, TransferState::Moving);
    let mut done = moving(4);
    (done.moved, done.total) = (0, 0);
    assert_eq!(title(vec![done.clone()]), "0 % - Airhatch");
    assert_eq!(title(vec![offer(1), offer(2), moving(3), done]), "2 waiting - 63 % - Airhatch");
}

#[test]
fn moving_stops_at_both_ends() {
    let transfers: Vec<_> =
        (1..=5).map(|n| transfer(n, Direction::Outgoing, TransferState::Queued)).collect();
    for (keys, row) in
        [("", 1), ("jj", 3), ("G", 5), ("Gk", 4), ("Ggg", 1), ("k", 1), ("<C-d>", 5), ("jgj", 3)]
    {
        let mut rehearsal = Rehearsal::logged_in(two_contacts(), transfers.clone());
        rehearsal.keys(keys);
        assert_eq!(chosen(&rehearsal), Some(id(row)), "{keys}");
    }
}

#[test]
fn an_offer_that_arrives_does_not_move_the_choice() {
    let transfers = vec![offer(5), offer(6), offer(7)];
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), transfers);
    assert_eq!(chosen(&rehearsal), Some(id(5)));
    rehearsal.event(Event::TransferChanged(Box::new(offer(1))));
    assert_eq!(chosen(&rehearsal), Some(id(5)), "also when nobody moved yet");
    rehearsal.event(Event::TransferForgotten(id(5)));
    assert_eq!(chosen(&rehearsal), Some(id(6)));
}

#[test]
fn what_ends_before_ones_eyes_stays_until_it_is_forgotten() {
    let mut rehearsal =
        Rehearsal::logged_in(two_contacts(), vec![transfer(3, Direction::Outgoing, TransferState::Moving)]);
    let delivered = TransferState::Delivered { at: UnixMillis(1_700_000_000_000) };
    rehearsal.event(Event::TransferChanged(Box::new(transfer(3, Direction::Outgoing, delivered))));
    assert_eq!(chosen(&rehearsal), Some(id(3)));
    assert_eq!(rehearsal.model.toast.as_ref().map(|toast| toast.tone), Some(Tone::Good));
    rehearsal.event(Event::TransferForgotten(id(3)));
    assert_eq!(chosen(&rehearsal), None);
}

#[test]
fn an_ended_transfer_cannot_be_called_off_nor_a_live_one_forgotten() {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), many_transfers());
    rehearsal.keys("3x<Esc>1jx<Esc>");
    assert!(rehearsal.model.layers.is_empty());
    let delivered = TransferState::Delivered { at: UnixMillis(0) };
    let mut rehearsal =
        Rehearsal::logged_in(two_contacts(), vec![transfer(3, Direction::Outgoing, TransferState::Moving)]);
    rehearsal.event(Event::TransferChanged(Box::new(transfer(3, Direction::Outgoing, delivered))));
    rehearsal.keys("x");
    assert!(rehearsal.model.layers.is_empty() && rehearsal.model.toast.is_some());
}

#[test]
fn a_staging_folder_goes_when_the_last_transfer_that_needs_it_is_over() {
    let shared = |number, state| {
        let mut view = transfer(number, Direction::Outgoing, state);
        view.stage = Some(StageId([8; 16]));
        Event::TransferChanged(Box::new(view))
    };
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![]);
    rehearsal.event(shared(1, TransferState::Queued)).event(shared(2, TransferState::Queued));
    rehearsal.event(shared(1, TransferState::Expired));
    assert_eq!(rehearsal.done(), []);
    rehearsal.event(shared(2, TransferState::Expired));
    let release = warden::Command::Release { account: email("you@example.org"), stage: StageId([8; 16]) };
    assert!(matches!(&rehearsal.done()[..], [Effect::Warden(_, command)] if *command == release));
}

#[test]
fn a_key_that_changes_warns_once() {
    let before = contact("carol@example.org", Trust::Verified, online());
    let mut rehearsal = Rehearsal::logged_in(vec![before], vec![]);
    rehearsal.event(Event::ContactChanged(Box::new(changed_contact())));
    assert_eq!(rehearsal.model.toast.take().map(|toast| toast.tone), Some(Tone::Warning));
    rehearsal.event(Event::ContactChanged(Box::new(changed_contact())));
    assert_eq!(rehearsal.model.toast, None);
}

#[test]
fn the_choice_among_contacts_follows_the_contact() {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![]);
    rehearsal.keys("2j");
    let aaron = contact("aaron@example.org", Trust::Certified, online());
    rehearsal.event(Event::ContactChanged(Box::new(aaron))).keys("r");
    assert_eq!(rehearsal.commands(), [Command::Ping { email: email("bob@example.org") }]);
    rehearsal.event(Event::ContactRemoved(email("bob@example.org"))).keys("r");
    assert_eq!(rehearsal.commands(), [Command::Ping { email: email("ann@example.org") }]);
}

#[test]
fn screens_are_reached_by_figure_and_by_tab() {
    let screens = [("1", Screen::Transfers), ("2", Screen::Contacts), ("3", Screen::History)];
    let around = [("<Tab><Tab>", Screen::History), ("<S-Tab>", Screen::Settings), ("5l", Screen::Transfers)];
    for (keys, screen) in screens.into_iter().chain(around) {
        let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![]);
        rehearsal.keys(keys);
        assert_eq!(rehearsal.model.screen, screen, "{keys}");
    }
}

#[test]
fn ten_thousand_contacts_and_a_thousand_transfers_are_drawn_in_time() {
    let contacts = (0..10_000).map(|n| contact(&format!("p{n:05}@example.org"), Trust::Certified, online()));
    let mut transfers = Vec::new();
    for number in 0..1_000_u32 {
        let mut view = offer(1);
        view.id.0[..4].copy_from_slice(&number.to_be_bytes());
        view.created = UnixMillis(u64::from(number));
        transfers.push(view);
    }
    let mut rehearsal = Rehearsal::logged_in(contacts.collect(), transfers);
    rehearsal.keys("2G1G");
    let began = std::time::Instant::now();
    rehearsal.keys("k").screen(80, 24);
    // 16 ms are promised of the optimised program; this one is not optimised, and the machine may be busy.
    assert!(began.elapsed().as_millis() < 320, "{:?}", began.elapsed());
}
