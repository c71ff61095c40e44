//! Words of the dialogs, the toasts and the log.

use airhatch_wire::Failure;
use airhatch_wire::control::TransferView;

use super::{advice, bytes, count, left, number, percent, rate, what};
use crate::dialogs::Flag;
use crate::keymap::Keys;
use crate::model::Meter;

mod forms;
mod questions;
mod said;

pub(crate) use forms::*;
pub(crate) use questions::question;
pub(crate) use said::*;

/// A pasted text that was no path.
pub(crate) const NOT_PASTED: &str = "What was pasted is no path of a file, so nothing was done with it";
/// Suspending without a shell.
pub(crate) const NO_SHELL: &str = "There is no shell to go back to";
/// No offer waits.
pub(crate) const NO_OFFER: &str = "No offer waits";
/// A key that does nothing in this state.
pub(crate) const NOT_NOW: &str = "This transfer is not in a state for that";
/// Only they can let it go on.
pub(crate) const PAUSED_BY_THEM: &str = "The other side has paused it: only they can let it go on";
/// What failed on its way here is not ours to offer.
pub(crate) const THEIRS_TO_OFFER: &str = "Only its sender can offer this again: ask them";
/// The files of an ended transfer are not kept ready.
pub(crate) const SEND_AGAIN: &str = "Its files are not kept ready any more: send them again with s";
/// Something was asked for and takes a moment.
pub(crate) const ONE_MOMENT: &str = "One moment";
/// A key that was pressed before its dialog could be read.
pub(crate) const READ_FIRST: &str = "That came too soon: read first, then press the key again";
/// While the keys are wiped.
pub(crate) const LOGGING_OUT: &str = "Logging out";
/// The contact that a dialog is about was removed.
pub(crate) const CONTACT_GONE: &str = "not one of your contacts any more";
/// Below a fingerprint that was never compared.
pub(crate) const COMPARE: &str =
    "Read the fingerprint to each other over the phone or in person. If it is the same, press v.";

/// Titles of errors.
pub(crate) const FAILED: &str = "That did not work";
/// The agent does not tell what happens.
pub(crate) const FAILED_WATCH: &str = "The agent does not tell what happens";
/// An offer was refused before it left.
pub(crate) const FAILED_SEND: &str = "The files were not offered";
/// Some of several offers were refused.
pub(crate) const FAILED_SOME: &str = "Not everybody was offered the files";
/// No list of accounts.
pub(crate) const FAILED_ACCOUNTS: &str = "The accounts cannot be listed";
/// No agent.
pub(crate) const FAILED_ATTACH: &str = "The account cannot be opened";
/// Logging out failed.
pub(crate) const FAILED_LOCK: &str = "Logging out failed";

/// Words of the error dialog.
pub(crate) mod error {
    pub(crate) const CODE: &str = "Code";
    pub(crate) const USUALLY: &str = "Usually";
    pub(crate) const MORE: &str = "More";
    pub(crate) const IN_LOG: &str = "screen 4 has the log of this program and of the agent";
}

/// Words of the offer dialog.
pub(crate) mod offer {
    pub(crate) const TITLE: &str = "Files are offered to you";
    pub(crate) const ACCEPT: &str = "accept";
    pub(crate) const DENY: &str = "deny";
    pub(crate) const LATER: &str = "decide later";
    pub(crate) const ACCEPT_TICKED: &str = "accept what is ticked";
    pub(crate) const TICK: &str = "tick";
    pub(crate) const FOLDER: &str = "folder";
    pub(crate) const BACK: &str = "back";
    pub(crate) const FOLDER_HINT: &str =
        "a folder in your inbox, like photos/2026; empty is the inbox itself";
    pub(crate) const NO_FOLDER: &str = "this is not a folder in your inbox";
    pub(crate) const NO_FOLDER_WHY: &str =
        "type a name or a path like photos/2026: not from / on, and without ..";
    pub(crate) const NOTHING_TICKED_WHY: &str = "tick something with Space, or deny the offer with d";
    pub(crate) const SCATTERED_WHY: &str = "tick whole folders, or accept everything";
    pub(crate) const STILL_LISTING: &str = "The files are still being listed: one moment";
    pub(crate) const ACCEPTED: &str = "Accepted: the files come";
    pub(crate) const DENIED: &str = "Denied";
    pub(crate) const GONE: &str = "This offer is gone.";
    pub(crate) const DISTRUSTED: &str = "nothing is taken from this contact now";
    pub(crate) const DISTRUSTED_WHY: &str = "look at the contact's key on screen 2 first, or deny the offer";

    /// The offer needs no decision any more.
    pub(crate) fn settled(state: &str) -> String {
        format!("Nothing to decide any more: {state}.")
    }
}

/// Words of the transfer dialog.
pub(crate) mod transfer {
    pub(crate) const TITLE: &str = "Transfer";
    pub(crate) const GONE: &str = "This transfer is not on the list any more.";
}

/// Words of the dialog about a changed key.
pub(crate) mod changed {
    pub(crate) const TITLE: &str = "A key changed";
    pub(crate) const WHY: &str = "They may have made a new account on a new machine, or somebody is pretending to be \
         them. Ask them over another channel and compare the new fingerprint. Until you decide, nothing is sent or taken.";
    pub(crate) const KNOWN: &str = "The key you know";
    pub(crate) const NEW: &str = "The key the CA names now";
    pub(crate) const TAKE: &str = "take the new key";
    pub(crate) const REMOVE: &str = "remove the contact";
    pub(crate) const WAIT: &str = "decide later";

    /// Whose.
    pub(crate) fn what(email: &airhatch_wire::Email) -> String {
        format!("{email} has another key than the one you know.")
    }
}

/// Words of the palette.
pub(crate) mod palette {
    pub(crate) const TITLE: &str = "What shall be done?";
    pub(crate) const NOTHING: &str = "nothing fits";
}

/// Words of the help page.
pub(crate) mod help {
    use crate::keymap::Place;

    pub(crate) const TITLE: &str = "Keys";

    /// Above the keys of a place.
    pub(crate) const fn heading(place: Place) -> &'static str {
        match place {
            Place::Always => "Everywhere",
            Place::Screens => "On every screen",
            Place::Lists => "In lists",
            Place::Dialogs => "In dialogs",
            Place::Transfers => "Transfers",
            Place::Contacts => "Contacts",
            Place::History => "History",
            Place::Log => "Log",
            Place::Settings => "Settings",
            Place::Accounts => "Accounts",
            Place::Filter => "While typing a filter",
            Place::Palette => "In this list",
            Place::Form | Place::SendForm | Place::Telling | Place::Busy => "This form",
            Place::Offer => "This offer",
            Place::Transfer => "This transfer",
            Place::Contact | Place::Changed => "This contact",
            _ => "Here",
        }
    }
}

/// A binding's keys.
pub(crate) fn keys(keys: &Keys) -> String {
    match keys.second {
        Some(second) => format!("{} {second}", keys.first),
        None => keys.first.to_string(),
    }
}

/// The first letter large, a full stop at the end: a failure's message as a sentence.
pub(crate) fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let mut sentence = first + letters.as_str();
    if !sentence.is_empty() && !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

/// What to do about a failure: its own hint, else what usually helps.
pub(crate) fn advice_of(failure: &Failure) -> String {
    if failure.hint.is_empty() { advice(failure.code).to_owned() } else { sentence(&failure.hint.shown()) }
}

/// Somebody's words.
pub(crate) fn quoted(words: &str) -> String {
    format!("\"{words}\"")
}

/// `3 files, 4.2 MB`.
pub(crate) fn files_in_words(view: &TransferView) -> String {
    format!("{}, {}", number(view), bytes(view.total))
}

/// The same, where the number of files is known.
pub(crate) fn files_and_bytes(files: u32, size: u64) -> String {
    let files = usize::try_from(files).unwrap_or(usize::MAX);
    format!("{}, {}", count(files, "file", "files"), bytes(size))
}

/// How much of an offer is ticked: files and bytes.
pub(crate) fn ticked(ticked: (u32, u64), all: (u32, u64)) -> String {
    format!("{} of {} files ticked, {} of {}", ticked.0, all.0, bytes(ticked.1), bytes(all.1))
}

/// A file that was not ticked.
pub(crate) const NOT_TAKEN: &str = "not taken";

/// What a name deserves to be told of, in a word.
pub(crate) const fn flag(flag: Flag, is_folder: bool) -> &'static str {
    match flag {
        Flag::None => "",
        Flag::Hidden => "hidden",
        Flag::Program if is_folder => "has programs",
        Flag::Program => "program",
        Flag::Autostart => "may run by itself",
    }
}

/// The same about a whole offer, in a sentence.
pub(crate) const fn look_out(flag: Flag) -> &'static str {
    match flag {
        Flag::None | Flag::Hidden => "",
        Flag::Program => "there are programs among the files",
        Flag::Autostart => "some of this may run by itself: look closer",
    }
}

/// While pages of a long list are on their way.
pub(crate) fn listing(known: u32, all: u32) -> String {
    format!("Listing the files: {}", percent(u64::from(known), u64::from(all)))
}

/// What a transfer is, for a question.
pub(crate) fn transfer_in_words(view: &TransferView) -> String {
    let way = if view.direction == airhatch_wire::control::Direction::Outgoing { "to" } else { "from" };
    format!("{} {way} {}", what(view), view.contact)
}

/// Files that the list does not show.
pub(crate) fn more_files(number: Option<usize>) -> String {
    match number {
        Some(number) => format!("and {number} more; Enter shows all"),
        None => "and more; Enter shows all".to_owned(),
    }
}

/// The name that a file got, since its own was taken.
pub(crate) fn landed_as(name: &str) -> String {
    format!("here as {name}")
}

/// Room where files would go, at the end of a line.
pub(crate) fn free(free: u64) -> String {
    format!("{} free", bytes(free))
}

/// Room where files would go.
pub(crate) fn free_space(free: u64, enough: bool) -> String {
    if enough { bytes(free) } else { format!("{}: not enough", bytes(free)) }
}

/// How far a moving transfer is.
pub(crate) fn progress(view: &TransferView) -> String {
    format!("{}, {} of {}", percent(view.moved, view.total), bytes(view.moved), bytes(view.total))
}

/// Which file of how many moves, and how far that one is.
pub(crate) fn present_file(number: usize, of: u32, name: &str, moved: u64, size: u64) -> String {
    format!("{name}, {number} of {of}, {}", percent(moved, size))
}

/// Whose turn it is when others have ended.
pub(crate) fn place_in_line(place: usize, of: usize) -> String {
    format!("{place} of {of} in line")
}

/// How fast a moving transfer is, and how long it will take.
pub(crate) fn speed(meter: &Meter, view: &TransferView, tick: u64) -> String {
    let to_do = view.total.saturating_sub(view.moved);
    let left = meter.left(tick, to_do).map(|seconds| format!(", {} left", left(seconds))).unwrap_or_default();
    format!("{}{left}", rate(meter.rate(tick)))
}
