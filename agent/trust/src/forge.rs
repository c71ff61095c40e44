//! For tests only: a CA that signs whatever it is told to, so that a certificate can be wrong in exactly one way.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use airhatch_wire::{Email, UnixMillis};
use openssl::asn1::{Asn1Object, Asn1OctetString, Asn1Time};
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::{HasPublic, PKey, Private};
use openssl::x509::{X509, X509Extension, X509Name};

use crate::authority::AuthorityCertificate;
use crate::certificate::AccountCertificate;
use crate::profile::{self, SEAL_KEY_BYTES};
use crate::sign::IdentityKey;

pub(crate) const DAY: u64 = 24 * 3600 * 1000;
pub(crate) const SEAL_KEY: [u8; SEAL_KEY_BYTES] = [0x42; SEAL_KEY_BYTES];

/// A certificate before it is signed; tests bend one field of it.
pub(crate) struct Mold {
    pub(crate) subject: X509Name,
    pub(crate) issuer: X509Name,
    pub(crate) version: i32,
    pub(crate) serial: [u8; 16],
    pub(crate) not_before: UnixMillis,
    pub(crate) not_after: UnixMillis,
    pub(crate) extensions: Vec<X509Extension>,
}

impl Mold {
    pub(crate) fn cast<T: HasPublic>(
        &self,
        key: &PKey<T>,
        signer: &PKey<Private>,
        md: MessageDigest,
    ) -> Vec<u8> {
        let mut builder = X509::builder().unwrap();
        builder.set_version(self.version).unwrap();
        let serial = BigNum::from_slice(&self.serial).unwrap().to_asn1_integer().unwrap();
        builder.set_serial_number(&serial).unwrap();
        builder.set_subject_name(&self.subject).unwrap();
        builder.set_issuer_name(&self.issuer).unwrap();
        builder.set_not_before(&time(self.not_before)).unwrap();
        builder.set_not_after(&time(self.not_after)).unwrap();
        builder.set_pubkey(key).unwrap();
        for extension in &self.extensions {
            builder.append_extension2(extension).unwrap();
        }
        builder.sign(signer, md).unwrap();
        builder.build().to_der().unwrap()
    }

    /// Puts a raw extension in place of the one of the same kind, or at the end.
    pub(crate) fn extend(&mut self, oid: &str, critical: bool, value: &[u8]) {
        let object = Asn1Object::from_str(oid).unwrap();
        let octets = Asn1OctetString::new_from_bytes(value).unwrap();
        let extension = X509Extension::new_from_der(&object, critical, &octets).unwrap();
        let is_it = |other: &X509Extension| {
            other.to_der().unwrap().windows(object.as_slice().len()).any(|w| w == object.as_slice())
        };
        match self.extensions.iter().position(is_it) {
            Some(at) => self.extensions[at] = extension,
            None => self.extensions.push(extension),
        }
    }

    pub(crate) fn forget(&mut self, oid: &str) {
        let object = Asn1Object::from_str(oid).unwrap();
        let bytes = object.as_slice();
        self.extensions.retain(|other| !other.to_der().unwrap().windows(bytes.len()).any(|w| w == bytes));
    }
}

/// A CA and its key.
pub(crate) struct Forge {
    pub(crate) key: IdentityKey,
    pub(crate) root: AuthorityCertificate,
}

impl Forge {
    pub(crate) fn new(seed: u8) -> Self {
        let key = IdentityKey::from_seed(&[seed; 32]).unwrap();
        let root = Self::root_mold().cast(key.openssl(), key.openssl(), MessageDigest::null());
        Self { root: AuthorityCertificate::parse(&root).unwrap(), key }
    }

    pub(crate) fn root_mold() -> Mold {
        Mold {
            subject: profile::name("Test CA").unwrap(),
            issuer: profile::name("Test CA").unwrap(),
            version: 2,
            serial: [1; 16],
            not_before: ago(DAY),
            not_after: ago(0).plus(3650 * DAY),
            extensions: profile::authority_extensions().unwrap(),
        }
    }

    pub(crate) fn account_mold(email: &str) -> Mold {
        let parsed: Email = email.parse().unwrap();
        Mold {
            subject: profile::name(email).unwrap(),
            issuer: profile::name("Test CA").unwrap(),
            version: 2,
            serial: [7; 16],
            not_before: ago(DAY),
            not_after: ago(0).plus(29 * DAY),
            extensions: profile::account_extensions(&parsed, &SEAL_KEY).unwrap(),
        }
    }

    pub(crate) fn server_mold() -> Mold {
        Mold { extensions: profile::server_extensions().unwrap(), ..Self::account_mold("server@ca") }
    }

    /// Signs a mold for an Ed25519 key.
    pub(crate) fn sign(&self, mold: &Mold, key: &IdentityKey) -> Vec<u8> {
        mold.cast(key.openssl(), self.key.openssl(), MessageDigest::null())
    }

    /// A flawless account.
    pub(crate) fn account(&self, email: &str, seed: u8) -> (IdentityKey, AccountCertificate) {
        let key = IdentityKey::from_seed(&[seed; 32]).unwrap();
        let der = self.sign(&Self::account_mold(email), &key);
        (key, AccountCertificate::parse(&der).unwrap())
    }
}

/// So many milliseconds before now, in whole seconds as certificates count.
pub(crate) fn ago(milliseconds: u64) -> UnixMillis {
    UnixMillis((UnixMillis::now().0 - milliseconds) / 1000 * 1000)
}

fn time(at: UnixMillis) -> Asn1Time {
    Asn1Time::from_unix(at.seconds() as i64).unwrap()
}
