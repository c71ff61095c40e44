//! Choosing addresses for networks. An engine has about thirty networks' worth of addresses by itself, which is one
//! account each; so small ranges are chosen here, away from everything the engine and the kernel know of.

use std::io;
use std::net::Ipv4Addr;

/// Where the ranges come from: a part of the private addresses that few use.
const POOL: Subnet = Subnet { base: 0x0AD1_0000, bits: 16 };

/// A range of addresses: a base and how many leading bits of it count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Subnet {
    base: u32,
    bits: u8,
}

impl Subnet {
    /// Reads `10.0.0.0/8`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (base, bits) = text.split_once('/')?;
        let (base, bits) = (base.parse::<Ipv4Addr>().ok()?, bits.parse::<u8>().ok()?);
        (bits <= 32).then(|| Self { base: u32::from(base), bits })
    }

    const fn overlaps(self, other: Self) -> bool {
        let bits = if self.bits < other.bits { self.bits } else { other.bits };
        // A shift by the whole width is none in the processor, and everything here.
        bits == 0 || (self.base ^ other.base) >> (32 - bits) == 0
    }
}

impl std::fmt::Display for Subnet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from(self.base), self.bits)
    }
}

/// A range with `bits` leading bits that overlaps none of `taken`, looked for from any place on; `None` when all are
/// taken.
pub(super) fn choose(bits: u8, taken: &[Subnet]) -> io::Result<Option<Subnet>> {
    let mut random = [0; 4];
    getrandom::fill(&mut random)?;
    Ok(choose_from(bits, taken, u32::from_le_bytes(random)))
}

fn choose_from(bits: u8, taken: &[Subnet], begin: u32) -> Option<Subnet> {
    let places = 1_u32.checked_shl(u32::from(bits.checked_sub(POOL.bits)?))?;
    let size = 1_u32.checked_shl(32 - u32::from(bits))?;
    (0..places)
        .map(|at| Subnet { base: POOL.base | ((begin.wrapping_add(at) % places) * size), bits })
        .find(|one| !taken.iter().any(|other| one.overlaps(*other)))
}

/// Where the kernel sends packets by rules of their own; the default route is none of them.
pub(super) fn routes() -> Vec<Subnet> {
    std::fs::read_to_string("/proc/net/route").map(|table| read_routes(&table)).unwrap_or_default()
}

fn read_routes(table: &str) -> Vec<Subnet> {
    let hex = |field: Option<&str>| u32::from_str_radix(field?, 16).ok().map(u32::from_be);
    let routes = table.lines().filter_map(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let (base, mask) = (hex(fields.next())?, hex(fields.nth(5))?);
        let bits = u8::try_from(mask.leading_ones()).ok()?;
        (bits > 0).then_some(Subnet { base, bits })
    });
    routes.collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn subnet(text: &str) -> Subnet {
        Subnet::parse(text).unwrap()
    }

    #[test]
    fn a_chosen_range_overlaps_nothing_that_is_taken() {
        let mut taken = vec![subnet("10.209.0.0/17"), subnet("192.168.0.0/16")];
        for begin in [0, 1, 77, u32::MAX] {
            let one = choose_from(28, &taken, begin).unwrap();
            assert!(one.overlaps(POOL) && taken.iter().all(|other| !one.overlaps(*other)), "{one}");
            taken.push(one);
        }
        assert_eq!(choose_from(28, &[subnet("0.0.0.0/0")], 0), None);
        assert_eq!(choose_from(22, &[subnet("10.209.0.0/16")], 9), None);
    }

    #[test]
    fn ranges_overlap_when_one_holds_the_other() {
        assert!(subnet("10.0.0.0/8").overlaps(subnet("10.209.1.0/28")));
        assert!(subnet("10.209.1.5/32").overlaps(subnet("10.209.1.0/28")));
        assert!(!subnet("10.209.1.16/28").overlaps(subnet("10.209.1.0/28")));
        for text in ["", "10.0.0.0", "10.0.0.0/33", "fe80::/10"] {
            assert_eq!(Subnet::parse(text), None, "{text}");
        }
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn the_kernel_s_routes_are_read_without_the_default_one() {
        let table = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU\n\
                     eth0 00000000 010200C0 0003 0 0 0 00000000 0\n\
                     docker0 000011AC 00000000 0001 0 0 0 0000FFFF 0\n";
        assert_eq!(read_routes(table), [subnet("172.17.0.0/16")]);
    }
}
