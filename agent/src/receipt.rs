//! Receipts outside of the store: written to a file, read from one, judged without any network.
//!
//! The shell calls [`export`] and [`check`] for fronts; `main` runs [`run_check`] on a file without any account. Nothing
//! here may know an account's private keys, contacts or store: a receipt holds for anybody who trusts the CA.

mod command;
mod file;
mod judge;

use airhatch_trust::{AccountCertificate, AuthorityCertificate};
use airhatch_wire::control::{RECEIPT_LIMIT, ReceiptFindings};
use airhatch_wire::{Blob, Code, Failure, Fingerprint, UnixMillis};

use crate::hub::Held;
pub use command::{CheckArgs, ReceiptCommand, run_check};
use file::ReceiptFile;

/// What a receipt holds, with the certificates that it is checked against, as the text of a file.
///
/// # Errors
/// [`Code::TooLarge`] when its names are so long that nobody would read it.
pub fn export(
    held: Held,
    sender: &AccountCertificate,
    authority: &AuthorityCertificate,
) -> Result<Blob, Failure> {
    let file = ReceiptFile {
        offer: held.offer,
        items: held.items,
        completion: held.proof.completion,
        receipt: held.proof.receipt,
        sender: Blob::from(sender.der().to_vec()),
        recipient: held.proof.certificate,
        authority: Blob::from(authority.der().to_vec()),
    };
    let text = file.to_text().map_err(crate::transfer::offer::internal)?;
    if text.len() <= RECEIPT_LIMIT {
        return Ok(Blob::from(text));
    }
    Err(Failure::new(Code::TooLarge, "the names in this receipt are too long for a file"))
}

/// Reads a receipt file and judges it at `now`; `trusted` is the fingerprint of the CA that is believed.
///
/// # Errors
/// [`Code::VerificationFailed`] when it is no receipt file, so that nothing can be said about it.
pub fn check(file: &[u8], trusted: Option<Fingerprint>, now: UnixMillis) -> Result<ReceiptFindings, Failure> {
    let unreadable = |error: file::Unreadable| {
        Failure::new(Code::VerificationFailed, format!("this is no receipt that can be read: {error}"))
            .hint("ask for the file again; it is made with: airhatch receipt export ID > FILE")
    };
    ReceiptFile::parse(file).and_then(|file| judge::judge(&file, trusted, now)).map_err(unreadable)
}
