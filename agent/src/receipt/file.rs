//! The file: one JSON object with everything that a check needs, binary parts in base64 and exactly as they were signed.

use airhatch_trust::CertificateError;
use airhatch_wire::Blob;
use airhatch_wire::control::RECEIPT_LIMIT;
use airhatch_wire::frame::{self, FrameError};
use airhatch_wire::peer::Item;
use airhatch_wire::signed::{Signature, Signed};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// The version of the form that is written and read.
const FORM: u32 = 1;

/// Why a file says nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    /// More than anybody writes.
    #[error("it is larger than any receipt")]
    TooLarge,
    /// Not the object it should be.
    #[error("it is not in the form of a receipt ({0})")]
    Json(#[from] serde_json::Error),
    /// Made by a later version.
    #[error("it is of form {0}, which this version does not know")]
    Form(u32),
    /// Not base64, or of a wrong length.
    #[error("the part {0:?} is damaged")]
    Part(&'static str),
    /// A statement that cannot be read.
    #[error("a statement in it cannot be read: {0}")]
    Statement(#[from] FrameError),
    /// A certificate that follows no profile of ours.
    #[error("{whose}: {error}")]
    Certificate {
        /// Whose certificate.
        whose: &'static str,
        /// What is wrong with it.
        error: CertificateError,
    },
}

/// What the file holds. Nothing is checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ReceiptFile {
    pub(super) offer: Signed,
    /// The offer's table; empty where it is not in the file.
    pub(super) items: Vec<Item>,
    pub(super) completion: Signed,
    pub(super) receipt: Signed,
    /// The sender's certificate, DER.
    pub(super) sender: Blob,
    /// The recipient's certificate, DER.
    pub(super) recipient: Blob,
    /// The CA's certificate, DER.
    pub(super) authority: Blob,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    airhatch_receipt: u32,
    offer: WrittenStatement,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    items: Option<String>,
    completion: WrittenStatement,
    receipt: WrittenStatement,
    sender_certificate: String,
    recipient_certificate: String,
    ca_certificate: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenStatement {
    body: String,
    signature: String,
}

impl ReceiptFile {
    pub(super) fn to_text(&self) -> Result<String, Unreadable> {
        let items = if self.items.is_empty() { None } else { Some(encoded(&frame::to_bytes(&self.items)?)) };
        let written = Written {
            airhatch_receipt: FORM,
            offer: written(&self.offer),
            items,
            completion: written(&self.completion),
            receipt: written(&self.receipt),
            sender_certificate: encoded(&self.sender),
            recipient_certificate: encoded(&self.recipient),
            ca_certificate: encoded(&self.authority),
        };
        Ok(serde_json::to_string_pretty(&written)?)
    }

    pub(super) fn parse(text: &[u8]) -> Result<Self, Unreadable> {
        if text.len() > RECEIPT_LIMIT {
            return Err(Unreadable::TooLarge);
        }
        let written: Written = serde_json::from_slice(text)?;
        if written.airhatch_receipt != FORM {
            return Err(Unreadable::Form(written.airhatch_receipt));
        }
        let items = written.items.map(|items| decoded(&items, "items")).transpose()?;
        Ok(Self {
            offer: statement(&written.offer, "offer")?,
            items: items.map(|items| frame::from_bytes(&items)).transpose()?.unwrap_or_default(),
            completion: statement(&written.completion, "completion")?,
            receipt: statement(&written.receipt, "receipt")?,
            sender: Blob::from(decoded(&written.sender_certificate, "sender_certificate")?),
            recipient: Blob::from(decoded(&written.recipient_certificate, "recipient_certificate")?),
            authority: Blob::from(decoded(&written.ca_certificate, "ca_certificate")?),
        })
    }
}

fn written(signed: &Signed) -> WrittenStatement {
    WrittenStatement { body: encoded(&signed.body), signature: encoded(&signed.signature.0) }
}

fn statement(written: &WrittenStatement, part: &'static str) -> Result<Signed, Unreadable> {
    let signature = Blob::from(decoded(&written.signature, part)?);
    let signature = Signature::try_from(signature).map_err(|_| Unreadable::Part(part))?;
    Ok(Signed { body: Blob::from(decoded(&written.body, part)?), signature })
}

fn encoded(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn decoded(text: &str, part: &'static str) -> Result<Vec<u8>, Unreadable> {
    STANDARD.decode(text).map_err(|_| Unreadable::Part(part))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use airhatch_wire::peer::ItemKind;
    use airhatch_wire::{UnixMillis, Untrusted};

    use super::*;

    fn file() -> ReceiptFile {
        let signed = |n: u8| Signed { body: Blob::from(vec![n; 3]), signature: Signature([n; 64]) };
        let item = Item {
            path: vec![Untrusted::from("a\u{202e}.txt")],
            kind: ItemKind::File,
            size: 7,
            executable: false,
            modified: UnixMillis(1),
        };
        ReceiptFile {
            offer: signed(1),
            items: vec![item],
            completion: signed(2),
            receipt: signed(3),
            sender: Blob::from(vec![4]),
            recipient: Blob::from(vec![5]),
            authority: Blob::from(vec![6]),
        }
    }

    #[test]
    fn what_was_written_is_read_with_and_without_its_items() {
        for file in [file(), ReceiptFile { items: Vec::new(), ..file() }] {
            assert_eq!(ReceiptFile::parse(file.to_text().unwrap().as_bytes()).unwrap(), file);
        }
    }

    #[test]
    fn what_is_no_receipt_is_refused_with_its_reason() {
        let text = file().to_text().unwrap();
        let large = vec![b' '; RECEIPT_LIMIT + 1];
        for (wrong, reason) in [
            (String::new(), "form of a receipt"),
            ("{}".to_owned(), "form of a receipt"),
            (text.replace("\"airhatch_receipt\": 1", "\"airhatch_receipt\": 2"), "form 2"),
            (text.replace("AQEB", "AQE"), "\"offer\" is damaged"),
            (text.replace("\"ca_certificate\"", "\"cb_certificate\""), "form of a receipt"),
            (String::from_utf8(large).unwrap(), "larger"),
        ] {
            let error = ReceiptFile::parse(wrong.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
