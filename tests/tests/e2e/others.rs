//! Other users of the same machine: what an account keeps is closed to them, however loose the user's own umask is.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use airhatch_tests::{Front, World, can_be_another_user, program};

const STRANGER: u32 = 65534;

/// Runs `airhatch` in a home that is not there yet, with a umask that hides nothing.
fn carelessly(user: &Front, home: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("sh");
    command.args(["-c", "umask 000; exec \"$@\"", "sh"]).arg(program("airhatch")).args(arguments);
    command.env_clear().envs(user.variables()).env("AIRHATCH_HOME", home);
    let output = command.output().unwrap();
    assert!(output.status.success(), "airhatch {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Every file and folder in `folder`, itself included.
fn tree(folder: &Path) -> Vec<PathBuf> {
    let mut all = vec![folder.to_owned()];
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            all.extend(tree(&entry.path()));
        } else {
            all.push(entry.path());
        }
    }
    all
}

#[tokio::test]
async fn what_an_account_keeps_is_closed_to_others_whatever_the_umask() {
    let world = World::new().await;
    let ann = world.front("ann");
    let home = ann.home().join("fresh");
    let (address, fingerprint) =
        (world.authority.address.to_string(), world.authority.fingerprint.to_string());
    let (phrase, paper) = (ann.passphrase_file(), ann.file("paper.txt", b"for your eyes"));
    for email in ["ann@example.org", "ben@example.org"] {
        let ca = ["--ca", &address, "--ca-fingerprint", &fingerprint, "--passphrase-file", &phrase];
        carelessly(&ann, &home, &[&["account", "create", email][..], &ca].concat());
    }
    let as_ann = ["--account", "ann@example.org"];
    let as_ben = ["--account", "ben@example.org"];
    carelessly(&ann, &home, &[&as_ann[..], &["contact", "add", "ben@example.org"]].concat());
    carelessly(&ann, &home, &[&as_ben[..], &["contact", "add", "ann@example.org"]].concat());
    carelessly(&ann, &home, &[&as_ben[..], &["policy", "verified=1MiB"]].concat());
    carelessly(&ann, &home, &[&as_ben[..], &["contact", "verify", "ann@example.org", "--yes"]].concat());
    carelessly(&ann, &home, &[&as_ann[..], &["send", "ben@example.org", &paper, "--wait"]].concat());
    assert!(home.join("Airhatch/ben@example.org/paper.txt").is_file());

    let all = tree(&home);
    let kept =
        ["accounts/ann@example.org/control/control.sock", "accounts/ann@example.org/agent/state/vault"];
    for file in kept {
        assert!(all.contains(&home.join(file)), "{file} is not among {all:?}");
    }
    let open =
        all.iter().filter(|path| std::fs::symlink_metadata(path).unwrap().permissions().mode() & 0o077 != 0);
    assert_eq!(open.collect::<Vec<_>>(), Vec::<&PathBuf>::new());
}

#[tokio::test]
async fn another_user_reads_no_list_no_inbox_and_reaches_no_agent() {
    if !can_be_another_user() {
        return;
    }
    let world = World::new().await;
    let ann = world.front("ann");
    ann.settle(&world.authority, "ann@example.org").await;
    // The way up to the home is open, as it is in /home.
    for folder in ann.home().ancestors().take_while(|folder| folder.starts_with(world.path())) {
        std::fs::set_permissions(folder, PermissionsExt::from_mode(0o755)).unwrap();
    }
    let stranger = |words: &[&str]| -> Output {
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).uid(STRANGER).gid(STRANGER).current_dir("/").output().unwrap()
    };
    assert!(stranger(&["ls", &ann.path("")]).status.success(), "the way to the home is closed already");
    let account = ann.path("accounts/ann@example.org");
    for closed in [ann.path("accounts"), ann.path("Airhatch/ann@example.org"), account.clone()] {
        let listed = stranger(&["ls", &closed]);
        assert!(!listed.status.success(), "{closed}: {listed:?}");
    }
    let agent = program("airhatch-agent").into_os_string().into_string().unwrap();
    let called = stranger(&[&agent, "healthcheck", "--home", &account]);
    assert_eq!(called.status.code(), Some(1), "{called:?}");
    let owner = Command::new(&agent).args(["healthcheck", "--home", &account]).output().unwrap();
    assert!(owner.status.success(), "{owner:?}");
}
