//! A contact's rule, and the account's limits.

use airhatch_wire::control::{
    Beyond, Budget, Command, ContactPolicy, Direction, Event, Limits, Reply, TransferState, Verdict,
};
use airhatch_wire::{Code, UnixMillis};

use crate::rehearsal::{
    NOW, Rehearsal, account, email, failure, many_transfers, offer, shots, transfer, two_contacts,
};

const DAY: u64 = 86_400_000;

fn budget() -> Budget {
    let endings = vec!["pdf".parse().unwrap(), "jpg".parse().unwrap()];
    Budget { per_file: 10_000_000, per_day: 100_000_000, endings, until: Some(UnixMillis(NOW.0 + 30 * DAY)) }
}

fn set(policy: ContactPolicy) -> Command {
    Command::SetContactPolicy { email: email("ann@example.org"), policy }
}

/// The rule of ann, who is verified.
fn opened() -> Rehearsal {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![]);
    rehearsal.keys("2p");
    rehearsal
}

#[test]
fn a_rule_is_chosen_from_a_list() {
    let mut rehearsal = opened();
    shots!("rule", rehearsal);
    insta::assert_snapshot!("rule_60x20", rehearsal.screen(60, 20));
    rehearsal.keys("jj<Enter>").agent(Ok(Reply::Done));
    assert_eq!(rehearsal.commands(), [set(ContactPolicy::Never)]);
    assert!(rehearsal.model.layers.is_empty());
    for (keys, policy) in [("<Enter>", ContactPolicy::Account), ("j<Enter>", ContactPolicy::Ask)] {
        let mut rehearsal = opened();
        rehearsal.keys(keys);
        assert_eq!(rehearsal.commands(), [set(policy)]);
    }
}

#[test]
fn a_budget_is_typed_and_comes_back_as_it_was() {
    let mut rehearsal = opened();
    rehearsal.keys("jjj<Enter>10MB<Enter>100 MB<Enter>.PDF, jpg<Enter>30");
    shots!("rule_budget", rehearsal);
    insta::assert_snapshot!("rule_budget_60x20", rehearsal.screen(60, 20));
    rehearsal.keys("<Enter>");
    assert_eq!(rehearsal.commands(), [set(ContactPolicy::Auto(budget()))]);
    let mut ann = two_contacts().remove(0);
    (ann.policy, ann.by_rule_today) = (ContactPolicy::Auto(budget()), 3_000_000);
    let mut rehearsal = Rehearsal::logged_in(vec![ann], vec![]);
    shots!("rule_of_contact", rehearsal.keys("2<Enter>"));
    rehearsal.keys("p<Enter><Enter><Enter><Enter><Enter>");
    assert_eq!(rehearsal.commands(), [set(ContactPolicy::Auto(budget()))]);
}

#[test]
fn a_budget_that_is_none_is_not_set() {
    for (keys, told) in [
        ("<Enter><Enter><Enter><Enter>", "This is no size"),
        ("0<Enter>1MB<Enter><Enter><Enter>", "This is no size"),
        ("1MB<Enter>much<Enter><Enter><Enter>", "This is no size"),
        ("1MB<Enter>1MB<Enter>a/b<Enter><Enter>", "These are no file endings"),
        ("1MB<Enter>1MB<Enter><Enter>0<Enter>", "This is no number of days"),
        ("1MB<Enter>1MB<Enter><Enter>-1<Enter>", "This is no number of days"),
        ("1MB<Enter>1MB<Enter><Enter>99999<Enter>", "This is no number of days"),
    ] {
        let mut rehearsal = opened();
        rehearsal.keys("jjj<Enter>").keys(keys);
        assert_eq!(rehearsal.commands(), [], "{keys}");
        let screen = rehearsal.screen(80, 24);
        assert!(screen.contains(told), "{screen}");
    }
}

#[test]
fn only_a_verified_contact_may_have_a_budget() {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![]);
    rehearsal.keys("2jpjjj<Enter>");
    assert_eq!(rehearsal.commands(), []);
    shots!("rule_unverified", rehearsal);
    rehearsal.keys("k<Enter>");
    assert_eq!(rehearsal.commands().len(), 1, "denying needs no comparing");
}

#[test]
fn a_refused_rule_says_why_and_can_be_tried_again() {
    let mut rehearsal = opened();
    rehearsal.keys("j<Enter>").agent(Err(failure(Code::NotPermitted)));
    assert!(rehearsal.screen(80, 24).contains("What happened, told by the agent."));
    rehearsal.keys("<Enter>");
    assert_eq!(rehearsal.commands().len(), 2);
}

#[test]
fn an_offer_leads_to_the_rule_and_typing_ahead_sets_none_with_a_budget() {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![offer(1)]);
    rehearsal.keys("<Enter>p<Enter>");
    assert_eq!(rehearsal.commands(), [set(ContactPolicy::Account)], "what is so already");
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![offer(1)]);
    rehearsal.keys("<Enter>pjjj<Enter><Enter><Enter><Enter><Enter>a<Enter>");
    assert_eq!(rehearsal.commands(), []);
}

#[test]
fn what_the_account_did_by_itself_is_told_with_the_reason() {
    let mut waiting = offer(1);
    waiting.verdict = Some(Verdict::Beyond(Beyond::Day { today: 9_000_000, per_day: 10_000_000 }));
    let mut moving = transfer(2, Direction::Incoming, TransferState::Moving);
    moving.verdict = Some(Verdict::AcceptedByRule { today: 3_000_000, per_day: 10_000_000 });
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![waiting, moving]);
    rehearsal.keys("<Enter>").wait(500);
    assert!(rehearsal.screen(80, 24).contains("beyond your rule: 9.0 MB of 10.0 MB used today"));
    rehearsal.keys("<Esc>j<Enter>");
    assert!(rehearsal.screen(80, 24).contains("accepted by your rule: 3.0 MB of 10.0 MB today"));
}

#[test]
fn the_limits_are_a_form() {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), many_transfers());
    rehearsal.keys("5L");
    shots!("limits", rehearsal);
    insta::assert_snapshot!("limits_60x20", rehearsal.screen(60, 20));
    rehearsal.keys("2MB<Enter>500 kB<Enter><Backspace>3<Enter>5GB<Enter><Enter><Enter>");
    let limits = Limits {
        upload: Some(2_000_000),
        download: Some(500_000),
        transfers: 3,
        bytes_per_day: Some(5_000_000_000),
        ..Limits::default()
    };
    let mut changed = account(airhatch_wire::control::Phase::Ready);
    changed.limits = limits;
    rehearsal.agent(Ok(Reply::Account(Box::new(changed.clone()))));
    assert_eq!(rehearsal.commands(), [Command::SetLimits { limits }]);
    rehearsal.event(Event::AccountChanged(Box::new(changed)));
    shots!("limits_set", rehearsal);
}

#[test]
fn limits_that_are_none_are_not_set() {
    for (keys, told) in [
        ("10B<Enter><Enter><Enter><Enter><Enter><Enter>", "This is no speed"),
        ("<Enter>fast<Enter><Enter><Enter><Enter><Enter>", "This is no speed"),
        ("<Enter><Enter><Backspace><Enter><Enter><Enter><Enter>", "This is no number"),
        ("<Enter><Enter><Backspace>0<Enter><Enter><Enter><Enter>", "This is no number"),
        ("<Enter><Enter><Enter>x<Enter><Enter><Enter>", "This is no size"),
    ] {
        let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![]);
        rehearsal.keys("5L").keys(keys);
        assert_eq!(rehearsal.commands(), [], "{keys}");
        let screen = rehearsal.screen(80, 30);
        assert!(screen.contains(told), "{screen}");
    }
}
