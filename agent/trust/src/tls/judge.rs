//! Judging certificates while the handshake runs. OpenSSL asks about every certificate and every flaw; the first reason
//! to refuse is kept, so that the caller learns more than "handshake failure".

use std::sync::{Arc, Mutex, PoisonError};

use openssl::ssl::{self, SslRef, SslVerifyMode};
use openssl::x509::{X509StoreContextRef, X509VerifyResult};

use super::TlsError;
use crate::certificate::CertificateError;

/// Why a handshake was refused from this side.
#[derive(Clone, Default)]
pub(super) struct Verdict(Arc<Mutex<Option<TlsError>>>);

impl Verdict {
    /// Has `judge` asked during this session's handshake: `Err` ends it.
    pub(super) fn install<F>(ssl: &mut SslRef, mode: SslVerifyMode, judge: F) -> Self
    where
        F: Fn(bool, &mut X509StoreContextRef) -> Result<(), TlsError> + Send + Sync + 'static,
    {
        let verdict = Self::default();
        let kept = verdict.clone();
        ssl.set_verify_callback(mode, move |sound, context| match judge(sound, context) {
            Ok(()) => true,
            Err(reason) => {
                kept.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(reason);
                false
            }
        });
        verdict
    }

    pub(super) fn take(&self) -> Option<TlsError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The certificate in question, DER.
pub(super) fn current(context: &X509StoreContextRef) -> Result<Vec<u8>, TlsError> {
    let certificate = context.current_cert().ok_or(TlsError::NoCertificate)?;
    Ok(certificate.to_der()?)
}

/// Our name for a flaw that OpenSSL found.
pub(super) fn flaw(result: X509VerifyResult) -> CertificateError {
    match result.as_raw() {
        openssl_sys::X509_V_ERR_CERT_HAS_EXPIRED => CertificateError::Expired,
        openssl_sys::X509_V_ERR_CERT_NOT_YET_VALID => CertificateError::NotYetValid,
        openssl_sys::X509_V_ERR_CERT_SIGNATURE_FAILURE => CertificateError::BadSignature,
        openssl_sys::X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION => CertificateError::UnknownCritical,
        openssl_sys::X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT
        | openssl_sys::X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY
        | openssl_sys::X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE
        | openssl_sys::X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT
        | openssl_sys::X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN
        | openssl_sys::X509_V_ERR_CERT_CHAIN_TOO_LONG => CertificateError::WrongIssuer,
        _ => CertificateError::WrongUse,
    }
}

/// What a failed handshake was, when nothing on this side refused: the other side's alert, or the connection.
pub(super) fn failure(error: &ssl::Error) -> TlsError {
    let reasons = error.ssl_error().map(|stack| stack.errors()).unwrap_or_default();
    let text: Vec<&str> = reasons.iter().filter_map(openssl::error::Error::reason).collect();
    let about_certificate = |reason: &&str| reason.contains("alert") && reason.contains("certificate");
    if text.iter().any(about_certificate) || text.iter().any(|reason| reason.contains("alert unknown ca")) {
        return TlsError::Refused;
    }
    if text.iter().any(|reason| reason.contains("alert no application protocol")) {
        return TlsError::Protocol;
    }
    if text.iter().any(|reason| reason.contains("peer did not return a certificate")) {
        return TlsError::NoCertificate;
    }
    TlsError::Handshake(if text.is_empty() { error.to_string() } else { text.join("; ") })
}
