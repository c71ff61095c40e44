//! What the form for sending shows.

use airhatch_wire::Email;
use airhatch_wire::control::{Presence, Trust};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{NOTE, PATHS, Send, Step, TO};
use crate::dialogs::problem;
use crate::model::Model;
use crate::text;
use crate::widgets::{Sheet, bar};

impl Send {
    /// The whole form.
    pub(super) fn draw(&self, model: &Model, area: Rect) -> Sheet {
        let theme = model.setting.theme;
        let mut sheet = Sheet::new(&theme, text::send::TITLE, area);
        let editing = self.step == Step::Editing;
        self.form.draw_one(&mut sheet, TO, editing);
        if editing && self.form.focus() == TO {
            self.draw_matching(&mut sheet, model);
        } else if let Some(email) = self.recipient(model) {
            draw_recipient(&mut sheet, model, &email);
        }
        self.form.draw_one(&mut sheet, PATHS, editing);
        self.form.draw_one(&mut sheet, NOTE, editing);
        match &self.step {
            Step::Editing => {}
            Step::Staging { copied, total, .. } => draw_staging(&mut sheet, *copied, *total),
            Step::Offering { stage, .. } => {
                sheet.styled(&text::send::offering(stage.files, stage.bytes), theme.accent());
            }
        }
        if let Some(failure) = &self.problem {
            problem(&mut sheet, failure);
        }
        sheet
    }

    /// The contacts that may be meant, the chosen one marked.
    fn draw_matching(&self, sheet: &mut Sheet, model: &Model) {
        let theme = *sheet.theme();
        let margin = sheet.label_width().min(sheet.width() / 3);
        let contacts = self.matching(model);
        if contacts.is_empty() {
            sheet.indented(margin, text::send::NO_MATCH, theme.warning());
        }
        for (index, contact) in contacts.iter().enumerate() {
            let chosen = index == self.row;
            let sign = if chosen { theme.glyphs().cursor } else { " " };
            let style = if chosen { theme.strong() } else { theme.plain() };
            sheet.line(Line::from(vec![
                Span::raw(" ".repeat(margin)),
                Span::styled(format!("{sign} "), theme.chosen()),
                Span::styled(contact.email.to_string(), style),
                Span::styled(format!("  {}", text::presence(&contact.presence)), theme.quiet()),
            ]));
        }
        sheet.blank();
    }
}

/// What is to be known about the recipient before sending.
fn draw_recipient(sheet: &mut Sheet, model: &Model, email: &Email) {
    let theme = *sheet.theme();
    let Some(contact) = model.session.as_ref().and_then(|session| session.contact(email)) else { return };
    let margin = if sheet.width() >= 44 { sheet.label_width() } else { 0 };
    let (words, style) = match (contact.trust, contact.presence) {
        (trust @ (Trust::Changed { .. } | Trust::Revoked), _) => {
            (text::trust_sentence(&trust), theme.danger())
        }
        (_, Presence::Online { .. }) => (text::send::THERE, theme.good()),
        (_, Presence::Offline { .. } | Presence::Unknown) => (text::send::NOT_THERE, theme.quiet()),
    };
    sheet.drop_blank();
    sheet.indented(margin, words, style);
    sheet.blank();
}

fn draw_staging(sheet: &mut Sheet, copied: u64, total: u64) {
    let theme = *sheet.theme();
    sheet.styled(text::send::COPYING, theme.accent());
    let figures = text::send::copied(copied, total);
    let room = sheet.width().saturating_sub(crate::widgets::width_of(&figures) + 2).min(30);
    let [done, rest] = bar(&theme, room, copied, total.max(1));
    sheet.line(Line::from(vec![done, rest, Span::raw("  "), Span::styled(figures, theme.plain())]));
    sheet.see_here();
}
