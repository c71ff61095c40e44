//! Certificate requests (PKCS #10): the account's proof that it holds the identity key, and nothing more. The CA takes
//! the key out of it; names, extensions and usages that a request may carry are never looked at.

use airhatch_wire::Email;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::x509::X509Req;

use crate::der::{Reader, SEQUENCE};
use crate::profile;
use crate::sign::{CryptoError, IdentityKey, PublicKey};

/// Why a request is not taken.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// Not a certificate request, or not in DER.
    #[error("the certificate request cannot be read")]
    Malformed,
    /// Its key is not Ed25519.
    #[error("the certificate request holds a key of another kind than Ed25519")]
    Key,
    /// Its signature was not made by the key it holds.
    #[error("the certificate request is not signed by its own key")]
    Unproven,
}

/// A request (DER) signed with the identity key.
///
/// # Errors
/// [`CryptoError`].
pub fn certificate_request(key: &IdentityKey, email: &Email) -> Result<Vec<u8>, CryptoError> {
    let build = || -> Result<Vec<u8>, ErrorStack> {
        let mut request = X509Req::builder()?;
        request.set_version(0)?;
        let name = profile::name(email.as_str()).map_err(|CryptoError(stack)| stack)?;
        request.set_subject_name(&name)?;
        request.set_pubkey(key.openssl())?;
        request.sign(key.openssl(), MessageDigest::null())?;
        request.build().to_der()
    };
    Ok(build()?)
}

/// Checks a request (DER): the key whose possession it proves.
///
/// # Errors
/// [`RequestError`].
pub fn check_request(der: &[u8]) -> Result<PublicKey, RequestError> {
    let mut whole = Reader::new(der);
    whole.read(SEQUENCE).and_then(|_| whole.finish()).map_err(|_| RequestError::Malformed)?;
    let request = X509Req::from_der(der).map_err(|_| RequestError::Malformed)?;
    let key = request.public_key().map_err(|_| RequestError::Key)?;
    let public = PublicKey::from_openssl(&key).ok_or(RequestError::Key)?;
    match request.verify(&key) {
        Ok(true) => Ok(public),
        _ => Err(RequestError::Unproven),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
    use openssl::ec::{EcGroup, EcKey};
    use openssl::nid::Nid;
    use openssl::pkey::PKey;

    use super::*;

    fn request() -> (IdentityKey, Vec<u8>) {
        let key = IdentityKey::from_seed(&[3; 32]).unwrap();
        let der = certificate_request(&key, &"ann@example.org".parse().unwrap()).unwrap();
        (key, der)
    }

    #[test]
    fn a_request_proves_its_key() {
        let (key, der) = request();
        assert_eq!(check_request(&der).unwrap(), key.public());
    }

    #[test]
    fn a_request_with_a_changed_byte_proves_nothing() {
        let (_, der) = request();
        for at in [der.len() - 1, der.len() / 2, 20] {
            let mut bent = der.clone();
            bent[at] ^= 1;
            assert!(check_request(&bent).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_request_signed_by_another_key_is_refused() {
        let other = IdentityKey::from_seed(&[4; 32]).unwrap();
        let mut forged = X509Req::builder().unwrap();
        forged.set_pubkey(other.openssl()).unwrap();
        forged.sign(request().0.openssl(), MessageDigest::null()).unwrap();
        let refused = check_request(&forged.build().to_der().unwrap());
        assert!(matches!(refused, Err(RequestError::Unproven)));
    }

    #[test]
    fn a_request_for_another_kind_of_key_is_refused() {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
        let mut request = X509Req::builder().unwrap();
        request.set_pubkey(&key).unwrap();
        request.sign(&key, MessageDigest::sha256()).unwrap();
        assert!(matches!(check_request(&request.build().to_der().unwrap()), Err(RequestError::Key)));
    }

    #[test]
    fn bytes_that_are_no_request_are_refused() {
        let (_, der) = request();
        for bytes in [&[][..], b"garbage", &der[..der.len() - 1], &[der.as_slice(), &[0]].concat()] {
            assert!(matches!(check_request(bytes), Err(RequestError::Malformed)));
        }
    }
}
