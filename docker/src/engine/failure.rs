//! What can go wrong with an engine, and what a person can do about it. Owns the reading of the engine's own texts,
//! which are all that tells some causes apart; every other module passes errors through here.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use airhatch_wire::{Code, Failure};
use bollard::errors::Error as ClientError;

use super::name::{EngineName, ImageName};
use crate::accounts::AccountError;

/// The longest part of an engine's text that is told, characters.
const TOLD: usize = 300;

/// Why the engine did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    /// No socket where engines have theirs.
    #[error("no container engine was found on this machine")]
    Missing,
    /// `DOCKER_HOST` names something that cannot be used.
    #[error("DOCKER_HOST is {0:?}, but only a socket of this machine can be used (unix:///path)")]
    Address(String),
    /// The socket is there, but not for this user.
    #[error("this user may not use the container engine at {}", .0.display())]
    Denied(PathBuf),
    /// The socket is there, but nobody answers.
    #[error("the container engine at {} does not answer", .0.display())]
    Dead(PathBuf),
    /// It went away or got stuck in the middle.
    #[error("the container engine went away while {0}")]
    Gone(&'static str),
    /// Its API lacks what is needed.
    #[error("{product} is too old: it speaks API {api}, and 1.41 is needed")]
    TooOld {
        /// Name and version.
        product: String,
        /// The newest API it knows.
        api: String,
    },
    /// There is no such image.
    #[error("the image {0} is not on this machine")]
    NoImage(ImageName),
    /// The image lacks what this program needs of it.
    #[error("the image that agents run from is older than this program")]
    OldImage,
    /// The engine's disk is full.
    #[error("the container engine has no space left")]
    DiskFull,
    /// Somebody else listens where the account's contacts are told to try.
    #[error("port {0} of this machine is in use by something else")]
    PortTaken(u16),
    /// No port, or no addresses for a network, are left.
    #[error("the container engine has no {0} left")]
    Exhausted(&'static str),
    /// Something with a name of ours is not ours.
    #[error("{what} {name} is there already and does not belong to this account")]
    Foreign {
        /// What kind of thing.
        what: &'static str,
        /// Its name.
        name: EngineName,
    },
    /// A path of this account cannot be given to an engine.
    #[error("{} cannot be given to a container: {why}", path.display())]
    Folder {
        /// The path.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The container does not have the walls that were asked for.
    #[error("the container was stopped, since the engine did not give it what was asked for: {0}")]
    Weakened(String),
    /// A network of the container has been removed, or there are two of its name.
    #[error("a network of the container has been removed, or was made twice")]
    NoNetwork,
    /// The agent ended before it took connections.
    #[error("the agent ended while its container was starting{}", last_words(.0))]
    Ended(String),
    /// The agent runs but takes no connections.
    #[error("the agent in the container did not take a connection in time")]
    Unresponsive,
    /// Any other refusal.
    #[error("the container engine refused while {doing}: {said}")]
    Refused {
        /// What was tried.
        doing: &'static str,
        /// Its own words, shortened.
        said: String,
    },
    /// The account's record.
    #[error(transparent)]
    Account(#[from] AccountError),
}

fn last_words(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(": {said}") }
}

impl EngineError {
    /// Reads what the client says about something that was tried.
    pub(crate) fn from_client(doing: &'static str) -> impl FnOnce(ClientError) -> Self {
        move |error| match &error {
            ClientError::DockerResponseServerError { message, .. } => {
                read(message).unwrap_or_else(|| refused(doing, message))
            }
            ClientError::RequestTimeoutError | ClientError::IOError { .. } => Self::Gone(doing),
            other if cause(other).is_some() => Self::Gone(doing),
            other => refused(doing, &other.to_string()),
        }
    }

    /// Reads why the first call at a socket failed.
    pub(crate) fn at_socket(socket: PathBuf, error: &ClientError) -> Self {
        match cause(error) {
            Some(io::ErrorKind::PermissionDenied) => Self::Denied(socket),
            _ => Self::Dead(socket),
        }
    }

    /// The same refusal, about this port if it is about a port.
    pub(crate) fn about_port(self, port: u16) -> Self {
        if matches!(self, Self::PortTaken(_)) { Self::PortTaken(port) } else { self }
    }
}

/// Whether the engine says that there is no such thing.
pub(crate) fn is_missing(error: &ClientError) -> bool {
    matches!(error, ClientError::DockerResponseServerError { status_code: 404, .. })
}

fn refused(doing: &'static str, said: &str) -> EngineError {
    EngineError::Refused { doing, said: said.chars().take(TOLD).collect() }
}

/// What the file system said below a failed request.
fn cause(error: &ClientError) -> Option<io::ErrorKind> {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Some(error.kind());
        }
        next = error.source();
    }
    None
}

/// The causes that engines tell in text only.
fn read(message: &str) -> Option<EngineError> {
    let says = |texts: &[&str]| texts.iter().any(|text| message.contains(text));
    if says(&["no space left on device", "disk quota exceeded"]) {
        Some(EngineError::DiskFull)
    } else if says(&["address already in use", "port is already allocated", "all ports are allocated"]) {
        // Which one is known to the caller.
        Some(EngineError::PortTaken(0))
    } else if says(&["non-overlapping IPv4 address pool", "address pools have been fully subnetted"]) {
        Some(EngineError::Exhausted("addresses for networks"))
    } else if message.contains("network") && says(&["not found", "no such network", "is ambiguous"]) {
        Some(EngineError::NoNetwork)
    } else {
        None
    }
}

/// What a front is told.
pub(crate) fn from_engine(error: EngineError) -> Failure {
    if let EngineError::Account(error) = error {
        return crate::failure::from_account(error);
    }
    Failure::new(code(&error), error.to_string()).hint(advice(&error))
}

const fn code(error: &EngineError) -> Code {
    match error {
        EngineError::DiskFull => Code::DiskFull,
        EngineError::PortTaken(_) | EngineError::Foreign { .. } => Code::Conflict,
        EngineError::Folder { .. } => Code::NotPermitted,
        EngineError::Ended(_) | EngineError::Unresponsive => Code::AgentDown,
        _ => Code::EngineUnavailable,
    }
}

fn advice(error: &EngineError) -> String {
    match error {
        EngineError::Missing => "Install Docker or Podman and start it, or let the agent run as a process (--runtime process).".to_owned(),
        EngineError::Address(_) => "Unset DOCKER_HOST, or let it name the engine's socket.".to_owned(),
        EngineError::Denied(_) => {
            "Set up a rootless engine (dockerd-rootless-setuptool.sh install), or let an administrator add you to \
             the engine's group (usermod -aG docker NAME; log in anew), which is as much as root's rights."
                .to_owned()
        }
        EngineError::Dead(_) | EngineError::Gone(_) => {
            "Start it (often: systemctl start docker) and try again.".to_owned()
        }
        EngineError::TooOld { .. } => "Update it: Docker 20.10 or Podman 4 will do.".to_owned(),
        EngineError::NoImage(image) => {
            format!(
                "Load it: airhatch engine load FILE; or build it: airhatch engine build DIR, or `make images` in the \
                 sources (it is called {image})."
            )
        }
        EngineError::OldImage => {
            "Build it anew with `make images`, or load the one of this version.".to_owned()
        }
        EngineError::DiskFull => {
            "Free some space in the file system of the engine (docker info names its folder).".to_owned()
        }
        EngineError::PortTaken(port) => format!(
            "Find out who uses it (ss -ltnp 'sport = :{port}') and stop that, or write another port into the \
             account's account.toml."
        ),
        EngineError::Exhausted(_) => "Remove networks that nobody needs: docker network ls.".to_owned(),
        EngineError::Foreign { name, .. } => format!("Look what it is; rename or remove it: {name}."),
        EngineError::Folder { .. } => "Check who owns the folder and what it is called.".to_owned(),
        EngineError::Weakened(_) => {
            "Update the engine, or use --runtime process, which has walls of its own.".to_owned()
        }
        EngineError::Ended(_) | EngineError::Unresponsive => {
            "Try again; `docker logs` of the container says more.".to_owned()
        }
        EngineError::NoNetwork | EngineError::Refused { .. } => {
            "Try again; the engine's own log may say more.".to_owned()
        }
        EngineError::Account(_) => String::new(),
    }
}

#[cfg(test)]
#[allow(clippy::panic, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn read_as(message: &str) -> EngineError {
        let said = ClientError::DockerResponseServerError { status_code: 500, message: message.to_owned() };
        EngineError::from_client("starting")(said).about_port(7411)
    }

    #[test]
    fn the_engine_s_texts_become_causes() {
        let cases = [
            ("write /var/lib/docker/x: no space left on device", Code::DiskFull),
            ("listen tcp4 0.0.0.0:7411: bind: address already in use", Code::Conflict),
            ("Bind for 0.0.0.0:7411 failed: port is already allocated", Code::Conflict),
            ("driver failed: all ports are allocated", Code::Conflict),
            (
                "could not find an available, non-overlapping IPv4 address pool among the",
                Code::EngineUnavailable,
            ),
            ("network 0af1 not found", Code::EngineUnavailable),
            ("network airhatch-peers is ambiguous (2 matches found on name)", Code::EngineUnavailable),
            ("cannot start a stopped process", Code::EngineUnavailable),
        ];
        for (message, code) in cases {
            let failure = from_engine(read_as(message));
            assert_eq!(failure.code, code, "{message}");
            assert!(!failure.hint.is_empty(), "{message}");
        }
        assert!(matches!(read_as("port is already allocated"), EngineError::PortTaken(7411)));
        for gone in
            ["network 0af1 not found", "network airhatch-peers is ambiguous (2 matches found on name)"]
        {
            assert!(matches!(read_as(gone), EngineError::NoNetwork), "{gone}");
        }
    }

    #[test]
    fn a_long_text_is_shortened() {
        let EngineError::Refused { said, .. } = read_as(&"x".repeat(10_000)) else {
            panic!("an unknown text has another cause")
        };
        assert_eq!(said.chars().count(), TOLD);
    }

    #[test]
    fn every_trouble_comes_with_advice() {
        let image = ImageName::agent();
        let troubles = [
            EngineError::Missing,
            EngineError::Address("tcp://x".to_owned()),
            EngineError::Denied(PathBuf::from("/s")),
            EngineError::Dead(PathBuf::from("/s")),
            EngineError::Gone("starting"),
            EngineError::TooOld { product: "Docker 1".to_owned(), api: "1.20".to_owned() },
            EngineError::NoImage(image),
            EngineError::OldImage,
            EngineError::Exhausted("ports"),
            EngineError::Foreign { what: "the network", name: EngineName::peers() },
            EngineError::Weakened("seccomp".to_owned()),
            EngineError::Ended(String::new()),
            EngineError::Unresponsive,
        ];
        for trouble in troubles {
            let said = trouble.to_string();
            assert!(!from_engine(trouble).hint.is_empty(), "{said}");
        }
    }
}
