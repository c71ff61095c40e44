//! `airhatch doctor` with everything real: the walls of this machine, a home that stands open, a kernel without Landlock.

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use airhatch_tests::{Front, Outcome, Screen, World, can_be_another_user, program, skipped};
use serde_json::Value;

/// Attacks on each jail, and a few more: a table that shrinks is noticed.
const FRONT_ATTACKS: usize = 95;
const AGENT_ATTACKS: usize = 85;

/// What doctor printed as JSON: every check, and the sum.
struct Told {
    checks: Vec<Value>,
    sum: Value,
}

fn told(outcome: &Outcome) -> Told {
    let objects = outcome.objects();
    for object in &objects {
        assert_eq!(object["schema"], 1, "{object}");
    }
    let of = |kind: &str| objects.iter().filter(|object| object["type"] == kind).cloned().collect::<Vec<_>>();
    let (checks, sums) = (of("check"), of("doctor"));
    assert_eq!(objects.last(), sums.first(), "the sum comes last, once");
    assert_eq!(sums[0]["exit"], outcome.code, "{outcome:?}");
    assert!(of("caveat").len() >= 4 && checks.len() + of("caveat").len() + 1 == objects.len());
    for check in &checks {
        for field in ["section", "name", "verdict", "hint"] {
            assert!(check[field].is_string(), "{check}");
        }
        assert!(check["details"].is_array() && (check["command"].is_null() || check["command"].is_string()));
    }
    Told { checks, sum: sums[0].clone() }
}

impl Told {
    fn with(&self, verdict: &str) -> Vec<&Value> {
        self.checks.iter().filter(|check| check["verdict"] == verdict).collect()
    }

    fn attacks(&self, program: &str) -> Vec<&Value> {
        let section = |check: &&Value| check["section"].as_str().unwrap().starts_with(program);
        let jail = format!("{program}_jail");
        self.checks.iter().filter(section).filter(|check| check["section"] != jail.as_str()).collect()
    }

    fn kernel_has_it_all(&self) -> bool {
        self.with("weaker").iter().all(|check| !check["section"].as_str().unwrap().ends_with("_jail"))
    }

    fn named(&self, part: &str) -> &Value {
        self.checks.iter().find(|check| check["name"].as_str().unwrap().contains(part)).unwrap()
    }
}

async fn everything_holds(front: &Front) {
    let outcome = front.run(&["doctor", "--json"]).await;
    let told = told(&outcome);
    if !told.kernel_has_it_all() {
        return skipped("this kernel lacks a part of the jails");
    }
    assert_eq!(told.with("broken"), Vec::<&Value>::new());
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
    assert!(told.attacks("front").len() >= FRONT_ATTACKS, "{}", told.attacks("front").len());
    assert!(told.attacks("agent").len() >= AGENT_ATTACKS, "{}", told.attacks("agent").len());
    for attack in [told.attacks("front"), told.attacks("agent")].concat() {
        assert!(["held", "not_testable"].contains(&attack["verdict"].as_str().unwrap()), "{attack}");
    }
    for held in ["this program is jailed", "cannot open the keys", "its agent is jailed", "control socket"] {
        assert_eq!(told.named(held)["verdict"], "held", "{held}");
    }
    assert_eq!(told.sum["held"], told.with("held").len());
    let left: Vec<_> = std::fs::read_dir(front.home().join("tmp")).unwrap().collect();
    assert!(left.is_empty(), "bait is left: {left:?}");
}

#[tokio::test]
async fn every_wall_stands_on_this_machine() {
    let world = World::new().await;
    let ann = world.front("ann");
    ann.settle(&world.authority, "ann@example.org").await;
    everything_holds(&ann).await;
}

#[tokio::test]
async fn every_wall_stands_for_a_user_without_roots_rights() {
    if !can_be_another_user() {
        return;
    }
    let world = World::new().await;
    let mut ann = world.front("ann");
    ann.become_user(65534);
    ann.settle(&world.authority, "ann@example.org").await;
    everything_holds(&ann).await;
}

#[tokio::test]
async fn a_vault_that_others_can_read_is_told_with_the_line_that_closes_it() {
    let world = World::new().await;
    let ann = world.front("ann");
    ann.settle(&world.authority, "ann@example.org").await;
    let vault = ann.home().join("accounts/ann@example.org/agent/state/vault");
    std::fs::set_permissions(&vault, std::fs::Permissions::from_mode(0o644)).unwrap();

    let outcome = ann.run(&["doctor", "--json"]).await;
    let told = told(&outcome);
    assert_eq!(outcome.code, 1);
    let open = told.named("can be read by others (mode 0644)");
    assert_eq!((&open["section"], &open["verdict"]), (&"home".into(), &"broken".into()));
    let command = open["command"].as_str().unwrap();
    assert_eq!(command, format!("chmod 600 {}", vault.display()));

    let text = ann.run(&["doctor"]).await;
    assert_eq!(text.code, 1);
    assert!(text.stdout.contains("NOT HELD") && text.stdout.contains(command), "{}", text.stdout);

    assert!(Command::new("sh").args(["-c", command]).status().unwrap().success());
    let again = self::told(&ann.run(&["doctor", "--json"]).await);
    assert!(
        again.with("broken").iter().all(|check| check["section"] != "home"),
        "{:?}",
        again.with("broken")
    );
}

#[tokio::test]
async fn without_landlock_the_jails_are_partly_there_and_what_gets_through_is_told() {
    let world = World::new().await;
    let ann = world.front("ann");
    let mut command = Command::new(program("without-landlock"));
    command.arg(program("airhatch")).args(["doctor", "--json"]);
    command.env_clear().envs(ann.variables()).current_dir(ann.home()).stdin(Stdio::null());
    let output = command.output().unwrap();
    let outcome = Outcome {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    };
    let told = told(&outcome);
    assert_eq!(outcome.code, 1, "{outcome:?}");
    for jail in ["front_jail", "agent_jail"] {
        let jail = told.checks.iter().find(|check| check["section"] == jail).unwrap();
        assert_eq!(jail["verdict"], "weaker", "{jail}");
        assert_eq!(jail["name"], "partly jailed: no Landlock, seccomp");
        assert!(jail["hint"].as_str().unwrap().contains("Linux 6.12"), "{jail}");
    }
    assert_eq!(told.named("this program is partly jailed")["verdict"], "weaker");
    let open = told.named("read a vault");
    assert_eq!(open["verdict"], "broken", "{open}");
    assert!(open["hint"].as_str().unwrap().contains("Landlock"), "{open}");
    // The list of system calls holds by itself.
    for still in ["make a socket of any family", "start a program", "type into your shell"] {
        assert_eq!(told.named(still)["verdict"], "held", "{still}");
    }
}

#[tokio::test]
async fn doctor_needs_no_account_and_reads_well_in_eighty_columns() {
    let world = World::new().await;
    let ann = world.front("ann");
    let mut screen = Screen::start(&ann, &["doctor"], (80, 60));
    screen.wait_for("What none of this helps against");
    assert_eq!(screen.ended(), 0, "{}", screen.text());
    let text = screen.text();
    assert!(text.contains("Warden, engine and agents") && text.contains("the warden answers"), "{text}");
    let help = ann.ok(&["--help"]).await;
    assert!(help.contains("doctor") && !help.contains("attack-jail"), "{help}");
}

#[tokio::test]
async fn an_attacker_without_bait_says_so_and_attacks_nothing() {
    let world = World::new().await;
    let ann = world.front("ann");
    let outcome = ann.run(&["--json", "attack-jail", "front", &ann.path("tmp")]).await;
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert_eq!(outcome.objects()[0]["type"], "stopped", "{outcome:?}");
    assert_eq!(std::fs::read_dir(ann.home().join("tmp")).unwrap().count(), 0);
}
