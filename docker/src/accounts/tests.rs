//! Accounts on disk: what is found, made, completed, refused and removed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

struct World {
    _root: tempfile::TempDir,
    accounts: Accounts,
    home: Home,
}

fn world() -> World {
    let root = tempfile::tempdir().unwrap();
    let home = Home::open(&root.path().join("home"), &root.path().join("in")).unwrap();
    World { accounts: Accounts::open(home.clone()).unwrap(), home, _root: root }
}

fn email(text: &str) -> Email {
    text.parse().unwrap()
}

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

impl World {
    fn create(&self, account: &str) -> Result<Folders, AccountError> {
        self.accounts.create(&email(account), RuntimeKind::Process)
    }

    fn emails(&self) -> Vec<String> {
        self.accounts.list().unwrap().into_iter().map(|(folders, _)| folders.account.to_string()).collect()
    }
}

#[test]
fn a_new_account_is_found_and_has_private_folders() {
    let world = world();
    let folders = world.create("ann@example.org").unwrap();
    assert_eq!(world.accounts.find(&email("ann@example.org")).unwrap().1, RuntimeKind::Process);
    for folder in [&folders.root, &folders.outbox(), &folders.control(), &folders.inbox] {
        assert_eq!(mode(folder), 0o700, "{}", folder.display());
    }
    assert_eq!(mode(&folders.record()), 0o600);
}

#[test]
fn an_inbox_that_its_owner_shares_stays_shared() {
    let world = world();
    let inbox = world.home.folders(&email("ann@a"), RuntimeKind::Process).inbox;
    fs::create_dir_all(&inbox).unwrap();
    fs::set_permissions(&inbox, fs::Permissions::from_mode(0o755)).unwrap();
    world.create("ann@a").unwrap();
    assert_eq!(mode(&inbox), 0o755);
}

#[test]
fn accounts_are_listed_by_email() {
    let world = world();
    for account in ["zoe@a", "ann@b", "ann@a"] {
        world.create(account).unwrap();
    }
    assert_eq!(world.emails(), ["ann@a", "ann@b", "zoe@a"]);
}

#[test]
fn the_runtime_is_kept() {
    let world = world();
    world.accounts.create(&email("ann@a"), RuntimeKind::Container).unwrap();
    assert_eq!(world.accounts.find(&email("ann@a")).unwrap().1, RuntimeKind::Container);
}

#[test]
fn an_account_is_not_made_twice() {
    let world = world();
    world.create("ann@a").unwrap();
    assert!(matches!(world.create("ann@a"), Err(AccountError::Exists(_))));
}

#[test]
fn of_many_who_make_one_account_at_once_one_succeeds() {
    let world = world();
    let made = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..8).map(|_| scope.spawn(|| world.create("ann@a").is_ok())).collect();
        tries.into_iter().map(|t| t.join().unwrap()).filter(|made| *made).count()
    });
    assert_eq!(made, 1);
    let left: Vec<_> =
        fs::read_dir(world.home.folders(&email("ann@a"), RuntimeKind::Process).root).unwrap().collect();
    assert_eq!(left.len(), 3, "record, outbox, control and no temporary file: {left:?}");
}

#[test]
fn an_account_half_made_by_a_crash_is_completed() {
    let world = world();
    let folders = world.home.folders(&email("ann@a"), RuntimeKind::Process);
    fs::create_dir_all(folders.outbox()).unwrap();
    fs::set_permissions(&folders.root, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(world.emails().is_empty());
    assert!(matches!(world.accounts.find(&email("ann@a")), Err(AccountError::Missing(_))));
    world.create("ann@a").unwrap();
    assert_eq!(world.emails(), ["ann@a"]);
    assert_eq!(mode(&folders.root), 0o700);
}

#[test]
fn folders_that_are_no_accounts_are_skipped() {
    let world = world();
    let good = world.create("ann@a").unwrap();
    for name in ["no email", "Upper@Case.org", "ben@a", ".hidden@a"] {
        fs::create_dir(world.home.accounts().join(name)).unwrap();
    }
    fs::copy(good.record(), world.home.accounts().join("Upper@Case.org/account.toml")).unwrap();
    fs::write(world.home.accounts().join("file@a"), "").unwrap();
    assert_eq!(world.emails(), ["ann@a"]);
}

#[test]
fn a_record_that_cannot_be_read_is_neither_used_nor_overwritten() {
    for text in
        ["", "schema = 1", "schema = 2\nruntime = \"process\"", "schema = 1\nruntime = \"moon\"", "\u{0}"]
    {
        let world = world();
        let folders = world.create("ann@a").unwrap();
        fs::write(folders.record(), text).unwrap();
        let found = world.accounts.find(&email("ann@a"));
        assert!(matches!(found, Err(AccountError::Unreadable { .. })), "{text:?}: {found:?}");
        assert!(matches!(world.create("ann@a"), Err(AccountError::Unreadable { .. })), "{text:?}");
        assert_eq!(fs::read_to_string(folders.record()).unwrap(), text);
        let (remains, _) = world.accounts.find_remains(&email("ann@a")).unwrap();
        world.accounts.remove(&remains).unwrap();
        assert!(!folders.root.exists());
    }
}

#[test]
fn removing_takes_all_but_the_inbox_and_follows_no_link() {
    let world = world();
    let outside = world.home.root().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("precious"), "x").unwrap();
    let folders = world.create("ann@a").unwrap();
    fs::write(folders.inbox.join("received"), "x").unwrap();
    symlink(&outside, folders.outbox().join("link")).unwrap();
    world.accounts.remove(&folders).unwrap();
    assert_eq!(fs::read_dir(world.home.accounts()).unwrap().count(), 0);
    assert!(folders.inbox.join("received").exists());
    assert!(outside.join("precious").exists());
}

#[test]
fn a_removal_that_a_crash_interrupted_is_finished_later() {
    let world = world();
    let folders = world.create("ann@a").unwrap();
    fs::rename(&folders.root, world.home.accounts().join(format!("{REMOVED}00"))).unwrap();
    assert!(world.emails().is_empty());
    Accounts::open(world.home.clone()).unwrap();
    assert_eq!(fs::read_dir(world.home.accounts()).unwrap().count(), 0);
}

#[test]
fn an_account_that_is_not_there_cannot_be_removed() {
    assert!(matches!(world().accounts.find_remains(&email("ann@a")), Err(AccountError::Missing(_))));
}

#[test]
fn a_symbolic_link_in_place_of_a_folder_is_refused() {
    let world = world();
    symlink("/tmp", world.home.folders(&email("ann@a"), RuntimeKind::Process).root).unwrap();
    assert!(matches!(world.create("ann@a"), Err(AccountError::Io { .. })));
}

#[test]
fn an_account_that_moves_keeps_its_record_s_other_words() {
    let world = world();
    world.create("ann@a").unwrap();
    let ann = email("ann@a");
    let container = Container {
        name: "airhatch-agent-ann-00c0ffee".to_owned().try_into().unwrap(),
        port: 23456,
        image: None,
        wanted: true,
        bridged: false,
    };
    world.accounts.keep(&ann, container.clone()).unwrap();
    world.accounts.switch(&ann, RuntimeKind::Container).unwrap();
    assert_eq!(world.accounts.find(&ann).unwrap().1, RuntimeKind::Container);
    assert_eq!(world.accounts.container(&ann).unwrap(), Some(container));
    world.accounts.switch(&ann, RuntimeKind::Process).unwrap();
    world.accounts.forget_container(&ann).unwrap();
    assert_eq!(world.accounts.container(&ann).unwrap(), None);
    assert_eq!(world.accounts.find(&ann).unwrap().1, RuntimeKind::Process);
}

#[test]
fn a_record_of_before_bridges_is_read() {
    let world = world();
    let folders = world.create("ann@a").unwrap();
    let text =
        "schema = 1\nruntime = \"container\"\n\n[container]\nname = \"airhatch-agent-a-0\"\nport = 1\n";
    fs::write(folders.record(), text).unwrap();
    assert!(!world.accounts.container(&email("ann@a")).unwrap().unwrap().bridged);
}
