//! Links, exchanged files and swapped folders: nothing outside the inbox is touched.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

#[test]
fn a_link_in_the_place_of_incoming_is_not_followed() {
    let world = World::new();
    symlink(&world.outside, world.inbox.join(".incoming")).unwrap();
    assert!(matches!(land(&world, THREE), Err(LandingError::InTheWay { .. })));
    assert!(matches!(leftovers(&world.inbox), Err(LandingError::InTheWay { .. })));
    assert!(matches!(Landing::discard(&world.inbox, TRANSFER), Err(LandingError::InTheWay { .. })));
    world.assert_outside_is_empty();
}

#[test]
fn a_link_in_the_place_of_the_transfer_is_removed_and_not_followed() {
    let world = World::new();
    fs::write(world.outside.join("0"), b"keep").unwrap();
    fs::create_dir(world.inbox.join(".incoming")).unwrap();
    symlink(&world.outside, world.transfer()).unwrap();
    Landing::discard(&world.inbox, TRANSFER).unwrap();
    assert!(world.transfer().symlink_metadata().is_err());
    assert_eq!(fs::read(world.outside.join("0")).unwrap(), b"keep");
    symlink(&world.outside, world.transfer()).unwrap();
    assert!(matches!(land(&world, THREE), Err(LandingError::InTheWay { .. })));
    assert_eq!(fs::read_dir(&world.outside).unwrap().count(), 1);
}

#[test]
fn a_part_that_was_exchanged_is_not_written_to() {
    let world = World::new();
    let target = world.outside.join("target");
    type Exchange = fn(&Path, &Path);
    let exchanges: [(&str, Exchange); 3] = [
        ("a symbolic link", |target, part| symlink(target, part).unwrap()),
        ("a hard link", |target, part| fs::hard_link(target, part).unwrap()),
        ("another file", |_, part| fs::write(part, b"").unwrap()),
    ];
    for (what, exchange) in exchanges {
        fs::write(&target, b"keep").unwrap();
        let mut landing = begin(&world.inbox, TRANSFER, &items(THREE)).unwrap();
        // Held, so that its inode is not given to the other file.
        let _held = fs::File::open(world.transfer().join("2")).unwrap();
        fs::remove_file(world.transfer().join("2")).unwrap();
        exchange(&target, &world.transfer().join("2"));
        let error = landing.write(b"firstthird file").unwrap_err();
        assert!(
            matches!(error, LandingError::InTheWay { .. } | LandingError::Lost { .. }),
            "{what}: {error}"
        );
        assert_eq!(fs::read(&target).unwrap(), b"keep", "{what}");
        Landing::discard(&world.inbox, TRANSFER).unwrap();
        assert!(target.exists());
    }
}

#[test]
fn a_part_that_is_also_known_elsewhere_is_not_written_to() {
    let world = World::new();
    let mut landing = begin(&world.inbox, TRANSFER, &items(THREE)).unwrap();
    fs::hard_link(world.transfer().join("0"), world.outside.join("also")).unwrap();
    assert!(matches!(landing.write(b"x"), Err(LandingError::Lost { .. })));
}

#[test]
fn a_parent_swapped_for_a_link_in_a_loop_leads_nowhere() {
    let world = World::new();
    let (incoming, aside) = (world.inbox.join(".incoming"), world.inbox.join("aside"));
    let stop = AtomicBool::new(false);
    let mut outcomes = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let _ = fs::rename(&incoming, &aside);
                let _ = symlink(&world.outside, &incoming);
                let _ = fs::remove_file(&incoming);
                let _ = fs::rename(&aside, &incoming);
                // Now and then all is in its place for a while.
                std::thread::yield_now();
            }
        });
        // On a busy machine it can take many rounds until one gets through.
        for round in 0..30_000u32 {
            if round >= 300 && outcomes.0 > 0 {
                break;
            }
            let transfer = TransferId([round.to_be_bytes()[3]; 16]);
            let begun = begin(&world.inbox, transfer, &items(THREE));
            let landed = begun.and_then(|mut landing| {
                landing.write(b"firstthird file")?;
                landing.finish(&hashes(THREE))
            });
            match landed {
                Ok(_) => outcomes.0 += 1,
                Err(_) => outcomes.1 += 1,
            }
            let _ = Landing::discard(&world.inbox, transfer);
        }
        stop.store(true, Ordering::Relaxed);
    });
    world.assert_outside_is_empty();
    assert!(outcomes.0 > 0, "none of {outcomes:?} landed: nothing is proved");
}
