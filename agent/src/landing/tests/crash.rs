//! Stopped after every step of a finish, and completed.

use super::*;
use crate::landing::plan::{Line, Plan, numbered};

/// How every plan begins.
const TITLE: &str =
    "airhatch landing plan 2\n0000000000000000000000000000000000000000000000000000000000000000\n";

/// Everything up to the plan; the plan's lines.
fn planned(world: &World) -> Plan {
    written(world, THREE).unwrap().completed_by([5; 32]).prepare(&hashes(THREE)).unwrap()
}

#[test]
fn a_crash_after_any_rename_is_completed() {
    for renamed in 0..=3 {
        let world = World::new();
        fs::write(world.inbox.join("b"), b"mine").unwrap();
        let plan = planned(&world);
        for line in plan.lines().unwrap().take(renamed) {
            let Line::File { index, number, name, .. } = line.unwrap() else { panic!("no file") };
            let name = numbered(&name, number);
            fs::rename(world.transfer().join(index.to_string()), world.inbox.join(name)).unwrap();
        }
        // Twice: the first recovery may be cut short as well.
        for _ in 0..2 {
            let landed = Landing::recover(&world.inbox, TRANSFER).unwrap().unwrap();
            assert_eq!(names(THREE, &landed), ["a.txt", "empty", "b (2)"], "after {renamed} renames");
            assert_eq!(landed.completion, [5; 32], "the receipt can be given");
        }
        let landed = world.landed();
        assert_eq!((&landed["a.txt"][..], &landed["b"][..]), (&b"first"[..], &b"mine"[..]));
        assert_eq!((landed.len(), &landed["b (2)"][..]), (4, &b"third file"[..]));
        assert_eq!(leftovers(&world.inbox).unwrap(), [TRANSFER]);
        let begun = begin(&world.inbox, TRANSFER, &items(THREE));
        assert!(matches!(begun, Err(LandingError::Unfinished)), "a landed transfer does not land again");
        Landing::discard(&world.inbox, TRANSFER).unwrap();
        assert!(Landing::recover(&world.inbox, TRANSFER).unwrap().is_none());
        assert_eq!(world.landed().len(), 4);
    }
}

#[test]
fn a_crash_before_the_plan_is_complete_starts_the_transfer_again() {
    let world = World::new();
    drop(written(&world, THREE).unwrap());
    for half_a_plan in [None, Some("airhatch landing plan 2\n12")] {
        if let Some(text) = half_a_plan {
            fs::write(world.transfer().join("plan.new"), text).unwrap();
        }
        assert!(Landing::recover(&world.inbox, TRANSFER).unwrap().is_none());
        assert!(world.landed().is_empty());
    }
    assert_eq!(land(&world, THREE).unwrap(), ["a.txt", "empty", "b"]);
}

#[test]
fn a_name_taken_after_planning_is_planned_anew() {
    let world = World::new();
    planned(&world);
    fs::write(world.inbox.join("b"), b"mine").unwrap();
    let landed = Landing::recover(&world.inbox, TRANSFER).unwrap().unwrap();
    assert_eq!(names(THREE, &landed), ["a.txt", "empty", "b (2)"]);
    assert_eq!(Landing::recover(&world.inbox, TRANSFER).unwrap().unwrap(), landed);
    assert_eq!(fs::read(world.inbox.join("b")).unwrap(), b"mine");
}

#[test]
fn a_part_lost_after_planning_is_never_told_as_landed() {
    let world = World::new();
    planned(&world);
    fs::remove_file(world.transfer().join("2")).unwrap();
    assert!(matches!(Landing::recover(&world.inbox, TRANSFER), Err(LandingError::Lost { .. })));
    // A file of the same name and content is not the part, though it often gets the part's inode.
    fs::write(world.inbox.join("b"), b"third file").unwrap();
    assert!(matches!(Landing::recover(&world.inbox, TRANSFER), Err(LandingError::Lost { .. })));
    assert_eq!(fs::read(world.inbox.join("b")).unwrap(), b"third file");
}

#[test]
fn a_plan_that_names_places_outside_is_refused() {
    let world = World::new();
    planned(&world);
    for plan in [
        &format!("{TITLE}into \nfile 0 1 1 2 3 4 ../outside/x\n"),
        &format!("{TITLE}into ../outside\nfile 0 1 1 2 3 4 x\n"),
        &format!("{TITLE}into \ntree 0 1 1 - ..\n"),
        &format!("{TITLE}into \ntree 0 1 1 - a\npart 0 1 2 3 4 b/../../x\n"),
        &format!("{TITLE}into \ntree 0 1 1 - a\nfolder 5 /x\n"),
        "something else",
        "",
        "airhatch landing plan 2\ninto \nfile 0 1 1 2 3 4 x\n",
        TITLE,
        &format!("{TITLE}into \nfile 0 1 1 2 x 4 y\n"),
    ] {
        fs::write(world.transfer().join("plan"), plan).unwrap();
        let outcome = Landing::recover(&world.inbox, TRANSFER);
        assert!(matches!(outcome, Err(LandingError::InTheWay { .. })), "{plan:?}: {outcome:?}");
    }
    world.assert_outside_is_empty();
}
