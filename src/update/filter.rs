//! Typing what a list shall show. It has no dialog: the list itself shows what is left.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::Turn;
use crate::keymap::Action;
use crate::model::{Filter, Model};

/// Begins to type, where the screen has a filter.
pub(super) fn begin(turn: &mut Turn<'_>) {
    turn.model.filtering = filter(turn.model).is_some();
}

/// Shows everything again. True when something was hidden.
pub(super) fn clear(turn: &mut Turn<'_>) -> bool {
    let Some(filter) = filter(turn.model).filter(|filter| !filter.text().is_empty()) else { return false };
    filter.clear();
    true
}

/// What a key that is no text asks for while typing. False for what is not about the filter.
pub(super) fn act(turn: &mut Turn<'_>, action: Action) -> bool {
    match action {
        Action::Submit => turn.model.filtering = false,
        Action::Close => {
            turn.model.filtering = false;
            clear(turn);
        }
        _ => return false,
    }
    true
}

/// A key that is text, or edits it.
pub(super) fn key(turn: &mut Turn<'_>, key: KeyEvent) {
    let Some(filter) = filter(turn.model) else { return };
    match key.code {
        KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => filter.clear(),
        KeyCode::Char(c) if crate::keymap::is_printable(key) => filter.push(c.encode_utf8(&mut [0; 4])),
        KeyCode::Backspace => filter.pop(),
        _ => {}
    }
}

/// A pasted text.
pub(super) fn paste(turn: &mut Turn<'_>, text: &str) {
    if let Some(filter) = filter(turn.model) {
        filter.push(text);
    }
}

fn filter(model: &mut Model) -> Option<&mut Filter> {
    let screen = model.screen;
    model.session.as_mut()?.filter_mut(screen)
}
