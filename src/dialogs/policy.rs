//! Chooses what happens to offers while nobody is here.

use airhatch_wire::control::{Command, Policy, Reply};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Dialog, Flow, Layer};
use crate::keymap::{Action, Place};
use crate::model::{Ask, Model, Tone};
use crate::msg::Ticket;
use crate::text;
use crate::update::{Answer, Turn};
use crate::widgets::Sheet;

const MEBI: u64 = 1_000_000;

/// The choices offered.
const CHOICES: [Policy; 5] = [
    Policy::Ask,
    Policy::Never,
    Policy::Verified { max_bytes: 100 * MEBI },
    Policy::Verified { max_bytes: 1_000 * MEBI },
    Policy::Verified { max_bytes: 10_000 * MEBI },
];

/// A list of policies.
#[derive(Debug)]
pub(crate) struct ChoosePolicy {
    choices: Vec<Policy>,
    row: usize,
    waiting: Option<Ticket>,
}

/// The dialog, with the present policy chosen; one that the list does not have is added to it.
pub(crate) fn choose_policy(model: &Model) -> Layer {
    let present = model.session.as_ref().map(|session| session.account.policy).unwrap_or_default();
    let mut choices = CHOICES.to_vec();
    if !choices.contains(&present) {
        choices.push(present);
    }
    let row = choices.iter().position(|choice| *choice == present).unwrap_or(0);
    Layer::ChoosePolicy(ChoosePolicy { choices, row, waiting: None })
}

impl Dialog for ChoosePolicy {
    fn place(&self) -> Place {
        Place::Choice
    }

    fn act(&mut self, turn: &mut Turn<'_>, action: Action) -> Flow {
        match action {
            Action::Close => return Flow::Close,
            Action::Down => self.row = (self.row + 1).min(self.choices.len().saturating_sub(1)),
            Action::Up => self.row = self.row.saturating_sub(1),
            Action::Choose if self.waiting.is_none() => {
                if let Some(policy) = self.choices.get(self.row).copied() {
                    self.waiting = Some(turn.ask_agent(Ask::Dialog, Command::SetPolicy { policy }));
                }
            }
            Action::Choose => {}
            _ => return Flow::Pass,
        }
        Flow::Stay
    }

    fn waits_for(&self, ticket: Ticket) -> bool {
        self.waiting == Some(ticket)
    }

    fn answer(&mut self, turn: &mut Turn<'_>, _ticket: Ticket, answer: Answer) -> Flow {
        match answer {
            Answer::Agent(Ok(Reply::Account(account))) => {
                turn.model.say(Tone::Good, text::policy_set(&account.policy));
                if let Some(session) = &mut turn.model.session {
                    session.account = *account;
                }
            }
            answer => {
                if let Some(failure) = answer.failure() {
                    turn.fail(text::FAILED, failure.clone());
                }
            }
        }
        Flow::Close
    }

    fn sheet(&self, model: &Model, area: Rect) -> Sheet {
        let theme = model.setting.theme;
        let mut sheet = Sheet::new(&theme, text::policy_dialog::TITLE, area);
        sheet.text(text::policy_dialog::WHY);
        sheet.blank();
        for (index, choice) in self.choices.iter().enumerate() {
            let chosen = index == self.row;
            let sign = if chosen { theme.glyphs().full } else { theme.glyphs().hollow };
            let style = if chosen { theme.chosen() } else { theme.plain() };
            let words = text::policy(choice);
            sheet.line(Line::from(vec![Span::styled(format!("{sign} "), style), Span::styled(words, style)]));
            if chosen {
                sheet.see_here();
            }
        }
        sheet
    }
}
