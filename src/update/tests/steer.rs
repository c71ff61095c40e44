//! Pausing, going on and trying again, from the screens and from the dialog.

use airhatch_wire::control::{Command, Direction, Reply, TransferState};
use airhatch_wire::{Code, TransferId, UnixMillis};

use crate::model::Screen;
use crate::rehearsal::{Rehearsal, failure, transfer, two_contacts};

const ID: TransferId = TransferId([1; 16]);

const fn paused(by_us: bool, by_them: bool) -> TransferState {
    TransferState::Paused { by_us, by_them }
}

fn with(direction: Direction, state: TransferState) -> Rehearsal {
    Rehearsal::logged_in(two_contacts(), vec![transfer(1, direction, state)])
}

#[test]
fn p_and_r_ask_for_what_the_state_allows_and_say_why_not_else() {
    let pause = || Some(Command::Pause { transfer: ID });
    let resume = || Some(Command::Resume { transfer: ID });
    let retry = || Some(Command::Retry { transfer: ID });
    for direction in [Direction::Incoming, Direction::Outgoing] {
        for (state, p, r) in [
            (TransferState::Queued, None, retry()),
            (TransferState::Offered, None, None),
            (TransferState::Accepted, pause(), retry()),
            (TransferState::NoRoom, pause(), retry()),
            (TransferState::Moving, pause(), None),
            (TransferState::Waiting, pause(), None),
            (TransferState::Finishing, None, None),
            (paused(true, false), resume(), None),
            (paused(true, true), resume(), None),
            (paused(false, true), None, None),
        ] {
            for (key, wanted) in [("p", p), ("r", r)] {
                let mut rehearsal = with(direction, state.clone());
                rehearsal.keys(key);
                let told = rehearsal.model.toast.is_some();
                assert_eq!(
                    rehearsal.commands(),
                    Vec::from_iter(wanted.clone()),
                    "{direction:?} {state:?} {key}"
                );
                assert_eq!(told, wanted.is_none(), "{direction:?} {state:?} {key}");
            }
        }
    }
}

#[test]
fn the_same_key_takes_a_pause_back() {
    let mut rehearsal = with(Direction::Outgoing, TransferState::Moving);
    rehearsal.keys("p");
    let view = transfer(1, Direction::Outgoing, paused(true, false));
    rehearsal.agent(Ok(Reply::Transfer(Box::new(view.clone()))));
    assert!(rehearsal.screen(80, 24).contains("Paused: report.pdf to ann@example.org; p lets it go on"));
    rehearsal.event(airhatch_wire::control::Event::TransferChanged(Box::new(view))).keys("<Enter>p");
    assert_eq!(
        rehearsal.commands(),
        [Command::Pause { transfer: ID }, Command::Resume { transfer: ID }],
        "on the screen and in the dialog"
    );
}

#[test]
fn what_failed_is_offered_again_and_chosen() {
    for keys in ["3r", "3<Enter>r"] {
        let mut rehearsal = with(Direction::Outgoing, TransferState::Failed(failure(Code::PeerOffline)));
        rehearsal.keys(keys);
        rehearsal.agent(Ok(Reply::Transfer(Box::new(transfer(
            2,
            Direction::Outgoing,
            TransferState::Queued,
        )))));
        assert_eq!(rehearsal.commands(), [Command::Retry { transfer: ID }], "{keys}");
        assert!(rehearsal.model.layers.is_empty());
        let new = transfer(2, Direction::Outgoing, TransferState::Queued);
        rehearsal.event(airhatch_wire::control::Event::TransferChanged(Box::new(new)));
        let session = rehearsal.model.session.as_ref().unwrap();
        assert_eq!(session.transfer_cursor.chosen(&session.transfer_rows()), Some(TransferId([2; 16])));
    }
}

#[test]
fn what_cannot_be_offered_again_is_not() {
    let at = UnixMillis(0);
    let mut unstaged = transfer(1, Direction::Outgoing, TransferState::Failed(failure(Code::BadSource)));
    unstaged.stage = None;
    for view in [
        transfer(1, Direction::Incoming, TransferState::Failed(failure(Code::PeerOffline))),
        transfer(1, Direction::Outgoing, TransferState::Delivered { at }),
        transfer(1, Direction::Outgoing, TransferState::Expired),
        unstaged,
    ] {
        let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![view]);
        rehearsal.keys("3rp");
        assert_eq!(rehearsal.commands(), []);
        assert!(rehearsal.model.toast.is_some());
    }
}

#[test]
fn a_refused_pause_says_why() {
    let mut rehearsal = with(Direction::Outgoing, TransferState::Moving);
    rehearsal.keys("p").agent(Err(failure(Code::Conflict)));
    assert!(rehearsal.screen(80, 24).contains("What happened, told by the agent."));
    assert_eq!(rehearsal.model.screen, Screen::Transfers);
}
