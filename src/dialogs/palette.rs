//! Everything that can be done here, found by typing a part of its name.

use crossterm::event::KeyEvent;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Dialog, Flow};
use crate::keymap::{Action, BINDINGS, Binding, Place};
use crate::model::{Model, Page};
use crate::screens::is_useful;
use crate::text;
use crate::update::{Turn, act};
use crate::widgets::{Field, Sheet, fit, window};

/// Columns of the keys.
const KEYS: usize = 10;

/// Lines of the panel besides the list.
const FRAME: usize = 6;

/// The list of what can be done, and what is typed.
#[derive(Debug)]
pub(crate) struct Palette {
    field: Field,
    row: usize,
    actions: Vec<(Action, String)>,
}

impl Palette {
    /// Everything that can be done where one is now.
    pub(crate) fn new(model: &Model) -> Self {
        let here = model.place().layers();
        // What the settings list can be done from every screen.
        let anywhere = model.layers.is_empty() && model.page == Page::Account;
        let is_meant = |binding: &&Binding| {
            here.contains(&binding.place) || (anywhere && binding.place == Place::Settings)
        };
        let mut actions: Vec<(Action, String)> = Vec::new();
        for binding in BINDINGS.iter().filter(is_meant).filter(|binding| is_command(binding.action)) {
            let known = actions.iter().any(|(action, _)| *action == binding.action);
            if !known && is_useful(model, binding.action) {
                // A key of another screen does something else here.
                let key = binding.keys.first().filter(|_| here.contains(&binding.place));
                actions.push((binding.action, key.map(text::keys).unwrap_or_default()));
            }
        }
        Self { field: Field::open(""), row: 0, actions }
    }

    /// What fits to what is typed, the best first.
    fn fitting(&self) -> Vec<&(Action, String)> {
        let typed = self.field.text().to_lowercase();
        let scored = self.actions.iter().filter_map(|entry| {
            let (short, long) = (text::short(entry.0), text::long(entry.0));
            let score = [score(&typed, short), score(&typed, long).map(|score| score + 10)];
            score.into_iter().flatten().min().map(|score| (score, entry))
        });
        let mut scored: Vec<_> = scored.collect();
        scored.sort_by_key(|(score, _)| *score);
        scored.into_iter().map(|(_, entry)| entry).collect()
    }
}

/// How far the characters of `typed` are apart in `name`; the less, the better it fits. `None` when they are not all
/// there in their order.
fn score(typed: &str, name: &str) -> Option<usize> {
    let name = name.to_lowercase();
    let mut rest = name.as_str();
    let mut score = 0;
    for c in typed.chars().filter(|c| !c.is_whitespace()) {
        let at = rest.find(c)?;
        score += at;
        rest = rest.get(at + c.len_utf8()..).unwrap_or_default();
    }
    Some(score)
}

/// Whether an action is something to be done, and not a way to move about.
const fn is_command(action: Action) -> bool {
    !matches!(
        action,
        Action::Down
            | Action::Up
            | Action::PageDown
            | Action::PageUp
            | Action::First
            | Action::Last
            | Action::NextScreen
            | Action::PreviousScreen
            | Action::OldestNo
            | Action::Palette
            | Action::ShowAll
    )
}

impl Dialog for Palette {
    fn place(&self) -> Place {
        Place::Palette
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn act(&mut self, turn: &mut Turn<'_>, action: Action) -> Flow {
        let last = self.fitting().len().saturating_sub(1);
        match action {
            Action::Close => return Flow::Close,
            Action::Down => self.row = (self.row + 1).min(last),
            Action::Up => self.row = self.row.saturating_sub(1),
            Action::Choose => {
                let Some((chosen, _)) = self.fitting().get(self.row).copied().cloned() else {
                    return Flow::Stay;
                };
                // This dialog is off the pile while it acts, so the action finds the place it is meant for.
                act(turn, chosen);
                return Flow::Close;
            }
            _ => return Flow::Pass,
        }
        Flow::Stay
    }

    fn key(&mut self, _turn: &mut Turn<'_>, key: KeyEvent) -> Flow {
        self.field.key(key);
        self.row = 0;
        Flow::Stay
    }

    fn paste(&mut self, _turn: &mut Turn<'_>, text: &str) -> Flow {
        self.field.paste(text);
        self.row = 0;
        Flow::Stay
    }

    fn sheet(&self, model: &Model, area: Rect) -> Sheet {
        let theme = model.setting.theme;
        let mut sheet = Sheet::new(&theme, text::palette::TITLE, area);
        let (lines, (_, column)) = self.field.draw(&theme, sheet.width());
        lines.into_iter().for_each(|line| sheet.line(line));
        sheet.cursor_here(column);
        sheet.blank();
        let fitting = self.fitting();
        if fitting.is_empty() {
            sheet.styled(text::palette::NOTHING, theme.quiet());
        }
        let height = usize::from(area.height).saturating_sub(FRAME).max(1);
        let room = sheet.width().saturating_sub(KEYS + 2);
        let first = window(fitting.len(), height, Some(self.row));
        for (index, (action, key)) in fitting.into_iter().enumerate().skip(first).take(height) {
            let chosen = index == self.row;
            let sign = if chosen { theme.glyphs().cursor } else { " " };
            let style = if chosen { theme.strong() } else { theme.plain() };
            sheet.line(Line::from(vec![
                Span::styled(format!("{sign} "), theme.chosen()),
                Span::styled(format!("{key:<KEYS$}"), theme.accent()),
                Span::styled(fit(text::long(*action), room, theme.glyphs().cut), style),
            ]));
        }
        sheet
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_closer_together_fits_better() {
        assert!(score("pa", "pause/go on") < score("pa", "pick all"));
        assert_eq!(score("", "anything"), Some(0));
        assert_eq!(score("ap", "pa"), None);
        assert_eq!(score("報告", "報 告"), Some(1));
    }
}
