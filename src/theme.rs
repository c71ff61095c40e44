//! How things look: the terminal's own 16 colours with one accent, or none, and the drawn signs.
//!
//! Nothing is told by colour alone, so `NO_COLOR` takes away nothing but comfort. Secondary text is dimmed, not grey:
//! grey is unreadable in some of the terminals' own palettes.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;

/// The look of the whole screen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Theme {
    colour: bool,
    glyphs: &'static Glyphs,
}

/// The signs that are drawn besides text.
#[derive(Debug)]
pub(crate) struct Glyphs {
    /// Going out.
    pub(crate) outgoing: &'static str,
    /// Coming in.
    pub(crate) incoming: &'static str,
    /// Something is there, or on.
    pub(crate) full: &'static str,
    /// Nothing there, or off.
    pub(crate) hollow: &'static str,
    /// The chosen row.
    pub(crate) cursor: &'static str,
    /// A horizontal rule.
    pub(crate) rule: &'static str,
    /// Done part of a bar.
    pub(crate) done: &'static str,
    /// Part of a bar still to do.
    pub(crate) rest: &'static str,
    /// From little to much, for a trace.
    pub(crate) levels: [&'static str; 8],
    /// A folder that shows what is in it.
    pub(crate) opened: &'static str,
    /// A folder that does not.
    pub(crate) closed: &'static str,
    /// Between facts of one line.
    pub(crate) dot: &'static str,
    /// Text goes on where it was cut.
    pub(crate) cut: char,
    /// Stands for a character of a passphrase.
    pub(crate) mask: &'static str,
    /// The frame of a dialog.
    pub(crate) frame: border::Set<'static>,
}

/// For every terminal that draws UTF-8; all of these are in the fonts that terminals come with.
pub(crate) const UNICODE: Glyphs = Glyphs {
    outgoing: "↑",
    incoming: "↓",
    full: "●",
    hollow: "○",
    cursor: "▌",
    rule: "─",
    done: "█",
    rest: "░",
    levels: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    opened: "▾",
    closed: "▸",
    dot: "·",
    cut: '…',
    mask: "•",
    frame: border::ROUNDED,
};

/// For the rest.
pub(crate) const ASCII: Glyphs = Glyphs {
    outgoing: "^",
    incoming: "v",
    full: "*",
    hollow: "-",
    cursor: ">",
    rule: "-",
    done: "#",
    rest: ".",
    levels: ["_", ".", "-", "~", "=", "+", "*", "#"],
    opened: "v",
    closed: ">",
    dot: "-",
    cut: '~',
    mask: "*",
    frame: border::Set {
        top_left: "+",
        top_right: "+",
        bottom_left: "+",
        bottom_right: "+",
        vertical_left: "|",
        vertical_right: "|",
        horizontal_top: "-",
        horizontal_bottom: "-",
    },
};

impl Default for Theme {
    fn default() -> Self {
        Self { colour: true, glyphs: &UNICODE }
    }
}

impl Theme {
    /// A look; without `colour` only weight and signs tell things apart, without `unicode` signs are ASCII.
    pub(crate) const fn new(colour: bool, unicode: bool) -> Self {
        Self { colour, glyphs: if unicode { &UNICODE } else { &ASCII } }
    }

    /// The signs.
    pub(crate) const fn glyphs(&self) -> &'static Glyphs {
        self.glyphs
    }

    /// Plain text.
    pub(crate) const fn plain(&self) -> Style {
        Style::new()
    }

    /// Headings and what matters most.
    pub(crate) const fn strong(&self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// Labels and what matters less.
    pub(crate) const fn quiet(&self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// The one accent: where you are, keys, what moves.
    pub(crate) const fn accent(&self) -> Style {
        self.tinted(Color::Cyan)
    }

    /// The accent, made heavy: the chosen row and the screen's name.
    pub(crate) const fn chosen(&self) -> Style {
        self.accent().add_modifier(Modifier::BOLD)
    }

    /// The name of where you are.
    pub(crate) const fn place(&self) -> Style {
        self.chosen().add_modifier(Modifier::UNDERLINED)
    }

    /// It is well.
    pub(crate) const fn good(&self) -> Style {
        self.tinted(Color::Green)
    }

    /// Look at this.
    pub(crate) const fn warning(&self) -> Style {
        self.tinted(Color::Yellow).add_modifier(Modifier::BOLD)
    }

    /// It failed, or it cannot be undone.
    pub(crate) const fn danger(&self) -> Style {
        self.tinted(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// An empty field to type in.
    pub(crate) const fn field(&self) -> Style {
        Style::new().add_modifier(Modifier::UNDERLINED)
    }

    const fn tinted(&self, colour: Color) -> Style {
        if self.colour { Style::new().fg(colour) } else { Style::new() }
    }
}
