//! Attacks by socket: to reach the network, the agents, the container engine, or to hand a descriptor out.

use rustix::io::Errno;
use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, connect, sendto, socketpair};

use super::call::{N, NO_DESCRIPTOR, NOWHERE, call};
use super::{Attack, Attempted, agent, both, front};

/// Above the highest family the kernel knows.
const FAMILIES: i64 = 64;

pub(super) const ATTACKS: &[Attack] = &[
    front("make a socket of any family", |_| any_socket(&[])),
    agent("make a socket of any family but the internet's", |_| {
        any_socket(&[libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK])
    }),
    both("make a raw socket", |_| socket(libc::AF_INET, libc::SOCK_RAW, 9999)),
    both("make a multipath socket", |_| socket(libc::AF_INET, libc::SOCK_STREAM, libc::IPPROTO_MPTCP)),
    both("listen to the kernel's messages about devices", |_| {
        socket(libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_KOBJECT_UEVENT)
    }),
    front("connect to an agent's control socket", |g| connect(g.unconnected()?, &g.control()?)),
    front("connect to the container engine's socket", |g| connect(g.unconnected()?, &g.engine()?)),
    front("connect a socket it holds", |_| call(libc::SYS_connect, &[NO_DESCRIPTOR, NOWHERE, N(16)])),
    both("send a letter to any local socket", |g| {
        let (ours, _theirs) = socketpair(AddressFamily::UNIX, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
        sendto(&ours, b"hello", SendFlags::empty(), &g.letters()?).map(drop)
    }),
    front("send to an address", |_| {
        call(libc::SYS_sendto, &[NO_DESCRIPTOR, NOWHERE, N(1), N(0), NOWHERE, N(16)])
    }),
    front("make a pair of sockets", |_| {
        socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None).map(drop)
    }),
    both("make a pair that keeps letters apart", |_| {
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).map(drop)
    }),
    both("hand a descriptor to somebody", |_| call(libc::SYS_sendmsg, &[NO_DESCRIPTOR, NOWHERE, N(0)])),
    front("send many letters at once", |_| call(libc::SYS_sendmmsg, &[NO_DESCRIPTOR, NOWHERE, N(1), N(0)])),
    front("take an address", |_| call(libc::SYS_bind, &[NO_DESCRIPTOR, NOWHERE, N(16)])),
    front("listen", |_| call(libc::SYS_listen, &[NO_DESCRIPTOR, N(1)])),
    front("accept", |_| call(libc::SYS_accept4, &[NO_DESCRIPTOR, N(0), N(0), N(0)])),
];

fn socket(family: i32, kind: i32, protocol: i32) -> Attempted {
    let kind = kind | libc::SOCK_CLOEXEC;
    call(libc::SYS_socket, &[N(family.into()), N(kind.into()), N(protocol.into())])
}

/// Tries all families in turn; the first that is not refused is what comes of it.
fn any_socket(but: &[i32]) -> Attempted {
    for family in (1..FAMILIES).filter(|family| but.iter().all(|other| i64::from(*other) != *family)) {
        for kind in [libc::SOCK_STREAM, libc::SOCK_DGRAM, libc::SOCK_RAW, libc::SOCK_SEQPACKET] {
            let kind = N(i64::from(kind | libc::SOCK_CLOEXEC));
            match call(libc::SYS_socket, &[N(family), kind, N(0)]) {
                Err(Errno::PERM) => {}
                outcome => return outcome,
            }
        }
    }
    Err(Errno::PERM)
}
