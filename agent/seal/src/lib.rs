//! age v1 sealing: everything Airhatch knows about encrypting content.
//!
//! A sealed blob is a plain age file (the C2SP `age.md` specification) for the native recipient types
//! `mlkem768x25519` (X-Wing in HPKE base mode) and `X25519`. OpenSSL does the mathematics. The agent and the
//! authority call this crate; it must never know about accounts, contacts, transfers or sockets.
//!
//! - [`SealWriter`] and [`UnsealReader`] stream in constant memory; [`begin_seal`] and [`begin_unseal`] give the
//!   same thing one 64 KiB chunk at a time, for callers that bring their own buffers.
//! - [`seal_small`] and [`unseal_small`] are for nonces and other things that fit in memory.
//! - [`Identity`] opens, [`Recipient`] seals.
#![deny(unsafe_code)]

mod aead;
mod bech;
mod error;
mod header;
mod hpke;
mod identity;
mod kem;
mod keys;
mod mlkem768x25519;
mod recipient;
mod seal;
mod stream;
mod unseal;
mod x25519;
mod xwing;

pub use error::{CryptoError, KeyError, SealError, UnsealError};
pub use header::HeaderError;
pub use identity::{Identity, IdentityFileError, parse_identity_file};
pub use recipient::Recipient;
pub use seal::{MAX_RECIPIENTS, SealWriter, begin_seal, seal_small};
pub use stream::{CHUNK, ChunkOpener, ChunkSealer, Opened, PayloadError, SEALED_CHUNK, TAG};
pub use unseal::{UnsealReader, begin_unseal, unseal_small};
