//! The whole description, word for word; and what no account and no folder can change about it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use airhatch_wire::warden::RuntimeKind;
use serde_json::Value;

use super::*;
use crate::home::Home;

const GOLDEN: &str = include_str!("container.json");

fn template(dialect: Dialect) -> (tempfile::TempDir, Template) {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::open(&folder.path().join("home"), &folder.path().join("in")).unwrap();
    let folders = home.folders(&"ann@example.org".parse().unwrap(), RuntimeKind::Container);
    let choices = Choices {
        name: "airhatch-agent-ann-example-org-00c0ffee".to_owned().try_into().unwrap(),
        image: "sha256:1234".parse().unwrap(),
        port: 23456,
        dialect,
        addresses: vec![[192, 0, 2, 7].into()],
    };
    let mut template = Template::new(&folders, home.root(), choices).unwrap();
    let mapping = template.identity.mapping;
    template.identity = Identity { user: "1000:1000".to_owned(), mapping, owner: 1000 };
    (folder, template)
}

/// The description as it travels, with this run's folder and the long list of calls named instead of written out.
fn described(folder: &tempfile::TempDir, template: &Template) -> Value {
    let text = serde_json::to_string(&template.container()).unwrap();
    let folder = folder.path().canonicalize().unwrap();
    let calls = serde_json::to_string(SECCOMP).unwrap();
    let text = text.replace(folder.to_str().unwrap(), "/HOME").replace(calls.trim_matches('"'), "CALLS");
    serde_json::from_str(&text).unwrap()
}

#[test]
fn the_container_is_described_word_for_word() {
    let (folder, template) = template(Dialect::Docker);
    let described = described(&folder, &template);
    let golden: Value = serde_json::from_str(GOLDEN).unwrap();
    assert_eq!(described, golden, "{}", serde_json::to_string_pretty(&described).unwrap());
}

#[test]
fn a_container_that_carries_the_state_has_the_same_walls_and_nothing_but_the_volume() {
    let (_folder, template) = template(Dialect::Docker);
    let value = |body| serde_json::to_value::<ContainerCreateBody>(body).unwrap();
    let (agent, porter) = (value(template.container()), value(template.porter("pack", false)));
    for wall in ["CapDrop", "SecurityOpt", "ReadonlyRootfs", "IpcMode", "PidsLimit", "Memory", "Sysctls"] {
        assert_eq!(porter["HostConfig"][wall], agent["HostConfig"][wall], "{wall}");
    }
    for same in ["User", "Labels", "Image", "Env"] {
        assert_eq!(porter[same], agent[same], "{same}");
    }
    let host = &porter["HostConfig"];
    assert_eq!(host["NetworkMode"], "none");
    assert_eq!(host["Mounts"], serde_json::json!([agent["HostConfig"]["Mounts"][0]]));
    assert_eq!(host["LogConfig"]["Type"], "none", "the engine would keep the whole state");
    for absent in ["PortBindings", "ExtraHosts", "RestartPolicy"] {
        assert!(host.get(absent).is_none(), "{absent}");
    }
    assert_eq!(porter["Cmd"], serde_json::json!(["pack", "--home", "/state/home"]));
    assert_eq!((&porter["OpenStdin"], &porter["AttachStdin"]), (&Value::Bool(false), &Value::Bool(false)));
    assert_eq!(value(template.porter("unpack", true))["OpenStdin"], true);
}

#[test]
fn the_list_of_system_calls_allows_some_and_refuses_the_rest() {
    let list: Value = serde_json::from_str(SECCOMP).unwrap();
    assert_eq!(list["defaultAction"], "SCMP_ACT_ERRNO");
    assert!(!list["syscalls"].as_array().unwrap().is_empty());
}

#[test]
fn podman_gets_a_file_of_calls_and_no_owner_of_the_scratch_folder() {
    let (_folder, template) = template(Dialect::PodmanRootless);
    let host = template.container().host_config.unwrap();
    let options = host.security_opt.unwrap();
    assert!(options[1].ends_with("/home/seccomp-agent.json"), "{options:?}");
    assert_eq!(host.tmpfs.unwrap()["/tmp"], "rw,noexec,nosuid,nodev,size=16m,mode=1777");
    assert_eq!((host.userns_mode.as_deref(), host.extra_hosts), (Some("keep-id"), None));
}

#[test]
fn everything_made_carries_the_account_s_labels_and_the_peers_network_none() {
    let (_folder, template) = template(Dialect::Docker);
    let network = template.network("10.209.0.0/28".to_owned());
    for labels in [template.volume().labels.unwrap(), network.labels.unwrap()] {
        assert_eq!(labels[ACCOUNT], "ann@example.org");
        assert!(labels[HOME].ends_with("/home") && labels.contains_key(VERSION));
    }
    let shared = peers("10.209.4.0/22".to_owned()).labels.unwrap();
    assert!(!shared.contains_key(ACCOUNT) && !shared.contains_key(HOME));
}

#[test]
fn labels_of_another_home_or_account_are_not_ours_and_another_version_s_are() {
    let (_folder, template) = template(Dialect::Docker);
    let with = |name: &str, value: &str| {
        let mut labels = template.labels.clone();
        labels.insert(name.to_owned(), value.to_owned());
        carries(Some(&labels), &template.labels)
    };
    assert!(with(VERSION, "9.9.9") && with("more", "x"));
    assert!(!with(ACCOUNT, "bob@example.org") && !with(HOME, "/elsewhere"));
    assert!(!carries(None, &template.labels));
}

#[test]
fn a_folder_that_an_engine_cannot_be_told_of_is_refused() {
    use std::os::unix::ffi::OsStrExt;

    let (_folder, ours) = template(Dialect::Docker);
    let home = Path::new(std::ffi::OsStr::from_bytes(b"/tmp/\xff"));
    let folders = Folders {
        account: "ann@example.org".parse().unwrap(),
        root: home.join("a"),
        inbox: home.join("b"),
        agent_user: rustix::process::geteuid(),
    };
    let choices = Choices {
        name: ours.name,
        image: ours.image,
        port: 1,
        dialect: Dialect::Docker,
        addresses: Vec::new(),
    };
    assert_eq!(Template::new(&folders, home, choices).unwrap_err(), home);
}
