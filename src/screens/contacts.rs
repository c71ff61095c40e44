//! Whom one knows: whether they are there, and how far their keys are to be trusted.

use airhatch_wire::control::{ContactView, Presence, Trust};
use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::{Line, Span};

use super::{empty, heading, nothing, split, waiting};
use crate::model::Model;
use crate::text::{self, heading as head, label};
use crate::widgets::{Column, Sheet, Table, fit_middle};

/// Rows of the details.
const DETAILS: u16 = 4;

/// The screen.
pub(crate) fn contacts(model: &Model, frame: &mut Frame<'_>, body: Rect) {
    let Some(session) = &model.session else { return };
    let theme = &model.setting.theme;
    let contacts = session.contact_rows();
    if contacts.is_empty() {
        if !session.complete {
            return waiting(model, frame, body, text::LOADING);
        }
        return empty(theme, frame, body, nothing(session, model.screen, &text::NO_CONTACTS));
    }
    let (list, below) = split(body, DETAILS);
    let chosen = session.contact_cursor.index(&contacts);
    let columns = columns(list.width);
    let row = |index: usize, cells: &[Rect]| {
        contacts
            .get(index)
            .and_then(|email| session.contact(email))
            .map(|contact| cells_of(model, contact, cells))
            .unwrap_or_default()
    };
    Table { theme, columns: &columns, rows: contacts.len(), chosen }.draw(frame, list, row);
    if let (Some(area), Some(contact)) = (below, session.chosen_contact()) {
        details(model, frame, area, contact);
    }
}

fn columns(width: u16) -> Vec<Column> {
    let sign = Column::left("", Constraint::Length(1));
    let contact = Column::left(head::CONTACT, Constraint::Min(12));
    let trust = Column::left(head::TRUST, Constraint::Length(11));
    if width < super::SINGLE_PANE {
        return vec![sign, contact, trust];
    }
    let presence = Column::left(head::PRESENCE, Constraint::Length(14));
    let fingerprint = Column::left(head::FINGERPRINT, Constraint::Length(19));
    vec![sign, contact, presence, trust, fingerprint]
}

fn cells_of(model: &Model, contact: &ContactView, cells: &[Rect]) -> Vec<Line<'static>> {
    let theme = &model.setting.theme;
    let online = matches!(contact.presence, Presence::Online { .. });
    let sign = if online { theme.glyphs().full } else { theme.glyphs().hollow };
    let width = cells.get(1).map_or(0, |cell| usize::from(cell.width));
    let trust_style = match contact.trust {
        Trust::Verified => theme.good(),
        Trust::Certified => theme.plain(),
        Trust::Changed { .. } | Trust::Revoked => theme.danger(),
    };
    let presence_style = if online { theme.good() } else { theme.quiet() };
    let mut lines = vec![
        Line::styled(sign, presence_style),
        Line::raw(fit_middle(contact.email.as_str(), width, theme.glyphs().cut)),
        Line::styled(text::presence(&contact.presence), presence_style),
        Line::styled(text::trust(&contact.trust), trust_style),
        Line::from(Span::styled(contact.fingerprint.short(), theme.quiet())),
    ];
    if cells.len() == 3 {
        lines.remove(2);
    }
    lines
}

/// The chosen contact below the list.
fn details(model: &Model, frame: &mut Frame<'_>, area: Rect, contact: &ContactView) {
    let theme = &model.setting.theme;
    heading(theme, frame, area, contact.email.as_str());
    let (now, zone) = (model.now.wall, &model.setting.zone);
    let mut sheet = Sheet::new(theme, "", area);
    let alarming = matches!(contact.trust, Trust::Changed { .. } | Trust::Revoked);
    let style = if alarming { theme.danger() } else { theme.plain() };
    sheet.pair(label::TRUST, text::trust_sentence(&contact.trust), style);
    sheet.pair(label::PRESENCE, &text::presence_sentence(&contact.presence, now, zone), theme.plain());
    sheet.pair(label::FINGERPRINT, &contact.fingerprint.short(), theme.plain());
    sheet.pair(label::ADDED, &text::clock(contact.added, now, zone), theme.plain());
    sheet.draw_plain(frame, Rect { x: area.x + 2, width: area.width.saturating_sub(4), ..area });
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
mod tests {
    use airhatch_wire::control::{Presence, Trust};

    use crate::rehearsal::{Rehearsal, changed_contact, contact, shots, two_contacts};

    #[test]
    fn an_empty_list_tells_the_next_key() {
        let mut rehearsal = Rehearsal::logged_in(vec![], vec![]);
        shots!("empty", rehearsal.keys("2"));
    }

    #[test]
    fn trust_and_presence_are_told_in_words() {
        let mut contacts = two_contacts();
        contacts.push(changed_contact());
        contacts.push(contact("dave@example.org", Trust::Revoked, Presence::Unknown));
        let long = format!("{}@a-very-long-host-name.example.org", "e".repeat(60));
        contacts.push(contact(&long, Trust::Certified, Presence::Offline { seen: None }));
        let mut rehearsal = Rehearsal::logged_in(contacts, vec![]);
        shots!("all_kinds", rehearsal.keys("2"));
        shots!("key_changed", rehearsal.keys("jj"));
    }
}
