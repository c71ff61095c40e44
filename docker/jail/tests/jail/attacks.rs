//! The table of attacks, with and without the jails.

use std::fs;
use std::process::Command;

use airhatch_jail::attacks::{Attempted, Finding, Folders, Ground, Trial, Verdict, table};
use airhatch_jail::{Files, Profile, Report, SystemCalls, agent, front};

use crate::stage::{Place, Stage, Who, everybody};
use crate::{Inside, Test};

pub(crate) const TESTS: &[Test] = &[
    ("the_front_jail_stops_every_attack", || everybody().into_iter().for_each(front_holds)),
    ("the_agent_jail_stops_every_attack", || everybody().into_iter().for_each(agent_holds)),
    ("without_a_jail_every_attack_gets_through", || everybody().into_iter().for_each(all_get_through)),
    ("the_table_is_long", || {
        assert!(table(Profile::Front).count() >= 85);
        assert!(table(Profile::Agent).count() >= 75);
    }),
];

pub(crate) const INSIDE: &[Inside] = &[
    ("attack the front", |place| by_a_child(place, "attack the front from inside")),
    ("attack the agent", |place| by_a_child(place, "attack the agent from inside")),
    ("attack without a jail", |place| {
        by_a_child(place, "attack freely as the front");
        place.agent_bait().clear();
        place.agent_bait().lay().unwrap();
        by_a_child(place, "attack freely as the agent");
    }),
    ("attack the front from inside", |place| {
        let ground = Ground::open(place.front_bait()).unwrap();
        let trial = Trial::begin(Profile::Front, &ground);
        let entered = front::enter(&place.front()).unwrap();
        judge(&entered.report, &trial.end());
    }),
    ("attack the agent from inside", |place| {
        let ground = Ground::open(place.agent_bait()).unwrap();
        let trial = Trial::begin(Profile::Agent, &ground);
        let report = agent::enter(&place.agent()).unwrap();
        judge(&report, &trial.end());
    }),
    ("attack freely as the front", |place| free(Profile::Front, place.front_bait())),
    ("attack freely as the agent", |place| free(Profile::Agent, place.agent_bait())),
];

/// The attacks are also on the process that started the attacker: it must be of the same user.
fn by_a_child(place: &Place, half: &str) {
    let mut command = Command::new("/proc/self/exe");
    assert!(command.args(["--inside", half]).arg(place.root()).status().unwrap().success());
}

fn front_holds(who: Who) {
    let stage = Stage::new(who);
    lay(&stage, &stage.place().front_bait());
    print!("{}", stage.run("attack the front"));
    untouched(&stage.place());
}

fn agent_holds(who: Who) {
    let stage = Stage::new(who);
    lay(&stage, &stage.place().agent_bait());
    print!("{}", stage.run("attack the agent"));
    untouched(&stage.place());
}

fn all_get_through(who: Who) {
    let stage = Stage::new(who);
    lay(&stage, &stage.place().agent_bait());
    stage.run("attack without a jail");
}

fn lay(stage: &Stage, folders: &Folders) {
    folders.lay().unwrap();
    stage.give(stage.place().root());
}

/// What the attacks wanted is still as it was.
fn untouched(place: &Place) {
    assert_eq!(fs::read_to_string(place.of("closed").join("vault")).unwrap(), "a secret");
    assert!(place.of("outside").join("decoy").exists());
}

/// Every attack is stopped, and its control went further; but for those that the system itself may refuse.
fn judge(report: &Report, findings: &[Finding]) {
    assert!(matches!(report.files, Files::Restricted { .. }), "{:?}", report.sentences());
    assert!(matches!(report.system_calls, SystemCalls::Listed { .. }), "{:?}", report.sentences());
    let bad: Vec<_> = findings.iter().filter(|finding| !acceptable(finding)).map(in_short).collect();
    assert!(bad.is_empty(), "{} of {}:\n{}", bad.len(), findings.len(), bad.join("\n"));
    let untested = findings.iter().filter(|finding| finding.verdict() == Verdict::NotTestable);
    println!("       {} attacks, {:?}", findings.len(), report.sentences());
    untested.for_each(|finding| println!("       not testable here: {}", finding.attack.tries));
}

fn in_short(finding: &Finding) -> String {
    let word = |outcome: Attempted| outcome.map_or_else(|error| error.to_string(), |()| "done".to_owned());
    let (free, jailed) = (word(finding.free), word(finding.jailed));
    format!("{:?}: {} (free: {free}; jailed: {jailed})", finding.verdict(), finding.attack.tries)
}

fn acceptable(finding: &Finding) -> bool {
    match finding.verdict() {
        Verdict::Held => true,
        Verdict::Broken => false,
        Verdict::NotTestable => finding.attack.often_refused,
    }
}

fn free(profile: Profile, folders: Folders) {
    let ground = Ground::open(folders).unwrap();
    for finding in Trial::begin(profile, &ground).end() {
        let through = finding.verdict() == Verdict::Broken;
        assert!(through || finding.attack.often_refused, "{finding:?}");
    }
}
