//! Invitations: one-time codes, each for one email. A code proves itself (it carries a MAC under a key derived from the
//! CA's), so that making one needs no running CA; which have served is in the store.

use airhatch_trust::{CryptoError, IdentityKey};
use airhatch_wire::{Email, UnixMillis};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::memcmp;
use openssl::pkey::PKey;
use openssl::rand::rand_bytes;
use openssl::sign::Signer;

/// How long an invitation can be used, hours.
pub(crate) const LIFETIME_HOURS: u32 = 7 * 24;

const ID: usize = 7;
const TAG: usize = 10;

/// What tells one invitation from another.
pub(crate) type InvitationId = [u8; ID];

/// Why a code is not taken. Which of the reasons it was, a caller is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotInvited;

/// Makes and checks codes.
pub(crate) struct Invitations {
    key: [u8; 32],
}

impl Invitations {
    pub(crate) fn new(key: &IdentityKey) -> Result<Self, CryptoError> {
        Ok(Self { key: hmac(key.seed().as_slice(), &[b"airhatch/1/invitations"])? })
    }

    /// A new code: 40 hexadecimal digits in groups of four.
    pub(crate) fn make(&self, email: &Email, now: UnixMillis) -> Result<String, CryptoError> {
        let mut id = [0; ID];
        rand_bytes(&mut id)?;
        let last_hour = hour(now).saturating_add(LIFETIME_HOURS);
        let code = [id.as_slice(), last_hour.to_be_bytes().get(1..).unwrap_or_default()].concat();
        let tag = self.tag(&code, email)?;
        let digits: Vec<String> =
            [code.as_slice(), &tag].concat().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(digits.chunks(2).map(<[String]>::concat).collect::<Vec<_>>().join("-"))
    }

    /// The id of a code that was made for this email and has not expired.
    pub(crate) fn check(
        &self,
        code: &str,
        email: &Email,
        now: UnixMillis,
    ) -> Result<InvitationId, NotInvited> {
        let bytes = parse(code).ok_or(NotInvited)?;
        let (said, tag) = bytes.split_last_chunk::<TAG>().ok_or(NotInvited)?;
        let expected = self.tag(said, email).map_err(|_| NotInvited)?;
        let (id, last_hour) = said.split_first_chunk::<ID>().ok_or(NotInvited)?;
        let last_hour = last_hour.iter().fold(0, |hours: u32, byte| hours << 8 | u32::from(*byte));
        if memcmp::eq(tag, &expected) && hour(now) <= last_hour { Ok(*id) } else { Err(NotInvited) }
    }

    fn tag(&self, code: &[u8], email: &Email) -> Result<[u8; TAG], CryptoError> {
        let whole = hmac(&self.key, &[code, email.as_str().as_bytes()])?;
        let mut tag = [0; TAG];
        tag.copy_from_slice(whole.get(..TAG).unwrap_or_default());
        Ok(tag)
    }
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Result<[u8; 32], CryptoError> {
    let mac = || -> Result<[u8; 32], ErrorStack> {
        let key = PKey::hmac(key)?;
        let mut signer = Signer::new(MessageDigest::sha256(), &key)?;
        for part in parts {
            signer.update(part)?;
        }
        let mut out = [0; 32];
        signer.sign(&mut out)?;
        Ok(out)
    };
    Ok(mac()?)
}

fn hour(at: UnixMillis) -> u32 {
    u32::try_from(at.seconds() / 3600).unwrap_or(u32::MAX)
}

/// Reads digits as people type them: any case, with or without dashes and spaces.
fn parse(code: &str) -> Option<Vec<u8>> {
    let digits: Vec<char> = code.chars().filter(|c| !matches!(c, '-' | ' ')).collect();
    if digits.len() != 2 * (ID + 3 + TAG) {
        return None;
    }
    let value = |c: &char| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    digits.chunks(2).map(|pair| pair.iter().try_fold(0, |byte, c| Some(byte << 4 | value(c)?))).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

    fn invitations(seed: u8) -> Invitations {
        Invitations::new(&IdentityKey::from_seed(&[seed; 32]).unwrap()).unwrap()
    }

    fn email(text: &str) -> Email {
        text.parse().unwrap()
    }

    #[test]
    fn a_code_is_good_for_its_email_and_a_week() {
        let (ann, hours) = (email("ann@b"), u64::from(LIFETIME_HOURS) * 3_600_000);
        let code = invitations(1).make(&ann, NOW).unwrap();
        let check = |code: &str, email: &Email, at| invitations(1).check(code, email, at);
        let id = check(&code, &ann, NOW).unwrap();
        assert_eq!(check(&code.to_uppercase().replace('-', " "), &ann, NOW.plus(hours)), Ok(id));
        assert_eq!(check(&code, &ann, NOW.plus(hours + 3_600_000)), Err(NotInvited));
        assert_eq!(check(&code, &email("bob@b"), NOW), Err(NotInvited));
        assert_eq!(invitations(2).check(&code, &ann, NOW), Err(NotInvited));
    }

    #[test]
    fn a_changed_digit_makes_a_code_worthless() {
        let ann = email("ann@b");
        let code = invitations(1).make(&ann, NOW).unwrap();
        for (at, digit) in code.char_indices().filter(|(_, c)| *c != '-') {
            let mut changed = code.clone();
            changed.replace_range(at..=at, if digit == '0' { "1" } else { "0" });
            assert_eq!(invitations(1).check(&changed, &ann, NOW), Err(NotInvited), "digit {at}");
        }
    }

    #[test]
    fn texts_that_are_no_code_are_refused() {
        for text in ["", "0", "zz", &"0".repeat(39), &"g".repeat(40), &"é".repeat(40), &"0".repeat(42)] {
            assert_eq!(invitations(1).check(text, &email("ann@b"), NOW), Err(NotInvited), "{text:?}");
        }
    }

    #[test]
    fn two_codes_for_one_email_differ() {
        let make = || invitations(1).make(&email("ann@b"), NOW).unwrap();
        assert_ne!(make(), make());
    }
}
