//! How often callers may ask: by address, and by account wherever it calls from. A limit that is reached is a refusal
//! with `TryAgain`; nothing is queued.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use airhatch_trust::PublicKey;
use airhatch_wire::authority::ToAuthority;
use airhatch_wire::{Code, Failure};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::config::{AddressLimits, Limits};

/// After so many questions, callers that were quiet for long are forgotten.
const TIDY_EVERY: u32 = 4096;

/// All limits of one server.
pub(crate) struct Gate {
    far: AddressGate,
    near: AddressGate,
    accounts: DefaultKeyedRateLimiter<[u8; 32]>,
    asked: AtomicU32,
}

struct AddressGate {
    requests: DefaultKeyedRateLimiter<IpAddr>,
    registrations: DefaultKeyedRateLimiter<IpAddr>,
    connections: u32,
    open: Arc<Mutex<HashMap<IpAddr, u32>>>,
}

/// A connection that counts, until it is dropped.
pub(crate) struct Place {
    open: Arc<Mutex<HashMap<IpAddr, u32>>>,
    key: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut count) = open.entry(self.key) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

impl Gate {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            far: AddressGate::new(&limits.address),
            near: AddressGate::new(&limits.loopback),
            accounts: RateLimiter::keyed(Quota::per_minute(at_least_one(limits.account_requests_per_minute))),
            asked: AtomicU32::new(0),
        }
    }

    /// Whether one more connection from there is welcome.
    pub(crate) fn enter(&self, from: IpAddr) -> Option<Place> {
        self.tidy();
        let (gate, key) = self.of(from);
        gate.requests.check_key(&key).ok()?;
        let mut open = gate.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(key).or_default();
        if *count >= gate.connections {
            return None;
        }
        *count += 1;
        Some(Place { open: Arc::clone(&gate.open), key })
    }

    /// Whether a request may be answered.
    pub(crate) fn admit(
        &self,
        from: IpAddr,
        account: Option<PublicKey>,
        request: &ToAuthority,
    ) -> Result<(), Failure> {
        self.tidy();
        let (gate, key) = self.of(from);
        if gate.requests.check_key(&key).is_err() {
            return Err(too_many("too many requests from this address"));
        }
        if matches!(request, ToAuthority::RegisterBegin { .. }) && gate.registrations.check_key(&key).is_err()
        {
            return Err(too_many("too many registrations from this address"));
        }
        if account.is_some_and(|account| self.accounts.check_key(&account.0).is_err()) {
            return Err(too_many("too many requests of this account"));
        }
        Ok(())
    }

    fn of(&self, from: IpAddr) -> (&AddressGate, IpAddr) {
        let from = from.to_canonical();
        if from.is_loopback() { (&self.near, from) } else { (&self.far, network(from)) }
    }

    fn tidy(&self) {
        if self.asked.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            for gate in [&self.far, &self.near] {
                gate.requests.retain_recent();
                gate.registrations.retain_recent();
            }
            self.accounts.retain_recent();
        }
    }
}

impl AddressGate {
    fn new(limits: &AddressLimits) -> Self {
        Self {
            requests: RateLimiter::keyed(Quota::per_minute(at_least_one(limits.requests_per_minute))),
            registrations: RateLimiter::keyed(Quota::per_hour(at_least_one(limits.registrations_per_hour))),
            connections: limits.connections.max(1),
            open: Arc::default(),
        }
    }
}

/// Whoever has one IPv6 address has 2^64 of them.
fn network(from: IpAddr) -> IpAddr {
    match from {
        IpAddr::V4(_) => from,
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
    }
}

fn at_least_one(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN)
}

fn too_many(message: &str) -> Failure {
    Failure::new(Code::TryAgain, message).hint("wait a minute and try again")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use airhatch_wire::Blob;

    use super::*;

    fn gate(connections: u32, requests: u32, registrations: u32, account: u32) -> Gate {
        let address = AddressLimits {
            connections,
            requests_per_minute: requests,
            registrations_per_hour: registrations,
        };
        Gate::new(&Limits {
            account_requests_per_minute: account,
            address: address.clone(),
            ..Limits::default()
        })
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn registering() -> ToAuthority {
        ToAuthority::RegisterBegin { email: "ann@b".parse().unwrap(), recipient: Blob::new() }
    }

    #[test]
    fn an_address_is_stopped_at_its_limit_and_others_are_not() {
        let gate = gate(9, 2, 9, 9);
        for expected in [true, true, false] {
            assert_eq!(gate.admit(ip("192.0.2.1"), None, &ToAuthority::Info).is_ok(), expected);
        }
        assert!(gate.admit(ip("192.0.2.2"), None, &ToAuthority::Info).is_ok());
        // The same caller through an IPv6 socket.
        let refused = gate.admit(ip("::ffff:192.0.2.1"), None, &ToAuthority::Info).unwrap_err();
        assert_eq!(refused.code, Code::TryAgain);
    }

    #[test]
    fn registrations_have_a_limit_of_their_own() {
        let gate = gate(9, 9, 1, 9);
        assert!(gate.admit(ip("192.0.2.1"), None, &registering()).is_ok());
        assert!(gate.admit(ip("192.0.2.1"), None, &registering()).is_err());
        assert!(gate.admit(ip("192.0.2.1"), None, &ToAuthority::Info).is_ok());
    }

    #[test]
    fn an_account_is_stopped_wherever_it_calls_from() {
        let gate = gate(9, 9, 9, 1);
        let account = Some(PublicKey([1; 32]));
        assert!(gate.admit(ip("192.0.2.1"), account, &ToAuthority::Withdraw).is_ok());
        assert!(gate.admit(ip("198.51.100.1"), account, &ToAuthority::Withdraw).is_err());
        assert!(gate.admit(ip("198.51.100.1"), Some(PublicKey([2; 32])), &ToAuthority::Withdraw).is_ok());
    }

    #[test]
    fn an_ipv6_network_counts_as_one_caller() {
        let gate = gate(9, 1, 9, 9);
        assert!(gate.admit(ip("2001:db8::1"), None, &ToAuthority::Info).is_ok());
        assert!(gate.admit(ip("2001:db8::2:1"), None, &ToAuthority::Info).is_err());
        assert!(gate.admit(ip("2001:db8:0:1::1"), None, &ToAuthority::Info).is_ok());
    }

    #[test]
    fn a_place_is_free_again_when_its_connection_ends() {
        let gate = gate(1, 9, 9, 9);
        let first = gate.enter(ip("192.0.2.1"));
        assert!(first.is_some() && gate.enter(ip("192.0.2.1")).is_none());
        drop(first);
        assert!(gate.enter(ip("192.0.2.1")).is_some());
    }

    #[test]
    fn this_machine_has_its_own_generous_limits() {
        let gate = gate(1, 1, 1, 9);
        for _ in 0..100 {
            assert!(gate.admit(ip("127.0.0.1"), None, &registering()).is_ok());
        }
    }
}
