//! Help and errors.

use airhatch_wire::Code;
use airhatch_wire::control::{Direction, Reply, TransferState};

use crate::msg::Effect;
use crate::rehearsal::{Rehearsal, failure, offer, shots, transfer, two_contacts};

#[test]
fn help_lists_the_keys_of_the_place_it_was_asked_at() {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![offer(1)]);
    shots!("help_transfers", rehearsal.keys("?"));
    shots!("help_scrolled", rehearsal.keys("<PageDown>"));
    shots!("help_offer", rehearsal.keys("<Esc><Enter>?"));
    rehearsal.keys("<Esc>");
    assert_eq!(rehearsal.model.layers.len(), 1, "only the top layer closes");
}

#[test]
fn help_can_be_asked_for_while_typing() {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![]);
    rehearsal.keys("c?<F1>");
    assert_eq!(rehearsal.model.layers.len(), 2);
    rehearsal.keys("<Esc>");
    assert!(rehearsal.screen(80, 24).contains("Email         ?"), "the question mark was typed");
}

#[test]
fn an_error_says_what_why_and_how_and_stays_until_read() {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![]);
    rehearsal.keys("2xy").agent(Err(failure(Code::NotFound)));
    rehearsal.wait(600_000);
    shots!("error", rehearsal);
    shots!("error_details", rehearsal.keys("e"));
    rehearsal.keys("<Enter>");
    assert!(rehearsal.model.layers.is_empty());
    assert!(rehearsal.keys("4").screen(80, 24).contains("That did not work: what happened"));
}

#[test]
fn leaving_asks_only_when_something_moves() {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![offer(1)]);
    rehearsal.keys("q");
    assert_eq!(rehearsal.done(), [Effect::Exit(0)]);
    let moving = transfer(1, Direction::Incoming, TransferState::Moving);
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![moving]);
    rehearsal.keys("q");
    shots!("quit", rehearsal);
    rehearsal.keys("<Enter>n");
    assert_eq!(rehearsal.done(), []);
    rehearsal.keys("<C-c><C-c>");
    assert_eq!(rehearsal.done(), [Effect::Exit(0)]);
}

#[test]
fn an_answer_after_its_dialog_is_gone_opens_nothing_when_it_is_good() {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![offer(1)]);
    rehearsal.keys("<Enter>").wait(500).keys("a<Esc>").agent(Ok(Reply::Transfer(Box::new(offer(1)))));
    assert!(rehearsal.model.layers.is_empty());
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![offer(1)]);
    rehearsal.keys("<Enter>").wait(500).keys("a<Esc>").agent(Err(failure(Code::Conflict)));
    assert_eq!(rehearsal.model.layers.len(), 1, "a failure is never lost");
}
