//! X-Wing (draft-connolly-cfrg-xwing-kem): ML-KEM-768 and X25519 as one KEM, safe while either holds.
//!
//! Called by [`hpke`](crate::hpke); the arithmetic is in [`kem`] and [`x25519`], the hashing in
//! [`keys`].

use openssl::error::ErrorStack;
use zeroize::Zeroizing;

use crate::error::KeyError;
use crate::kem;
use crate::keys::{self, SharedSecret};
use crate::x25519::{self, AgreementError};

/// Bytes of a public key: ML-KEM-768's, then X25519's.
pub(crate) const PUBLIC_BYTES: usize = kem::PUBLIC_BYTES + 32;
/// Bytes of an encapsulation: ML-KEM-768's ciphertext, then the X25519 share.
pub(crate) const ENCAPSULATION_BYTES: usize = kem::CIPHERTEXT_BYTES + 32;

/// A public key whose ML-KEM half was checked.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct PublicKey {
    mlkem: Box<[u8; kem::PUBLIC_BYTES]>,
    x25519: [u8; 32],
}

impl PublicKey {
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let wrong_length = || KeyError::Length { expected: PUBLIC_BYTES, found: bytes.len() };
        let (mlkem, x25519) = bytes.split_first_chunk().ok_or_else(wrong_length)?;
        let x25519 = x25519.try_into().map_err(|_| wrong_length())?;
        kem::EncapsulationKey::from_bytes(mlkem).map_err(|_| KeyError::Invalid)?;
        Ok(Self { mlkem: Box::new(*mlkem), x25519 })
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        [self.mlkem.as_slice(), &self.x25519].concat()
    }

    /// A fresh secret and its encapsulation.
    pub(crate) fn encapsulate(&self) -> Result<(SharedSecret, Vec<u8>), AgreementError> {
        let (mlkem_secret, ciphertext) = kem::EncapsulationKey::from_bytes(&self.mlkem)?.encapsulate()?;
        let ephemeral = x25519::SecretKey::generate()?;
        let x25519_secret = ephemeral.agree(&self.x25519)?;
        let share = ephemeral.public();
        let secret = keys::xwing_combine(&mlkem_secret, &x25519_secret, share, &self.x25519)?;
        Ok((secret, [ciphertext.as_slice(), share].concat()))
    }
}

/// A private key, grown from its 32-byte seed once.
#[derive(Clone)]
pub(crate) struct PrivateKey {
    seed: Zeroizing<[u8; 32]>,
    mlkem: kem::DecapsulationKey,
    x25519: x25519::SecretKey,
    public: PublicKey,
}

impl PrivateKey {
    pub(crate) fn from_seed(seed: Zeroizing<[u8; 32]>) -> Result<Self, ErrorStack> {
        let seeds = keys::xwing_expand(&seed)?;
        let mlkem = kem::DecapsulationKey::from_seed(&seeds.mlkem)?;
        let x25519 = x25519::SecretKey::from_bytes(seeds.x25519)?;
        let public = PublicKey { mlkem: mlkem.public_key()?, x25519: *x25519.public() };
        Ok(Self { seed, mlkem, x25519, public })
    }

    pub(crate) fn seed(&self) -> &Zeroizing<[u8; 32]> {
        &self.seed
    }

    pub(crate) fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The secret in an encapsulation. One made for another key yields an unrelated secret, not an error.
    pub(crate) fn decapsulate(
        &self,
        encapsulation: &[u8; ENCAPSULATION_BYTES],
    ) -> Result<SharedSecret, AgreementError> {
        let mut ciphertext = [0; kem::CIPHERTEXT_BYTES];
        let mut share = [0; 32];
        let (front, back) = encapsulation.split_at(kem::CIPHERTEXT_BYTES);
        ciphertext.copy_from_slice(front);
        share.copy_from_slice(back);
        let mlkem_secret = self.mlkem.decapsulate(&ciphertext)?;
        let x25519_secret = self.x25519.agree(&share)?;
        Ok(keys::xwing_combine(&mlkem_secret, &x25519_secret, &share, self.x25519.public())?)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use x_wing::{Decapsulate, DecapsulationKey, Decapsulator, KeyExport};

    use super::*;

    /// Our key and the `x-wing` crate's, from one seed.
    fn both(seed: u8) -> (PrivateKey, DecapsulationKey) {
        (PrivateKey::from_seed(Zeroizing::new([seed; 32])).unwrap(), DecapsulationKey::from([seed; 32]))
    }

    #[test]
    fn the_x_wing_crate_derives_the_same_public_key() {
        for seed in 0..16 {
            let (ours, theirs) = both(seed);
            assert_eq!(ours.public().to_bytes(), theirs.encapsulation_key().to_bytes().as_slice());
        }
    }

    #[test]
    fn the_x_wing_crate_opens_what_we_encapsulate() {
        for seed in 0..16 {
            let (ours, theirs) = both(seed);
            let (secret, encapsulation) = ours.public().encapsulate().unwrap();
            let opened = theirs.decapsulate(&encapsulation.as_slice().try_into().unwrap());
            assert_eq!(opened.as_slice(), secret.0.as_slice());
        }
    }

    #[test]
    fn we_open_what_the_x_wing_crate_encapsulates() {
        for seed in 0..16 {
            let (ours, theirs) = both(seed);
            let (encapsulation, secret) =
                theirs.encapsulation_key().encapsulate_deterministic(&[seed ^ 0x55; 64].into());
            let opened = ours.decapsulate(encapsulation.as_slice().try_into().unwrap()).unwrap();
            assert_eq!(opened.0.as_slice(), secret.as_slice());
        }
    }
}
