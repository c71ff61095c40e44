//! Homes as they should be, and with one thing open.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

struct Made {
    _folder: tempfile::TempDir,
    home: Home,
}

/// A home with one account, all of it private.
fn made() -> Made {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::inside(folder.path().canonicalize().unwrap().join("home"));
    let account = home.accounts().join("ann@example.org");
    let folders = ["agent/state", "outbox", "control"].map(|name| account.join(name));
    for folder in folders.iter().chain([&home.inbox_base().join("ann@example.org")]) {
        fs::create_dir_all(folder).unwrap();
    }
    for file in ["account.toml", "agent.log", "agent/state/vault", "control/control.sock"] {
        fs::write(account.join(file), "x").unwrap();
    }
    close(home.root());
    Made { _folder: folder, home }
}

fn close(folder: &Path) {
    set(folder, 0o700);
    for entry in fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() { close(&entry.path()) } else { set(&entry.path(), 0o600) }
    }
}

fn set(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

impl Made {
    fn of_account(&self, name: &str) -> PathBuf {
        self.home.accounts().join("ann@example.org").join(name)
    }

    /// The checks that did not hold.
    fn wrong(&self) -> Vec<Check> {
        let ours = |check: &Check| !check.name.starts_with("/tmp ");
        checks(&self.home).into_iter().filter(|check| check.verdict != Verdict::Held && ours(check)).collect()
    }
}

#[test]
fn a_private_home_holds_everywhere() {
    let made = made();
    assert_eq!(made.wrong(), []);
    let names: Vec<_> = checks(&made.home).into_iter().map(|check| check.name).collect();
    for part in ["write there", "list them", "keys", "sends", "control socket", "received", "above"] {
        assert!(names.iter().any(|name| name.contains(part)), "{part}: {names:?}");
    }
}

#[test]
fn what_others_can_open_is_told_with_the_line_to_type() {
    for (name, mode, mended) in [
        ("agent/state/vault", 0o644, "600"),
        ("agent/state", 0o755, "700"),
        ("agent", 0o750, "700"),
        ("agent.log", 0o640, "600"),
        ("account.toml", 0o604, "600"),
        ("outbox", 0o711, "700"),
        ("control", 0o710, "700"),
        ("control/control.sock", 0o666, "600"),
        ("", 0o701, "700"),
    ] {
        let made = made();
        set(&made.of_account(name), mode);
        let wrong = made.wrong();
        let [check] = wrong.as_slice() else { unreachable!("{name}: {wrong:?}") };
        assert_eq!(check.verdict, Verdict::Broken, "{name}");
        let path = made.of_account(name).display().to_string().trim_end_matches('/').to_owned();
        let command = check.command.clone().unwrap();
        assert_eq!(command.trim_end_matches('/'), format!("chmod {mended} {path}"));
        assert!(check.name.contains(&format!("{mode:04o}")), "{}", check.name);
    }
}

#[test]
fn a_home_may_be_listed_but_not_written() {
    let made = made();
    set(made.home.root(), 0o755);
    assert_eq!(made.wrong(), []);
    set(made.home.root(), 0o757);
    assert_eq!(made.wrong().first().unwrap().command.as_deref().unwrap().split(' ').nth(1), Some("go-w"));
    set(made.home.root(), 0o700);
    set(&made.home.accounts(), 0o755);
    assert!(made.wrong().first().unwrap().command.as_deref().unwrap().starts_with("chmod 700 "));
}

#[test]
fn received_files_may_be_shared_on_purpose_but_not_written() {
    let made = made();
    let inbox = made.home.inbox_base().join("ann@example.org");
    set(&inbox, 0o755);
    assert_eq!(made.wrong().iter().map(|check| check.verdict).collect::<Vec<_>>(), [Verdict::Weaker]);
    set(&inbox, 0o777);
    assert_eq!(made.wrong().iter().map(|check| check.verdict).collect::<Vec<_>>(), [Verdict::Broken]);
}

#[test]
fn a_link_in_the_place_of_a_folder_is_told() {
    let made = made();
    fs::remove_dir(made.of_account("outbox")).unwrap();
    symlink("/tmp", made.of_account("outbox")).unwrap();
    let wrong = made.wrong();
    assert!(wrong.first().unwrap().name.ends_with("is a symbolic link"), "{wrong:?}");
}

#[test]
fn a_home_that_is_not_there_yet_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let none = checks(&Home::inside(folder.path().join("none")));
    assert_eq!(none.iter().map(|check| check.verdict).collect::<Vec<_>>(), [Verdict::Fact]);
}

#[test]
fn somebody_elses_files_are_told() {
    if !geteuid().is_root() {
        eprintln!("skipped: only root can give files away");
        return;
    }
    let made = made();
    std::os::unix::fs::chown(made.of_account("agent/state/vault"), Some(1), Some(1)).unwrap();
    assert!(made.wrong().first().unwrap().name.contains("another user"));
    let made = self::made();
    std::os::unix::fs::chown(made.of_account("outbox"), Some(CONTAINERS_USER), Some(CONTAINERS_USER))
        .unwrap();
    assert_eq!(made.wrong(), []);
}
