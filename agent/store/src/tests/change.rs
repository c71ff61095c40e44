//! Changes of several keys: all or nothing, whatever stops them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;
use crate::journal::{self, Write};
use crate::spill::Spill;

const KEYS: [&[u8]; 3] = [b"a", b"b", b"c"];

fn change(database: &Database, value: &[u8]) -> Result<(), DatabaseError> {
    database.change(|change| {
        KEYS.iter().for_each(|key| change.put(key.to_vec(), Some(value.to_vec())));
        Ok(())
    })
}

/// Whether this is what all keys have.
fn holds(database: &Database, value: &[u8]) -> bool {
    let entries = database.scan(&[]).unwrap().into_iter();
    entries.eq(KEYS.map(|key| (key.to_vec(), Some(value.to_vec()))))
}

#[test]
fn a_change_sees_its_own_writes_and_one_that_fails_or_panics_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let database = Database::open(dir.path()).unwrap();
    change(&database, b"1").unwrap();
    let ended = |end: fn() -> DatabaseError| {
        database.change(|change| -> Result<(), DatabaseError> {
            change.put(b"a".to_vec(), Some(b"2".to_vec()));
            change.put(b"b".to_vec(), None);
            assert_eq!((change.get(b"a")?, change.get(b"b")?), (Some(b"2".to_vec()), None));
            assert_eq!(change.get(b"c")?, Some(b"1".to_vec()));
            Err(end())
        })
    };
    assert!(matches!(ended(|| DatabaseError::TooLarge), Err(DatabaseError::TooLarge)));
    assert!(catch_unwind(AssertUnwindSafe(|| ended(|| panic!("as code does")))).is_err());
    assert!(holds(&database, b"1"));
}

#[test]
fn a_change_is_durable_at_once_and_leaves_no_files_behind() {
    let dir = tempfile::tempdir().unwrap();
    let (home, crashed) = (dir.path().join("home"), dir.path().join("crashed"));
    let database = Database::open(&home).unwrap();
    let files = |dir: &Path| fs::read_dir(dir.join("large")).unwrap().count();
    for length in [10, 5000, 10, 200_000, 5000] {
        change(&database, &vec![7; length]).unwrap();
        copy(&home, &crashed);
        assert!(holds(&Database::open(&crashed).unwrap(), &vec![7; length]), "{length}");
        assert_eq!(files(&crashed), if length < 4096 { 0 } else { 3 }, "{length}");
    }
    database.flush().unwrap();
    assert_eq!(files(&home), 3);
}

#[test]
fn a_change_stopped_after_any_of_its_writes_is_finished_at_the_next_opening() {
    for done in 0..=3 {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::open(dir.path()).unwrap();
        change(&database, &[1; 5000]).unwrap();
        drop(database);
        let (tree, spill) = (Tree::open(dir.path()).unwrap(), Spill::open(dir.path()).unwrap());
        let heads = [Some(&[2; 10][..]), Some(&[2; 6000]), None];
        let writes: Vec<Write> = std::iter::zip(KEYS, heads)
            .map(|(key, value)| Write {
                key: key.to_vec(),
                head: value.map(|value| spill.head(value).unwrap()),
            })
            .collect();
        let together = spill.head(&journal::encode(&writes).unwrap()).unwrap();
        tree.insert(journal::KEY, &together).unwrap();
        writes[..done].iter().for_each(|write| write.apply(&tree).unwrap());
        tree.flush().unwrap();
        drop(tree);
        for _ in 0..2 {
            let found = sorted(&Database::open(dir.path()).unwrap());
            assert!(found == [(b"a".to_vec(), vec![2; 10]), (b"b".to_vec(), vec![2; 6000])], "after {done}");
        }
        assert_eq!(fs::read_dir(dir.path().join("large")).unwrap().count(), 1, "after {done}");
    }
}

#[test]
fn a_change_that_was_refused_for_want_of_space_never_happens_later() {
    let Some(disk) = TinyDisk::mount(8) else { return };
    let dir = disk.path().join("store");
    let database = Database::open(&dir).unwrap();
    change(&database, b"1").unwrap();
    let filling = disk.fill(0);
    let mut kept = b"1".to_vec();
    let refused = (0..=255).map(|byte| vec![byte; 3000]).find(|value| {
        let changed = change(&database, value);
        assert!(matches!(changed, Ok(()) | Err(DatabaseError::DiskFull)), "{changed:?}");
        if changed.is_ok() {
            kept.clone_from(value);
        }
        changed.is_err()
    });
    assert!(refused.is_some(), "the disk was not full");
    fs::remove_file(filling).unwrap();
    assert!(holds(&database, &kept));
    drop(database);
    let database = Database::open(&dir).unwrap();
    assert!(holds(&database, &kept));
    change(&database, b"2").unwrap();
    assert!(holds(&database, b"2"));
}
