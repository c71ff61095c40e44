//! `ca.toml`: what an operator decides. Written once by `init`, read by every other command.

use airhatch_wire::authority::Enrolment;
use serde::{Deserialize, Serialize};

/// Who may register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Policy {
    /// Anybody.
    Open,
    /// Who holds a one-time code, made by `airhatch-ca invite`.
    Invite,
}

impl From<Policy> for Enrolment {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::Open => Self::Open,
            Policy::Invite => Self::Invite,
        }
    }
}

/// The whole file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Who may register.
    pub(crate) policy: Policy,
    /// How often something may be asked.
    #[serde(default)]
    pub(crate) limits: Limits,
}

/// How often something may be asked, and by how many at once.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Limits {
    /// Connections open at the same time, all callers together.
    pub(crate) connections: u32,
    /// Requests of one account, from wherever, in a minute.
    pub(crate) account_requests_per_minute: u32,
    /// For each address (an IPv6 caller counts by its /64 network).
    pub(crate) address: AddressLimits,
    /// The same for callers on this machine.
    pub(crate) loopback: AddressLimits,
}

/// What one address may do.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddressLimits {
    /// Connections open at the same time.
    pub(crate) connections: u32,
    /// Requests in a minute; opening a connection counts as one.
    pub(crate) requests_per_minute: u32,
    /// Registrations begun in an hour.
    pub(crate) registrations_per_hour: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            account_requests_per_minute: 1200,
            address: AddressLimits { connections: 64, requests_per_minute: 1200, registrations_per_hour: 60 },
            loopback: AddressLimits {
                connections: 512,
                requests_per_minute: 120_000,
                registrations_per_hour: 120_000,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_config_needs_only_its_policy_and_refuses_words_it_does_not_know() {
        let config: Config = toml::from_str("policy = \"invite\"\n[limits]\nconnections = 5\n").unwrap();
        assert_eq!((config.policy, config.limits.connections), (Policy::Invite, 5));
        assert!(toml::from_str::<Config>("policy = \"open\"\npolcy = 1\n").is_err());
        assert!(toml::from_str::<Config>("policy = \"anyone\"\n").is_err());
    }
}
