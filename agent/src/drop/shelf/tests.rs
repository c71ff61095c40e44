#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

fn shelf() -> (tempfile::TempDir, Shelf) {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::open(folder.path().to_owned()).unwrap();
    (folder, shelf)
}

fn put(shelf: &Shelf, path: &str, content: &str) -> PathBuf {
    let path = shelf.root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    path
}

fn names(shelf: &Shelf, place: &str) -> Vec<String> {
    let paths = visible(&shelf.root.join(place)).unwrap();
    paths.iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

fn ann() -> Email {
    "ann@example.org".parse().unwrap()
}

#[test]
fn what_lies_there_is_for_the_contact_whose_folder_it_is_in() {
    let (_folder, shelf) = shelf();
    put(&shelf, "ann@example.org/b.txt", "two");
    put(&shelf, "ann@example.org/a/deep/file", "three");
    put(&shelf, "ann@example.org/.b.txt.part", "hidden");
    put(&shelf, "loose", "x");
    put(&shelf, "no contact/c", "x");
    let found = shelf.look().unwrap();
    let whose = |found: &Found| (found.path.clone(), found.to.clone().ok());
    let at = |path: &str| shelf.root.join(path);
    let mine = [(at("ann@example.org/a"), Some(ann())), (at("ann@example.org/b.txt"), Some(ann()))];
    let rest = [(at("loose"), None), (at("no contact/c"), None)];
    assert_eq!(found.iter().map(whose).collect::<Vec<_>>(), [mine, rest].concat());
    let before = found.first().unwrap().print;
    put(&shelf, "ann@example.org/a/deep/file", "three and more");
    assert_ne!(shelf.look().unwrap().first().unwrap().print, before, "a change deep inside is seen");
    assert_eq!(shelf.folders().len(), 3);
}

#[test]
fn what_was_taken_is_found_again_after_a_start_and_ends_with_a_line() {
    let (_folder, shelf) = shelf();
    let path = put(&shelf, "ann@example.org/a.txt", "content");
    let sending = shelf.take(&path, &ann()).unwrap();
    assert!(!path.exists());
    let again = Shelf::open(shelf.root.clone()).unwrap();
    assert_eq!(again.under_way(), std::slice::from_ref(&sending));
    let delivered =
        Outcome { outcome: "delivered", reason: String::new(), transfer: Some(TransferId([1; 16])) };
    again.put_away(&sending, &delivered).unwrap();
    assert_eq!(again.under_way(), []);
    let kept = names(&shelf, SENT);
    assert!(kept.first().unwrap().ends_with("-a.txt"), "{kept:?}");
    let log = fs::read_to_string(shelf.root.join(".sent/log.jsonl")).unwrap();
    let line: serde_json::Value = serde_json::from_str(log.trim()).unwrap();
    assert_eq!(line.get("outcome").unwrap(), "delivered");
    assert_eq!(line.get("transfer").unwrap(), &"01".repeat(16));
    assert_eq!(fs::read_dir(shelf.root.join(SENDING)).unwrap().count(), 0);
}

#[test]
fn two_of_one_name_are_both_kept_and_the_refused_lie_apart() {
    let (_folder, shelf) = shelf();
    for _ in 0..2 {
        shelf.refuse(&put(&shelf, "loose", "x"), "it lies in no contact's folder").unwrap();
    }
    let kept = names(&shelf, REFUSED);
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert!(kept.iter().any(|name| name.ends_with("-2-loose")), "{kept:?}");
    assert_eq!(names(&shelf, SENT), ["log.jsonl"]);
}

#[test]
fn a_start_tidies_what_was_to_be_taken_and_was_not() {
    let (_folder, shelf) = shelf();
    let path = put(&shelf, "ann@example.org/a.txt", "content");
    let sending = shelf.take(&path, &ann()).unwrap();
    rename(&shelf.stage(sending.stage).join("a.txt"), &path).unwrap();
    assert_eq!(shelf.under_way(), []);
    assert_eq!(fs::read_dir(shelf.root.join(SENDING)).unwrap().count(), 0);
    assert_eq!(shelf.look().unwrap().len(), 1, "it is still where it was");
}

#[test]
fn a_moment_is_written_as_people_and_programs_read_it() {
    assert_eq!(moment(UnixMillis(1_700_000_000_123)), "2023-11-14T22:13:20Z");
}
