//! Whole programs: a CA, agents and fronts as real processes on loopback. Each test has a world of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod agent_jail;
mod authority;
mod bad_links;
mod cleanup;
mod cli;
mod clock;
mod contacts;
mod control;
mod crowd;
mod doctor;
mod dropped;
mod engine;
mod folders;
mod hostile;
mod interrupted;
mod jail;
mod kill_loop;
mod limits;
mod names;
mod others;
mod parts;
mod sources;
mod space;
mod story;
mod tui;
