//! Every refusal, with a certificate that is wrong in exactly one way.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::PKey;

use super::*;
use crate::der::{self, OCTET_STRING, RFC822_NAME, SEQUENCE};
use crate::forge::{DAY, Forge, Mold, SEAL_KEY, ago};
use crate::sign::IdentityKey;

const ANN: &str = "ann@example.org";
const BASIC_CONSTRAINTS: &str = "2.5.29.19";
const KEY_USAGE: &str = "2.5.29.15";
const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
const ALTERNATIVE_NAME: &str = "2.5.29.17";
const SEAL_KEY_OID: &str = "2.25.24401394823068801293547668318966728417";

fn ann_key() -> IdentityKey {
    IdentityKey::from_seed(&[9; 32]).unwrap()
}

/// An account's certificate with one thing bent.
fn bent(bend: impl FnOnce(&mut Mold)) -> Result<AccountCertificate, CertificateError> {
    let mut mold = Forge::account_mold(ANN);
    bend(&mut mold);
    AccountCertificate::parse(&Forge::new(1).sign(&mold, &ann_key()))
}

macro_rules! refused {
    ($result:expr, $reason:pat) => {
        let result = $result;
        assert!(matches!(result, Err($reason)), "{result:?}");
    };
}

fn names(entries: &[(u8, &str)]) -> Vec<u8> {
    let entries: Vec<u8> =
        entries.iter().flat_map(|(tag, text)| der::element(*tag, text.as_bytes())).collect();
    der::element(SEQUENCE, &entries)
}

#[test]
fn a_certificate_of_the_profile_says_what_was_certified() {
    let mold = Forge::account_mold(ANN);
    let certificate = bent(|_| ()).unwrap();
    assert_eq!(certificate.email().as_str(), ANN);
    assert_eq!(certificate.identity(), ann_key().public());
    assert_eq!(certificate.seal_key(), &SEAL_KEY);
    assert_eq!(certificate.serial(), [7; 16]);
    assert_eq!(certificate.not_before(), mold.not_before);
    assert_eq!(certificate.not_after(), mold.not_after);
    certificate.verify(&Forge::new(1).root, ago(0)).unwrap();
}

#[test]
fn an_email_of_254_bytes_and_a_small_serial_fit() {
    let long =
        format!("{}@{}.org", "a".repeat(64), ["b".repeat(61), "c".repeat(61), "d".repeat(60)].join("."));
    assert_eq!(long.len(), 253);
    let mut mold = Forge::account_mold(&long);
    mold.serial = [0; 16];
    mold.serial[15] = 5;
    let certificate = AccountCertificate::parse(&Forge::new(1).sign(&mold, &ann_key())).unwrap();
    assert_eq!(certificate.email().as_str(), long);
    assert_eq!(certificate.serial()[..], [[0; 15].as_slice(), &[5]].concat());
}

#[test]
fn a_serial_whose_top_bit_is_set_is_read_in_full() {
    assert_eq!(bent(|mold| mold.serial = [0xff; 16]).unwrap().serial(), [0xff; 16]);
}

#[test]
fn a_certificate_of_another_ca_is_refused() {
    let other = Forge::new(2);
    refused!(bent(|_| ()).unwrap().verify(&other.root, ago(0)), CertificateError::BadSignature);
    let named = bent(|mold| mold.issuer = profile::name("Somebody Else").unwrap()).unwrap();
    refused!(named.verify(&Forge::new(1).root, ago(0)), CertificateError::WrongIssuer);
}

#[test]
fn a_certificate_issued_by_an_account_is_refused() {
    let forge = Forge::new(1);
    let (bob_key, _) = forge.account("bob@example.org", 5);
    let mut mold = Forge::account_mold(ANN);
    mold.issuer = profile::name("bob@example.org").unwrap();
    let der = mold.cast(ann_key().openssl(), bob_key.openssl(), MessageDigest::null());
    refused!(
        AccountCertificate::parse(&der).unwrap().verify(&forge.root, ago(0)),
        CertificateError::WrongIssuer
    );
}

#[test]
fn a_changed_byte_anywhere_is_noticed() {
    let forge = Forge::new(1);
    let der = bent(|_| ()).unwrap().der().to_vec();
    for at in (0..der.len()).step_by(7) {
        let mut changed = der.clone();
        changed[at] ^= 1;
        let taken = AccountCertificate::parse(&changed).is_ok_and(|c| c.verify(&forge.root, ago(0)).is_ok());
        assert!(!taken, "byte {at}");
    }
}

#[test]
fn an_expired_certificate_is_refused() {
    let certificate = bent(|_| ()).unwrap();
    let root = Forge::new(1).root;
    certificate.verify(&root, certificate.not_after()).unwrap();
    refused!(certificate.verify(&root, certificate.not_after().plus(1)), CertificateError::Expired);
}

#[test]
fn a_certificate_from_the_future_is_refused() {
    let certificate = bent(|mold| mold.not_before = ago(0).plus(DAY)).unwrap();
    refused!(certificate.verify(&Forge::new(1).root, ago(0)), CertificateError::NotYetValid);
}

#[test]
fn nothing_holds_after_the_cas_own_certificate_ended() {
    let forge = Forge::new(1);
    let certificate = bent(|mold| mold.not_after = ago(0).plus(5000 * DAY)).unwrap();
    let late = forge.root.not_after().plus(1);
    refused!(certificate.verify(&forge.root, late), CertificateError::AuthorityNotValid);
}

#[test]
fn a_leaf_that_claims_to_be_a_ca_is_refused() {
    for value in [&[0x30, 0x03, 0x01, 0x01, 0xff][..], &[0x30, 0x06, 0x01, 0x01, 0xff, 0x02, 0x01, 0x00]] {
        refused!(bent(|mold| mold.extend(BASIC_CONSTRAINTS, true, value)), CertificateError::WrongUse);
    }
    refused!(bent(|mold| mold.forget(BASIC_CONSTRAINTS)), CertificateError::WrongUse);
}

#[test]
fn other_key_usages_are_refused() {
    let code_signing = [0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x03];
    let server_only = [0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
    for value in [&code_signing, &server_only] {
        refused!(bent(|mold| mold.extend(EXTENDED_KEY_USAGE, false, value)), CertificateError::WrongUse);
    }
    refused!(bent(|mold| mold.forget(EXTENDED_KEY_USAGE)), CertificateError::WrongUse);
    refused!(bent(|mold| mold.forget(KEY_USAGE)), CertificateError::WrongUse);
    let signs_certificates = [0x03, 0x02, 0x02, 0x84];
    refused!(bent(|mold| mold.extend(KEY_USAGE, true, &signs_certificates)), CertificateError::WrongUse);
}

#[test]
fn names_other_than_exactly_one_email_are_refused() {
    for (what, value) in [
        ("no name", names(&[])),
        ("two emails", names(&[(RFC822_NAME, ANN), (RFC822_NAME, "bob@example.org")])),
        ("a host too", names(&[(RFC822_NAME, ANN), (0x82, "example.org")])),
        ("a host instead", names(&[(0x82, "example.org")])),
        ("another email than the subject", names(&[(RFC822_NAME, "bob@example.org")])),
        ("no email", names(&[(RFC822_NAME, "ann")])),
        ("capital letters", names(&[(RFC822_NAME, "Ann@example.org")])),
        ("a hidden zero", names(&[(RFC822_NAME, "ann@example.org\0.evil")])),
        ("something after the names", [names(&[(RFC822_NAME, ANN)]), vec![5, 0]].concat()),
    ] {
        let result = bent(|mold| mold.extend(ALTERNATIVE_NAME, false, &value));
        assert!(matches!(result, Err(CertificateError::Names)), "{what}: {result:?}");
    }
    refused!(bent(|mold| mold.forget(ALTERNATIVE_NAME)), CertificateError::Names);
}

#[test]
fn a_subject_other_than_the_email_is_refused() {
    refused!(bent(|mold| mold.subject = profile::name("bob@example.org").unwrap()), CertificateError::Names);
    let mut two = openssl::x509::X509Name::builder().unwrap();
    two.append_entry_by_nid(Nid::COMMONNAME, ANN).unwrap();
    two.append_entry_by_nid(Nid::ORGANIZATIONNAME, "Trustworthy").unwrap();
    refused!(bent(|mold| mold.subject = two.build()), CertificateError::Names);
}

#[test]
fn a_sealing_key_that_is_missing_or_of_another_length_is_refused() {
    refused!(bent(|mold| mold.forget(SEAL_KEY_OID)), CertificateError::SealKey);
    for length in [0, 32, 1215, 1217] {
        let value = der::element(OCTET_STRING, &vec![1; length]);
        refused!(bent(|mold| mold.extend(SEAL_KEY_OID, false, &value)), CertificateError::SealKey);
    }
    refused!(bent(|mold| mold.extend(SEAL_KEY_OID, false, &SEAL_KEY)), CertificateError::SealKey);
}

#[test]
fn an_extension_that_comes_twice_is_refused() {
    let twice = |mold: &mut Mold| {
        let again = Forge::account_mold("bob@example.org").extensions.remove(3);
        mold.extensions.push(again);
    };
    refused!(bent(twice), CertificateError::Malformed);
}

#[test]
fn an_unknown_extension_is_refused_only_when_critical() {
    refused!(bent(|mold| mold.extend("1.2.3.4", true, &[5, 0])), CertificateError::UnknownCritical);
    bent(|mold| mold.extend("1.2.3.4", false, &[5, 0])).unwrap();
}

#[test]
fn a_key_of_another_kind_is_refused() {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let der = Forge::account_mold(ANN).cast(&key, Forge::new(1).key.openssl(), MessageDigest::null());
    refused!(AccountCertificate::parse(&der), CertificateError::Key);
    let key = PKey::generate_x25519().unwrap();
    let der = Forge::account_mold(ANN).cast(&key, Forge::new(1).key.openssl(), MessageDigest::null());
    refused!(AccountCertificate::parse(&der), CertificateError::Key);
}

#[test]
fn bytes_that_are_no_certificate_are_refused() {
    let der = bent(|_| ()).unwrap().der().to_vec();
    let longer = [der.as_slice(), &[0]].concat();
    for bytes in [&[][..], b"garbage", &der[..der.len() - 1], &longer, &der[4..]] {
        refused!(AccountCertificate::parse(bytes), CertificateError::Malformed);
    }
    refused!(bent(|mold| (mold.version, mold.extensions) = (0, Vec::new())), CertificateError::Malformed);
}

#[test]
fn a_root_is_no_account_and_an_account_is_no_root() {
    let forge = Forge::new(1);
    refused!(AccountCertificate::parse(forge.root.der()), CertificateError::WrongUse);
    refused!(AuthorityCertificate::parse(bent(|_| ()).unwrap().der()), CertificateError::WrongUse);
}

#[test]
fn a_root_that_is_wrong_in_one_way_is_refused() {
    let forge = Forge::new(1);
    let cast = |mold: &Mold| AuthorityCertificate::parse(&forge.sign(mold, &forge.key));
    cast(&Forge::root_mold()).unwrap();
    let bend = |bend: fn(&mut Mold)| {
        let mut mold = Forge::root_mold();
        bend(&mut mold);
        cast(&mold)
    };
    refused!(bend(|mold| mold.forget(BASIC_CONSTRAINTS)), CertificateError::WrongUse);
    refused!(bend(|mold| mold.forget(KEY_USAGE)), CertificateError::WrongUse);
    let endless = |mold: &mut Mold| mold.extend(BASIC_CONSTRAINTS, true, &[0x30, 0x03, 0x01, 0x01, 0xff]);
    refused!(bend(endless), CertificateError::WrongUse);
    refused!(bend(|mold| mold.extend("1.2.3.4", true, &[5, 0])), CertificateError::UnknownCritical);
    refused!(bend(|mold| mold.issuer = profile::name("Other").unwrap()), CertificateError::WrongIssuer);
    let signed_by_another =
        Forge::root_mold().cast(ann_key().openssl(), forge.key.openssl(), MessageDigest::null());
    refused!(AuthorityCertificate::parse(&signed_by_another), CertificateError::BadSignature);
}
