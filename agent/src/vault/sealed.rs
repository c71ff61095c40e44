//! One generation of the vault as bytes, integers big endian:
//!
//! `"AHVAULT1" | memory KiB u32 | passes u32 | lanes u32 | salt 16 | AES-256-GCM of the body | SHA-256 of all before`
//!
//! Everything in front of the sealed body is its context, so nothing of it can be exchanged. The body is the three
//! 32-byte secrets, then email, authority and certificate as a wire value; the secrets are laid out by hand because an
//! encoder's growing buffer would leave copies of them in freed memory.

use airhatch_wire::frame::{self, FrameError};
use airhatch_wire::{Address, Email};
use openssl::error::ErrorStack;
use openssl::kdf::argon2id;
use openssl::rand::rand_bytes;
use openssl::sha::sha256;
use zeroize::Zeroizing;

use super::{Secrets, VaultError};
use crate::gcm;

const MAGIC: &[u8; 8] = b"AHVAULT1";
const SALT_BYTES: usize = 16;
const SECRET_BYTES: usize = 32;

/// The largest generation, bytes; about a thousand are usual.
pub(super) const LARGEST: usize = 64 * 1024;

/// What turning a passphrase into a key costs (RFC 9106).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cost {
    /// Memory, KiB.
    pub(super) memory: u32,
    /// Passes over it.
    pub(super) passes: u32,
    /// Lanes.
    pub(super) lanes: u32,
}

impl Cost {
    /// RFC 9106's second recommendation (64 MiB, three passes), with one lane.
    pub(super) const STANDARD: Self = Self { memory: 64 * 1024, passes: 3, lanes: 1 };

    /// What is believed when read: enough room to raise the standard, and no way to stall the agent.
    const fn is_bearable(self) -> bool {
        self.memory >= 8 * self.lanes
            && self.memory <= 256 * 1024
            && self.passes >= 1
            && self.passes <= 16
            && self.lanes >= 1
            && self.lanes <= 4
    }
}

/// Why bytes did not open.
pub(super) enum Unreadable {
    /// They are not what was written.
    Damaged,
    /// They are what was written, under another passphrase.
    WrongPassphrase,
    /// OpenSSL refused.
    Crypto(ErrorStack),
}

/// Seals one generation with a fresh salt.
pub(super) fn seal(secrets: &Secrets, passphrase: &str, cost: Cost) -> Result<Vec<u8>, VaultError> {
    let mut salt = [0; SALT_BYTES];
    rand_bytes(&mut salt)?;
    let mut bytes = MAGIC.to_vec();
    for number in [cost.memory, cost.passes, cost.lanes] {
        bytes.extend(number.to_be_bytes());
    }
    bytes.extend(salt);
    let body = body(secrets).map_err(|_| VaultError::TooLarge)?;
    let key = derive(passphrase, &salt, cost)?;
    let sealed = gcm::seal(&key, &bytes, &body)?;
    bytes.extend(sealed);
    bytes.extend(sha256(&bytes));
    if bytes.len() > LARGEST { Err(VaultError::TooLarge) } else { Ok(bytes) }
}

/// Opens what [`seal`] made.
pub(super) fn open(bytes: &[u8], passphrase: &str) -> Result<Secrets, Unreadable> {
    let Generation { header, salt, cost, sealed } = parse(bytes).ok_or(Unreadable::Damaged)?;
    let key = derive(passphrase, salt, cost).map_err(Unreadable::Crypto)?;
    let plain = gcm::open(&key, header, sealed).ok_or(Unreadable::WrongPassphrase)?;
    read_body(&plain).ok_or(Unreadable::Damaged)
}

/// The parts of an intact generation.
struct Generation<'a> {
    /// Everything in front of the sealed body, the next two included.
    header: &'a [u8],
    salt: &'a [u8; SALT_BYTES],
    cost: Cost,
    sealed: &'a [u8],
}

fn parse(bytes: &[u8]) -> Option<Generation<'_>> {
    let (content, sum) = bytes.split_last_chunk::<32>()?;
    if sha256(content) != *sum {
        return None;
    }
    let rest = content.strip_prefix(MAGIC)?;
    let (memory, rest) = number(rest)?;
    let (passes, rest) = number(rest)?;
    let (lanes, rest) = number(rest)?;
    let (salt, sealed) = rest.split_first_chunk()?;
    let header = content.get(..content.len() - sealed.len())?;
    let cost = Cost { memory, passes, lanes };
    cost.is_bearable().then_some(Generation { header, salt, cost, sealed })
}

fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    bytes.split_first_chunk().map(|(number, rest)| (u32::from_be_bytes(*number), rest))
}

fn derive(passphrase: &str, salt: &[u8], cost: Cost) -> Result<Zeroizing<[u8; gcm::KEY_BYTES]>, ErrorStack> {
    let mut key = Zeroizing::new([0; gcm::KEY_BYTES]);
    let Cost { memory, passes, lanes } = cost;
    argon2id(None, passphrase.as_bytes(), salt, None, None, passes, lanes, memory, key.as_mut())?;
    Ok(key)
}

type Known = (Email, Address, Vec<u8>);

fn body(secrets: &Secrets) -> Result<Zeroizing<Vec<u8>>, FrameError> {
    let known: Known =
        (secrets.email.clone(), secrets.authority.clone(), secrets.authority_certificate.clone());
    let known = frame::to_bytes(&known)?;
    let mut body = Zeroizing::new(Vec::with_capacity(3 * SECRET_BYTES + known.len()));
    for secret in [&secrets.identity_seed, &secrets.seal_seed, &secrets.store_key] {
        body.extend_from_slice(secret.as_slice());
    }
    body.extend(known);
    Ok(body)
}

fn read_body(body: &[u8]) -> Option<Secrets> {
    let (identity_seed, rest) = secret(body)?;
    let (seal_seed, rest) = secret(rest)?;
    let (store_key, rest) = secret(rest)?;
    let (email, authority, authority_certificate): Known = frame::from_bytes(rest).ok()?;
    Some(Secrets { identity_seed, seal_seed, store_key, email, authority, authority_certificate })
}

fn secret(bytes: &[u8]) -> Option<(Zeroizing<[u8; SECRET_BYTES]>, &[u8])> {
    bytes.split_first_chunk().map(|(secret, rest)| (Zeroizing::new(*secret), rest))
}
