//! Torn files: what sled refuses for ever, and what healing makes of it.

use super::*;

#[test]
fn a_torn_snapshot_costs_nothing_whatever_its_length() {
    let dir = tempfile::tempdir().unwrap();
    let (whole, torn) = (dir.path().join("whole"), dir.path().join("torn"));
    let records = filled(&whole, 200);
    let [snapshot] = snapshots(&whole).try_into().unwrap();
    let length = fs::metadata(&snapshot).unwrap().len();
    let mut refused_by_sled = 0;
    for cut in (0..length).step_by(usize::try_from(length / 40).unwrap().max(1)).chain([length - 1]) {
        copy(&whole, &torn);
        let name = snapshot.file_name().unwrap();
        fs::File::options().write(true).open(torn.join(name)).unwrap().set_len(cut).unwrap();
        refused_by_sled += u32::from(Tree::open(&torn).is_err());
        assert_eq!(sorted(&Database::open(&torn).unwrap()), records, "cut at {cut} of {length}");
        assert!(torn.join("healed-1").join(name).exists(), "cut at {cut} of {length}");
        assert_eq!(sorted(&Database::open(&torn).unwrap()), records, "cut at {cut}, opened again");
    }
    assert!(refused_by_sled >= 40, "sled itself opened all but {refused_by_sled}: nothing is proved");
}

#[test]
fn a_snapshot_that_was_never_finished_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    let (whole, torn) = (dir.path().join("whole"), dir.path().join("torn"));
    let records = filled(&whole, 50);
    let [snapshot] = snapshots(&whole).try_into().unwrap();
    let bytes = fs::read(&snapshot).unwrap();
    for length in [0, 1, 12, 13, bytes.len() / 2, bytes.len() - 1, bytes.len()] {
        copy(&whole, &torn);
        let unfinished = torn.join("snap.7FFFFFFFFFFFFFFF.generating");
        fs::write(&unfinished, &bytes[..length]).unwrap();
        assert!(length == bytes.len() || Tree::open(&torn).is_err(), "{length}: nothing is proved");
        assert_eq!(sorted(&Database::open(&torn).unwrap()), records, "{length}");
        assert!(!unfinished.exists());
        assert!(!torn.join("healed-1").exists(), "the finished snapshot was fine");
    }
}

#[test]
fn a_missing_snapshot_is_put_back() {
    let dir = tempfile::tempdir().unwrap();
    let records = filled(dir.path(), 50);
    snapshots(dir.path()).iter().for_each(|path| fs::remove_file(path).unwrap());
    assert_eq!(sorted(&Database::open(dir.path()).unwrap()), records);
}

#[test]
fn a_torn_settings_file_of_sled_is_healed() {
    let dir = tempfile::tempdir().unwrap();
    let (whole, torn) = (dir.path().join("whole"), dir.path().join("torn"));
    let records = filled(&whole, 20);
    let length = fs::metadata(whole.join("conf")).unwrap().len();
    for cut in 0..length {
        copy(&whole, &torn);
        fs::File::options().write(true).open(torn.join("conf")).unwrap().set_len(cut).unwrap();
        assert_eq!(sorted(&Database::open(&torn).unwrap()), records, "cut at {cut} of {length}");
    }
}

#[test]
fn a_store_beyond_healing_is_left_untouched_and_the_error_says_where_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let records = filled(dir.path(), 20);
    let database = fs::read(dir.path().join("db")).unwrap();
    let [snapshot] = snapshots(dir.path()).try_into().unwrap();
    let whole = fs::read(&snapshot).unwrap();
    for path in [&dir.path().join("kept").join(snapshot.file_name().unwrap()), &snapshot] {
        fs::write(path, b"torn, and the copy too").unwrap();
    }
    for _ in 0..2 {
        match Database::open(dir.path()) {
            Err(DatabaseError::Damaged { path, .. }) => assert_eq!(path, dir.path()),
            other => panic!("{other:?}"),
        }
        assert_eq!(fs::read(dir.path().join("db")).unwrap(), database);
    }
    // As from a backup.
    fs::write(&snapshot, whole).unwrap();
    assert_eq!(sorted(&Database::open(dir.path()).unwrap()), records);
}

#[test]
fn a_panic_of_sled_is_told_as_damage() {
    let dir = tempfile::tempdir().unwrap();
    drop(Database::open(dir.path()).unwrap());
    // The first segment twice: recovery asserts that there is only one of its number.
    let mut bytes = fs::read(dir.path().join("db")).unwrap();
    bytes.resize(512 * 1024, 0);
    bytes.extend_from_within(..);
    fs::write(dir.path().join("db"), bytes).unwrap();
    assert!(matches!(Database::open(dir.path()), Err(DatabaseError::Damaged { .. })));
}

#[test]
fn the_snapshot_that_sled_tears_on_a_full_disk_is_healed() {
    let Some(disk) = TinyDisk::mount(8) else { return };
    let dir = disk.path().join("store");
    let records = filled(&dir, 3000);
    fs::remove_file(dir.join("ballast")).unwrap();
    let mut torn = 0;
    for left in (0..16).map(|pages| pages * 4096) {
        let filling = disk.fill(left);
        let opened = Tree::open(&dir);
        drop(opened);
        fs::remove_file(filling).unwrap();
        torn += u32::from(Tree::open(&dir).is_err());
        assert_eq!(sorted(&Database::open(&dir).unwrap()), records, "{left} bytes left");
        let _ = fs::remove_file(dir.join("ballast"));
    }
    assert!(torn > 0, "sled tore nothing: nothing is proved");
}
