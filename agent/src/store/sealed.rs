//! How names and values look on disk. Tree keys are HMAC-SHA256 of the name, so that nobody reads a name or tries
//! whether one is there without the key; values are AES-256-GCM with the tree key as context, so that no value can be
//! put in another's place. Both keys are derived from the vault's store key.

use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use zeroize::Zeroizing;

use crate::gcm;

/// The two keys of an open store.
pub(super) struct Keys {
    names: Zeroizing<[u8; 32]>,
    values: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

impl Keys {
    pub(super) fn derive(store_key: &[u8; 32]) -> Result<Self, ErrorStack> {
        let derived = |label: &[u8]| hmac(store_key, label).map(Zeroizing::new);
        Ok(Self { names: derived(b"airhatch/1/store/names")?, values: derived(b"airhatch/1/store/values")? })
    }

    pub(super) fn tree_key(&self, name: &[u8]) -> Result<[u8; 32], ErrorStack> {
        hmac(&self.names, name)
    }

    /// Seals a value for its place.
    pub(super) fn seal(&self, key: &[u8], plain: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        gcm::seal(&self.values, key, plain)
    }

    /// Opens a value that is what was sealed for this place.
    pub(super) fn open(&self, key: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        gcm::open(&self.values, key, sealed)
    }
}

fn hmac(key: &[u8; 32], text: &[u8]) -> Result<[u8; 32], ErrorStack> {
    let key = PKey::hmac(key)?;
    let mut mac = [0; 32];
    Signer::new(MessageDigest::sha256(), &key)?.sign_oneshot(&mut mac, text)?;
    Ok(mac)
}
