//! System calls that no agent makes, each in a form that does no harm where it is let in: a descriptor that is none, an
//! address where nothing is, flags that do not exist. The kernel complains about those only after it let the call in, so
//! "not permitted" and "no such call" are the walls' answers, and every other one is the kernel's.
#![allow(unsafe_code, reason = "no library makes calls with arguments that are wrong on purpose")]

use rustix::io::Errno;

/// Its name in the report, its number, its arguments.
type Call = (&'static str, libc::c_long, [i64; 6]);

/// An address where the kernel maps nothing.
const NOWHERE: i64 = 1;
/// No descriptor, no process, no such flag.
const NONE: i64 = -1;
/// A process number that the kernel never gives.
const NOBODY: i64 = i32::MAX as i64;
const HERE: i64 = libc::AT_FDCWD as i64;
const EXECUTABLE: i64 = (libc::PROT_READ | libc::PROT_EXEC) as i64;
const ANONYMOUS: i64 = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS) as i64;
/// Demands that contradict each other.
const SPLIT: i64 = (libc::CLONE_SIGHAND | libc::SIGCHLD) as i64;
const SPLIT_AS_OTHER_USER: i64 = (libc::CLONE_NEWUSER | libc::CLONE_FS) as i64;

const fn socket(name: &'static str, family: i32, kind: i32, protocol: i32) -> Call {
    let kind = kind | libc::SOCK_CLOEXEC;
    (name, libc::SYS_socket, [family as i64, kind as i64, protocol as i64, 0, 0, 0])
}

const CALLS: &[Call] = &[
    socket("make a raw socket", libc::AF_INET, libc::SOCK_RAW, libc::IPPROTO_ICMP),
    socket("make a raw socket of version 6", libc::AF_INET6, libc::SOCK_RAW, libc::IPPROTO_ICMPV6),
    socket("make a packet socket", libc::AF_PACKET, libc::SOCK_RAW, 0),
    socket("make a ping socket", libc::AF_INET, libc::SOCK_DGRAM, libc::IPPROTO_ICMP),
    socket("make a socket to the machine below", libc::AF_VSOCK, libc::SOCK_STREAM, 0),
    socket("make a socket of the kernel's ciphers", libc::AF_ALG, libc::SOCK_SEQPACKET, 0),
    socket("make a local socket for letters", libc::AF_UNIX, libc::SOCK_DGRAM, 0),
    socket("make a multipath socket", libc::AF_INET, libc::SOCK_STREAM, libc::IPPROTO_MPTCP),
    socket(
        "listen to the kernel about devices",
        libc::AF_NETLINK,
        libc::SOCK_RAW,
        libc::NETLINK_KOBJECT_UEVENT,
    ),
    ("take a new user's namespace", libc::SYS_unshare, [libc::CLONE_NEWUSER as i64, 0, 0, 0, 0, 0]),
    ("take a new namespace of mounts", libc::SYS_unshare, [libc::CLONE_NEWNS as i64, 0, 0, 0, 0, 0]),
    ("take a new namespace of networks", libc::SYS_unshare, [libc::CLONE_NEWNET as i64, 0, 0, 0, 0, 0]),
    ("split into a new user's namespace", libc::SYS_clone, [SPLIT_AS_OTHER_USER, 0, 0, 0, 0, 0]),
    ("split in two", libc::SYS_clone, [SPLIT, 0, 0, 0, 0, 0]),
    ("split by the call whose flags nobody checks", libc::SYS_clone3, [NOWHERE, 0, 0, 0, 0, 0]),
    ("enter another namespace", libc::SYS_setns, [NONE, 0, 0, 0, 0, 0]),
    ("mount", libc::SYS_mount, [NOWHERE, NOWHERE, NOWHERE, 0, 0, 0]),
    ("unmount", libc::SYS_umount2, [NOWHERE, 0x100, 0, 0, 0, 0]),
    ("open a file system", libc::SYS_fsopen, [NOWHERE, NONE, 0, 0, 0, 0]),
    ("take a tree of mounts", libc::SYS_open_tree, [HERE, NOWHERE, NONE, 0, 0, 0]),
    ("take another root", libc::SYS_chroot, [NOWHERE, 0, 0, 0, 0, 0]),
    ("exchange the root", libc::SYS_pivot_root, [NOWHERE, NOWHERE, 0, 0, 0, 0]),
    ("make a device", libc::SYS_mknodat, [HERE, NOWHERE, libc::S_IFCHR as i64, 0, 0, 0]),
    ("give a file to somebody", libc::SYS_fchownat, [HERE, NOWHERE, 0, 0, 0, 0]),
    ("put an attribute on a file", libc::SYS_setxattr, [NOWHERE, NOWHERE, NOWHERE, 1, 0, 0]),
    ("find a file by its number", libc::SYS_name_to_handle_at, [HERE, NOWHERE, NOWHERE, NOWHERE, 0, 0]),
    ("watch all files", libc::SYS_fanotify_init, [NONE, 0, 0, 0, 0, 0]),
    ("debug a process", libc::SYS_ptrace, [libc::PTRACE_ATTACH as i64, NOBODY, 0, 0, 0, 0]),
    ("read another's memory", libc::SYS_process_vm_readv, [NOBODY, 0, 0, 0, 0, 1]),
    ("write another's memory", libc::SYS_process_vm_writev, [NOBODY, 0, 0, 0, 0, 1]),
    ("take a descriptor out of a process", libc::SYS_pidfd_getfd, [NONE, 0, 0, 0, 0, 0]),
    ("hold a process", libc::SYS_pidfd_open, [1, NONE, 0, 0, 0, 0]),
    ("compare two processes", libc::SYS_kcmp, [1, NOBODY, 0, 0, 0, 0]),
    ("signal a process", libc::SYS_kill, [NOBODY, 0, 0, 0, 0, 0]),
    ("become another user", libc::SYS_setresuid, [NONE, NONE, NONE, 0, 0, 0]),
    ("become another group", libc::SYS_setresgid, [NONE, NONE, NONE, 0, 0, 0]),
    ("take capabilities", libc::SYS_capset, [NOWHERE, NOWHERE, 0, 0, 0, 0]),
    ("run before others", libc::SYS_setpriority, [99, 0, 0, 0, 0, 0]),
    ("become a program it has open", libc::SYS_execveat, [NONE, NOWHERE, 0, 0, 0, 0]),
    ("keep a program in memory", libc::SYS_memfd_create, [NOWHERE, NONE, 0, 0, 0, 0]),
    ("make memory that can run", libc::SYS_mmap, [0, 4096, EXECUTABLE, ANONYMOUS, NONE, 0]),
    ("make its memory run", libc::SYS_mprotect, [NOWHERE, 4096, EXECUTABLE, 0, 0, 0]),
    ("let all memory run that can be read", libc::SYS_personality, [0xffff_ffff, 0, 0, 0, 0, 0]),
    ("load a program into the kernel", libc::SYS_bpf, [0, 0, 1 << 20, 0, 0, 0]),
    ("watch the whole machine", libc::SYS_perf_event_open, [NOWHERE, 0, NONE, NONE, NONE, 0]),
    ("set up a ring that makes calls", libc::SYS_io_uring_setup, [1, NOWHERE, 0, 0, 0, 0]),
    ("read the kernel's keys", libc::SYS_keyctl, [9999, 0, 0, 0, 0, 0]),
    ("add a key to the kernel's", libc::SYS_add_key, [NOWHERE, NOWHERE, 0, 0, 0, 0]),
    ("answer its own page faults", libc::SYS_userfaultfd, [NONE, 0, 0, 0, 0, 0]),
    ("share memory by number", libc::SYS_shmat, [NONE, 0, 0, 0, 0, 0]),
    ("open a queue of messages", libc::SYS_mq_open, [NOWHERE, 0, 0, 0, 0, 0]),
    ("swap to a file", libc::SYS_swapon, [NOWHERE, 0, 0, 0, 0, 0]),
    ("name the machine", libc::SYS_sethostname, [NOWHERE, NONE, 0, 0, 0, 0]),
];

/// Every call with what came of it, each on a thread of its own, which what it gets ends with.
pub(crate) fn try_all() -> Vec<(&'static str, Result<(), Errno>)> {
    let tries = CALLS.iter().map(|(name, number, arguments)| {
        let tried = std::thread::spawn(|| call(*number, *arguments)).join();
        (*name, tried.unwrap_or(Err(Errno::IO)))
    });
    tries.collect()
}

fn call(number: libc::c_long, [a, b, c, d, e, f]: [i64; 6]) -> Result<(), Errno> {
    // SAFETY: the table is the only caller. The one address in it is 1, where nothing of this program is, so the kernel
    // can write none of its memory; no row unmaps or remaps any.
    let answer = unsafe { libc::syscall(number, a, b, c, d, e, f) };
    let said = std::io::Error::last_os_error().raw_os_error();
    if answer == -1 { Err(said.map_or(Errno::IO, Errno::from_raw_os_error)) } else { Ok(()) }
}
