//! Comparing a container with what was asked for. An engine may drop what it does not know or cannot do without a word,
//! so nothing of it is believed: its own account is compared with the template, and the running process is looked at.

use std::collections::BTreeSet;
use std::io;

use bollard::models::{ContainerConfig, ContainerInspectResponse};
use rustix::process::Pid;
use serde_json::{Map, Value};

use super::name::EngineName;
use super::template::Template;

/// What keeps an agent from using up this machine, rather than from looking around on it.
const LIMITS: [&str; 4] = ["PidsLimit", "Memory", "MemorySwap", "Ulimits"];

/// What would open a wall if it were there, and is never asked for but where the template says so.
const NEVER: [&str; 14] = [
    "Binds",
    "VolumesFrom",
    "CapAdd",
    "Devices",
    "DeviceCgroupRules",
    "DeviceRequests",
    "PidMode",
    "UTSMode",
    "UsernsMode",
    "Links",
    "GroupAdd",
    "PublishAllPorts",
    "OomKillDisable",
    "CgroupParent",
];

/// How a container differs from its template; names of what differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Differences {
    /// What it runs, as whom, and what it can reach.
    pub(super) walls: Vec<String>,
    /// How much it may use. Some engines cannot limit that.
    pub(super) limits: Vec<String>,
}

/// Compares what the engine says with the template.
pub(super) fn differences(found: &ContainerInspectResponse, template: &Template) -> Differences {
    let mut differences = Differences::default();
    let wanted = template.container();
    let (host, have) = (object(&wanted.host_config), object(&found.host_config));
    for (name, value) in &host {
        if !same(value, have.get(name).unwrap_or(&Value::Null)) {
            let limit = LIMITS.contains(&name.as_str());
            let list = if limit { &mut differences.limits } else { &mut differences.walls };
            list.push(name.clone());
        }
    }
    let walls = &mut differences.walls;
    let opened = NEVER.iter().filter(|name| !host.contains_key(**name));
    walls.extend(
        opened.filter(|name| have.get(**name).is_some_and(|v| !is_empty(v))).map(|n| (*n).to_owned()),
    );
    if found.image.as_deref() != Some(template.image.as_str()) {
        walls.push("Image".to_owned());
    }
    let config = found.config.clone().unwrap_or_default();
    walls.extend(config_differences(&config, template).into_iter().map(str::to_owned));
    walls.extend(network_differences(found, template));
    differences
}

/// Labels and environment may have what the image adds; nothing of ours may be missing.
fn config_differences(config: &ContainerConfig, template: &Template) -> Vec<&'static str> {
    let wanted = template.container();
    let path_only = |env: &Vec<String>| env.iter().all(|variable| variable.starts_with("PATH="));
    let labelled = template
        .labels
        .iter()
        .all(|(name, value)| config.labels.as_ref().and_then(|labels| labels.get(name)) == Some(value));
    let checks = [
        ("User", config.user == wanted.user),
        ("Cmd", config.cmd == wanted.cmd),
        ("Labels", labelled),
        ("Env", config.env.as_ref().is_none_or(path_only)),
    ];
    checks.into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect()
}

fn network_differences(found: &ContainerInspectResponse, template: &Template) -> Option<String> {
    let networks = found.network_settings.as_ref().and_then(|settings| settings.networks.as_ref());
    let names: BTreeSet<String> =
        networks.into_iter().flat_map(|networks| networks.keys().cloned()).collect();
    let wanted = [template.name.network(), EngineName::peers()].map(String::from);
    (names != BTreeSet::from(wanted)).then(|| "Networks".to_owned())
}

fn object(value: &impl serde::Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

/// Equal, where an engine may leave out or add what says nothing.
fn same(wanted: &Value, found: &Value) -> bool {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            let names: BTreeSet<&String> = wanted.keys().chain(found.keys()).collect();
            let of = |fields: &Map<String, Value>, name: &str| fields.get(name).cloned().unwrap_or_default();
            names.into_iter().all(|name| same(&of(wanted, name), &of(found, name)))
        }
        (Value::Array(wanted), Value::Array(found)) => {
            wanted.len() == found.len() && wanted.iter().zip(found).all(|(wanted, found)| same(wanted, found))
        }
        (wanted, found) => wanted == found || (is_empty(wanted) && is_empty(found)),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(set) => !set,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}

/// What the kernel does not enforce on a process that should be behind walls; `None` when it cannot be looked at.
pub(super) fn unguarded(process: Pid) -> io::Result<Option<Vec<String>>> {
    match std::fs::read_to_string(format!("/proc/{}/status", process.as_raw_nonzero())) {
        Ok(status) => Ok(Some(unguarded_by(&status))),
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) => Ok(None),
        Err(e) => Err(e),
    }
}

fn unguarded_by(status: &str) -> Vec<String> {
    let value = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.map(str::trim).unwrap_or_default()
    };
    let no_capability = |name: &str| u64::from_str_radix(value(name), 16) == Ok(0);
    let capabilities = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"];
    let checks = [
        ("the system call filter (seccomp)", value("Seccomp") == "2"),
        ("no new privileges", value("NoNewPrivs") == "1"),
        ("dropping all capabilities", capabilities.into_iter().all(no_capability)),
    ];
    checks.into_iter().filter(|(_, held)| !held).map(|(name, _)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests;
