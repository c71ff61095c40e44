#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use airhatch_wire::peer::ItemHash;

use super::*;

mod passing;

const STAGE: StageId = StageId([0xab; 16]);

/// An outbox with one staging folder.
struct World {
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let world = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(world.stage()).unwrap();
        world
    }

    fn outbox(&self) -> &Path {
        self.folder.path()
    }

    fn stage(&self) -> PathBuf {
        self.outbox().join(STAGE.to_string())
    }

    fn write(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.stage().join(name);
        fs::write(&path, content).unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_600_000_000_123);
        File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
        path
    }

    fn scan(&self) -> Result<Vec<Item>, SourceError> {
        scan(self.outbox(), STAGE)
    }

    fn reader(&self, items: Vec<Item>) -> SourceReader {
        SourceReader::open(self.outbox(), STAGE, items).unwrap()
    }
}

fn names(items: &[Item]) -> Vec<&str> {
    items.iter().map(|item| item.path[0].as_received()).collect()
}

fn read_all(mut reader: SourceReader) -> Result<(Vec<u8>, Vec<ItemHash>), SourceError> {
    let (mut all, mut buffer) = (Vec::new(), [0; 7]);
    loop {
        match reader.next_chunk(&mut buffer)? {
            0 => return Ok((all, reader.finish()?)),
            length => all.extend_from_slice(&buffer[..length]),
        }
    }
}

#[test]
fn a_scan_lists_plain_files_by_name_with_size_time_and_right_to_run() {
    let world = World::new();
    world.write("b", b"second");
    let run = world.write("a.sh", b"#!/bin/sh");
    world.write("empty", b"");
    world.write("報告 😀.txt", b"x");
    fs::set_permissions(run, fs::Permissions::from_mode(0o4755)).unwrap();
    let items = world.scan().unwrap();
    assert_eq!(names(&items), ["a.sh", "b", "empty", "報告 😀.txt"]);
    assert_eq!(items.iter().map(|item| item.size).collect::<Vec<_>>(), [9, 6, 0, 1]);
    assert_eq!(items.iter().map(|item| item.executable).collect::<Vec<_>>(), [true, false, false, false]);
    assert!(items.iter().all(|item| item.modified == UnixMillis(1_600_000_000_123)));
}

#[test]
fn an_empty_or_missing_stage_has_nothing_to_send() {
    let world = World::new();
    assert!(matches!(world.scan(), Err(SourceError::NothingStaged)));
    assert!(matches!(scan(world.outbox(), StageId([0; 16])), Err(SourceError::NothingStaged)));
}

#[test]
fn anything_but_a_plain_file_is_refused() {
    type Plant = fn(&Path);
    let plants: [(&str, Plant); 4] = [
        ("link", |path| symlink("/etc/passwd", path).unwrap()),
        ("dangling", |path| symlink("/nowhere", path).unwrap()),
        ("socket", |path| drop(std::os::unix::net::UnixListener::bind(path).unwrap())),
        ("pipe", |path| {
            rustix::fs::mkfifoat(rustix::fs::CWD, path, rustix::fs::Mode::RUSR).unwrap();
        }),
    ];
    for (name, plant) in plants {
        let world = World::new();
        world.write("a", b"x");
        plant(&world.stage().join(name));
        match world.scan() {
            Err(SourceError::NotAFile { name: told }) => assert_eq!(told.as_received(), name),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn a_stage_that_is_a_link_is_not_followed() {
    let world = World::new();
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("secret"), b"x").unwrap();
    fs::remove_dir(world.stage()).unwrap();
    symlink(elsewhere.path(), world.stage()).unwrap();
    assert!(matches!(world.scan(), Err(SourceError::Io { .. })));
}

#[test]
fn names_that_must_not_travel_are_refused() {
    for name in ["a\u{202e}b", "a\nb", "a\\b", " a", ".incoming"] {
        let world = World::new();
        world.write(name, b"x");
        assert!(matches!(world.scan(), Err(SourceError::Name { .. })), "{name:?}");
    }
    let world = World::new();
    fs::write(world.stage().join(std::ffi::OsStr::from_bytes(b"a\xff")), b"x").unwrap();
    assert!(matches!(world.scan(), Err(SourceError::NotText { .. })));
    let world = World::new();
    world.write("readme", b"x");
    world.write("README", b"x");
    assert!(matches!(world.scan(), Err(SourceError::Table(_))));
}

#[test]
fn the_bytes_come_in_table_order_and_are_hashed() {
    let world = World::new();
    let contents: [(&str, &[u8]); 4] = [("a", b"first file"), ("b", b""), ("c", &[9; 1000]), ("d", b"")];
    contents.iter().for_each(|(name, content)| drop(world.write(name, content)));
    let (all, hashes) = read_all(world.reader(world.scan().unwrap())).unwrap();
    assert_eq!(all, [b"first file".as_slice(), &[9; 1000]].concat());
    for ((_, content), hash) in contents.iter().zip(&hashes) {
        assert_eq!((hash.length, hash.blake3), (content.len() as u64, *blake3::hash(content).as_bytes()));
    }
    assert_eq!(hashes.len(), 4);
}

#[test]
fn only_the_items_asked_for_are_read() {
    let world = World::new();
    ["a", "b", "c"].iter().for_each(|name| drop(world.write(name, name.as_bytes())));
    let mut items = world.scan().unwrap();
    items.remove(1);
    assert_eq!(read_all(world.reader(items)).unwrap().0, b"ac");
}

#[test]
fn a_file_that_differs_from_its_offer_is_told_exactly() {
    type Change = fn(&Path);
    let changes: [(Change, &str); 6] = [
        (|path| fs::remove_file(path).unwrap(), "f is no longer there"),
        (|path| set_length(path, 3), "f is shorter than it was when it was offered"),
        (|path| set_length(path, 99), "f is longer than it was when it was offered"),
        (|path| fs::write(path, b"TEN BYTES!").unwrap(), "f was changed after it was offered"),
        (
            |path| {
                fs::remove_file(path).unwrap();
                symlink("/etc/passwd", path).unwrap();
            },
            "f is not a plain file",
        ),
        (
            |path| {
                fs::remove_file(path).unwrap();
                fs::create_dir(path).unwrap();
            },
            "f is not a plain file",
        ),
    ];
    for (change, told) in changes {
        let world = World::new();
        let path = world.write("f", b"ten bytes.");
        let items = world.scan().unwrap();
        change(&path);
        let error = read_all(world.reader(items)).unwrap_err();
        assert_eq!(error.to_string(), told);
        assert_eq!(Failure::from(error).code, Code::BadSource);
    }
}

#[test]
fn a_file_that_changes_while_it_is_read_is_told_exactly() {
    type Change = fn(&Path);
    let changes: [(Change, &str); 3] = [
        (|path| set_length(path, 3), "f is shorter than it was when it was offered"),
        (
            |path| File::options().append(true).open(path).unwrap().write_all(b"more").unwrap(),
            "f is longer than it was when it was offered",
        ),
        (
            |path| File::options().write(true).open(path).unwrap().write_all(b"TEN").unwrap(),
            "f was changed after it was offered",
        ),
    ];
    for (change, told) in changes {
        let world = World::new();
        let path = world.write("f", b"ten bytes.");
        let mut reader = world.reader(world.scan().unwrap());
        assert_eq!(reader.next_chunk(&mut [0; 4]).unwrap(), 4);
        change(&path);
        assert_eq!(read_all(reader).unwrap_err().to_string(), told);
    }
}

#[test]
fn growth_after_the_last_byte_was_read_is_still_noticed() {
    let world = World::new();
    let path = world.write("f", b"ten bytes.");
    let mut reader = world.reader(world.scan().unwrap());
    assert_eq!(reader.next_chunk(&mut [0; 100]).unwrap(), 10);
    set_length(&path, 11);
    assert!(matches!(reader.next_chunk(&mut [0; 100]), Err(SourceError::Grew { .. })));
}

#[test]
fn a_file_removed_while_it_is_read_is_read_to_its_end() {
    let world = World::new();
    let path = world.write("f", b"ten bytes.");
    let mut reader = world.reader(world.scan().unwrap());
    assert_eq!(reader.next_chunk(&mut [0; 4]).unwrap(), 4);
    fs::remove_file(path).unwrap();
    assert_eq!(read_all(reader).unwrap().0, b"bytes.");
}

#[test]
fn hashes_are_given_only_when_everything_was_read() {
    let world = World::new();
    world.write("f", b"ten bytes.");
    let items = world.scan().unwrap();
    assert!(matches!(world.reader(items.clone()).finish(), Err(SourceError::Unfinished)));
    let mut reader = world.reader(items);
    assert_eq!(reader.next_chunk(&mut [0; 100]).unwrap(), 10);
    assert!(matches!(reader.finish(), Err(SourceError::Unfinished)), "the end was not looked at yet");
}

#[test]
fn an_unreadable_file_is_told_when_the_offer_is_made() {
    if rustix::process::geteuid().is_root() {
        // Not through `eprintln!`, which the test runner keeps to itself.
        writeln!(
            io::stderr(),
            "SKIPPED an_unreadable_file_is_told_when_the_offer_is_made: root reads everything"
        )
        .unwrap();
        return;
    }
    let world = World::new();
    let path = world.write("f", b"x");
    fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap();
    assert!(matches!(world.scan(), Err(SourceError::Io { .. })));
}

fn paths(items: &[Item]) -> Vec<String> {
    items.iter().map(|item| shown(&item.path).as_received().to_owned()).collect()
}

/// A stage with a tree.
fn tree() -> World {
    let world = World::new();
    for folder in ["d/empty", "d/e/f", "g"] {
        fs::create_dir_all(world.stage().join(folder)).unwrap();
    }
    for file in ["d/e/f/deep", "d/e/a", "d/b", "g/last", "a top"] {
        world.write(file, file.as_bytes());
    }
    world
}

#[test]
fn folders_are_items_before_what_is_in_them() {
    let world = tree();
    let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_500_000_000_456);
    File::open(world.stage().join("d/e")).unwrap().set_modified(time).unwrap();
    let items = world.scan().unwrap();
    assert_eq!(
        paths(&items),
        ["a top", "d", "d/b", "d/e", "d/e/a", "d/e/f", "d/e/f/deep", "d/empty", "g", "g/last"]
    );
    let e = &items[3];
    assert_eq!((e.kind, e.size, e.executable), (ItemKind::Folder, 0, false));
    assert_eq!(e.modified, UnixMillis(1_500_000_000_456));
    assert!(items.is_sorted_by(|a, b| a.path <= b.path));
}

#[test]
fn the_bytes_of_a_tree_come_in_table_order_and_a_folder_has_none() {
    let world = tree();
    let items = world.scan().unwrap();
    let (all, hashes) = read_all(world.reader(items.clone())).unwrap();
    assert_eq!(all, b"a topd/bd/e/ad/e/f/deepg/last");
    assert_eq!(hashes.len(), items.len());
    assert_eq!(hashes[1], ItemHash { length: 0, blake3: *blake3::hash(b"").as_bytes() });
    let mut half = world.reader(items);
    half.pass(8 + 5, &[]).unwrap();
    assert_eq!(read_all(half).unwrap(), (b"d/e/f/deepg/last".to_vec(), hashes));
}

#[test]
fn a_folder_that_becomes_a_link_is_not_followed() {
    let world = tree();
    let items = world.scan().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    fs::create_dir(elsewhere.path().join("f")).unwrap();
    fs::write(elsewhere.path().join("a"), b"secret").unwrap();
    fs::rename(world.stage().join("d/e"), world.stage().join("moved")).unwrap();
    symlink(elsewhere.path(), world.stage().join("d/e")).unwrap();
    let error = read_all(world.reader(items)).unwrap_err();
    assert_eq!(error.to_string(), "d/e is not a plain file");
    assert!(matches!(world.scan(), Err(SourceError::NotAFile { .. })));
}

#[test]
fn a_tree_deeper_than_any_offer_is_refused() {
    let world = World::new();
    let mut deep = world.stage();
    for _ in 0..64 {
        deep.push("d");
    }
    fs::create_dir_all(&deep).unwrap();
    assert_eq!(world.scan().unwrap().len(), 64);
    fs::write(deep.join("f"), b"x").unwrap();
    assert!(matches!(world.scan(), Err(SourceError::Name { .. })));
}

fn set_length(path: &Path, length: u64) {
    File::options().write(true).open(path).unwrap().set_len(length).unwrap();
}
