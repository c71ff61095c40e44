//! What the keys do, where one is: made from the list that the keys are looked up in.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Dialog, Flow};
use crate::keymap::{Action, BINDINGS, Binding, Place};
use crate::model::Model;
use crate::text;
use crate::update::Turn;
use crate::widgets::Sheet;

/// Columns of the keys.
const KEYS: usize = 17;

/// The help page of a place.
#[derive(Debug)]
pub(crate) struct Help {
    place: Place,
}

impl Help {
    /// Help about a place.
    pub(crate) const fn new(place: Place) -> Self {
        Self { place }
    }
}

impl Dialog for Help {
    fn place(&self) -> Place {
        Place::HelpPage
    }

    fn act(&mut self, _turn: &mut Turn<'_>, action: Action) -> Flow {
        match action {
            Action::Close | Action::Help => Flow::Close,
            _ => Flow::Pass,
        }
    }

    fn sheet(&self, model: &Model, area: Rect) -> Sheet {
        let theme = model.setting.theme;
        let mut sheet = Sheet::new(&theme, text::help::TITLE, area);
        for layer in self.place.layers() {
            sheet.blank();
            sheet.styled(text::help::heading(*layer), theme.strong());
            for binding in bindings(*layer) {
                let keys = binding.keys.iter().map(text::keys).collect::<Vec<_>>().join("  ");
                let keys = format!("{keys:<KEYS$}");
                sheet.line(Line::from(vec![
                    Span::styled(keys, theme.accent()),
                    Span::styled(text::long(binding.action), theme.plain()),
                ]));
            }
        }
        sheet
    }
}

fn bindings(place: Place) -> impl Iterator<Item = &'static Binding> {
    BINDINGS.iter().filter(move |binding| binding.place == place)
}
