//! The lists of system calls, turned into the kernel's filter programs and set.
//!
//! Two programs: a small one answers `clone3` with `ENOSYS`, so that the C library makes threads with `clone`, whose
//! flags can be checked; the other allows what the profile lists and answers `EPERM` to everything else. Never a
//! kill: the terminal would be left raw. (Calls by another architecture's numbers do end the process.)
//!
//! Called by the profiles, last. The lists are in [`front`] and [`agent`]; what both need is in [`runtime`].

mod agent;
mod front;
mod runtime;

use std::collections::BTreeMap;
use std::path::Path;

use libc::c_long;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};

use crate::{JailError, Profile, SystemCalls};

/// There since Linux 4.14 wherever filters are.
const SIGN_OF_FILTERS: &str = "/proc/sys/kernel/seccomp/actions_avail";

/// A demand on one argument of a call.
#[derive(Clone, Debug)]
struct Check {
    argument: u8,
    length: SeccompCmpArgLen,
    mask: u64,
    value: u64,
}

/// The argument, a C `int`, is this.
fn is(argument: u8, value: impl Into<i64>) -> Check {
    bits(argument, u32::MAX.into(), value)
}

/// These bits of the argument, a C `int`, are this.
fn bits(argument: u8, mask: i64, value: impl Into<i64>) -> Check {
    let low = |number: i64| number.cast_unsigned() & u64::from(u32::MAX);
    Check { argument, length: SeccompCmpArgLen::Dword, mask: low(mask), value: low(value.into()) }
}

/// The argument, an address, is null.
fn null(argument: u8) -> Check {
    Check { argument, length: SeccompCmpArgLen::Qword, mask: u64::MAX, value: 0 }
}

/// The calls that a profile may make.
#[derive(Debug, Default)]
struct AllowList(BTreeMap<c_long, Vec<SeccompRule>>);

impl AllowList {
    /// These, whatever their arguments.
    fn allow(&mut self, calls: &[c_long]) {
        for &call in calls {
            self.0.insert(call, Vec::new());
        }
    }

    /// This one, when all checks hold. May be said again for other arguments.
    fn allow_when(&mut self, call: c_long, checks: &[Check]) -> Result<(), BackendError> {
        let conditions = checks.iter().map(|check| {
            let operator = SeccompCmpOp::MaskedEq(check.mask);
            SeccompCondition::new(check.argument, check.length.clone(), operator, check.value)
        });
        let rule = SeccompRule::new(conditions.collect::<Result<_, _>>()?)?;
        self.0.entry(call).or_default().push(rule);
        Ok(())
    }

    /// This one, when an argument is one of these.
    fn allow_one_of(&mut self, call: c_long, argument: u8, values: &[i64]) -> Result<(), BackendError> {
        values.iter().try_for_each(|&value| self.allow_when(call, &[is(argument, value)]))
    }

    fn compile(self, architecture: TargetArch) -> Result<BpfProgram, BackendError> {
        let refuse = SeccompAction::Errno(libc::EPERM.cast_unsigned());
        SeccompFilter::new(self.0, refuse, SeccompAction::Allow, architecture)?.try_into()
    }
}

/// Sets the profile's list, for good.
///
/// # Errors
/// When the kernel has seccomp and refuses.
pub(crate) fn restrict(profile: Profile) -> Result<SystemCalls, JailError> {
    let Some(architecture) = architecture() else {
        return Ok(SystemCalls::Open("this version has no list for this machine's processor"));
    };
    let own = i64::from(rustix::process::getpid().as_raw_pid());
    let threads = no_clone3(architecture).map_err(seccompiler::Error::from)?;
    let list = compile(profile, own, architecture).map_err(seccompiler::Error::from)?;
    match apply_filter(&threads).and_then(|()| apply_filter(&list)) {
        Ok(()) => Ok(SystemCalls::Listed { instructions: threads.len() + list.len() }),
        Err(seccompiler::Error::Seccomp(_)) if !Path::new(SIGN_OF_FILTERS).exists() => {
            Ok(SystemCalls::Open("this kernel has no seccomp"))
        }
        Err(error) => Err(error.into()),
    }
}

/// The processors that the lists were written for.
fn architecture() -> Option<TargetArch> {
    if cfg!(target_arch = "x86_64") {
        Some(TargetArch::x86_64)
    } else if cfg!(target_arch = "aarch64") {
        Some(TargetArch::aarch64)
    } else {
        None
    }
}

fn compile(profile: Profile, own: i64, architecture: TargetArch) -> Result<BpfProgram, BackendError> {
    let mut list = AllowList::default();
    runtime::allow(&mut list, own)?;
    match profile {
        Profile::Front => front::allow(&mut list)?,
        Profile::Agent => agent::allow(&mut list)?,
    }
    list.compile(architecture)
}

fn no_clone3(architecture: TargetArch) -> Result<BpfProgram, BackendError> {
    let clone3 = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    let missing = SeccompAction::Errno(libc::ENOSYS.cast_unsigned());
    SeccompFilter::new(clone3, SeccompAction::Allow, missing, architecture)?.try_into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    fn calls(profile: Profile) -> Vec<c_long> {
        let mut list = AllowList::default();
        runtime::allow(&mut list, 1).unwrap();
        match profile {
            Profile::Front => front::allow(&mut list).unwrap(),
            Profile::Agent => agent::allow(&mut list).unwrap(),
        }
        list.0.into_keys().collect()
    }

    #[test]
    fn a_checked_call_is_never_also_allowed_without_checks() {
        for profile in [Profile::Front, Profile::Agent] {
            let mut list = AllowList::default();
            runtime::allow(&mut list, 1).unwrap();
            match profile {
                Profile::Front => front::allow(&mut list).unwrap(),
                Profile::Agent => agent::allow(&mut list).unwrap(),
            }
            for call in
                [libc::SYS_clone, libc::SYS_mmap, libc::SYS_mprotect, libc::SYS_ioctl, libc::SYS_prctl]
            {
                assert!(!list.0.get(&call).unwrap().is_empty(), "{profile:?} {call}");
            }
        }
    }

    #[test]
    fn the_front_has_no_socket_calls_but_those_on_what_it_holds() {
        let front = calls(Profile::Front);
        for call in [
            libc::SYS_socket,
            libc::SYS_connect,
            libc::SYS_bind,
            libc::SYS_listen,
            libc::SYS_accept4,
            libc::SYS_sendmsg,
            libc::SYS_sendmmsg,
            libc::SYS_socketpair,
        ] {
            assert!(!front.contains(&call), "{call}");
        }
    }

    #[test]
    fn nobody_may_start_programs_or_change_what_a_path_names() {
        for profile in [Profile::Front, Profile::Agent] {
            let list = calls(profile);
            for call in [
                libc::SYS_execve,
                libc::SYS_execveat,
                libc::SYS_ptrace,
                libc::SYS_linkat,
                libc::SYS_symlinkat,
                libc::SYS_fchmodat,
                libc::SYS_fchownat,
                libc::SYS_setxattr,
                libc::SYS_sendmsg,
                libc::SYS_memfd_create,
            ] {
                assert!(!list.contains(&call), "{profile:?} {call}");
            }
        }
    }

    #[test]
    fn the_lists_fit_the_kernel_for_both_processors() {
        for architecture in [TargetArch::x86_64, TargetArch::aarch64] {
            for profile in [Profile::Front, Profile::Agent] {
                let program = compile(profile, 1, architecture).unwrap();
                assert!(program.len() < 1000, "{}", program.len());
            }
        }
    }
}
