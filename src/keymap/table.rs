//! The list itself. The order is the order of the bottom bar: what matters most comes first.

use crossterm::event::KeyCode;

use super::{Action, Binding, Chord, Keys, Place};

const fn c(c: char) -> Keys {
    Keys { first: Chord::char(c), second: None }
}

const fn ctrl(c: char) -> Keys {
    Keys { first: Chord::ctrl(c), second: None }
}

const fn k(code: KeyCode) -> Keys {
    Keys { first: Chord::key(code), second: None }
}

const fn twice(c: char) -> Keys {
    Keys { first: Chord::char(c), second: Some(Chord::char(c)) }
}

/// Told by the bottom bar.
const fn shown(place: Place, action: Action, keys: &'static [Keys]) -> Binding {
    Binding { place, keys, action, bar: true }
}

/// Told by the help page only.
const fn silent(place: Place, action: Action, keys: &'static [Keys]) -> Binding {
    Binding { place, keys, action, bar: false }
}

const ENTER: Keys = k(KeyCode::Enter);
const ESC: Keys = k(KeyCode::Esc);

/// Every key of the program.
pub(crate) const BINDINGS: &[Binding] = &[
    shown(Place::Transfers, Action::Open, &[ENTER]),
    shown(Place::Transfers, Action::Send, &[c('s')]),
    shown(Place::Transfers, Action::PauseOrResume, &[c('p')]),
    shown(Place::Transfers, Action::Retry, &[c('r')]),
    shown(Place::Transfers, Action::CancelTransfer, &[c('x')]),
    shown(Place::Transfers, Action::AddContact, &[c('c')]),
    shown(Place::Contacts, Action::Send, &[c('s')]),
    shown(Place::Contacts, Action::Open, &[ENTER]),
    shown(Place::Contacts, Action::AddContact, &[c('c')]),
    shown(Place::Contacts, Action::Verify, &[c('v')]),
    shown(Place::Contacts, Action::Ping, &[c('r')]),
    shown(Place::Contacts, Action::ContactRule, &[c('p')]),
    shown(Place::Contacts, Action::RemoveContact, &[c('x'), k(KeyCode::Delete)]),
    shown(Place::History, Action::Open, &[ENTER]),
    shown(Place::History, Action::Retry, &[c('r')]),
    shown(Place::History, Action::Forget, &[c('x'), k(KeyCode::Delete)]),
    silent(Place::History, Action::Send, &[c('s')]),
    silent(Place::Log, Action::Open, &[ENTER]),
    shown(Place::Log, Action::Last, &[c('G'), k(KeyCode::End)]),
    shown(Place::Settings, Action::Open, &[ENTER]),
    shown(Place::Settings, Action::ChoosePolicy, &[c('p')]),
    shown(Place::Settings, Action::ChooseLimits, &[c('L')]),
    shown(Place::Settings, Action::ChangePassphrase, &[c('w')]),
    shown(Place::Settings, Action::LogOut, &[c('o')]),
    shown(Place::Settings, Action::Accounts, &[c('u')]),
    shown(Place::Settings, Action::RemoveAccount, &[c('X')]),
    shown(Place::Accounts, Action::Open, &[ENTER]),
    shown(Place::Accounts, Action::NewAccount, &[c('n')]),
    shown(Place::Accounts, Action::Back, &[c('q')]),
    silent(Place::Accounts, Action::Help, &[c('?')]),
    silent(Place::Transfers, Action::Filter, &[c('/')]),
    silent(Place::Contacts, Action::Filter, &[c('/')]),
    silent(Place::History, Action::Filter, &[c('/')]),
    shown(Place::Filter, Action::Submit, &[ENTER]),
    shown(Place::Filter, Action::Close, &[ESC]),
    silent(Place::Filter, Action::Down, &[k(KeyCode::Down)]),
    silent(Place::Filter, Action::Up, &[k(KeyCode::Up)]),
    shown(Place::Palette, Action::Choose, &[ENTER]),
    shown(Place::Palette, Action::Close, &[ESC]),
    silent(Place::Palette, Action::Down, &[k(KeyCode::Down), k(KeyCode::Tab), ctrl('n')]),
    silent(Place::Palette, Action::Up, &[k(KeyCode::Up), k(KeyCode::BackTab), ctrl('p')]),
    silent(Place::Lists, Action::Down, &[c('j'), k(KeyCode::Down)]),
    silent(Place::Lists, Action::Up, &[c('k'), k(KeyCode::Up)]),
    silent(Place::Lists, Action::First, &[twice('g'), k(KeyCode::Home)]),
    silent(Place::Lists, Action::Last, &[c('G'), k(KeyCode::End)]),
    silent(Place::Lists, Action::PageDown, &[ctrl('d'), k(KeyCode::PageDown)]),
    silent(Place::Lists, Action::PageUp, &[ctrl('u'), k(KeyCode::PageUp)]),
    silent(Place::Screens, Action::ShowTransfers, &[c('1')]),
    silent(Place::Screens, Action::ShowContacts, &[c('2')]),
    silent(Place::Screens, Action::ShowHistory, &[c('3')]),
    silent(Place::Screens, Action::ShowLog, &[c('4')]),
    silent(Place::Screens, Action::ShowSettings, &[c('5')]),
    silent(Place::Screens, Action::NextScreen, &[k(KeyCode::Tab), c('l'), k(KeyCode::Right)]),
    silent(Place::Screens, Action::PreviousScreen, &[k(KeyCode::BackTab), c('h'), k(KeyCode::Left)]),
    shown(Place::Screens, Action::OldestYes, &[ctrl('y')]),
    silent(Place::Screens, Action::OldestNo, &[ctrl('n')]),
    silent(Place::Screens, Action::ShowAll, &[ESC]),
    silent(Place::Screens, Action::Palette, &[c(':'), ctrl('p')]),
    shown(Place::Screens, Action::Help, &[c('?')]),
    shown(Place::Screens, Action::Back, &[c('q')]),
    shown(Place::AgentGone, Action::Reconnect, &[c('r'), ENTER]),
    shown(Place::AgentGone, Action::Accounts, &[c('u')]),
    shown(Place::AgentGone, Action::Back, &[c('q'), ESC]),
    shown(Place::Alone, Action::Back, &[c('q'), ESC]),
    shown(Place::Form, Action::Submit, &[ENTER]),
    shown(Place::Form, Action::NextField, &[k(KeyCode::Tab), k(KeyCode::Down)]),
    silent(Place::Form, Action::PreviousField, &[k(KeyCode::BackTab), k(KeyCode::Up)]),
    shown(Place::Form, Action::Close, &[ESC]),
    shown(Place::SendForm, Action::SubmitNow, &[ctrl('s')]),
    shown(Place::SendForm, Action::NextField, &[k(KeyCode::Tab)]),
    silent(Place::SendForm, Action::PreviousField, &[k(KeyCode::BackTab)]),
    silent(Place::SendForm, Action::Submit, &[ENTER]),
    silent(Place::SendForm, Action::Down, &[k(KeyCode::Down)]),
    silent(Place::SendForm, Action::Up, &[k(KeyCode::Up)]),
    shown(Place::SendForm, Action::Close, &[ESC]),
    shown(Place::Telling, Action::Submit, &[ENTER]),
    shown(Place::Telling, Action::Close, &[ESC]),
    shown(Place::Seat, Action::Submit, &[ENTER]),
    shown(Place::Seat, Action::LoadImage, &[c('l')]),
    shown(Place::Seat, Action::BuildImage, &[c('b')]),
    shown(Place::Seat, Action::LookAgain, &[c('r')]),
    shown(Place::Seat, Action::Down, &[k(KeyCode::Down), c('j'), k(KeyCode::Tab)]),
    silent(Place::Seat, Action::Up, &[k(KeyCode::Up), c('k'), k(KeyCode::BackTab)]),
    shown(Place::Seat, Action::Close, &[ESC]),
    shown(Place::Busy, Action::Close, &[ESC]),
    shown(Place::Offer, Action::Accept, &[c('a')]),
    shown(Place::Offer, Action::Deny, &[c('d')]),
    shown(Place::Offer, Action::Details, &[ENTER]),
    shown(Place::Offer, Action::Tick, &[c(' ')]),
    shown(Place::Offer, Action::ChooseFolder, &[c('f')]),
    shown(Place::Offer, Action::ContactRule, &[c('p')]),
    silent(Place::Offer, Action::Unfold, &[k(KeyCode::Right), c('l')]),
    silent(Place::Offer, Action::Fold, &[k(KeyCode::Left), c('h')]),
    silent(Place::Offer, Action::First, &[twice('g'), k(KeyCode::Home)]),
    silent(Place::Offer, Action::Last, &[c('G'), k(KeyCode::End)]),
    silent(Place::Offer, Action::OldestYes, &[ctrl('y')]),
    silent(Place::Offer, Action::OldestNo, &[ctrl('n')]),
    shown(Place::Offer, Action::Close, &[ESC, c('q')]),
    shown(Place::Transfer, Action::PauseOrResume, &[c('p')]),
    shown(Place::Transfer, Action::Retry, &[c('r')]),
    shown(Place::Transfer, Action::CancelTransfer, &[c('x')]),
    silent(Place::Transfer, Action::Details, &[ENTER]),
    silent(Place::Transfer, Action::Unfold, &[k(KeyCode::Right), c('l')]),
    silent(Place::Transfer, Action::Fold, &[k(KeyCode::Left), c('h')]),
    silent(Place::Transfer, Action::First, &[twice('g'), k(KeyCode::Home)]),
    silent(Place::Transfer, Action::Last, &[c('G'), k(KeyCode::End)]),
    shown(Place::Transfer, Action::Close, &[ESC, c('q')]),
    shown(Place::Contact, Action::Send, &[c('s')]),
    shown(Place::Contact, Action::Verify, &[c('v')]),
    shown(Place::Contact, Action::Ping, &[c('r')]),
    shown(Place::Contact, Action::ContactRule, &[c('p')]),
    shown(Place::Contact, Action::RemoveContact, &[c('x'), k(KeyCode::Delete)]),
    shown(Place::Contact, Action::Close, &[ESC, ENTER, c('q')]),
    shown(Place::Changed, Action::TrustKey, &[c('t')]),
    shown(Place::Changed, Action::RemoveContact, &[c('x')]),
    shown(Place::Changed, Action::Close, &[ESC, c('q')]),
    shown(Place::Question, Action::Yes, &[c('y')]),
    shown(Place::Question, Action::No, &[c('n'), ESC, c('q')]),
    shown(Place::Choice, Action::Choose, &[ENTER]),
    shown(Place::Choice, Action::Down, &[k(KeyCode::Down), c('j')]),
    shown(Place::Choice, Action::Up, &[k(KeyCode::Up), c('k')]),
    shown(Place::Choice, Action::Close, &[ESC, c('q')]),
    shown(Place::Error, Action::Details, &[c('e')]),
    shown(Place::Error, Action::Close, &[ESC, ENTER, c('q')]),
    shown(Place::HelpPage, Action::Close, &[ESC, c('q'), c('?'), ENTER]),
    silent(Place::Dialogs, Action::Down, &[c('j'), k(KeyCode::Down)]),
    silent(Place::Dialogs, Action::Up, &[c('k'), k(KeyCode::Up)]),
    silent(Place::Dialogs, Action::PageDown, &[ctrl('d'), k(KeyCode::PageDown)]),
    silent(Place::Dialogs, Action::PageUp, &[ctrl('u'), k(KeyCode::PageUp)]),
    silent(Place::Dialogs, Action::Palette, &[c(':'), ctrl('p')]),
    silent(Place::Dialogs, Action::Help, &[c('?')]),
    silent(Place::Always, Action::Help, &[k(KeyCode::F(1))]),
    silent(Place::Always, Action::Redraw, &[ctrl('l')]),
    silent(Place::Always, Action::Suspend, &[ctrl('z')]),
    silent(Place::Always, Action::Quit, &[ctrl('c')]),
];
