//! Attempts that end anywhere, each beginning where the recipient says: what is learnt in one is right in the next.

use proptest::prelude::*;

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn wherever_attempts_begin_and_end_the_rest_and_the_hashes_are_right(
        contents in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 1..6),
        attempts in proptest::collection::vec((any::<prop::sample::Index>(), 0..150usize), 0..5),
        last in any::<prop::sample::Index>(),
    ) {
        let world = World::new();
        for (n, content) in contents.iter().enumerate() {
            world.write(&format!("f{n}"), content);
        }
        let (items, all) = (world.scan().unwrap(), contents.concat());
        let mut known = Vec::new();
        for (from, count) in attempts {
            let from = from.index(all.len() + 1);
            let mut reader = world.reader(items.clone());
            reader.pass(from as u64, &known).unwrap();
            let (mut read, mut byte) = (Vec::new(), [0]);
            while read.len() < count && reader.next_chunk(&mut byte).unwrap() > 0 {
                read.push(byte[0]);
            }
            prop_assert_eq!(&read[..], &all[from..all.len().min(from + count)]);
            let now = reader.into_read();
            if now.len() > known.len() {
                known = now;
            }
        }
        let from = last.index(all.len() + 1);
        let mut reader = world.reader(items.clone());
        reader.pass(from as u64, &known).unwrap();
        let (rest, hashes) = read_all(reader).unwrap();
        prop_assert_eq!(&rest[..], &all[from..]);
        let right = |content: &Vec<u8>| ItemHash { length: content.len() as u64, blake3: blake3::hash(content).into() };
        prop_assert_eq!(hashes, contents.iter().map(right).collect::<Vec<_>>());
        let mut reader = world.reader(items);
        prop_assert!(matches!(reader.pass(all.len() as u64 + 1, &known), Err(SourceError::Unfinished)));
    }
}
