//! A contact's key is not the one that was pinned: a person decides. Nothing here happens by habit: the key that takes
//! the new key is dead at first, asks again, and names the very key that was seen.

use airhatch_wire::control::{ContactView, Trust};
use airhatch_wire::{Email, Fingerprint};
use ratatui::layout::Rect;

use super::{Dialog, Flow, Guard, Layer, Question};
use crate::keymap::{Action, Place};
use crate::model::{Model, Tone};
use crate::msg::Now;
use crate::text;
use crate::update::Turn;
use crate::widgets::Sheet;

/// The decision about a changed key.
#[derive(Debug)]
pub(crate) struct Changed {
    email: Email,
    guard: Guard,
}

impl Changed {
    /// Asks about a contact.
    pub(crate) const fn new(email: Email, now: Now) -> Self {
        Self { email, guard: Guard::begin(now) }
    }

    fn contact<'a>(&self, model: &'a Model) -> Option<&'a ContactView> {
        model.session.as_ref()?.contact(&self.email)
    }

    fn new_key(&self, model: &Model) -> Option<Fingerprint> {
        match self.contact(model)?.trust {
            Trust::Changed { fingerprint, .. } => Some(fingerprint),
            Trust::Certified | Trust::Verified | Trust::Revoked => None,
        }
    }
}

impl Dialog for Changed {
    fn place(&self) -> Place {
        Place::Changed
    }

    fn act(&mut self, turn: &mut Turn<'_>, action: Action) -> Flow {
        match (action, self.new_key(turn.model)) {
            (Action::Close, _) => Flow::Close,
            (Action::TrustKey, Some(_)) if self.guard.holds(turn.model.now) => {
                turn.model.say(Tone::Plain, text::READ_FIRST);
                Flow::Stay
            }
            (Action::TrustKey, Some(fingerprint)) => {
                let question = Question::TrustKey { email: self.email.clone(), fingerprint };
                Flow::Replace(Layer::Question(question))
            }
            (Action::TrustKey, None) => Flow::Stay,
            (Action::RemoveContact, _) => {
                let question = Question::removing(turn.model, self.email.clone());
                Flow::Replace(Layer::Question(question))
            }
            _ => Flow::Pass,
        }
    }

    fn next_look(&self, now: Now) -> Option<u64> {
        self.guard.left(now)
    }

    fn sheet(&self, model: &Model, area: Rect) -> Sheet {
        let theme = model.setting.theme;
        let mut sheet = Sheet::new(&theme, text::changed::TITLE, area);
        let (Some(contact), Some(new_key)) = (self.contact(model), self.new_key(model)) else {
            let trust = self.contact(model).map(|contact| text::trust_sentence(&contact.trust));
            sheet.text(trust.unwrap_or(text::CONTACT_GONE));
            return sheet;
        };
        sheet.alarm();
        sheet.styled(&text::changed::what(&self.email), theme.danger());
        sheet.blank();
        sheet.text(text::changed::WHY);
        sheet.blank();
        two_keys(&mut sheet, &contact.fingerprint, &new_key);
        sheet.blank();
        let held = self.guard.holds(model.now);
        sheet.choices_when(
            !held,
            &[("t", text::changed::TAKE), ("x", text::changed::REMOVE), ("Esc", text::changed::WAIT)],
        );
        sheet
    }
}

/// The known and the new fingerprint, side by side where there is room.
fn two_keys(sheet: &mut Sheet, known: &Fingerprint, new: &Fingerprint) {
    let theme = *sheet.theme();
    let (known, new) = (text::fingerprint_lines(known), text::fingerprint_lines(new));
    if sheet.width() < 50 {
        sheet.styled(text::changed::KNOWN, theme.quiet());
        known.iter().for_each(|line| sheet.text(line));
        sheet.styled(text::changed::NEW, theme.quiet());
        new.iter().for_each(|line| sheet.styled(line, theme.warning()));
        return;
    }
    let half = sheet.width() / 2;
    sheet.halves((text::changed::KNOWN, theme.quiet()), (text::changed::NEW, theme.quiet()), half);
    for (left, right) in known.iter().zip(&new) {
        sheet.halves((left, theme.plain()), (right, theme.warning()), half);
    }
}
