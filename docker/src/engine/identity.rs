//! Who an agent in a container is. Owns the rules by which engines name users; a pure function of the caller and the
//! engine. What each engine needs was found by trying.

use rustix::fs::Uid;
use rustix::process::{Gid, getegid};

use crate::home::Folders;

/// The ways in which engines treat users and some options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Docker with root's rights: users inside are the users outside.
    Docker,
    /// Docker that maps users by default, which can be switched off for one container.
    DockerRemapped,
    /// Docker without root's rights: its root is the caller.
    DockerRootless,
    /// Podman with root's rights.
    Podman,
    /// Podman without root's rights, which can keep the caller's number.
    PodmanRootless,
}

impl Dialect {
    /// Whether it is a kind of Podman.
    pub(crate) const fn is_podman(self) -> bool {
        matches!(self, Self::Podman | Self::PodmanRootless)
    }

    /// Whether it runs without root's rights.
    pub(crate) const fn is_rootless(self) -> bool {
        matches!(self, Self::DockerRootless | Self::PodmanRootless)
    }
}

/// Who the agent is inside, and who may talk to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// `uid:gid`, always in numbers: without a group an engine takes root's.
    pub(crate) user: String,
    /// How users are mapped, where the engine must be told.
    pub(crate) mapping: Option<&'static str>,
    /// The caller, as the agent sees it.
    pub(crate) owner: u32,
}

impl Identity {
    /// For an account of the user who runs this program.
    pub(crate) fn of(folders: &Folders, dialect: Dialect) -> Self {
        let caller = rustix::process::geteuid();
        let group = folders.given_to().map_or_else(getegid, |(_, group)| group);
        Self::new(dialect, caller, (folders.agent_user, group))
    }

    fn new(dialect: Dialect, caller: Uid, (user, group): (Uid, Gid)) -> Self {
        if dialect == Dialect::DockerRootless {
            return Self { user: "0:0".to_owned(), mapping: None, owner: 0 };
        }
        let mapping = match dialect {
            Dialect::PodmanRootless => Some("keep-id"),
            Dialect::DockerRemapped => Some("host"),
            Dialect::Docker | Dialect::Podman | Dialect::DockerRootless => None,
        };
        Self { user: format!("{}:{}", user.as_raw(), group.as_raw()), mapping, owner: caller.as_raw() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(dialect: Dialect, caller: u32, agent: u32) -> (String, Option<&'static str>, u32) {
        let agent = (Uid::from_raw(agent), Gid::from_raw(agent));
        let Identity { user, mapping, owner } = Identity::new(dialect, Uid::from_raw(caller), agent);
        (user, mapping, owner)
    }

    #[test]
    fn the_agent_is_the_caller_in_each_engine_s_own_way() {
        let cases = [
            (Dialect::Docker, "1000:1000", None, 1000),
            (Dialect::DockerRemapped, "1000:1000", Some("host"), 1000),
            (Dialect::DockerRootless, "0:0", None, 0),
            (Dialect::Podman, "1000:1000", None, 1000),
            (Dialect::PodmanRootless, "1000:1000", Some("keep-id"), 1000),
        ];
        for (dialect, user, mapping, owner) in cases {
            assert_eq!(identity(dialect, 1000, 1000), (user.to_owned(), mapping, owner), "{dialect:?}");
        }
    }

    #[test]
    fn root_s_agent_is_not_root_but_serves_root() {
        assert_eq!(identity(Dialect::Docker, 0, 65532), ("65532:65532".to_owned(), None, 0));
    }
}
