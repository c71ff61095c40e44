//! What the dialogs show and which rules they keep. Each file is about one of them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod account;
mod contact;
mod help;
mod log_in;
mod offer;
mod rules;
mod send;
mod wizard;
