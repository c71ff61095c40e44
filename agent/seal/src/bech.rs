//! Bech32 (BIP 173) as age uses it: no limit on the length, because a post-quantum recipient has about 1960
//! characters, and one fixed case per kind of key.
//!
//! Only [`Recipient`](crate::Recipient) and [`Identity`](crate::Identity) call this.

use bech32::primitives::decode::CheckedHrpstring;
use bech32::{Bech32, ByteIterExt, Checksum, Fe32IterExt, Hrp};
use zeroize::Zeroizing;

use crate::error::KeyError;

/// A human-readable part, in the case its keys are written in.
pub(crate) struct Prefix(pub(crate) &'static str);

impl Prefix {
    /// Whether `text` starts with this part and the separator.
    pub(crate) fn begins(&self, text: &str) -> bool {
        text.strip_prefix(self.0).is_some_and(|rest| rest.starts_with('1'))
    }

    /// The `N` data bytes of `text`, which [begins](Self::begins) with this prefix.
    pub(crate) fn decode<const N: usize>(&self, text: &str) -> Result<Zeroizing<[u8; N]>, KeyError> {
        let checked = CheckedHrpstring::new::<LongBech32>(text).map_err(|_| KeyError::Checksum)?;
        // The separator is the last `1`: an earlier one would make another, longer prefix.
        if checked.hrp().len() != self.0.len() || checked.validate_segwit_padding().is_err() {
            return Err(KeyError::Checksum);
        }
        let data = checked.byte_iter();
        if data.len() != N {
            return Err(KeyError::Length { expected: N, found: data.len() });
        }
        let mut bytes = Zeroizing::new([0; N]);
        bytes.iter_mut().zip(data).for_each(|(byte, value)| *byte = value);
        Ok(bytes)
    }

    /// The text of `data`, written without reallocating, so that nothing of a secret is left behind.
    pub(crate) fn encode(&self, data: &[u8]) -> Zeroizing<String> {
        let hrp = Hrp::parse_unchecked(self.0);
        let upper = self.0.bytes().any(|byte| byte.is_ascii_uppercase());
        let mut text = Zeroizing::new(String::with_capacity(self.0.len() + 8 + data.len().div_ceil(5) * 8));
        let characters = data.iter().copied().bytes_to_fes().with_checksum::<LongBech32>(&hrp).chars();
        text.extend(characters.map(|c| if upper { c.to_ascii_uppercase() } else { c }));
        text
    }
}

/// Bech32's own checksum, without its limit on the length.
enum LongBech32 {}

impl Checksum for LongBech32 {
    type MidstateRepr = <Bech32 as Checksum>::MidstateRepr;
    const CODE_LENGTH: usize = usize::MAX;
    const CHECKSUM_LENGTH: usize = Bech32::CHECKSUM_LENGTH;
    const GENERATOR_SH: [Self::MidstateRepr; 5] = Bech32::GENERATOR_SH;
    const TARGET_RESIDUE: Self::MidstateRepr = Bech32::TARGET_RESIDUE;
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    const LOWER: Prefix = Prefix("age");
    const UPPER: Prefix = Prefix("AGE-SECRET-KEY-");

    #[test]
    fn the_checksum_constants_agree_with_each_other() {
        LongBech32::sanity_check();
    }

    #[test]
    fn text_of_any_length_comes_back() {
        let (long, short) = ([0x5a; 1216], [0xff; 32]);
        assert_eq!(*LOWER.decode::<1216>(&LOWER.encode(&long)).unwrap(), long);
        assert_eq!(*UPPER.decode::<32>(&UPPER.encode(&short)).unwrap(), short);
    }

    #[test]
    fn writing_never_outgrows_its_buffer() {
        for length in 0..200 {
            let text = UPPER.encode(&vec![1; length]);
            assert!(text.len() <= UPPER.0.len() + 8 + length.div_ceil(5) * 8);
        }
    }

    #[test]
    fn mixed_case_and_changed_letters_are_refused() {
        let text = LOWER.encode(&[3; 32]);
        let (head, tail) = text.split_at(20);
        assert!(matches!(
            LOWER.decode::<32>(&format!("{head}{}", tail.to_uppercase())),
            Err(KeyError::Checksum)
        ));
        let changed = format!("{head}{}{}", if tail.starts_with('q') { 'p' } else { 'q' }, &tail[1..]);
        assert!(matches!(LOWER.decode::<32>(&changed), Err(KeyError::Checksum)));
    }

    #[test]
    fn a_key_of_the_wrong_length_is_named_as_such() {
        let text = LOWER.encode(&[3; 31]);
        assert!(matches!(LOWER.decode::<32>(&text), Err(KeyError::Length { expected: 32, found: 31 })));
    }
}
