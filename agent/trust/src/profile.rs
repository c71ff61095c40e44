//! What the three kinds of certificate look like, byte for byte: the CA's issuing code writes these extensions, the
//! parsers of this crate accept nothing else. Each value has one DER encoding, so it is compared, not interpreted.

use airhatch_wire::Email;
use openssl::asn1::{Asn1Object, Asn1OctetString, Asn1Type};
use openssl::nid::Nid;
use openssl::x509::{X509Extension, X509Name};

use crate::certificate::CertificateError;
use crate::der::{self, DNS_NAME, OCTET_STRING, RFC822_NAME, Reader, SEQUENCE};
use crate::fields::{Extension, Fields};
use crate::sign::CryptoError;

/// Bytes of a raw X-Wing public key: ML-KEM-768's 1184 and X25519's 32.
pub const SEAL_KEY_BYTES: usize = 1216;

/// The name in the CA's own TLS certificate. It never resolves: the fingerprint says which CA it is, this name that it
/// is a CA and not one of its accounts.
pub const AUTHORITY_NAME: &str = "ca.airhatch.internal";

/// How long an account's certificate holds, milliseconds.
pub const ACCOUNT_LIFETIME: u64 = 30 * 24 * 3600 * 1000;

/// How far back a certificate starts, so that a client whose clock is slow takes it, milliseconds.
pub const BACKDATING: u64 = 5 * 60 * 1000;

/// An object identifier as text (for writing) and as the bytes of its encoding (for reading).
struct Oid {
    text: &'static str,
    bytes: &'static [u8],
}

const BASIC_CONSTRAINTS: Oid = Oid { text: "2.5.29.19", bytes: &[0x55, 0x1d, 0x13] };
const KEY_USAGE: Oid = Oid { text: "2.5.29.15", bytes: &[0x55, 0x1d, 0x0f] };
const EXTENDED_KEY_USAGE: Oid = Oid { text: "2.5.29.37", bytes: &[0x55, 0x1d, 0x25] };
const ALTERNATIVE_NAME: Oid = Oid { text: "2.5.29.17", bytes: &[0x55, 0x1d, 0x11] };
/// Below 2.25 stand UUIDs: an arc of our own that needs no registration.
const SEAL_KEY: Oid = Oid {
    text: "2.25.24401394823068801293547668318966728417",
    bytes: &[
        0x69, 0xa4, 0xdb, 0xc4, 0xe9, 0xd1, 0xa5, 0xf2, 0xd1, 0xa9, 0x85, 0xfd, 0xba, 0xd9, 0x87, 0xd6, 0xcd,
        0x8d, 0x61,
    ],
};

/// `cA TRUE, pathLenConstraint 0`.
const IS_AUTHORITY: &[u8] = &[0x30, 0x06, 0x01, 0x01, 0xff, 0x02, 0x01, 0x00];
/// `cA FALSE`, which is the default and so not written.
const IS_LEAF: &[u8] = &[0x30, 0x00];
/// `keyCertSign, cRLSign`.
const SIGNS_CERTIFICATES: &[u8] = &[0x03, 0x02, 0x01, 0x06];
/// `digitalSignature`.
const SIGNS: &[u8] = &[0x03, 0x02, 0x07, 0x80];
/// `clientAuth, serverAuth`.
const CLIENT_AND_SERVER: &[u8] = &[
    0x30, 0x14, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02, 0x06, 0x08, 0x2b, 0x06, 0x01,
    0x05, 0x05, 0x07, 0x03, 0x01,
];
/// `serverAuth`.
const SERVER: &[u8] = &[0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];

/// A subject or issuer with one common name. The text goes in as it is: OpenSSL's checked way of adding it stops at
/// 64 characters, and an email may have 254.
///
/// # Errors
/// [`CryptoError`].
pub fn name(common_name: &str) -> Result<X509Name, CryptoError> {
    let mut name = X509Name::builder()?;
    name.append_entry_by_nid_with_type(Nid::COMMONNAME, common_name, Asn1Type::UTF8STRING)?;
    Ok(name.build())
}

/// The extensions of a CA's own certificate.
///
/// # Errors
/// [`CryptoError`].
pub fn authority_extensions() -> Result<Vec<X509Extension>, CryptoError> {
    Ok(vec![
        extension(&BASIC_CONSTRAINTS, true, IS_AUTHORITY)?,
        extension(&KEY_USAGE, true, SIGNS_CERTIFICATES)?,
    ])
}

/// The extensions of the certificate with which a CA serves TLS.
///
/// # Errors
/// [`CryptoError`].
pub fn server_extensions() -> Result<Vec<X509Extension>, CryptoError> {
    leaf_extensions(SERVER, &der::element(DNS_NAME, AUTHORITY_NAME.as_bytes()))
}

/// The extensions of an account's certificate.
///
/// # Errors
/// [`CryptoError`].
pub fn account_extensions(
    email: &Email,
    seal_key: &[u8; SEAL_KEY_BYTES],
) -> Result<Vec<X509Extension>, CryptoError> {
    let mut extensions =
        leaf_extensions(CLIENT_AND_SERVER, &der::element(RFC822_NAME, email.as_str().as_bytes()))?;
    extensions.push(extension(&SEAL_KEY, false, &der::element(OCTET_STRING, seal_key))?);
    Ok(extensions)
}

fn leaf_extensions(use_for: &[u8], general_name: &[u8]) -> Result<Vec<X509Extension>, CryptoError> {
    Ok(vec![
        extension(&BASIC_CONSTRAINTS, true, IS_LEAF)?,
        extension(&KEY_USAGE, true, SIGNS)?,
        extension(&EXTENDED_KEY_USAGE, false, use_for)?,
        extension(&ALTERNATIVE_NAME, false, &der::element(SEQUENCE, general_name))?,
    ])
}

fn extension(oid: &Oid, critical: bool, value: &[u8]) -> Result<X509Extension, CryptoError> {
    let object = Asn1Object::from_str(oid.text)?;
    Ok(X509Extension::new_from_der(&object, critical, &*Asn1OctetString::new_from_bytes(value)?)?)
}

/// Checks that these are the extensions of a CA's own certificate.
pub(crate) fn check_authority(fields: &Fields<'_>) -> Result<(), CertificateError> {
    refuse_unknown(fields, &[&BASIC_CONSTRAINTS, &KEY_USAGE])?;
    must_be(fields, &BASIC_CONSTRAINTS, IS_AUTHORITY)?;
    must_be(fields, &KEY_USAGE, SIGNS_CERTIFICATES)
}

/// Checks that these are the extensions of the certificate with which a CA serves TLS.
pub(crate) fn check_server(fields: &Fields<'_>) -> Result<(), CertificateError> {
    check_leaf(fields, SERVER)?;
    let names = general_names(fields)?;
    if names == der::element(DNS_NAME, AUTHORITY_NAME.as_bytes()) {
        Ok(())
    } else {
        Err(CertificateError::WrongUse)
    }
}

/// Checks that these are the extensions of an account's certificate; returns what they say.
pub(crate) fn check_account(
    fields: &Fields<'_>,
) -> Result<(Email, Box<[u8; SEAL_KEY_BYTES]>), CertificateError> {
    check_leaf(fields, CLIENT_AND_SERVER)?;
    let mut names = Reader::new(general_names(fields)?);
    let text = names.read(RFC822_NAME).map_err(|_| CertificateError::Names)?;
    names.finish().map_err(|_| CertificateError::Names)?;
    let email = std::str::from_utf8(text).ok().and_then(|text| Email::try_from(text.to_owned()).ok());
    let mut value = Reader::new(value(fields, &SEAL_KEY).ok_or(CertificateError::SealKey)?);
    let key = value.read(OCTET_STRING).ok().and_then(|bytes| bytes.try_into().ok());
    value.finish().map_err(|_| CertificateError::SealKey)?;
    Ok((
        email.ok_or(CertificateError::Names)?,
        key.map(|key: &[u8; SEAL_KEY_BYTES]| Box::new(*key)).ok_or(CertificateError::SealKey)?,
    ))
}

fn check_leaf(fields: &Fields<'_>, use_for: &[u8]) -> Result<(), CertificateError> {
    refuse_unknown(
        fields,
        &[&BASIC_CONSTRAINTS, &KEY_USAGE, &EXTENDED_KEY_USAGE, &ALTERNATIVE_NAME, &SEAL_KEY],
    )?;
    must_be(fields, &BASIC_CONSTRAINTS, IS_LEAF)?;
    must_be(fields, &KEY_USAGE, SIGNS)?;
    must_be(fields, &EXTENDED_KEY_USAGE, use_for)
}

/// What is critical must be understood; what is not may be there for a later version of this system.
fn refuse_unknown(fields: &Fields<'_>, known: &[&Oid]) -> Result<(), CertificateError> {
    let unknown =
        |extension: &Extension<'_>| extension.critical && known.iter().all(|oid| oid.bytes != extension.oid);
    if fields.extensions.iter().any(unknown) { Err(CertificateError::UnknownCritical) } else { Ok(()) }
}

fn must_be(fields: &Fields<'_>, oid: &Oid, expected: &[u8]) -> Result<(), CertificateError> {
    if value(fields, oid) == Some(expected) { Ok(()) } else { Err(CertificateError::WrongUse) }
}

fn general_names<'a>(fields: &Fields<'a>) -> Result<&'a [u8], CertificateError> {
    let mut names = Reader::new(value(fields, &ALTERNATIVE_NAME).ok_or(CertificateError::Names)?);
    let content = names.read(SEQUENCE).map_err(|_| CertificateError::Names)?;
    names.finish().map_err(|_| CertificateError::Names)?;
    Ok(content)
}

fn value<'a>(fields: &Fields<'a>, oid: &Oid) -> Option<&'a [u8]> {
    fields.extensions.iter().find(|extension| extension.oid == oid.bytes).map(|extension| extension.value)
}
