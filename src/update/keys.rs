//! From keys to actions, and the difference between typing and pasting.
//!
//! A terminal that does not mark pastes sends them as keys. Keys that come faster than a person types are therefore
//! text, never hot keys: the runtime groups them by time, here is decided what they are.

use crossterm::event::{KeyCode, KeyEvent};

use super::{Turn, actions, filter};
use crate::dialogs::{Layer, Send, looks_like_paths};
use crate::keymap::{Meaning, Place, is_printable, meaning};
use crate::model::{Page, Tone};
use crate::text;

/// So many keys at once are no typing.
const PASTE_LENGTH: usize = 4;

/// One key that a person pressed.
pub(super) fn key(turn: &mut Turn<'_>, key: KeyEvent) {
    let typing = turn.model.takes_text();
    if typing && is_printable(key) {
        turn.model.pending = None;
        return typed_key(turn, key);
    }
    match meaning(turn.model.place(), turn.model.pending.take(), key) {
        Meaning::Action(action) => actions::act(turn, action),
        Meaning::Prefix(first) => turn.model.pending = Some(first),
        Meaning::None if typing => typed_key(turn, key),
        Meaning::None => {}
    }
}

/// A key for the field in use: a dialog's, or the filter's.
fn typed_key(turn: &mut Turn<'_>, key: KeyEvent) {
    if turn.model.layers.is_empty() {
        filter::key(turn, key);
    } else {
        actions::with_top(turn, |dialog, turn| dialog.key(turn, key));
    }
}

/// Keys that came faster than a person types.
pub(super) fn burst(turn: &mut Turn<'_>, keys: &[KeyEvent]) {
    let text: String = keys.iter().filter_map(|key| typed(*key)).collect();
    if is_paste(turn, keys, &text) {
        // No path has a tab; between fields of a form it is a key, however fast it came.
        for (number, part) in text.split('\t').enumerate() {
            if number > 0 && turn.model.takes_text() {
                key(turn, KeyEvent::from(KeyCode::Tab));
            }
            if !part.is_empty() {
                paste(turn, part);
            }
        }
    } else {
        for one in keys {
            // What decides something is pressed, not poured in.
            if !matches!(turn.model.place(), Place::Offer | Place::Changed | Place::Question) {
                key(turn, *one);
            }
        }
    }
}

/// A pasted text: it goes to the field in use; elsewhere, paths become the beginning of an offer and everything else
/// does nothing.
pub(super) fn paste(turn: &mut Turn<'_>, text: &str) {
    turn.model.pending = None;
    if turn.model.filtering && turn.model.layers.is_empty() {
        if !looks_like_paths(text) {
            return filter::paste(turn, text);
        }
        turn.model.filtering = false;
    }
    if turn.model.takes_text() {
        return actions::with_top(turn, |dialog, turn| dialog.paste(turn, text));
    }
    let can_send = turn.model.layers.is_empty() && turn.model.page == Page::Account;
    if can_send && looks_like_paths(text) {
        let send = Send::new(turn.model, None, text.trim());
        turn.open(Layer::Send(Box::new(send)));
    } else {
        turn.model.say(Tone::Warning, text::NOT_PASTED);
    }
}

/// True when a burst is a paste: while typing, only the form for sending cares (an Enter among pasted paths must not
/// send); elsewhere, anything long that is not one key held down.
fn is_paste(turn: &Turn<'_>, keys: &[KeyEvent], text: &str) -> bool {
    let all_typed = keys.iter().all(|key| typed(*key).is_some());
    if keys.len() < 2 || !all_typed {
        return false;
    }
    if turn.model.takes_text() {
        return matches!(turn.model.layers.last(), Some(Layer::Send(_) | Layer::Palette(_)));
    }
    let one_held = keys.windows(2).all(|pair| matches!(pair, [one, next] if one.code == next.code));
    looks_like_paths(text) || (keys.len() >= PASTE_LENGTH && !one_held)
}

/// The character that a key would have typed.
fn typed(key: KeyEvent) -> Option<char> {
    match key.code {
        KeyCode::Char(c) if is_printable(key) => Some(c),
        KeyCode::Enter => Some('\n'),
        KeyCode::Tab => Some('\t'),
        _ => None,
    }
}
