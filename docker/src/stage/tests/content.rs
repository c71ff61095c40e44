//! What a staging folder holds when it is ready, and how it goes away.

use super::*;

#[test]
fn files_arrive_under_their_names_with_their_content() {
    let world = world();
    let paths = [
        world.file("one.txt", b"one"),
        world.file("empty", b""),
        world.file("報告書 \u{1f600}.pdf", b"three"),
        world.file("other/one.txt", b"four"),
    ];
    let staged = world.stage(&paths).unwrap();
    assert_eq!((staged.files, staged.bytes), (4, 12));
    let folder = world.folders.stage(staged.stage);
    assert_eq!(names_in(&folder), ["empty", "one (2).txt", "one.txt", "報告書 \u{1f600}.pdf"]);
    assert_eq!(fs::read(folder.join("one (2).txt")).unwrap(), b"four");
    assert_eq!(fs::metadata(folder).unwrap().mode() & 0o777, 0o700);
    assert_eq!(list(&world.folders).unwrap(), [staged.stage]);
}

#[test]
fn a_copy_keeps_reading_executing_and_its_time_only() {
    for (given, kept) in [(0o644, 0o400), (0o755, 0o500), (0o6777, 0o500), (0o600, 0o400), (0o1411, 0o400)] {
        let world = world();
        let path = world.file("f", b"x");
        fs::set_permissions(&path, fs::Permissions::from_mode(given)).unwrap();
        let then = SystemTime::UNIX_EPOCH + Duration::new(1_000_000_000, 123_456_789);
        File::open(&path).unwrap().set_modified(then).unwrap();
        let staged = world.stage(&[path]).unwrap();
        let copy = fs::metadata(world.folders.stage(staged.stage).join("f")).unwrap();
        assert_eq!(copy.mode() & 0o7777, kept, "{given:o}");
        assert_eq!(copy.modified().unwrap(), then);
    }
}

#[test]
fn a_symbolic_link_that_a_person_names_stands_for_its_file() {
    let world = world();
    let target = world.file("v3.pdf", b"content");
    let link = world.files.join("latest.pdf");
    symlink(target, &link).unwrap();
    let staged = world.stage(&[link]).unwrap();
    let copy = world.folders.stage(staged.stage).join("latest.pdf");
    assert!(fs::symlink_metadata(&copy).unwrap().is_file());
    assert_eq!(fs::read(copy).unwrap(), b"content");
}

#[test]
fn a_copy_is_not_the_person_s_file() {
    let world = world();
    let path = world.file("f", b"before");
    let staged = world.stage(&[&path]).unwrap();
    fs::write(&path, b"AFTER!").unwrap();
    assert_eq!(fs::read(world.folders.stage(staged.stage).join("f")).unwrap(), b"before");
}

#[test]
fn a_large_file_is_shared_or_linked_and_may_be_staged_again() {
    let world = world();
    let path = world.file("large", b"");
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(place::LINKED_FROM).unwrap();
    file.write_all_at(b"end", place::LINKED_FROM - 3).unwrap();
    for _ in 0..2 {
        let staged = world.stage(&[&path]).unwrap();
        assert_eq!(staged.bytes, place::LINKED_FROM);
        let there = fs::metadata(world.folders.stage(staged.stage).join("large")).unwrap();
        let same_file = there.ino() == fs::metadata(&path).unwrap().ino();
        assert!(same_file || there.blocks() > 0, "neither linked nor cloned");
        release(&world.folders, staged.stage).unwrap();
    }
    assert_eq!(fs::metadata(&path).unwrap().nlink(), 1);
}

#[test]
fn staging_a_linked_file_twice_at_once_is_not_taken_for_theft() {
    let world = world();
    let path = world.file("large", b"");
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(place::LINKED_FROM).unwrap();
    let (first, second) = (world.stage(&[&path]).unwrap(), world.stage(&[&path]).unwrap());
    assert_ne!(first.stage, second.stage);
    assert_eq!(list(&world.folders).unwrap().len(), 2);
}

#[test]
fn holes_stay_holes() {
    let world = world();
    let path = world.file("sparse", b"");
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(b"begin", 0).unwrap();
    file.write_all_at(b"middle", 9 << 20).unwrap();
    file.set_len(32 << 20).unwrap();
    let staged = world.stage(&[&path]).unwrap();
    let copy = world.folders.stage(staged.stage).join("sparse");
    assert!(fs::read(&copy).unwrap() == fs::read(&path).unwrap());
    assert!(fs::metadata(&copy).unwrap().blocks() * 512 < 1 << 20, "the copy has no holes");
}

#[test]
fn progress_grows_to_the_total() {
    let world = world();
    let paths =
        [world.file("a", &vec![7; 3 << 20]), world.file("b", b""), world.file("c", &vec![8; 1 << 20])];
    let mut told = Vec::new();
    world
        .stage_telling(&paths, &AtomicBool::new(false), &mut |copied, total| told.push((copied, total)))
        .unwrap();
    assert!(told.windows(2).all(|pair| pair[0].0 <= pair[1].0), "{told:?}");
    assert!(told.iter().all(|(_, total)| *total == 4 << 20));
    assert_eq!(told.last(), Some(&(4 << 20, 4 << 20)));
}

#[test]
fn a_cancelled_staging_leaves_nothing() {
    let world = world();
    let paths = [world.file("a", &vec![7; 3 << 20]), world.file("b", &vec![7; 3 << 20])];
    let cancelled = AtomicBool::new(false);
    let mut last = 0;
    let outcome = world.stage_telling(&paths, &cancelled, &mut |copied, _| {
        last = copied;
        cancelled.store(true, Ordering::Relaxed);
    });
    assert!(matches!(outcome, Err(StageError::Cancelled)));
    assert!(last < 6 << 20, "it went on to the end");
    assert_eq!(world.outbox(), [] as [String; 0]);
}

#[test]
fn releasing_removes_a_stage_and_is_done_when_it_is_gone() {
    let world = world();
    let staged = world.stage(&[world.file("a", b"a")]).unwrap();
    release(&world.folders, staged.stage).unwrap();
    assert_eq!(world.outbox(), [] as [String; 0]);
    release(&world.folders, staged.stage).unwrap();
}

#[test]
fn sweeping_takes_what_a_crash_left_and_nothing_else() {
    let world = world();
    let ready = world.stage(&[world.file("a", b"a")]).unwrap();
    let left = world.folders.staging(StageId([1; 16]));
    fs::create_dir(&left).unwrap();
    fs::write(left.join("half"), "x").unwrap();
    let held = folder::Staging::begin(&world.folders).unwrap();
    sweep(&world.folders).unwrap();
    assert!(!left.exists());
    assert_eq!(world.outbox().len(), 2, "the ready one and the one under way");
    drop(held);
    assert_eq!(world.outbox(), [ready.stage.to_string()]);
}
