use airhatch_wire::Selection;
use airhatch_wire::control::Policy;

use super::*;

fn unlock(world: &mut World, outcome: Result<(), Code>) -> Code {
    let ask = world.ask();
    let outputs =
        world.happens(Input::Asked(ask, Command::Unlock { passphrase: passphrase("a passphrase") }));
    if let Some(refused) = answer_in(&outputs, ask) {
        return code(refused);
    }
    let outcome = match outcome {
        Ok(()) => Ok(Box::new(opened(Vec::new()))),
        Err(code) => Err(Failure::new(code, "no")),
    };
    let outputs = world.happens(Input::Opened(Some(ask), outcome));
    match answer_in(&outputs, ask).unwrap() {
        Ok(_) => Code::Internal,
        Err(failure) => failure.code,
    }
}

#[test]
fn a_locked_account_does_nothing_but_open() {
    let mut world = World::locked();
    for command in [
        Command::Contacts { after: None },
        Command::Transfers { after: None },
        Command::AddContact { email: email("ann@x.org") },
        Command::Accept { transfer: id(1), items: Selection::All, folder: None },
        Command::RemoveAccount { passphrase: passphrase("whatever") },
        Command::SetPolicy { policy: Policy::Never },
    ] {
        assert_eq!(code(world.commands(command).0), Code::NotLoggedIn);
    }
    let (status, _) = world.commands(Command::Status);
    let Ok(Reply::Account(view)) = status else { panic!("{status:?}") };
    assert_eq!((view.phase, view.email), (Phase::Locked, None));
}

#[test]
fn wrong_passphrases_in_a_row_cost_longer_and_longer_pauses() {
    let mut world = World::locked();
    for _ in 0..3 {
        assert_eq!(unlock(&mut world, Err(Code::WrongPassphrase)), Code::WrongPassphrase);
    }
    assert_eq!(unlock(&mut world, Ok(())), Code::TryAgain);
    world.now += 1000;
    assert_eq!(unlock(&mut world, Err(Code::WrongPassphrase)), Code::WrongPassphrase);
    world.now += 1000;
    assert_eq!(unlock(&mut world, Ok(())), Code::TryAgain);
    world.now += 1000;
    assert_eq!(unlock(&mut world, Ok(())), Code::Internal, "the right passphrase opens after the pause");
}

#[test]
fn an_error_that_is_no_wrong_passphrase_costs_no_pause() {
    let mut world = World::locked();
    for _ in 0..10 {
        assert_eq!(unlock(&mut world, Err(Code::Internal)), Code::Internal);
    }
}

#[test]
fn two_openings_do_not_run_at_once() {
    let mut world = World::locked();
    let first = world.ask();
    world.happens(Input::Asked(first, Command::Unlock { passphrase: passphrase("one") }));
    let (second, _) = world.commands(Command::Unlock { passphrase: passphrase("two") });
    assert_eq!(code(second), Code::TryAgain);
}

#[test]
fn a_short_passphrase_makes_no_account() {
    let mut world = World::before(Phase::New, 0);
    let enroll = |text: &str| Command::Enroll {
        email: email("me@x.org"),
        authority: "127.0.0.1:1".parse().unwrap(),
        authority_fingerprint: Fingerprint([0; 32]),
        code: None,
        passphrase: passphrase(text),
    };
    assert_eq!(code(world.commands(enroll("short")).0), Code::Invalid);
    let ask = world.ask();
    let outputs = world.happens(Input::Asked(ask, enroll("long enough")));
    assert!(matches!(outputs.as_slice(), [Output::Enroll { .. }]), "{outputs:?}");
}

#[test]
fn how_the_jail_turned_out_is_told_to_whoever_asks_for_the_status() {
    for mut world in [World::before(Phase::New, 0), World::locked(), World::open()] {
        let (outcome, _) = world.commands(Command::Status);
        let Ok(Reply::Account(view)) = outcome else { panic!("{outcome:?}") };
        assert_eq!(view.jail.strength, JailStrength::Partial);
        assert_eq!(view.jail.sentences, ["an old kernel".into()]);
    }
}

#[test]
fn an_agent_has_one_account() {
    let mut world = World::open();
    let (outcome, _) = world.commands(Command::Enroll {
        email: email("other@x.org"),
        authority: "127.0.0.1:1".parse().unwrap(),
        authority_fingerprint: Fingerprint([0; 32]),
        code: None,
        passphrase: passphrase("long enough"),
    });
    assert_eq!(code(outcome), Code::Conflict);
}

#[test]
fn watching_tells_the_whole_state_before_the_answer_and_every_change_after() {
    let mut world = World::with_ann();
    let outputs = world.watch();
    let contact =
        outputs.iter().position(|output| matches!(output, Output::Tell(_, Event::ContactChanged(_))));
    let answer = outputs.iter().position(|output| matches!(output, Output::Answer(..)));
    assert!(contact.unwrap() < answer.unwrap());
    let later = world.happens(Input::Sighted(email("ann@x.org"), Some(5)));
    assert!(matches!(events(&later).as_slice(), [Event::ContactChanged(_)]));
    world.happens(Input::FrontLeft(FRONT));
    assert!(events(&world.happens(Input::Sighted(email("ann@x.org"), None))).is_empty());
}

#[test]
fn the_policy_outlives_a_restart() {
    let mut store = Vec::new();
    let mut world = World::open();
    let (_, outputs) = world.commands(Command::SetPolicy { policy: Policy::Never });
    stored(&outputs, &mut store);
    let mut again = World::open_with(store);
    let (status, _) = again.commands(Command::Status);
    let Ok(Reply::Account(view)) = status else { panic!("{status:?}") };
    assert_eq!(view.policy, Policy::Never);
}

#[test]
fn a_removal_that_the_ca_refuses_leaves_the_account_as_it_is() {
    let mut world = World::with_ann();
    let ask = world.ask();
    world.happens(Input::Asked(ask, Command::RemoveAccount { passphrase: passphrase("right") }));
    let outputs = world.happens(Input::Removed(ask, Err(Failure::new(Code::AuthorityUnreachable, "down"))));
    assert_eq!(code(answer_in(&outputs, ask).unwrap()), Code::AuthorityUnreachable);
    assert_eq!(world.contact("ann@x.org").email, email("ann@x.org"));
}

#[test]
fn a_removed_account_ends_the_agent() {
    let mut world = World::open();
    let ask = world.ask();
    world.happens(Input::Asked(ask, Command::RemoveAccount { passphrase: passphrase("right") }));
    let outputs = world.happens(Input::Removed(ask, Ok(())));
    assert_eq!(outputs, [Output::Leave(Some(ask))]);
}

#[test]
fn a_registration_that_broke_off_is_finished_by_logging_in() {
    let mut world = World::before(Phase::New, 0);
    let ask = world.ask();
    world.happens(Input::Asked(
        ask,
        Command::Enroll {
            email: email("me@x.org"),
            authority: "127.0.0.1:1".parse().unwrap(),
            authority_fingerprint: Fingerprint([0; 32]),
            code: None,
            passphrase: passphrase("long enough"),
        },
    ));
    world.happens(Input::Opened(Some(ask), Err(Failure::new(Code::TryAgain, "the CA went away"))));
    assert_eq!(unlock(&mut world, Ok(())), Code::Internal, "it opens");
}
