//! Draws the full-screen program for the README: a demonstration in a pseudo-terminal, with the offer open, as it is.
//!
//! `cargo run -p airhatch-tests --bin picture -- assets/screen.svg`, after the programs are built. For a PNG:
//! `rsvg-convert --zoom 2 assets/screen.svg > assets/screen.png`.
#![forbid(unsafe_code)]
#![allow(clippy::expect_used, reason = "a tool of the workshop: whoever runs it reads the reason")]

use airhatch_tests::{Screen, World};

/// Columns and rows: enough for the offer, small enough to be read in a README.
const SIZE: (u16, u16) = (100, 30);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let path = std::env::args().nth(1).unwrap_or_else(|| "screen.svg".into());
    let world = World::new().await;
    let front = world.front("you");
    let screen = Screen::start(&front, &["demo"], SIZE);
    screen.wait_for("1 offer waiting");
    screen.wait_for("agent ok");
    screen.keys("<C-y>");
    screen.wait_for("Files are offered to you");
    screen.wait_for("Free space");
    std::fs::write(&path, screen.picture("airhatch")).expect("the picture can be written");
}
