//! Parts of offers, and folders of the inbox that they go to.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use airhatch_tests::{Front, World, in_time};
use serde_json::{Value, json};

/// Every file below a folder with its content; folders end in a slash.
fn tree(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut left = vec![(folder.to_owned(), String::new())];
    while let Some((at, under)) = left.pop() {
        for entry in fs::read_dir(at).unwrap().map(Result::unwrap) {
            let path = format!("{under}{}", entry.file_name().into_string().unwrap());
            if entry.file_type().unwrap().is_dir() {
                left.push((entry.path(), format!("{path}/")));
                found.insert(format!("{path}/"), String::new());
            } else {
                found.insert(path, fs::read_to_string(entry.path()).unwrap());
            }
        }
    }
    found
}

/// Ann offers a folder of photographs; her program, which waits for the end, and the offer.
async fn offered(ann: &Front, bob: &Front) -> (tokio::process::Child, String) {
    let photos = ann.home().join("photos");
    fs::create_dir_all(photos.join("sub/empty")).unwrap();
    for path in ["a.jpg", "b.txt", "sub/c.jpg", "sub/d.txt"] {
        fs::write(photos.join(path), path).unwrap();
    }
    let sending = ann.start(&["send", "bob@example.org", "photos", "--wait"]);
    (sending, bob.waiting_offer().await)
}

async fn sent(sending: tokio::process::Child) {
    let told = in_time("the sender's end", sending.wait_with_output()).await.unwrap();
    assert_eq!(told.status.code(), Some(0), "{told:?}");
}

#[tokio::test]
async fn only_what_is_named_arrives_in_the_folder_that_was_chosen_and_its_receipt_holds() {
    let world = World::new().await;
    let (ann, bob) = world.front_friends().await;
    let (sending, id) = offered(&ann, &bob).await;
    let accept = ["inbox", "accept", &id];
    let nothing = bob.refused(&[&accept[..], &["--only", "*.png"]].concat()).await;
    assert_eq!(nothing, (9, "not_found".into()));
    for elsewhere in ["/etc", "../x", "-"] {
        let refused = bob.refused(&[&accept[..], &["--to", elsewhere]].concat()).await;
        assert_eq!(refused, (2, "invalid".into()), "{elsewhere}");
    }
    let part = ["--only", "*.jpg", "--to", "holiday/2026"];
    let told = bob.ok(&[&accept[..], &part[..]].concat()).await;
    assert!(told.contains("holiday/2026/photos/sub/c.jpg") && !told.contains("b.txt"), "{told}");
    sent(sending).await;
    let place = bob.inbox("bob@example.org").join("holiday/2026");
    let jpgs: BTreeMap<String, String> =
        [("photos/", ""), ("photos/a.jpg", "a.jpg"), ("photos/sub/", ""), ("photos/sub/c.jpg", "sub/c.jpg")]
            .map(|(path, content)| (path.to_owned(), content.to_owned()))
            .into();
    assert_eq!(tree(&place), jpgs);

    for side in [&ann, &bob] {
        let shown = side.object(&["transfer", "show", &id]).await;
        assert_eq!((&shown["wanted"], &shown["total"]), (&json!(4), &json!(14)), "{shown}");
        assert_eq!(shown["state"]["kind"], "delivered", "{shown}");
        let wanted = |path: &str| {
            let items = shown["items"].as_array().unwrap();
            items.iter().find(|item| item["path"] == path).unwrap()["wanted"].clone()
        };
        assert_eq!((wanted("photos/a.jpg"), wanted("photos/b.txt")), (json!(true), json!(false)));
    }
    let exported = ann.ok(&["receipt", "export", &id]).await;
    let file = bob.file("receipt.json", exported.as_bytes());
    let verified = bob.object(&["receipt", "verify", &file]).await;
    assert_eq!((&verified["holds"], &verified["total"]), (&Value::Bool(true), &json!(14)), "{verified}");
}

#[tokio::test]
async fn a_folder_whose_name_is_taken_lands_beside_it_and_both_stay_whole() {
    let world = World::new().await;
    let (ann, bob) = world.front_friends().await;
    let inbox = bob.inbox("bob@example.org");
    let whole = inbox.join("work").into_os_string().into_string().unwrap();
    for name in ["photos", "photos (2)"] {
        let (sending, id) = offered(&ann, &bob).await;
        let told = bob.ok(&["inbox", "accept", &id, "--to", &whole]).await;
        assert!(told.contains(&format!("work/{name}/sub/c.jpg")), "{told}");
        sent(sending).await;
    }
    assert_eq!(tree(&inbox.join("work/photos")), tree(&inbox.join("work/photos (2)")));
    assert_eq!(tree(&inbox.join("work/photos")), tree(&ann.home().join("photos")));
}
