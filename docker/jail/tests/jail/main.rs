//! The jails, entered for real by the same doors as the programs use, each in a process of its own.
//!
//! Landlock and seccomp are for good, and a jail is entered by a process with one thread; so this is no test harness
//! but a small program. Without arguments it runs every test; a word runs those whose sentence holds it.
//! `--inside NAME` is a test's other half, in a process that a test started.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod agent;
mod attacks;
mod degrade;
mod front;
mod paths;
mod stage;

use std::panic::catch_unwind;
use std::process::ExitCode;
use std::time::Instant;

/// A test, named as a sentence.
type Test = (&'static str, fn());

/// The half that runs in a process of its own, below a folder made for it.
type Inside = (&'static str, fn(&stage::Place));

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, name, folder] = words.as_slice()
        && flag == "--inside"
    {
        return inside(name, folder);
    }
    let tests = [attacks::TESTS, front::TESTS, agent::TESTS, paths::TESTS, degrade::TESTS].concat();
    if words.iter().any(|word| word == "--list") {
        tests.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    let wanted = words.iter().find(|word| !word.starts_with('-'));
    let failed = tests
        .iter()
        .filter(|(name, _)| wanted.is_none_or(|wanted| name.contains(wanted.as_str())))
        .filter(|(name, test)| !passes(name, *test))
        .count();
    println!("{failed} of the jails' tests failed");
    ExitCode::from(u8::from(failed > 0))
}

fn passes(name: &str, test: fn()) -> bool {
    let begun = Instant::now();
    let passed = catch_unwind(test).is_ok();
    println!("{} {name} ({:.2?})", if passed { "ok    " } else { "FAILED" }, begun.elapsed());
    passed
}

fn inside(name: &str, folder: &str) -> ExitCode {
    let halves = [attacks::INSIDE, front::INSIDE, agent::INSIDE, paths::INSIDE, degrade::INSIDE].concat();
    let (_, half) = halves.into_iter().find(|(known, _)| *known == name).expect("a known half");
    half(&stage::Place::at(folder));
    ExitCode::SUCCESS
}
