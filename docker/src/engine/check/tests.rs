//! Every wall that an engine might leave out is noticed.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use airhatch_wire::warden::RuntimeKind;
use serde_json::json;

use super::*;
use crate::engine::identity::Dialect;
use crate::engine::template::Choices;
use crate::home::Home;

fn template() -> Template {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::open(folder.path(), folder.path()).unwrap();
    let folders = home.folders(&"ann@example.org".parse().unwrap(), RuntimeKind::Container);
    let choices = Choices {
        name: "airhatch-agent-ann-00c0ffee".to_owned().try_into().unwrap(),
        image: "sha256:1234".parse().unwrap(),
        port: 23456,
        dialect: Dialect::Docker,
        addresses: Vec::new(),
    };
    Template::new(&folders, home.root(), choices).unwrap()
}

/// What a faithful engine says, as it travels.
fn faithful(template: &Template) -> Value {
    let body = serde_json::to_value(template.container()).unwrap();
    let mut host = body["HostConfig"].clone();
    host["ShmSize"] = json!(67_108_864);
    host["CapAdd"] = Value::Null;
    host["PidMode"] = json!("");
    json!({
        "Image": template.image.as_str(),
        "HostConfig": host,
        "Config": {
            "User": body["User"], "Cmd": body["Cmd"], "Labels": body["Labels"],
            "Env": ["PATH=/usr/bin"], "Image": "sha256:1234",
        },
        "NetworkSettings": { "Networks": { "airhatch-agent-ann-00c0ffee-net": {}, "airhatch-peers": {} } },
    })
}

fn compared(template: &Template, said: Value) -> Differences {
    differences(&serde_json::from_value(said).unwrap(), template)
}

#[test]
fn a_faithful_engine_differs_in_nothing() {
    let template = template();
    assert_eq!(compared(&template, faithful(&template)), Differences::default());
}

#[test]
fn every_wall_that_is_missing_or_opened_is_named() {
    let template = template();
    let cases = [
        ("/HostConfig/SecurityOpt", json!(["no-new-privileges:true"]), "SecurityOpt"),
        ("/HostConfig/SecurityOpt/1", json!("seccomp={}"), "SecurityOpt"),
        ("/HostConfig/CapDrop", Value::Null, "CapDrop"),
        ("/HostConfig/CapAdd", json!(["NET_RAW"]), "CapAdd"),
        ("/HostConfig/ReadonlyRootfs", json!(false), "ReadonlyRootfs"),
        ("/HostConfig/Privileged", json!(true), "Privileged"),
        ("/HostConfig/PidMode", json!("host"), "PidMode"),
        ("/HostConfig/IpcMode", json!("host"), "IpcMode"),
        ("/HostConfig/NetworkMode", json!("host"), "NetworkMode"),
        ("/HostConfig/Mounts/0/Source", json!("somebody-s-state"), "Mounts"),
        ("/HostConfig/Mounts/2/ReadOnly", json!(false), "Mounts"),
        ("/HostConfig/PortBindings", json!({}), "PortBindings"),
        ("/Config/User", json!("0:0"), "User"),
        ("/Config/Cmd", json!(["run"]), "Cmd"),
        ("/Config/Env", json!(["LD_PRELOAD=/inbox/x"]), "Env"),
        ("/Config/Labels", json!({}), "Labels"),
        ("/Image", json!("sha256:5678"), "Image"),
        ("/NetworkSettings/Networks", json!({ "bridge": {} }), "Networks"),
    ];
    for (place, value, name) in cases {
        let mut said = faithful(&template);
        *said.pointer_mut(place).unwrap_or_else(|| panic!("{place} is not there")) = value;
        assert_eq!(compared(&template, said).walls, [name], "{place}");
    }
    for (field, value) in
        [("Binds", json!(["/:/host"])), ("Devices", json!([{}])), ("VolumesFrom", json!(["x"]))]
    {
        let mut said = faithful(&template);
        said["HostConfig"][field] = value;
        assert_eq!(compared(&template, said).walls, [field]);
    }
}

#[test]
fn limits_that_an_engine_cannot_keep_are_no_walls() {
    let template = template();
    let mut said = faithful(&template);
    for limit in LIMITS {
        said["HostConfig"][limit] = Value::Null;
    }
    let Differences { walls, mut limits } = compared(&template, said);
    limits.sort_unstable();
    assert_eq!(
        (walls, limits),
        (vec![], ["Memory", "MemorySwap", "PidsLimit", "Ulimits"].map(str::to_owned).into())
    );
}

#[test]
fn a_process_without_its_guards_is_noticed() {
    let guarded = "Name:\tx\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n\
                   CapBnd:\t0000000000000000\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n";
    assert_eq!(unguarded_by(guarded), Vec::<String>::new());
    for (from, to) in [
        ("Seccomp:\t2", "Seccomp:\t0"),
        ("NoNewPrivs:\t1", "NoNewPrivs:\t0"),
        ("CapBnd:\t0000000000000000", "CapBnd:\t00000000a80425fb"),
    ] {
        assert_eq!(unguarded_by(&guarded.replace(from, to)).len(), 1, "{to}");
    }
    assert_eq!(unguarded_by("").len(), 3);
}
