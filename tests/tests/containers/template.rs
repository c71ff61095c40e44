//! A running container, field by field, against the description that the warden keeps in its sources; and nothing besides.

use std::collections::BTreeMap;

use airhatch_tests::root_folder;
use serde_json::{Map, json};

use super::*;

/// What this engine adds to every container by itself, none of which opens a wall: values that it may have.
const OF_THE_ENGINE: [&str; 10] = [
    "CgroupnsMode",
    "ConsoleSize",
    "ContainerIDFile",
    "IOMaximumBandwidth",
    "Isolation",
    "MaskedPaths",
    "MemorySwappiness",
    "ReadonlyPaths",
    "Runtime",
    "ShmSize",
];

#[tokio::test]
async fn a_running_agent_s_container_equals_its_description_field_by_field() {
    let Some(engine) = engine() else { return };
    let world = ContainerWorld::new(&engine).await;
    let ann = world.front("ann");
    world.settle(&ann, ANN).await;
    let found = world.agent(&ann).inspect();
    let wanted = description(&found, &ann);
    let (host, have) = (object(&wanted["HostConfig"]), object(&found["HostConfig"]));
    for (name, value) in host {
        assert!(same(value, &have[name]), "{name}: {value} was asked for, there is {}", have[name]);
    }
    let more = have.iter().filter(|(name, value)| !host.contains_key(*name) && !is_empty(value));
    let more: Vec<_> = more.filter(|(name, _)| !OF_THE_ENGINE.contains(&name.as_str())).collect();
    assert!(more.is_empty(), "nobody asked for {more:?}");

    let config = &found["Config"];
    for name in ["Cmd", "ExposedPorts", "Hostname", "StopTimeout", "User"] {
        assert!(same(&wanted[name], &config[name]), "{name}: {} instead of {}", config[name], wanted[name]);
    }
    for variable in config["Env"].as_array().unwrap() {
        assert!(variable.as_str().unwrap().starts_with("PATH="), "{variable}");
    }
    let image = engine.inspect("image", Image::Agent.tag());
    assert_eq!(found["Image"], image["Id"]);
    assert_eq!(config["Entrypoint"], json!(["/airhatch-agent"]));
    let mut labels = object(&image["Config"]["Labels"]).clone();
    labels.extend(object(&wanted["Labels"]).clone());
    assert_eq!(object(&config["Labels"]), &labels);
}

/// The description in the sources, with this account's own names, numbers and folders.
fn description(found: &Value, front: &Front) -> Value {
    let home = front.home().canonicalize().unwrap();
    let record = std::fs::read_to_string(home.join("accounts").join(ANN).join("account.toml")).unwrap();
    let kept: BTreeMap<&str, &str> = record
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, value)| (name, value.trim_matches('"')))
        .collect();
    let path = root_folder().join("docker/src/engine/template/container.json");
    let mut text = std::fs::read_to_string(path).unwrap();
    let user = rustix::process::geteuid();
    let agent = if user.is_root() { 65532 } else { user.as_raw() };
    for (example, real) in [
        ("/HOME/home", home.to_str().unwrap().to_owned()),
        ("/HOME/in", home.join("Airhatch").to_str().unwrap().to_owned()),
        ("airhatch-agent-ann-example-org-00c0ffee", kept["name"].to_owned()),
        ("23456", kept["port"].to_owned()),
        ("1000:1000", format!("{agent}:{agent}")),
        ("uid=1000,gid=1000", format!("uid={agent},gid={agent}")),
        ("\"1000\"", format!("\"{}\"", user.as_raw())),
    ] {
        assert!(text.contains(example), "{example} is not in the description");
        text = text.replace(example, &real);
    }
    let mut wanted: Value = serde_json::from_str(&text).unwrap();
    let calls = std::fs::read_to_string(root_folder().join("docker/seccomp-agent.json")).unwrap();
    let options = wanted["HostConfig"]["SecurityOpt"].as_array_mut().unwrap();
    *options.iter_mut().find(|option| option == &"seccomp=CALLS").unwrap() =
        json!(format!("seccomp={calls}"));
    with_addresses(&mut wanted, found);
    wanted
}

/// This machine's own addresses stand where the example's one is: each with the account's port.
fn with_addresses(wanted: &mut Value, found: &Value) {
    let words = wanted["Cmd"].as_array_mut().unwrap();
    let at = words.iter().position(|word| word == "--advertise").unwrap();
    let port = words[at + 1].as_str().unwrap().rsplit_once(':').unwrap().1.to_owned();
    let found: Vec<&str> =
        found["Config"]["Cmd"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    let machine = found[at..].chunks(2).filter_map(|pair| {
        let (ip, own) = pair[1].rsplit_once(':')?;
        let address: std::net::Ipv4Addr = ip.parse().ok()?;
        (pair[0] == "--advertise" && own == port && !address.is_loopback()).then_some(pair[1])
    });
    let machine: Vec<Value> = machine.flat_map(|address| [json!("--advertise"), json!(address)]).collect();
    words.splice(at..at + 2, machine);
}

fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap_or_else(|| panic!("no object: {value}"))
}

/// Equal, where the engine may leave out what says nothing, and puts lists in an order of its own.
fn same(wanted: &Value, found: &Value) -> bool {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            let every = wanted.keys().chain(found.keys());
            let of = |fields: &Map<String, Value>, name: &str| fields.get(name).cloned().unwrap_or_default();
            every.into_iter().all(|name| same(&of(wanted, name), &of(found, name)))
        }
        (Value::Array(wanted), Value::Array(found)) => {
            wanted.len() == found.len() && wanted.iter().all(|one| found.iter().any(|other| same(one, other)))
        }
        (wanted, found) => wanted == found || (is_empty(wanted) && is_empty(found)),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(set) => !set,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty() || text == "no",
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.values().all(is_empty),
    }
}
