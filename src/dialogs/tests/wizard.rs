//! The making of an account.

use airhatch_wire::control::{Command, Passphrase, Phase, Reply};
use airhatch_wire::warden::{self, Engine, RuntimeKind};
use airhatch_wire::{Code, Failure};

use crate::model::Page;
use crate::msg::Effect;
use crate::rehearsal::{Rehearsal, account, email, failure, fingerprint, record, shots};

fn first_run() -> Rehearsal {
    Rehearsal::with_accounts(vec![])
}

/// An engine, with its image or without.
fn engine(image: bool) -> Engine {
    let missing =
        Failure::new(Code::EngineUnavailable, "the image airhatch/agent:0.1.0 is not on this machine");
    Engine {
        product: "Docker 28.2.2".into(),
        socket: "/var/run/docker.sock".into(),
        rootless: false,
        image: if image {
            Ok("airhatch/agent:0.1.0".into())
        } else {
            Err(missing.hint("load it or build it"))
        },
    }
}

/// What a machine without an engine answers.
fn no_engine() -> Failure {
    Failure::new(Code::EngineUnavailable, "no container engine was found on this machine")
        .hint("Install Docker or Podman and start it, or let the agent run as a process (--runtime process).")
}

/// At the page that asks where the agent shall run; the engine is still looked for.
fn looking(authority: &str) -> Rehearsal {
    let mut rehearsal = first_run();
    rehearsal
        .keys("<Enter>")
        .keys(authority)
        .keys("<Enter>")
        .paste(&fingerprint(9).to_string())
        .keys("<Enter>");
    rehearsal
}

/// The same, with this found.
fn found(outcome: Result<Engine, Failure>) -> Rehearsal {
    let mut rehearsal = looking("ca.example.org:7400");
    rehearsal.warden(outcome.map(warden::Reply::Engine));
    rehearsal
}

/// Everything filled in, the folders about to be made.
fn filled_in() -> Rehearsal {
    let mut rehearsal = found(Err(no_engine()));
    rehearsal.keys("<Enter>you@example.org<Enter>K7Q2<Enter>long enough<Enter>long enough<Enter>");
    rehearsal
}

fn folders_made() -> Rehearsal {
    let mut rehearsal = filled_in();
    rehearsal.warden(Ok(warden::Reply::Account(record("you@example.org", false))));
    rehearsal
}

fn enroll() -> Command {
    Command::Enroll {
        email: email("you@example.org"),
        authority: "ca.example.org:7400".parse().unwrap(),
        authority_fingerprint: fingerprint(9),
        code: Some("K7Q2".to_owned()),
        passphrase: Passphrase::from("long enough".to_owned()),
    }
}

#[test]
fn each_step_says_what_it_needs() {
    let mut rehearsal = first_run();
    shots!("wizard_welcome", rehearsal);
    shots!("wizard_authority", rehearsal.keys("<Enter>"));
    rehearsal.keys("ca.example.org:7400<Enter>");
    shots!("wizard_fingerprint", rehearsal.paste(&fingerprint(9).to_string()));
    rehearsal.warden(Err(no_engine()));
    shots!("wizard_person", rehearsal.keys("<Enter><Enter>you@example.org"));
    shots!("wizard_passphrase", rehearsal.keys("<Enter><Enter>long enough"));
    insta::assert_snapshot!("wizard_passphrase_40x10", rehearsal.screen(40, 10));
    shots!("wizard_working", rehearsal.keys("<Enter>long enough<Enter>"));
}

#[test]
fn an_account_is_made_step_by_step_and_ends_with_the_first_contact() {
    let mut rehearsal = filled_in();
    let create =
        warden::Command::CreateAccount { account: email("you@example.org"), runtime: RuntimeKind::Process };
    assert!(
        rehearsal
            .done()
            .iter()
            .any(|effect| matches!(effect, Effect::Warden(_, command) if *command == create))
    );
    let mut rehearsal = folders_made();
    rehearsal.attached(Ok(account(Phase::New)));
    assert_eq!(rehearsal.done().last().map(command_of), Some(Some(enroll())));
    let mut rehearsal = folders_made();
    rehearsal.attached(Ok(account(Phase::New)));
    rehearsal.agent(Ok(Reply::Account(Box::new(account(Phase::Ready)))));
    assert_eq!(rehearsal.model.page, Page::Account);
    shots!("wizard_done", rehearsal);
}

fn command_of(effect: &Effect) -> Option<Command> {
    match effect {
        Effect::Agent(_, command) => Some(command.clone()),
        _ => None,
    }
}

#[test]
fn what_is_not_well_formed_is_told_at_once() {
    let mut rehearsal = first_run();
    rehearsal.keys("<Enter>no-port<Enter><Enter>");
    shots!("wizard_wrong_address", rehearsal);
    rehearsal.keys("<C-u>ca.example.org:7400<Enter>abc<Enter>");
    shots!("wizard_wrong_fingerprint", rehearsal);
}

#[test]
fn short_and_differing_passphrases_are_refused() {
    for (one, other) in [("short", "short"), ("long enough", "long enouhg")] {
        let mut rehearsal = found(Err(no_engine()));
        rehearsal.keys("<Enter>you@example.org<Enter><Enter>").keys(one).keys("<Enter>").keys(other);
        rehearsal.done();
        rehearsal.keys("<Enter>");
        assert_eq!(rehearsal.done(), [], "{one} {other}");
    }
}

#[test]
fn a_failed_registration_leaves_no_folders_and_returns_to_the_step_that_can_put_it_right() {
    let cases = [
        (Code::WrongAuthority, "Which CA"),
        (Code::AuthorityUnreachable, "Which CA"),
        (Code::Conflict, "Which email"),
        (Code::AuthorityRefused, "Which email"),
        (Code::Internal, "A passphrase protects"),
    ];
    for (code, step) in cases {
        let mut rehearsal = folders_made();
        rehearsal.attached(Ok(account(Phase::New))).agent(Err(failure(code)));
        let remove = warden::Command::RemoveAccount { account: email("you@example.org") };
        let removed = |effect: &Effect| matches!(effect, Effect::Warden(_, command) if *command == remove);
        assert!(rehearsal.done().iter().any(removed), "{code:?}");
        let screen = rehearsal.screen(80, 24);
        assert!(screen.contains(step) && screen.contains("What happened"), "{code:?}\n{screen}");
    }
}

#[test]
fn an_email_that_is_taken_is_told_with_the_email_to_change() {
    let mut rehearsal = folders_made();
    let taken = Failure::new(Code::Conflict, "the email you@example.org is taken").hint("choose another one");
    rehearsal.attached(Ok(account(Phase::New))).agent(Err(taken));
    shots!("wizard_taken", rehearsal);
}

#[test]
fn folders_that_were_there_before_are_kept_when_it_fails() {
    let mut rehearsal = Rehearsal::with_accounts(vec![record("you@example.org", false)]);
    rehearsal.attached(Ok(account(Phase::New)));
    rehearsal.keys("<Enter>ca.example.org:7400<Enter>").paste(&fingerprint(9).to_string());
    rehearsal.keys("<Enter><Enter>K7Q2<Enter>long enough<Enter>long enough<Enter>");
    rehearsal.attached(Ok(account(Phase::New))).agent(Err(failure(Code::AuthorityUnreachable)));
    let removes =
        |effect: &Effect| matches!(effect, Effect::Warden(_, warden::Command::RemoveAccount { .. }));
    assert!(!rehearsal.done().iter().any(removes));
}

#[test]
fn an_account_that_is_there_and_has_keys_is_not_made_again() {
    let mut rehearsal = folders_made();
    rehearsal.attached(Ok(account(Phase::Locked)));
    assert!(rehearsal.screen(80, 24).contains("already on this machine"));
}

#[test]
fn escape_goes_one_step_back_and_keeps_what_was_typed() {
    let mut rehearsal = found(Ok(engine(true)));
    rehearsal.keys("<Down><Enter><Esc>");
    assert!(rehearsal.screen(80, 24).contains("● As a process"));
    rehearsal.keys("<Esc>");
    assert!(rehearsal.screen(80, 24).contains("ca.example.org:7400"));
    rehearsal.keys("<Esc><Esc>");
    assert!(rehearsal.model.layers.is_empty());
}

mod seat;
