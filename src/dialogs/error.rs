//! What went wrong, why, and what to do. It stays until somebody has read it.

use airhatch_wire::Failure;
use ratatui::layout::Rect;

use super::{Dialog, Flow};
use crate::keymap::{Action, Place};
use crate::model::Model;
use crate::text;
use crate::update::Turn;
use crate::widgets::Sheet;

/// An error on the screen.
#[derive(Debug)]
pub(crate) struct ErrorPage {
    title: String,
    failure: Failure,
    details: bool,
}

impl ErrorPage {
    /// Says that something failed.
    pub(crate) fn new(title: &str, failure: Failure) -> Self {
        Self { title: title.to_owned(), failure, details: false }
    }
}

impl Dialog for ErrorPage {
    fn place(&self) -> Place {
        Place::Error
    }

    fn act(&mut self, _turn: &mut Turn<'_>, action: Action) -> Flow {
        match action {
            Action::Close => Flow::Close,
            Action::Details => {
                self.details = !self.details;
                Flow::Stay
            }
            _ => Flow::Pass,
        }
    }

    fn sheet(&self, model: &Model, area: Rect) -> Sheet {
        let theme = model.setting.theme;
        let mut sheet = Sheet::new(&theme, self.title.as_str(), area);
        sheet.alarm();
        sheet.styled(&text::sentence(&self.failure.message.shown()), theme.strong());
        sheet.blank();
        sheet.text(&text::advice_of(&self.failure));
        if self.details {
            sheet.blank();
            sheet.pair(text::error::CODE, &format!("{:?}", self.failure.code), theme.plain());
            sheet.pair(text::error::USUALLY, text::advice(self.failure.code), theme.plain());
            sheet.pair(text::error::MORE, text::error::IN_LOG, theme.plain());
        }
        sheet
    }
}
