//! Full disks, on a tiny one that is really full.

use super::*;

#[test]
fn on_a_full_disk_the_ballast_serves_then_puts_are_refused_and_nothing_flushed_is_lost() {
    let Some(disk) = TinyDisk::mount(8) else { return };
    let dir = disk.path().join("store");
    let mut records: Vec<Record> = (0..100).map(|number| record(number, 300)).collect();
    let store = Database::open(&dir).unwrap();
    records.iter().for_each(|record| put(&store, record).unwrap());
    store.flush().unwrap();
    assert!(dir.join("ballast").exists());
    let filling = disk.fill(0);

    let last = record(100, 300);
    put(&store, &last).unwrap();
    store.flush().unwrap();
    records.push(last);
    assert!(!dir.join("ballast").exists(), "the ballast was used");
    let refused = (101..).map(|number| record(number, 3000)).find(|record| {
        let outcome = put(&store, record).and_then(|()| store.flush());
        assert!(matches!(outcome, Ok(()) | Err(DatabaseError::DiskFull)), "{outcome:?}");
        records.extend(outcome.is_ok().then(|| record.clone()));
        outcome.is_err()
    });
    assert!(refused.is_some());
    records.sort();
    drop(store);
    assert!(matches!(Database::open(&dir), Err(DatabaseError::DiskFull)));

    fs::remove_file(filling).unwrap();
    let store = Database::open(&dir).unwrap();
    let stored = sorted(&store);
    assert!(records.iter().all(|record| stored.contains(record)));
    put(&store, &record(7, 301)).unwrap();
    store.flush().unwrap();
    assert!(dir.join("ballast").exists(), "the ballast is back");
}

#[test]
fn a_store_goes_on_after_space_was_freed_without_being_opened_again() {
    let Some(disk) = TinyDisk::mount(8) else { return };
    let store = Database::open(&disk.path().join("store")).unwrap();
    put(&store, &record(1, 300)).unwrap();
    let filling = disk.fill(0);
    let refused = (2..).find(|number| put(&store, &record(*number, 100_000)).is_err()).unwrap();
    fs::remove_file(filling).unwrap();
    put(&store, &record(refused, 100_000)).unwrap();
    store.flush().unwrap();
    let stored = sorted(&store);
    assert!((1..=refused).all(|n| stored.iter().any(|(key, _)| *key == record(n, 0).0)));
}

#[test]
fn a_write_that_sled_fails_is_done_again_after_opening_anew() {
    let Some(disk) = TinyDisk::mount(8) else { return };
    let dir = disk.path().join("store");
    let store = Database::open(&dir).unwrap();
    put(&store, &record(0, 300)).unwrap();
    store.flush().unwrap();
    // Room enough when asked, taken before it is used: what another program does.
    let mut put_since = Vec::new();
    let filling = disk.fill(800 * 1024);
    for number in 1..100 {
        put(&store, &record(number, 3000)).unwrap();
        put_since.push(record(number, 3000));
    }
    let rest = disk.fill(0);
    assert!(store.inner().flush_without_asking_for_room(), "sled met the full disk");
    fs::remove_file(rest).unwrap();
    fs::remove_file(filling).unwrap();
    store.flush().unwrap();
    drop(store);
    let stored = sorted(&Database::open(&dir).unwrap());
    assert_eq!(stored.len(), 100);
    assert!(put_since.iter().all(|record| stored.contains(record)));
}
