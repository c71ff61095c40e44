//! Filtering lists, and finding what can be done by its name.

use airhatch_wire::TransferId;
use airhatch_wire::control::{Command, Direction, Event, TransferState};

use crate::model::Screen;
use crate::rehearsal::{Rehearsal, many_transfers, offer, shots, transfer, two_contacts};

#[test]
fn a_list_shows_what_has_the_typed_words() {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![]);
    rehearsal.keys("2/BO");
    shots!("filter_typing", rehearsal);
    insta::assert_snapshot!("filter_typing_60x20", rehearsal.screen(60, 20));
    rehearsal.keys("<Enter>");
    shots!("filter_set", rehearsal);
    rehearsal.keys("r");
    assert!(
        matches!(&rehearsal.commands()[..], [Command::Ping { email }] if email.as_str() == "bob@example.org")
    );
    rehearsal.keys("/x<Enter>");
    shots!("filter_nothing", rehearsal);
    rehearsal.keys("<Esc>");
    assert!(rehearsal.screen(80, 24).contains("ann@example.org"));
}

#[test]
fn hot_keys_are_text_while_a_filter_is_typed() {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), many_transfers());
    rehearsal.keys("/sxcq2:");
    assert!(rehearsal.model.layers.is_empty() && rehearsal.model.screen == Screen::Transfers);
    rehearsal.burst("sxcq").burst("abcd").keys("<Backspace><C-u>report<Esc>");
    assert_eq!(rehearsal.done(), []);
    assert!(!rehearsal.screen(80, 24).contains("/report"));
    rehearsal.keys("/").paste("one\ntwo");
    assert!(rehearsal.screen(80, 24).contains("/onetwo"));
    rehearsal.paste("/home/you/a.pdf");
    assert!(
        rehearsal.screen(80, 24).contains("Offer files"),
        "files dropped on the window are meant as files"
    );
}

#[test]
fn the_choice_stays_on_its_row_while_others_are_hidden_and_shown() {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![offer(1), offer(2)]);
    let mut other = transfer(3, Direction::Outgoing, TransferState::Queued);
    other.note = "Budget".into();
    rehearsal.event(Event::TransferChanged(Box::new(other))).keys("/budget<Enter>");
    let chosen = |rehearsal: &Rehearsal| {
        let session = rehearsal.model.session.as_ref().unwrap();
        session.transfer_cursor.chosen(&session.transfer_rows())
    };
    assert_eq!(chosen(&rehearsal), Some(TransferId([3; 16])));
    rehearsal.keys("<Esc>");
    assert_eq!(chosen(&rehearsal), Some(TransferId([3; 16])));
    assert!(rehearsal.screen(80, 24).contains("2 offers waiting"), "hidden offers still wait");
}

#[test]
fn the_palette_lists_what_can_be_done_here() {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![offer(1)]);
    rehearsal.keys(":");
    shots!("palette", rehearsal);
    insta::assert_snapshot!("palette_60x20", rehearsal.screen(60, 20));
    rehearsal.keys("limi");
    shots!("palette_typed", rehearsal);
    rehearsal.keys("<Enter>");
    assert!(rehearsal.screen(80, 24).contains("bytes a second that leave"));
    rehearsal.keys("<Esc><C-p>zzzz<Enter><Esc>");
    assert!(rehearsal.model.layers.is_empty());
}

#[test]
fn the_palette_does_what_a_key_would_do_and_no_more() {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![offer(1)]);
    rehearsal.keys("<Enter>:accept<Enter>");
    assert_eq!(rehearsal.commands(), [], "an offer is read first");
    rehearsal.wait(500).keys(":").burst("accept\n");
    assert_eq!(rehearsal.commands(), [], "what is poured in is text");
    rehearsal.keys("<Enter>");
    assert_eq!(rehearsal.commands().len(), 1);
    let mut rehearsal =
        Rehearsal::logged_in(two_contacts(), vec![transfer(1, Direction::Outgoing, TransferState::Moving)]);
    rehearsal.keys("x:<C-p>");
    assert!(rehearsal.screen(80, 24).contains("Call it off?"));
    rehearsal.keys("<Enter>n");
    assert_eq!(rehearsal.commands(), [], "a question is answered by its own key");
}
