//! Passphrase, policy, logging out, removing the account.

use airhatch_wire::control::{Command, Direction, Passphrase, Phase, Policy, Reply, TransferState};
use airhatch_wire::{Code, Failure, warden};

use crate::model::Page;
use crate::msg::{Effect, Msg};
use crate::rehearsal::{Rehearsal, account, email, failure, shots, transfer, two_contacts};

fn settings() -> Rehearsal {
    let mut rehearsal = Rehearsal::logged_in(vec![], vec![]);
    rehearsal.keys("5");
    rehearsal
}

fn secret(text: &str) -> Passphrase {
    Passphrase::from(text.to_owned())
}

fn gone() -> Failure {
    Failure::new(Code::AgentDown, "the account's agent has ended")
}

#[test]
fn the_passphrase_is_changed_with_the_present_one() {
    let mut rehearsal = settings();
    rehearsal.keys("wold one<Enter>long enough<Enter>long enough");
    shots!("passphrase", rehearsal);
    rehearsal.keys("<Enter>").agent(Err(failure(Code::WrongPassphrase)));
    shots!("passphrase_wrong", rehearsal);
    rehearsal.keys("older<Enter><Enter><Enter>").agent(Ok(Reply::Done));
    let change = |old: &str| Command::ChangePassphrase { old: secret(old), new: secret("long enough") };
    assert_eq!(rehearsal.commands(), [change("old one"), change("older")]);
    assert!(rehearsal.model.layers.is_empty());
}

#[test]
fn the_policy_is_chosen_from_a_list() {
    let mut rehearsal = settings();
    shots!("policy", rehearsal.keys("pjj"));
    rehearsal.keys("<Enter>");
    let policy = Policy::Verified { max_bytes: 100_000_000 };
    rehearsal.agent(Ok(Reply::Account(Box::new(airhatch_wire::control::AccountView {
        policy,
        ..account(Phase::Ready)
    }))));
    assert_eq!(rehearsal.commands(), [Command::SetPolicy { policy }]);
    assert!(rehearsal.screen(80, 24).contains("100.0 MB"));
}

#[test]
fn logging_out_wipes_the_keys_and_stops_the_agent() {
    let mut rehearsal = settings();
    rehearsal.keys("o").agent(Ok(Reply::Done));
    let stop = warden::Command::StopAgent { account: email("you@example.org") };
    let effects = rehearsal.done();
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Agent(_, Command::Lock))));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Warden(_, command) if *command == stop)));
    assert_eq!(rehearsal.model.page, Page::Accounts);
    assert!(rehearsal.model.session.is_none());
}

#[test]
fn an_agent_that_ends_while_logging_out_is_no_error() {
    let mut rehearsal = settings();
    let attachment = rehearsal.attachment();
    rehearsal.keys("o").send(Msg::AgentClosed(attachment, gone()));
    assert_eq!(rehearsal.model.page, Page::Accounts);
    assert!(rehearsal.model.layers.is_empty());
}

#[test]
fn logging_out_asks_first_while_something_moves() {
    let moving = transfer(1, Direction::Outgoing, TransferState::Moving);
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![moving]);
    shots!("log_out", rehearsal.keys("5o"));
    assert_eq!(rehearsal.commands(), []);
    rehearsal.keys("y");
    assert_eq!(rehearsal.commands(), [Command::Lock]);
}

#[test]
fn removing_the_account_wants_the_email_typed_and_the_passphrase() {
    let mut rehearsal = settings();
    rehearsal.keys("X");
    shots!("remove_account", rehearsal);
    rehearsal.paste("you@example.org").keys("<Enter>my passphrase<Enter>");
    assert_eq!(rehearsal.commands(), [], "a pasted email is no second thought");
    rehearsal.keys("you@example.com<Enter><Enter>");
    shots!("remove_account_other", rehearsal);
    assert_eq!(rehearsal.commands(), []);
    rehearsal.keys("<C-u>you@example.org<Enter><C-u>my passphrase<Enter>");
    assert_eq!(rehearsal.commands(), [Command::RemoveAccount { passphrase: secret("my passphrase") }]);
}

fn removing() -> Rehearsal {
    let mut rehearsal = settings();
    rehearsal.keys("Xyou@example.org<Enter>my passphrase<Enter>");
    rehearsal
}

#[test]
fn a_removed_account_is_removed_here_too_whatever_comes_first() {
    for closed_first in [false, true] {
        let mut rehearsal = removing();
        let attachment = rehearsal.attachment();
        if closed_first {
            rehearsal.send(Msg::AgentClosed(attachment, gone()));
        }
        rehearsal.agent(Ok(Reply::Done));
        let remove = warden::Command::RemoveAccount { account: email("you@example.org") };
        let removes = |effect: &Effect| matches!(effect, Effect::Warden(_, command) if *command == remove);
        assert!(rehearsal.done().iter().any(removes));
        assert_eq!(rehearsal.model.page, Page::Accounts);
        assert!(rehearsal.model.layers.is_empty());
    }
}

#[test]
fn an_account_that_the_ca_does_not_remove_stays() {
    let mut rehearsal = removing();
    rehearsal.done();
    let mut again = removing();
    again.agent(Err(failure(Code::AuthorityUnreachable)));
    shots!("remove_account_failed", again);
    let removes =
        |effect: &Effect| matches!(effect, Effect::Warden(_, warden::Command::RemoveAccount { .. }));
    assert!(!again.done().iter().any(removes));
    let attachment = rehearsal.attachment();
    rehearsal.keys("").send(Msg::AgentClosed(attachment, gone()));
    assert_eq!(rehearsal.model.page, Page::Account, "the answer is still to come");
}
