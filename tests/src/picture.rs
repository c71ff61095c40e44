//! A screen as a picture: an SVG with the terminal's characters and colours, for the README.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;
use vt100::{Cell, Color, Screen};

/// Height of a letter's line and its width, in a monospace font of [`FONT`] points.
const FONT: f32 = 14.0;
const WIDTH: f32 = FONT * 0.602;
const HEIGHT: f32 = FONT * 1.164;
const MARGIN: f32 = 14.0;
const BAR: f32 = 30.0;

const BACKGROUND: &str = "#16181d";
const FOREGROUND: &str = "#d8dce4";

/// The terminal's sixteen colours, as this picture shows them.
const PALETTE: [&str; 16] = [
    "#23262e", "#e0616b", "#8cbf6a", "#d9a557", "#5f9fe0", "#b583d6", "#54b5b8", "#c8ccd4", "#666d7a",
    "#f0808a", "#a8d98a", "#f0c27a", "#82b8f0", "#d0a2ee", "#7dd0d3", "#ffffff",
];

/// Draws a screen in a window with this title.
#[must_use]
pub fn picture(screen: &Screen, title: &str) -> String {
    let (rows, columns) = screen.size();
    let (width, height) = (f32::from(columns) * WIDTH, f32::from(rows) * HEIGHT);
    let (full_width, full_height) = (width + 2.0 * MARGIN, height + 2.0 * MARGIN + BAR);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {full_width:.0} {full_height:.0}\" \
         width=\"{full_width:.0}\" height=\"{full_height:.0}\" font-family=\"DejaVu Sans Mono, monospace\" \
         font-size=\"{FONT}\" xml:space=\"preserve\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"10\" fill=\"{BACKGROUND}\"/>\n"
    );
    let centre = full_width / 2.0;
    for (at, colour) in [(20.0, "#e0616b"), (40.0, "#d9a557"), (60.0, "#8cbf6a")] {
        writeln!(svg, "<circle cx=\"{at}\" cy=\"18\" r=\"6\" fill=\"{colour}\"/>").unwrap();
    }
    let title = escaped(title);
    writeln!(svg, "<text x=\"{centre:.0}\" y=\"23\" fill=\"#8a909c\" text-anchor=\"middle\">{title}</text>")
        .unwrap();
    for row in 0..rows {
        let top = BAR + MARGIN + f32::from(row) * HEIGHT;
        draw_row(&mut svg, screen, row, columns, top);
    }
    svg.push_str("</svg>\n");
    svg
}

fn draw_row(svg: &mut String, screen: &Screen, row: u16, columns: u16, top: f32) {
    let mut column = 0;
    while column < columns {
        let Some(cell) = screen.cell(row, column) else { return };
        let end = run_end(screen, row, column, columns);
        let left = MARGIN + f32::from(column) * WIDTH;
        let look = Look::of(cell);
        if let Some(back) = &look.back {
            let wide = f32::from(end - column) * WIDTH;
            let rect = format!("x=\"{left:.2}\" y=\"{top:.2}\" width=\"{wide:.2}\" height=\"{HEIGHT:.2}\"");
            writeln!(svg, "<rect {rect} fill=\"{back}\" shape-rendering=\"crispEdges\"/>").unwrap();
        }
        let text: String = (column..end).filter_map(|at| screen.cell(row, at)).map(shown).collect();
        draw_words(svg, &text, &look, left, top + FONT * 0.93);
        column = end;
    }
}

/// Draws each word where it belongs, so that a font with another width shifts nothing.
fn draw_words(svg: &mut String, text: &str, look: &Look, left: f32, baseline: f32) {
    let mut column = 0_u16;
    for word in text.split_inclusive(' ') {
        let visible = word.trim_end();
        if !visible.is_empty() {
            let x = left + f32::from(column) * WIDTH;
            let (fore, style, word) = (&look.fore, look.style(), escaped(visible));
            writeln!(svg, "<text x=\"{x:.2}\" y=\"{baseline:.2}\" fill=\"{fore}\"{style}>{word}</text>")
                .unwrap();
        }
        column += u16::try_from(word.width()).unwrap();
    }
}

/// The first column that looks different; characters beyond ASCII stand alone.
fn run_end(screen: &Screen, row: u16, from: u16, columns: u16) -> u16 {
    let look = |at| screen.cell(row, at).map(|cell| (Look::of(cell), cell.contents().is_ascii()));
    let first = look(from);
    let alone = first.as_ref().is_some_and(|(_, ascii)| !ascii);
    let next = from + if screen.cell(row, from).is_some_and(Cell::is_wide) { 2 } else { 1 };
    if alone { next } else { (next..columns).find(|at| look(*at) != first).unwrap_or(columns) }
}

fn shown(cell: &Cell) -> &str {
    if cell.is_wide_continuation() {
        ""
    } else if cell.has_contents() {
        cell.contents()
    } else {
        " "
    }
}

#[derive(PartialEq)]
struct Look {
    fore: String,
    back: Option<String>,
    bold: bool,
    italic: bool,
    underline: bool,
    dim: bool,
}

impl Look {
    fn of(cell: &Cell) -> Self {
        let fore = colour(cell.fgcolor());
        let back = colour(cell.bgcolor());
        let (fore, back) = if cell.inverse() {
            (
                back.unwrap_or_else(|| BACKGROUND.to_owned()),
                Some(fore.unwrap_or_else(|| FOREGROUND.to_owned())),
            )
        } else {
            (fore.unwrap_or_else(|| FOREGROUND.to_owned()), back)
        };
        let (bold, italic, underline, dim) = (cell.bold(), cell.italic(), cell.underline(), cell.dim());
        Self { fore, back, bold, italic, underline, dim }
    }

    fn style(&self) -> String {
        let mut style = String::new();
        for (set, attribute) in [
            (self.bold, " font-weight=\"bold\""),
            (self.italic, " font-style=\"italic\""),
            (self.underline, " text-decoration=\"underline\""),
            (self.dim, " opacity=\"0.6\""),
        ] {
            if set {
                style.push_str(attribute);
            }
        }
        style
    }
}

fn colour(colour: Color) -> Option<String> {
    match colour {
        Color::Default => None,
        Color::Idx(index @ 0..=15) => Some(PALETTE[usize::from(index)].to_owned()),
        Color::Idx(index @ 16..=231) => {
            let level = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
            let n = index - 16;
            Some(format!("#{:02x}{:02x}{:02x}", level(n / 36), level(n / 6 % 6), level(n % 6)))
        }
        Color::Idx(index) => {
            let grey = 8 + 10 * (index - 232);
            Some(format!("#{grey:02x}{grey:02x}{grey:02x}"))
        }
        Color::Rgb(red, green, blue) => Some(format!("#{red:02x}{green:02x}{blue:02x}")),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
