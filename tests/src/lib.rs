//! A world for whole-program tests: a CA, agents and fronts as real processes on loopback, a driven terminal, and a peer
//! that lies. Used by `tests/tests/e2e` and by the `picture` program.
//!
//! Everything lives in one temporary folder; dropping the [`World`] ends every process that has this folder in its
//! command line, also after a panic. Nothing here sleeps: conditions are waited for, within [`patience()`].
#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a test fails by panicking"
)]

mod agent;
mod authority;
mod broken_engine;
mod control;
mod dice;
mod engine;
mod forge;
mod front;
mod hostile;
mod offers;
mod patience;
mod picture;
mod process;
mod recipient;
mod screen;
mod tiny_disk;
mod trace;
mod wire;
mod world;

pub use agent::Agent;
pub use authority::Authority;
pub use broken_engine::{BrokenEngine, Trouble};
pub use control::Control;
pub use dice::{Dice, set_or};
pub use engine::{
    Compose, Container, ContainerWorld, Engine, Image, PrivateEngine, TEST_LABEL, proc_status, root_folder,
};
pub use forge::forge;
pub use front::{Front, Outcome};
pub use hostile::{Ear, HostilePeer, PeerLink, hear, refusal, say};
pub use offers::{Bent, file};
pub use patience::{eventually, in_time, patience};
pub use picture::picture;
pub use process::{Program, built as program, can_be_another_user};
pub use recipient::{answer_to, sealed_begins, take_sealed, take_some};
pub use screen::Screen;
pub use tiny_disk::{TinyDisk, skipped};
pub use trace::{Calls, Trace};
pub use wire::Wire;
pub use world::{World, befriend};

/// Reads an email that is written correctly in the test.
#[must_use]
pub fn email(text: &str) -> airhatch_wire::Email {
    text.parse().unwrap()
}

/// The passphrase of every account of these tests.
pub const PASSPHRASE: &str = "correct horse battery";
