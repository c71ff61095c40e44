//! What a person can do and which keys do it: the one list behind the keys, the bottom bar and the help page.
//!
//! A place is where keys have a meaning: a screen, a dialog. Looking a key up is the only thing done here; what an
//! action does is decided in `update` and in the dialogs.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

mod chord;
mod table;

pub(crate) use chord::Chord;
pub(crate) use table::BINDINGS;

/// Everything a key can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Ends the program; asks when something would be lost.
    Quit,
    /// One step back, or the end of the program.
    Back,
    /// Closes the top layer.
    Close,
    /// What the keys do here.
    Help,
    /// Draws everything anew.
    Redraw,
    /// Back to the shell for a while.
    Suspend,
    /// Shows the transfers.
    ShowTransfers,
    /// Shows the contacts.
    ShowContacts,
    /// Shows what is over.
    ShowHistory,
    /// Shows the log.
    ShowLog,
    /// Shows the settings.
    ShowSettings,
    /// The screen to the right.
    NextScreen,
    /// The screen to the left.
    PreviousScreen,
    /// One row down.
    Down,
    /// One row up.
    Up,
    /// Half a page down.
    PageDown,
    /// Half a page up.
    PageUp,
    /// Types what a list shall show.
    Filter,
    /// Shows the whole list again.
    ShowAll,
    /// Finds what can be done by its name.
    Palette,
    /// The first row.
    First,
    /// The last row.
    Last,
    /// Opens the chosen row.
    Open,
    /// Takes the marked one of a list.
    Choose,
    /// Offers files to somebody.
    Send,
    /// Adds a contact.
    AddContact,
    /// Shows the oldest offer; there, accepts it.
    OldestYes,
    /// Shows the oldest offer; there, denies it.
    OldestNo,
    /// Accepts the offer.
    Accept,
    /// Denies the offer.
    Deny,
    /// Shows all files, or less again.
    Details,
    /// Ticks something of a list, or takes the tick away.
    Tick,
    /// Shows what is in a folder.
    Unfold,
    /// Hides what is in a folder.
    Fold,
    /// Chooses where an offer's files go.
    ChooseFolder,
    /// Lets a transfer rest, or go on.
    PauseOrResume,
    /// Tries a waiting transfer now, or offers a failed one again.
    Retry,
    /// Ends a transfer.
    CancelTransfer,
    /// Takes a finished transfer off the list.
    Forget,
    /// Notes that fingerprints were compared, or takes it back.
    Verify,
    /// Takes a contact's changed key.
    TrustKey,
    /// Removes a contact.
    RemoveContact,
    /// Asks a contact whether it is there.
    Ping,
    /// Loads the image that agents in containers run from.
    LoadImage,
    /// Builds that image.
    BuildImage,
    /// Looks for the container engine again.
    LookAgain,
    /// Chooses what happens to offers while nobody is here.
    ChoosePolicy,
    /// Chooses what happens to a contact's offers.
    ContactRule,
    /// Chooses what the account allows at most.
    ChooseLimits,
    /// Another passphrase.
    ChangePassphrase,
    /// Logs out.
    LogOut,
    /// Goes to the list of accounts.
    Accounts,
    /// Makes an account.
    NewAccount,
    /// Removes the account for good.
    RemoveAccount,
    /// Connects to the agent again.
    Reconnect,
    /// Says yes to a question.
    Yes,
    /// Says no to a question.
    No,
    /// The next field, or the end of a form.
    Submit,
    /// The next field.
    NextField,
    /// The field before.
    PreviousField,
    /// Ends a form from anywhere in it.
    SubmitNow,
}

/// Where keys have a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Everywhere, also while typing.
    Always,
    /// On all screens of an account.
    Screens,
    /// On all screens that list something.
    Lists,
    /// In all dialogs that nothing is typed into.
    Dialogs,
    /// The transfers.
    Transfers,
    /// The contacts.
    Contacts,
    /// What is over.
    History,
    /// The log.
    Log,
    /// The settings.
    Settings,
    /// What is typed to filter a list.
    Filter,
    /// The list of what can be done.
    Palette,
    /// The list of accounts.
    Accounts,
    /// The page about an agent that went away.
    AgentGone,
    /// The page about a warden that went away, and the one while starting.
    Alone,
    /// A form.
    Form,
    /// The form for sending.
    SendForm,
    /// The first-run steps that only tell something.
    Telling,
    /// The first-run step that asks where the agent shall run.
    Seat,
    /// Something is under way; it can only be called off.
    Busy,
    /// An offer.
    Offer,
    /// An offer of this account, seen from its own side, and every other transfer.
    Transfer,
    /// A contact.
    Contact,
    /// A contact whose key changed.
    Changed,
    /// A question.
    Question,
    /// A list to choose from.
    Choice,
    /// An error.
    Error,
    /// The help page.
    HelpPage,
}

impl Place {
    /// Where a key is looked up, in order.
    pub(crate) const fn layers(self) -> &'static [Self] {
        match self {
            Self::Transfers => &[Self::Transfers, Self::Lists, Self::Screens, Self::Always],
            Self::Contacts => &[Self::Contacts, Self::Lists, Self::Screens, Self::Always],
            Self::History => &[Self::History, Self::Lists, Self::Screens, Self::Always],
            Self::Log => &[Self::Log, Self::Lists, Self::Screens, Self::Always],
            Self::Settings => &[Self::Settings, Self::Lists, Self::Screens, Self::Always],
            Self::Accounts => &[Self::Accounts, Self::Lists, Self::Always],
            Self::Filter => &[Self::Filter, Self::Always],
            Self::Palette => &[Self::Palette, Self::Always],
            Self::Screens => &[Self::Screens, Self::Always],
            Self::Lists => &[Self::Lists, Self::Always],
            Self::Always => &[Self::Always],
            Self::Dialogs => &[Self::Dialogs, Self::Always],
            Self::AgentGone => &[Self::AgentGone, Self::Always],
            Self::Alone => &[Self::Alone, Self::Always],
            Self::Form => &[Self::Form, Self::Always],
            Self::SendForm => &[Self::SendForm, Self::Always],
            Self::Telling => &[Self::Telling, Self::Always],
            Self::Seat => &[Self::Seat, Self::Always],
            Self::Busy => &[Self::Busy, Self::Always],
            Self::Offer => &[Self::Offer, Self::Dialogs, Self::Always],
            Self::Transfer => &[Self::Transfer, Self::Dialogs, Self::Always],
            Self::Contact => &[Self::Contact, Self::Dialogs, Self::Always],
            Self::Changed => &[Self::Changed, Self::Dialogs, Self::Always],
            Self::Question => &[Self::Question, Self::Dialogs, Self::Always],
            Self::Choice => &[Self::Choice, Self::Always],
            Self::Error => &[Self::Error, Self::Dialogs, Self::Always],
            Self::HelpPage => &[Self::HelpPage, Self::Dialogs, Self::Always],
        }
    }
}

/// One line of the list.
#[derive(Debug)]
pub(crate) struct Binding {
    /// Where.
    pub(crate) place: Place,
    /// Which keys; the first one is shown.
    pub(crate) keys: &'static [Keys],
    /// What they do.
    pub(crate) action: Action,
    /// Whether the bottom bar tells it.
    pub(crate) bar: bool,
}

/// One key, or one after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Keys {
    /// Pressed first.
    pub(crate) first: Chord,
    /// Pressed next.
    pub(crate) second: Option<Chord>,
}

/// What a key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// It asks for this.
    Action(Action),
    /// It waits for another one.
    Prefix(Chord),
    /// Nothing.
    None,
}

/// What a key means at a place, after `pending`.
pub(crate) fn meaning(place: Place, pending: Option<Chord>, key: KeyEvent) -> Meaning {
    let chord = Chord::of(key);
    let here = || place.layers().iter().flat_map(|layer| BINDINGS.iter().filter(move |b| b.place == *layer));
    for binding in here() {
        let hit = |keys: &Keys| match pending {
            Some(first) => keys.first == first && keys.second == Some(chord),
            None => keys.first == chord && keys.second.is_none(),
        };
        if binding.keys.iter().any(hit) {
            return Meaning::Action(binding.action);
        }
    }
    if pending.is_some() {
        // The second key of no pair counts as a first one.
        return meaning(place, None, key);
    }
    let begins = |binding: &Binding| binding.keys.iter().any(|k| k.first == chord && k.second.is_some());
    if here().any(begins) { Meaning::Prefix(chord) } else { Meaning::None }
}

/// True for a key that types a character.
pub(crate) fn is_printable(key: KeyEvent) -> bool {
    let plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SUPER);
    matches!(key.code, KeyCode::Char(_)) && plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(code: KeyCode) -> KeyEvent {
        KeyEvent::new(code, KeyModifiers::NONE)
    }

    #[test]
    fn no_key_has_two_meanings_at_one_place() {
        for (i, one) in BINDINGS.iter().enumerate() {
            for other in BINDINGS.iter().skip(i + 1).filter(|other| other.place == one.place) {
                for keys in one.keys {
                    assert!(!other.keys.contains(keys), "{keys:?} means {one:?} and {other:?}");
                }
            }
        }
    }

    #[test]
    fn a_key_that_begins_a_pair_has_no_meaning_of_its_own() {
        for binding in BINDINGS {
            for pair in binding.keys.iter().filter(|keys| keys.second.is_some()) {
                let alone = Keys { first: pair.first, second: None };
                let clash = |b: &Binding| b.place == binding.place && b.keys.contains(&alone);
                assert!(!BINDINGS.iter().any(clash), "{pair:?}");
            }
        }
    }

    #[test]
    fn two_g_go_to_the_first_row_and_g_alone_does_nothing() {
        let g = press(KeyCode::Char('g'));
        let Meaning::Prefix(pending) = meaning(Place::Transfers, None, g) else {
            unreachable!("g begins a pair");
        };
        assert_eq!(meaning(Place::Transfers, Some(pending), g), Meaning::Action(Action::First));
        let j = press(KeyCode::Char('j'));
        assert_eq!(meaning(Place::Transfers, Some(pending), j), Meaning::Action(Action::Down));
    }

    #[test]
    fn enter_never_accepts_an_offer() {
        for code in [KeyCode::Enter, KeyCode::Esc, KeyCode::Char(' '), KeyCode::Tab] {
            let action = meaning(Place::Offer, None, press(code));
            assert!(
                action != Meaning::Action(Action::Accept) && action != Meaning::Action(Action::OldestYes)
            );
        }
    }
}
