//! What agents and the authority must agree on, so that it exists once: how a statement is signed, what a certificate
//! of this system looks like and when it holds, and how TLS is set up between them.
//!
//! Called by the agent and the CA. Must never know: accounts, contacts, transfers, files, or what time it is (only
//! OpenSSL's own check during a handshake reads the clock; everything else is given the moment).
#![forbid(unsafe_code)]

pub mod authority;
pub mod certificate;
mod der;
mod fields;
#[cfg(test)]
mod forge;
pub mod library;
pub mod profile;
pub mod request;
pub mod sign;
pub mod tls;

pub use authority::AuthorityCertificate;
pub use certificate::{AccountCertificate, CertificateError};
pub use request::{RequestError, certificate_request, check_request};
pub use sign::{
    CryptoError, IdentityKey, PublicKey, StatementError, Unproven, open_statement, seal_statement, sha256,
};
