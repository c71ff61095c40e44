#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::*;
use crate::tiny_disk::TinyDisk;

/// As little work as Argon2 allows: what is tested here is not its strength.
const CHEAP: Cost = Cost { memory: 8, passes: 1, lanes: 1 };

fn vault(dir: &Path) -> Vault {
    Vault { files: Files::new(dir.to_owned()), cost: CHEAP }
}

fn secrets() -> Secrets {
    Secrets {
        identity_seed: Zeroizing::new([1; 32]),
        seal_seed: Zeroizing::new([2; 32]),
        store_key: Zeroizing::new([3; 32]),
        email: "ann@example.org".parse().unwrap(),
        authority: "ca.example.org:7400".parse().unwrap(),
        authority_certificate: vec![0x30; 400],
    }
}

/// A vault with the passphrase `right`, and its two files.
fn made() -> (tempfile::TempDir, Vault, PathBuf, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(dir.path());
    vault.create(&secrets(), "right").unwrap();
    let (current, spare) = (dir.path().join("vault"), dir.path().join("vault.previous"));
    (dir, vault, current, spare)
}

#[test]
fn a_vault_gives_back_what_was_put_in_at_the_full_cost() {
    let dir = tempfile::tempdir().unwrap();
    let vault = Vault::new(dir.path().join("state"));
    assert!(!vault.exists());
    assert!(matches!(vault.open("pässword"), Err(VaultError::Missing)));
    vault.create(&secrets(), "pässword").unwrap();
    assert!(vault.exists());
    assert!(vault.open("pässword").unwrap() == secrets());
    assert!(matches!(vault.open("password"), Err(VaultError::WrongPassphrase)));
    let header = fs::read(dir.path().join("state").join("vault")).unwrap();
    assert_eq!(header[8..20], [0, 1, 0, 0, 0, 0, 0, 3, 0, 0, 0, 1], "64 MiB, three passes, one lane");
}

#[test]
fn a_second_vault_is_not_made_over_the_first() {
    let (_dir, vault, current, _) = made();
    assert!(matches!(vault.create(&secrets(), "other"), Err(VaultError::Exists)));
    fs::remove_file(current).unwrap();
    assert!(matches!(vault.create(&secrets(), "other"), Err(VaultError::Exists)), "the spare counts");
    assert!(vault.open("right").is_ok());
}

#[test]
fn every_length_short_of_the_whole_is_damage_and_the_spare_serves() {
    let (_dir, vault, current, spare) = made();
    let whole = fs::read(&current).unwrap();
    for length in 0..whole.len() {
        fs::write(&current, &whole[..length]).unwrap();
        assert!(vault.open("right").is_ok(), "{length}: the spare serves");
        assert_eq!(fs::read(&current).unwrap(), whole, "{length}: the vault is mended");
        for path in [&current, &spare] {
            fs::write(path, &whole[..length]).unwrap();
        }
        assert!(matches!(vault.open("right"), Err(VaultError::Damaged)), "{length} of {}", whole.len());
        fs::write(&spare, &whole).unwrap();
    }
}

#[test]
fn every_flipped_bit_is_damage_never_a_wrong_passphrase() {
    let (_dir, vault, current, spare) = made();
    let whole = fs::read(&current).unwrap();
    fs::remove_file(spare).unwrap();
    for bit in 0..whole.len() * 8 {
        let mut bent = whole.clone();
        bent[bit / 8] ^= 1 << (bit % 8);
        fs::write(&current, bent).unwrap();
        assert!(matches!(vault.open("right"), Err(VaultError::Damaged)), "bit {bit}");
    }
}

#[test]
fn what_follows_the_end_is_damage_too() {
    let (_dir, vault, current, spare) = made();
    fs::remove_file(spare).unwrap();
    for extra in [1, 100, 1 << 20] {
        let mut bytes = fs::read(&current).unwrap();
        bytes.resize(bytes.len() + extra, 0);
        fs::write(&current, bytes).unwrap();
        assert!(matches!(vault.open("right"), Err(VaultError::Damaged)), "{extra}");
    }
}

#[test]
fn a_header_that_asks_for_unbearable_work_is_damage_though_its_checksum_is_right() {
    let (_dir, vault, current, spare) = made();
    fs::remove_file(spare).unwrap();
    let whole = fs::read(&current).unwrap();
    for (at, number) in [(8, u32::MAX), (8, 256 * 1024 + 1), (8, 7), (12, 0), (12, 17), (16, 0), (16, 5)] {
        let mut content = whole[..whole.len() - 32].to_vec();
        content[at..at + 4].copy_from_slice(&number.to_be_bytes());
        let sum = openssl::sha::sha256(&content);
        fs::write(&current, [content.as_slice(), &sum].concat()).unwrap();
        assert!(matches!(vault.open("right"), Err(VaultError::Damaged)), "{number} at {at}");
    }
}

#[test]
fn a_wrong_passphrase_is_not_tried_on_the_spare() {
    let (dir, vault, current, spare) = made();
    let old_generation = fs::read(&spare).unwrap();
    vault.rewrap("right", "new").unwrap();
    // What a restored backup would do.
    fs::write(&spare, old_generation).unwrap();
    assert!(matches!(vault.open("right"), Err(VaultError::WrongPassphrase)));
    assert!(vault.open("new").is_ok());
    assert_eq!(fs::read(&spare).unwrap(), fs::read(&current).unwrap(), "opening mends the spare");
    drop(dir);
}

#[test]
fn after_a_change_the_old_passphrase_opens_no_file() {
    let (dir, vault, current, spare) = made();
    let before = fs::read(&current).unwrap();
    assert!(matches!(vault.rewrap("wrong", "new"), Err(VaultError::WrongPassphrase)));
    assert_eq!(fs::read(&current).unwrap(), before);
    vault.rewrap("right", "new").unwrap();
    assert!(vault.open("new").unwrap() == secrets());
    for missing in [&current, &spare] {
        let bytes = fs::read(missing).unwrap();
        assert_ne!(bytes[20..36], before[20..36], "the salt is new");
        fs::remove_file(missing).unwrap();
        assert!(matches!(vault.open("right"), Err(VaultError::WrongPassphrase)));
        assert!(vault.open("new").is_ok());
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
}

#[test]
fn a_change_begun_with_a_damaged_vault_never_leaves_only_damage() {
    let (_dir, vault, current, _) = made();
    fs::write(&current, b"damage").unwrap();
    vault.rewrap("right", "new").unwrap();
    assert!(vault.open("new").is_ok());
}

#[test]
fn a_change_killed_at_any_point_leaves_one_passphrase_that_opens() {
    // The states that the steps of `rewrap` go through, each made by hand.
    let (_, _, old_path, _) = &made();
    let old = fs::read(old_path).unwrap();
    let new = sealed::seal(&secrets(), "new", CHEAP).unwrap();
    let half = &new[..new.len() / 2];
    type State<'a> = (Option<&'a [u8]>, Option<&'a [u8]>, Option<&'a [u8]>, &'a str, &'a str);
    let states: [State<'_>; 8] = [
        (Some(&old), Some(&old), None, "right", "new"),
        (Some(&old), None, None, "right", "new"),
        (Some(&old), None, Some(half), "right", "new"),
        (Some(&old), None, Some(&new), "right", "new"),
        (Some(&new), None, None, "new", "right"),
        (Some(&new), None, Some(half), "new", "right"),
        (Some(&new), None, Some(&new), "new", "right"),
        (Some(&new), Some(&new), None, "new", "right"),
    ];
    for (number, (current, spare, unfinished, opens, does_not)) in states.into_iter().enumerate() {
        let dir = tempfile::tempdir().unwrap();
        let files = [("vault", current), ("vault.previous", spare), ("vault.new", unfinished)];
        for (name, bytes) in files {
            if let Some(bytes) = bytes {
                fs::write(dir.path().join(name), bytes).unwrap();
            }
        }
        let vault = vault(dir.path());
        assert!(matches!(vault.open(does_not), Err(VaultError::WrongPassphrase)), "state {number}");
        assert!(vault.open(opens).unwrap() == secrets(), "state {number}");
        vault.rewrap(opens, "third").unwrap();
        assert!(vault.open("third").is_ok(), "state {number}");
        let mut names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["vault", "vault.previous"], "state {number}");
    }
}

#[test]
fn a_creation_killed_before_its_rename_leaves_no_vault() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("vault.new"), b"half a").unwrap();
    let vault = vault(dir.path());
    assert!(!vault.exists());
    vault.create(&secrets(), "right").unwrap();
    assert!(vault.open("right").is_ok());
}

#[test]
fn a_destroyed_vault_leaves_no_file_and_destroying_nothing_is_fine() {
    let (dir, vault, ..) = made();
    fs::write(dir.path().join("vault.new"), b"half a").unwrap();
    vault.destroy().unwrap();
    assert!(!vault.exists());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    vault.destroy().unwrap();
    Vault::new(dir.path().join("never").join("made")).destroy().unwrap();
}

#[test]
fn files_are_for_this_user_only_whatever_the_umask() {
    let dir = tempfile::tempdir().unwrap();
    // The umask is the whole process's: under 077 this could not fail, so a process of its own has 000.
    let program = std::env::current_exe().unwrap();
    let status = std::process::Command::new("sh")
        .args(["-c", "umask 000 && exec \"$0\" \"$@\""])
        .arg(program)
        .args(["--exact", "vault::tests::makes_a_vault_for_the_test_of_rights", "--ignored"])
        .stdout(std::process::Stdio::null())
        .env("AIRHATCH_TEST_FOLDER", dir.path().join("deep").join("state"))
        .status()
        .unwrap();
    assert!(status.success());
    let state = dir.path().join("deep").join("state");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(&state), 0o700);
    assert_eq!(mode(state.parent().unwrap()), 0o700);
    assert_eq!(mode(&state.join("vault")), 0o600);
    assert_eq!(mode(&state.join("vault.previous")), 0o600);
}

#[test]
#[ignore = "run by the test of rights, in a process with another umask"]
fn makes_a_vault_for_the_test_of_rights() {
    let Some(folder) = std::env::var_os("AIRHATCH_TEST_FOLDER") else { return };
    vault(Path::new(&folder)).create(&secrets(), "right").unwrap();
}

#[test]
fn no_secret_is_printed_or_readable_on_disk() {
    let (_dir, _, current, _) = made();
    assert_eq!(format!("{:?}", secrets()), "Secrets");
    let bytes = fs::read(current).unwrap();
    for secret in [&[1u8; 32], &[2; 32], &[3; 32]] {
        assert!(!bytes.windows(8).any(|window| window == &secret[..8]));
    }
    assert!(!bytes.windows(7).any(|window| window == b"example"));
}

#[test]
fn a_full_disk_is_told_and_the_old_vault_stands() {
    let Some(disk) = TinyDisk::mount(1) else { return };
    let vault = vault(disk.path());
    vault.create(&secrets(), "right").unwrap();
    // Without the spare, whose space the new generation would take.
    fs::remove_file(disk.path().join("vault.previous")).unwrap();
    let filling = disk.fill(0);
    assert!(matches!(vault.rewrap("right", "new"), Err(VaultError::DiskFull)));
    assert!(vault.open("right").is_ok());
    assert!(matches!(vault.open("new"), Err(VaultError::WrongPassphrase)));
    fs::remove_file(filling).unwrap();
    assert!(vault.open("right").is_ok());
    assert!(disk.path().join("vault.previous").exists());
    vault.rewrap("right", "new").unwrap();
    assert!(vault.open("new").is_ok());
}

#[test]
fn a_certificate_of_absurd_size_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let huge = Secrets { authority_certificate: vec![0; 100_000], ..secrets() };
    assert!(matches!(vault(dir.path()).create(&huge, "right"), Err(VaultError::TooLarge)));
    assert!(!vault(dir.path()).exists());
}
