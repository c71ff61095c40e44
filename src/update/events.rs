//! What the agent tells without being asked.

use airhatch_wire::control::{
    ContactView, Direction, Event, LogLevel, Phase, TransferState, TransferView, Trust,
};

use super::{Turn, session};
use crate::model::{Entry, Said, Tone};
use crate::msg::Attachment;
use crate::text;

/// One event; those of an agent that was left are dropped.
pub(super) fn event(turn: &mut Turn<'_>, attachment: Attachment, event: Event) {
    let tick = turn.model.now.tick;
    let Some(shown) = turn.model.session.as_mut().filter(|session| session.attachment == attachment) else {
        return;
    };
    match event {
        Event::AccountChanged(account) => {
            let removed = account.phase == Phase::Removed;
            shown.account = *account;
            if removed {
                session::removed(turn);
            }
        }
        Event::ContactChanged(contact) => contact_changed(turn, *contact),
        Event::ContactRemoved(email) => shown.remove_contact(&email),
        Event::TransferChanged(view) => transfer_changed(turn, *view),
        Event::Progress { transfer, moved } => shown.transfers.progress(transfer, moved, tick),
        Event::TransferForgotten(id) => shown.transfers.remove(id),
        Event::Logged { at, level, text } => {
            turn.model.journal.push(Entry { at, level, said: Said::ByAgent(text) });
        }
    }
}

fn contact_changed(turn: &mut Turn<'_>, contact: ContactView) {
    let Some(session) = &mut turn.model.session else { return };
    let (email, trust, complete) = (contact.email.clone(), contact.trust, session.complete);
    let before = session.put_contact(contact).map(|known| known.trust);
    let same_kind =
        before.is_some_and(|known| std::mem::discriminant(&known) == std::mem::discriminant(&trust));
    if !complete || same_kind {
        return;
    }
    match trust {
        Trust::Changed { .. } => warn(turn, text::key_changed(&email)),
        Trust::Revoked => warn(turn, text::contact_revoked(&email)),
        Trust::Certified | Trust::Verified => {}
    }
}

fn transfer_changed(turn: &mut Turn<'_>, view: TransferView) {
    let tick = turn.model.now.tick;
    let Some(session) = &mut turn.model.session else { return };
    let complete = session.complete;
    let before = session.transfers.put(view.clone(), tick);
    let was_over = before.as_ref().is_some_and(|known| known.state.is_over());
    if view.state.is_over() && !was_over {
        if let (true, Some(stage)) = (complete, view.stage) {
            session::tidy(turn, &[stage]);
        }
        if complete {
            ended(turn, &view);
        }
    }
    let offered = view.direction == Direction::Incoming && view.state == TransferState::Offered;
    if complete && offered && before.is_none() {
        let sentence = text::new_offer(&view);
        turn.model.note(LogLevel::Info, sentence.clone());
        turn.model.say(Tone::Good, sentence);
    }
}

fn ended(turn: &mut Turn<'_>, view: &TransferView) {
    let sentence = text::ended(view);
    let (level, tone) = match view.state {
        TransferState::Delivered { .. } => (LogLevel::Info, Tone::Good),
        TransferState::Failed(_) => (LogLevel::Error, Tone::Warning),
        _ => (LogLevel::Info, Tone::Plain),
    };
    turn.model.note(level, sentence.clone());
    turn.model.say(tone, sentence);
}

fn warn(turn: &mut Turn<'_>, sentence: String) {
    turn.model.note(LogLevel::Warn, sentence.clone());
    turn.model.say(Tone::Warning, sentence);
}
