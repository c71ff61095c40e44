//! What an agent in a container cannot do, tried from inside it; and that the engine made what was described.

use std::os::unix::fs::MetadataExt;

use airhatch_wire::Blob;
use airhatch_wire::warden::{Choice, Staged};

use super::*;

#[test]
fn the_running_container_is_as_described() {
    let Some(world) = engine_world() else { return };
    let (mut front, _connection) = world.running();
    let isolation = isolation(&mut front);
    assert_eq!(isolation.runtime, RuntimeKind::Container);
    assert!(isolation.place.shown().starts_with(&world.container()), "{isolation:?}");
    // An old engine may lack a limit, and says so; a wall that differed would have ended the agent.
    assert!(isolation.missing.iter().all(|what| what.shown().contains("does not limit")), "{isolation:?}");
    let facts = [
        (
            "{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.Privileged}} {{.HostConfig.CapDrop}}",
            "true false [ALL]",
        ),
        ("{{.HostConfig.IpcMode}} {{.HostConfig.RestartPolicy.Name}}", "none unless-stopped"),
        ("{{len .HostConfig.Mounts}} {{len .HostConfig.Binds}} {{len .HostConfig.PortBindings}}", "5 0 1"),
    ];
    for (format, fact) in facts {
        assert_eq!(world.inspect(format), fact);
    }
    let environment = world.inspect("{{json .Config.Env}}");
    assert!(!environment.contains("SECRET"), "{environment}");
}

#[test]
fn the_agent_writes_its_inbox_its_drop_folder_and_its_state_and_nothing_else() {
    let Some(world) = engine_world() else { return };
    let (_front, connection) = world.running();
    for path in ["/inbox/file", "/drop/file", "/state/home/file", "/tmp/file"] {
        assert_eq!(say(&connection, &format!("write {path}")), "ok", "{path}");
    }
    for path in ["/outbox/file", "/file", "/etc/hosts", "/proc/sys/kernel/core_pattern"] {
        let answer = say(&connection, &format!("write {path}"));
        assert!(answer.starts_with("refused: "), "{path}: {answer}");
    }
    let inbox = world.world.home.join("Airhatch/ann@a/file");
    let agent =
        if rustix::process::geteuid().is_root() { 65532 } else { rustix::process::geteuid().as_raw() };
    assert_eq!(fs::metadata(inbox).unwrap().uid(), agent);
}

#[test]
fn the_agent_reads_what_was_staged_for_it() {
    let Some(world) = engine_world() else { return };
    let (mut front, connection) = world.running();
    let file = world.world.files().join("letter");
    fs::write(&file, "dear bob").unwrap();
    let paths = vec![Blob::from(file.to_str().unwrap().as_bytes().to_vec())];
    let command = Command::Stage { account: email("ann@a"), paths, choice: Choice::default(), stream: None };
    let Ok(Reply::Staged(Staged { stage, .. })) = front.ask(command) else { panic!("nothing was staged") };
    assert_eq!(say(&connection, &format!("read /outbox/{stage}/letter")), "dear bob");
    let refused = say(&connection, &format!("write /outbox/{stage}/letter"));
    assert!(refused.starts_with("refused: "), "{refused}");
}

#[test]
fn the_private_network_publishes_the_port_and_the_shared_one_gives_a_name() {
    let Some(world) = engine_world() else { return };
    let (_front, _connection) = world.running();
    let name = world.container();
    let networks = world.inspect("{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}");
    assert_eq!(networks.split_whitespace().collect::<Vec<_>>(), [&format!("{name}-net"), "airhatch-peers"]);
    let ports = world.inspect("{{json .NetworkSettings.Ports}}");
    let wanted = format!(r#"{{"7411/tcp":[{{"HostIp":"0.0.0.0","HostPort":"{}"}}]}}"#, world.port());
    assert_eq!(ports, wanted);
}
