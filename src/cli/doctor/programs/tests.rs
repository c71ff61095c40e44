//! What is made of the warden's and the agents' answers.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

fn ann() -> Email {
    "ann@example.org".parse().unwrap()
}

#[test]
fn a_missing_part_of_a_jail_is_told_and_a_whole_one_is_held() {
    let jail = |strength| Jail { strength, sentences: vec!["files are not \u{1b}[2J".into()] };
    let whole = own_jail(&jail(JailStrength::Whole));
    assert_eq!((whole.verdict, whole.name.as_str()), (Verdict::Held, "this program is jailed"));
    for (strength, word) in [(JailStrength::Partial, "partly jailed"), (JailStrength::None, "not jailed")] {
        let check = jailed("ann@example.org: its agent", &jail(strength));
        assert_eq!(
            (check.verdict, check.name),
            (Verdict::Weaker, format!("ann@example.org: its agent is {word}"))
        );
        assert_eq!(check.details, ["files are not \\u{1b}[2J"]);
        assert!(!check.hint.is_empty());
    }
}

#[test]
fn what_an_engine_did_not_give_is_told_word_for_word_and_escaped() {
    let isolation = |missing: &[&str]| Isolation {
        runtime: RuntimeKind::Container,
        place: "airhatch-ann on Docker 28".into(),
        missing: missing.iter().map(|&one| one.into()).collect(),
    };
    assert_eq!(walls(&ann(), &isolation(&[])).verdict, Verdict::Held);
    let less = walls(&ann(), &isolation(&["the engine does not limit its memory", "\u{1b}[2J"]));
    assert_eq!(less.verdict, Verdict::Weaker);
    assert_eq!(less.details, ["the engine does not limit its memory", "\\u{1b}[2J"]);
    let process = Isolation { runtime: RuntimeKind::Process, ..isolation(&[]) };
    assert_eq!(walls(&ann(), &process).verdict, Verdict::Fact);
}

#[test]
fn no_engine_and_no_image_are_no_failures() {
    let missing = Failure::new(Code::EngineUnavailable, "there is no image").hint("make images");
    let engine = |image| Engine { product: "Docker 28".into(), socket: "/s".into(), rootless: true, image };
    let without = known(&engine(Err(missing)));
    assert!(without.iter().all(|check| check.verdict == Verdict::Fact), "{without:?}");
    assert!(without.iter().any(|check| check.hint == "make images"), "{without:?}");
    assert!(known(&engine(Ok("airhatch/agent:1".into()))).iter().all(|check| check.hint.is_empty()));
}

#[test]
fn a_program_that_can_open_the_keys_is_broken() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::inside(folder.path().to_owned());
    let record = AccountRecord {
        account: ann(),
        runtime: RuntimeKind::Process,
        running: false,
        inbox: airhatch_wire::Blob::default(),
        drop: airhatch_wire::Blob::default(),
    };
    assert_eq!(own_vault(&home, &record), None);
    let state = home.accounts().join("ann@example.org/agent/state");
    std::fs::create_dir_all(&state).unwrap();
    std::fs::write(state.join("vault"), "keys").unwrap();
    assert_eq!(own_vault(&home, &record).unwrap().verdict, Verdict::Broken);
}
