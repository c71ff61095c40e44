//! Every word that the full-screen program says, so that its voice is one: calm, plain, and telling what to do next.
//!
//! Strangers' words come in as `Untrusted` and leave through `shown` here or where they are drawn.

mod actions;
mod dialogs;
mod rules;
mod screens;
mod states;
mod units;

pub(crate) use actions::{long, short};
pub(crate) use dialogs::*;
pub(crate) use rules::*;
pub(crate) use screens::*;
pub(crate) use states::*;
pub(crate) use units::{bytes, clock, exact_size, fingerprint_lines, fingerprint_rows, left, percent, rate};

/// The program's name.
pub(crate) const NAME: &str = "Airhatch";

/// A number and its noun.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}
