//! From no account to one on the screen, and back: choosing, attaching, logging in and out, and what goes away.

use airhatch_wire::control::{AccountView, Command, LogLevel, Phase, Reply};
use airhatch_wire::warden::{self, AccountRecord};
use airhatch_wire::{Code, Email, Failure, StageId};

use super::Turn;
use crate::dialogs::{Layer, LogIn, Wizard};
use crate::model::{Ask, Page, Screen, Session, Tone};
use crate::msg::{Attachment, Effect};
use crate::stages;
use crate::text;

/// The program begins.
pub(super) fn begin(turn: &mut Turn<'_>) {
    turn.ask_warden(Ask::Accounts, warden::Command::Accounts);
}

/// The accounts of this machine are known. At the start, one account is opened and none means making one.
pub(super) fn accounts(turn: &mut Turn<'_>, accounts: Vec<AccountRecord>) {
    let starting = turn.model.page == Page::Starting;
    turn.model.accounts = accounts;
    if !starting || turn.model.session.is_some() {
        return;
    }
    turn.model.page = Page::Accounts;
    let wanted = turn.model.setting.account.clone();
    if let Some(record) = turn.model.accounts.iter().find(|record| Some(&record.account) == wanted.as_ref()) {
        return attach(turn, record.clone());
    }
    match turn.model.accounts.as_slice() {
        [] => turn.open(Layer::Wizard(Box::new(Wizard::new()))),
        [_] => open_chosen(turn),
        _ => {}
    }
}

/// Attaches to the chosen account.
pub(super) fn open_chosen(turn: &mut Turn<'_>) {
    let rows = turn.model.account_names();
    let chosen = turn.model.account_cursor.index(&rows).and_then(|index| turn.model.accounts.get(index));
    if let Some(record) = chosen.cloned() {
        attach(turn, record);
    }
}

/// Attaches again to the account that was on the screen.
pub(super) fn reconnect(turn: &mut Turn<'_>) {
    if let Some(session) = turn.model.session.take() {
        turn.show(Page::Accounts);
        attach(turn, session.record);
    }
}

fn attach(turn: &mut Turn<'_>, record: AccountRecord) {
    turn.model.account_cursor.choose(record.account.clone());
    turn.model.say(Tone::Plain, text::opening(&record.account));
    let account = record.account.clone();
    turn.attach(Ask::Attach(record), account);
}

/// The agent answered, or did not.
pub(super) fn attached(turn: &mut Turn<'_>, record: AccountRecord, outcome: Result<AccountView, Failure>) {
    let account = match outcome {
        Ok(account) => account,
        Err(failure) => return turn.fail(text::FAILED_ATTACH, failure),
    };
    turn.model.toast = None;
    match account.phase {
        Phase::Ready => enter(turn, record, account, Vec::new()),
        Phase::Locked => {
            let stages = warden::Command::Stages { account: record.account.clone() };
            let asked = turn.ask_warden(Ask::Dialog, stages);
            turn.open(Layer::LogIn(LogIn::new(record, asked)));
        }
        Phase::New => turn.open(Layer::Wizard(Box::new(Wizard::resuming(record)))),
        Phase::Removed => {
            turn.detach();
            forget_account(turn, record.account);
        }
    }
}

/// Shows an account whose agent is attached and logged in; `left_over` are staging folders from before the login.
pub(crate) fn enter(
    turn: &mut Turn<'_>,
    record: AccountRecord,
    account: AccountView,
    left_over: Vec<StageId>,
) {
    let attachment = turn.model.last_attachment();
    turn.model.note(LogLevel::Info, text::logged_in(&record.account));
    turn.model.account_cursor.choose(record.account.clone());
    let mut session = Session::new(record, attachment, account);
    session.left_over = left_over;
    turn.model.session = Some(session);
    turn.model.screen = Screen::Transfers;
    turn.model.setting_row = 0;
    turn.show(Page::Account);
    turn.watch();
}

/// The agent has told everything there is.
pub(super) fn complete(turn: &mut Turn<'_>) {
    let Some(session) = &mut turn.model.session else { return };
    session.complete = true;
    let account = session.record.account.clone();
    turn.ask_warden(Ask::Stages, warden::Command::Stages { account });
}

/// Gives back the staging folders that no transfer needs any more.
pub(super) fn tidy(turn: &mut Turn<'_>, present: &[StageId]) {
    let Some(session) = &turn.model.session else { return };
    let transfers = session.transfers.views();
    let unneeded = stages::unneeded(present, &session.left_over, &transfers);
    unneeded.into_iter().for_each(|stage| release(turn, stage));
}

/// Back to the list of accounts; the agent goes on.
pub(crate) fn leave(turn: &mut Turn<'_>) {
    turn.model.session = None;
    turn.detach();
    turn.show(Page::Accounts);
    turn.ask_warden(Ask::Accounts, warden::Command::Accounts);
}

/// Wipes the keys and ends the agent.
pub(crate) fn log_out(turn: &mut Turn<'_>) {
    turn.model.say(Tone::Plain, text::LOGGING_OUT);
    turn.ask_agent(Ask::Lock, Command::Lock);
}

/// The keys are wiped.
pub(super) fn locked(turn: &mut Turn<'_>, outcome: Result<Reply, Failure>) {
    match outcome {
        Err(failure) if failure.code != Code::AgentDown => turn.fail(text::FAILED_LOCK, failure),
        // An agent that is gone has no keys either.
        Ok(_) | Err(_) => logged_out(turn),
    }
}

fn logged_out(turn: &mut Turn<'_>) {
    let Some(session) = turn.model.session.take() else { return };
    let account = session.record.account;
    turn.detach();
    turn.show(Page::Accounts);
    turn.model.note(LogLevel::Info, text::logged_out(&account));
    turn.model.say(Tone::Good, text::logged_out(&account));
    turn.ask_warden(Ask::Tidying, warden::Command::StopAgent { account });
    turn.ask_warden(Ask::Accounts, warden::Command::Accounts);
}

/// The account is removed at the CA; what is left of it here goes too.
pub(crate) fn removed(turn: &mut Turn<'_>) {
    if let Some(session) = turn.model.session.take() {
        turn.detach();
        forget_account(turn, session.record.account);
    }
}

fn forget_account(turn: &mut Turn<'_>, account: Email) {
    turn.show(Page::Accounts);
    turn.model.note(LogLevel::Info, text::removed(&account));
    turn.model.say(Tone::Good, text::removed(&account));
    turn.ask_warden(Ask::Tidying, warden::Command::RemoveAccount { account });
    turn.ask_warden(Ask::Accounts, warden::Command::Accounts);
}

/// A staging folder is needed no more.
pub(crate) fn release(turn: &mut Turn<'_>, stage: StageId) {
    if let Some(account) = turn.model.session.as_ref().map(|session| session.record.account.clone()) {
        turn.ask_warden(Ask::Tidying, warden::Command::Release { account, stage });
    }
}

/// The attached agent went away.
pub(super) fn agent_closed(turn: &mut Turn<'_>, attachment: Attachment, reason: Failure) {
    let asked = |wanted: &Ask| turn.model.asked.values().any(|why| why == wanted);
    let (locking, removing) = (asked(&Ask::Lock), asked(&Ask::Removal));
    let Some(session) = turn.model.session.as_mut().filter(|session| session.attachment == attachment) else {
        return;
    };
    if removing {
        // The answer is on its way and knows better.
        session.gone = Some(reason);
    } else if locking {
        logged_out(turn);
    } else {
        agent_gone(turn, reason);
    }
}

/// Nothing works without the agent: says so, on a page of its own.
pub(crate) fn agent_gone(turn: &mut Turn<'_>, reason: Failure) {
    turn.model.note(LogLevel::Error, text::agent_gone(&reason));
    turn.detach();
    turn.show(Page::AgentGone(reason));
}

/// The warden saw an agent end.
pub(super) fn agent_ended(turn: &mut Turn<'_>, account: &Email) {
    if let Some(record) = turn.model.accounts.iter_mut().find(|record| record.account == *account) {
        record.running = false;
    }
}

/// The warden went away: nothing can be started or staged. An attached agent goes on.
pub(super) fn warden_closed(turn: &mut Turn<'_>, reason: Failure) {
    if turn.effects.iter().any(|effect| matches!(effect, Effect::Exit(_))) {
        return;
    }
    if turn.model.page == Page::Account {
        turn.fail(text::WARDEN_GONE, reason);
    } else {
        turn.model.note(LogLevel::Error, text::warden_gone(&reason));
        turn.show(Page::WardenGone(reason));
    }
}
