//! A move that is killed or fails at each of its steps, halves of steps included: the record's place always holds the
//! whole state, and the next attempt succeeds and leaves one copy.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::*;

/// What one place holds: nothing, an empty place, a half, or all of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
enum Held {
    Prepared,
    Half,
    Whole,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// The warden was killed: nothing is done from then on.
    Kill,
    /// One thing fails, the rest goes on.
    Failure,
}

/// An account, as disks and engine keep it.
struct World {
    record: Mutex<RuntimeKind>,
    places: Mutex<BTreeMap<bool, Held>>,
    running: AtomicBool,
    /// Changes so far, and at which one what happens.
    changes: AtomicUsize,
    trouble: Option<(usize, Trouble)>,
}

const fn key(place: RuntimeKind) -> bool {
    matches!(place, RuntimeKind::Container)
}

impl World {
    fn at(place: RuntimeKind) -> Self {
        Self {
            record: Mutex::new(place),
            places: Mutex::new([(key(place), Held::Whole)].into()),
            running: AtomicBool::new(true),
            changes: AtomicUsize::new(0),
            trouble: None,
        }
    }

    /// One change that is on disk at once or not at all.
    fn change(&self, change: impl FnOnce()) -> Result<(), String> {
        let number = self.changes.fetch_add(1, Ordering::Relaxed);
        match self.trouble {
            Some((at, Trouble::Kill)) if number >= at => Err("killed".to_owned()),
            Some((at, Trouble::Failure)) if number == at => Err("failed".to_owned()),
            _ => {
                change();
                Ok(())
            }
        }
    }

    fn hold(&self, place: RuntimeKind, held: Option<Held>) {
        match held {
            Some(held) => self.places.lock().unwrap().insert(key(place), held),
            None => self.places.lock().unwrap().remove(&key(place)),
        };
    }

    fn record(&self) -> RuntimeKind {
        *self.record.lock().unwrap()
    }

    fn held(&self, place: RuntimeKind) -> Option<Held> {
        self.places.lock().unwrap().get(&key(place)).copied()
    }

    /// What must hold whatever has happened.
    fn assert_usable(&self, what: &str) {
        assert_eq!(self.held(self.record()), Some(Held::Whole), "{what}");
    }
}

impl Hands for World {
    type Error = String;

    async fn stop(&self, at: RuntimeKind) -> Result<(), String> {
        assert_eq!(at, self.record());
        self.change(|| self.running.store(false, Ordering::Relaxed))
    }

    async fn clear(&self, at: RuntimeKind) -> Result<(), String> {
        assert_ne!(at, self.record(), "what counts is never cleared");
        if self.held(at).is_some() {
            self.change(|| self.hold(at, Some(Held::Half)))?;
            self.change(|| self.hold(at, None))?;
        }
        Ok(())
    }

    async fn create(&self, at: RuntimeKind) -> Result<(), String> {
        assert_eq!(self.held(at), None, "a place is empty when it is prepared");
        self.change(|| self.hold(at, Some(Held::Prepared)))
    }

    async fn copy(&self, from: RuntimeKind, to: RuntimeKind) -> Result<(), String> {
        assert!(!self.running.load(Ordering::Relaxed), "nothing is copied while an agent writes");
        assert_eq!((self.held(from), self.held(to)), (Some(Held::Whole), Some(Held::Prepared)));
        self.change(|| self.hold(to, Some(Held::Half)))?;
        self.change(|| self.hold(to, Some(Held::Whole)))
    }

    async fn switch(&self, to: RuntimeKind) -> Result<(), String> {
        assert_eq!(self.held(to), Some(Held::Whole));
        self.change(|| *self.record.lock().unwrap() = to)?;
        // Making the change durable may fail when it is already there.
        self.change(|| {})
    }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

const PLACES: [RuntimeKind; 2] = [RuntimeKind::Process, RuntimeKind::Container];

#[test]
fn a_move_leaves_one_whole_copy_in_the_new_place() {
    for from in PLACES {
        let world = World::at(from);
        run(relocate(&world, from, other(from))).unwrap();
        assert_eq!(world.record(), other(from));
        assert_eq!((world.held(from), world.held(other(from))), (None, Some(Held::Whole)));
    }
}

/// How many changes a whole move makes.
fn changes() -> usize {
    let world = World::at(RuntimeKind::Process);
    run(relocate(&world, RuntimeKind::Process, RuntimeKind::Container)).unwrap();
    world.changes.load(Ordering::Relaxed)
}

#[test]
fn whatever_happens_at_any_step_nothing_is_lost_and_a_second_attempt_succeeds() {
    assert_eq!(changes(), 8);
    for from in PLACES {
        for trouble in [Trouble::Kill, Trouble::Failure] {
            for at in 0..changes() {
                let what = format!("from {from:?}, {trouble:?} at {at}");
                let to = other(from);
                let mut world = World { trouble: Some((at, trouble)), ..World::at(from) };
                let moved = run(relocate(&world, from, to));
                world.assert_usable(&what);
                if moved.is_ok() {
                    assert_eq!(world.record(), to, "{what}");
                }
                world.trouble = None;
                let found = world.record();
                if found == to {
                    run(settle(&world, found));
                } else {
                    assert!(moved.is_err(), "{what}");
                    run(relocate(&world, found, to)).unwrap();
                }
                assert_eq!((world.record(), world.held(to)), (to, Some(Held::Whole)), "{what}");
                assert_eq!(world.held(from), None, "{what}: a copy of the keys was left");
            }
        }
    }
}

#[test]
fn a_failure_leaves_nothing_behind_where_it_can_be_cleared() {
    for at in 1..5 {
        let world = World { trouble: Some((at, Trouble::Failure)), ..World::at(RuntimeKind::Process) };
        let moved = run(relocate(&world, RuntimeKind::Process, RuntimeKind::Container));
        if at < 4 {
            assert!(moved.is_err(), "{at}");
            assert_eq!(world.held(RuntimeKind::Container), None, "{at}");
        }
    }
}

#[test]
fn what_a_crash_has_left_is_cleared_and_what_counts_is_not() {
    for at in PLACES {
        let world = World::at(at);
        world.hold(other(at), Some(Held::Half));
        run(settle(&world, at));
        assert_eq!((world.held(at), world.held(other(at))), (Some(Held::Whole), None));
    }
}

#[test]
fn what_a_program_says_counts_only_with_its_exit_code() {
    use crate::runtime::RuntimeError;

    let said = |code, text: &str| heard("packed", code, text.as_bytes());
    assert_eq!(said(Some(0), "noise\nstate: 1 files\n\n").unwrap(), "state: 1 files");
    assert!(matches!(said(Some(3), "no space left"), Err(RuntimeError::NoSpace)));
    for (code, text, told) in [
        (Some(1), "state: 1 files", "state: 1 files"),
        (None, "state: 1 files", "state: 1 files"),
        (Some(0), "something else", "something else"),
        (Some(0), "", "it said nothing"),
    ] {
        match said(code, text) {
            Err(RuntimeError::NotCarried { said, .. }) => assert_eq!(said, told),
            other => panic!("{code:?} {text:?}: {other:?}"),
        }
    }
}
