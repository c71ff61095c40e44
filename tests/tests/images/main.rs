//! The images and the compose file, as users get them: what is in them, how they run, and what they are refused.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod inputs;

use std::collections::BTreeMap;

use airhatch_tests::{Container, Engine, Image, proc_status, root_folder};
use serde_json::{Value, json};

const MEBIBYTE: u64 = 1 << 20;

/// What the engine itself puts into every container.
const OF_THE_ENGINE: [&str; 6] = [".dockerenv", "dev/", "etc/", "proc/", "sys/", "run/"];

/// What nobody may have who is confined like this, and how `/proc/<pid>/status` says it.
const NO_POWERS: [(&str, &str); 7] = [
    ("NoNewPrivs", "1"),
    ("Seccomp", "2"),
    ("CapInh", "0000000000000000"),
    ("CapPrm", "0000000000000000"),
    ("CapEff", "0000000000000000"),
    ("CapBnd", "0000000000000000"),
    ("CapAmb", "0000000000000000"),
];

fn read(path: &str) -> String {
    std::fs::read_to_string(root_folder().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn seccomp_list() -> Value {
    serde_json::from_str(&read("docker/seccomp-agent.json")).unwrap()
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect()
}

#[test]
fn an_image_is_small_runs_as_nobody_and_says_what_it_is() {
    let Some(engine) = Engine::here() else { return };
    for image in Image::ALL {
        let about = engine.inspect("image", engine.image(image));
        let (size, config) = (about["Size"].as_u64().unwrap(), &about["Config"]);
        assert!((MEBIBYTE..15 * MEBIBYTE).contains(&size), "{image:?} has {size} bytes");
        assert_eq!(config["User"], "65532:65532");
        assert_eq!(config["Entrypoint"], json!([format!("/{}", image.program())]));
        let health = strings(&config["Healthcheck"]["Test"]);
        assert_eq!(health[..3], ["CMD", &format!("/{}", image.program()), "healthcheck"]);
        assert!(strings(&config["Env"]).iter().all(|variable| variable.starts_with("PATH=")), "{config}");
        assert_eq!(config["Volumes"], Value::Null, "volumes are named by who runs it");
        let labels = &config["Labels"];
        assert_eq!(labels["org.opencontainers.image.version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(labels["org.opencontainers.image.licenses"], "MIT");
        assert!(labels["org.opencontainers.image.title"].is_string() && labels["airhatch.image"].is_string());
    }
}

#[test]
fn an_image_holds_one_static_program_and_the_folders_it_needs() {
    let Some(engine) = Engine::here() else { return };
    for image in Image::ALL {
        let found = listing(&engine, engine.image(image));
        let found: BTreeMap<&str, &str> = found
            .iter()
            .map(|(name, mode)| (name.as_str(), mode.as_str()))
            .filter(|(name, _)| !OF_THE_ENGINE.iter().any(|own| name.starts_with(own)))
            .collect();
        let mut wanted = BTreeMap::from([(image.program(), "-rwxr-xr-x"), ("state/", "drwxrwxrwt")]);
        if image == Image::Agent {
            wanted.extend(["inbox/", "outbox/", "drop/", "control/"].map(|folder| (folder, "drwxr-xr-x")));
        }
        assert_eq!(found, wanted);
    }
}

/// Names and modes of all that is in an image.
fn listing(engine: &Engine, image: &str) -> Vec<(String, String)> {
    let id = engine.said(&["create", "--label", &engine.label(), "--network", "none", image]);
    let archive = tempfile::NamedTempFile::new().unwrap();
    engine.said(&["export", "-o", archive.path().to_str().unwrap(), &id]);
    let listed = std::process::Command::new("tar").arg("-tvf").arg(archive.path()).output().unwrap();
    assert!(listed.status.success(), "{listed:?}");
    let text = String::from_utf8(listed.stdout).unwrap();
    let entry = |line: &str| {
        let words: Vec<_> = line.split_whitespace().collect();
        (words[5].to_owned(), words[0].to_owned())
    };
    text.lines().map(entry).collect()
}

#[test]
fn a_program_says_its_version_without_anything_around_it() {
    let Some(engine) = Engine::here() else { return };
    for image in Image::ALL {
        let label = engine.label();
        let alone =
            ["run", "--rm", "--label", &label, "--network", "none", "--read-only", "--cap-drop", "ALL"];
        let said = engine.said(&[&alone[..], &[engine.image(image), "--version"]].concat());
        assert_eq!(said, format!("{} {}", image.program(), env!("CARGO_PKG_VERSION")));
    }
}

#[tokio::test]
async fn an_agent_runs_healthy_under_the_strictest_rules() {
    let Some(engine) = Engine::here() else { return };
    let image = engine.image(Image::Agent);
    let list = format!("seccomp={}", root_folder().join("docker/seccomp-agent.json").display());
    let label = engine.label();
    let (volume, network) =
        (format!("airhatch-test-{}", engine.own()), format!("airhatch-test-{}", engine.own()));
    engine.said(&["volume", "create", "--label", &label, &volume]);
    engine.said(&["network", "create", "--label", &label, "--internal", &network]);
    let state = format!("{volume}:/state");
    // The folders of a caller that is not this image's user, and is nobody else on this machine either.
    let options = [
        "--user",
        "61234:61234",
        "--network",
        &network,
        "--read-only",
        "--cap-drop",
        "ALL",
        "--ipc",
        "none",
        "--security-opt",
        "no-new-privileges:true",
        "--security-opt",
        &list,
        "--pids-limit",
        "64",
        "--memory",
        "256m",
        "--memory-swap",
        "256m",
        "--ulimit",
        "core=0",
        "--sysctl",
        "net.ipv4.ping_group_range=1 0",
        "--tmpfs",
        "/inbox:mode=1777",
        "--tmpfs",
        "/control:mode=0700,uid=61234,gid=61234",
        "--volume",
        &state,
        "--health-interval",
        "1s",
    ];
    let words = [
        "run",
        "--home",
        "/state/home",
        "--inbox",
        "/inbox",
        "--outbox",
        "/outbox",
        "--control",
        "/control",
        "--listen",
        "0.0.0.0:7411",
    ];
    let agent = engine.run(image, &options, &words);
    agent.healthy().await;
    powerless(&agent, "61234");
    assert_eq!(agent.inspect()["HostConfig"]["ReadonlyRootfs"], true);
    engine.said(&["stop", agent.id()]);
    assert_eq!(agent.inspect()["State"]["ExitCode"], 0, "SIGTERM ends it gently: {}", agent.log());
}

/// A container's first process has no way to more power than it has, and it has none.
fn powerless(container: &Container<'_>, user: &str) {
    let status = container.status();
    for (line, value) in NO_POWERS {
        assert_eq!(status[line], value, "{line}");
    }
    assert_eq!(status["Uid"], [user; 4].join("\t"));
    assert_eq!(status["Gid"], [user; 4].join("\t"));
    let free = proc_status(std::process::id().into());
    assert_ne!(free["Seccomp"], "2", "these lines prove nothing in a test that is confined itself");
}

#[tokio::test]
async fn the_ca_of_the_compose_file_is_healthy_locked_in_and_stays_the_same_ca() {
    let Some(engine) = Engine::here() else { return };
    engine.image(Image::Authority);
    let compose = engine.compose(None);
    compose.said(&["up", "-d"]);
    let ca = compose.container("ca");
    ca.healthy().await;
    powerless(&ca, "65532");
    locked_in(&ca.inspect());

    let fingerprint = ["exec", "-T", "ca", "/airhatch-ca", "fingerprint", "--dir", "/state/ca"];
    let (made, port) = (compose.said(&fingerprint), compose.said(&["port", "ca", "7400"]));
    assert_eq!(answering(&port), made);
    compose.said(&["up", "-d", "--force-recreate"]);
    let again = compose.container("ca");
    again.healthy().await;
    assert_ne!(again.id(), ca.id());
    assert_eq!(answering(&compose.said(&["port", "ca", "7400"])), made);
}

/// Who answers as a CA at this address: its fingerprint.
fn answering(address: &str) -> String {
    let mut call = std::process::Command::new(airhatch_tests::program("airhatch-ca"));
    let answer = call.args(["healthcheck", "--connect", address]).output().unwrap();
    assert!(answer.status.success(), "{answer:?}");
    String::from_utf8(answer.stdout).unwrap().trim().split_once(" answers as ").unwrap().1.to_owned()
}

/// What the compose file promises, as the engine understood it.
fn locked_in(container: &Value) {
    let host = &container["HostConfig"];
    assert_eq!((&host["ReadonlyRootfs"], &host["Privileged"]), (&json!(true), &json!(false)));
    assert_eq!((&host["CapDrop"], &host["CapAdd"]), (&json!(["ALL"]), &Value::Null));
    assert_eq!((&host["IpcMode"], &host["PidMode"]), (&json!("none"), &json!("")));
    assert_eq!((&host["PidsLimit"], &host["Memory"]), (&json!(256), &json!(512 * MEBIBYTE)));
    assert_eq!(host["MemorySwap"], host["Memory"]);
    assert_eq!(host["RestartPolicy"]["Name"], "unless-stopped");
    let mounts = container["Mounts"].as_array().unwrap();
    let places: Vec<_> = mounts.iter().map(|mount| (&mount["Type"], &mount["Destination"])).collect();
    assert_eq!(places, [(&json!("volume"), &json!("/state"))]);
    let options = strings(&host["SecurityOpt"]);
    assert!(options.contains(&"no-new-privileges:true"), "{options:?}");
    let list = options.iter().find_map(|option| option.strip_prefix("seccomp")).unwrap();
    let list: Value = serde_json::from_str(&list[1..]).unwrap();
    assert_eq!(list, seccomp_list());
    let limits = host["Ulimits"].as_array().unwrap();
    let core = limits.iter().find(|limit| limit["Name"] == "core").unwrap();
    assert_eq!((&core["Soft"], &core["Hard"]), (&json!(0), &json!(0)));
}
