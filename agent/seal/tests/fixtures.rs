//! Files that were sealed long ago still open, and their damaged copies still do not.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::fs;
use std::path::{Path, PathBuf};

use airhatch_seal::{HeaderError, Identity, PayloadError, UnsealError, parse_identity_file, unseal_small};

const NAMES: [&str; 6] =
    ["hybrid-0", "hybrid-63", "hybrid-65537", "hybrid-second-recipient-63", "x25519-0", "x25519-63"];

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn sealed(name: &str) -> Vec<u8> {
    fs::read(path(&format!("{name}.age"))).unwrap()
}

fn identity(name: &str) -> Identity {
    let kind = name.split('-').next().unwrap();
    let text = fs::read_to_string(path(&format!("{kind}.identity"))).unwrap();
    parse_identity_file(&text).unwrap().remove(0)
}

fn open(name: &str, sealed: &[u8]) -> Result<Vec<u8>, UnsealError> {
    unseal_small(&identity(name), sealed, 1 << 20).map(|plain| plain.to_vec())
}

/// Where the payload's nonce begins.
fn header_length(sealed: &[u8]) -> usize {
    let mark = sealed.windows(5).position(|bytes| bytes == b"\n--- ").unwrap();
    mark + "\n--- ".len() + 43 + "\n".len()
}

#[test]
fn every_frozen_file_opens() {
    for name in NAMES {
        let size: usize = name.rsplit('-').next().unwrap().parse().unwrap();
        let content: Vec<u8> = (0..size).map(|index| (index % 251) as u8).collect();
        assert!(open(name, &sealed(name)).unwrap() == content, "{name}");
    }
}

#[test]
fn a_frozen_file_does_not_open_for_another_identity() {
    assert!(matches!(open("x25519", &sealed("hybrid-63")), Err(UnsealError::NoMatch)));
    let stranger = Identity::generate_hybrid().unwrap();
    assert!(matches!(unseal_small(&stranger, &sealed("hybrid-63"), 100), Err(UnsealError::NoMatch)));
}

#[test]
fn each_part_s_damage_is_told_apart() {
    for name in NAMES {
        let whole = sealed(name);
        let header = header_length(&whole);
        let damage = |at: usize, with: u8| {
            let mut copy = whole.clone();
            copy[at] = with;
            open(name, &copy).unwrap_err()
        };
        assert!(matches!(damage(0, b'A'), UnsealError::Header(HeaderError::NotAge)), "{name}");
        assert!(matches!(damage(20, b'2'), UnsealError::Header(HeaderError::Version)), "{name}");
        assert!(
            matches!(damage(22, b'='), UnsealError::Header(HeaderError::Malformed { line: 2, .. })),
            "{name}"
        );
        let mac = if whole[header - 44] == b'A' { b'B' } else { b'A' };
        assert!(matches!(damage(header - 44, mac), UnsealError::HeaderMac), "{name}");
        let damaged = UnsealError::Payload(PayloadError::Damaged { chunk: 0 });
        assert_eq!(damage(header, whole[header] ^ 1).to_string(), damaged.to_string(), "{name}");
    }
}
