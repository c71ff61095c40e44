//! The same for whatever bytes and places chance finds.

use airhatch_seal::{CHUNK, UnsealError};
use proptest::prelude::*;

use super::{HYBRID, open, pattern, seal};

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_come_back(plain in prop::collection::vec(any::<u8>(), 0..300_000)) {
        let (opened, result) = open(&seal(&plain, &[HYBRID.recipient()])[..], &HYBRID);
        prop_assert!(result.is_ok());
        prop_assert!(opened == plain);
    }

    #[test]
    fn any_flipped_bit_is_refused(size in 0..200_000usize, at in any::<prop::sample::Index>(), bit in 0..8) {
        let plain = pattern(size);
        let mut sealed = seal(&plain, &[HYBRID.recipient()]);
        let at = at.index(sealed.len());
        sealed[at] ^= 1u8 << bit;
        let (released, result) = open(&sealed[..], &HYBRID);
        prop_assert!(result.is_err());
        prop_assert!(plain.starts_with(&released) && released.len().is_multiple_of(CHUNK));
    }

    #[test]
    fn any_flipped_bit_of_the_header_is_refused(at in 0..1800usize, bit in 0..8) {
        let mut sealed = seal(b"content", &[HYBRID.recipient()]);
        let at = at % sealed.len();
        sealed[at] ^= 1u8 << bit;
        let (released, result) = open(&sealed[..], &HYBRID);
        prop_assert!(result.is_err() && released.is_empty());
    }

    #[test]
    fn any_truncation_is_refused(size in 0..200_000usize, at in any::<prop::sample::Index>()) {
        let plain = pattern(size);
        let sealed = seal(&plain, &[HYBRID.recipient()]);
        let (released, result) = open(&sealed[..at.index(sealed.len())], &HYBRID);
        prop_assert!(result.is_err());
        prop_assert!(plain.starts_with(&released) && released.len().is_multiple_of(CHUNK));
    }

    #[test]
    fn arbitrary_bytes_never_open_and_never_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..5_000),
        beginning in prop::sample::select(vec!["", "age-encryption.org/v1\n", "age-encryption.org/v1\n-> X25519 a\n"]),
    ) {
        let file = [beginning.as_bytes(), &bytes].concat();
        prop_assert!(matches!(open(&file[..], &HYBRID).1, Err(UnsealError::Header(_))));
    }
}
