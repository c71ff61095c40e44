//! What the agent may ask of the kernel besides the runtime's needs: its own files, and the network.
//!
//! No local socket is made here that could reach anybody: until Landlock 9 nothing else would keep a captured agent from the container engine's.
//! The control socket is therefore opened before the jail, and its guests come through `accept4`.

use libc::{
    AF_INET, AF_INET6, AF_NETLINK, AF_UNIX, IPPROTO_TCP, IPPROTO_UDP, NETLINK_ROUTE, SOCK_DGRAM, SOCK_RAW,
    SOCK_STREAM, c_long,
};
use seccompiler::BackendError;

use super::{AllowList, bits, is, null};

/// The bits of a socket's type that are its type.
const SOCKET_TYPE: i64 = 0xf;

const NETWORK: &[c_long] = &[
    libc::SYS_accept4,
    libc::SYS_bind,
    libc::SYS_connect,
    libc::SYS_getpeername,
    libc::SYS_getsockname,
    libc::SYS_listen,
    libc::SYS_sendmmsg,
    libc::SYS_sendto,
    libc::SYS_setsockopt,
];

const FILES: &[c_long] = &[
    libc::SYS_fallocate,
    libc::SYS_fchmod,
    libc::SYS_flock,
    libc::SYS_fstatfs,
    libc::SYS_mkdirat,
    libc::SYS_openat,
    libc::SYS_openat2,
    libc::SYS_pwrite64,
    libc::SYS_readv,
    libc::SYS_renameat,
    libc::SYS_statfs,
    libc::SYS_sync_file_range,
    libc::SYS_syncfs,
];

/// The drop folder is watched; memory and the machine's name are looked at by the database and the C library.
const SURROUNDINGS: &[c_long] = &[
    libc::SYS_inotify_add_watch,
    libc::SYS_inotify_init1,
    libc::SYS_inotify_rm_watch,
    libc::SYS_sysinfo,
    libc::SYS_uname,
];

#[cfg(target_arch = "x86_64")]
const OLDER: &[c_long] = &[libc::SYS_open, libc::SYS_rmdir];
#[cfg(not(target_arch = "x86_64"))]
const OLDER: &[c_long] = &[];

/// Whether standard error is a terminal, and sockets that do not block or outlive an `execve`.
const IOCTL: &[i64] =
    &[libc::FIONBIO as i64, libc::FIOCLEX as i64, libc::FIONREAD as i64, libc::TCGETS as i64];

/// Adds the agent's calls.
pub(super) fn allow(list: &mut AllowList) -> Result<(), BackendError> {
    for calls in [NETWORK, FILES, SURROUNDINGS, OLDER] {
        list.allow(calls);
    }
    list.allow_one_of(libc::SYS_ioctl, 1, IOCTL)?;
    // Times of a file that is open, not of one that is named: Landlock does not guard those.
    list.allow_when(libc::SYS_utimensat, &[null(1)])?;
    // Its runtime wakes itself by one. What arrives at the end of such a pair can go nowhere else: datagram pairs take
    // addresses.
    list.allow_when(libc::SYS_socketpair, &[is(0, AF_UNIX), bits(1, SOCKET_TYPE, SOCK_STREAM)])?;
    sockets(list)
}

/// TCP and UDP, and the list of this machine's addresses. Nothing raw, no MPTCP, nothing local.
fn sockets(list: &mut AllowList) -> Result<(), BackendError> {
    let mut allow = |domain, kind, protocol: i32| {
        list.allow_when(libc::SYS_socket, &[is(0, domain), bits(1, SOCKET_TYPE, kind), is(2, protocol)])
    };
    for domain in [AF_INET, AF_INET6] {
        allow(domain, SOCK_STREAM, 0)?;
        allow(domain, SOCK_STREAM, IPPROTO_TCP)?;
        allow(domain, SOCK_DGRAM, 0)?;
        allow(domain, SOCK_DGRAM, IPPROTO_UDP)?;
    }
    allow(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)?;
    allow(AF_NETLINK, SOCK_DGRAM, NETLINK_ROUTE)
}
