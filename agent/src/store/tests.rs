#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

use std::fs;

use serde::Deserialize;

use super::*;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Record {
    email: String,
    filler: Vec<u8>,
}

const KEY: [u8; 32] = [7; 32];

fn record(number: u32, filler: usize) -> Record {
    Record { email: format!("person{number}@example.org"), filler: vec![number as u8; filler] }
}

fn put(store: &Store, record: &Record) -> Result<(), StoreError> {
    store.put(record.email.as_bytes(), record)
}

fn sorted(store: &Store) -> Vec<Record> {
    let mut loaded = store.load::<Record>().unwrap();
    assert_eq!(loaded.damaged, 0);
    loaded.records.sort();
    loaded.records
}

#[test]
fn records_are_there_after_opening_again() {
    let dir = tempfile::tempdir().unwrap();
    let (small, large) = (record(1, 10), record(2, 200_000));
    let store = Store::open(dir.path(), &KEY).unwrap();
    [&small, &large, &record(3, 10)].into_iter().for_each(|record| put(&store, record).unwrap());
    put(&store, &record(3, 20)).unwrap();
    store.remove(b"person3@example.org").unwrap();
    store.remove(b"nobody@example.org").unwrap();
    store.flush().unwrap();
    drop(store);
    assert_eq!(sorted(&Store::open(dir.path(), &KEY).unwrap()), [small, large]);
}

#[test]
fn a_second_opening_is_refused_while_the_first_lasts() {
    let dir = tempfile::tempdir().unwrap();
    let first = Store::open(dir.path(), &KEY).unwrap();
    assert!(matches!(Store::open(dir.path(), &KEY), Err(StoreError::InUse)));
    drop(first);
    Store::open(dir.path(), &KEY).unwrap();
}

#[test]
fn another_key_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    drop(Store::open(dir.path(), &KEY).unwrap());
    assert!(matches!(Store::open(dir.path(), &[8; 32]), Err(StoreError::WrongKey)));
    Store::open(dir.path(), &KEY).unwrap();
}

#[test]
fn a_value_in_the_place_of_another_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), &KEY).unwrap();
    for size in [10, 200_000] {
        (0..2).for_each(|number| put(&store, &record(number + size as u32, size)).unwrap());
    }
    store.flush().unwrap();
    drop(store);
    let database = Database::open(dir.path()).unwrap();
    let entries: Vec<_> =
        database.scan(&[]).unwrap().into_iter().filter(|(key, _)| key.len() == 32).collect();
    for (at, (key, _)) in entries.iter().enumerate() {
        database.put(key, entries[(at + 1) % entries.len()].1.as_deref()).unwrap();
    }
    database.flush().unwrap();
    drop(database);
    let loaded = Store::open(dir.path(), &KEY).unwrap().load::<Record>().unwrap();
    assert_eq!((loaded.records.len(), loaded.damaged), (0, 4));
}

#[test]
fn one_damaged_record_leaves_the_others_readable() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), &KEY).unwrap();
    (0..3).for_each(|number| put(&store, &record(number, 200_000)).unwrap());
    put(&store, &record(3, 10)).unwrap();
    store.flush().unwrap();
    drop(store);
    let file = fs::read_dir(dir.path().join("large")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&file).unwrap();
    bytes[100_000] ^= 1;
    fs::write(&file, bytes).unwrap();
    let loaded = Store::open(dir.path(), &KEY).unwrap().load::<Record>().unwrap();
    assert_eq!((loaded.records.len(), loaded.damaged), (3, 1));
}

#[test]
fn large_values_leave_no_files_behind() {
    let dir = tempfile::tempdir().unwrap();
    let files = || fs::read_dir(dir.path().join("large")).unwrap().count();
    let store = Store::open(dir.path(), &KEY).unwrap();
    put(&store, &record(1, 100_000)).unwrap();
    put(&store, &record(1, 200_000)).unwrap();
    store.flush().unwrap();
    assert_eq!(files(), 1);
    fs::write(dir.path().join("large").join("left-by-a-crash"), b"x").unwrap();
    drop(store);
    let store = Store::open(dir.path(), &KEY).unwrap();
    assert_eq!(files(), 1);
    assert_eq!(sorted(&store), [record(1, 200_000)]);
    put(&store, &record(1, 5)).unwrap();
    store.flush().unwrap();
    assert_eq!(files(), 0);
}

#[test]
fn a_value_above_a_megabyte_is_refused_and_the_one_before_stays() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), &KEY).unwrap();
    put(&store, &record(1, 5)).unwrap();
    assert!(matches!(put(&store, &record(1, 1 << 20)), Err(StoreError::TooLarge)));
    assert_eq!(sorted(&store), [record(1, 5)]);
}

#[test]
fn no_email_can_be_read_in_the_files() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), &KEY).unwrap();
    (0..40).for_each(|number| put(&store, &record(number, 300)).unwrap());
    put(&store, &record(99, 50_000)).unwrap();
    store.flush().unwrap();
    drop(store);
    let mut searched = 0;
    for folder in [dir.path().to_owned(), dir.path().join("large")] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let Ok(bytes) = fs::read(&path) else { continue };
            searched += bytes.len();
            let name = path.file_name().unwrap().as_encoded_bytes();
            for text in [bytes.as_slice(), name] {
                assert!(!text.windows(11).any(|window| window == b"example.org"), "{path:?}");
                assert!(!text.windows(6).any(|window| window == b"person"), "{path:?}");
            }
        }
    }
    assert!(searched > 60_000, "only {searched} bytes were searched");
}

#[test]
fn the_folder_is_for_this_user_only() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("state").join("store");
    Store::open(&store, &KEY).unwrap();
    for folder in [store.as_path(), store.parent().unwrap()] {
        assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
