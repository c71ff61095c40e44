//! What must survive a restart, and what must not happen twice.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;
use std::sync::Barrier;

use airhatch_wire::authority::{Enrolment, ToAuthority};
use airhatch_wire::signed::Signature;
use tempfile::TempDir;

use super::*;
use crate::harness::{DAY, MINUTE, NOW, Person, authority_in, certificate, email};

fn store(home: &TempDir) -> Store {
    Store::open(&home.path().join("store")).unwrap()
}

fn issued(serial: u8) -> Issued {
    Issued { der: vec![serial; 3], serial: [serial; 16], not_after: NOW.plus(30 * DAY) }
}

fn signed(byte: u8) -> Signed {
    Signed { body: Blob::from(vec![byte]), signature: Signature([byte; 64]) }
}

#[test]
fn a_restart_keeps_everything() {
    let home = tempfile::tempdir().unwrap();
    let (ann, bob) = (email("ann@b"), email("bob@b"));
    let before = {
        let store = store(&home);
        store.register(&ann, &issued(1), Some(&[5; 7]), NOW).unwrap();
        store.register(&bob, &issued(2), None, NOW).unwrap();
        store.renew(&ann, &[1; 16], &issued(3), NOW).unwrap();
        store.announce(&ann, &[3; 16], &signed(9), (NOW, NOW.plus(MINUTE))).unwrap();
        store.remove(&bob, &[2; 16], NOW).unwrap();
        store.events().unwrap()
    };
    let store = store(&home);
    let account = store.account(&ann).unwrap().unwrap();
    assert_eq!(account.certificate.as_slice(), [3; 3]);
    assert!(account.holds(&[1; 16]) && account.holds(&[3; 16]) && !account.holds(&[2; 16]));
    assert_eq!(store.account(&bob).unwrap(), None);
    assert!(store.is_revoked(&[2; 16]).unwrap() && !store.is_revoked(&[1; 16]).unwrap());
    assert_eq!(store.announcement(&ann, NOW).unwrap(), Some(signed(9)));
    assert_eq!(store.revocations(NOW).unwrap(), Revocations { number: 1, serials: vec![[2; 16]] });
    assert_eq!(store.events().unwrap(), before);
    let used = store.register(&bob, &issued(4), Some(&[5; 7]), NOW);
    assert!(matches!(used, Err(StoreError::InvitationUsed)));
    assert_eq!(store.account(&bob).unwrap(), None);
}

#[test]
fn torn_snapshots_cost_nothing_that_was_told() {
    let home = tempfile::tempdir().unwrap();
    let ann = email("ann@b");
    store(&home).register(&ann, &issued(1), None, NOW).unwrap();
    drop(store(&home));
    let folder = home.path().join("store");
    let names = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let is_snapshot = |path: &PathBuf| path.to_string_lossy().contains("/snap.");
    let finished = names.filter(is_snapshot).last().unwrap();
    let unfinished = folder.join("snap.FFFFFFFFFFFFFFF0.generating");
    for torn in [&finished, &unfinished] {
        for bytes in [&b""[..], b"torn", &[0; 4096]] {
            std::fs::write(torn, bytes).unwrap();
            assert!(store(&home).account(&ann).unwrap().is_some(), "{}", torn.display());
            assert!(!unfinished.exists());
        }
    }
    assert!(folder.join("healed-1").exists() && !folder.join("healed-4").exists());
}

#[test]
fn events_are_numbered_without_a_gap_in_the_order_of_the_changes() {
    let home = tempfile::tempdir().unwrap();
    let ann = email("ann@b");
    for round in 0..2 {
        let store = store(&home);
        let serial = 10 * round + 1;
        store.register(&ann, &issued(serial), None, NOW).unwrap();
        assert!(store.register(&ann, &issued(99), None, NOW).is_err());
        store.renew(&ann, &[serial; 16], &issued(serial + 1), NOW).unwrap();
        store.remove(&ann, &[serial + 1; 16], NOW).unwrap();
    }
    let told: Vec<(u64, EventKind, u8)> =
        store(&home).events().unwrap().into_iter().map(|e| (e.number, e.kind, e.serial[0])).collect();
    let round = |first: u64, serial: u8| {
        [
            (first, EventKind::Issued, serial),
            (first + 1, EventKind::Renewed, serial + 1),
            (first + 2, EventKind::Revoked, serial),
            (first + 3, EventKind::Revoked, serial + 1),
            (first + 4, EventKind::Removed, serial + 1),
        ]
    };
    assert_eq!(told, [round(1, 1), round(6, 11)].concat());
}

#[test]
fn of_many_claimants_at_the_same_moment_exactly_one_wins() {
    const CLAIMANTS: u8 = 8;
    let home = tempfile::tempdir().unwrap();
    let store = store(&home);
    for round in 0..10_u8 {
        let name = email(&format!("ann{round}@b"));
        let start = Barrier::new(CLAIMANTS.into());
        let outcomes: Vec<(u8, Result<(), StoreError>)> = std::thread::scope(|scope| {
            let claim = |claimant: u8| {
                start.wait();
                (claimant, store.register(&name, &issued(claimant), None, NOW))
            };
            let threads: Vec<_> =
                (0..CLAIMANTS).map(|claimant| scope.spawn(move || claim(claimant))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let winners: Vec<u8> =
            outcomes.iter().filter(|(_, o)| o.is_ok()).map(|(claimant, _)| *claimant).collect();
        assert_eq!(winners.len(), 1);
        assert!(outcomes.iter().all(|(_, o)| matches!(o, Ok(()) | Err(StoreError::Taken))));
        let held = store.account(&name).unwrap().unwrap();
        assert!(winners.iter().all(|winner| held.holds(&[*winner; 16])));
    }
    let numbers: Vec<u64> = store.events().unwrap().iter().map(|event| event.number).collect();
    assert_eq!(numbers, (1..=10).collect::<Vec<u64>>());
}

#[test]
fn one_invitation_used_twice_at_the_same_moment_serves_once() {
    let home = tempfile::tempdir().unwrap();
    let store = store(&home);
    let start = Barrier::new(2);
    let outcomes: Vec<Result<(), StoreError>> = std::thread::scope(|scope| {
        let claim = |claimant: u8| {
            start.wait();
            store.register(&email(&format!("ann{claimant}@b")), &issued(claimant), Some(&[1; 7]), NOW)
        };
        let threads = [1, 2].map(|claimant| scope.spawn(move || claim(claimant)));
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert!(outcomes.iter().any(|outcome| matches!(outcome, Err(StoreError::InvitationUsed))));
}

#[test]
fn renewals_and_a_removal_at_the_same_moment_leave_no_certificate_alive() {
    let home = tempfile::tempdir().unwrap();
    let store = store(&home);
    let ann = email("ann@b");
    store.register(&ann, &issued(1), None, NOW).unwrap();
    let start = Barrier::new(5);
    let renewed: Vec<u8> = std::thread::scope(|scope| {
        let renew = |serial: u8| {
            start.wait();
            store.renew(&ann, &[1; 16], &issued(serial), NOW).map(|()| serial)
        };
        let threads: Vec<_> = (2..6).map(|serial| scope.spawn(move || renew(serial))).collect();
        start.wait();
        store.remove(&ann, &[1; 16], NOW).unwrap();
        threads.into_iter().filter_map(|thread| thread.join().unwrap().ok()).collect()
    });
    assert_eq!(store.account(&ann).unwrap(), None);
    assert!(renewed.iter().all(|serial| store.is_revoked(&[*serial; 16]).unwrap()));
}

#[test]
fn only_a_certificate_on_record_can_change_an_account() {
    let home = tempfile::tempdir().unwrap();
    let store = store(&home);
    let ann = email("ann@b");
    store.register(&ann, &issued(1), None, NOW).unwrap();
    let foreign = [9; 16];
    for refused in [
        store.renew(&ann, &foreign, &issued(2), NOW),
        store.remove(&ann, &foreign, NOW),
        store.announce(&ann, &foreign, &signed(1), (NOW, NOW.plus(1))),
        store.remove(&email("nobody@b"), &[1; 16], NOW),
    ] {
        assert!(matches!(refused, Err(StoreError::NotLive)));
    }
    assert!(store.account(&ann).unwrap().unwrap().holds(&[1; 16]));
}

#[test]
fn a_revoked_certificate_leaves_the_list_after_its_end_but_stays_revoked() {
    let home = tempfile::tempdir().unwrap();
    let store = store(&home);
    let ann = email("ann@b");
    store.register(&ann, &issued(1), None, NOW).unwrap();
    store.remove(&ann, &[1; 16], NOW).unwrap();
    let listed = |days: u64| store.revocations(NOW.plus(days * DAY)).unwrap();
    assert_eq!(listed(31), Revocations { number: 1, serials: vec![[1; 16]] });
    assert_eq!(listed(32), Revocations { number: 1, serials: vec![] });
    assert!(store.is_revoked(&[1; 16]).unwrap());
}

#[test]
fn emails_that_begin_alike_are_different_accounts() {
    let home = tempfile::tempdir().unwrap();
    let authority = authority_in(&home, Enrolment::Open, NOW);
    let ann = Person::registered(&authority, "ann@b.org", 2);
    let tagged = Person::registered(&authority, "ann+x@b.org", 3);
    let longer = Person::registered(&authority, "ann@b.org.uk", 4);
    for person in [&ann, &tagged, &longer] {
        let found = ann.ask(&authority, NOW, ToAuthority::Lookup { email: person.email.clone() });
        assert_eq!(certificate(found), *person.certificate());
    }
}

#[test]
fn kinds_of_records_do_not_meet() {
    let home = tempfile::tempdir().unwrap();
    let database = Database::open(home.path()).unwrap();
    for (place, value) in [(Place::Counters, 1_u32), (Place::Events, 2)] {
        database.change(|change| change.put(place, b"a", &value)).unwrap();
    }
    assert_eq!(database.all::<u32>(Place::Counters).unwrap(), [(b"a".to_vec(), 1)]);
    assert_eq!(database.all::<u32>(Place::Events).unwrap(), [(b"a".to_vec(), 2)]);
    assert_eq!(database.all::<u32>(Place::Revoked).unwrap(), []);
}
