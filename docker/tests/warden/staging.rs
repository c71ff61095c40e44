//! Staging over the link: answers, progress, cancelling, releasing, and what is left when a front goes.

use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use airhatch_wire::warden::{Choice, Command, FromWarden, Reply, Staged};
use airhatch_wire::{Code, StageId};

use crate::front::{Front, code};
use crate::world::{World, email, wait_until, world};

fn file(world: &World, name: &str, content: &[u8]) -> PathBuf {
    let path = world.files().join(name);
    fs::write(&path, content).unwrap();
    path
}

fn stage(paths: &[PathBuf]) -> Command {
    let paths = paths.iter().map(|path| path.as_os_str().as_bytes().to_vec().into()).collect();
    Command::Stage { account: email("ann@a"), paths, choice: Choice::default(), stream: None }
}

fn outbox(world: &World) -> PathBuf {
    world.account("ann@a").join("outbox")
}

/// Holds every new staging of the account back before its first file.
fn hold_back(world: &World) -> File {
    let outbox = File::open(outbox(world)).unwrap();
    outbox.lock().unwrap();
    outbox
}

fn front(world: &World) -> Front {
    let mut front = world.front();
    front.create("ann@a");
    front
}

#[test]
fn files_are_staged_listed_and_released() {
    let world = world();
    let mut front = front(&world);
    let paths = [file(&world, "a.txt", b"hello"), file(&world, "b.txt", b"")];
    let Ok(Reply::Staged(Staged { stage, files: 2, bytes: 5, .. })) = front.ask(stage(&paths)) else {
        panic!("not staged")
    };
    let folder = outbox(&world).join(stage.to_string());
    assert_eq!(fs::read(folder.join("a.txt")).unwrap(), b"hello");
    assert_eq!(front.stages("ann@a"), [stage]);
    let release = Command::Release { account: email("ann@a"), stage };
    assert_eq!(front.ask(release.clone()), Ok(Reply::Done));
    assert!(!folder.exists());
    assert!(front.stages("ann@a").is_empty());
    assert_eq!(front.ask(release), Ok(Reply::Done), "gone already");
}

#[test]
fn each_refusal_has_its_code_and_advice() {
    let world = world();
    let mut front = front(&world);
    let vault = world.account("ann@a").join("agent/vault");
    fs::write(&vault, "keys").unwrap();
    let link = world.files().join("link");
    fs::hard_link(&vault, &link).unwrap();
    for (path, wanted) in [
        (PathBuf::from("relative"), Code::Invalid),
        (world.files().join("missing"), Code::NotFound),
        (world.home.clone(), Code::NotPermitted),
        (PathBuf::from("/dev/null"), Code::BadSource),
        (vault, Code::NotPermitted),
        (link, Code::NotPermitted),
    ] {
        let refusal = front.ask(stage(std::slice::from_ref(&path))).unwrap_err();
        assert_eq!(refusal.code, wanted, "{}", path.display());
        assert!(!refusal.hint.is_empty(), "{}", path.display());
    }
    assert_eq!(fs::read_dir(outbox(&world)).unwrap().count(), 0);
}

#[test]
fn progress_is_told_and_never_runs_backwards() {
    let world = world();
    let mut front = front(&world);
    let paths: Vec<_> = (0..4000).map(|n| file(&world, &format!("file {n}"), &[7; 1024])).collect();
    let total = 4000 * 1024;
    let id = front.send(stage(&paths));
    assert!(matches!(front.answer(id), Ok(Reply::Staged(Staged { files: 4000, .. }))));
    let told = front.take_aside().into_iter().map(|word| match word {
        FromWarden::Staging { id: of, copied, total: all } => {
            assert_eq!((of, all), (id, total));
            copied
        }
        other => panic!("{other:?}"),
    });
    let told: Vec<u64> = told.collect();
    assert!(!told.is_empty(), "no progress was told");
    assert!(told.is_sorted() && told.iter().all(|copied| *copied <= total), "{told:?}");
}

#[test]
fn a_cancelled_staging_ends_and_leaves_nothing() {
    let world = world();
    let mut front = front(&world);
    let held = hold_back(&world);
    let id = front.send(stage(&[file(&world, "a", b"a")]));
    assert_eq!(front.ask(Command::CancelStage { id }), Ok(Reply::Done));
    held.unlock().unwrap();
    assert_eq!(code(front.answer(id)), Code::Cancelled);
    assert_eq!(fs::read_dir(outbox(&world)).unwrap().count(), 0);
    assert_eq!(front.ask(Command::CancelStage { id }), Ok(Reply::Done), "over already");
}

#[test]
fn a_front_that_goes_in_the_middle_leaves_nothing() {
    let world = world();
    let mut front = front(&world);
    let held = hold_back(&world);
    front.send(stage(&[file(&world, "a", b"a")]));
    front.accounts();
    front.stream = None;
    held.unlock().unwrap();
    assert!(front.leave().success());
    assert!(list(&world).iter().all(|name| !name.starts_with('.')), "{:?}", list(&world));
}

fn list(world: &World) -> Vec<String> {
    fs::read_dir(outbox(world)).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn what_a_killed_warden_left_is_swept_by_the_next() {
    let world = world();
    let mut first = front(&world);
    let ready = first.ask(stage(&[file(&world, "a", b"a")]));
    let Ok(Reply::Staged(Staged { stage: ready, .. })) = ready else { panic!("{ready:?}") };
    let large = file(&world, "large", b"");
    let left = outbox(&world).join(format!(".staging-{}", StageId([7; 16])));
    fs::create_dir(&left).unwrap();
    fs::hard_link(&large, left.join("half")).unwrap();
    first.warden.kill().unwrap();
    let mut second = world.front();
    assert_eq!(list(&world), [ready.to_string()]);
    assert_eq!(second.stages("ann@a"), [ready]);
}

#[test]
fn another_warden_does_not_sweep_what_is_under_way() {
    let world = world();
    let mut first = front(&world);
    let under_way = outbox(&world).join(format!(".staging-{}", StageId([7; 16])));
    fs::create_dir(&under_way).unwrap();
    let lock = File::open(&under_way).unwrap();
    lock.lock().unwrap();
    drop(world.front());
    assert!(under_way.exists());
    drop(lock);
    drop(world.front());
    wait_until("the sweep", || !under_way.exists());
    assert!(first.stages("ann@a").is_empty());
}

#[test]
fn removing_an_account_ends_its_stagings() {
    let world = world();
    let mut front = front(&world);
    let held = hold_back(&world);
    let id = front.send(stage(&[file(&world, "a", b"a")]));
    let removing = front.send(Command::RemoveAccount { account: email("ann@a") });
    assert_eq!(front.answer(removing), Ok(Reply::Done));
    held.unlock().unwrap();
    assert!(front.answer(id).is_err());
    assert_eq!(fs::read_dir(world.home.join("accounts")).unwrap().count(), 0);
}

fn begin_stream(front: &mut Front) -> u32 {
    let id = front.send(Command::BeginStream { account: email("ann@a"), name: "stdin".to_owned() });
    assert_eq!(front.answer(id), Ok(Reply::Done));
    id
}

fn chunk(stream: u32, bytes: &[u8]) -> Command {
    Command::Chunk { stream, bytes: bytes.to_vec().into() }
}

fn end_stream(stream: u32) -> Command {
    Command::Stage { account: email("ann@a"), paths: vec![], choice: Choice::default(), stream: Some(stream) }
}

#[test]
fn what_the_front_sends_itself_becomes_a_file() {
    let world = world();
    let mut front = front(&world);
    let stream = begin_stream(&mut front);
    for piece in [&b"hello "[..], b"world"] {
        assert_eq!(front.ask(chunk(stream, piece)), Ok(Reply::Done));
    }
    assert!(front.stages("ann@a").is_empty(), "it is not whole");
    let Ok(Reply::Staged(Staged { stage, files: 1, bytes: 11, .. })) = front.ask(end_stream(stream)) else {
        panic!("not staged")
    };
    let file = outbox(&world).join(stage.to_string()).join("stdin");
    assert_eq!(fs::read(file).unwrap(), b"hello world");
    assert_eq!(code(front.ask(end_stream(stream))), Code::NotFound, "it was taken");
    assert_eq!(code(front.ask(chunk(stream, b"x"))), Code::NotFound);
}

#[test]
fn a_stream_that_is_called_off_or_whose_front_goes_leaves_nothing() {
    let world = world();
    let mut front = front(&world);
    let stream = begin_stream(&mut front);
    assert_eq!(front.ask(Command::CancelStage { id: stream }), Ok(Reply::Done));
    assert_eq!(code(front.ask(chunk(stream, b"x"))), Code::NotFound);
    assert_eq!(list(&world), [] as [String; 0]);
    let streams: Vec<u32> = (0..8).map(|_| begin_stream(&mut front)).collect();
    let ninth = front.ask(Command::BeginStream { account: email("ann@a"), name: "x".to_owned() });
    assert_eq!(code(ninth), Code::TryAgain);
    assert_eq!(front.ask(chunk(streams[0], b"x")), Ok(Reply::Done));
    front.stream = None;
    assert!(front.leave().success());
    assert_eq!(list(&world), [] as [String; 0]);
}
