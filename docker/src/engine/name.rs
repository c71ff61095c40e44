//! The only names that are ever sent to an engine. They become parts of its URLs unescaped, so nothing but a value of
//! these types may. Used by the whole runtime and by the account's record.

use std::fmt;
use std::io;

use airhatch_wire::Email;
use serde::{Deserialize, Serialize};

use crate::home::random_id;

/// What begins every container's name. It sorts before [`PEERS`]: an engine gives the published port to the network
/// whose name is the first, which must be the account's own.
const PREFIX: &str = "airhatch-agent-";

/// The network that all agents of an engine share.
const PEERS: &str = "airhatch-peers";

/// The most that an engine, and the name service in its networks, takes. Bytes.
const LONGEST: usize = 63;

/// Room for what is appended to a container's name.
const ROOM: usize = "-state".len();

/// How much of an email is in a name, bytes.
const READABLE: usize = 30;

/// How many random hexadecimal digits keep names apart.
const RANDOM: usize = 8;

/// Why a text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NameError {
    /// See [`EngineName`].
    #[error("not a name for an engine: a-z, 0-9 and - only, {} bytes at most", LONGEST - ROOM)]
    Name,
    /// See [`ImageName`].
    #[error("not an image: expected something like airhatch/agent:0.1.0 or sha256:…")]
    Image,
}

/// A container's, volume's or network's name: `[a-z0-9][a-z0-9-]{0,62}`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct EngineName(String);

impl EngineName {
    /// A new name for an account's container: readable, and never drawn twice.
    pub(crate) fn draw(account: &Email) -> io::Result<Self> {
        let readable: String = account.as_str().chars().take(READABLE).map(plain).collect();
        let random: String = random_id()?.to_string().chars().take(RANDOM).collect();
        Ok(Self(format!("{PREFIX}{}-{random}", readable.trim_matches('-'))))
    }

    /// The shared network.
    pub(crate) fn peers() -> Self {
        Self(PEERS.to_owned())
    }

    /// The volume of the container with this name.
    pub(crate) fn volume(&self) -> Self {
        Self(format!("{self}-state"))
    }

    /// Whether an engine's volume with this name holds an agent's state.
    pub(crate) fn is_volume(called: &str) -> bool {
        called.starts_with(PREFIX) && called.ends_with("-state")
    }

    /// The private network of the container with this name.
    pub(crate) fn network(&self) -> Self {
        Self(format!("{self}-net"))
    }

    /// What the container with this name is called while another takes its place.
    pub(crate) fn retired(&self) -> Self {
        Self(format!("{self}-old"))
    }

    /// What the container is called that carries the state of the one with this name.
    pub(crate) fn porter(&self) -> Self {
        Self(format!("{self}-move"))
    }

    /// The container that something on the engine belongs to, by what it is called there.
    pub(crate) fn owner_of(called: &str) -> Option<Self> {
        let called = called.trim_start_matches('/');
        let suffixes = ["-state", "-net", "-old", "-move"];
        let stem = suffixes.into_iter().find_map(|suffix| called.strip_suffix(suffix)).unwrap_or(called);
        Self::try_from(stem.to_owned()).ok()
    }

    /// The name as text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

fn plain(c: char) -> char {
    if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' }
}

impl TryFrom<String> for EngineName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        let fits = (1..=LONGEST - ROOM).contains(&text.len());
        let ok = fits && !text.starts_with('-') && text.chars().all(|c| c == plain(c));
        if ok { Ok(Self(text)) } else { Err(NameError::Name) }
    }
}

/// An image: a reference with an optional tag or digest, or an id. No part of it can leave its place in a path.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct ImageName(String);

impl ImageName {
    /// The image that agents of this version run from.
    pub(crate) fn agent() -> Self {
        Self(concat!("airhatch/agent:", env!("CARGO_PKG_VERSION")).to_owned())
    }

    /// The name as text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ImageName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        let part_ok = |part: &str| {
            part.starts_with(|c: char| c.is_ascii_alphanumeric())
                && part.chars().all(|c| c.is_ascii_alphanumeric() || "._:@-".contains(c))
        };
        let ok = text.len() <= 255 && text.split('/').all(part_ok);
        if ok { Ok(Self(text)) } else { Err(NameError::Image) }
    }
}

impl std::str::FromStr for ImageName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::try_from(text.to_owned())
    }
}

macro_rules! text {
    ($name:ident) => {
        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text!(EngineName);
text!(ImageName);

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    const HOSTILE: [&str; 16] = [
        "",
        "-a",
        "A",
        "a/b",
        "..",
        "../../version?",
        "a.b",
        "a_b",
        "a b",
        "a\n",
        "a%2fb",
        "ä",
        "a?b",
        "a#b",
        "a\0",
        "/",
    ];

    fn drawn(email: &str) -> EngineName {
        EngineName::draw(&email.parse().unwrap()).unwrap()
    }

    #[test]
    fn a_drawn_name_is_readable_and_never_the_same_twice() {
        let name = drawn("ann@example.org");
        assert!(name.as_str().starts_with("airhatch-agent-ann-example-org-"), "{name}");
        assert_ne!(name, drawn("ann@example.org"));
    }

    #[test]
    fn every_email_gives_names_that_an_engine_takes() {
        let long = format!("{}@{}.org", "x".repeat(64), "y".repeat(63));
        for email in ["a@b", "_+.+_@-".trim_end_matches('-'), "a.b+c_d@e-f.org", long.as_str()] {
            let Ok(account) = email.parse::<Email>() else { continue };
            let name = EngineName::draw(&account).unwrap();
            assert_eq!(EngineName::try_from(name.to_string()), Ok(name.clone()));
            for derived in [name.volume(), name.network(), name.retired(), name.porter()] {
                assert_eq!(EngineName::owner_of(derived.as_str()), Some(name.clone()));
                assert!(derived.as_str().len() <= LONGEST, "{derived}");
                assert!(derived.as_str() < PEERS, "{derived} must sort before {PEERS}");
            }
        }
    }

    #[test]
    fn what_could_leave_its_place_in_a_url_is_no_name() {
        let long = "a".repeat(LONGEST - ROOM + 1);
        for text in HOSTILE.into_iter().chain([long.as_str()]) {
            assert_eq!(EngineName::try_from(text.to_owned()), Err(NameError::Name), "{text:?}");
        }
    }

    #[test]
    fn what_an_engine_calls_something_is_checked_before_it_is_used() {
        let name = drawn("ann@example.org");
        assert!(EngineName::is_volume(name.volume().as_str()) && !EngineName::is_volume(name.as_str()));
        assert_eq!(EngineName::owner_of(&format!("/{name}")), Some(name));
        for called in ["", "/", "-state", "/../../version?", "/a/b", "/a.b-state", "/A"] {
            assert_eq!(EngineName::owner_of(called), None, "{called:?}");
        }
    }

    #[test]
    fn what_could_leave_its_place_in_a_url_is_no_image() {
        let others = ["a/../b", "/a", "a/", "a//b", "a/.b", ".", "a/b?c", "a b", "a/%2e%2e", "a\\b", "-a"];
        for text in others.into_iter().chain([""]) {
            assert_eq!(text.parse::<ImageName>(), Err(NameError::Image), "{text:?}");
        }
        for text in ["airhatch/agent:0.1.0", "sha256:00ff", "localhost:5000/a/b@sha256:00ff"] {
            assert!(text.parse::<ImageName>().is_ok(), "{text:?}");
        }
        assert!(ImageName::agent().to_string().parse::<ImageName>().is_ok());
    }
}
