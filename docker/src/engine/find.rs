//! Finding the container engine of this machine. Owns where engines have their sockets and what of an engine must be
//! known before it is used; must never change anything on it.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bollard::models::{SystemInfo, SystemVersion};
use bollard::{API_DEFAULT_VERSION, Docker};
use rustix::process::geteuid;
use tokio::time::timeout;

use super::failure::EngineError;
use super::identity::Dialect;

/// The oldest API that has everything.
const API: (u32, u32) = (1, 41);

/// How long an engine may take to say who it is.
const GREETING: Duration = Duration::from_secs(5);

/// How long it may take to begin an answer to anything else, seconds. Shorter than an account is locked for.
const ANSWER: u64 = 25;

/// An engine that answers and is new enough.
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    /// The connection; requests may be made side by side.
    pub(crate) client: Docker,
    /// What kind it is.
    pub(crate) dialect: Dialect,
    /// Whether it runs in a virtual machine, which sockets in mounted folders do not leave.
    pub(crate) distant: bool,
    /// Its name and version.
    pub(crate) product: String,
    /// Its socket.
    pub(crate) socket: PathBuf,
}

/// What of the environment says where engines are.
#[derive(Clone, Debug, Default)]
struct Surroundings {
    docker_host: Option<OsString>,
    runtime_folder: Option<PathBuf>,
    user: u32,
}

impl Surroundings {
    fn ours() -> Self {
        Self {
            docker_host: std::env::var_os("DOCKER_HOST").filter(|host| !host.is_empty()),
            runtime_folder: std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from),
            user: geteuid().as_raw(),
        }
    }

    /// Where to look, best first. A person's word is the only place.
    fn sockets(&self) -> Result<Vec<PathBuf>, EngineError> {
        if let Some(host) = &self.docker_host {
            let address = || EngineError::Address(host.to_string_lossy().into_owned());
            let path = host.as_bytes().strip_prefix(b"unix://").ok_or_else(address)?;
            let path = Path::new(std::ffi::OsStr::from_bytes(path));
            return if path.is_absolute() { Ok(vec![path.to_owned()]) } else { Err(address()) };
        }
        let own = self.runtime_folder.clone().unwrap_or_else(|| format!("/run/user/{}", self.user).into());
        Ok(vec![
            own.join("docker.sock"),
            own.join("podman/podman.sock"),
            "/run/podman/podman.sock".into(),
            "/var/run/docker.sock".into(),
        ])
    }
}

/// The first engine that can be used; else why the likeliest one cannot.
///
/// # Errors
/// [`EngineError::Missing`], [`EngineError::Address`], [`EngineError::Denied`], [`EngineError::Dead`] or
/// [`EngineError::TooOld`].
pub(crate) async fn find() -> Result<Engine, EngineError> {
    find_from(&Surroundings::ours()).await
}

async fn find_from(surroundings: &Surroundings) -> Result<Engine, EngineError> {
    let named = surroundings.docker_host.is_some();
    let mut trouble = EngineError::Missing;
    for socket in surroundings.sockets()? {
        match open(&socket).await {
            Ok(engine) => return Ok(engine),
            Err(None) if named => return Err(EngineError::Dead(socket)),
            Err(None) => {}
            // A socket that is there tells more than one that is not; one that refuses us, more than a dead one.
            Err(Some(error)) if !matches!(trouble, EngineError::Denied(_)) => trouble = error,
            Err(Some(_)) => {}
        }
    }
    Err(trouble)
}

/// `None` when there is no such socket.
async fn open(socket: &Path) -> Result<Engine, Option<EngineError>> {
    match std::fs::symlink_metadata(socket) {
        Err(e) if e.kind() == std::io::ErrorKind::PermissionDenied => {
            return Err(Some(EngineError::Denied(socket.to_owned())));
        }
        Err(_) => return Err(None),
        Ok(_) => {}
    }
    let dead = || Some(EngineError::Dead(socket.to_owned()));
    let path = socket.to_str().ok_or_else(dead)?;
    let client = Docker::connect_with_unix(path, ANSWER, API_DEFAULT_VERSION).map_err(|_| dead())?;
    let ask = async {
        let version = client.version().await?;
        Ok::<_, bollard::errors::Error>((version, client.info().await?))
    };
    let (version, info) = timeout(GREETING, ask)
        .await
        .map_err(|_| dead())?
        .map_err(|e| Some(EngineError::at_socket(socket.to_owned(), &e)))?;
    let product = product(&version);
    let api = version.api_version.clone().unwrap_or_default();
    if !new_enough(&api) {
        return Err(Some(EngineError::TooOld { product, api }));
    }
    let distant = is_distant(&info);
    Ok(Engine { client, dialect: dialect(&version, &info), distant, product, socket: socket.to_owned() })
}

fn is_podman(version: &SystemVersion) -> bool {
    let components = version.components.as_deref().unwrap_or_default();
    components.iter().any(|component| component.name == "Podman Engine")
}

fn is_distant(info: &SystemInfo) -> bool {
    info.operating_system.as_deref().is_some_and(|system| system.contains("Docker Desktop"))
}

fn product(version: &SystemVersion) -> String {
    let name = if is_podman(version) { "Podman" } else { "Docker" };
    format!("{name} {}", version.version.as_deref().unwrap_or("of unknown version"))
}

fn new_enough(api: &str) -> bool {
    let parsed = api
        .split_once('.')
        .and_then(|(major, minor)| Some((major.parse::<u32>().ok()?, minor.parse::<u32>().ok()?)));
    parsed.is_some_and(|version| version >= API)
}

fn dialect(version: &SystemVersion, info: &SystemInfo) -> Dialect {
    let options = info.security_options.as_deref().unwrap_or_default();
    let has = |name: &str| options.iter().any(|option| option.split(',').any(|part| part == name));
    // Podman does not count being rootless among its security options, but never runs as another user's.
    match (is_podman(version), has("name=rootless")) {
        (true, _) if !geteuid().is_root() => Dialect::PodmanRootless,
        (true, _) => Dialect::Podman,
        (false, true) => Dialect::DockerRootless,
        (false, false) if has("name=userns") => Dialect::DockerRemapped,
        (false, false) => Dialect::Docker,
    }
}

#[cfg(test)]
mod tests;
