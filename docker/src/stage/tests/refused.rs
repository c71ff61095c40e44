//! Every refusal: by what the path names, by whose it is, by what happens meanwhile.

use std::os::unix::net::UnixListener;
use std::process::Command;

use super::*;

#[test]
fn nothing_and_relative_paths_are_refused() {
    let world = world();
    assert!(matches!(world.stage::<&Path>(&[]), Err(StageError::Request(_))));
    for path in ["", "relative", "./x", "../x"] {
        assert!(matches!(world.refused(path), StageError::Request(_)), "{path:?}");
    }
}

#[test]
fn a_path_without_a_file_is_missing() {
    let world = world();
    let file = world.file("f", b"");
    let dangling = world.files.join("dangling");
    symlink("nowhere", &dangling).unwrap();
    for path in [&world.files.join("nothing"), &dangling, &file.join("below"), &file.join(".")] {
        assert!(matches!(world.refused(path), StageError::Missing(_)), "{}", path.display());
    }
}

#[test]
fn what_is_no_plain_file_is_named_for_what_it_is() {
    let world = world();
    let pipe = world.files.join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let socket = world.files.join("socket");
    let _listener = UnixListener::bind(&socket).unwrap();
    let engine = Path::new("/var/run/docker.sock");
    let engine = if engine.exists() { engine } else { &socket };
    for (path, kind) in [
        (engine, "a socket"),
        (Path::new("/proc/self"), "a folder that the kernel makes up when it is read"),
        (&pipe, "a pipe"),
        (&socket, "a socket"),
        (Path::new("/dev/null"), "a device"),
        (Path::new("/proc/self/environ"), "a file that the kernel makes up when it is read"),
    ] {
        match world.refused(path) {
            StageError::NotPlain { what, .. } => assert_eq!(what, kind, "{}", path.display()),
            other => panic!("{}: {other}", path.display()),
        }
    }
}

#[test]
fn a_loop_of_symbolic_links_cannot_be_read() {
    let world = world();
    let (a, b) = (world.files.join("a"), world.files.join("b"));
    symlink(&a, &b).unwrap();
    symlink(&b, &a).unwrap();
    assert!(matches!(world.refused(&a), StageError::Unreadable { .. }));
}

#[test]
fn what_lies_in_an_account_s_folder_is_protected() {
    let world = world();
    let vault = world.folders.agent().join("state/vault");
    fs::create_dir_all(vault.parent().unwrap()).unwrap();
    fs::write(&vault, "keys").unwrap();
    let staged = world.stage(&[world.file("a", b"a")]).unwrap();
    let staged = world.folders.stage(staged.stage).join("a");
    fs::create_dir(world.home.authority()).unwrap();
    let authority = world.home.authority().join("ca.key");
    fs::write(&authority, "key").unwrap();
    let link = world.files.join("innocent link");
    symlink(&vault, &link).unwrap();
    let folder = world.files.join("folder");
    symlink(world.folders.agent(), &folder).unwrap();
    let detour = world.folders.inbox.join("../../accounts/ann@a/agent/state/vault");
    for path in
        [&vault, &world.folders.record(), &staged, &authority, &link, &folder.join("state/vault"), &detour]
    {
        let outcome = world.stage(&[path]);
        assert!(matches!(outcome, Err(StageError::Protected(_))), "{}: {outcome:?}", path.display());
    }
}

#[test]
fn what_an_engine_keeps_an_agent_s_state_in_is_protected_wherever_it_is() {
    let world = world();
    let file = |volume: &str| world.file(&format!("volumes/{volume}/_data/home/state/vault"), b"keys");
    for volume in ["airhatch-agent-ann-example-org-00c0ffee-state", "airhatch-agent--0-state"] {
        let vault = file(volume);
        let link = world.files.join(format!("link to {volume}"));
        symlink(&vault, &link).unwrap();
        for path in [&vault, &link] {
            assert!(matches!(world.refused(path), StageError::Protected(_)), "{}", path.display());
        }
    }
    let others = [file("database"), world.file("airhatch-agent-ann-state/file", b"no volume")];
    assert_eq!(world.stage(&others).unwrap().files, 2);
}

#[test]
fn a_hard_link_to_the_vault_is_protected() {
    let world = world();
    let vault = world.folders.agent().join("vault");
    fs::write(&vault, "keys").unwrap();
    let link = world.files.join("holiday.jpg");
    fs::hard_link(&vault, &link).unwrap();
    assert!(matches!(world.refused(&link), StageError::Protected(_)));
    let record = world.files.join("record");
    fs::hard_link(world.folders.record(), &record).unwrap();
    assert!(matches!(world.refused(&record), StageError::Protected(_)));
}

#[test]
fn an_account_of_another_home_is_protected_too() {
    let (world, other) = (world(), world());
    let vault = other.folders.agent().join("vault");
    fs::write(&vault, "keys").unwrap();
    assert!(matches!(world.refused(&vault), StageError::Protected(_)));
}

#[test]
fn a_key_made_after_the_list_of_protected_files_is_protected_by_its_path() {
    let world = world();
    fs::create_dir(world.home.authority()).unwrap();
    let guard = guard::Guard::new(&world.home).unwrap();
    let key = world.home.authority().join("ca.key");
    fs::write(&key, "key").unwrap();
    assert!(matches!(source::open(&key, &guard), Err(StageError::Protected(_))));
}

#[test]
fn a_received_file_may_be_sent_on() {
    let world = world();
    let received = world.folders.inbox.join("received.txt");
    fs::write(&received, "hello").unwrap();
    assert_eq!(world.stage(&[received]).unwrap().bytes, 5);
}

#[test]
fn a_name_that_is_no_text_is_refused_before_anything_is_copied() {
    let world = world();
    let path = world.files.join(std::ffi::OsStr::from_bytes(b"bad\xff"));
    fs::write(&path, "x").unwrap();
    assert!(matches!(world.refused(&path), StageError::Name { .. }));
    for name in ["a\nb", "back\\slash", " padded", ".incoming", "a\u{202e}b"] {
        assert!(matches!(world.refused(world.file(name, b"x")), StageError::Refused { .. }), "{name:?}");
    }
    let nul = Path::new(std::ffi::OsStr::from_bytes(b"/tmp/a\0b"));
    assert!(matches!(world.refused(nul), StageError::Refused { .. }));
}

#[test]
fn a_file_that_changes_while_it_is_copied_is_refused() {
    type Change = fn(&File);
    let changes: [(&str, Change); 3] = [
        ("grows", |file| file.set_len(9 << 20).unwrap()),
        ("shrinks", |file| file.set_len(1 << 20).unwrap()),
        ("is overwritten", |file| {
            file.write_all_at(b"new", 0).unwrap();
            file.set_modified(SystemTime::now() + Duration::from_secs(5)).unwrap();
        }),
    ];
    for (what, change) in changes {
        let world = world();
        let path = world.file("f", &vec![1; 4 << 20]);
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        let mut changed = false;
        let outcome = world.stage_telling(&[&path], &AtomicBool::new(false), &mut |copied, _| {
            if copied > 0 && !changed {
                change(&file);
                changed = true;
            }
        });
        assert!(matches!(outcome, Err(StageError::Changed(_))), "{what}: {outcome:?}");
        assert_eq!(world.outbox(), [] as [String; 0]);
    }
}

#[test]
fn a_file_that_this_user_may_not_read_is_refused() {
    let world = world();
    let path = world.file("secret", b"x");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if File::open(&path).is_ok() {
        eprintln!("SKIPPED: this user may read everything");
        return;
    }
    assert!(matches!(world.refused(&path), StageError::Unreadable { .. }));
}

/// A file system of 2 MiB; `None` where this user may not make one.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"])
            .arg(folder.path())
            .output()
            .is_ok_and(|output| output.status.success());
        mounted.then_some(Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _left_to_the_folder = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_leaves_nothing_behind_and_staging_works_again_with_space() {
    let Some(disk) = SmallDisk::mount() else {
        eprintln!("SKIPPED: this user may not mount a small file system");
        return;
    };
    let world = world_in(disk.0.path());
    let source = tempfile::tempdir().unwrap();
    let (large, small) = (source.path().join("large"), source.path().join("small"));
    fs::write(&large, vec![1; 3 << 20]).unwrap();
    fs::write(&small, vec![1; 1 << 20]).unwrap();
    let mut copied = 0;
    let outcome = world.stage_telling(&[&large], &AtomicBool::new(false), &mut |now, _| copied = now);
    assert!(matches!(outcome, Err(StageError::DiskFull(_))), "{outcome:?}");
    assert_eq!(copied, 0, "a file that cannot fit is not begun");
    assert_eq!(world.outbox(), [] as [String; 0]);
    let mut filled = false;
    let outcome = world.stage_telling(&[&small], &AtomicBool::new(false), &mut |_, _| {
        if !filled {
            let _until_full = fs::write(world.files.join("filler"), vec![1; 4 << 20]);
            filled = true;
        }
    });
    assert!(matches!(outcome, Err(StageError::DiskFull(_))), "met while copying: {outcome:?}");
    assert_eq!(world.outbox(), [] as [String; 0]);
    fs::remove_file(world.files.join("filler")).unwrap();
    world.stage(&[&small]).unwrap();
}
