//! Sizes that do not fit, and disks that are full.

use super::*;
use crate::tiny_disk::TinyDisk;

#[test]
fn sizes_that_no_disk_holds_are_refused_before_anything_is_made() {
    let world = World::new();
    for size in [u64::MAX, 1 << 62] {
        let table = [Item { size, ..item("huge", b"") }];
        assert!(matches!(begin(&world.inbox, TRANSFER, &table), Err(LandingError::DiskFull)));
    }
    let table = [Item { size: u64::MAX, ..item("a", b"") }, item("b", b"x")];
    assert!(begin(&world.inbox, TRANSFER, &table).is_err());
    assert!(leftovers(&world.inbox).unwrap().is_empty());
}

#[test]
fn reserved_space_is_there_when_the_disk_fills_up_meanwhile() {
    let Some(disk) = TinyDisk::mount(4) else { return };
    let inbox = disk.path().join("inbox");
    let content = vec![7u8; 2 << 20];
    let table = [item("big", &content)];
    let mut landing = begin(&inbox, TRANSFER, &table).unwrap();
    let filling = disk.fill(16 * 1024);
    content.chunks(10_000).for_each(|chunk| landing.write(chunk).unwrap());
    fs::remove_file(filling).unwrap();
    assert_eq!(landing.finish(&[hash(&content)]).unwrap().numbers, []);
}

#[test]
fn a_disk_that_is_too_small_is_refused_with_nothing_left_behind() {
    let Some(disk) = TinyDisk::mount(4) else { return };
    let inbox = disk.path().join("inbox");
    let table = [Item { size: 5 << 20, ..item("big", b"") }];
    let error = begin(&inbox, TRANSFER, &table).unwrap_err();
    assert!(matches!(error, LandingError::DiskFull));
    assert_eq!(Failure::from(error).code, Code::DiskFull);
    assert!(leftovers(&inbox).unwrap().is_empty());
    assert!(free_space(&inbox).unwrap() > 3 << 20);
}

#[test]
fn a_full_disk_at_the_end_is_told_and_the_files_land_when_there_is_space() {
    let Some(disk) = TinyDisk::mount(4) else { return };
    let inbox = disk.path().join("inbox");
    let mut landing = begin(&inbox, TRANSFER, &items(THREE)).unwrap();
    landing.write(b"firstthird file").unwrap();
    let filling = disk.fill(0);
    assert!(matches!(landing.finish(&hashes(THREE)), Err(LandingError::DiskFull)));
    assert!(Landing::recover(&inbox, TRANSFER).unwrap().is_none());
    fs::remove_file(filling).unwrap();
    let mut landing = begin(&inbox, TRANSFER, &items(THREE)).unwrap();
    landing.write(b"firstthird file").unwrap();
    assert_eq!(names(THREE, &landing.finish(&hashes(THREE)).unwrap()), ["a.txt", "empty", "b"]);
}
