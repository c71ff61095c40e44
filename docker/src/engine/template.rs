//! The whole description of an account's container, volume and networks: a pure function of the account and the engine's
//! kind. Whatever stands between an agent and the rest of this machine is written here and nowhere else. Used when
//! something is made, and again when it is compared with what the engine says it made.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use bollard::models::{
    ContainerCreateBody, EndpointSettings, HealthConfig, HostConfig, HostConfigLogConfig, Ipam, IpamConfig,
    Mount, MountBindOptions, MountType, NetworkCreateRequest, NetworkingConfig, PortBinding,
    ResourcesUlimits, RestartPolicy, RestartPolicyNameEnum, VolumeCreateRequest,
};

use super::identity::{Dialect, Identity};
use super::name::{EngineName, ImageName};
use crate::home::Folders;

/// Which account a thing belongs to.
pub(super) const ACCOUNT: &str = "airhatch.account";
/// Which home that account is in.
pub(super) const HOME: &str = "airhatch.home";
/// Which version of this program made it.
const VERSION: &str = "airhatch.version";
/// What marks the network that all agents share.
pub(super) const PEERS: &str = "airhatch.peers";

/// The agent's own folder, inside.
pub(super) const HOME_INSIDE: &str = "/state/home";

/// The folder of the control socket, inside.
pub(super) const CONTROL_INSIDE: &str = "/control";

/// Where the agent listens for contacts, inside.
pub(super) const PEER_PORT: u16 = 7411;

/// The file in a home that holds the list of system calls for an engine that takes no text.
pub(super) const SECCOMP_FILE: &str = "seccomp-agent.json";

/// The agent's own list of system calls.
pub(super) const SECCOMP: &str = include_str!("../../seccomp-agent.json");

/// Threads and processes: the agent's own threads and those that wait for files.
const PIDS: i64 = 256;
/// Bytes. Opening the vault takes the most; the small /tmp counts in.
const MEMORY: i64 = 512 << 20;
/// Open files: every contact and guest takes one.
const FILES: i64 = 8192;
/// How long the agent may take to withdraw its address and close its files, seconds.
pub(super) const GENTLE: i32 = 10;

/// Everything that makes one container different from another.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    /// The container's name.
    pub(crate) name: EngineName,
    /// The exact image.
    pub(crate) image: ImageName,
    /// The port on this machine.
    pub(crate) port: u16,
    /// The labels of everything that belongs to the account.
    pub(crate) labels: HashMap<String, String>,
    dialect: Dialect,
    identity: Identity,
    advertise: Vec<String>,
    seccomp: String,
    mounts: Vec<Mount>,
}

/// What a template is made from, besides the account's folders.
#[derive(Clone, Debug)]
pub(crate) struct Choices {
    /// The container's name.
    pub(crate) name: EngineName,
    /// The exact image.
    pub(crate) image: ImageName,
    /// The port on this machine.
    pub(crate) port: u16,
    /// The engine's kind.
    pub(crate) dialect: Dialect,
    /// Addresses of this machine at which the port can be reached.
    pub(crate) addresses: Vec<std::net::Ipv4Addr>,
}

/// Marks of everything that belongs to one account of one home.
pub(crate) fn labels(folders: &Folders, home: &str) -> HashMap<String, String> {
    let pairs = [(ACCOUNT, folders.account.as_str()), (HOME, home), (VERSION, env!("CARGO_PKG_VERSION"))];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The list of system calls, as this kind of engine wants it: Docker takes the text, Podman the path of a file.
fn seccomp(dialect: Dialect, file: &str) -> String {
    if dialect.is_podman() { format!("seccomp={file}") } else { format!("seccomp={SECCOMP}") }
}

/// Whether a thing has all of these labels but the version, which may be another one.
pub(super) fn carries(found: Option<&HashMap<String, String>>, labels: &HashMap<String, String>) -> bool {
    let mut needed = labels.iter().filter(|(name, _)| *name != VERSION);
    needed.all(|(name, value)| found.and_then(|found| found.get(name)) == Some(value))
}

impl Template {
    /// Of an account whose folders and home are named in UTF-8; else the path that is not.
    pub(crate) fn new(folders: &Folders, home: &Path, choices: Choices) -> Result<Self, PathBuf> {
        let Choices { name, image, port, dialect, addresses } = choices;
        let home_text = text(home)?;
        let own_name = format!("{name}:{PEER_PORT}");
        let advertise = addresses.iter().map(|ip| format!("{ip}:{port}")).chain([own_name]).collect();
        let mounts = vec![
            state(&name),
            bind(&folders.inbox, "/inbox", false)?,
            bind(&folders.outbox(), "/outbox", true)?,
            bind(&folders.drop_folder(), "/drop", false)?,
            bind(&folders.control(), CONTROL_INSIDE, false)?,
        ];
        Ok(Self {
            labels: labels(folders, &home_text),
            identity: Identity::of(folders, dialect),
            seccomp: seccomp(dialect, &text(&home.join(SECCOMP_FILE))?),
            name,
            image,
            port,
            dialect,
            advertise,
            mounts,
        })
    }

    /// The container.
    pub(crate) fn container(&self) -> ContainerCreateBody {
        let network = self.name.network().to_string();
        ContainerCreateBody {
            image: Some(self.image.to_string()),
            user: Some(self.identity.user.clone()),
            hostname: Some("agent".to_owned()),
            cmd: Some(self.arguments()),
            env: Some(Vec::new()),
            labels: Some(self.labels.clone()),
            exposed_ports: Some(vec![inside()]),
            stop_timeout: Some(GENTLE.into()),
            host_config: Some(self.host()),
            networking_config: Some(NetworkingConfig {
                endpoints_config: Some([(network, EndpointSettings::default())].into()),
            }),
            ..ContainerCreateBody::default()
        }
    }

    /// A container that packs or unpacks the state and ends: with the same walls, no network, and nothing but the volume.
    /// What it writes is the state itself, so the engine keeps none of it.
    pub(crate) fn porter(&self, command: &str, hears: bool) -> ContainerCreateBody {
        let command = [command, "--home", HOME_INSIDE];
        let host = HostConfig {
            network_mode: Some("none".to_owned()),
            port_bindings: None,
            extra_hosts: None,
            mounts: Some(vec![state(&self.name)]),
            restart_policy: None,
            log_config: Some(HostConfigLogConfig { typ: Some("none".to_owned()), config: None }),
            ..self.host()
        };
        ContainerCreateBody {
            cmd: Some(command.into_iter().map(str::to_owned).collect()),
            healthcheck: Some(HealthConfig {
                test: Some(vec!["NONE".to_owned()]),
                ..HealthConfig::default()
            }),
            exposed_ports: None,
            networking_config: None,
            attach_stdin: Some(hears),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            open_stdin: Some(hears),
            stdin_once: Some(hears),
            host_config: Some(host),
            ..self.container()
        }
    }

    fn arguments(&self) -> Vec<String> {
        let listen = format!("0.0.0.0:{PEER_PORT}");
        let owner = self.identity.owner.to_string();
        let folders =
            ["run", "--home", HOME_INSIDE, "--inbox", "/inbox", "--outbox", "/outbox", "--drop", "/drop"];
        let doors = ["--control", CONTROL_INSIDE, "--listen", listen.as_str(), "--owner", owner.as_str()];
        let advertise = self.advertise.iter().flat_map(|address| ["--advertise", address.as_str()]);
        folders.into_iter().chain(doors).chain(advertise).map(str::to_owned).collect()
    }

    fn host(&self) -> HostConfig {
        let published =
            PortBinding { host_ip: Some("0.0.0.0".to_owned()), host_port: Some(self.port.to_string()) };
        HostConfig {
            network_mode: Some(self.name.network().to_string()),
            port_bindings: Some([(inside(), Some(vec![published]))].into()),
            extra_hosts: self.this_machine(),
            mounts: Some(self.mounts.clone()),
            tmpfs: Some([("/tmp".to_owned(), self.scratch())].into()),
            readonly_rootfs: Some(true),
            privileged: Some(false),
            cap_drop: Some(vec!["ALL".to_owned()]),
            security_opt: Some(vec!["no-new-privileges:true".to_owned(), self.seccomp.clone()]),
            userns_mode: self.identity.mapping.map(str::to_owned),
            ipc_mode: Some("none".to_owned()),
            // No user of any group may open ping sockets.
            sysctls: Some([("net.ipv4.ping_group_range".to_owned(), "1 0".to_owned())].into()),
            pids_limit: Some(PIDS),
            memory: Some(MEMORY),
            memory_swap: Some(MEMORY),
            ulimits: Some(vec![limit("nofile", FILES), limit("core", 0)]),
            restart_policy: Some(RestartPolicy {
                name: Some(RestartPolicyNameEnum::UNLESS_STOPPED),
                maximum_retry_count: Some(0),
            }),
            log_config: Some(HostConfigLogConfig {
                typ: Some("json-file".to_owned()),
                config: Some(pairs(&[("max-size", "1m"), ("max-file", "2")])),
            }),
            ..HostConfig::default()
        }
    }

    /// A name for this machine itself, for a CA that runs on it. Podman has one by itself: host.containers.internal.
    fn this_machine(&self) -> Option<Vec<String>> {
        let name = "host.docker.internal:host-gateway".to_owned();
        (!self.dialect.is_podman()).then(|| vec![name])
    }

    /// Podman does not take an owner for it.
    fn scratch(&self) -> String {
        let fixed = "rw,noexec,nosuid,nodev,size=16m";
        match self.identity.user.split_once(':') {
            Some((user, group)) if !self.dialect.is_podman() => {
                format!("{fixed},mode=0700,uid={user},gid={group}")
            }
            _ => format!("{fixed},mode=1777"),
        }
    }

    /// The volume with the agent's state.
    pub(crate) fn volume(&self) -> VolumeCreateRequest {
        VolumeCreateRequest {
            name: Some(self.name.volume().to_string()),
            driver: Some("local".to_owned()),
            labels: Some(self.labels.clone()),
            ..VolumeCreateRequest::default()
        }
    }

    /// The account's own network.
    pub(crate) fn network(&self, subnet: String) -> NetworkCreateRequest {
        network(&self.name.network(), subnet, self.labels.clone())
    }
}

/// The network that all agents of an engine share.
pub(crate) fn peers(subnet: String) -> NetworkCreateRequest {
    network(&EngineName::peers(), subnet, pairs(&[(PEERS, "1"), (VERSION, env!("CARGO_PKG_VERSION"))]))
}

fn network(name: &EngineName, subnet: String, labels: HashMap<String, String>) -> NetworkCreateRequest {
    let config = IpamConfig { subnet: Some(subnet), ..IpamConfig::default() };
    NetworkCreateRequest {
        name: name.to_string(),
        driver: Some("bridge".to_owned()),
        ipam: Some(Ipam { config: Some(vec![config]), ..Ipam::default() }),
        labels: Some(labels),
        ..NetworkCreateRequest::default()
    }
}

fn inside() -> String {
    format!("{PEER_PORT}/tcp")
}

fn limit(name: &str, most: i64) -> ResourcesUlimits {
    ResourcesUlimits { name: Some(name.to_owned()), soft: Some(most), hard: Some(most) }
}

/// The image's /state is open to all, and a new volume takes that over; so the agent can make its own folder there.
fn state(name: &EngineName) -> Mount {
    Mount {
        typ: Some(MountType::VOLUME),
        source: Some(name.volume().to_string()),
        target: Some("/state".to_owned()),
        read_only: Some(false),
        ..Mount::default()
    }
}

/// Read-only holds for one file system only, so what is mounted below it must not come along.
fn bind(source: &Path, target: &str, read_only: bool) -> Result<Mount, PathBuf> {
    Ok(Mount {
        typ: Some(MountType::BIND),
        source: Some(text(source)?),
        target: Some(target.to_owned()),
        read_only: Some(read_only),
        bind_options: Some(MountBindOptions { non_recursive: Some(true), ..MountBindOptions::default() }),
        ..Mount::default()
    })
}

fn text(path: &Path) -> Result<String, PathBuf> {
    path.to_str().map(str::to_owned).ok_or_else(|| path.to_owned())
}

fn pairs(pairs: &[(&str, &str)]) -> HashMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[cfg(test)]
mod tests;
