//! Every key this crate derives, and the types that hold secrets.
//!
//! One file, so that one reading shows that no two purposes share a key. All of them are HKDF-SHA256 (RFC 5869), but
//! for X-Wing, which brings its own SHAKE256 and SHA3-256. Everything here is wiped when dropped.

use openssl::error::ErrorStack;
use openssl::md::Md;
use openssl::md_ctx::MdCtx;
use openssl::pkey::Id;
use openssl::pkey_ctx::{HkdfMode, PkeyCtx};
use openssl::rand::rand_priv_bytes;
use zeroize::Zeroizing;

/// Bytes of a file key.
pub(crate) const FILE_KEY_BYTES: usize = 16;
/// Bytes of the nonce in front of the payload.
pub(crate) const PAYLOAD_NONCE_BYTES: usize = 16;

/// The secret of one sealed file, wrapped once per recipient.
pub(crate) struct FileKey(Zeroizing<[u8; FILE_KEY_BYTES]>);

impl FileKey {
    pub(crate) fn generate() -> Result<Self, ErrorStack> {
        let mut bytes = Zeroizing::new([0; FILE_KEY_BYTES]);
        rand_priv_bytes(bytes.as_mut_slice())?;
        Ok(Self(bytes))
    }

    pub(crate) fn from_bytes(bytes: Zeroizing<[u8; FILE_KEY_BYTES]>) -> Self {
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; FILE_KEY_BYTES] {
        &self.0
    }

    /// The key of the header's HMAC.
    pub(crate) fn mac_key(&self) -> Result<MacKey, ErrorStack> {
        hkdf(self.0.as_slice(), &[], b"header").map(MacKey)
    }

    /// The key of the payload stream that starts with `nonce`.
    pub(crate) fn payload_key(&self, nonce: &[u8; PAYLOAD_NONCE_BYTES]) -> Result<AeadKey, ErrorStack> {
        hkdf(self.0.as_slice(), nonce, b"payload").map(AeadKey)
    }
}

/// A key for HMAC-SHA256 over a header.
pub(crate) struct MacKey(Zeroizing<[u8; 32]>);

impl MacKey {
    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// A key for ChaCha20-Poly1305.
pub(crate) struct AeadKey(Zeroizing<[u8; 32]>);

impl AeadKey {
    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    #[cfg(test)]
    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

/// What a key agreement or a KEM yields: 32 secret bytes that are only ever fed to a derivation below.
pub(crate) struct SharedSecret(pub(crate) Zeroizing<[u8; 32]>);

/// The key that wraps the file key in an `X25519` stanza.
pub(crate) fn x25519_wrap_key(
    secret: &SharedSecret,
    share: &[u8; 32],
    recipient: &[u8; 32],
) -> Result<AeadKey, ErrorStack> {
    hkdf(secret.0.as_slice(), &[share.as_slice(), recipient].concat(), b"age-encryption.org/v1/X25519")
        .map(AeadKey)
}

/// HPKE's key schedule (RFC 9180, section 5.1) in base mode for the one suite age uses: the key and the nonce of
/// the first, and only, message.
pub(crate) fn hpke_base(secret: &SharedSecret, info: &[u8]) -> Result<(AeadKey, [u8; 12]), ErrorStack> {
    const BASE_MODE: &[u8] = &[0];
    let psk_id_hash = labeled_extract(&[], "psk_id_hash", &[])?;
    let info_hash = labeled_extract(&[], "info_hash", info)?;
    let context = [BASE_MODE, psk_id_hash.as_slice(), info_hash.as_slice()].concat();
    let prk = labeled_extract(secret.0.as_slice(), "secret", &[])?;
    let key = labeled_expand::<32>(&prk, "key", &context)?;
    let nonce = labeled_expand::<12>(&prk, "base_nonce", &context)?;
    Ok((AeadKey(key), *nonce))
}

/// What an X-Wing seed grows into.
pub(crate) struct XwingSeeds {
    /// FIPS 203's `d || z`.
    pub(crate) mlkem: Zeroizing<[u8; 64]>,
    pub(crate) x25519: Zeroizing<[u8; 32]>,
}

/// X-Wing's key expansion.
pub(crate) fn xwing_expand(seed: &[u8; 32]) -> Result<XwingSeeds, ErrorStack> {
    let mut expanded = Zeroizing::new([0; 96]);
    let mut shake = MdCtx::new()?;
    shake.digest_init(Md::shake256())?;
    shake.digest_update(seed)?;
    shake.digest_final_xof(expanded.as_mut_slice())?;
    let mut seeds = XwingSeeds { mlkem: Zeroizing::new([0; 64]), x25519: Zeroizing::new([0; 32]) };
    let (front, back) = expanded.split_at(64);
    seeds.mlkem.copy_from_slice(front);
    seeds.x25519.copy_from_slice(back);
    Ok(seeds)
}

/// X-Wing's combiner: both secrets, bound to the X25519 share and key. (ML-KEM binds its own.)
pub(crate) fn xwing_combine(
    mlkem: &SharedSecret,
    x25519: &SharedSecret,
    share: &[u8; 32],
    recipient: &[u8; 32],
) -> Result<SharedSecret, ErrorStack> {
    let mut combined = Zeroizing::new([0; 32]);
    let mut sha3 = MdCtx::new()?;
    sha3.digest_init(Md::sha3_256())?;
    for part in [mlkem.0.as_slice(), x25519.0.as_slice(), share, recipient, br"\.//^\"] {
        sha3.digest_update(part)?;
    }
    sha3.digest_final(combined.as_mut_slice())?;
    Ok(SharedSecret(combined))
}

/// `"HPKE" || KEM X-Wing || KDF HKDF-SHA256 || AEAD ChaCha20-Poly1305`.
const SUITE: &[u8] = b"HPKE\x64\x7a\x00\x01\x00\x03";
const VERSION: &[u8] = b"HPKE-v1";

fn labeled_extract(salt: &[u8], label: &str, material: &[u8]) -> Result<Zeroizing<[u8; 32]>, ErrorStack> {
    let material = Zeroizing::new([VERSION, SUITE, label.as_bytes(), material].concat());
    hkdf_step(HkdfMode::EXTRACT_ONLY, &material, salt, &[])
}

fn labeled_expand<const N: usize>(
    prk: &[u8; 32],
    label: &str,
    context: &[u8],
) -> Result<Zeroizing<[u8; N]>, ErrorStack> {
    // N is 12 or 32: it fits the two bytes that the label gives to it.
    let info = [&(N as u16).to_be_bytes(), VERSION, SUITE, label.as_bytes(), context].concat();
    hkdf_step(HkdfMode::EXPAND_ONLY, prk, &[], &info)
}

fn hkdf(material: &[u8], salt: &[u8], info: &[u8]) -> Result<Zeroizing<[u8; 32]>, ErrorStack> {
    hkdf_step(HkdfMode::EXTRACT_THEN_EXPAND, material, salt, info)
}

/// HKDF-SHA256 through `EVP_PKEY_CTX`, which (unlike the parameter builder) leaves no copy of its input unwiped.
fn hkdf_step<const N: usize>(
    mode: HkdfMode,
    material: &[u8],
    salt: &[u8],
    info: &[u8],
) -> Result<Zeroizing<[u8; N]>, ErrorStack> {
    let mut out = Zeroizing::new([0; N]);
    let mut context = PkeyCtx::new_id(Id::HKDF)?;
    context.derive_init()?;
    context.set_hkdf_mode(mode)?;
    context.set_hkdf_md(Md::sha256())?;
    context.set_hkdf_key(material)?;
    if !salt.is_empty() {
        context.set_hkdf_salt(salt)?;
    }
    if !info.is_empty() {
        context.add_hkdf_info(info)?;
    }
    context.derive(Some(out.as_mut_slice()))?;
    Ok(out)
}
