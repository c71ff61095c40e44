//! What every Rust program with threads, an event loop and files needs, whichever jail it sits in.

use libc::{
    CLONE_NEWCGROUP, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER, CLONE_NEWUTS,
    CLONE_SIGHAND, CLONE_THREAD, CLONE_VM, F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_GETFL, F_SETFD, F_SETFL,
    PR_SET_NAME, PROT_EXEC, c_long,
};
use seccompiler::BackendError;

use super::{AllowList, bits, is, null};

const MEMORY_AND_THREADS: &[c_long] = &[
    libc::SYS_brk,
    libc::SYS_clone3, // answered with ENOSYS by the other filter
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_madvise,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    libc::SYS_sigaltstack,
];

const TIME_AND_SELF: &[c_long] = &[
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_getcwd,
    libc::SYS_getegid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getpid,
    libc::SYS_getrandom,
    libc::SYS_gettid,
    libc::SYS_getuid,
    libc::SYS_nanosleep,
];

const DESCRIPTORS: &[c_long] = &[
    libc::SYS_close,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_eventfd2,
    libc::SYS_getsockopt,
    libc::SYS_ppoll,
    libc::SYS_pread64,
    libc::SYS_read,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_shutdown,
    libc::SYS_write,
    libc::SYS_writev,
];

const FILES: &[c_long] = &[
    libc::SYS_fdatasync,
    libc::SYS_fstat,
    libc::SYS_fsync,
    libc::SYS_ftruncate,
    libc::SYS_getdents64,
    libc::SYS_lseek,
    libc::SYS_newfstatat,
    libc::SYS_readlinkat,
    libc::SYS_renameat2,
    libc::SYS_statx,
    libc::SYS_unlinkat,
];

/// The same under the older names that only this processor has.
#[cfg(target_arch = "x86_64")]
const OLDER: &[c_long] = &[
    libc::SYS_epoll_wait,
    libc::SYS_mkdir,
    libc::SYS_poll,
    libc::SYS_readlink,
    libc::SYS_rename,
    libc::SYS_unlink,
];
#[cfg(not(target_arch = "x86_64"))]
const OLDER: &[c_long] = &[libc::SYS_mkdirat, libc::SYS_renameat];

/// Of `fcntl`, nothing that signals others or changes what others see.
const FCNTL: &[i64] =
    &[F_DUPFD as i64, F_DUPFD_CLOEXEC as i64, F_GETFD as i64, F_SETFD as i64, F_GETFL as i64, F_SETFL as i64];

/// Adds all that. `own` is this process's number, the only one it may signal.
pub(super) fn allow(list: &mut AllowList, own: i64) -> Result<(), BackendError> {
    for calls in [MEMORY_AND_THREADS, TIME_AND_SELF, DESCRIPTORS, FILES, OLDER] {
        list.allow(calls);
    }
    threads_only(list)?;
    no_code_from_data(list)?;
    list.allow_one_of(libc::SYS_fcntl, 1, FCNTL)?;
    list.allow_when(libc::SYS_prctl, &[is(0, PR_SET_NAME)])?;
    // To itself: to abort, to stop. Not 0 or -1, which are groups.
    list.allow_when(libc::SYS_tgkill, &[is(0, own)])?;
    list.allow_when(libc::SYS_kill, &[is(0, own)])?;
    // Its own limits, for looking at.
    list.allow_when(libc::SYS_prlimit64, &[is(0, 0), null(2)])
}

/// `clone` makes threads of this process, never processes and never namespaces.
fn threads_only(list: &mut AllowList) -> Result<(), BackendError> {
    let thread = i64::from(CLONE_VM | CLONE_THREAD | CLONE_SIGHAND);
    let namespaces = CLONE_NEWNS
        | CLONE_NEWCGROUP
        | CLONE_NEWUTS
        | CLONE_NEWIPC
        | CLONE_NEWUSER
        | CLONE_NEWPID
        | CLONE_NEWNET;
    list.allow_when(libc::SYS_clone, &[bits(0, thread | i64::from(namespaces), thread)])
}

/// Memory is never made executable once the libraries are loaded.
fn no_code_from_data(list: &mut AllowList) -> Result<(), BackendError> {
    for call in [libc::SYS_mmap, libc::SYS_mprotect] {
        list.allow_when(call, &[bits(2, PROT_EXEC.into(), 0)])?;
    }
    Ok(())
}
