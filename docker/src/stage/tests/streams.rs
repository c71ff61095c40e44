//! Files whose bytes the front sends itself.

use super::*;

impl World {
    fn stage_with(&self, paths: &[PathBuf], stream: Stream) -> Result<Staged, StageError> {
        let order = Order { paths, choice: &Choice::default(), stream: Some(stream) };
        stage(&self.home, &self.folders, order, Meter::new(&AtomicBool::new(false), &mut |_, _| {}))
    }
}

#[test]
fn a_stream_becomes_a_file_beside_the_others() {
    let world = world();
    let mut stream = Stream::begin(&world.folders, "stdin".to_owned()).unwrap();
    assert_eq!(list(&world.folders).unwrap(), [], "it is not ready");
    stream.write(b"hel").unwrap();
    stream.write(b"lo").unwrap();
    let staged = world.stage_with(&[world.file("stdin", b"other")], stream).unwrap();
    assert_eq!((staged.files, staged.bytes), (2, 10));
    let folder = world.folders.stage(staged.stage);
    assert_eq!(fs::read(folder.join("stdin")).unwrap(), b"hello");
    assert_eq!(fs::read(folder.join("stdin (2)")).unwrap(), b"other");
    assert_eq!(fs::metadata(folder.join("stdin")).unwrap().mode() & 0o7777, 0o400);
}

#[test]
fn a_stream_alone_may_be_empty() {
    let world = world();
    let stream = Stream::begin(&world.folders, "nothing".to_owned()).unwrap();
    let staged = world.stage_with(&[], stream).unwrap();
    assert_eq!((staged.files, staged.folders, staged.bytes), (1, 0, 0));
}

#[test]
fn a_stream_that_is_not_taken_or_whose_company_is_refused_leaves_nothing() {
    let world = world();
    let begin = || Stream::begin(&world.folders, "s".to_owned()).unwrap();
    drop(begin());
    assert_eq!(world.outbox(), [] as [String; 0]);
    assert!(world.stage_with(&[world.files.join("missing")], begin()).is_err());
    assert_eq!(world.outbox(), [] as [String; 0]);
}

#[test]
fn a_stream_s_name_is_one_plain_name() {
    let world = world();
    for name in ["", "..", "a/b", "../../agent/vault", "a\nb", ".incoming"] {
        let refused = Stream::begin(&world.folders, name.to_owned());
        assert!(matches!(refused, Err(StageError::Refused { .. })), "{name:?}");
    }
    assert_eq!(world.outbox(), [] as [String; 0]);
}
