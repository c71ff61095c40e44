//! A dialog's content as lines, and the framed panel that shows them, scrolled so that what matters is seen.

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear};

use super::{fit, width_of, wrap};
use crate::theme::Theme;

/// Columns of a dialog's text at most: longer lines are hard to read.
const WIDEST: u16 = 66;

/// Columns of the labels before values.
const LABELS: usize = 14;

/// What a dialog says.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    theme: Theme,
    title: String,
    width: usize,
    lines: Vec<Line<'static>>,
    seen: Option<usize>,
    marked: Option<usize>,
    cursor: Option<(usize, usize)>,
    alarm: bool,
}

impl Sheet {
    /// An empty sheet for a panel inside `area`.
    pub(crate) fn new(theme: &Theme, title: impl Into<String>, area: Rect) -> Self {
        let width = usize::from(area.width.saturating_sub(6).min(WIDEST));
        let title = title.into();
        Self {
            theme: *theme,
            title,
            width,
            lines: Vec::new(),
            seen: None,
            marked: None,
            cursor: None,
            alarm: false,
        }
    }

    /// The look.
    pub(crate) const fn theme(&self) -> &Theme {
        &self.theme
    }

    /// Columns of a line.
    pub(crate) const fn width(&self) -> usize {
        self.width
    }

    /// Columns of the labels.
    pub(crate) const fn label_width(&self) -> usize {
        LABELS
    }

    /// How many lines are on it.
    pub(crate) const fn len(&self) -> usize {
        self.lines.len()
    }

    /// Frames the panel as something grave.
    pub(crate) const fn alarm(&mut self) {
        self.alarm = true;
    }

    /// One line, cut where it is too long.
    pub(crate) fn line(&mut self, line: Line<'static>) {
        self.lines.push(line);
    }

    /// An empty line, never two.
    pub(crate) fn blank(&mut self) {
        if self.lines.last().is_some_and(|line| line.width() > 0) {
            self.lines.push(Line::default());
        }
    }

    /// A paragraph.
    pub(crate) fn text(&mut self, text: &str) {
        self.styled(text, self.theme.plain());
    }

    /// A paragraph in a style.
    pub(crate) fn styled(&mut self, text: &str, style: Style) {
        self.indented(0, text, style);
    }

    /// A paragraph in a style, some columns to the right.
    pub(crate) fn indented(&mut self, margin: usize, text: &str, style: Style) {
        for line in wrap(text, self.width.saturating_sub(margin)) {
            self.lines.push(Line::from(Span::styled(" ".repeat(margin) + &line, style)));
        }
    }

    /// A label and its value, the value wrapped beside the label.
    pub(crate) fn pair(&mut self, label: &str, value: &str, style: Style) {
        let narrow = self.width < 30;
        let margin = if narrow { 0 } else { LABELS };
        if narrow {
            self.styled(label, self.theme.quiet());
        }
        for (number, line) in wrap(value, self.width.saturating_sub(margin)).into_iter().enumerate() {
            let label = if number == 0 && !narrow { label } else { "" };
            let label = Span::styled(format!("{label:<margin$}"), self.theme.quiet());
            self.lines.push(Line::from(vec![label, Span::styled(line, style)]));
        }
    }

    /// Text at the left and at the right of one line.
    pub(crate) fn spread(&mut self, left: &str, right: &str, style: Style) {
        let room = self.width.saturating_sub(width_of(right) + 2);
        let left = super::fit_middle(left, room, self.theme.glyphs().cut);
        let gap = self.width.saturating_sub(width_of(&left) + width_of(right));
        let right = Span::styled(right.to_owned(), self.theme.quiet());
        self.lines.push(Line::from(vec![Span::styled(left, style), Span::raw(" ".repeat(gap)), right]));
    }

    /// Two texts side by side, the second one from this column.
    pub(crate) fn halves(&mut self, left: (&str, Style), right: (&str, Style), column: usize) {
        let gap = column.saturating_sub(width_of(left.0));
        let left = Span::styled(left.0.to_owned() + &" ".repeat(gap), left.1);
        self.lines.push(Line::from(vec![left, Span::styled(right.0.to_owned(), right.1)]));
    }

    /// The keys that decide, and what they do.
    pub(crate) fn choices(&mut self, choices: &[(&str, &str)]) {
        self.choices_when(true, choices);
    }

    /// The same; the keys are dim while they are dead. Each choice has its own line where one line is too narrow.
    pub(crate) fn choices_when(&mut self, live: bool, choices: &[(&str, &str)]) {
        let key = if live { self.theme.chosen() } else { self.theme.quiet() };
        let word = if live { self.theme.plain() } else { self.theme.quiet() };
        let columns: usize = choices.iter().map(|(key, word)| width_of(key) + width_of(word) + 4).sum();
        let spans = |(name, does): &(&str, &str)| {
            [Span::styled(format!("{name} "), key), Span::styled(format!("{does}   "), word)]
        };
        if columns <= self.width + 3 {
            self.lines.push(choices.iter().flat_map(spans).collect());
        } else {
            self.lines.extend(choices.iter().map(|choice| spans(choice).into_iter().collect::<Line<'_>>()));
        }
    }

    /// Text at the right of a line.
    pub(crate) fn right(&mut self, text: &str, style: Style) {
        let gap = " ".repeat(self.width.saturating_sub(width_of(text)));
        self.lines.push(Line::from(vec![Span::raw(gap), Span::styled(text.to_owned(), style)]));
    }

    /// The last line is to be seen when not all of them have room.
    pub(crate) const fn see_here(&mut self) {
        self.seen = self.lines.len().checked_sub(1);
    }

    /// The last line has the cursor, at this column.
    pub(crate) const fn cursor_here(&mut self, column: usize) {
        self.see_here();
        if let Some(line) = self.seen {
            self.cursor = Some((line, column));
        }
    }

    /// The last line is where a person is in a list.
    pub(crate) const fn mark_here(&mut self) {
        self.see_here();
        self.marked = self.seen;
    }

    /// Keeps so many lines; the last one says that there were more.
    pub(crate) fn cut(&mut self, lines: usize) {
        if self.lines.len() > lines {
            self.lines.truncate(lines);
            let sign = self.theme.glyphs().cut.to_string();
            let room = self.width.saturating_sub(1);
            if let Some(last) = self.lines.last_mut() {
                let text = fit(&last.to_string(), room, ' ');
                *last = Line::from(vec![
                    Span::raw(text.trim_end().to_owned()),
                    Span::styled(sign, self.theme.quiet()),
                ]);
            }
        }
    }

    /// Takes an empty line at the end away again.
    pub(crate) fn drop_blank(&mut self) {
        if self.lines.last().is_some_and(|line| line.width() == 0) {
            self.lines.pop();
        }
    }

    /// Draws the lines alone, as many as have room.
    pub(crate) fn draw_plain(&self, frame: &mut Frame<'_>, area: Rect) {
        for (row, line) in (area.y..area.bottom()).zip(&self.lines) {
            frame.buffer_mut().set_line(area.x, row, line, area.width);
        }
    }

    /// Draws the panel in the middle of `area`. Where not all lines have room, those are shown that are to be seen,
    /// else those after `scrolled` others.
    pub(crate) fn draw(mut self, frame: &mut Frame<'_>, area: Rect, scrolled: usize) {
        while self.lines.last().is_some_and(|line| line.width() == 0) {
            self.lines.pop();
        }
        let lines = u16::try_from(self.lines.len()).unwrap_or(u16::MAX);
        let airy = lines.saturating_add(4) <= area.height;
        let edge = if airy { 4 } else { 2 };
        let width = u16::try_from(self.width).unwrap_or(u16::MAX).saturating_add(6).min(area.width);
        let height = lines.saturating_add(edge).min(area.height);
        let panel = Rect {
            x: area.x + (area.width - width) / 2,
            y: area.y + (area.height - height) / 3,
            width,
            height,
        };
        frame.render_widget(Clear, panel);
        frame.render_widget(self.frame_block(panel), panel);
        let inner = inside(panel, 3, if airy { 2 } else { 1 });
        self.draw_lines(frame, inner, scrolled);
    }

    fn frame_block(&self, panel: Rect) -> Block<'static> {
        let style = if self.alarm { self.theme.danger() } else { self.theme.accent() };
        let room = usize::from(panel.width.saturating_sub(6));
        let title = format!(" {} ", fit(&self.title, room, self.theme.glyphs().cut));
        Block::bordered()
            .border_set(self.theme.glyphs().frame)
            .border_style(style)
            .title_alignment(Alignment::Left)
            .title(Span::styled(title, self.theme.strong()))
    }

    fn draw_lines(&self, frame: &mut Frame<'_>, inner: Rect, scrolled: usize) {
        let height = usize::from(inner.height);
        if height == 0 || inner.width == 0 {
            return;
        }
        let scrolled = scrolled.min(self.lines.len().saturating_sub(height));
        let first = self.seen.map_or(scrolled, |seen| {
            // A line or two below what matters is seen with it.
            let wanted = (seen + 3).min(self.lines.len());
            wanted.saturating_sub(height).min(seen)
        });
        let below = self.lines.len().saturating_sub(first + height);
        for (row, line) in (inner.y..).zip(self.lines.iter().skip(first).take(height)) {
            frame.buffer_mut().set_line(inner.x, row, line, inner.width);
        }
        self.mark_more(frame, inner, first, below);
        if let (Some(row), Some(x)) =
            (self.marked.and_then(|line| line.checked_sub(first)), inner.x.checked_sub(2))
            && row < height
        {
            let y = inner.y + u16::try_from(row).unwrap_or(0);
            frame.buffer_mut().set_stringn(x, y, self.theme.glyphs().cursor, 1, self.theme.chosen());
        }
        if let Some((line, column)) = self.cursor
            && let Some(row) = line.checked_sub(first).filter(|row| *row < height)
        {
            let x = inner.x.saturating_add(u16::try_from(column).unwrap_or(u16::MAX));
            let x = x.min(inner.right().saturating_sub(1));
            frame.set_cursor_position((x, inner.y + u16::try_from(row).unwrap_or(0)));
        }
    }

    /// Says at the panel's edge that there are lines above or below.
    fn mark_more(&self, frame: &mut Frame<'_>, inner: Rect, above: usize, below: usize) {
        let x = inner.right();
        let glyphs = self.theme.glyphs();
        let buffer = frame.buffer_mut();
        for (rows, y, sign) in
            [(above, inner.y, glyphs.outgoing), (below, inner.bottom().saturating_sub(1), glyphs.incoming)]
        {
            if rows > 0 && x < buffer.area.right() {
                buffer.set_stringn(x, y, sign, 1, self.theme.accent());
            }
        }
    }
}

/// The area without its edges.
fn inside(area: Rect, x: u16, y: u16) -> Rect {
    Rect {
        x: area.x.saturating_add(x).min(area.right()),
        y: area.y.saturating_add(y).min(area.bottom()),
        width: area.width.saturating_sub(2 * x),
        height: area.height.saturating_sub(2 * y),
    }
}
