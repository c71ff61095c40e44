//! The login.

use airhatch_wire::control::{Command, Passphrase, Phase, Reply};
use airhatch_wire::{Code, Failure, warden};

use crate::model::Page;
use crate::msg::Effect;
use crate::rehearsal::{Rehearsal, account, record, shots};

fn locked() -> Rehearsal {
    let mut rehearsal = Rehearsal::with_accounts(vec![record("you@example.org", false)]);
    rehearsal.attached(Ok(account(Phase::Locked)));
    rehearsal
}

fn unlock(passphrase: &str) -> Command {
    Command::Unlock { passphrase: Passphrase::from(passphrase.to_owned()) }
}

#[test]
fn the_passphrase_opens_the_account_and_is_never_shown() {
    let mut rehearsal = locked();
    shots!("log_in", rehearsal.keys("correct horse"));
    assert!(!rehearsal.screen(80, 24).contains("horse"));
    rehearsal.keys("<Enter>");
    shots!("log_in_opening", rehearsal);
    rehearsal.agent(Ok(Reply::Account(Box::new(account(Phase::Ready)))));
    assert_eq!(rehearsal.commands(), [unlock("correct horse")]);
    assert_eq!(rehearsal.model.page, Page::Account);
    assert!(rehearsal.model.layers.is_empty());
}

#[test]
fn a_wrong_passphrase_says_so_and_begins_with_an_empty_field() {
    let mut rehearsal = locked();
    let wrong = Failure::new(Code::WrongPassphrase, "this is not the passphrase");
    rehearsal.keys("wrong<Enter>").agent(Err(wrong));
    shots!("log_in_wrong", rehearsal);
    rehearsal.keys("right<Enter>");
    assert_eq!(rehearsal.commands(), [unlock("wrong"), unlock("right")]);
}

#[test]
fn backing_off_is_told_in_the_agents_words() {
    let mut rehearsal = locked();
    let later =
        Failure::new(Code::TryAgain, "too many wrong passphrases").hint("wait 30 seconds, then try again");
    rehearsal.keys("wrong<Enter>").agent(Err(later));
    shots!("log_in_back_off", rehearsal);
}

#[test]
fn nothing_is_asked_twice_and_an_empty_passphrase_is_not_asked() {
    let mut rehearsal = locked();
    rehearsal.keys("<Enter><Enter>");
    assert_eq!(rehearsal.commands(), []);
    rehearsal.keys("x<Enter><Enter>x<Enter>");
    assert_eq!(rehearsal.commands(), [unlock("x")]);
}

#[test]
fn leaving_the_login_lets_the_agent_go_and_shows_the_accounts() {
    let mut rehearsal = locked();
    rehearsal.keys("<Esc>");
    assert!(rehearsal.done().contains(&Effect::Detach));
    assert_eq!(rehearsal.model.page, Page::Accounts);
}

#[test]
fn staging_folders_from_before_the_login_that_nobody_needs_are_given_back() {
    let mut rehearsal = locked();
    let old = airhatch_wire::StageId([3; 16]);
    rehearsal.warden(Ok(warden::Reply::Stages(vec![old])));
    rehearsal.keys("x<Enter>").agent(Ok(Reply::Account(Box::new(account(Phase::Ready)))));
    rehearsal.agent(Ok(Reply::Done));
    let new = airhatch_wire::StageId([4; 16]);
    rehearsal.warden(Ok(warden::Reply::Stages(vec![old, new])));
    let released = |effect: &Effect| match effect {
        Effect::Warden(_, warden::Command::Release { stage, .. }) => Some(*stage),
        _ => None,
    };
    assert_eq!(rehearsal.done().iter().filter_map(released).collect::<Vec<_>>(), [old]);
}
