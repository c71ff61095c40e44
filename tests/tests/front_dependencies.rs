//! What the front is made of: exactly the crates of `frontend-deps.txt`, and nothing that encrypts or speaks TLS.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::process::Command;

/// Words, or beginnings of words, in the names of cryptographic, TLS, network and engine crates.
const FORBIDDEN: &[&str] = &[
    "aead",
    "aes",
    "age",
    "argon2",
    "blake",
    "bollard",
    "boring",
    "chacha",
    "cipher",
    "crypto",
    "curve25519",
    "dalek",
    "digest",
    "dryoc",
    "ecdsa",
    "ed25519",
    "gcm",
    "ghash",
    "hkdf",
    "hmac",
    "hpke",
    "hyper",
    "keccak",
    "kem",
    "md5",
    "openssl",
    "p256",
    "pbkdf2",
    "poly1305",
    "quinn",
    "reqwest",
    "ring",
    "rsa",
    "rustls",
    "salsa20",
    "schannel",
    "scrypt",
    "seal",
    "secp256k1",
    "sha1",
    "sha2",
    "sha3",
    "sled",
    "sodium",
    "tls",
    "trust",
    "x25519",
    "x509",
];

/// Shorter ones count as whole words only: `age` must not catch `agent`.
const WHOLE_WORD_BELOW: usize = 4;

#[test]
fn the_front_depends_on_exactly_the_listed_crates() {
    let (listed, actual) = (listed(), actual());
    let new: Vec<_> = actual.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&actual).collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "tests/frontend-deps.txt differs from the front's dependencies.\n\
         new, add them if the screen program really needs them: {new:?}\n\
         gone, take them off: {gone:?}"
    );
}

#[test]
fn the_front_holds_no_cryptographic_or_network_crate() {
    for list in [listed(), actual()] {
        let found: Vec<_> = list.iter().filter(|name| is_forbidden(name)).collect();
        assert!(found.is_empty(), "the front must not depend on {found:?}");
    }
}

#[test]
fn the_rule_knows_what_it_forbids() {
    for name in [
        "openssl-sys",
        "rustls",
        "aes-gcm",
        "ring",
        "chacha20poly1305",
        "airhatch-seal",
        "ml-kem",
        "native-tls",
    ] {
        assert!(is_forbidden(name), "{name}");
    }
    for name in ["strsim", "airhatch-wire", "memchr", "airhatch-agent", "hashbrown"] {
        assert!(!is_forbidden(name), "{name}");
    }
}

fn is_forbidden(name: &str) -> bool {
    name.split(['-', '_']).any(|word| {
        let is = |forbidden: &&str| {
            word == *forbidden || (forbidden.len() >= WHOLE_WORD_BELOW && word.starts_with(forbidden))
        };
        FORBIDDEN.iter().any(is)
    })
}

fn listed() -> BTreeSet<String> {
    let list = include_str!("../frontend-deps.txt");
    list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

fn actual() -> BTreeSet<String> {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "-p", "airhatch", "-e", "normal", "--prefix", "none"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let text = String::from_utf8(tree.stdout).unwrap();
    let names: BTreeSet<String> =
        text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    assert!(names.contains("airhatch-wire"), "this is not the front's tree: {text}");
    names
}
