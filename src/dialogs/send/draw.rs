//! What the form for sending shows.

use airhatch_wire::Email;
use airhatch_wire::control::{ContactView, Presence, Trust};
use airhatch_wire::untrusted::escape;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{LEFT_OUT, NOTE, PATHS, Send, Step, TO};
use crate::dialogs::problem;
use crate::model::Model;
use crate::msg::Stage;
use crate::text;
use crate::widgets::{Sheet, bar};

/// Lines of the panel about what was skipped, besides the list.
const SKIPPED_FRAME: usize = 11;

impl Send {
    /// The whole form.
    pub(super) fn draw(&self, model: &Model, area: Rect) -> Sheet {
        let theme = model.setting.theme;
        let mut sheet = Sheet::new(&theme, text::send::TITLE, area);
        if let Step::Skipped { stage, .. } = &self.step {
            draw_skipped(&mut sheet, stage, usize::from(area.height));
            return sheet;
        }
        let editing = self.step == Step::Editing;
        self.form.draw_one(&mut sheet, TO, editing);
        if editing && self.form.focus() == TO {
            self.draw_matching(&mut sheet, model);
        } else {
            draw_recipients(&mut sheet, model, &self.recipients(model));
        }
        self.form.draw_one(&mut sheet, PATHS, editing);
        self.form.draw_one(&mut sheet, NOTE, editing);
        self.form.draw_one(&mut sheet, LEFT_OUT, editing);
        match &self.step {
            Step::Editing | Step::Skipped { .. } => {}
            Step::Staging { copied, total, .. } => draw_staging(&mut sheet, *copied, *total),
            Step::Offering { stage, .. } => {
                sheet.styled(&text::send::offering(stage), theme.accent());
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

/// What is to be known about the recipients before sending.
fn draw_recipients(sheet: &mut Sheet, model: &Model, emails: &[Email]) {
    let theme = *sheet.theme();
    let known = |email| model.session.as_ref().and_then(|session| session.contact(email));
    let contacts: Vec<&ContactView> = emails.iter().filter_map(known).collect();
    let Some(first) = contacts.first() else { return };
    let margin = if sheet.width() >= 44 { sheet.label_width() } else { 0 };
    let is_blocked =
        |contact: &&&ContactView| matches!(contact.trust, Trust::Changed { .. } | Trust::Revoked);
    let there = |contact: &&&ContactView| matches!(contact.presence, Presence::Online { .. });
    let online = contacts.iter().filter(there).count();
    let (words, style) = match (contacts.iter().find(is_blocked), contacts.len()) {
        (Some(blocked), _) => (text::trust_sentence(&blocked.trust).to_owned(), theme.danger()),
        (None, 1) if there(&first) => (text::send::THERE.to_owned(), theme.good()),
        (None, 1) => (text::send::NOT_THERE.to_owned(), theme.quiet()),
        (None, all) => (text::send::several(all, online), theme.quiet()),
    };
    sheet.drop_blank();
    sheet.indented(margin, &words, style);
    sheet.blank();
}

/// What cannot be sent, before the rest goes.
fn draw_skipped(sheet: &mut Sheet, stage: &Stage, rows: usize) {
    let theme = *sheet.theme();
    let skipped = &stage.skipped;
    sheet.styled(&text::send::skipped(skipped.count), theme.warning());
    sheet.blank();
    let room = rows.saturating_sub(SKIPPED_FRAME).max(1);
    for thing in skipped.first.iter().take(room) {
        let path = escape(&String::from_utf8_lossy(thing.path.as_ref()));
        sheet.spread(&path, text::send::why(thing.why), theme.plain());
    }
    let listed = skipped.first.len().min(room);
    let rest = usize::try_from(skipped.count).unwrap_or(usize::MAX).saturating_sub(listed);
    if rest > 0 {
        sheet.styled(&text::send::more_skipped(rest), theme.quiet());
    }
    sheet.blank();
    sheet.styled(&text::send::rest(stage), theme.strong());
    sheet.blank();
    sheet.choices(&[("Enter", text::send::OFFER_REST), ("Esc", text::send::CALL_OFF)]);
    sheet.see_here();
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
