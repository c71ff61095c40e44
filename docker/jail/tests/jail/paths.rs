//! "All of this folder, but not that one in it."

use std::fs::{self, File};
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::time::Instant;

use airhatch_jail::front::{self, FrontPaths};
use airhatch_jail::{JailError, Note, agent};

use crate::stage::{Place, Stage, Who};
use crate::{Inside, Test};

pub(crate) const TESTS: &[Test] = &[
    ("a_folder_is_open_but_for_the_closed_one_deep_in_it", || {
        let stage = Stage::new(Who::Me);
        let deep = stage.place().of("home/.local/share/airhatch/accounts/ann@example.org");
        fs::create_dir_all(&deep).unwrap();
        fs::write(deep.join("vault"), "a secret").unwrap();
        for file in ["home/letter", "home/.local/share/notes", "home/.local/share/airhatch/warden.log"] {
            fs::write(stage.place().of(file), "yours").unwrap();
        }
        symlink(stage.place().of("home/.local/share/airhatch/accounts"), stage.place().of("home/shortcut"))
            .unwrap();
        fs::write(stage.place().of("outside/letter"), "yours").unwrap();
        symlink(stage.place().of("outside"), stage.place().of("home/elsewhere")).unwrap();
        stage.run("open a home");
    }),
    ("a_closed_folder_that_comes_later_is_closed", || {
        let stage = Stage::new(Who::Me);
        fs::create_dir(stage.place().of("home")).unwrap();
        let mut child = stage.start("open a home without accounts");
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        assert_eq!(said.next().unwrap().unwrap(), "entered");
        let accounts = stage.place().of("home/.local/share/airhatch/accounts");
        fs::create_dir_all(&accounts).unwrap();
        fs::write(accounts.join("vault"), "a secret").unwrap();
        // Any user may read it: only the jail is in the way.
        fs::read(accounts.join("vault")).unwrap();
        child.stdin.take().unwrap().write_all(b"look\n").unwrap();
        assert!(child.wait().unwrap().success());
    }),
    ("more_entries_than_rules_are_left_out_and_told", || {
        let stage = Stage::new(Who::Me);
        fs::create_dir(stage.place().of("home")).unwrap();
        for number in 0..5000 {
            File::create(stage.place().of(&format!("home/{number:04}"))).unwrap();
        }
        print!("{}", stage.run("open a home with too much in it"));
    }),
    ("folders_that_lie_in_one_another_are_refused", || {
        let stage = Stage::new(Who::Me);
        fs::create_dir(stage.place().of("closed/settings")).unwrap();
        for folder in ["own/outbox", "own/inbox", "inbox/own"] {
            fs::create_dir(stage.place().of(folder)).unwrap();
        }
        stage.run("enter with folders that overlap");
    }),
    ("what_cannot_be_picked_from_becomes_a_note", || {
        Stage::new(Who::Me).run("enter with folders that are missing or closed");
    }),
];

pub(crate) const INSIDE: &[Inside] = &[
    ("open a home", open_a_home),
    ("open a home without accounts", |place| {
        let accounts = place.of("home/.local/share/airhatch/accounts");
        let entered = front::enter(&FrontPaths {
            readable: vec![place.of("home")],
            closed: vec![accounts.clone()],
            ..FrontPaths::default()
        });
        println!("entered");
        std::io::stdin().read_line(&mut String::new()).unwrap();
        // It is there by now, and listed.
        assert!(fs::metadata(accounts.join("vault")).unwrap().is_file());
        assert_eq!(entered.unwrap().along_the_way[0].names().unwrap(), [".local"]);
        for closed in [accounts.join("vault"), accounts, place.of("home/.local")] {
            assert_eq!(File::open(closed).unwrap_err().kind(), ErrorKind::PermissionDenied);
        }
    }),
    ("open a home with too much in it", |place| {
        let paths = FrontPaths {
            readable: vec![place.of("home")],
            closed: vec![place.of("home/.airhatch")],
            ..FrontPaths::default()
        };
        let begun = Instant::now();
        let entered = front::enter(&paths).unwrap();
        println!("       4096 rules in {:.1?}", begun.elapsed());
        let left_out = Note::LeftOut { folder: place.of("home"), entries: 5000 - 4096 };
        assert_eq!(entered.report.notes, [left_out]);
        File::open(place.of("home/0000")).unwrap();
        assert!(File::open(place.of("home/4999")).is_err());
    }),
    ("enter with folders that overlap", |place| {
        let with = |own: PathBuf| FrontPaths { own: vec![own], ..place.front() };
        for own in [place.of("closed/settings"), place.root().to_owned(), place.of("closed")] {
            assert!(matches!(front::enter(&with(own)), Err(JailError::Overlap(_))));
        }
        let agent = || place.agent();
        for nested in [
            agent::AgentPaths { outbox: place.of("own/outbox"), ..agent() },
            agent::AgentPaths { inbox: place.of("own/inbox"), ..agent() },
            agent::AgentPaths { home: place.of("inbox/own"), ..agent() },
            agent::AgentPaths { drop: Some(place.of("inbox")), ..agent() },
            agent::AgentPaths { inbox: place.root().to_owned(), ..agent() },
        ] {
            assert!(matches!(agent::enter(&nested), Err(JailError::Nested { .. })), "{nested:?}");
        }
    }),
    ("enter with folders that are missing or closed", |place| {
        let (missing, closed) = (place.of("missing"), place.of("closed"));
        let readable = vec![missing.clone(), closed.clone(), place.of("outside")];
        let entered = front::enter(&FrontPaths { readable, ..place.front() }).unwrap();
        assert_eq!(entered.report.notes, [Note::Missing(missing), Note::Closed(closed)]);
        fs::read_dir(place.of("outside")).unwrap();
    }),
];

fn open_a_home(place: &Place) {
    let accounts = place.of("home/.local/share/airhatch/accounts");
    let paths = FrontPaths {
        readable: vec![place.of("home")],
        closed: vec![accounts.clone()],
        own: vec![place.of("own")],
        ..FrontPaths::default()
    };
    // As it is before the jail, so that a refusal means something.
    File::open(accounts.join("ann@example.org/vault")).unwrap();
    File::open(place.of("home/shortcut/ann@example.org/vault")).unwrap();
    let entered = front::enter(&paths).unwrap();
    for file in ["home/letter", "home/.local/share/notes", "home/.local/share/airhatch/warden.log"] {
        assert_eq!(fs::read_to_string(place.of(file)).unwrap(), "yours", "{file}");
    }
    for closed in [
        "home/.local/share/airhatch/accounts/ann@example.org/vault",
        "home/.local/share/airhatch/accounts/ann@example.org",
        "home/.local/share/airhatch/accounts",
        "home/shortcut/ann@example.org/vault",
        "home/elsewhere/letter",
    ] {
        let refused = File::open(place.of(closed)).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::PermissionDenied, "{closed}");
    }
    let mut along: Vec<_> = entered.along_the_way.iter().map(|folder| folder.path.clone()).collect();
    along.sort();
    let expected = ["home", "home/.local", "home/.local/share", "home/.local/share/airhatch"];
    assert_eq!(along, expected.map(|name| place.of(name)));
    for folder in &entered.along_the_way {
        assert!(!folder.names().unwrap().is_empty());
    }
}
