//! Yes or no, before something that cannot be undone. Only `y` is yes.

use airhatch_wire::control::{Command, ContactView, TransferView, Trust};
use airhatch_wire::{Email, Fingerprint, TransferId};
use ratatui::layout::Rect;

use super::{Dialog, Flow, Layer};
use crate::keymap::{Action, Place};
use crate::model::{Ask, Model, Tone};
use crate::msg::Effect;
use crate::text;
use crate::update::{Turn, log_out};
use crate::widgets::Sheet;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// Leave, though something is under way?
    Quit {
        /// Transfers that move.
        moving: usize,
        /// Whether files are being copied for an offer.
        staging: bool,
        /// Whether everything ends with this program.
        demo: bool,
    },
    /// Log out, though something is under way?
    LogOut {
        /// Transfers that move.
        moving: usize,
    },
    /// Call a transfer off?
    Cancel {
        /// Which.
        id: TransferId,
        /// In words.
        what: String,
    },
    /// Take a finished transfer off the list?
    Forget {
        /// Which.
        id: TransferId,
        /// In words.
        what: String,
    },
    /// Remove a contact?
    RemoveContact {
        /// Whom.
        email: Email,
        /// Transfers with them that are not over.
        live: usize,
    },
    /// Were fingerprints compared?
    Verify {
        /// Whose.
        email: Email,
        /// The one of the key that is pinned.
        fingerprint: Fingerprint,
    },
    /// Is that to be taken back?
    Unverify {
        /// Whose.
        email: Email,
        /// The one of the key that is pinned.
        fingerprint: Fingerprint,
    },
    /// Take a contact's new key?
    TrustKey {
        /// Whose.
        email: Email,
        /// The one of the new key.
        fingerprint: Fingerprint,
    },
}

impl Question {
    /// What is to be asked before leaving, if anything.
    pub(crate) fn about_quitting(model: &Model) -> Option<Self> {
        let moving = model.session.as_ref().map_or(0, |session| session.transfers.busy());
        let staging =
            model.layers.iter().any(|layer| matches!(layer, Layer::Send(send) if send.is_staging()));
        (moving > 0 || staging).then_some(Self::Quit { moving, staging, demo: model.setting.demo })
    }

    /// What is to be asked before logging out, if anything.
    pub(crate) fn about_logging_out(model: &Model) -> Option<Self> {
        let moving = model.session.as_ref().map_or(0, |session| session.transfers.busy());
        (moving > 0).then_some(Self::LogOut { moving })
    }

    /// Before a transfer is called off; nothing to ask when it is over.
    pub(crate) fn cancelling(view: &TransferView) -> Option<Self> {
        (!view.state.is_over()).then(|| Self::Cancel { id: view.id, what: text::transfer_in_words(view) })
    }

    /// Before a transfer is taken off the list; nothing to ask while it is not over.
    pub(crate) fn forgetting(view: &TransferView) -> Option<Self> {
        view.state.is_over().then(|| Self::Forget { id: view.id, what: text::transfer_in_words(view) })
    }

    /// Before a contact is removed.
    pub(crate) fn removing(model: &Model, email: Email) -> Self {
        let live = model.session.as_ref().map_or(0, |session| session.transfers.live_with(&email));
        Self::RemoveContact { email, live }
    }

    /// About comparing fingerprints; `None` while the key itself needs a decision.
    pub(crate) fn verifying(contact: &ContactView) -> Option<Self> {
        let (email, fingerprint) = (contact.email.clone(), contact.fingerprint);
        match contact.trust {
            Trust::Certified => Some(Self::Verify { email, fingerprint }),
            Trust::Verified => Some(Self::Unverify { email, fingerprint }),
            Trust::Changed { .. } | Trust::Revoked => None,
        }
    }

    fn yes(&self, turn: &mut Turn<'_>) {
        match self.clone() {
            Self::Quit { .. } => turn.effects.push(Effect::Exit(0)),
            Self::LogOut { .. } => log_out(turn),
            Self::Cancel { id, what } => {
                let command = Command::Cancel { transfer: id, reason: String::new() };
                turn.ask_agent(Ask::Say(text::cancelled(&what)), command);
            }
            Self::Forget { id, .. } => {
                turn.ask_agent(Ask::Dialog, Command::Forget { transfer: id });
            }
            Self::RemoveContact { email, .. } => {
                turn.ask_agent(Ask::Say(text::contact_removed(&email)), Command::RemoveContact { email });
            }
            Self::Verify { email, fingerprint } => {
                let said = Ask::Say(text::contact_verified(&email));
                turn.ask_agent(said, Command::MarkVerified { email, fingerprint, verified: true });
            }
            Self::Unverify { email, fingerprint } => {
                let said = Ask::Say(text::contact_unverified(&email));
                turn.ask_agent(said, Command::MarkVerified { email, fingerprint, verified: false });
            }
            Self::TrustKey { email, fingerprint } => {
                let said = Ask::Say(text::key_taken(&email));
                turn.ask_agent(said, Command::TrustNewKey { email, fingerprint });
            }
        }
    }
}

impl Dialog for Question {
    fn place(&self) -> Place {
        Place::Question
    }

    fn act(&mut self, turn: &mut Turn<'_>, action: Action) -> Flow {
        match action {
            Action::Yes => {
                turn.model.say(Tone::Plain, text::ONE_MOMENT);
                self.yes(turn);
                Flow::Close
            }
            Action::No => Flow::Close,
            _ => Flow::Pass,
        }
    }

    fn sheet(&self, model: &Model, area: Rect) -> Sheet {
        let theme = model.setting.theme;
        let words = text::question(self);
        let mut sheet = Sheet::new(&theme, words.title, area);
        if words.grave {
            sheet.alarm();
        }
        sheet.styled(&words.what, theme.strong());
        if !words.why.is_empty() {
            sheet.blank();
            sheet.text(&words.why);
        }
        if let Some(fingerprint) = words.fingerprint {
            sheet.blank();
            for line in text::fingerprint_lines(&fingerprint) {
                sheet.indented(4, &line, theme.accent());
            }
        }
        sheet.blank();
        sheet.choices(&[("y", words.yes), ("n", words.no)]);
        sheet
    }
}
