//! The age project's own test vectors, and files made by another implementation.
//!
//! They are read from a folder beside the project, or from `AIRHATCH_AGE_VECTORS`. Without it these tests say so and
//! check nothing; the frozen files in `fixtures.rs` are always there.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::PathBuf;

use airhatch_seal::{Identity, Recipient, UnsealError, UnsealReader};
use openssl::sha::sha256;

/// The vectors' folder, if this machine has it.
fn vectors(kind: &str) -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/age-vectors");
    let folder =
        std::env::var_os("AIRHATCH_AGE_VECTORS").map_or_else(|| beside.into(), PathBuf::from).join(kind);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: there are no age vectors in {}", folder.display());
    None
}

/// What came of opening a file, in the words of the vectors, and the hash of what was released.
fn open(file: &[u8], identities: &[Identity]) -> (&'static str, Option<String>, String) {
    let mut reader = match UnsealReader::new(file, identities) {
        Ok(reader) => reader,
        Err(error) => {
            let word = match error {
                UnsealError::NoMatch => "no match",
                UnsealError::HeaderMac => "HMAC failure",
                UnsealError::Header(_) => "header failure",
                _ => "another failure",
            };
            return (word, None, error.to_string());
        }
    };
    let mut plain = Vec::new();
    let result = reader.read_to_end(&mut plain).map_err(UnsealError::from);
    let word = match result {
        Ok(_) => "success",
        Err(UnsealError::Payload(_)) => "payload failure",
        Err(_) => "another failure",
    };
    (word, Some(hex(&sha256(&plain))), result.err().map(|error| error.to_string()).unwrap_or_default())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A vector's `name: value` lines, and the age file after them.
fn split_vector(bytes: &[u8]) -> (BTreeMap<String, String>, Vec<u8>) {
    let end = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap();
    let (head, file) = bytes.split_at(end + 2);
    let fields: BTreeMap<_, _> = str::from_utf8(head)
        .unwrap()
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut inflated = Vec::new();
    match fields.get("compressed").map(String::as_str) {
        None => inflated.extend_from_slice(file),
        Some("zlib") => {
            flate2::read::ZlibDecoder::new(file).read_to_end(&mut inflated).unwrap();
        }
        Some(other) => panic!("unknown compression {other}"),
    }
    (fields, inflated)
}

#[test]
fn every_published_vector_ends_as_it_says() {
    let Some(folder) = vectors("cctv") else { return };
    let (mut checked, mut skipped, mut failed) = (0, Vec::new(), Vec::new());
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let (fields, file) = split_vector(&fs::read(entry.path()).unwrap());
        if fields.contains_key("armored") || fields.contains_key("passphrase") {
            skipped.push(name);
            continue;
        }
        let identities: Vec<Identity> =
            fields.get("identity").map(|text| text.parse().unwrap()).into_iter().collect();
        let (word, released, why) = open(&file, &identities);
        // A header failure releases nothing, and has no hash to compare with.
        if word != fields["expect"]
            || fields.get("payload").is_some_and(|hash| released.as_ref() != Some(hash))
        {
            failed.push(format!("{name}: expected {}, got {word} ({why})", fields["expect"]));
        }
        checked += 1;
    }
    println!("checked {checked} vectors; skipped as out of scope: {skipped:?}");
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(checked >= 50, "only {checked} vectors found");
}

#[test]
fn files_of_another_implementation_open() {
    let Some(folder) = vectors("interop") else { return };
    let mut checked = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "age") {
            continue;
        }
        let text =
            |extension: &str| fs::read_to_string(path.with_extension(extension)).unwrap().trim().to_owned();
        let identity: Identity = text("identity").parse().unwrap();
        let recipient: Recipient = text("recipient").parse().unwrap();
        assert_eq!(identity.recipient(), recipient, "{}", path.display());
        assert_eq!(identity.recipient().to_string(), text("recipient"));
        let (word, released, why) = open(&fs::read(&path).unwrap(), &[identity]);
        assert_eq!((word, released), ("success", Some(text("sha256"))), "{}: {why}", path.display());
        checked += 1;
    }
    println!("checked {checked} files");
    assert!(checked >= 10, "only {checked} files found");
}
