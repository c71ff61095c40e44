//! Adding, looking at, verifying, settling and removing contacts.

use airhatch_wire::Code;
use airhatch_wire::control::{Command, Event, Reply, Trust};

use crate::model::Screen;
use crate::rehearsal::{
    Rehearsal, changed_contact, contact, email, failure, fingerprint, offline, online, shots, two_contacts,
};
use crate::text;

#[test]
fn a_contact_is_looked_up_and_its_fingerprint_shown() {
    let mut rehearsal = Rehearsal::logged_in(vec![], vec![]);
    shots!("add_contact", rehearsal.keys("cAnn@Example.org"));
    rehearsal.keys("<Enter>");
    shots!("add_contact_looking", rehearsal);
    let ann = contact("ann@example.org", Trust::Certified, online());
    rehearsal.agent(Ok(Reply::Contact(Box::new(ann))));
    assert_eq!(rehearsal.commands(), [Command::AddContact { email: email("ann@example.org") }]);
    assert_eq!(rehearsal.model.screen, Screen::Contacts);
    shots!("contact_added", rehearsal);
}

#[test]
fn an_email_that_is_none_never_leaves_and_a_stranger_is_told() {
    let mut rehearsal = Rehearsal::logged_in(vec![], vec![]);
    rehearsal.keys("cann@<Enter>");
    assert_eq!(rehearsal.commands(), []);
    shots!("add_contact_wrong", rehearsal);
    rehearsal.keys("<C-u>you@example.org<Enter>");
    assert_eq!(rehearsal.commands(), [], "nobody is their own contact");
    rehearsal.keys("<C-u>bob@example.org<Enter>").agent(Err(failure(Code::NotFound)));
    shots!("add_contact_unknown", rehearsal);
}

#[test]
fn a_contact_is_told_in_full() {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![]);
    shots!("contact_verified", rehearsal.keys("2<Enter>"));
    shots!("contact_certified", rehearsal.keys("<Esc>j<Enter>"));
}

#[test]
fn verifying_shows_the_fingerprint_and_names_it() {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![]);
    rehearsal.keys("2jv");
    shots!("verify", rehearsal);
    rehearsal.keys("<Enter>");
    assert_eq!(rehearsal.commands(), []);
    rehearsal.keys("y");
    let bob = contact("bob@example.org", Trust::Certified, offline());
    let mark = Command::MarkVerified { email: bob.email, fingerprint: bob.fingerprint, verified: true };
    assert_eq!(rehearsal.commands(), [mark]);
}

#[test]
fn verifying_can_be_taken_back() {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![]);
    rehearsal.keys("2<Enter>vy");
    let commands = rehearsal.commands();
    assert!(matches!(&commands[..], [Command::MarkVerified { verified: false, .. }]), "{commands:?}");
}

#[test]
fn a_changed_key_shows_both_and_is_taken_only_after_a_question() {
    let mut rehearsal = Rehearsal::logged_in(vec![changed_contact()], vec![]);
    rehearsal.keys("2<Enter>");
    shots!("changed_guarded", rehearsal);
    rehearsal.keys("t<Enter>");
    assert_eq!(rehearsal.model.layers.len(), 1, "the key is dead at first");
    rehearsal.wait(500);
    shots!("changed", rehearsal);
    rehearsal.keys("t");
    shots!("changed_sure", rehearsal);
    rehearsal.keys("<Enter>");
    assert_eq!(rehearsal.commands(), []);
    rehearsal.keys("y");
    let trust = Command::TrustNewKey { email: email("carol@example.org"), fingerprint: fingerprint(77) };
    assert_eq!(rehearsal.commands(), [trust]);
}

#[test]
fn a_key_that_changes_while_one_looks_is_told_and_not_taken() {
    let mut rehearsal =
        Rehearsal::logged_in(vec![contact("carol@example.org", Trust::Verified, online())], vec![]);
    rehearsal.keys("2<Enter>").event(Event::ContactChanged(Box::new(changed_contact())));
    shots!("changed_while_looking", rehearsal);
    rehearsal.keys("v").wait(500);
    assert!(rehearsal.screen(80, 24).contains("take the new key"));
}

#[test]
fn removing_a_contact_asks_first() {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![]);
    rehearsal.keys("2x");
    shots!("remove_contact", rehearsal);
    rehearsal.keys("<Enter><Esc>");
    assert_eq!(rehearsal.commands(), []);
    rehearsal.keys("xy");
    assert_eq!(rehearsal.commands(), [Command::RemoveContact { email: email("ann@example.org") }]);
}

#[test]
fn asking_whether_somebody_is_there_tells_the_answer() {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![]);
    rehearsal.keys("2r").agent(Ok(Reply::Pong { micros: 12_345 }));
    assert!(rehearsal.screen(80, 24).contains("ann@example.org answered in 12 ms"));
    rehearsal.keys("jr").agent(Err(failure(Code::PeerOffline)));
    assert!(rehearsal.screen(80, 24).contains("bob@example.org did not answer"));
    rehearsal.wait(60_000);
    assert!(!rehearsal.screen(80, 24).contains("did not answer"));
}

#[test]
fn keys_poured_in_never_answer_a_question() {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![]);
    rehearsal.keys("2").burst("xy").burst("yy").burst("yyyyy");
    assert_eq!(rehearsal.commands(), []);
    assert_eq!(rehearsal.model.layers.len(), 1);
}

#[test]
fn a_low_screen_is_scrolled_to_see_all_of_a_fingerprint() {
    let mut rehearsal = Rehearsal::logged_in(vec![changed_contact()], vec![]);
    rehearsal.keys("2<Enter>");
    let last_line = text::fingerprint_lines(&fingerprint(77)).pop().unwrap();
    assert!(!rehearsal.screen(60, 12).contains(&last_line));
    rehearsal.keys("jjjjjjjjjj");
    assert!(rehearsal.screen(60, 12).contains(&last_line));
    rehearsal.keys("<Esc><Enter>");
    assert!(rehearsal.screen(60, 12).contains("has another key"), "a new dialog begins at its beginning");
}
