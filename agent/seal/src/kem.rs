//! ML-KEM-768 (FIPS 203) through OpenSSL: the one file with `unsafe`, because the `openssl` crate has no safe
//! interface to encapsulation yet.
//!
//! Only X-Wing calls this. Keys are `PKey`s, which OpenSSL wipes when they are freed.
#![allow(unsafe_code, reason = "EVP_PKEY_encapsulate and EVP_PKEY_decapsulate have no safe binding")]

use std::ffi::c_int;
use std::ptr;

use foreign_types::ForeignType;
use openssl::error::ErrorStack;
use openssl::pkey::{HasPublic, KeyType, PKey, PKeyRef, Private, Public};
use openssl::pkey_ctx::PkeyCtx;
use openssl_sys as ffi;
use zeroize::Zeroizing;

use crate::keys::SharedSecret;

/// Bytes of an encapsulation (public) key.
pub(crate) const PUBLIC_BYTES: usize = 1184;
/// Bytes of a ciphertext.
pub(crate) const CIPHERTEXT_BYTES: usize = 1088;

/// A private key, grown from its 64-byte seed.
#[derive(Clone)]
pub(crate) struct DecapsulationKey(PKey<Private>);

impl DecapsulationKey {
    /// The key whose FIPS 203 seed is `d || z`.
    pub(crate) fn from_seed(seed: &[u8; 64]) -> Result<Self, ErrorStack> {
        // Not `PKey::private_key_from_seed`: its parameter builder copies the seed and frees the copy unwiped.
        // SAFETY: the name is a C string that lives for ever; null means the default library and properties. The
        // result is owned by `context` before anything else can fail.
        let context = unsafe {
            let context =
                ffi::EVP_PKEY_CTX_new_from_name(ptr::null_mut(), c"ML-KEM-768".as_ptr(), ptr::null());
            if context.is_null() {
                return Err(ErrorStack::get());
            }
            PkeyCtx::<Private>::from_ptr(context)
        };
        let mut key = ptr::null_mut();
        // SAFETY: `context` is live. The parameters point at `seed`, which outlives the call, and end with the end
        // mark; `EVP_PKEY_fromdata` only reads them. On success it stores one new reference in `key`, which the
        // `PKey` then owns.
        unsafe {
            let mut parameters = [
                ffi::OSSL_PARAM_construct_octet_string(
                    c"seed".as_ptr(),
                    seed.as_ptr().cast_mut().cast(),
                    seed.len(),
                ),
                ffi::OSSL_PARAM_construct_end(),
            ];
            check(ffi::EVP_PKEY_fromdata_init(context.as_ptr()))?;
            check(ffi::EVP_PKEY_fromdata(
                context.as_ptr(),
                &raw mut key,
                ffi::EVP_PKEY_KEYPAIR,
                parameters.as_mut_ptr(),
            ))?;
            Ok(Self(PKey::from_ptr(key)))
        }
    }

    /// The public half.
    pub(crate) fn public_key(&self) -> Result<Box<[u8; PUBLIC_BYTES]>, ErrorStack> {
        let bytes = self.0.raw_public_key()?.into_boxed_slice();
        bytes.try_into().map_err(|_| ErrorStack::get())
    }

    /// The secret in `ciphertext`. A ciphertext for another key, or a damaged one, yields an unrelated secret
    /// (FIPS 203's implicit rejection), not an error.
    pub(crate) fn decapsulate(
        &self,
        ciphertext: &[u8; CIPHERTEXT_BYTES],
    ) -> Result<SharedSecret, ErrorStack> {
        let context = PkeyCtx::new(&self.0)?;
        let mut secret = Zeroizing::new([0u8; 32]);
        let mut length = secret.len();
        // SAFETY: `context` is live and was made from a private key; both buffers are valid for the lengths given,
        // and OpenSSL writes at most `length` bytes of secret.
        unsafe {
            check(ffi::EVP_PKEY_decapsulate_init(context.as_ptr(), ptr::null()))?;
            check(ffi::EVP_PKEY_decapsulate(
                context.as_ptr(),
                secret.as_mut_ptr(),
                &raw mut length,
                ciphertext.as_ptr(),
                ciphertext.len(),
            ))?;
        }
        Ok(SharedSecret(secret))
    }
}

/// A public key, checked by OpenSSL to be a valid one (FIPS 203, section 7.2).
pub(crate) struct EncapsulationKey(PKey<Public>);

impl EncapsulationKey {
    /// Reads the raw form; a key with a coefficient out of range is refused.
    pub(crate) fn from_bytes(bytes: &[u8; PUBLIC_BYTES]) -> Result<Self, ErrorStack> {
        PKey::public_key_from_raw_bytes_ex(None, KeyType::ML_KEM_768, None, bytes).map(Self)
    }

    /// A fresh secret, and the ciphertext that carries it to the key's owner.
    pub(crate) fn encapsulate(&self) -> Result<(SharedSecret, [u8; CIPHERTEXT_BYTES]), ErrorStack> {
        encapsulate(&self.0)
    }
}

fn encapsulate<T: HasPublic>(key: &PKeyRef<T>) -> Result<(SharedSecret, [u8; CIPHERTEXT_BYTES]), ErrorStack> {
    let context = PkeyCtx::new(key)?;
    let mut secret = Zeroizing::new([0u8; 32]);
    let mut ciphertext = [0u8; CIPHERTEXT_BYTES];
    let (mut secret_length, mut ciphertext_length) = (secret.len(), ciphertext.len());
    // SAFETY: `context` is live and was made from a public key; both buffers are valid for the lengths given, and
    // OpenSSL refuses to write more than those.
    unsafe {
        check(ffi::EVP_PKEY_encapsulate_init(context.as_ptr(), ptr::null()))?;
        check(ffi::EVP_PKEY_encapsulate(
            context.as_ptr(),
            ciphertext.as_mut_ptr(),
            &raw mut ciphertext_length,
            secret.as_mut_ptr(),
            &raw mut secret_length,
        ))?;
    }
    Ok((SharedSecret(secret), ciphertext))
}

/// OpenSSL's convention: 1 is success, anything else a failure with its reasons on the error stack.
fn check(result: c_int) -> Result<(), ErrorStack> {
    if result == 1 { Ok(()) } else { Err(ErrorStack::get()) }
}
