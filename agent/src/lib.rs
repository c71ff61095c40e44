//! The account's agent: keys, contacts, network and sealed transfers, as a library under a thin `main`.
#![forbid(unsafe_code)]

pub mod agent;
pub mod authority;
mod beneath;
pub mod bridge;
pub mod config;
pub mod control;
mod drop;
pub mod environment;
pub mod filter;
mod gcm;
pub mod harden;
pub mod hub;
pub mod jail;
pub mod keeper;
pub mod keys;
pub mod landing;
pub mod log;
pub mod moving;
pub mod names;
pub mod open;
pub mod peer;
pub mod receipt;
pub mod source;
pub mod startup;
pub mod store;
#[cfg(test)]
mod tiny_disk;
pub mod transfer;
pub mod vault;
