//! Where answers go: to the dialog that waits for them, else here.

use airhatch_wire::control::{LogLevel, Reply};
use airhatch_wire::{Failure, StageId, warden};

use super::{Answer, Turn, actions, session};
use crate::model::{Ask, Tone};
use crate::msg::Ticket;
use crate::text;

/// The one answer to a request.
pub(super) fn answer(turn: &mut Turn<'_>, ticket: Ticket, answer: Answer) {
    // Asked before the agent was let go: nobody is interested any more.
    let Some(why) = turn.model.asked.remove(&ticket) else { return };
    if !to_dialog(turn, ticket, &answer) {
        unattended(turn, why, answer);
    }
}

/// A word before the answer.
pub(super) fn progress(turn: &mut Turn<'_>, ticket: Ticket, progress: Answer) {
    if turn.model.asked.contains_key(&ticket) {
        to_dialog(turn, ticket, &progress);
    }
}

fn to_dialog(turn: &mut Turn<'_>, ticket: Ticket, answer: &Answer) -> bool {
    let waiting = turn.model.layers.iter().rposition(|layer| layer.dialog().waits_for(ticket));
    if let Some(index) = waiting {
        let answer = answer.clone();
        actions::with_layer(turn, index, |dialog, turn| dialog.answer(turn, ticket, answer));
    }
    waiting.is_some()
}

fn unattended(turn: &mut Turn<'_>, why: Ask, answer: Answer) {
    match (why, answer) {
        (Ask::Accounts, Answer::Warden(outcome)) => accounts(turn, outcome),
        (Ask::Attach(record), Answer::Attached(outcome)) => {
            session::attached(turn, record, outcome.map(|account| *account));
        }
        (Ask::Watch, Answer::Agent(Ok(_))) => session::complete(turn),
        (Ask::Watch, Answer::Agent(Err(failure))) => turn.fail(text::FAILED_WATCH, failure),
        (Ask::Ping(email), Answer::Agent(Ok(Reply::Pong { micros }))) => {
            turn.model.say(Tone::Good, text::pong(&email, micros));
        }
        (Ask::Ping(email), answer) => {
            if let Some(failure) = answer.failure() {
                turn.model.say(Tone::Warning, text::no_pong(&email, failure));
            }
        }
        (Ask::Stages, Answer::Warden(Ok(warden::Reply::Stages(present)))) => session::tidy(turn, &present),
        (Ask::Lock, Answer::Agent(outcome)) => session::locked(turn, outcome),
        (Ask::Offering { account, stage, .. }, Answer::Agent(Err(failure))) => {
            if !is_needed(turn, stage) {
                turn.ask_warden(Ask::Tidying, warden::Command::Release { account, stage });
            }
            turn.fail(text::FAILED_SEND, failure);
        }
        (Ask::Offering { .. }, Answer::Agent(Ok(_))) => turn.model.say(Tone::Good, text::offered(1)),
        (Ask::OfferingAgain(sentence), Answer::Agent(Ok(Reply::Transfer(view)))) => {
            turn.model.say(Tone::Good, sentence);
            if let Some(session) = &mut turn.model.session {
                session.transfer_cursor.choose(view.id);
            }
        }
        (Ask::OfferingAgain(_), answer) => failed(turn, text::FAILED_SEND, &answer),
        (Ask::Dialog, Answer::Staged(Ok(stage))) => session::release(turn, stage.stage),
        (Ask::Dialog | Ask::Removal, answer) => failed(turn, text::FAILED, &answer),
        (Ask::Say(sentence), answer) => match answer.failure() {
            None => turn.model.say(Tone::Good, sentence),
            Some(_) => failed(turn, text::FAILED, &answer),
        },
        (Ask::Tidying, answer) => {
            if let Some(failure) = answer.failure() {
                turn.model.note(LogLevel::Warn, text::untidy(failure));
            }
        }
        (Ask::Accounts | Ask::Attach(_) | Ask::Watch | Ask::Stages | Ask::Lock | Ask::Offering { .. }, _) => {
        }
    }
}

/// Whether the same files were or are being offered to somebody else.
fn is_needed(turn: &Turn<'_>, stage: StageId) -> bool {
    let model = &*turn.model;
    let asked =
        model.asked.values().any(|why| matches!(why, Ask::Offering { stage: other, .. } if *other == stage));
    asked || model.session.as_ref().is_some_and(|session| session.transfers.needs(stage))
}

fn failed(turn: &mut Turn<'_>, title: &str, answer: &Answer) {
    if let Some(failure) = answer.failure() {
        turn.fail(title, failure.clone());
    }
}

fn accounts(turn: &mut Turn<'_>, outcome: Result<warden::Reply, Failure>) {
    match outcome {
        Ok(warden::Reply::Accounts(accounts)) => session::accounts(turn, accounts),
        Ok(_) => {}
        Err(failure) => turn.fail(text::FAILED_ACCOUNTS, failure),
    }
}
