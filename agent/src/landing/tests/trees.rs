//! Folders: filled where nobody looks, named as a whole, completed after a crash at any step.

use airhatch_wire::InboxFolder;

use super::*;
use crate::landing::place::fill;

const SENT: UnixMillis = UnixMillis(1_234_567_890_123);

fn folder(path: &str) -> Item {
    entry(path, ItemKind::Folder, b"")
}

fn entry(path: &str, kind: ItemKind, content: &[u8]) -> Item {
    let path = path.split('/').map(Untrusted::from).collect();
    Item { path, kind, size: content.len() as u64, executable: false, modified: SENT }
}

/// A file `x`, a tree `d` with a file, an empty folder and a deep file, and a tree `e` whose folders have no entries.
fn table() -> Vec<Item> {
    vec![
        folder("d"),
        entry("d/a.txt", ItemKind::File, b"one"),
        folder("d/empty"),
        folder("d/sub"),
        entry("d/sub/deep/b", ItemKind::File, b"two"),
        entry("e/f/c", ItemKind::File, b"three"),
        entry("x", ItemKind::File, b"four"),
    ]
}

const CONTENTS: [&[u8]; 7] = [b"", b"one", b"", b"", b"two", b"three", b"four"];

fn received(world: &World) -> Landing {
    let mut landing = begin(&world.inbox, TRANSFER, &table()).unwrap();
    CONTENTS.iter().for_each(|content| landing.write(content).unwrap());
    landing
}

fn signed() -> Vec<ItemHash> {
    CONTENTS.iter().map(|content| hash(content)).collect()
}

/// Everything below the inbox that has its final name, with its content.
fn all(world: &World) -> Vec<(String, Option<Vec<u8>>)> {
    fn walk(root: &Path, at: &Path, found: &mut Vec<(String, Option<Vec<u8>>)>) {
        for entry in fs::read_dir(at).unwrap().map(Result::unwrap) {
            let path = entry.path();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            if name == ".incoming" {
                continue;
            }
            if entry.file_type().unwrap().is_dir() {
                found.push((name, None));
                walk(root, &path, found);
            } else {
                found.push((name, Some(fs::read(&path).unwrap())));
            }
        }
    }
    let mut found = Vec::new();
    walk(&world.inbox, &world.inbox, &mut found);
    found.sort();
    found
}

/// What [`all`] finds when everything has landed, with `d` under this name.
fn whole(d: &str) -> Vec<(String, Option<Vec<u8>>)> {
    let file = |path: String, content: &[u8]| (path, Some(content.to_vec()));
    let mut whole = vec![
        (d.to_owned(), None),
        file(format!("{d}/a.txt"), b"one"),
        (format!("{d}/empty"), None),
        (format!("{d}/sub"), None),
        (format!("{d}/sub/deep"), None),
        file(format!("{d}/sub/deep/b"), b"two"),
        ("e".to_owned(), None),
        ("e/f".to_owned(), None),
        file("e/f/c".to_owned(), b"three"),
        file("x".to_owned(), b"four"),
    ];
    whole.sort();
    whole
}

#[test]
fn folders_arrive_as_they_were_with_their_times_and_rights() {
    let world = World::new();
    let mut table = table();
    table[4].executable = true;
    let mut landing = begin(&world.inbox, TRANSFER, &table).unwrap();
    landing.write(&CONTENTS.concat()).unwrap();
    assert!(all(&world).is_empty(), "nothing has its name before it is checked");
    assert!(landing.finish(&signed()).unwrap().numbers.is_empty());
    assert_eq!(all(&world), whole("d"));
    for (item, mode) in table.iter().zip([0o700, 0o600, 0o700, 0o700, 0o700, 0o600, 0o600]) {
        let path = item.path.iter().map(Untrusted::as_received).collect::<PathBuf>();
        let metadata = fs::metadata(world.inbox.join(&path)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o7777, mode, "{path:?}");
        let time = (metadata.mtime(), metadata.mtime_nsec());
        assert_eq!(time, (1_234_567_890, 123_000_000), "{path:?}");
    }
    Landing::discard(&world.inbox, TRANSFER).unwrap();
    assert_eq!(fs::read_dir(world.inbox.join(".incoming")).unwrap().count(), 0);
}

#[test]
fn entries_in_any_order_make_the_same_tree() {
    let mut backwards = table();
    backwards.reverse();
    let mut contents = CONTENTS;
    contents.reverse();
    let world = World::new();
    let mut landing = begin(&world.inbox, TRANSFER, &backwards).unwrap();
    landing.write(&contents.concat()).unwrap();
    let hashes: Vec<ItemHash> = contents.iter().map(|content| hash(content)).collect();
    landing.finish(&hashes).unwrap();
    assert_eq!(all(&world), whole("d"));
    let metadata = fs::metadata(world.inbox.join("d")).unwrap();
    assert_eq!(metadata.mtime(), 1_234_567_890, "the time is set when nothing more goes into it");
}

#[test]
fn a_taken_name_gets_a_number_and_nothing_is_put_into_a_folder_of_that_name() {
    let world = World::new();
    fs::create_dir_all(world.inbox.join("d/sub")).unwrap();
    let landed = received(&world).finish(&signed()).unwrap();
    assert_eq!(landed.numbers, [(0, 2)]);
    let mut expected = whole("d (2)");
    expected.extend([("d".to_owned(), None), ("d/sub".to_owned(), None)]);
    expected.sort();
    assert_eq!(all(&world), expected);
}

#[test]
fn everything_goes_into_the_folder_that_was_chosen() {
    let world = World::new();
    let into: InboxFolder = "photos/2026".parse().unwrap();
    for expected in [vec![], vec![(0, 2), (5, 2), (6, 2)]] {
        let mut landing =
            Landing::begin(&world.inbox, TRANSFER, Arc::from(table()), Some(into.clone())).unwrap();
        landing.write(&CONTENTS.concat()).unwrap();
        assert_eq!(landing.finish(&signed()).unwrap().numbers, expected);
        Landing::discard(&world.inbox, TRANSFER).unwrap();
    }
    assert_eq!(fs::read(world.inbox.join("photos/2026/e (2)/f/c")).unwrap(), b"three");
    assert_eq!(fs::metadata(world.inbox.join("photos")).unwrap().permissions().mode() & 0o7777, 0o700);
    assert_eq!(fs::read_dir(&world.inbox).unwrap().count(), 2, "photos and .incoming");
}

#[test]
fn a_link_or_a_file_in_the_place_of_the_chosen_folder_is_told_before_anything_is_made() {
    let world = World::new();
    symlink(&world.outside, world.inbox.join("link")).unwrap();
    fs::write(world.inbox.join("file"), b"mine").unwrap();
    for into in ["link", "file", "link/x", "file/x"] {
        let begun = Landing::begin(&world.inbox, TRANSFER, Arc::from(table()), Some(into.parse().unwrap()));
        assert!(matches!(begun, Err(LandingError::InTheWay { .. })), "{into}");
        assert!(leftovers(&world.inbox).unwrap().is_empty());
    }
    world.assert_outside_is_empty();
}

#[test]
fn the_landings_own_folder_is_nobodys_destination() {
    let world = World::new();
    let into: InboxFolder = ".incoming/x".parse().unwrap();
    let mut landing = Landing::begin(&world.inbox, TRANSFER, Arc::from(table()), Some(into)).unwrap();
    landing.write(&CONTENTS.concat()).unwrap();
    assert!(matches!(landing.finish(&signed()), Err(LandingError::InTheWay { .. })));
    assert!(!world.inbox.join(".incoming/x").exists());
}

/// Carries the first so many steps of a landing's end out by hand, in the order in which it takes them: folders made,
/// parts put into trees, final names given.
fn take_steps(world: &World, steps: usize) -> usize {
    let (flat, inbox) = (world.transfer(), &world.inbox);
    let folder = |path: &str| fs::create_dir(flat.join(path)).unwrap();
    let rename = |from: &str, to: &str| fs::rename(flat.join(from), flat.join(to)).unwrap();
    let name = |from: &str, to: &str| fs::rename(flat.join(from), inbox.join(to)).unwrap();
    let all: [&dyn Fn(); 11] = [
        &|| rename("1", "0.tree/a.txt"),
        &|| folder("0.tree/empty"),
        &|| folder("0.tree/sub"),
        &|| folder("0.tree/sub/deep"),
        &|| rename("4", "0.tree/sub/deep/b"),
        &|| folder("5.tree/f"),
        &|| rename("5", "5.tree/f/c"),
        &|| {},
        &|| name("0.tree", "d"),
        &|| name("5.tree", "e"),
        &|| name("6", "x"),
    ];
    all.iter().take(steps).for_each(|step| step());
    all.len()
}

#[test]
fn a_crash_after_any_step_is_completed() {
    let mut steps = 0;
    loop {
        let world = World::new();
        received(&world).prepare(&signed()).unwrap();
        let all_steps = take_steps(&world, steps);
        // Twice: the first recovery may be cut short as well.
        for _ in 0..2 {
            let landed = Landing::recover(&world.inbox, TRANSFER).unwrap().unwrap();
            assert!(landed.numbers.is_empty());
        }
        assert_eq!(all(&world), whole("d"), "after {steps} steps");
        let begun = begin(&world.inbox, TRANSFER, &table());
        assert!(matches!(begun, Err(LandingError::Unfinished)), "a landed transfer does not land again");
        Landing::discard(&world.inbox, TRANSFER).unwrap();
        assert_eq!(all(&world), whole("d"));
        if steps == all_steps {
            return;
        }
        steps += 1;
    }
}

#[test]
fn a_name_taken_after_planning_gets_a_number_that_a_second_crash_does_not_change() {
    let world = World::new();
    received(&world).prepare(&signed()).unwrap();
    fs::create_dir(world.inbox.join("d")).unwrap();
    fs::write(world.inbox.join("x"), b"mine").unwrap();
    let plan = fs::read(world.transfer().join("plan")).unwrap();
    let landed = Landing::recover(&world.inbox, TRANSFER).unwrap().unwrap();
    assert_eq!(landed.numbers, [(0, 2), (6, 2)]);
    let added = fs::read(world.transfer().join("plan")).unwrap();
    assert!(
        added.starts_with(&plan) && added.len() < plan.len() + 40,
        "the plan is added to, not written anew"
    );
    // A crash that tore what was being added.
    fs::write(world.transfer().join("plan"), [added.as_slice(), b"number 0 1"].concat()).unwrap();
    assert_eq!(Landing::recover(&world.inbox, TRANSFER).unwrap().unwrap(), landed);
    assert_eq!(fs::read(world.inbox.join("x")).unwrap(), b"mine");
    assert_eq!(fs::read(world.inbox.join("x (2)")).unwrap(), b"four");
}

#[test]
fn what_was_planted_in_a_half_filled_tree_is_neither_followed_nor_replaced() {
    type Plant = fn(&World, &Path);
    let plants: [(&str, Plant); 5] = [
        ("a link for a folder", |world, tree| symlink(&world.outside, tree.join("sub")).unwrap()),
        ("a file for a folder", |_, tree| fs::write(tree.join("sub"), b"mine").unwrap()),
        ("a link for a file", |world, tree| symlink(world.outside.join("x"), tree.join("a.txt")).unwrap()),
        ("a file for a file", |_, tree| fs::write(tree.join("a.txt"), b"mine").unwrap()),
        ("a link for the tree", |world, tree| {
            fs::remove_dir(tree).unwrap();
            symlink(&world.outside, tree).unwrap();
        }),
    ];
    for (what, plant) in plants {
        let world = World::new();
        received(&world).prepare(&signed()).unwrap();
        plant(&world, &world.transfer().join("0.tree"));
        let outcome = Landing::recover(&world.inbox, TRANSFER);
        assert!(matches!(outcome, Err(LandingError::InTheWay { .. })), "{what}: {outcome:?}");
        assert!(all(&world).is_empty(), "{what}");
        world.assert_outside_is_empty();
        Landing::discard(&world.inbox, TRANSFER).unwrap();
        assert!(!world.transfer().exists());
        world.assert_outside_is_empty();
    }
}

#[test]
fn a_tree_that_was_exchanged_or_lost_is_never_told_as_landed() {
    let world = World::new();
    received(&world).prepare(&signed()).unwrap();
    let tree = world.transfer().join("0.tree");
    fs::rename(&tree, world.inbox.join("kept")).unwrap();
    assert!(matches!(Landing::recover(&world.inbox, TRANSFER), Err(LandingError::Lost { .. })));
    fs::create_dir(world.inbox.join("d")).unwrap();
    assert!(matches!(Landing::recover(&world.inbox, TRANSFER), Err(LandingError::Lost { .. })));
    fs::create_dir(&tree).unwrap();
    assert!(matches!(Landing::recover(&world.inbox, TRANSFER), Err(LandingError::InTheWay { .. })));
}

#[test]
fn a_part_lost_from_a_tree_is_never_told_as_landed() {
    let world = World::new();
    let plan = received(&world).prepare(&signed()).unwrap();
    let flat = crate::beneath::open_root(&world.transfer()).unwrap();
    fill(&flat, &plan).unwrap();
    fs::remove_file(world.transfer().join("0.tree/sub/deep/b")).unwrap();
    assert!(matches!(Landing::recover(&world.inbox, TRANSFER), Err(LandingError::Lost { .. })));
    fs::write(world.transfer().join("0.tree/sub/deep/b"), b"two").unwrap();
    assert!(matches!(Landing::recover(&world.inbox, TRANSFER), Err(LandingError::Lost { .. })));
    assert!(!world.inbox.join("d").exists());
}

#[test]
fn discarding_removes_half_filled_trees_and_follows_nothing() {
    let world = World::new();
    let plan = received(&world).prepare(&signed()).unwrap();
    let flat = crate::beneath::open_root(&world.transfer()).unwrap();
    fill(&flat, &plan).unwrap();
    fs::write(world.outside.join("keep"), b"keep").unwrap();
    symlink(&world.outside, world.transfer().join("0.tree/sub/link")).unwrap();
    Landing::discard(&world.inbox, TRANSFER).unwrap();
    assert!(!world.transfer().exists());
    assert!(world.outside.join("keep").exists());
}

#[test]
fn a_landing_of_folders_is_taken_up_where_it_ended() {
    let world = World::new();
    let all_bytes = CONTENTS.concat();
    for cut in 0..=all_bytes.len() {
        let mut landing = open(&world.inbox, TRANSFER, &table()).unwrap();
        assert_eq!(landing.written(), 0);
        landing.write(&all_bytes[..cut]).unwrap();
        landing.keep().unwrap();
        drop(landing);
        let mut landing = open(&world.inbox, TRANSFER, &table()).unwrap();
        assert_eq!(landing.written(), cut as u64);
        landing.write(&all_bytes[cut..]).unwrap();
        landing.finish(&signed()).unwrap();
        Landing::discard(&world.inbox, TRANSFER).unwrap();
        assert_eq!(all(&world), whole("d"), "cut at {cut}");
        for name in ["d", "e"] {
            fs::remove_dir_all(world.inbox.join(name)).unwrap();
        }
        fs::remove_file(world.inbox.join("x")).unwrap();
    }
}

#[test]
fn a_tree_as_deep_as_paths_may_be_lands() {
    let world = World::new();
    let path = (0..64).map(|n| format!("level{n}")).collect::<Vec<_>>().join("/");
    let table = [entry(&path, ItemKind::File, b"deep")];
    let mut landing = begin(&world.inbox, TRANSFER, &table).unwrap();
    landing.write(b"deep").unwrap();
    landing.finish(&[hash(b"deep")]).unwrap();
    assert_eq!(fs::read(world.inbox.join(&path)).unwrap(), b"deep");
}
