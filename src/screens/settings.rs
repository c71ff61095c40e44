//! The account itself: what is so, and what can be done about it.

use airhatch_wire::Fingerprint;
use airhatch_wire::control::{AuthorityState, Jail, JailStrength};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::heading;
use crate::keymap::{Action, BINDINGS, Place};
use crate::model::{Model, Session};
use crate::text::{self, label};
use crate::widgets::Sheet;

/// What can be done, in its order on the screen.
const ACTIONS: [Action; 6] = [
    Action::ChoosePolicy,
    Action::ChooseLimits,
    Action::ChangePassphrase,
    Action::LogOut,
    Action::Accounts,
    Action::RemoveAccount,
];

/// How many rows can be chosen.
pub(crate) const SETTING_ROWS: usize = ACTIONS.len();

/// What a row does.
pub(crate) fn setting_action(row: usize) -> Option<Action> {
    ACTIONS.get(row).copied()
}

/// The screen: facts, and below them what can be done. On low screens what can be done comes first.
pub(crate) fn settings(model: &Model, frame: &mut Frame<'_>, body: Rect) {
    let Some(session) = &model.session else { return };
    let theme = &model.setting.theme;
    let rows = u16::try_from(SETTING_ROWS).unwrap_or(u16::MAX);
    let inner = |area: Rect| Rect { x: area.x + 2, width: area.width.saturating_sub(4), ..area };
    let facts_rows = body.height.saturating_sub(rows + 1);
    let facts_area = Rect { height: facts_rows, ..body };
    let mut sheet = Sheet::new(theme, "", body);
    facts(&mut sheet, model, session);
    sheet.draw_plain(frame, inner(facts_area));
    let below = Rect {
        y: body.y + facts_rows + 1,
        height: rows.min(body.height.saturating_sub(facts_rows + 1)),
        ..body
    };
    heading(theme, frame, below, text::WHAT_YOU_CAN_DO);
    for ((index, action), y) in ACTIONS.into_iter().enumerate().zip(below.y..below.bottom()) {
        let line = row(model, index, action);
        frame.buffer_mut().set_line(below.x, y, &line, below.width);
    }
}

fn row(model: &Model, index: usize, action: Action) -> Line<'static> {
    let theme = &model.setting.theme;
    let chosen = index == model.setting_row;
    let sign = if chosen { theme.glyphs().cursor } else { " " };
    let key = BINDINGS
        .iter()
        .find(|binding| binding.place == Place::Settings && binding.action == action)
        .and_then(|binding| binding.keys.first())
        .map(text::keys)
        .unwrap_or_default();
    let style = if chosen { theme.strong() } else { theme.plain() };
    Line::from(vec![
        Span::styled(format!("{sign} "), theme.chosen()),
        Span::styled(format!("{key:<3}"), theme.accent()),
        Span::styled(text::long(action), style),
    ])
}

fn facts(sheet: &mut Sheet, model: &Model, session: &Session) {
    let theme = *sheet.theme();
    let account = &session.account;
    sheet.pair(label::ACCOUNT, session.record.account.as_str(), theme.strong());
    if let Some(fingerprint) = &account.fingerprint {
        in_two_rows(sheet, label::FINGERPRINT, fingerprint);
    }
    sheet.pair(label::INBOX, &text::inbox(model), theme.plain());
    sheet.pair(label::WHILE_AWAY, &text::policy(&account.policy), theme.plain());
    sheet.pair(label::LIMITS, &text::limits(&account.limits), theme.plain());
    if let Some(until) = account.certificate_until {
        let until = text::clock(until, model.now.wall, &model.setting.zone);
        sheet.pair(label::CERTIFICATE, &text::certified_until(&until), theme.plain());
    }
    if let Some(authority) = &account.authority {
        let style = match authority.state {
            AuthorityState::Fine | AuthorityState::Unasked => theme.plain(),
            AuthorityState::Unreachable | AuthorityState::Refused(_) => theme.warning(),
        };
        sheet.pair(label::AUTHORITY, &text::authority(authority), style);
        in_two_rows(sheet, label::AUTHORITY_KEY, &authority.fingerprint);
    }
    sheet.pair(label::ISOLATION, text::runtime_sentence(session.record.runtime), theme.plain());
    jails(sheet, &model.setting.jail, &account.jail);
    sheet.pair(label::AGENT, &text::agent(account), theme.plain());
    if !account.addresses.is_empty() {
        let addresses: Vec<String> = account.addresses.iter().map(ToString::to_string).collect();
        sheet.pair(label::ADDRESSES, &addresses.join(", "), theme.plain());
    }
}

/// One line when all is well; what is known about each that is not whole.
fn jails(sheet: &mut Sheet, program: &Jail, agent: &Jail) {
    let theme = *sheet.theme();
    let whole = |jail: &Jail| jail.strength == JailStrength::Whole;
    if whole(program) && whole(agent) {
        return sheet.pair(label::JAILS, &text::jails(program.strength, agent.strength), theme.plain());
    }
    for (label, jail) in [(label::THIS_PROGRAM, program), (label::AGENTS_JAIL, agent)] {
        let style = if whole(jail) { theme.plain() } else { theme.warning() };
        sheet.pair(label, &text::jail_sentence(jail), style);
    }
}

fn in_two_rows(sheet: &mut Sheet, label: &str, fingerprint: &Fingerprint) {
    let theme = *sheet.theme();
    for (number, row) in text::fingerprint_rows(fingerprint, 8).iter().enumerate() {
        sheet.pair(if number == 0 { label } else { "" }, row, theme.plain());
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
mod tests {
    use crate::rehearsal::{Rehearsal, partly_jailed, shots};

    #[test]
    fn the_account_is_told_with_what_can_be_done() {
        let mut rehearsal = Rehearsal::logged_in(vec![], vec![]);
        shots!("settings", rehearsal.keys("5j"));
        insta::assert_snapshot!("smallest_40x10", rehearsal.screen(40, 10));
    }

    #[test]
    fn a_jail_that_is_not_whole_is_told_with_all_that_is_known_about_it() {
        let mut rehearsal = Rehearsal::logged_in(vec![], vec![]);
        rehearsal.model.setting.jail = partly_jailed();
        rehearsal.keys("5");
        insta::assert_snapshot!("partly_jailed_80x24", rehearsal.screen(80, 24));
    }
}
