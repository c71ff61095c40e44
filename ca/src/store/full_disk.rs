//! Tests on a disk that has no space left, in the middle of anything: what was told before stays, what cannot be kept is
//! refused, and when there is space again everything goes on by itself.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;

use super::*;
use crate::harness::{DAY, NOW, email};
use crate::tiny_disk::TinyDisk;

fn issued(serial: u16) -> Issued {
    let mut number = [0; 16];
    number[..2].copy_from_slice(&serial.to_be_bytes());
    Issued { der: vec![7; 1800], serial: number, not_after: NOW.plus(30 * DAY) }
}

fn register(store: &Store, number: u16) -> bool {
    store.register(&email(&format!("ann{number}@b")), &issued(number), None, NOW).is_ok()
}

fn is_there(store: &Store, number: u16) -> bool {
    store.account(&email(&format!("ann{number}@b"))).unwrap().is_some()
}

#[test]
fn a_full_disk_loses_nothing_that_was_told() {
    let Some(disk) = TinyDisk::mount(6) else { return };
    for left in [0, 8 << 10, 64 << 10, 200 << 10] {
        let folder = disk.path().join("store");
        let store = Store::open(&folder).unwrap();
        for number in 0..20 {
            assert!(register(&store, number));
        }
        let filling = disk.fill(left);
        let told: Vec<u16> = (20..600).filter(|number| register(&store, *number)).collect();
        assert!(told.len() < 580, "the disk was not full");
        // Started again in the same misery, it may refuse to open, but must not spoil anything.
        drop(store);
        for _ in 0..3 {
            drop(Store::open(&folder));
        }
        fs::remove_file(filling).unwrap();
        let store = Store::open(&folder).unwrap();
        assert!((0..20).chain(told).all(|number| is_there(&store, number)), "{left} bytes left");
        assert!(register(&store, 1000));
        let numbers: Vec<u64> = store.events().unwrap().iter().map(|event| event.number).collect();
        assert_eq!(numbers, (1..).take(numbers.len()).collect::<Vec<u64>>());
        drop(store);
        fs::remove_dir_all(&folder).unwrap();
    }
}

#[test]
fn a_running_authority_goes_on_when_there_is_space_again() {
    let Some(disk) = TinyDisk::mount(6) else { return };
    let store = Store::open(&disk.path().join("store")).unwrap();
    assert!(register(&store, 0));
    let filling = disk.fill(0);
    let refused = (1..600).find(|number| !register(&store, *number));
    assert!(refused.is_some(), "the disk was not full");
    fs::remove_file(filling).unwrap();
    assert!(register(&store, 1000));
    assert!(is_there(&store, 0) && is_there(&store, 1000));
}
