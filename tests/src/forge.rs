//! Certificates that a CA would not issue, signed with its key all the same.

use airhatch_trust::{AccountCertificate, AuthorityCertificate, IdentityKey, PublicKey, profile};
use airhatch_wire::{Email, UnixMillis};
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::rand::rand_bytes;
use openssl::x509::X509;

use crate::Authority;

/// An account's certificate for these keys, from and to these moments.
#[must_use]
pub fn forge(
    authority: &Authority,
    email: &Email,
    keys: (&PublicKey, &[u8]),
    validity: (UnixMillis, UnixMillis),
) -> AccountCertificate {
    let (root, key): (AuthorityCertificate, IdentityKey) = (authority.root(), authority.key());
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    let mut serial = [0; 16];
    rand_bytes(&mut serial).unwrap();
    serial[0] = serial[0] & 0x7f | 0x40;
    builder.set_serial_number(&BigNum::from_slice(&serial).unwrap().to_asn1_integer().unwrap()).unwrap();
    builder.set_subject_name(&profile::name(email.as_str()).unwrap()).unwrap();
    builder.set_issuer_name(root.x509().subject_name()).unwrap();
    builder.set_not_before(&time(validity.0)).unwrap();
    builder.set_not_after(&time(validity.1)).unwrap();
    builder.set_pubkey(&keys.0.openssl().unwrap()).unwrap();
    for extension in profile::account_extensions(email, keys.1.try_into().unwrap()).unwrap() {
        builder.append_extension2(&extension).unwrap();
    }
    builder.sign(key.openssl(), MessageDigest::null()).unwrap();
    AccountCertificate::parse(&builder.build().to_der().unwrap()).unwrap()
}

fn time(moment: UnixMillis) -> Asn1Time {
    Asn1Time::from_unix(moment.seconds().try_into().unwrap()).unwrap()
}
