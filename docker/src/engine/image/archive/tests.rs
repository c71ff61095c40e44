use std::path::PathBuf;

use super::*;

const ID: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// A saved image: the files of an archive, in order.
fn saved(files: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saved.tar");
    let mut packed = Builder::new(File::create(&path).unwrap());
    for (name, content) in files {
        packed.append_data(&mut header(content.len() as u64), name, content.as_bytes()).unwrap();
    }
    packed.into_inner().unwrap();
    (folder, path)
}

fn described(kind: &str, version: &str) -> String {
    let labels = json!({ "airhatch.image": kind, "org.opencontainers.image.version": version });
    json!({ "architecture": "amd64", "config": { "Labels": labels } }).to_string()
}

fn listed(tags: &str) -> String {
    json!([{ "Config": format!("{ID}.json"), "RepoTags": [tags], "Layers": ["x/layer.tar"] }]).to_string()
}

fn ours() -> Vec<(String, String)> {
    vec![
        (format!("{ID}.json"), described("agent", super::super::OURS)),
        ("x/layer.tar".into(), "the layer".into()),
        (MANIFEST.into(), listed("rust:latest")),
        ("repositories".into(), "{}".into()),
    ]
}

fn open(files: &[(String, String)]) -> Result<Archive, ImageError> {
    let files: Vec<(&str, &str)> =
        files.iter().map(|(name, content)| (name.as_str(), content.as_str())).collect();
    let (_folder, path) = saved(&files);
    Archive::open(&path)
}

#[test]
fn a_saved_image_is_passed_on_without_its_names() {
    let archive = open(&ours()).unwrap();
    archive.labels().must_be_ours().unwrap();
    assert_eq!(archive.id(), Some(format!("sha256:{ID}")));
    let mut packed = Vec::new();
    archive.repack(&mut packed).unwrap();
    let mut names = Vec::new();
    for entry in tar::Archive::new(packed.as_slice()).entries().unwrap() {
        let mut entry = entry.unwrap();
        let mut content = String::new();
        entry.read_to_string(&mut content).unwrap();
        assert!(!content.contains("rust:latest"));
        names.push((entry.path().unwrap().to_str().unwrap().to_owned(), content.len()));
    }
    assert_eq!(
        names.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        [MANIFEST, "config.json", "layer-0.tar"]
    );
    assert_eq!(names.last().map(|(_, length)| *length), Some("the layer".len()));
}

#[test]
fn images_of_something_else_are_told_apart() {
    let with = |description: String| {
        let mut files = ours();
        files[0].1 = description;
        open(&files).unwrap().labels().must_be_ours()
    };
    assert!(matches!(with(described("ca", super::super::OURS)), Err(ImageError::Other)));
    assert!(matches!(with("{}".into()), Err(ImageError::Other)));
    assert!(
        matches!(with(described("agent", "0.0.1")), Err(ImageError::Version(version)) if version == "0.0.1")
    );
}

#[test]
fn what_is_no_whole_saved_image_is_refused_before_the_engine_sees_it() {
    let without = |index: usize| {
        let mut files = ours();
        files.remove(index);
        open(&files)
    };
    for index in 0..3 {
        assert!(matches!(without(index), Err(ImageError::Garbage)), "{index}");
    }
    for list in ["", "[]", "{}", "[{}]", "nonsense"] {
        let mut files = ours();
        files[2].1 = list.to_owned();
        assert!(matches!(open(&files), Err(ImageError::Garbage)), "{list:?}");
    }
    let mut files = ours();
    let two: serde_json::Value = serde_json::from_str(&files[2].1).unwrap();
    files[2].1 = json!([two[0], two[0]]).to_string();
    assert!(matches!(open(&files), Err(ImageError::Several)));
}

#[test]
fn garbage_compressed_and_cut_off_files_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let open_bytes = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        Archive::open(&path)
    };
    assert!(matches!(open_bytes(b""), Err(ImageError::Garbage)));
    assert!(matches!(open_bytes(&[0xaa; 5000]), Err(ImageError::Garbage)));
    assert!(matches!(open_bytes(b"\x1f\x8b\x08\0\0\0\0\0"), Err(ImageError::Compressed)));
    let files = ours();
    let files: Vec<(&str, &str)> =
        files.iter().map(|(name, content)| (name.as_str(), content.as_str())).collect();
    let (_saved, whole) = saved(&files);
    let whole = std::fs::read(whole).unwrap();
    for length in [100, 512, 700, 1024, 1600] {
        assert!(matches!(open_bytes(&whole[..length]), Err(ImageError::Garbage)), "{length}");
    }
    assert!(matches!(Archive::open(folder.path()), Err(ImageError::Kind { .. })));
    assert!(matches!(Archive::open(Path::new("file")), Err(ImageError::Relative(_))));
    assert!(matches!(Archive::open(&folder.path().join("none")), Err(ImageError::Unreadable { .. })));
}

#[test]
fn a_layer_that_is_shorter_than_it_says_is_an_error_and_not_zeros() {
    let archive = open(&ours()).unwrap();
    let missing = Archive { layers: vec![Part { at: 1 << 30, size: 10 }], ..archive };
    assert!(missing.repack(&mut Vec::new()).is_err());
}
