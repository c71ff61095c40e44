//! The house is tidy: sizes of files, forbidden words, and which file may name what. What a person would otherwise have
//! to remember at every review.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

/// Lines that a file may have; aim at 300.
const LONGEST: usize = 450;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// A source file of ours: its path from the root, and its text.
struct Source {
    path: String,
    text: String,
}

impl Source {
    fn is_test(&self) -> bool {
        self.path.split('/').any(|part| part == "tests" || part == "tests.rs" || part == "benches")
    }

    /// Every line with its number, as `path:number: line`.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate()
    }

    fn at(&self, line: usize) -> String {
        format!("{}:{}", self.path, line + 1)
    }
}

fn sources() -> Vec<Source> {
    let mut sources = Vec::new();
    gather(root(), &mut sources);
    assert!(sources.len() > 100, "only {} files were found", sources.len());
    sources
}

fn gather(folder: &Path, sources: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
        if entry.file_type().unwrap().is_dir() {
            if !name.starts_with('.') && name != "target" {
                gather(&path, sources);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let path = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
            sources.push(Source { path, text });
        }
    }
}

/// Fails with every place where a rule is broken.
fn nowhere(rule: &str, places: Vec<String>) {
    assert!(places.is_empty(), "{rule}:\n{}", places.join("\n"));
}

/// Places of lines with one of these words, in files that may not have them.
fn places(words: &[String], may: impl Fn(&Source) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| !may(source)) {
        for (number, line) in source.lines() {
            if words.iter().any(|word| line.contains(word.as_str())) {
                found.push(source.at(number));
            }
        }
    }
    found
}

/// A word that this file itself does not hold.
fn word(one: &str, other: &str) -> String {
    format!("{one}{other}")
}

#[test]
fn no_file_is_longer_than_a_person_reads_at_once() {
    let long = sources().into_iter().filter(|source| source.text.lines().count() > LONGEST);
    nowhere("too long", long.map(|source| source.path).collect());
}

#[test]
fn every_file_begins_with_what_it_is_about() {
    let bare = sources().into_iter().filter(|source| !source.is_test() && !source.text.starts_with("//! "));
    nowhere("no header", bare.map(|source| source.path).collect());
}

#[test]
fn nothing_is_left_for_later() {
    let words = [
        word("TO", "DO"),
        word("FIX", "ME"),
        word("XX", "X"),
        word("unimpl", "emented!"),
        word("to", "do!("),
        word("db", "g!("),
    ];
    nowhere("left for later", places(&words, |_| false));
}

#[test]
fn only_the_key_exchange_and_the_jail_step_out_of_safe_rust() {
    let words = ["{", "fn", "impl", "extern"].map(|after| format!("{} {after}", word("un", "safe")));
    let may =
        |source: &Source| source.path == "agent/seal/src/kem.rs" || source.path.starts_with("docker/jail/");
    nowhere("not safe", places(&words, may));
}

#[test]
fn every_crate_says_that_it_is_safe() {
    let roots = sources().into_iter().filter(|source| {
        let path = Path::new(&source.path);
        path.ends_with("src/lib.rs") || path.ends_with("src/main.rs")
    });
    let says = |source: &Source| {
        source.text.contains("#![forbid(unsafe_code)]")
            || (["agent/seal/src/lib.rs", "docker/jail/src/lib.rs"].contains(&source.path.as_str())
                && source.text.contains("#![deny(unsafe_code)]"))
    };
    nowhere("does not forbid it", roots.filter(|source| !says(source)).map(|source| source.path).collect());
}

#[test]
fn one_file_names_the_encoding_and_only_the_store_names_the_database() {
    let encoding = [word("bin", "code::")];
    nowhere("names the encoding", places(&encoding, |source| source.path == "agent/wire/src/frame.rs"));
    let database = [word("sl", "ed::")];
    let is_store = |source: &Source| {
        ["agent/store/", "docker/jail/tests/"].iter().any(|store| source.path.starts_with(store))
    };
    nowhere("names the database", places(&database, is_store));
}

#[test]
fn a_container_engine_is_never_asked_for_archives() {
    let words = [
        word("docker", " cp"),
        word("download_from", "_container"),
        word("upload_to", "_container"),
        word("/arch", "ive?"),
    ];
    nowhere("asks for archives", places(&words, |_| false));
}

#[test]
fn no_test_sleeps_except_between_two_looks_before_a_deadline() {
    let words = [word("thread::", "sleep"), word("time::", "sleep")];
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| source.is_test()) {
        let lines: Vec<&str> = source.text.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            let before = &lines[number.saturating_sub(4)..number];
            let waits = before.iter().any(|line| line.contains("deadline"));
            if words.iter().any(|word| line.contains(word.as_str())) && !waits {
                found.push(source.at(number));
            }
        }
    }
    nowhere("sleeps", found);
}

#[test]
fn every_crate_takes_the_lints_and_versions_of_the_workspace() {
    let mut manifests = Vec::new();
    let workspace = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let members = workspace.split_once("members = [").unwrap().1.split_once(']').unwrap().0;
    let members: Vec<&str> = members.split('"').skip(1).step_by(2).collect();
    assert!(members.contains(&"agent/wire"), "{members:?}");
    for folder in members.into_iter().chain([""]) {
        let path = root().join(folder).join("Cargo.toml");
        let text = fs::read_to_string(&path).unwrap();
        let lints = text.contains("[lints]\nworkspace = true");
        let own_versions = text
            .split("\n[")
            .filter(|section| {
                section.starts_with("dependencies]") || section.starts_with("dev-dependencies]")
            })
            .flat_map(str::lines)
            .any(|line| line.contains(" = \"") || line.contains("version ="));
        if !lints || own_versions {
            manifests.push(path.display().to_string());
        }
    }
    nowhere("goes its own way", manifests);
}

/// Fails with every test that a table of this page names and that does not exist.
fn names_tests_that_exist(page: &str, least: usize) {
    let text = fs::read_to_string(root().join(page)).unwrap();
    let rows: Vec<_> = text.lines().filter(|line| line.starts_with("| ") && line.ends_with("` |")).collect();
    assert!(rows.len() >= least, "the table of {page} was not found");
    let sources = sources();
    let is_there = |test: &str| {
        let head = format!("fn {test}()");
        sources.iter().any(|source| source.text.contains(&head))
    };
    let named = rows.iter().flat_map(|line| line.split('`').skip(1).step_by(2));
    nowhere("no such test", named.filter(|test| !is_there(test)).map(str::to_owned).collect());
}

#[test]
fn every_promise_of_the_readme_names_tests_that_exist() {
    names_tests_that_exist("README.md", 10);
}

#[test]
fn every_group_of_attacks_names_tests_that_exist() {
    names_tests_that_exist("tests/ATTACKS.md", 20);
}
