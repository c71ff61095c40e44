//! What each action does: first the top dialog is asked, then the program as a whole, then the page.

use airhatch_wire::TransferId;
use airhatch_wire::control::{Command, Trust};

use super::{Turn, filter, session, steer};
use crate::dialogs::{
    AddContact, Changed, ContactPage, Dialog, Flow, Help, Layer, Offer, Palette, Question, RemoveAccount,
    Rule, Send, TransferPage, Wizard, change_passphrase, choose_limits, choose_policy,
};
use crate::keymap::Action;
use crate::model::{Ask, Page, Screen, Tone};
use crate::msg::Effect;
use crate::screens;
use crate::text;

/// Rows of a page that is turned.
const PAGE: isize = 10;

/// The furthest that a dialog is scrolled, lines: longer than any but the lists of files, which have rows to choose.
const FURTHEST: usize = 60;

/// Does what was asked for.
pub(crate) fn act(turn: &mut Turn<'_>, action: Action) {
    if turn.model.layers.is_empty() && turn.model.filtering && filter::act(turn, action) {
        return;
    }
    let mut passed = turn.model.layers.is_empty();
    with_top(turn, |dialog, turn| {
        let flow = dialog.act(turn, action);
        passed = matches!(flow, Flow::Pass);
        flow
    });
    if passed && !everywhere(turn, action) && turn.model.layers.is_empty() {
        on_page(turn, action);
    }
}

/// Lets the top dialog do something, and follows what it says.
pub(super) fn with_top(turn: &mut Turn<'_>, work: impl FnOnce(&mut dyn Dialog, &mut Turn<'_>) -> Flow) {
    if let Some(index) = turn.model.layers.len().checked_sub(1) {
        with_layer(turn, index, work);
    }
}

/// Lets one dialog do something, and follows what it says. What it opens comes on top.
pub(super) fn with_layer(
    turn: &mut Turn<'_>,
    index: usize,
    work: impl FnOnce(&mut dyn Dialog, &mut Turn<'_>) -> Flow,
) {
    let mut layer = turn.model.layers.remove(index);
    let flow = work(layer.dialog_mut(), turn);
    // The work may have shown another page, with no dialogs.
    let place = index.min(turn.model.layers.len());
    match flow {
        Flow::Stay | Flow::Pass => turn.model.layers.insert(place, layer),
        Flow::Close => {}
        Flow::Replace(other) => turn.model.layers.insert(place, other),
        Flow::Open(other) => {
            turn.model.layers.insert(place, layer);
            turn.model.layers.push(other);
        }
    }
}

/// What works everywhere. True when it was one of these.
fn everywhere(turn: &mut Turn<'_>, action: Action) -> bool {
    match action {
        Action::Help => {
            let place = turn.model.place();
            if !matches!(turn.model.layers.last(), Some(Layer::Help(_))) {
                turn.open(Layer::Help(Help::new(place)));
            }
        }
        Action::Palette => {
            if !matches!(turn.model.layers.last(), Some(Layer::Palette(_) | Layer::Question(_))) {
                let palette = Palette::new(turn.model);
                turn.open(Layer::Palette(Box::new(palette)));
            }
        }
        Action::Redraw => turn.effects.push(Effect::Redraw),
        Action::Suspend if turn.model.setting.shell => turn.effects.push(Effect::Suspend),
        Action::Suspend => turn.model.say(Tone::Plain, text::NO_SHELL),
        Action::Quit => quit(turn),
        Action::Down | Action::Up | Action::PageDown | Action::PageUp if !turn.model.layers.is_empty() => {
            let scrolled = &mut turn.model.scrolled;
            step(action, |by| *scrolled = scrolled.saturating_add_signed(by).min(FURTHEST));
        }
        _ => return false,
    }
    true
}

/// Leaves, asking first when that ends something; asked twice, it leaves.
pub(crate) fn quit(turn: &mut Turn<'_>) {
    let asked = matches!(turn.model.layers.last(), Some(Layer::Question(Question::Quit { .. })));
    match Question::about_quitting(turn.model) {
        Some(question) if !asked => turn.open(Layer::Question(question)),
        _ => turn.effects.push(Effect::Exit(0)),
    }
}

fn on_page(turn: &mut Turn<'_>, action: Action) {
    match (&turn.model.page, action) {
        (_, Action::Back) => quit(turn),
        (Page::Account, _) => on_screen(turn, action),
        (Page::Accounts, Action::Open) => session::open_chosen(turn),
        (Page::Accounts, Action::NewAccount) => turn.open(Layer::Wizard(Box::new(Wizard::new()))),
        (Page::Accounts, _) => {
            let rows = turn.model.account_names();
            step(action, |by| turn.model.account_cursor.step(&rows, by));
        }
        (Page::AgentGone(_), Action::Reconnect) => session::reconnect(turn),
        (Page::AgentGone(_), Action::Accounts) => session::leave(turn),
        (Page::AgentGone(_) | Page::WardenGone(_) | Page::Starting, _) => {}
    }
}

fn on_screen(turn: &mut Turn<'_>, action: Action) {
    match action {
        Action::ShowTransfers => turn.model.screen = Screen::Transfers,
        Action::ShowContacts => turn.model.screen = Screen::Contacts,
        Action::ShowHistory => turn.model.screen = Screen::History,
        Action::ShowLog => turn.model.screen = Screen::Log,
        Action::ShowSettings => turn.model.screen = Screen::Settings,
        Action::NextScreen => turn.model.screen = turn.model.screen.step(1),
        Action::PreviousScreen => turn.model.screen = turn.model.screen.step(Screen::ALL.len() - 1),
        Action::Filter => filter::begin(turn),
        Action::ShowAll => drop(filter::clear(turn)),
        Action::OldestYes | Action::OldestNo => open_oldest_offer(turn),
        Action::AddContact => turn.open(Layer::AddContact(AddContact::new(false))),
        Action::Send => {
            let send = Send::new(turn.model, None, "");
            turn.open(Layer::Send(Box::new(send)));
        }
        Action::Open => open_row(turn),
        Action::PauseOrResume | Action::Retry => steer_chosen(turn, action),
        Action::CancelTransfer => ask_about_transfer(turn, Question::cancelling),
        Action::Forget => ask_about_transfer(turn, Question::forgetting),
        Action::Verify | Action::Ping | Action::ContactRule | Action::RemoveContact => {
            with_contact(turn, action);
        }
        Action::ChooseLimits => turn.open(choose_limits(turn.model)),
        Action::ChoosePolicy => turn.open(choose_policy(turn.model)),
        Action::ChangePassphrase => turn.open(change_passphrase()),
        Action::LogOut => match Question::about_logging_out(turn.model) {
            Some(question) => turn.open(Layer::Question(question)),
            None => session::log_out(turn),
        },
        Action::Accounts => session::leave(turn),
        Action::RemoveAccount => open_removal(turn),
        _ => move_on_screen(turn, action),
    }
}

/// The oldest offer that waits.
fn open_oldest_offer(turn: &mut Turn<'_>) {
    let offers = turn.model.session.as_ref().map(|session| session.transfers.offers()).unwrap_or_default();
    match offers.first() {
        Some(offer) => open_transfer(turn, *offer),
        None => turn.model.say(Tone::Plain, text::NO_OFFER),
    }
}

/// An offer to decide about, or a transfer to look at.
fn open_transfer(turn: &mut Turn<'_>, id: TransferId) {
    let Some(transfer) = turn.model.session.as_ref().and_then(|session| session.transfers.find(id)) else {
        return;
    };
    let layer = if transfer.is_offer() {
        Layer::Offer(Box::new(Offer::new(&transfer.view, turn.model.now)))
    } else {
        Layer::Transfer(Box::new(TransferPage::new(&transfer.view)))
    };
    turn.open(layer);
}

fn open_row(turn: &mut Turn<'_>) {
    let Some(session) = &turn.model.session else { return };
    match turn.model.screen {
        Screen::Transfers | Screen::History => {
            if let Some(id) = screens::chosen_transfer(turn.model).map(|transfer| transfer.view.id) {
                open_transfer(turn, id);
            }
        }
        Screen::Contacts => {
            if let Some(contact) = session.chosen_contact() {
                let layer = if matches!(contact.trust, Trust::Changed { .. }) {
                    Layer::Changed(Changed::new(contact.email.clone(), turn.model.now))
                } else {
                    Layer::Contact(ContactPage::new(contact.email.clone()))
                };
                turn.open(layer);
            }
        }
        Screen::Log => {}
        Screen::Settings => {
            if let Some(action) = screens::setting_action(turn.model.setting_row) {
                on_screen(turn, action);
            }
        }
    }
}

fn open_removal(turn: &mut Turn<'_>) {
    if let Some(account) = turn.model.session.as_ref().map(|session| session.record.account.clone()) {
        turn.open(Layer::RemoveAccount(RemoveAccount::new(account)));
    }
}

fn ask_about_transfer(
    turn: &mut Turn<'_>,
    ask: impl FnOnce(&airhatch_wire::control::TransferView) -> Option<Question>,
) {
    let Some(transfer) = screens::chosen_transfer(turn.model) else { return };
    match ask(&transfer.view) {
        Some(question) => turn.open(Layer::Question(question)),
        None => turn.model.say(Tone::Plain, text::NOT_NOW),
    }
}

fn steer_chosen(turn: &mut Turn<'_>, action: Action) {
    let view = screens::chosen_transfer(turn.model).map(|transfer| transfer.view.clone());
    if let Some(view) = view
        && steer(turn, &view, action)
    {
        turn.model.screen = Screen::Transfers;
    }
}

fn with_contact(turn: &mut Turn<'_>, action: Action) {
    let chosen = turn.model.session.as_ref().and_then(|session| session.chosen_contact()).cloned();
    let Some(contact) = chosen else { return };
    match action {
        Action::Verify => match Question::verifying(&contact) {
            Some(question) => turn.open(Layer::Question(question)),
            None => turn.open(Layer::Changed(Changed::new(contact.email, turn.model.now))),
        },
        Action::Ping => ping(turn, contact.email),
        Action::ContactRule => {
            let rule = Rule::new(&contact, turn.model.now.wall);
            turn.open(Layer::Rule(Box::new(rule)));
        }
        _ => {
            let question = Question::removing(turn.model, contact.email);
            turn.open(Layer::Question(question));
        }
    }
}

/// Asks a contact's agent whether it is there.
pub(crate) fn ping(turn: &mut Turn<'_>, email: airhatch_wire::Email) {
    turn.model.say(Tone::Plain, text::pinging(&email));
    turn.ask_agent(Ask::Ping(email.clone()), Command::Ping { email });
}

fn move_on_screen(turn: &mut Turn<'_>, action: Action) {
    let model = &mut *turn.model;
    let Some(session) = &mut model.session else { return };
    match model.screen {
        Screen::Transfers => {
            let rows = session.transfer_rows();
            step(action, |by| session.transfer_cursor.step(&rows, by));
        }
        Screen::History => {
            let rows = session.history_rows();
            step(action, |by| session.history_cursor.step(&rows, by));
        }
        Screen::Contacts => {
            let rows = session.contact_rows();
            step(action, |by| session.contact_cursor.step(&rows, by));
        }
        Screen::Log => step(action, |by| model.journal.step(by)),
        Screen::Settings => step(action, |by| {
            let last = screens::SETTING_ROWS.saturating_sub(1);
            model.setting_row = model.setting_row.saturating_add_signed(by).min(last);
        }),
    }
}

/// How many rows an action moves.
pub(crate) fn step(action: Action, mut by: impl FnMut(isize)) {
    match action {
        Action::Down => by(1),
        Action::Up => by(-1),
        Action::PageDown => by(PAGE),
        Action::PageUp => by(-PAGE),
        Action::First => by(isize::MIN),
        Action::Last => by(isize::MAX),
        _ => {}
    }
}
