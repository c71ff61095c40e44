//! Attacks on the terminal and the kernel: to type into the user's shell, to mount, to load programs into the kernel, to
//! use the doors whose history is longest.

use super::call::{HERE, N, NO_DESCRIPTOR, NOWHERE, call};
use super::{Attack, both};

/// `TIOCLINUX`: the console's own commands, pasting among them.
const CONSOLE: i64 = 0x541c;

/// The kernel looks at the lower half of a command only.
const TYPE_A_KEY_IN_DISGUISE: i64 = TYPE_A_KEY | (1 << 32);
const TYPE_A_KEY: i64 = libc::TIOCSTI as i64;

/// Flags that no call has.
const NONSENSE: i64 = -1;

pub(super) const ATTACKS: &[Attack] = &[
    both("type into your shell", |_| call(libc::SYS_ioctl, &[NO_DESCRIPTOR, N(TYPE_A_KEY), NOWHERE])),
    both("type into your shell by a command with high bits", |_| {
        call(libc::SYS_ioctl, &[NO_DESCRIPTOR, N(TYPE_A_KEY_IN_DISGUISE), NOWHERE])
    }),
    both("paste into your console", |_| call(libc::SYS_ioctl, &[NO_DESCRIPTOR, N(CONSOLE), NOWHERE])),
    both("mount", |_| call(libc::SYS_mount, &[NOWHERE, NOWHERE, NOWHERE, N(0), N(0)])).often(),
    both("unmount", |_| call(libc::SYS_umount2, &[NOWHERE, N(0x100)])).often(),
    both("take a tree of mounts", |_| call(libc::SYS_open_tree, &[HERE, NOWHERE, N(NONSENSE)])).often(),
    both("load a program into the kernel", |_| call(libc::SYS_bpf, &[N(0), N(0), N(1 << 20)])).often(),
    both("watch the whole machine", |_| {
        call(libc::SYS_perf_event_open, &[NOWHERE, N(0), N(-1), NO_DESCRIPTOR, N(NONSENSE)])
    })
    .often(),
    both("set up a ring that makes calls for it", |_| call(libc::SYS_io_uring_setup, &[N(1), NOWHERE]))
        .often(),
    both("enter a ring that makes calls for it", |_| {
        call(libc::SYS_io_uring_enter, &[NO_DESCRIPTOR, N(0), N(0), N(NONSENSE), N(0), N(0)])
    })
    .often(),
    both("read the kernel's keys", |_| call(libc::SYS_keyctl, &[N(9999)])).often(),
    both("add a key to the kernel's", |_| call(libc::SYS_add_key, &[NOWHERE, NOWHERE, N(0), N(0), N(0)]))
        .often(),
    both("ask for a key of the kernel's", |_| call(libc::SYS_request_key, &[NOWHERE, NOWHERE, N(0), N(0)]))
        .often(),
    both("answer its own page faults", |_| call(libc::SYS_userfaultfd, &[N(NONSENSE)])).often(),
    both("share memory by number", |_| call(libc::SYS_shmat, &[NO_DESCRIPTOR, N(0), N(0)])),
    both("filter its own calls anew", |_| call(libc::SYS_seccomp, &[N(NONSENSE), N(0), N(0)])),
    #[cfg(target_arch = "x86_64")]
    both("call by the numbers of another personality", |_| call(X32 | libc::SYS_getpid, &[])),
];

/// The bit that marks calls of 32-bit programs in 64-bit mode.
#[cfg(target_arch = "x86_64")]
const X32: libc::c_long = 0x4000_0000;
