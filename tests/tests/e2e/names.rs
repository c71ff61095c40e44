//! File names: legal ones of every script arrive as they are, others are refused before anything is offered.

use std::os::unix::ffi::OsStrExt;

use airhatch_tests::World;
use airhatch_wire::{Code, StageId};

#[tokio::test]
async fn legal_names_of_many_scripts_arrive_as_they_are() {
    let world = World::new().await;
    let (ann, bob) = world.friends().await;
    let long = format!("{}.txt", "x".repeat(251));
    let long_in_bytes = format!("{}e", "é".repeat(127));
    let names = [
        "報告書　最終.pdf",
        "ملف مهم.txt",
        "קובץ.txt",
        "👨\u{200d}👩\u{200d}👧.png",
        "한글.hwp",
        "naïve café",
        ".bashrc",
        "CON",
        "a:b",
        "-rf",
        "Acme Inc.",
        &long,
        &long_in_bytes,
    ];
    assert_eq!((long.len(), long_in_bytes.len()), (255, 255));
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (*name, name.as_bytes())).collect();
    let id = ann.offer(&bob.email, &files).await;
    bob.offered(id).await;
    bob.accept(id).await.unwrap();
    bob.delivered(id).await;
    for name in names {
        assert_eq!(bob.received(name), name.as_bytes(), "{name}");
    }
    assert_eq!(bob.received_names().len(), names.len());
}

#[tokio::test]
async fn a_name_that_is_taken_lands_beside_what_is_there() {
    let world = World::new().await;
    let (ann, bob) = world.friends().await;
    for (content, landed) in [("one", "a.txt"), ("two", "a (2).txt"), ("three", "a (3).txt")] {
        let id = ann.offer(&bob.email, &[("a.txt", content.as_bytes())]).await;
        bob.offered(id).await;
        bob.accept(id).await.unwrap();
        let view = bob.delivered(id).await;
        assert_eq!(bob.received(landed), content.as_bytes());
        let shown = view.items[0].landed_as.as_ref().map_or("a.txt", |name| name.as_received());
        assert_eq!(shown, landed);
    }
}

#[tokio::test]
async fn names_that_nobody_should_receive_are_refused_before_they_are_offered() {
    let world = World::new().await;
    let (ann, bob) = world.friends().await;
    for name in ["a\u{1b}[2Jb", "a\nb", "invoice\u{202e}fdp.exe", "a\\b", " a", ".incoming"] {
        let stage = ann.stage(&[(name, b"content"), ("good.txt", b"content")]);
        let refused = ann.send(&bob.email, stage).await.unwrap_err();
        assert_eq!(refused.code, Code::BadName, "{name:?}");
        assert!(!refused.message.shown().contains('\u{1b}'), "{refused:?}");
    }
    let not_text = ann.stage_folder(StageId([1; 16]));
    std::fs::write(not_text.join(std::ffi::OsStr::from_bytes(b"caf\xe9")), b"x").unwrap();
    assert_eq!(ann.send(&bob.email, StageId([1; 16])).await.unwrap_err().code, Code::BadName);
    let twice = ann.stage(&[("Report.txt", b"a"), ("report.TXT", b"b")]);
    assert_eq!(ann.send(&bob.email, twice).await.unwrap_err().code, Code::BadName);
    assert_eq!(ann.transfers().await, []);
    assert_eq!(bob.transfers().await, []);
}
