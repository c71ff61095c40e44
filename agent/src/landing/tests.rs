#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use airhatch_wire::UnixMillis;
use airhatch_wire::peer::{Item, ItemHash, ItemKind};
use proptest::prelude::*;

use super::*;
use crate::names::free_name;

mod crash;
mod hostile;
mod resume;
mod space;
mod trees;

const TRANSFER: TransferId = TransferId([0x5a; 16]);

/// An inbox and, beside it, a folder that nothing may ever be written to.
struct World {
    _folder: tempfile::TempDir,
    inbox: PathBuf,
    outside: PathBuf,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (inbox, outside) = (folder.path().join("inbox"), folder.path().join("outside"));
        fs::create_dir(&outside).unwrap();
        fs::create_dir(&inbox).unwrap();
        Self { _folder: folder, inbox, outside }
    }

    fn transfer(&self) -> PathBuf {
        self.inbox.join(".incoming").join(TRANSFER.to_string())
    }

    /// Names and content of the landed files.
    fn landed(&self) -> BTreeMap<String, Vec<u8>> {
        let entries = fs::read_dir(&self.inbox).unwrap().map(Result::unwrap);
        entries
            .filter(|entry| entry.file_name() != ".incoming")
            .map(|entry| {
                (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap_or_default())
            })
            .collect()
    }

    fn assert_outside_is_empty(&self) {
        assert_eq!(fs::read_dir(&self.outside).unwrap().count(), 0, "something left the inbox");
    }
}

fn item(name: &str, content: &[u8]) -> Item {
    Item {
        path: vec![name.into()],
        kind: ItemKind::File,
        size: content.len() as u64,
        executable: false,
        modified: UnixMillis(1_234_567_890_123),
    }
}

fn hash(content: &[u8]) -> ItemHash {
    ItemHash { length: content.len() as u64, blake3: blake3::hash(content).into() }
}

type Files<'a> = &'a [(&'a str, &'a [u8])];

fn items(files: Files<'_>) -> Vec<Item> {
    files.iter().map(|(name, content)| item(name, content)).collect()
}

fn hashes(files: Files<'_>) -> Vec<ItemHash> {
    files.iter().map(|(_, content)| hash(content)).collect()
}

fn begin(inbox: &Path, transfer: TransferId, items: &[Item]) -> Result<Landing, LandingError> {
    Landing::begin(inbox, transfer, Arc::from(items), None)
}

fn open(inbox: &Path, transfer: TransferId, items: &[Item]) -> Result<Landing, LandingError> {
    Landing::open(inbox, transfer, Arc::from(items), None)
}

/// The names that files got.
fn names(files: Files<'_>, landed: &Landed) -> Vec<String> {
    let numbers: BTreeMap<usize, u32> = landed.numbers.iter().copied().collect();
    let named = files.iter().enumerate().map(|(index, (name, _))| match numbers.get(&index) {
        Some(number) => free_name(name, *number),
        None => (*name).to_owned(),
    });
    named.collect()
}

fn written(world: &World, files: Files<'_>) -> Result<Landing, LandingError> {
    let mut landing = begin(&world.inbox, TRANSFER, &items(files))?;
    files.iter().try_for_each(|(_, content)| landing.write(content))?;
    Ok(landing)
}

fn land(world: &World, files: Files<'_>) -> Result<Vec<String>, LandingError> {
    written(world, files)?.finish(&hashes(files)).map(|landed| names(files, &landed))
}

const THREE: Files<'static> = &[("a.txt", b"first"), ("empty", b""), ("b", b"third file")];

#[test]
fn files_arrive_with_their_names_content_time_and_rights() {
    let world = World::new();
    let mut table = items(THREE);
    table[2].executable = true;
    let mut landing = begin(&world.inbox, TRANSFER, &table).unwrap();
    landing.write(b"firstthird file").unwrap();
    assert!(world.landed().is_empty(), "nothing has its name before it is checked");
    let landed = landing.finish(&hashes(THREE)).unwrap();
    assert_eq!(names(THREE, &landed), ["a.txt", "empty", "b"]);
    for (name, content) in THREE {
        let path = world.inbox.join(name);
        assert_eq!(fs::read(&path).unwrap(), *content);
        let metadata = fs::metadata(&path).unwrap();
        assert_eq!((metadata.mtime(), metadata.mtime_nsec()), (1_234_567_890, 123_000_000));
        assert_eq!(metadata.permissions().mode() & 0o7777, if *name == "b" { 0o700 } else { 0o600 });
    }
    Landing::discard(&world.inbox, TRANSFER).unwrap();
    assert!(!world.transfer().exists());
    assert!(leftovers(&world.inbox).unwrap().is_empty());
}

#[test]
fn only_empty_files_are_a_transfer_too() {
    let world = World::new();
    assert_eq!(land(&world, &[("x", b""), ("y", b"")]).unwrap(), ["x", "y"]);
}

proptest! {
    #[test]
    fn content_cut_anywhere_arrives_whole(
        contents in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 1..8),
        cuts in proptest::collection::vec(0..1500usize, 0..10),
        synced in any::<bool>(),
    ) {
        let world = World::new();
        let names: Vec<String> = (0..contents.len()).map(|n| format!("f{n}")).collect();
        let files: Vec<(&str, &[u8])> =
            names.iter().map(String::as_str).zip(contents.iter().map(Vec::as_slice)).collect();
        let all = contents.concat();
        let mut landing = begin(&world.inbox, TRANSFER, &items(&files)).unwrap();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(all.len())).collect();
        cuts.extend([0, all.len()]);
        cuts.sort_unstable();
        for pair in cuts.windows(2) {
            landing.write(&all[pair[0]..pair[1]]).unwrap();
            if synced {
                landing.keep().unwrap();
                prop_assert_eq!(landing.durable().load(Ordering::Relaxed), pair[1] as u64);
            }
        }
        landing.finish(&hashes(&files)).unwrap();
        for (name, content) in files {
            prop_assert_eq!(fs::read(world.inbox.join(name)).unwrap(), content);
        }
    }
}

#[test]
fn one_byte_too_many_or_too_few_is_refused() {
    let world = World::new();
    let mut landing = written(&world, THREE).unwrap();
    assert!(matches!(landing.write(b"x"), Err(LandingError::TooMuch)));
    Landing::discard(&world.inbox, TRANSFER).unwrap();
    let mut landing = begin(&world.inbox, TRANSFER, &items(THREE)).unwrap();
    landing.write(b"firstthird fil").unwrap();
    assert!(matches!(landing.finish(&hashes(THREE)), Err(LandingError::TooLittle)));
    Landing::discard(&world.inbox, TRANSFER).unwrap();
    let landing = written(&world, THREE).unwrap();
    assert!(matches!(landing.finish(&hashes(THREE)[..2]), Err(LandingError::TooLittle)));
    assert!(world.landed().is_empty());
}

#[test]
fn content_that_was_not_signed_never_gets_a_name() {
    let world = World::new();
    for (index, name) in [(0, "a.txt"), (1, "empty"), (2, "b")] {
        let mut wrong = hashes(THREE);
        wrong[index].blake3[31] ^= 1;
        match written(&world, THREE).unwrap().finish(&wrong) {
            Err(LandingError::WrongContent { name: told }) => assert_eq!(told.as_received(), name),
            other => panic!("{other:?}"),
        }
        assert!(world.landed().is_empty());
        assert!(Landing::recover(&world.inbox, TRANSFER).unwrap().is_none());
    }
}

#[test]
fn a_taken_name_gets_a_number_and_nothing_is_replaced() {
    let world = World::new();
    fs::write(world.inbox.join("a.txt"), b"mine").unwrap();
    fs::write(world.inbox.join("a (2).txt"), b"mine too").unwrap();
    symlink(world.outside.join("nowhere"), world.inbox.join("b")).unwrap();
    fs::create_dir(world.inbox.join("empty")).unwrap();
    assert_eq!(land(&world, THREE).unwrap(), ["a (3).txt", "empty (2)", "b (2)"]);
    assert_eq!(fs::read(world.inbox.join("a.txt")).unwrap(), b"mine");
    assert_eq!(fs::read(world.inbox.join("a (3).txt")).unwrap(), b"first");
    world.assert_outside_is_empty();
}

#[test]
fn a_number_never_takes_the_name_of_another_item() {
    let world = World::new();
    fs::write(world.inbox.join("a"), b"mine").unwrap();
    let files: Files<'_> = &[("a", b"1"), ("a (2)", b"2")];
    assert_eq!(land(&world, files).unwrap(), ["a (3)", "a (2)"]);
}

#[test]
fn names_of_255_bytes_land_also_when_they_are_taken() {
    let world = World::new();
    let (ascii, accents) = (format!("{}.txt", "a".repeat(251)), "é".repeat(127));
    let files: Files<'_> = &[(&ascii, b"1"), (&accents, b"2")];
    assert_eq!(land(&world, files).unwrap(), [ascii.clone(), accents.clone()]);
    Landing::discard(&world.inbox, TRANSFER).unwrap();
    let again = land(&world, files).unwrap();
    assert_eq!(again, [format!("{} (2).txt", "a".repeat(247)), format!("{} (2)", "é".repeat(125))]);
    assert_eq!(world.landed().len(), 4);
}

#[test]
fn hostile_names_never_become_files() {
    let world = World::new();
    for name in ["../x", "/x", "..", ".", "", ".incoming", "a\u{202e}b", "a\nb", "a\0b", "a\\b"] {
        let error = begin(&world.inbox, TRANSFER, &[item(name, b"x")]).unwrap_err();
        assert!(matches!(error, LandingError::Table(_)), "{name:?}: {error}");
    }
    let twice: Files<'_> = &[("a", b""), ("A", b"")];
    assert!(matches!(land(&world, twice), Err(LandingError::Table(_))));
    assert!(leftovers(&world.inbox).unwrap().is_empty());
}

#[test]
fn many_landings_of_the_same_name_at_once_all_arrive() {
    let world = World::new();
    std::thread::scope(|scope| {
        for thread in 0..8u8 {
            let inbox = &world.inbox;
            scope.spawn(move || {
                for round in 0..10u8 {
                    let transfer = TransferId([thread * 16 + round; 16]);
                    let content = [thread, round];
                    let mut landing = begin(inbox, transfer, &[item("same.txt", &content)]).unwrap();
                    landing.write(&content).unwrap();
                    landing.finish(&[hash(&content)]).unwrap();
                    Landing::discard(inbox, transfer).unwrap();
                }
            });
        }
    });
    let mut contents: Vec<Vec<u8>> = world.landed().into_values().collect();
    contents.sort();
    contents.dedup();
    assert_eq!(contents.len(), 80);
}

#[test]
fn many_small_files_land_in_one_go() {
    let world = World::new();
    let names: Vec<String> = (0..2000).map(|n| format!("file{n}")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), name.as_bytes())).collect();
    assert_eq!(land(&world, &files).unwrap(), names);
    assert_eq!(world.landed().len(), 2000);
}

#[test]
fn failures_name_the_file_as_it_is_and_errors_show_it_escaped() {
    let error = || LandingError::WrongContent { name: "tab\there".into() };
    assert_eq!(error().to_string(), "tab\\there is not the file that the sender signed");
    let failure = Failure::from(error());
    assert_eq!(failure.message.as_received(), "tab\there is not the file that the sender signed");
    assert_eq!(failure.code, Code::VerificationFailed);
}
