//! The store against a map, through closings of every kind.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Put(u8, u16),
    Remove(u8),
    Change(u8, u16),
    Flush,
    Reopen,
    Crash,
    TearSnapshot,
    LoseSnapshot,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        60 => (any::<u8>(), 0..6000u16).prop_map(|(name, size)| Step::Put(name, size)),
        15 => any::<u8>().prop_map(Step::Remove),
        10 => (any::<u8>(), 0..6000u16).prop_map(|(name, size)| Step::Change(name, size)),
        5 => Just(Step::Flush),
        1 => Just(Step::Reopen),
        1 => Just(Step::Crash),
        1 => Just(Step::TearSnapshot),
        1 => Just(Step::LoseSnapshot),
    ];
    proptest::collection::vec(step, 300..1500)
}

/// Closes the store in one of the bad ways; where it is now.
fn close(store: Database, dir: &Path, step: &Step) -> PathBuf {
    if matches!(step, Step::Crash) {
        // What is on the disk at this moment, with nothing done on closing.
        let after = dir.with_extension(if dir.extension().is_none() { "after" } else { "" });
        copy(dir, &after);
        drop(store);
        fs::remove_dir_all(dir).unwrap();
        return after;
    }
    drop(store);
    snapshots(dir).iter().for_each(|path| match step {
        Step::TearSnapshot => fs::write(path, b"torn, not a snapshot").unwrap(),
        Step::LoseSnapshot => fs::remove_file(path).unwrap(),
        _ => {}
    });
    dir.to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4, failure_persistence: None, max_shrink_iters: 100, ..ProptestConfig::default()
    })]

    #[test]
    fn the_store_remembers_what_a_map_remembers_whatever_happens_between(
        steps in steps(), largest in prop_oneof![Just(100), Just(1000), Just(6000)]
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut dir = folder.path().join("store");
        let mut model = BTreeMap::new();
        let mut open = Database::open(&dir).unwrap();
        for step in steps.into_iter().chain([Step::Reopen]) {
            match &step {
                Step::Put(name, size) => {
                    let record = record(u32::from(*name), usize::from(size % largest));
                    put(&open, &record).unwrap();
                    model.insert(record.0, record.1);
                }
                Step::Remove(name) => {
                    let key = record(u32::from(*name), 0).0;
                    open.put(&key, None).unwrap();
                    model.remove(&key);
                }
                Step::Change(name, size) => {
                    let set = record(u32::from(*name), usize::from(size % largest));
                    let removed = record(u32::from(name / 2), 0).0;
                    let changed = open.change(|change| -> Result<(), DatabaseError> {
                        change.put(removed.clone(), None);
                        change.put(set.0.clone(), Some(set.1.clone()));
                        Ok(())
                    });
                    changed.unwrap();
                    model.remove(&removed);
                    model.insert(set.0, set.1);
                }
                Step::Flush => open.flush().unwrap(),
                step => {
                    open.flush().unwrap();
                    dir = close(open, &dir, step);
                    open = Database::open(&dir).unwrap();
                    let wanted: Vec<Record> = model.clone().into_iter().collect();
                    let stored = sorted(&open);
                    prop_assert_eq!(stored.len(), wanted.len(), "after {:?}", step);
                    prop_assert!(stored == wanted, "after {:?}", step);
                }
            }
        }
    }
}
