//! What lies on top of a page: dialogs, one on the other. The top one is asked first about every key.
//!
//! A dialog owns what is typed into it and what it waits for. It changes the rest of the model only through its turn.

use airhatch_wire::{Code, Failure};
use crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use crate::keymap::{Action, Place};
use crate::model::{GUARD_TIME, Model};
use crate::msg::{Now, Ticket};
use crate::update::{Answer, Turn};
use crate::widgets::Sheet;

mod add_contact;
mod changed;
mod contact;
mod error;
mod files;
mod help;
mod limits;
mod log_in;
mod offer;
mod palette;
mod passphrase;
mod policy;
mod question;
mod remove_account;
mod rule;
mod send;
mod transfer;
mod wizard;

pub(crate) use add_contact::AddContact;
pub(crate) use changed::Changed;
pub(crate) use contact::ContactPage;
pub(crate) use error::ErrorPage;
pub(crate) use files::Flag;
pub(crate) use help::Help;
pub(crate) use limits::{ChooseLimits, choose_limits};
pub(crate) use log_in::LogIn;
pub(crate) use offer::Offer;
pub(crate) use palette::Palette;
pub(crate) use passphrase::{ChangePassphrase, change_passphrase};
pub(crate) use policy::{ChoosePolicy, choose_policy};
pub(crate) use question::Question;
pub(crate) use remove_account::RemoveAccount;
pub(crate) use rule::Rule;
pub(crate) use send::{Send, looks_like_paths, paths_of};
pub(crate) use transfer::{TransferPage, facts as transfer_facts};
pub(crate) use wizard::Wizard;

/// One dialog.
#[derive(Debug)]
pub(crate) enum Layer {
    /// Makes an account.
    Wizard(Box<Wizard>),
    /// Asks for the passphrase.
    LogIn(LogIn),
    /// Decides about an offer.
    Offer(Box<Offer>),
    /// Looks at a transfer.
    Transfer(Box<TransferPage>),
    /// Offers files.
    Send(Box<Send>),
    /// Adds a contact.
    AddContact(AddContact),
    /// Looks at a contact.
    Contact(ContactPage),
    /// Decides about a changed key.
    Changed(Changed),
    /// Asks before something that cannot be undone.
    Question(Question),
    /// Changes the passphrase.
    ChangePassphrase(ChangePassphrase),
    /// Chooses what happens while away.
    ChoosePolicy(ChoosePolicy),
    /// Chooses what happens to a contact's offers.
    Rule(Box<Rule>),
    /// Chooses what the account allows at most.
    ChooseLimits(ChooseLimits),
    /// Removes the account.
    RemoveAccount(RemoveAccount),
    /// Says what went wrong.
    Error(ErrorPage),
    /// Finds what can be done.
    Palette(Box<Palette>),
    /// Says what the keys do.
    Help(Help),
}

impl Layer {
    /// What all dialogs have in common.
    pub(crate) fn dialog(&self) -> &dyn Dialog {
        match self {
            Self::Wizard(dialog) => dialog.as_ref(),
            Self::LogIn(dialog) => dialog,
            Self::Offer(dialog) => dialog.as_ref(),
            Self::Transfer(dialog) => dialog.as_ref(),
            Self::Send(dialog) => dialog.as_ref(),
            Self::AddContact(dialog) => dialog,
            Self::Contact(dialog) => dialog,
            Self::Changed(dialog) => dialog,
            Self::Question(dialog) => dialog,
            Self::ChangePassphrase(dialog) => dialog,
            Self::ChoosePolicy(dialog) => dialog,
            Self::Rule(dialog) => dialog.as_ref(),
            Self::ChooseLimits(dialog) => dialog,
            Self::RemoveAccount(dialog) => dialog,
            Self::Error(dialog) => dialog,
            Self::Palette(dialog) => dialog.as_ref(),
            Self::Help(dialog) => dialog,
        }
    }

    /// The same, to change it.
    pub(crate) fn dialog_mut(&mut self) -> &mut dyn Dialog {
        match self {
            Self::Wizard(dialog) => dialog.as_mut(),
            Self::LogIn(dialog) => dialog,
            Self::Offer(dialog) => dialog.as_mut(),
            Self::Transfer(dialog) => dialog.as_mut(),
            Self::Send(dialog) => dialog.as_mut(),
            Self::AddContact(dialog) => dialog,
            Self::Contact(dialog) => dialog,
            Self::Changed(dialog) => dialog,
            Self::Question(dialog) => dialog,
            Self::ChangePassphrase(dialog) => dialog,
            Self::ChoosePolicy(dialog) => dialog,
            Self::Rule(dialog) => dialog.as_mut(),
            Self::ChooseLimits(dialog) => dialog,
            Self::RemoveAccount(dialog) => dialog,
            Self::Error(dialog) => dialog,
            Self::Palette(dialog) => dialog.as_mut(),
            Self::Help(dialog) => dialog,
        }
    }
}

/// What becomes of a dialog after it did something.
#[derive(Debug)]
pub(crate) enum Flow {
    /// It stays.
    Stay,
    /// It goes.
    Close,
    /// Another one comes in its place.
    Replace(Layer),
    /// It stays, another one comes on top.
    Open(Layer),
    /// This was none of its business.
    Pass,
}

/// What all dialogs have in common.
pub(crate) trait Dialog {
    /// Where its keys have their meaning.
    fn place(&self) -> Place;

    /// Whether what is typed is text.
    fn takes_text(&self) -> bool {
        false
    }

    /// Whether an action would do something now: the bottom bar tells no others.
    fn offers(&self, _model: &Model, _action: Action) -> bool {
        true
    }

    /// Does what a key asked for.
    fn act(&mut self, turn: &mut Turn<'_>, action: Action) -> Flow;

    /// Takes a key that is text, or edits text.
    fn key(&mut self, _turn: &mut Turn<'_>, _key: KeyEvent) -> Flow {
        Flow::Stay
    }

    /// Takes a pasted text.
    fn paste(&mut self, _turn: &mut Turn<'_>, _text: &str) -> Flow {
        Flow::Stay
    }

    /// Whether the answer to this is for it.
    fn waits_for(&self, _ticket: Ticket) -> bool {
        false
    }

    /// Takes an answer that it waits for.
    fn answer(&mut self, _turn: &mut Turn<'_>, _ticket: Ticket, _answer: Answer) -> Flow {
        Flow::Stay
    }

    /// Milliseconds until it looks different though nothing happens.
    fn next_look(&self, _now: Now) -> Option<u64> {
        None
    }

    /// What it shows in a panel inside `area`.
    fn sheet(&self, model: &Model, area: Rect) -> Sheet;
}

/// Keys that decide something are dead for a moment after their dialog appeared, so that nothing typed before it was
/// seen can decide.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guard {
    opened: u64,
}

impl Guard {
    /// Begins now.
    pub(crate) const fn begin(now: Now) -> Self {
        Self { opened: now.tick }
    }

    /// True while the keys are dead.
    pub(crate) const fn holds(self, now: Now) -> bool {
        now.tick < self.opened + GUARD_TIME
    }

    /// Milliseconds until they live.
    pub(crate) fn left(self, now: Now) -> Option<u64> {
        self.holds(now).then(|| self.opened + GUARD_TIME - now.tick)
    }
}

/// Puts what went wrong, and what to do, at the end of a sheet.
fn problem(sheet: &mut Sheet, failure: &Failure) {
    let theme = *sheet.theme();
    sheet.blank();
    sheet.styled(&crate::text::sentence(&failure.message.shown()), theme.danger());
    // What is not well-formed has said so.
    if failure.code != Code::Invalid || !failure.hint.is_empty() {
        sheet.text(&crate::text::advice_of(failure));
    }
    sheet.see_here();
}

#[cfg(test)]
mod tests;
