//! Choosing an account, and what happens when agent or warden go away.

use airhatch_wire::control::{Command, Event, LogLevel, Phase, Reply};
use airhatch_wire::{Code, Failure, Selection, warden};

use crate::model::{Page, Screen};
use crate::msg::{Effect, Msg};
use crate::rehearsal::{Rehearsal, account, email, failure, offer, record, shots, two_contacts};

fn attaches(effects: &[Effect]) -> Vec<&str> {
    let attached = |effect: &'_ Effect| match effect {
        Effect::Attach(_, _, account) => Some(account.clone()),
        _ => None,
    };
    let names: Vec<_> = effects.iter().filter_map(attached).collect();
    let known = ["you@example.org", "work@example.com"];
    known.into_iter().filter(|name| names.contains(&email(name))).collect()
}

#[test]
fn the_only_account_is_opened_at_once() {
    let mut rehearsal = Rehearsal::with_accounts(vec![record("you@example.org", true)]);
    assert_eq!(attaches(&rehearsal.done()), ["you@example.org"]);
}

#[test]
fn of_several_accounts_a_person_chooses_one() {
    let accounts = vec![record("work@example.com", false), record("you@example.org", true)];
    let mut rehearsal = Rehearsal::with_accounts(accounts);
    assert_eq!(attaches(&rehearsal.done()), Vec::<&str>::new());
    rehearsal.keys("j<Enter>");
    assert_eq!(attaches(&rehearsal.done()), ["you@example.org"]);
}

#[test]
fn an_account_that_was_asked_for_is_opened_though_there_are_others() {
    let mut rehearsal = Rehearsal::empty();
    rehearsal.model.setting.account = Some(email("work@example.com"));
    let accounts = vec![record("work@example.com", false), record("you@example.org", true)];
    rehearsal.send(Msg::Begin).warden(Ok(warden::Reply::Accounts(accounts)));
    assert_eq!(attaches(&rehearsal.done()), ["work@example.com"]);
}

#[test]
fn an_account_that_cannot_be_opened_says_why() {
    let mut rehearsal = Rehearsal::with_accounts(vec![record("you@example.org", false)]);
    rehearsal.attached(Err(failure(Code::AgentDown)));
    shots!("attach_failed", rehearsal);
}

#[test]
fn an_agent_that_goes_away_is_told_with_the_key_to_reconnect() {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![offer(1)]);
    let attachment = rehearsal.attachment();
    let gone = Failure::new(Code::AgentDown, "the account's agent has ended");
    rehearsal.keys("<Enter>").send(Msg::AgentClosed(attachment, gone));
    shots!("agent_gone", rehearsal);
    rehearsal.done();
    rehearsal.keys("r");
    assert_eq!(attaches(&rehearsal.done()), ["you@example.org"]);
    let mut rehearsal = rehearsal_after_reconnect();
    assert!(rehearsal.screen(80, 24).contains("Passphrase"));
    rehearsal.keys("x<Enter>");
    assert_eq!(rehearsal.commands().len(), 1);
}

fn rehearsal_after_reconnect() -> Rehearsal {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![]);
    let attachment = rehearsal.attachment();
    rehearsal.send(Msg::AgentClosed(attachment, failure(Code::AgentDown))).keys("r");
    rehearsal.attached(Ok(account(Phase::Locked)));
    rehearsal
}

#[test]
fn a_warden_that_goes_away_is_told_and_the_agent_goes_on() {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![]);
    rehearsal.send(Msg::WardenClosed(failure(Code::Internal)));
    shots!("warden_gone_attached", rehearsal);
    rehearsal.keys("<Esc>2r");
    assert_eq!(rehearsal.commands().len(), 1);
    let mut rehearsal = Rehearsal::with_accounts(vec![]);
    rehearsal.send(Msg::WardenClosed(failure(Code::Internal)));
    shots!("warden_gone", rehearsal);
    rehearsal.done();
    rehearsal.keys("q");
    assert_eq!(rehearsal.done(), [Effect::Exit(0)]);
}

#[test]
fn what_an_agent_says_that_was_left_means_nothing() {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![]);
    let old = rehearsal.attachment();
    rehearsal.keys("5u");
    assert_eq!(rehearsal.model.page, Page::Accounts);
    rehearsal.send(Msg::AgentClosed(old, failure(Code::AgentDown)));
    rehearsal.send(Msg::Event(old, Event::TransferChanged(Box::new(offer(1)))));
    assert_eq!(rehearsal.model.page, Page::Accounts);
    rehearsal.keys("<Enter>").attached(Ok(account(Phase::Ready)));
    rehearsal.send(Msg::Event(old, Event::TransferChanged(Box::new(offer(1)))));
    assert!(rehearsal.model.session.as_ref().unwrap().transfers.offers().is_empty());
}

#[test]
fn signals_end_the_program_with_their_exit_code() {
    for (signal, code) in [(2, 130), (15, 143), (1, 129)] {
        let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![]);
        rehearsal.send(Msg::Terminate { signal });
        assert_eq!(rehearsal.done(), [Effect::Exit(code)]);
    }
}

#[test]
fn a_terminal_of_another_size_is_drawn_anew() {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![]);
    rehearsal.send(Msg::Resized).keys("<C-l>");
    assert_eq!(rehearsal.done(), [Effect::Redraw, Effect::Redraw]);
}

#[test]
fn suspending_needs_a_shell() {
    let mut rehearsal = Rehearsal::logged_in(vec![], vec![]);
    rehearsal.keys("<C-z>");
    assert_eq!(rehearsal.done(), [Effect::Suspend]);
    rehearsal.model.setting.shell = false;
    rehearsal.keys("c<C-z>");
    assert_eq!(rehearsal.done(), []);
}

#[test]
fn what_the_agent_logs_is_kept_for_reading() {
    let mut rehearsal = Rehearsal::logged_in(vec![], vec![]);
    let at = crate::rehearsal::NOW;
    rehearsal.event(Event::Logged { at, level: LogLevel::Warn, text: "disk nearly full".into() });
    rehearsal.keys("4");
    assert_eq!(rehearsal.model.screen, Screen::Log);
    assert!(rehearsal.screen(80, 24).contains("disk nearly full"));
}

#[test]
fn an_idle_screen_asks_for_no_clock() {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![offer(1)]);
    assert_eq!(rehearsal.model.next_look(), None);
    rehearsal.keys("<Enter>");
    assert_eq!(rehearsal.model.next_look(), Some(500));
    rehearsal.wait(500);
    assert_eq!(rehearsal.model.next_look(), None);
    rehearsal.keys("a").agent(Ok(Reply::Transfer(Box::new(offer(1)))));
    assert_eq!(rehearsal.model.next_look(), Some(5_000), "a toast goes by itself");
    rehearsal.wait(5_000);
    assert_eq!(rehearsal.model.next_look(), None);
    assert_eq!(
        rehearsal.commands(),
        [Command::Accept { transfer: offer(1).id, items: Selection::All, folder: None }]
    );
}
