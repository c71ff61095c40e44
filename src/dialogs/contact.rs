//! One contact: how far to trust it, whether it is there, and its fingerprint to compare.

use airhatch_wire::Email;
use airhatch_wire::control::{ContactView, Trust};
use ratatui::layout::Rect;

use super::{Changed, Dialog, Flow, Layer, Question, Rule, Send};
use crate::keymap::{Action, Place};
use crate::model::Model;
use crate::text;
use crate::update::{Turn, ping};
use crate::widgets::Sheet;

/// A look at a contact.
#[derive(Debug)]
pub(crate) struct ContactPage {
    email: Email,
}

impl ContactPage {
    /// Looks at a contact.
    pub(crate) const fn new(email: Email) -> Self {
        Self { email }
    }

    fn contact<'a>(&self, model: &'a Model) -> Option<&'a ContactView> {
        model.session.as_ref()?.contact(&self.email)
    }
}

impl Dialog for ContactPage {
    fn place(&self) -> Place {
        Place::Contact
    }

    fn act(&mut self, turn: &mut Turn<'_>, action: Action) -> Flow {
        let Some(contact) = self.contact(turn.model).cloned() else {
            return if action == Action::Close { Flow::Close } else { Flow::Pass };
        };
        match action {
            Action::Close => Flow::Close,
            Action::Send => {
                let send = Send::new(turn.model, Some(self.email.clone()), "");
                Flow::Replace(Layer::Send(Box::new(send)))
            }
            Action::Verify => match Question::verifying(&contact) {
                Some(question) => Flow::Open(Layer::Question(question)),
                None => Flow::Replace(Layer::Changed(Changed::new(contact.email, turn.model.now))),
            },
            Action::Ping => {
                ping(turn, contact.email);
                Flow::Stay
            }
            Action::ContactRule => {
                let rule = Rule::new(&contact, turn.model.now.wall);
                Flow::Open(Layer::Rule(Box::new(rule)))
            }
            Action::RemoveContact => {
                let question = Question::removing(turn.model, contact.email);
                Flow::Open(Layer::Question(question))
            }
            _ => Flow::Pass,
        }
    }

    fn sheet(&self, model: &Model, area: Rect) -> Sheet {
        let theme = model.setting.theme;
        let mut sheet = Sheet::new(&theme, self.email.as_str(), area);
        let Some(contact) = self.contact(model) else {
            sheet.text(text::CONTACT_GONE);
            return sheet;
        };
        let (now, zone) = (model.now.wall, &model.setting.zone);
        let trust = match contact.trust {
            Trust::Verified => theme.good(),
            Trust::Certified => theme.plain(),
            Trust::Changed { .. } | Trust::Revoked => theme.danger(),
        };
        sheet.pair(text::label::TRUST, text::trust_sentence(&contact.trust), trust);
        let presence = text::presence_sentence(&contact.presence, now, zone);
        sheet.pair(text::label::PRESENCE, &presence, theme.plain());
        sheet.pair(text::label::RULE, &text::rule(contact, now, zone), theme.plain());
        sheet.pair(text::label::ADDED, &text::clock(contact.added, now, zone), theme.plain());
        sheet.blank();
        for (number, line) in text::fingerprint_lines(&contact.fingerprint).iter().enumerate() {
            let label = if number == 0 { text::label::FINGERPRINT } else { "" };
            sheet.pair(label, line, theme.accent());
        }
        if contact.trust == Trust::Certified {
            sheet.blank();
            sheet.text(text::COMPARE);
        }
        sheet
    }
}
