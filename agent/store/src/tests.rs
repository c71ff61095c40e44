#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

use std::fs;
use std::path::Path;

use super::tree::Tree;
use super::*;
use crate::tiny_disk::TinyDisk;

mod change;
mod full_disk;
mod healing;
mod model;

type Record = (Vec<u8>, Vec<u8>);

/// Keys are scattered, as those of the agent are.
fn record(number: u32, length: usize) -> Record {
    let key = format!("{:08x}-person{number}@example.org", number.wrapping_mul(0x9e37_79b9));
    (key.into_bytes(), vec![number as u8; length])
}

fn put(database: &Database, record: &Record) -> Result<(), DatabaseError> {
    database.put(&record.0, Some(&record.1))
}

fn sorted(database: &Database) -> Vec<Record> {
    let entries = database.scan(&[]).unwrap();
    entries.into_iter().map(|(key, value)| (key, value.unwrap())).collect()
}

/// A closed database with records, opened twice so that there is a snapshot.
fn filled(dir: &Path, count: u32) -> Vec<Record> {
    let mut records: Vec<Record> = (0..count).map(|number| record(number, 340)).collect();
    for half in records.chunks(count as usize / 2) {
        let database = Database::open(dir).unwrap();
        half.iter().for_each(|record| put(&database, record).unwrap());
        database.flush().unwrap();
    }
    records.sort();
    records
}

fn snapshots(dir: &Path) -> Vec<PathBuf> {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    names.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("snap.")).collect()
}

fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn a_scan_finds_the_keys_that_begin_alike_in_their_order() {
    let dir = tempfile::tempdir().unwrap();
    let database = Database::open(dir.path()).unwrap();
    [&b"b2"[..], b"a", b"b1", b"c"].iter().for_each(|key| database.put(key, Some(key)).unwrap());
    let keys = |prefix| database.scan(prefix).unwrap().into_iter().map(|(key, _)| key).collect::<Vec<_>>();
    assert_eq!(keys(b"b"), [b"b1", b"b2"]);
    assert_eq!(keys(b"").len(), 4);
    database.put(b"b1", None).unwrap();
    assert_eq!((database.get(b"b1").unwrap(), database.get(b"b2").unwrap()), (None, Some(b"b2".to_vec())));
}

#[test]
fn a_file_that_is_not_what_was_written_is_told_and_the_others_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let (small, large) = (record(1, 10), record(2, 200_000));
    let database = Database::open(dir.path()).unwrap();
    [&small, &large].into_iter().for_each(|record| put(&database, record).unwrap());
    let file = fs::read_dir(dir.path().join("large")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&file).unwrap();
    bytes[100_000] ^= 1;
    for damage in [&bytes[..], &bytes[..50_000], b""] {
        fs::write(&file, damage).unwrap();
        assert!(matches!(database.get(&large.0), Err(DatabaseError::Unreadable)));
    }
    let mut entries = database.scan(&[]).unwrap();
    entries.sort_by_key(|(_, value)| value.is_none());
    assert_eq!(entries, [(small.0, Some(small.1)), (large.0, None)]);
}

#[test]
fn values_of_every_size_around_the_borders_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let sizes = [0, 1, 4094, 4095, 4096, 4097, (2 << 20) - 1, 2 << 20];
    let database = Database::open(dir.path()).unwrap();
    sizes.iter().for_each(|size| put(&database, &record(*size as u32, *size)).unwrap());
    assert!(matches!(put(&database, &record(4095, (2 << 20) + 1)), Err(DatabaseError::TooLarge)));
    database.flush().unwrap();
    drop(database);
    let database = Database::open(dir.path()).unwrap();
    for size in sizes {
        let (key, value) = record(size as u32, size);
        assert!(database.get(&key).unwrap() == Some(value), "{size}");
    }
    assert_eq!(fs::read_dir(dir.path().join("large")).unwrap().count(), 4);
}

#[test]
fn a_database_that_failed_is_opened_anew_and_has_everything() {
    let dir = tempfile::tempdir().unwrap();
    let database = Database::open(dir.path()).unwrap();
    database.put(b"a", Some(b"1")).unwrap();
    let once = std::cell::Cell::new(true);
    let repeated = database.inner().attempt(|tree| {
        if once.take() { Err(tree.damaged("as when a write failed")) } else { tree.get(b"a") }
    });
    assert_eq!(repeated.unwrap(), Some(b"\x001".to_vec()), "what was not flushed was put again");
    let failed = database
        .inner()
        .attempt(|tree| -> Result<(), DatabaseError> { tree.with(|_| panic!("as sled does")) });
    assert!(matches!(failed, Err(DatabaseError::Damaged { .. })));
    assert_eq!(database.get(b"a").unwrap(), Some(b"1".to_vec()));
    database.put(b"b", Some(b"2")).unwrap();
    database.flush().unwrap();
    drop(database);
    assert_eq!(Database::open(dir.path()).unwrap().scan(&[]).unwrap().len(), 2);
}
