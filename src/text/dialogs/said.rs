//! Sentences of the status bar and of the log.

use airhatch_wire::control::{Policy, TransferState, TransferView};
use airhatch_wire::{Email, Failure};

use super::transfer_in_words;
use crate::text::{count, milliseconds, state, what};

/// While an account is opened.
pub(crate) fn opening(account: &Email) -> String {
    format!("Opening {account}")
}

/// Logged in.
pub(crate) fn logged_in(account: &Email) -> String {
    format!("{account} is logged in")
}

/// Logged out.
pub(crate) fn logged_out(account: &Email) -> String {
    format!("{account} is logged out")
}

/// Removed for good.
pub(crate) fn removed(account: &Email) -> String {
    format!("{account} is removed; received files stay where they are")
}

/// A contact is asked.
pub(crate) fn pinging(email: &Email) -> String {
    format!("Asking {email}")
}

/// A contact answered.
pub(crate) fn pong(email: &Email, micros: u64) -> String {
    format!("{email} answered in {}", milliseconds(micros))
}

/// A contact did not answer.
pub(crate) fn no_pong(email: &Email, failure: &Failure) -> String {
    format!("{email} did not answer: {}", failure.message.shown())
}

/// Files are offered.
pub(crate) fn offered(contacts: usize) -> String {
    format!("Offered to {}; they decide", count(contacts, "contact", "contacts"))
}

/// An offer came.
pub(crate) fn new_offer(view: &TransferView) -> String {
    format!("{} offers {}; Ctrl-Y shows it", view.contact, what(view))
}

/// A transfer ended.
pub(crate) fn ended(view: &TransferView) -> String {
    let ended = format!("{}: {}", transfer_in_words(view), state(view));
    match &view.state {
        TransferState::Failed(failure) => format!("{ended}: {}", failure.message.shown()),
        _ => ended,
    }
}

/// A transfer rests.
pub(crate) fn paused(what: &str) -> String {
    format!("Paused: {what}; p lets it go on")
}

/// A transfer goes on.
pub(crate) fn resumed(what: &str) -> String {
    format!("Goes on: {what}")
}

/// A waiting transfer is tried before its time.
pub(crate) fn trying(what: &str) -> String {
    format!("Trying {what} now")
}

/// A failed transfer is offered anew.
pub(crate) fn offered_again(what: &str) -> String {
    format!("Offered again: {what}")
}

/// A transfer was called off.
pub(crate) fn cancelled(what: &str) -> String {
    format!("Called off: {what}")
}

/// A contact was added.
pub(crate) fn contact_added(email: &Email) -> String {
    format!("{email} is a contact now")
}

/// A contact was removed.
pub(crate) fn contact_removed(email: &Email) -> String {
    format!("{email} is no contact any more")
}

/// Fingerprints were compared.
pub(crate) fn contact_verified(email: &Email) -> String {
    format!("{email} is verified")
}

/// That was taken back.
pub(crate) fn contact_unverified(email: &Email) -> String {
    format!("{email} is not verified any more")
}

/// A new key was taken.
pub(crate) fn key_taken(email: &Email) -> String {
    format!("The new key of {email} is taken; compare fingerprints to verify it")
}

/// A key is another one now.
pub(crate) fn key_changed(email: &Email) -> String {
    format!("The key of {email} changed: open the contact and decide")
}

/// The CA revoked a contact.
pub(crate) fn contact_revoked(email: &Email) -> String {
    format!("The CA revoked {email}: nothing is sent or taken any more")
}

/// The policy is another one now.
pub(crate) fn policy_set(policy: &Policy) -> String {
    format!("Offers while you are away: {}", crate::text::policy(policy))
}

/// Something that should have been tidied up is still there.
pub(crate) fn untidy(failure: &Failure) -> String {
    format!("could not tidy up: {}", failure.message.shown())
}

/// The agent went away.
pub(crate) fn agent_gone(reason: &Failure) -> String {
    format!("the agent went away: {}", reason.message.shown())
}

/// The warden went away.
pub(crate) fn warden_gone(reason: &Failure) -> String {
    format!("the warden went away: {}", reason.message.shown())
}
