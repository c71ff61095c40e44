//! The warden program from outside: a front's link on its standard input, stand-ins for the agent and the CA beside it.
#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod agents;
mod demo;
mod engine;
mod front;
mod links;
mod staging;
mod stand_in;
mod stops;
mod world;
