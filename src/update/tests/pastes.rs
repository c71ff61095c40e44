//! Typing and pasting are told apart.

use crate::dialogs::Layer;
use crate::model::{Screen, Tone};
use crate::rehearsal::{Rehearsal, offer, two_contacts};

fn started() -> Rehearsal {
    Rehearsal::logged_in(two_contacts(), vec![offer(1)])
}

#[test]
fn a_pasted_text_never_fires_hot_keys() {
    for text in ["hello world", "5xqdac", "quit now", "s\n", "", "a", "1\n2\n3", "\u{1b}[2J"] {
        let mut rehearsal = started();
        rehearsal.paste(text);
        assert!(rehearsal.model.layers.is_empty(), "{text:?}");
        assert_eq!(rehearsal.model.screen, Screen::Transfers, "{text:?}");
        assert_eq!(rehearsal.done(), [], "{text:?}");
    }
}

#[test]
fn keys_faster_than_typing_never_fire_hot_keys() {
    for keys in ["hello world", "5xqdac", "q2sx", "~/q", "/q", "<Enter>5qx<Enter>", "file:///q"] {
        let mut rehearsal = started();
        rehearsal.burst(keys);
        assert_eq!(rehearsal.model.screen, Screen::Transfers, "{keys}");
        assert_eq!(rehearsal.done(), [], "{keys}");
        assert!(matches!(&rehearsal.model.layers[..], [] | [Layer::Send(_)]), "{keys}");
    }
}

#[test]
fn a_paste_that_is_no_path_says_that_nothing_was_done() {
    let mut rehearsal = started();
    rehearsal.burst("hello world");
    assert_eq!(rehearsal.model.toast.map(|toast| toast.tone), Some(Tone::Warning));
}

#[test]
fn two_quick_keys_and_a_key_held_down_are_keys() {
    let mut rehearsal = started();
    rehearsal.burst("2j").burst("1jjjjjj");
    assert_eq!(rehearsal.model.screen, Screen::Contacts, "the second burst was a paste");
    rehearsal.burst("jjjjjj");
    assert!(
        rehearsal.model.toast.is_some_and(|toast| toast.tone == Tone::Warning),
        "from the paste, not from j"
    );
    let session = rehearsal.model.session.as_ref().unwrap();
    assert_eq!(session.contact_cursor.index(&session.contact_rows()), Some(1));
}

#[test]
fn fast_typing_in_a_field_is_typing() {
    let mut rehearsal = started();
    rehearsal.keys("c").burst("ann@example.org<Enter>");
    assert_eq!(rehearsal.commands().len(), 1);
}
