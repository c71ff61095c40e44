//! A landing that ends anywhere, in any way, and is taken up again.

use super::*;

/// How an attempt ends.
#[derive(Clone, Copy, Debug)]
enum Ending {
    /// The connection broke: there was time to tidy up.
    Broken,
    /// The program was killed.
    Killed,
    /// The power went: what was not synced is something else.
    Powerless,
}

fn ending() -> impl Strategy<Value = Ending> {
    prop_oneof![Just(Ending::Broken), Just(Ending::Killed), Just(Ending::Powerless)]
}

fn named(contents: &[Vec<u8>]) -> Vec<Item> {
    contents.iter().enumerate().map(|(n, content)| item(&format!("f{n}"), content)).collect()
}

/// Whatever lies behind the durable offset becomes garbage, of another length.
fn spoil(world: &World, contents: &[Vec<u8>], durable: u64) {
    let mut before = 0;
    for (index, content) in contents.iter().enumerate() {
        let path = world.transfer().join(index.to_string());
        let keep = usize::try_from(durable).unwrap().saturating_sub(before).min(content.len());
        before += content.len();
        if keep < content.len() {
            let mut part = fs::read(&path).unwrap();
            part.truncate(keep);
            part.extend([0xee; 13]);
            fs::write(&path, part).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn however_often_and_wherever_it_ends_the_files_arrive_whole_and_once(
        contents in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 1..7),
        attempts in proptest::collection::vec((0..400usize, 0..400usize, ending()), 0..5),
    ) {
        let world = World::new();
        let (table, all) = (named(&contents), contents.concat());
        for (kept, more, ending) in attempts {
            let mut landing = open(&world.inbox, TRANSFER, &table).unwrap();
            let mut at = usize::try_from(landing.written()).unwrap();
            let mut durable = at;
            for (count, noted) in [(kept, true), (more, false)] {
                let to = all.len().min(at + count);
                landing.write(&all[at..to]).unwrap();
                at = to;
                if noted || matches!(ending, Ending::Broken) {
                    landing.keep().unwrap();
                    durable = at;
                }
            }
            prop_assert_eq!(landing.durable().load(Ordering::Relaxed), durable as u64);
            drop(landing);
            if matches!(ending, Ending::Powerless) {
                spoil(&world, &contents, durable as u64);
            }
            let again = open(&world.inbox, TRANSFER, &table).unwrap();
            prop_assert_eq!(again.written(), durable as u64, "{:?}", ending);
            prop_assert!(world.landed().is_empty());
        }
        let mut landing = open(&world.inbox, TRANSFER, &table).unwrap();
        let at = usize::try_from(landing.written()).unwrap();
        landing.write(&all[at..]).unwrap();
        let hashes: Vec<ItemHash> = contents.iter().map(|content| hash(content)).collect();
        landing.finish(&hashes).unwrap();
        for (n, content) in contents.iter().enumerate() {
            prop_assert_eq!(&fs::read(world.inbox.join(format!("f{n}"))).unwrap(), content);
        }
    }
}

/// `a.txt` complete and durable, three bytes of `b` too, two more not.
fn interrupted(world: &World) {
    let mut landing = open(&world.inbox, TRANSFER, &items(THREE)).unwrap();
    landing.write(b"firstthi").unwrap();
    landing.keep().unwrap();
    landing.write(b"rd").unwrap();
}

#[test]
fn it_goes_on_from_the_last_durable_byte() {
    let world = World::new();
    interrupted(&world);
    let mut landing = open(&world.inbox, TRANSFER, &items(THREE)).unwrap();
    assert_eq!(landing.written(), 8);
    landing.write(b"rd file").unwrap();
    assert_eq!(names(THREE, &landing.finish(&hashes(THREE)).unwrap()), ["a.txt", "empty", "b"]);
    assert_eq!(world.landed()["b"], b"third file");
}

#[test]
fn a_part_that_somebody_touched_meanwhile_starts_everything_again() {
    let touches: [fn(PathBuf); 5] = [
        |folder| fs::write(folder.join("0"), b"other").unwrap(),
        |folder| fs::remove_file(folder.join("0")).unwrap(),
        |folder| fs::write(folder.join("2"), b"t").unwrap(),
        |folder| {
            fs::remove_file(folder.join("2")).unwrap();
            fs::write(folder.join("other"), b"").unwrap();
            fs::write(folder.join("2"), b"thi").unwrap();
        },
        |folder| fs::hard_link(folder.join("2"), folder.join("link")).unwrap(),
    ];
    for (number, touch) in touches.into_iter().enumerate() {
        let world = World::new();
        interrupted(&world);
        touch(world.transfer());
        let mut landing = open(&world.inbox, TRANSFER, &items(THREE)).unwrap();
        assert_eq!(landing.written(), 0, "touch {number}");
        landing.write(b"firstthird file").unwrap();
        landing.finish(&hashes(THREE)).unwrap();
        assert_eq!(world.landed()["b"], b"third file");
    }
}

#[test]
fn parts_of_another_table_are_not_gone_on_with() {
    let world = World::new();
    interrupted(&world);
    let other: Files<'_> = &[("a.txt", b"first"), ("empty", b""), ("c", b"third file")];
    let landing = open(&world.inbox, TRANSFER, &items(other)).unwrap();
    assert_eq!(landing.written(), 0);
}

#[test]
fn a_link_in_the_place_of_a_part_or_the_journal_is_not_followed() {
    for name in ["2", "progress"] {
        let world = World::new();
        interrupted(&world);
        let victim = world.outside.join("victim");
        fs::write(&victim, b"mine").unwrap();
        fs::remove_file(world.transfer().join(name)).unwrap();
        symlink(&victim, world.transfer().join(name)).unwrap();
        let opened = open(&world.inbox, TRANSFER, &items(THREE));
        assert!(matches!(opened, Err(LandingError::InTheWay { .. })), "{name}: {opened:?}");
        assert_eq!(fs::read(&victim).unwrap(), b"mine");
    }
}

#[test]
fn bytes_are_made_durable_behind_the_writing() {
    let world = World::new();
    let content = vec![7u8; 20 << 20];
    let mut landing = begin(&world.inbox, TRANSFER, &[item("big", &content)]).unwrap();
    for piece in content.chunks(1 << 20) {
        landing.write(piece).unwrap();
        landing.step().unwrap();
        let open = landing.written() - landing.durable().load(Ordering::Relaxed);
        assert!(open <= 8 << 20, "{open} bytes would be repeated");
    }
    landing.finish(&[hash(&content)]).unwrap();
    assert_eq!(world.landed()["big"], content);
}
