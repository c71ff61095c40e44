//! The commands as a user types them, on real files.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use clap::Parser;
use tempfile::TempDir;

use super::{FilterError, KeygenArgs, SealArgs, UnsealArgs, run_keygen, run_seal, run_unseal};

#[derive(Parser)]
enum Command {
    Seal(SealArgs),
    Unseal(UnsealArgs),
    Keygen(KeygenArgs),
}

/// Runs one command line, whose words hold no spaces.
fn run(line: &str) -> Result<(), FilterError> {
    match Command::parse_from(format!("airhatch-agent {line}").split_whitespace()) {
        Command::Seal(arguments) => run_seal(&arguments),
        Command::Unseal(arguments) => run_unseal(&arguments),
        Command::Keygen(arguments) => run_keygen(&arguments),
    }
}

fn exit_code(line: &str) -> u8 {
    run(line).unwrap_err().exit_code()
}

/// A folder with a key of each kind, a plain file, and that file sealed to the first key.
struct Place {
    folder: TempDir,
    recipient: String,
    classic: String,
}

impl Place {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().display();
        run(&format!("keygen -o {path}/key")).unwrap();
        run(&format!("keygen --x25519 -o {path}/classic")).unwrap();
        let public = |name: &str| {
            let text = fs::read_to_string(folder.path().join(name)).unwrap();
            text.lines().next().unwrap().strip_prefix("# public key: ").unwrap().to_owned()
        };
        let (recipient, classic) = (public("key"), public("classic"));
        fs::write(folder.path().join("plain"), content()).unwrap();
        run(&format!("seal -r {recipient} -o {path}/sealed {path}/plain")).unwrap();
        Self { folder, recipient, classic }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn shown(&self) -> std::path::Display<'_> {
        self.folder.path().display()
    }

    /// The names of everything in the folder.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn content() -> Vec<u8> {
    (0..200_000).map(|index| (index % 251) as u8).collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn what_was_sealed_opens_for_every_recipient() {
    let place = Place::new();
    let path = place.shown();
    run(&format!("keygen -o {path}/other")).unwrap();
    let other = fs::read_to_string(place.path("other")).unwrap();
    let other = other.lines().next().unwrap().strip_prefix("# public key: ").unwrap();
    run(&format!("seal -r {} -r {other} -o {path}/both {path}/plain", place.recipient)).unwrap();
    for key in ["key", "other"] {
        run(&format!("unseal -i {path}/{key} -o {path}/opened {path}/both")).unwrap();
        assert!(fs::read(place.path("opened")).unwrap() == content(), "{key}");
    }
    run(&format!("seal -r {} -o {path}/old {path}/plain", place.classic)).unwrap();
    run(&format!("unseal -i {path}/key -i {path}/classic -o {path}/opened {path}/old")).unwrap();
    assert!(fs::read(place.path("opened")).unwrap() == content());
}

#[test]
fn a_damaged_file_gives_exit_code_7_and_leaves_no_output() {
    let place = Place::new();
    let path = place.shown();
    let sealed = fs::read(place.path("sealed")).unwrap();
    let before = place.names();
    for (at, length) in
        [(40, sealed.len()), (sealed.len() - 1, sealed.len()), (0, 0), (0, 500), (40, 150_000)]
    {
        let mut damaged = sealed[..length].to_vec();
        if let Some(byte) = damaged.get_mut(at) {
            *byte ^= 1;
        }
        fs::write(place.path("sealed"), damaged).unwrap();
        assert_eq!(exit_code(&format!("unseal -i {path}/key -o {path}/opened {path}/sealed")), 7);
        assert_eq!(place.names(), before);
    }
}

#[test]
fn a_failure_leaves_an_older_output_as_it_was() {
    let place = Place::new();
    let path = place.shown();
    fs::write(place.path("opened"), "older").unwrap();
    let sealed = fs::read(place.path("sealed")).unwrap();
    fs::write(place.path("sealed"), &sealed[..150_000]).unwrap();
    assert_eq!(exit_code(&format!("unseal -i {path}/key -o {path}/opened {path}/sealed")), 7);
    assert_eq!(fs::read_to_string(place.path("opened")).unwrap(), "older");
}

#[test]
fn the_wrong_identity_gives_exit_code_7() {
    let place = Place::new();
    let path = place.shown();
    assert_eq!(exit_code(&format!("unseal -i {path}/classic -o {path}/opened {path}/sealed")), 7);
    assert!(!place.path("opened").exists());
}

#[test]
fn missing_files_give_exit_code_9() {
    let place = Place::new();
    let path = place.shown();
    assert_eq!(exit_code(&format!("seal -r {} -o {path}/out {path}/absent", place.recipient)), 9);
    assert_eq!(exit_code(&format!("unseal -i {path}/absent -o {path}/out {path}/sealed")), 9);
    assert_eq!(exit_code(&format!("unseal -i {path}/key -o {path}/out {path}/absent")), 9);
    assert!(!place.path("out").exists());
}

#[test]
fn unusable_arguments_give_exit_code_2() {
    let place = Place::new();
    let path = place.shown();
    let Place { recipient, classic, .. } = &place;
    let cut = &recipient[..100];
    assert_eq!(exit_code(&format!("seal -r {cut} -o {path}/out {path}/plain")), 2);
    assert_eq!(exit_code(&format!("seal -r {recipient} -r {classic} -o {path}/out {path}/plain")), 2);
    assert_eq!(exit_code(&format!("unseal -i {path}/empty -o {path}/out {path}/sealed")), 9);
    fs::write(place.path("empty"), "# nothing here\n").unwrap();
    assert_eq!(exit_code(&format!("unseal -i {path}/empty -o {path}/out {path}/sealed")), 2);
    assert!(!place.path("out").exists());
}

#[test]
fn an_output_that_cannot_be_made_gives_exit_code_1() {
    let place = Place::new();
    let path = place.shown();
    for bad in ["absent/out", ".", "plain/out"] {
        assert_eq!(
            exit_code(&format!("seal -r {} -o {path}/{bad} {path}/plain", place.recipient)),
            1,
            "{bad}"
        );
    }
}

#[test]
fn a_key_file_is_for_its_owner_alone_and_never_replaced() {
    let place = Place::new();
    let before = fs::read(place.path("key")).unwrap();
    assert_eq!(mode(&place.path("key")), 0o600);
    assert_eq!(exit_code(&format!("keygen -o {}/key", place.shown())), 13);
    assert_eq!(fs::read(place.path("key")).unwrap(), before);
}

#[test]
fn a_private_file_stays_private_when_it_is_replaced() {
    let place = Place::new();
    let path = place.shown();
    fs::write(place.path("opened"), "older").unwrap();
    fs::set_permissions(place.path("opened"), fs::Permissions::from_mode(0o600)).unwrap();
    run(&format!("unseal -i {path}/key -o {path}/opened {path}/sealed")).unwrap();
    assert_eq!(mode(&place.path("opened")), 0o600);
    assert!(fs::read(place.path("opened")).unwrap() == content());
}

#[test]
fn an_output_may_be_a_link_or_a_device() {
    let place = Place::new();
    let path = place.shown();
    fs::write(place.path("target"), "older").unwrap();
    symlink("target", place.path("link")).unwrap();
    run(&format!("unseal -i {path}/key -o {path}/link {path}/sealed")).unwrap();
    assert!(place.path("link").is_symlink());
    assert!(fs::read(place.path("target")).unwrap() == content());
    run(&format!("unseal -i {path}/key -o /dev/null {path}/sealed")).unwrap();
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
}

#[test]
fn a_file_can_be_sealed_onto_itself() {
    let place = Place::new();
    let path = place.shown();
    run(&format!("seal -r {} -o {path}/plain {path}/plain", place.recipient)).unwrap();
    run(&format!("unseal -i {path}/key -o {path}/plain {path}/plain")).unwrap();
    assert!(fs::read(place.path("plain")).unwrap() == content());
}
