//! The rules, as tables without sockets. Challenges of removals are in `removals`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod accounts;
mod registrations;
mod removals;
