//! Kernels that lack a part: played by a filter that answers as they would.

use std::collections::BTreeMap;

use airhatch_jail::{Files, JailError, Strength, SystemCalls, agent, front};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};

use crate::stage::{Stage, Who};
use crate::{Inside, Test};

pub(crate) const TESTS: &[Test] = &[
    ("a_kernel_without_landlock_is_told", || {
        Stage::new(Who::Me).run("enter without Landlock");
    }),
    ("a_kernel_that_has_seccomp_and_refuses_is_an_error", || {
        Stage::new(Who::Me).run("enter with seccomp refused");
    }),
];

pub(crate) const INSIDE: &[Inside] = &[
    ("enter without Landlock", |place| {
        answer(libc::SYS_landlock_create_ruleset, libc::ENOSYS);
        let entered = front::enter(&place.front()).unwrap();
        let report = entered.report;
        assert!(matches!(report.files, Files::Open(_)), "{report:?}");
        assert!(matches!(report.system_calls, SystemCalls::Listed { .. }), "{report:?}");
        assert_eq!(report.strength(), Strength::Partial);
        assert!(report.sentences().iter().any(|line| line.contains("no Landlock")), "{report:?}");
        // What is left holds.
        assert!(std::process::Command::new("/bin/true").status().is_err());
    }),
    ("enter with seccomp refused", |place| {
        answer_when_filters_come(libc::EACCES);
        assert!(matches!(agent::enter(&place.agent()), Err(JailError::SystemCalls(_))));
    }),
];

fn answer(call: libc::c_long, error: i32) {
    let rules = BTreeMap::from([(call, Vec::new())]);
    let architecture = std::env::consts::ARCH.try_into().unwrap();
    let answer = SeccompAction::Errno(error.cast_unsigned());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, answer, architecture).unwrap();
    let program: BpfProgram = filter.try_into().unwrap();
    apply_filter(&program).unwrap();
}

fn answer_when_filters_come(error: i32) {
    answer(libc::SYS_seccomp, error);
}
