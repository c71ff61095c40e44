//! Runs a program as on a kernel without Landlock: a filter answers its first call as such a kernel does.
//!
//! `without-landlock PROGRAM ARGUMENT…`; used by the tests of `airhatch doctor`.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::os::unix::process::CommandExt;
use std::process::Command;

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};

/// `landlock_create_ruleset`, on every processor.
const CREATE_RULESET: i64 = 444;

/// `ENOSYS`: there is no such call.
const NO_SUCH_CALL: u32 = 38;

fn main() {
    let mut words = std::env::args_os().skip(1);
    let program = words.next().expect("a program to run");
    let rules = BTreeMap::from([(CREATE_RULESET, Vec::new())]);
    let architecture = std::env::consts::ARCH.try_into().expect("a processor with filters");
    let answer = SeccompAction::Errno(NO_SUCH_CALL);
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, answer, architecture).unwrap();
    let filter: BpfProgram = filter.try_into().unwrap();
    apply_filter(&filter).expect("a kernel with filters");
    let error = Command::new(program).args(words).exec();
    eprintln!("the program does not start: {error}");
    std::process::exit(1);
}
