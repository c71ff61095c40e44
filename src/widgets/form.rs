//! Some fields under each other, one of them in use.

use crossterm::event::KeyEvent;
use ratatui::text::{Line, Span};

use super::{Field, Sheet};
use crate::keymap::Action;

/// One labelled field.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// What it is for, in a word or two.
    label: &'static str,
    /// What to type, shown while the field is in use.
    hint: &'static str,
    /// What is typed.
    pub(crate) field: Field,
}

/// The fields.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    entries: Vec<Entry>,
    focus: usize,
}

impl Entry {
    /// An open field.
    pub(crate) fn open(label: &'static str, hint: &'static str, text: &str) -> Self {
        Self { label, hint, field: Field::open(text) }
    }

    /// A field of several lines.
    pub(crate) fn lines(label: &'static str, hint: &'static str, text: &str) -> Self {
        Self { label, hint, field: Field::lines(text) }
    }

    /// A passphrase.
    pub(crate) fn secret(label: &'static str, hint: &'static str) -> Self {
        Self { label, hint, field: Field::secret() }
    }
}

impl Form {
    /// A form with its first field in use.
    pub(crate) fn new(entries: Vec<Entry>) -> Self {
        Self { entries, focus: 0 }
    }

    /// Which field is in use.
    pub(crate) const fn focus(&self) -> usize {
        self.focus
    }

    /// Uses another field.
    pub(crate) fn set_focus(&mut self, focus: usize) {
        self.focus = focus.min(self.entries.len().saturating_sub(1));
    }

    /// A field's text.
    pub(crate) fn text(&self, index: usize) -> String {
        self.field(index).map(Field::text).unwrap_or_default().trim().to_owned()
    }

    /// A field.
    pub(crate) fn field(&self, index: usize) -> Option<&Field> {
        self.entries.get(index).map(|entry| &entry.field)
    }

    /// A field, to change it.
    pub(crate) fn field_mut(&mut self, index: usize) -> Option<&mut Field> {
        self.entries.get_mut(index).map(|entry| &mut entry.field)
    }

    /// Types.
    pub(crate) fn key(&mut self, key: KeyEvent) {
        if let Some(entry) = self.entries.get_mut(self.focus) {
            entry.field.key(key);
        }
    }

    /// Pastes.
    pub(crate) fn paste(&mut self, text: &str) {
        if let Some(entry) = self.entries.get_mut(self.focus) {
            entry.field.paste(text);
        }
    }

    /// Moves between the fields. True when the last one was submitted.
    pub(crate) fn act(&mut self, action: Action) -> bool {
        let count = self.entries.len().max(1);
        match action {
            Action::Submit if self.focus + 1 < count => self.focus += 1,
            Action::Submit | Action::SubmitNow => return true,
            Action::NextField => self.focus = (self.focus + 1) % count,
            Action::PreviousField => self.focus = (self.focus + count - 1) % count,
            _ => {}
        }
        false
    }

    /// Puts the fields on a sheet, the cursor in the one in use unless nothing can be typed now.
    pub(crate) fn draw(&self, sheet: &mut Sheet, typing: bool) {
        (0..self.entries.len()).for_each(|index| self.draw_one(sheet, index, typing));
    }

    /// Puts one field on a sheet.
    pub(crate) fn draw_one(&self, sheet: &mut Sheet, index: usize, typing: bool) {
        let Some(entry) = self.entries.get(index) else { return };
        let theme = *sheet.theme();
        let in_use = typing && index == self.focus;
        let margin = if sheet.width() >= 44 { sheet.label_width() } else { 0 };
        let room = sheet.width().saturating_sub(margin);
        let (lines, (row, column)) = entry.field.draw(&theme, room);
        let label = if in_use { theme.chosen() } else { theme.quiet() };
        if margin == 0 {
            sheet.styled(entry.label, label);
        }
        for (number, line) in lines.into_iter().enumerate() {
            let name = if number == 0 { entry.label } else { "" };
            let mut spans = vec![Span::styled(format!("{name:<margin$}"), label)];
            if margin == 0 {
                spans.clear();
            }
            spans.extend(line.spans);
            sheet.line(Line::from(spans));
            if in_use && number == row {
                sheet.cursor_here(margin + column);
            }
        }
        if in_use && !entry.hint.is_empty() {
            sheet.indented(margin, entry.hint, theme.quiet());
        }
        sheet.blank();
    }
}
