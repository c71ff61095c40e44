//! Pausing, going on and trying again: what may be done with a transfer now, and asking the agent for it.
//!
//! Called for the transfer that is chosen on a screen and for the one that a dialog shows. Nothing of this needs a
//! question: the same key takes it back.

use airhatch_wire::control::{Command, Direction, TransferState, TransferView};

use super::Turn;
use crate::keymap::Action;
use crate::model::{Ask, Tone};
use crate::text;

/// What a key can ask of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Steer {
    Pause,
    Resume,
    /// Now, instead of later.
    TryNow,
    /// As a new offer.
    OfferAgain,
}

/// Whether a key that steers would do something with this transfer.
pub(crate) fn can_steer(view: &TransferView, action: Action) -> bool {
    meant(view, action).is_ok()
}

/// Does what a key asks of a transfer, or says why not. True when the transfer will have another id.
pub(crate) fn steer(turn: &mut Turn<'_>, view: &TransferView, action: Action) -> bool {
    let steer = match meant(view, action) {
        Ok(steer) => steer,
        Err(why) => {
            turn.model.say(Tone::Plain, why);
            return false;
        }
    };
    let (transfer, what) = (view.id, text::transfer_in_words(view));
    let (why, command) = match steer {
        Steer::Pause => (Ask::Say(text::paused(&what)), Command::Pause { transfer }),
        Steer::Resume => (Ask::Say(text::resumed(&what)), Command::Resume { transfer }),
        Steer::TryNow => (Ask::Say(text::trying(&what)), Command::Retry { transfer }),
        Steer::OfferAgain => (Ask::OfferingAgain(text::offered_again(&what)), Command::Retry { transfer }),
    };
    turn.ask_agent(why, command);
    steer == Steer::OfferAgain
}

/// What a key means for a transfer in this state; why it means nothing, else.
const fn meant(view: &TransferView, action: Action) -> Result<Steer, &'static str> {
    let outgoing = matches!(view.direction, Direction::Outgoing);
    match (action, &view.state) {
        (Action::PauseOrResume, TransferState::Paused { by_us: true, .. }) => Ok(Steer::Resume),
        (Action::PauseOrResume, TransferState::Paused { .. }) => Err(text::PAUSED_BY_THEM),
        (
            Action::PauseOrResume,
            TransferState::Accepted | TransferState::NoRoom | TransferState::Waiting | TransferState::Moving,
        ) => Ok(Steer::Pause),
        (Action::Retry, TransferState::Queued | TransferState::Accepted | TransferState::NoRoom) => {
            Ok(Steer::TryNow)
        }
        (Action::Retry, TransferState::Failed(_)) if !outgoing => Err(text::THEIRS_TO_OFFER),
        // The files of every other end are made ready no more.
        (Action::Retry, TransferState::Failed(_)) if view.stage.is_some() => Ok(Steer::OfferAgain),
        (Action::Retry, state) if outgoing && state.is_over() => Err(text::SEND_AGAIN),
        _ => Err(text::NOT_NOW),
    }
}
