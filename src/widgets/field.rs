//! One field to type in: open text, or a passphrase that is masked and wiped.

use airhatch_wire::control::Passphrase;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::text::{Line, Span};
use tui_textarea::{CursorMove, TextArea};

use super::width_of;
use crate::theme::Theme;

/// The longest text of a field, bytes.
const LIMIT: usize = 4_096;

/// The most that a passphrase takes, bytes. Reserved at once: a passphrase that grew would leave copies behind.
const SECRET_LIMIT: usize = 1_024;

/// What is typed.
#[derive(Clone, Debug)]
pub(crate) enum Field {
    /// Open text on one line.
    Open(Box<TextArea<'static>>),
    /// Open text on several lines.
    Lines(Box<TextArea<'static>>),
    /// A passphrase.
    Secret(Passphrase),
}

impl Field {
    /// An open field with a text in it.
    pub(crate) fn open(text: &str) -> Self {
        Self::Open(Box::new(filled(text)))
    }

    /// An open field of several lines.
    pub(crate) fn lines(text: &str) -> Self {
        Self::Lines(Box::new(filled(text)))
    }

    /// An empty passphrase.
    pub(crate) fn secret() -> Self {
        Self::Secret(Passphrase::from(String::with_capacity(SECRET_LIMIT)))
    }

    /// What is written in it; nothing for a passphrase.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Open(area) | Self::Lines(area) => area.lines().join("\n"),
            Self::Secret(_) => String::new(),
        }
    }

    /// The passphrase; an empty one for open text.
    pub(crate) fn passphrase(&self) -> Passphrase {
        match self {
            Self::Secret(secret) => secret.clone(),
            Self::Open(_) | Self::Lines(_) => Passphrase::from(String::new()),
        }
    }

    /// True when nothing is written in it.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Open(area) | Self::Lines(area) => area.is_empty(),
            Self::Secret(secret) => secret.0.is_empty(),
        }
    }

    /// Empties it.
    pub(crate) fn clear(&mut self) {
        match self {
            Self::Open(_) => *self = Self::open(""),
            Self::Lines(_) => *self = Self::lines(""),
            Self::Secret(_) => *self = Self::secret(),
        }
    }

    /// Takes a key.
    pub(crate) fn key(&mut self, key: KeyEvent) {
        match self {
            Self::Open(area) if key.code != KeyCode::Enter => edit(area, key),
            Self::Open(_) => {}
            Self::Lines(area) => edit(area, key),
            Self::Secret(secret) => edit_secret(secret, key),
        }
    }

    /// Takes a pasted text; where only one line has room, line ends become spaces.
    pub(crate) fn paste(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        match self {
            Self::Open(area) => insert(area, text.trim_matches('\n').replace('\n', " ").trim()),
            Self::Lines(area) => insert(area, &text),
            Self::Secret(secret) => text.trim_end_matches('\n').chars().for_each(|c| push(secret, c)),
        }
    }

    /// Whether the cursor is on the last line.
    pub(crate) fn at_last_line(&self) -> bool {
        match self {
            Self::Lines(area) => area.cursor().0 + 1 >= area.lines().len(),
            Self::Open(_) | Self::Secret(_) => true,
        }
    }

    /// Whether the cursor is on an empty line.
    pub(crate) fn on_empty_line(&self) -> bool {
        match self {
            Self::Lines(area) => area.lines().get(area.cursor().0).is_none_or(|line| line.trim().is_empty()),
            Self::Open(_) | Self::Secret(_) => self.is_empty(),
        }
    }

    /// The field's lines at so many columns, and where the cursor is: line, column.
    pub(crate) fn draw(&self, theme: &Theme, columns: usize) -> (Vec<Line<'static>>, (usize, usize)) {
        match self {
            Self::Open(area) | Self::Lines(area) => {
                let (row, column) = (area.cursor().0, area.cursor().1);
                let draw = |(index, line): (usize, &String)| {
                    let cursor = if index == row { column } else { 0 };
                    draw_line(theme, line, cursor, columns)
                };
                let drawn: Vec<_> = area.lines().iter().enumerate().map(draw).collect();
                let at = drawn.get(row).map_or(0, |(_, at)| *at);
                (drawn.into_iter().map(|(line, _)| line).collect(), (row, at))
            }
            Self::Secret(secret) => {
                let count = secret.0.chars().count();
                let (line, at) = draw_line(theme, &theme.glyphs().mask.repeat(count), count, columns);
                (vec![line], (0, at))
            }
        }
    }
}

fn filled(text: &str) -> TextArea<'static> {
    let mut area = TextArea::new(text.split('\n').map(str::to_owned).collect());
    area.move_cursor(CursorMove::Bottom);
    area.move_cursor(CursorMove::End);
    // What was typed here is nobody's business after the dialog: no long history.
    area.set_max_histories(100);
    area
}

fn insert(area: &mut TextArea<'static>, text: &str) {
    let used: usize = area.lines().iter().map(|line| line.len() + 1).sum();
    let room = LIMIT.saturating_sub(used);
    let kept: String = text
        .chars()
        .filter(|c| *c == '\n' || !c.is_control())
        .scan(0, |taken, c| {
            *taken += c.len_utf8();
            (*taken <= room).then_some(c)
        })
        .collect();
    area.insert_str(kept);
}

fn edit(area: &mut TextArea<'static>, key: KeyEvent) {
    match key.code {
        KeyCode::Char(c) if crate::keymap::is_printable(key) => insert(area, c.encode_utf8(&mut [0; 4])),
        // What shells do; the widget's own meaning is another.
        KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => {
            area.delete_line_by_head();
        }
        KeyCode::Tab | KeyCode::BackTab | KeyCode::Esc => {}
        _ => {
            area.input(key);
        }
    }
}

fn edit_secret(secret: &mut Passphrase, key: KeyEvent) {
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('u' | 'w') if ctrl => *secret = Passphrase::from(String::with_capacity(SECRET_LIMIT)),
        KeyCode::Char('h') if ctrl => drop(secret.0.pop()),
        KeyCode::Backspace => drop(secret.0.pop()),
        KeyCode::Char(c) if crate::keymap::is_printable(key) => push(secret, c),
        _ => {}
    }
}

fn push(secret: &mut Passphrase, c: char) {
    if secret.0.len() + c.len_utf8() <= SECRET_LIMIT {
        secret.0.push(c);
    }
}

/// One line, its part around the cursor when it is longer than the room, and the cursor's column.
fn draw_line(theme: &Theme, text: &str, cursor: usize, columns: usize) -> (Line<'static>, usize) {
    let before: String = text.chars().take(cursor).collect();
    let mut skipped = 0;
    let mut at = width_of(&before);
    let mut rest = text;
    // The cursor needs a column of its own behind the last character.
    while at >= columns.max(1) {
        let Some(first) = rest.chars().next() else { break };
        skipped += 1;
        rest = rest.get(first.len_utf8()..).unwrap_or_default();
        at = width_of(&text.chars().skip(skipped).take(cursor - skipped.min(cursor)).collect::<String>());
    }
    let shown = super::fit(rest, columns, theme.glyphs().cut);
    let padding = " ".repeat(columns.saturating_sub(width_of(&shown)));
    (Line::from(Span::styled(shown + &padding, theme.field())), at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(mut field: Field, text: &str) -> Field {
        text.chars().for_each(|c| field.key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)));
        field
    }

    #[test]
    fn a_pasted_text_of_several_lines_becomes_one_line_in_a_field_of_one() {
        let mut field = Field::open("");
        field.paste("\none\r\ntwo\u{1b}\n");
        assert_eq!(field.text(), "one two");
    }

    #[test]
    fn a_passphrase_is_neither_drawn_nor_given_as_text_nor_printed() {
        let field = typed(Field::secret(), "hunter2");
        let (lines, cursor) = field.draw(&Theme::default(), 20);
        assert_eq!(lines.first().map(ToString::to_string), Some(format!("{:<20}", "•••••••")));
        assert_eq!(cursor, (0, 7));
        assert!(field.text().is_empty() && !format!("{field:?}").contains("hunter2"));
        assert_eq!(field.passphrase(), Passphrase::from("hunter2".to_owned()));
    }

    #[test]
    fn a_line_longer_than_its_field_shows_the_part_around_the_cursor() {
        let field = typed(Field::open(""), "/a/very/long/path/報告書.pdf");
        let (lines, (_, column)) = field.draw(&Theme::default(), 10);
        assert_eq!(lines.first().map(ToString::to_string), Some("告書.pdf  ".to_owned()));
        assert_eq!(column, 8);
    }

    #[test]
    fn a_passphrase_never_outgrows_the_memory_that_is_wiped() {
        let mut field = typed(Field::secret(), &"x".repeat(3_000));
        field.paste(&"y".repeat(3_000));
        let Field::Secret(secret) = &field else { unreachable!() };
        assert_eq!((secret.0.len(), secret.0.capacity()), (SECRET_LIMIT, SECRET_LIMIT));
    }
}
