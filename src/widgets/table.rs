//! A list in columns with a chosen row. Each cell is drawn into its own place, so no text, however wide its
//! characters, can push its neighbours aside.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Flex, Layout, Rect};
use ratatui::text::Line;

use super::window;
use crate::theme::Theme;

/// Where a column's text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// At the left.
    Left,
    /// At the right, for numbers.
    Right,
}

/// One column.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// Its heading.
    pub(crate) title: &'static str,
    /// Its width.
    pub(crate) width: Constraint,
    /// Where its text stands.
    pub(crate) side: Side,
}

impl Column {
    /// A column with its text at the left.
    pub(crate) const fn left(title: &'static str, width: Constraint) -> Self {
        Self { title, width, side: Side::Left }
    }

    /// A column with its text at the right.
    pub(crate) const fn right(title: &'static str, width: Constraint) -> Self {
        Self { title, width, side: Side::Right }
    }
}

/// A list in columns.
#[derive(Debug)]
pub(crate) struct Table<'a> {
    /// The look.
    pub(crate) theme: &'a Theme,
    /// The columns.
    pub(crate) columns: &'a [Column],
    /// How many rows there are.
    pub(crate) rows: usize,
    /// The chosen one.
    pub(crate) chosen: Option<usize>,
}

impl Table<'_> {
    /// Where the columns' cells are in `area`, to know their widths before making rows.
    pub(crate) fn cells(columns: &[Column], area: Rect) -> Vec<Rect> {
        let inner = Rect {
            x: area.x.saturating_add(2).min(area.right()),
            width: area.width.saturating_sub(3),
            ..area
        };
        let widths: Vec<Constraint> = columns.iter().map(|column| column.width).collect();
        Layout::horizontal(widths).spacing(2).flex(Flex::Start).split(inner).to_vec()
    }

    /// Draws headings and as many rows as have room; `row` makes the cells of one.
    pub(crate) fn draw(
        &self,
        frame: &mut Frame<'_>,
        area: Rect,
        row: impl Fn(usize, &[Rect]) -> Vec<Line<'static>>,
    ) {
        if area.height < 2 || area.width < 4 {
            return;
        }
        let cells = Self::cells(self.columns, area);
        let buffer = frame.buffer_mut();
        for (column, cell) in self.columns.iter().zip(&cells) {
            put(buffer, *cell, area.y, column.side, &Line::styled(column.title, self.theme.quiet()));
        }
        let height = usize::from(area.height - 1);
        let first = window(self.rows, height, self.chosen);
        for (y, index) in (area.y + 1..area.bottom()).zip(first..self.rows) {
            let chosen = self.chosen == Some(index);
            for ((column, cell), mut line) in self.columns.iter().zip(&cells).zip(row(index, &cells)) {
                if chosen {
                    line = line.patch_style(self.theme.strong());
                }
                put(buffer, *cell, y, column.side, &line);
            }
            if chosen {
                buffer.set_stringn(area.x, y, self.theme.glyphs().cursor, 1, self.theme.chosen());
            }
        }
    }
}

fn put(buffer: &mut Buffer, cell: Rect, y: u16, side: Side, line: &Line<'_>) {
    if cell.width == 0 || cell.right() > buffer.area.right() || y >= buffer.area.bottom() {
        return;
    }
    let width = u16::try_from(line.width()).unwrap_or(u16::MAX).min(cell.width);
    let x = if side == Side::Right { cell.right() - width } else { cell.x };
    buffer.set_line(x, y, line, cell.right() - x);
}
