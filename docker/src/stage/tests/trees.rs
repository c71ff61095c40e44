//! Whole folders: what of them is staged, what is skipped, what is left out, what makes the whole be refused.

use std::collections::BTreeMap;
use std::os::unix::net::UnixListener;
use std::process::Command;

use airhatch_wire::warden::Why;

use super::*;

impl World {
    fn stage_choosing(&self, path: &Path, excludes: &[&str], gitignore: bool) -> Result<Staged, StageError> {
        let choice =
            Choice { excludes: excludes.iter().map(|&pattern| pattern.to_owned()).collect(), gitignore };
        let order = Order { paths: &[path.to_owned()], choice: &choice, stream: None };
        stage(&self.home, &self.folders, order, Meter::new(&AtomicBool::new(false), &mut |_, _| {}))
    }

    /// Everything in a stage: files with their content, folders with `None`.
    fn tree(&self, staged: &Staged) -> BTreeMap<String, Option<String>> {
        let mut found = BTreeMap::new();
        gather(&self.folders.stage(staged.stage), "", &mut found);
        found
    }

    fn paths(&self, staged: &Staged) -> Vec<String> {
        self.tree(staged).into_keys().collect()
    }
}

fn gather(folder: &Path, under: &str, found: &mut BTreeMap<String, Option<String>>) {
    for name in names_in(folder) {
        let (path, shown) = (folder.join(&name), format!("{under}{name}"));
        if path.is_dir() {
            gather(&path, &format!("{shown}/"), found);
            found.insert(shown, None);
        } else {
            found.insert(shown, Some(fs::read_to_string(&path).unwrap()));
        }
    }
}

fn skipped(world: &World, staged: &Staged) -> Vec<(String, Why)> {
    let inside = |bytes: &[u8]| {
        let path = Path::new(std::ffi::OsStr::from_bytes(bytes));
        path.strip_prefix(&world.files).unwrap().to_str().unwrap().to_owned()
    };
    staged.skipped.first.iter().map(|thing| (inside(&thing.path), thing.why)).collect()
}

#[test]
fn a_folder_arrives_with_all_that_is_in_it() {
    let world = world();
    for (path, content) in [("d/a", "one"), ("d/b/c/deep", "two"), ("d/b/empty file", ""), ("d/z", "three")] {
        world.file(path, content.as_bytes());
    }
    fs::create_dir_all(world.files.join("d/empty/within")).unwrap();
    fs::set_permissions(world.files.join("d/a"), fs::Permissions::from_mode(0o755)).unwrap();
    let then = SystemTime::UNIX_EPOCH + Duration::new(1_000_000_000, 5_000_000);
    File::open(world.files.join("d/b")).unwrap().set_modified(then).unwrap();
    fs::set_permissions(world.files.join("d/b"), fs::Permissions::from_mode(0o555)).unwrap();
    let staged = world.stage(&[world.files.join("d")]).unwrap();
    assert_eq!((staged.files, staged.folders, staged.bytes, staged.skipped.count), (4, 5, 11, 0));
    assert_eq!(
        world.paths(&staged),
        ["d", "d/a", "d/b", "d/b/c", "d/b/c/deep", "d/b/empty file", "d/empty", "d/empty/within", "d/z"]
    );
    let at = |path: &str| fs::metadata(world.folders.stage(staged.stage).join(path)).unwrap();
    assert_eq!(at("d/b").modified().unwrap(), then);
    assert_eq!((at("d/b").mode() & 0o7777, at("d/a").mode() & 0o7777), (0o700, 0o500));
    release(&world.folders, staged.stage).unwrap();
    assert_eq!(world.outbox(), [] as [String; 0]);
    fs::set_permissions(world.files.join("d/b"), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn folders_are_named_by_links_dots_and_twice() {
    let world = world();
    world.file("d/f", b"x");
    let link = world.files.join("link");
    symlink(world.files.join("d"), &link).unwrap();
    let staged = world.stage(&[link, world.files.join("d/."), world.files.join("d")]).unwrap();
    assert_eq!(world.paths(&staged), ["d", "d (2)", "d (2)/f", "d/f", "link", "link/f"]);
    let above = world.stage(&[world.files.join("d/..")]).unwrap();
    assert_eq!(world.paths(&above), ["files", "files/d", "files/d/f"]);
    assert_eq!(above.skipped.count, 1);
}

#[test]
fn what_cannot_be_sent_is_skipped_and_told() {
    let world = world();
    world.file("d/file", b"x");
    let inside = |name: &str| world.files.join("d").join(name);
    symlink("file", inside("link")).unwrap();
    symlink("/etc", inside("link to a folder")).unwrap();
    assert!(Command::new("mkfifo").arg(inside("pipe")).status().unwrap().success());
    let _listener = UnixListener::bind(inside("socket")).unwrap();
    let staged = world.stage(&[world.files.join("d")]).unwrap();
    assert_eq!(world.paths(&staged), ["d", "d/file"]);
    let told =
        [("link", Why::Link), ("link to a folder", Why::Link), ("pipe", Why::Pipe), ("socket", Why::Socket)];
    assert_eq!(skipped(&world, &staged), told.map(|(name, why)| (format!("d/{name}"), why)));
    assert_eq!(staged.skipped.count, 4);
    for n in 0..150 {
        symlink("nowhere", inside(&format!("more {n}"))).unwrap();
    }
    let staged = world.stage(&[world.files.join("d")]).unwrap();
    assert_eq!((staged.skipped.count, staged.skipped.first.len()), (154, 100));
}

#[test]
fn what_this_user_may_not_read_is_skipped_inside_a_folder() {
    let world = world();
    let (file, folder) = (world.file("d/secret", b"x"), world.files.join("d/closed"));
    world.file("d/closed/f", b"x");
    let close = |mode| {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
    };
    close(0);
    if File::open(&file).is_ok() {
        eprintln!("SKIPPED: this user may read everything");
        return;
    }
    let staged = world.stage(&[world.files.join("d")]).unwrap();
    close(0o700);
    assert_eq!(world.paths(&staged), ["d"]);
    let told = ["d/closed", "d/secret"].map(|path| (path.to_owned(), Why::Unreadable));
    assert_eq!(skipped(&world, &staged), told);
}

#[test]
fn what_is_excluded_stays_with_all_that_is_in_it() {
    let world = world();
    for path in ["p/a.rs", "p/a.tmp", "p/target/x", "p/sub/b.tmp", "p/sub/target/y", "p/sub/b.rs"] {
        world.file(path, b"x");
    }
    let staged = world.stage_choosing(&world.files.join("p"), &["*.tmp", "/target"], false).unwrap();
    assert_eq!(
        world.paths(&staged),
        ["p", "p/a.rs", "p/sub", "p/sub/b.rs", "p/sub/target", "p/sub/target/y"]
    );
    assert_eq!(staged.skipped.count, 0);
    let named = world.stage_choosing(&world.files.join("p/a.tmp"), &["*.tmp"], false).unwrap();
    assert_eq!(named.files, 1, "what was named itself goes");
}

#[test]
fn gitignore_files_count_only_when_wanted_and_the_nearest_decides() {
    let world = world();
    for (path, content) in [
        (".gitignore", "p/\n"),
        ("p/.gitignore", "*.log\n/build/\n# a comment\n"),
        ("p/.git/config", "x"),
        ("p/a.log", "x"),
        ("p/build/x", "x"),
        ("p/sub/build/x", "x"),
        ("p/sub/.gitignore", "!keep.log\nown\n"),
        ("p/sub/keep.log", "x"),
        ("p/sub/other.log", "x"),
        ("p/sub/own", "x"),
        ("p/own", "x"),
    ] {
        world.file(path, content.as_bytes());
    }
    let p = world.files.join("p");
    let staged = world.stage_choosing(&p, &[], true).unwrap();
    let kept = [
        "p",
        "p/.gitignore",
        "p/own",
        "p/sub",
        "p/sub/.gitignore",
        "p/sub/build",
        "p/sub/build/x",
        "p/sub/keep.log",
    ];
    assert_eq!(world.paths(&staged), kept);
    assert_eq!(world.stage_choosing(&p, &[], false).unwrap().files, 10);
    let more = world.stage_choosing(&p, &["keep.log", "build"], true).unwrap();
    assert_eq!(world.paths(&more), ["p", "p/.gitignore", "p/own", "p/sub", "p/sub/.gitignore"]);
}

#[test]
fn a_folder_that_holds_an_account_is_refused_unless_that_is_excluded() {
    let world = world();
    let root = world.files.parent().unwrap().to_owned();
    fs::write(world.folders.agent().join("vault"), "keys").unwrap();
    for path in
        [&root, &root.join("home"), &root.join("home/accounts"), &world.folders.root, &world.folders.agent()]
    {
        match world.stage(&[path]) {
            Err(StageError::Protected(what)) => assert!(what.starts_with(path), "{}", what.display()),
            other => panic!("{}: {other:?}", path.display()),
        }
    }
    assert_eq!(world.outbox(), [] as [String; 0]);
    let staged = world.stage_choosing(&root, &["/home"], false).unwrap();
    assert!(world.paths(&staged).iter().all(|path| !path.contains("vault")));
    let elsewhere = super::world();
    let outcome = world.stage(&[elsewhere.files.parent().unwrap()]);
    assert!(matches!(outcome, Err(StageError::Protected(_))), "another home: {outcome:?}");
}

#[test]
fn a_hard_link_to_a_key_deep_in_a_folder_makes_the_whole_be_refused() {
    let world = world();
    let vault = world.folders.agent().join("vault");
    fs::write(&vault, "keys").unwrap();
    world.file("d/e/innocent", b"x");
    for name in ["d/e/holiday.jpg", "d/.gitignore"] {
        let link = world.files.join(name);
        fs::hard_link(&vault, &link).unwrap();
        let outcome = world.stage_choosing(&world.files.join("d"), &[], true);
        assert!(matches!(outcome, Err(StageError::Protected(what)) if what == link));
        fs::remove_file(link).unwrap();
    }
    let state = world.file("d/volumes/airhatch-agent-ann-example-org-00c0ffee-state/_data/x", b"keys");
    let outcome = world.stage(&[world.files.join("d")]);
    assert!(matches!(&outcome, Err(StageError::Protected(what)) if state.starts_with(what)), "{outcome:?}");
}

#[test]
fn the_whole_root_is_never_staged() {
    let world = world();
    assert!(world.stage(&[Path::new("/")]).is_err());
    assert_eq!(world.outbox(), [] as [String; 0]);
}

#[test]
fn a_name_below_that_must_not_travel_is_refused_before_anything_is_copied() {
    let world = world();
    world.file("d/a", b"x");
    for name in [&b"bad\xff"[..], b"a\nb", b".incoming", b"trailing "] {
        let bad = world.files.join("d").join(std::ffi::OsStr::from_bytes(name));
        fs::write(&bad, "x").unwrap();
        let mut told = false;
        let outcome =
            world.stage_telling(&[world.files.join("d")], &AtomicBool::new(false), &mut |_, _| told = true);
        assert!(matches!(outcome, Err(StageError::Name { .. } | StageError::Refused { .. })), "{outcome:?}");
        assert!(!told);
        fs::remove_file(bad).unwrap();
    }
    world.file("d/A", b"x");
    let outcome = world.stage(&[world.files.join("d")]);
    assert!(matches!(&outcome, Err(StageError::Twins { other, .. }) if other == "A"), "{outcome:?}");
    let mut deep = world.files.join("deep");
    for _ in 0..63 {
        deep.push("d");
    }
    fs::create_dir_all(&deep).unwrap();
    assert_eq!(world.stage(&[world.files.join("deep")]).unwrap().folders, 64);
    fs::create_dir(deep.join("d")).unwrap();
    let outcome = world.stage(&[world.files.join("deep")]);
    assert!(matches!(outcome, Err(StageError::Refused { .. })), "{outcome:?}");
}

#[test]
fn a_cancelled_tree_leaves_nothing_and_progress_grows_to_the_total() {
    let world = world();
    for n in 0..50 {
        world.file(&format!("d/{}/{n}", n % 5), &[7; 1000]);
    }
    let cancelled = AtomicBool::new(false);
    let mut told = Vec::new();
    let outcome = world.stage_telling(&[world.files.join("d")], &cancelled, &mut |copied, total| {
        told.push((copied, total));
        cancelled.store(copied > 20_000, Ordering::Relaxed);
    });
    assert!(matches!(outcome, Err(StageError::Cancelled)));
    assert!(told.iter().all(|(copied, total)| *copied < 25_000 && *total == 50_000), "{told:?}");
    assert_eq!(world.outbox(), [] as [String; 0]);
}
