//! The port at which contacts reach an account on this machine, and the addresses that go with it. Only looks at what the
//! kernel tells; opens no socket.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr};

/// Below what systems give to outgoing connections, above what services use.
const FIRST: u16 = 20_000;
const LAST: u16 = 32_000;

/// Devices that lead to containers and virtual machines of this machine only.
const INSIDE: [&str; 7] = ["docker", "br-", "veth", "virbr", "cni", "podman", "lxc"];

/// A port that nobody uses and that is not in `taken`; any, so that two wardens hardly choose the same.
///
/// # Errors
/// When the kernel does not tell, or no port is left.
pub(crate) fn choose(taken: &BTreeSet<u16>) -> io::Result<Option<u16>> {
    let mut used = taken.clone();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        match std::fs::read_to_string(table) {
            Ok(text) => used.extend(local_ports(&text)),
            // A kernel without IPv6.
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(e),
        }
    }
    let mut random = [0; 2];
    getrandom::fill(&mut random)?;
    let begin = FIRST + u16::from_le_bytes(random) % (LAST - FIRST);
    Ok((begin..=LAST).chain(FIRST..begin).find(|port| !used.contains(port)))
}

/// The local ports in one of the kernel's tables of sockets.
fn local_ports(table: &str) -> impl Iterator<Item = u16> {
    table.lines().filter_map(|line| {
        let local = line.split_whitespace().nth(1)?;
        u16::from_str_radix(local.rsplit_once(':')?.1, 16).ok()
    })
}

/// This machine's addresses that others may reach.
pub(crate) fn addresses() -> Vec<Ipv4Addr> {
    let faces = if_addrs::get_if_addrs().unwrap_or_else(|e| {
        tracing::warn!("this machine's addresses cannot be listed: {e}");
        Vec::new()
    });
    let outward = faces.iter().filter(|face| {
        !face.is_loopback() && !face.is_link_local() && !INSIDE.iter().any(|name| face.name.starts_with(name))
    });
    let addresses: BTreeSet<Ipv4Addr> = outward
        .filter_map(|face| match face.ip() {
            IpAddr::V4(ip) => Some(ip),
            IpAddr::V6(_) => None,
        })
        .collect();
    addresses.into_iter().collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    const TABLE: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:4E20 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:0035 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2 1 0 100 0 0 10 0
 junk
   2: nothing";

    #[test]
    fn the_kernel_s_table_is_read() {
        assert_eq!(local_ports(TABLE).collect::<Vec<_>>(), [20_000, 53]);
    }

    #[test]
    fn a_port_in_use_or_given_to_another_account_is_not_chosen() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut taken: BTreeSet<u16> = (FIRST..=LAST).collect();
        assert_eq!(choose(&taken).unwrap(), None);
        taken.remove(&FIRST);
        if std::net::TcpListener::bind(("127.0.0.1", FIRST)).is_ok() {
            assert_eq!(choose(&taken).unwrap(), Some(FIRST));
        }
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
        assert!(local_ports(&table).any(|port| port == listener.local_addr().unwrap().port()));
    }
}
