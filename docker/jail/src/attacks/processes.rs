//! Attacks on processes: to start one, to become another, to make code, to reach into those of the same user.

use std::process::{Command, Stdio};

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::Errno;

use super::call::{N, NO_DESCRIPTOR, NOWHERE, call, word_of};
use super::{Attack, Attempted, Ground, both};

/// Nobody's number: beyond the highest the kernel gives.
const NOBODY: i64 = i32::MAX as i64;

const EXECUTABLE: i64 = (libc::PROT_READ | libc::PROT_EXEC) as i64;

/// Two demands that contradict each other: the kernel says so, after it let the call in.
const SIGHAND_WITHOUT_VM: i64 = (libc::CLONE_SIGHAND | libc::SIGCHLD) as i64;
const NEW_USER_AND_SHARED_FS: i64 = (libc::CLONE_NEWUSER | libc::CLONE_FS) as i64;

pub(super) const ATTACKS: &[Attack] = &[
    both("start a program", |_| {
        let mut command = Command::new("/bin/true");
        let outcome = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        outcome.map(drop).map_err(|error| word_of(&error))
    }),
    both("become another program", |_| call(libc::SYS_execve, &[NOWHERE, N(0), N(0)])),
    both("become a program it has open", |_| {
        call(libc::SYS_execveat, &[NO_DESCRIPTOR, NOWHERE, N(0), N(0), N(0)])
    }),
    both("keep a program in memory", |_| memfd_create("program", MemfdFlags::CLOEXEC).map(drop)),
    both("split in two", |_| call(libc::SYS_clone, &[N(SIGHAND_WITHOUT_VM), N(0), N(0), N(0), N(0)])),
    both("split into a new user's namespace", |_| {
        call(libc::SYS_clone, &[N(NEW_USER_AND_SHARED_FS), N(0), N(0), N(0), N(0)])
    })
    .often(),
    Attack {
        refusals: &[Errno::NOSYS],
        ..both("split by the call whose flags nobody can check", |_| call(libc::SYS_clone3, &[NOWHERE, N(0)]))
            .often()
    },
    both("make memory that can run", |_| {
        let private = i64::from(libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        call(libc::SYS_mmap, &[N(0), N(4096), N(EXECUTABLE), N(private), NO_DESCRIPTOR, N(0)])
    }),
    both("make its memory run", |_| call(libc::SYS_mprotect, &[NOWHERE, N(4096), N(EXECUTABLE)])),
    both("make its memory run, by key", |_| {
        call(libc::SYS_pkey_mprotect, &[NOWHERE, N(4096), N(EXECUTABLE), N(-1)])
    }),
    both("let all memory run that can be read", |_| call(libc::SYS_personality, &[N(0xffff_ffff)])),
    both("debug a process", |_| call(libc::SYS_ptrace, &[N(libc::PTRACE_ATTACH.into()), N(NOBODY)])).often(),
    both("read another process's memory", |_| memory_of(libc::SYS_process_vm_readv)).often(),
    both("write another process's memory", |_| memory_of(libc::SYS_process_vm_writev)).often(),
    both("hold the process that started it", |g| call(libc::SYS_pidfd_open, &[parent(g), N(0)])),
    both("take a descriptor out of a process", |_| call(libc::SYS_pidfd_getfd, &[NO_DESCRIPTOR, N(0), N(0)]))
        .often(),
    both("signal a process it holds", |_| {
        call(libc::SYS_pidfd_send_signal, &[NO_DESCRIPTOR, N(0), N(0), N(0)])
    }),
    both("advise about another's memory", |_| {
        call(libc::SYS_process_madvise, &[NO_DESCRIPTOR, NOWHERE, N(1), N(0), N(0)])
    })
    .often(),
    both("compare two processes", |g| call(libc::SYS_kcmp, &[parent(g), N(NOBODY), N(0), N(0), N(0)]))
        .often(),
    both("signal the process that started it", |g| call(libc::SYS_kill, &[parent(g), N(0)])),
    both("signal its group", |_| call(libc::SYS_kill, &[N(0), N(0)])),
    both("signal everybody", |_| call(libc::SYS_kill, &[N(-1), N(0)])),
    both("signal another's thread", |g| call(libc::SYS_tgkill, &[parent(g), parent(g), N(0)])),
    both("signal with a message", |g| call(libc::SYS_rt_sigqueueinfo, &[parent(g), N(0), NOWHERE])),
    both("have another signalled about a descriptor", |g| {
        call(libc::SYS_fcntl, &[NO_DESCRIPTOR, N(libc::F_SETOWN.into()), parent(g)])
    }),
    both("read another's limits", |g| {
        call(libc::SYS_prlimit64, &[parent(g), N(libc::RLIMIT_NOFILE.into()), N(0), N(0)])
    }),
    both("change its own limits", |_| {
        call(libc::SYS_prlimit64, &[N(0), N(libc::RLIMIT_CORE.into()), NOWHERE, N(0)])
    }),
    both("change who runs first", |g| call(libc::SYS_setpriority, &[N(99), parent(g), N(0)])),
    both("change how another is scheduled", |g| {
        call(libc::SYS_sched_setscheduler, &[parent(g), N(0), NOWHERE])
    }),
    both("change where another runs", |g| call(libc::SYS_sched_setaffinity, &[parent(g), N(8), NOWHERE])),
    both("let debuggers in again", |_| call(libc::SYS_prctl, &[N(libc::PR_SET_DUMPABLE.into()), N(1)])),
    both("become another user", |_| call(libc::SYS_setresuid, &[N(-1), N(-1), N(-1)])),
    both("take capabilities", |_| call(libc::SYS_capset, &[NOWHERE, NOWHERE])),
    both("leave its namespaces", |_| call(libc::SYS_unshare, &[N(1)])).often(),
    both("enter other namespaces", |_| call(libc::SYS_setns, &[NO_DESCRIPTOR, N(0)])).often(),
];

/// The flags are wrong.
fn memory_of(number: libc::c_long) -> Attempted {
    call(number, &[N(NOBODY), N(0), N(0), N(0), N(0), N(1)])
}

fn parent(ground: &Ground) -> super::call::Value<'static> {
    N(ground.parent().as_raw_pid().into())
}
