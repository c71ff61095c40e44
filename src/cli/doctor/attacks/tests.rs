//! Attackers of every kind: honest, silent, talkative, hanging, killed.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use airhatch_jail::attacks::table;
use serde_json::json;

use super::*;

fn whole() -> Value {
    json!({
        "type": "jail", "strength": "jailed", "sentences": ["no network"], "landlock": 7, "seccomp": true, "whole": true,
    })
}

fn finding(tries: &str, verdict: &str) -> Value {
    json!({ "type": "finding", "tries": tries, "verdict": verdict, "free": "done", "jailed": "done" })
}

/// What doctor makes of an attacker that said this.
fn after(profile: Profile, said: &[Value]) -> Vec<Check> {
    let said = said.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    judged(profile, &understood(&said)).into_iter().flat_map(|section| section.checks).collect()
}

fn with(verdict: Verdict, checks: &[Check]) -> usize {
    checks.iter().filter(|check| check.verdict == verdict).count()
}

fn shell(script: &str) -> Child {
    Command::new("sh").args(["-c", script]).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap()
}

#[test]
fn an_attacker_that_was_stopped_everywhere_makes_every_check_held() {
    for profile in [Profile::Front, Profile::Agent] {
        let stopped = table(profile).map(|attack| finding(attack.tries, "held"));
        let said: Vec<_> = std::iter::once(whole()).chain(stopped).collect();
        let checks = after(profile, &said);
        assert_eq!(checks.len(), table(profile).count() + 1);
        assert_eq!(with(Verdict::Held, &checks), checks.len());
    }
}

#[test]
fn what_an_attacker_does_not_answer_did_not_hold() {
    let count = table(Profile::Front).count();
    let silent = after(Profile::Front, &[]);
    assert_eq!(with(Verdict::Broken, &silent), count + 1);
    let short = after(Profile::Front, &[whole(), finding("read a vault", "held")]);
    assert_eq!((with(Verdict::Held, &short), with(Verdict::Broken, &short)), (2, count - 1));
    assert!(short.iter().all(|check| check.verdict == Verdict::Held || !check.hint.is_empty()));
}

#[test]
fn words_of_an_attacker_are_not_taken_for_what_they_are_not() {
    let odd = after(
        Profile::Front,
        &[
            whole(),
            finding("read a vault", "fine"),
            finding("overwrite a vault", "fact"),
            json!("held"),
            json!(7),
        ],
    );
    let read = odd.iter().find(|check| check.name == "read a vault").unwrap();
    let overwrite = odd.iter().find(|check| check.name == "overwrite a vault").unwrap();
    assert_eq!((read.verdict, overwrite.verdict), (Verdict::Broken, Verdict::Broken));
    let escapes = json!({ "type": "stopped", "why": "\u{1b}[2J" });
    assert!(after(Profile::Front, &[escapes]).iter().all(|check| !check.details.concat().contains('\u{1b}')));
}

#[test]
fn an_attack_that_got_through_says_how_and_what_to_do() {
    let open = json!({
        "type": "jail", "strength": "partly jailed", "sentences": [], "landlock": null, "seccomp": true, "whole": false,
    });
    let checks = after(Profile::Agent, &[open, finding("read a vault", "broken")]);
    let [jail, vault, ..] = checks.as_slice() else { unreachable!("there are more") };
    assert_eq!((jail.verdict, jail.name.as_str()), (Verdict::Weaker, "partly jailed: no Landlock, seccomp"));
    assert_eq!(vault.verdict, Verdict::Broken);
    assert_eq!(vault.details, ["without the jail: done; in it: done"]);
    assert!(vault.hint.contains("Landlock"), "{}", vault.hint);
}

#[test]
fn an_attacker_that_dies_or_hangs_is_told() {
    let said = format!("echo '{}'; ", whole());
    let patience = Duration::from_secs(30);
    let died = listen(shell(&format!("{said} exit 3")), patience).unwrap();
    assert!(died.jail.is_some());
    assert_eq!(died.trouble.unwrap(), "the attacker ended too early, with exit code 3");
    let killed = listen(shell("kill -SYS $$"), patience).unwrap();
    assert_eq!(killed.trouble.unwrap(), "the attacker ended too early, by signal 31");
    let hung = listen(shell(&format!("{said} exec cat /dev/zero")), Duration::from_millis(300)).unwrap();
    assert!(hung.trouble.unwrap().contains("did not end in"));
    let well = listen(shell(&said), patience).unwrap();
    assert_eq!(well.trouble, None);
}

#[test]
fn bait_is_for_this_user_only_and_leaves_nothing() {
    use std::os::unix::fs::PermissionsExt;

    let bait = Bait::lay(Profile::Agent).unwrap();
    let folder = bait.0.clone();
    for path in [folder.clone(), folder.join("closed")] {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o700);
    }
    assert!(folder.join("closed/vault").is_file());
    drop(bait);
    assert!(!folder.exists());
}
