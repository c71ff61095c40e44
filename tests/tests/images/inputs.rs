//! What the images and their containers are made from: Dockerfile, compose file, list of system calls. Needs no engine.

use std::collections::{BTreeMap, BTreeSet};

use airhatch_tests::Image;
use serde_json::json;

use super::{read, seccomp_list, strings};

#[test]
fn the_build_obeys_the_lock_file_and_final_stages_run_nothing() {
    let dockerfile = read("docker/Dockerfile");
    let lines: Vec<&str> = dockerfile.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
    let builds: Vec<_> = lines.iter().filter(|line| line.contains("cargo build")).collect();
    assert_eq!(builds.len(), 2);
    assert!(builds.iter().all(|line| line.contains("--locked") && line.contains("--release")), "{builds:?}");
    let finals = lines.iter().position(|line| line.starts_with("FROM scratch")).unwrap();
    let (stages, last) = (&lines[..finals], &lines[finals..]);
    assert_eq!(last.iter().filter(|line| line.starts_with("FROM ")).count(), Image::ALL.len());
    assert!(
        last.iter().filter(|line| line.starts_with("FROM ")).all(|line| line.starts_with("FROM scratch "))
    );
    assert!(!last.iter().any(|line| line.starts_with("RUN ") || line.starts_with("ADD ")), "{last:?}");
    assert!(
        stages.iter().filter(|line| line.starts_with("FROM ")).all(|line| line.contains("${RUST_IMAGE}"))
    );
}

#[test]
fn one_version_is_said_everywhere() {
    let version = env!("CARGO_PKG_VERSION");
    let (dockerfile, compose) = (read("docker/Dockerfile"), read("docker-compose.yml"));
    let defaults: Vec<_> = dockerfile.lines().filter_map(|line| line.strip_prefix("ARG VERSION=")).collect();
    assert_eq!(defaults, [version; 2]);
    let tags: Vec<_> =
        compose.lines().filter_map(|line| line.trim().strip_prefix("image: airhatch/")).collect();
    assert!(!tags.is_empty());
    for tag in tags {
        assert_eq!(tag.split_once(':').unwrap().1, version, "{tag}");
    }
}

/// The engine looks at the list only when a container starts, and an empty one means no list at all.
#[test]
fn the_seccomp_list_refuses_by_default_and_names_no_call_twice_without_arguments() {
    let list = seccomp_list();
    assert_eq!((&list["defaultAction"], &list["defaultErrnoRet"]), (&json!("SCMP_ACT_ERRNO"), &json!(1)));
    let known = ["defaultAction", "defaultErrnoRet", "archMap", "syscalls"];
    assert_eq!(list.as_object().unwrap().keys().map(String::as_str).collect::<BTreeSet<_>>(), known.into());
    let mut rules: BTreeMap<&str, Vec<bool>> = BTreeMap::new();
    for rule in list["syscalls"].as_array().unwrap() {
        assert!(rule["comment"].as_str().is_some_and(|comment| !comment.is_empty()), "{rule}");
        for name in strings(&rule["names"]) {
            let action = if name == "clone3" { "SCMP_ACT_ERRNO" } else { "SCMP_ACT_ALLOW" };
            assert_eq!(rule["action"], action, "{name}");
            rules.entry(name).or_default().push(rule["args"].is_array());
        }
    }
    for (name, checked) in &rules {
        assert!(checked.len() == 1 || checked.iter().all(|checked| *checked), "{name} is allowed twice");
    }
    for name in ["socket", "socketpair", "clone", "mmap", "mprotect"] {
        assert!(rules[name].iter().all(|checked| *checked), "{name} is allowed whatever its arguments");
    }
}

#[test]
fn the_seccomp_list_lets_a_program_jail_itself_and_opens_no_way_to_more_power() {
    let list = seccomp_list();
    let rules = list["syscalls"].as_array().unwrap();
    let names: BTreeSet<&str> = rules.iter().flat_map(|rule| strings(&rule["names"])).collect();
    for needed in
        ["landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self", "seccomp", "prctl"]
    {
        assert!(names.contains(needed), "{needed}");
    }
    let powers = [
        "add_key",
        "bpf",
        "chown",
        "execveat",
        "fork",
        "init_module",
        "io_uring_setup",
        "kcmp",
        "keyctl",
        "mount",
        "memfd_create",
        "open_by_handle_at",
        "perf_event_open",
        "pidfd_getfd",
        "process_vm_readv",
        "ptrace",
        "request_key",
        "setns",
        "setxattr",
        "unshare",
        "userfaultfd",
        "vfork",
    ];
    for power in powers {
        assert!(!names.contains(power), "{power}");
    }
    let clone3 = rules.iter().find(|rule| strings(&rule["names"]) == ["clone3"]).unwrap();
    assert_eq!(clone3["errnoRet"], 38, "the C library takes clone only after ENOSYS");
}
