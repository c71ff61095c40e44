//! What is packed is unpacked, whatever it is; what is not a plain tree is refused on either side.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

struct World {
    folder: tempfile::TempDir,
}

impl World {
    /// An agent's folder with a vault, a store and an empty folder.
    fn new() -> Self {
        let world = Self { folder: tempfile::tempdir().unwrap() };
        let home = world.home();
        for folder in ["state/store/blobs", "state/empty"] {
            fs::create_dir_all(home.join(folder)).unwrap();
        }
        fs::write(home.join("state/vault"), "keys").unwrap();
        fs::write(home.join("state/lock"), "").unwrap();
        fs::write(home.join("state/store/db"), vec![7; 3 << 20]).unwrap();
        fs::write(home.join(format!("state/store/blobs/{}", "n".repeat(200))), "long").unwrap();
        world
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("agent")
    }

    fn target(&self) -> PathBuf {
        self.folder.path().join("target")
    }

    fn packed(&self) -> (Vec<u8>, String) {
        let mut stream = Vec::new();
        let tally = pack(&self.home(), &mut stream).unwrap();
        (stream, tally.to_string())
    }

    fn unpacked(&self, stream: &[u8]) -> Result<String, String> {
        unpack(&self.target(), stream).map(|tally| tally.to_string()).map_err(|error| error.to_string())
    }
}

/// A stream with one entry of this kind and name, as a hostile side may write it.
fn hostile(kind: EntryType, name: &[u8], link: &str) -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(0);
    header.as_mut_bytes()[..name.len()].copy_from_slice(name);
    header.set_link_name_literal(link).unwrap();
    header.set_cksum();
    archive.append(&header, io::empty()).unwrap();
    archive.into_inner().unwrap()
}

#[test]
fn everything_arrives_private_and_is_known_to_be_the_same() {
    let world = World::new();
    let (stream, said) = world.packed();
    assert!(said.starts_with("state: 4 files, 3145736 bytes, "), "{said}");
    assert_eq!(world.unpacked(&stream), Ok(said));
    assert_eq!(fs::read(world.target().join("state/vault")).unwrap(), b"keys");
    assert!(world.target().join("state/empty").is_dir());
    for (path, mode) in [("", 0o700), ("state", 0o700), ("state/vault", 0o600)] {
        let found = fs::metadata(world.target().join(path)).unwrap().permissions().mode();
        assert_eq!(found & 0o7777, mode, "{path}");
    }
}

#[test]
fn an_account_that_has_no_state_yet_moves_too() {
    let world = World::new();
    fs::remove_dir_all(world.home()).unwrap();
    let (stream, said) = world.packed();
    assert_eq!(world.unpacked(&stream), Ok(said));
    assert!(world.target().is_dir());
}

#[test]
fn any_difference_shows_in_what_is_said() {
    let world = World::new();
    let (_, before) = world.packed();
    let changes: [fn(&Path); 4] = [
        |home| fs::write(home.join("state/vault"), "kezs").unwrap(),
        |home| fs::rename(home.join("state/vault"), home.join("state/vaulu")).unwrap(),
        |home| fs::remove_dir(home.join("state/empty")).unwrap(),
        |home| fs::write(home.join("state/more"), "").unwrap(),
    ];
    let mut said = vec![before];
    for change in changes {
        change(&world.home());
        said.push(world.packed().1);
    }
    let all = said.len();
    said.sort_unstable();
    said.dedup();
    assert_eq!(said.len(), all);
}

#[test]
fn a_stream_that_was_cut_anywhere_is_noticed() {
    let world = World::new();
    let (stream, said) = world.packed();
    // The last two blocks of 512 bytes are the end mark, which adds nothing.
    for length in [0, 1, 511, 512, 513, 4096, stream.len() / 2, stream.len() - 1025] {
        let outcome = world.unpacked(stream.get(..length).unwrap());
        assert_ne!(outcome, Ok(said.clone()), "{length}");
        fs::remove_dir_all(world.target()).unwrap();
    }
}

#[test]
fn what_leads_elsewhere_or_is_no_plain_file_is_refused() {
    let cases: [(EntryType, &[u8], &str); 9] = [
        (EntryType::Regular, b"../outside", ""),
        (EntryType::Regular, b"a/../../outside", ""),
        (EntryType::Regular, b"/outside", ""),
        (EntryType::Directory, b"..", ""),
        (EntryType::Symlink, b"link", "/etc"),
        (EntryType::Link, b"link", "/etc/passwd"),
        (EntryType::Char, b"device", ""),
        (EntryType::Block, b"device", ""),
        (EntryType::Fifo, b"pipe", ""),
    ];
    for (kind, name, link) in cases {
        let world = World::new();
        world.unpacked(&hostile(kind, name, link)).unwrap_err();
        assert!(!world.folder.path().join("outside").exists());
        assert_eq!(fs::read_dir(world.target()).unwrap().count(), 0, "{kind:?}");
    }
}

#[test]
fn nothing_that_is_there_is_written_over() {
    let world = World::new();
    let (stream, _) = world.packed();
    fs::create_dir(world.target()).unwrap();
    world.unpacked(&stream).unwrap();
    assert!(world.unpacked(&stream).unwrap_err().contains("there already"));
    fs::remove_dir_all(world.target()).unwrap();
    symlink(world.home(), world.target()).unwrap();
    world.unpacked(&stream).unwrap_err();
    let twice = [hostile(EntryType::Regular, b"a", ""), hostile(EntryType::Regular, b"a", "")];
    let twice = twice.map(|stream| stream.get(..512).unwrap().to_vec()).concat();
    fs::remove_file(world.target()).unwrap();
    assert!(world.unpacked(&twice).unwrap_err().contains("exists"));
}

#[test]
fn a_link_or_a_pipe_in_the_state_is_told_and_not_followed() {
    let world = World::new();
    symlink("/etc/passwd", world.home().join("state/link")).unwrap();
    let error = pack(&world.home(), io::sink()).unwrap_err().to_string();
    assert!(error.contains("state/link"), "{error}");
}

#[test]
fn a_state_in_use_is_not_packed() {
    let world = World::new();
    assert!(lock(&world.home()).unwrap().is_some());
    let running = File::open(world.home().join(LOCK)).unwrap();
    rustix::fs::flock(&running, FlockOperation::NonBlockingLockExclusive).unwrap();
    assert!(lock(&world.home()).unwrap_err().to_string().contains("running"));
    drop(running);
    fs::remove_file(world.home().join(LOCK)).unwrap();
    assert!(lock(&world.home()).unwrap().is_none());
}

#[test]
fn a_full_disk_has_an_exit_code_of_its_own() {
    let tiny = crate::tiny_disk::TinyDisk::mount(1);
    let Some(tiny) = tiny else { return };
    let world = World::new();
    let (stream, _) = world.packed();
    let error = unpack(&tiny.path().join("agent"), stream.as_slice()).unwrap_err();
    assert_eq!(told(error).0, FULL);
}
