//! `airhatch receipt`: the recipients' signed receipts, shown, written out and checked. The agent does the checking;
//! this program only carries files to it and words from it.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use airhatch_wire::control::{Command, PastTransfer, RECEIPT_LIMIT, ReceiptFindings, Reply};
use airhatch_wire::{Blob, Code, Failure, Fingerprint, UnixMillis};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::context::{Attached, Context};
use super::exit::{Stop, code};
use super::select::IdPrefix;
use super::{history, human, json};
use crate::link::unexpected;

/// What to do with receipts.
#[derive(Debug, Subcommand)]
pub(crate) enum Receipt {
    /// Show the receipt of a delivered transfer
    Show {
        /// The first digits of the transfer's id
        id: IdPrefix,
    },
    /// Print the receipt of a delivered transfer as a file that others can check: > receipt.json
    Export {
        /// The first digits of the transfer's id
        id: IdPrefix,
    },
    /// Check a receipt file: signatures, certificates, times; nothing is asked of anybody
    Verify(Verify),
}

/// A receipt file to check.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The file, or - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The fingerprint of the CA that the receipt must rest on [default: this account's CA]
    #[arg(long, value_name = "FINGERPRINT")]
    ca_fingerprint: Option<Fingerprint>,
}

/// A receipt file, opened before the jail.
pub(crate) struct OpenReceipt {
    path: PathBuf,
    source: io::Result<Source>,
}

enum Source {
    StandardInput,
    File(File),
}

impl Receipt {
    /// The file that is to be opened before the jail.
    pub(super) fn file(&self) -> Option<&Path> {
        match self {
            Self::Verify(verify) => Some(&verify.file),
            _ => None,
        }
    }

    /// Does it.
    pub(crate) async fn run(self, context: &Context) -> Result<(), Stop> {
        match self {
            Self::Show { id } => {
                let attached = context.attach().await?;
                let file = export(&attached, &id).await?;
                let findings = check(&attached, file, None).await?;
                told(context, &findings)
            }
            Self::Export { id } => {
                let attached = context.attach().await?;
                let file = export(&attached, &id).await?;
                context.out.verbatim(&file)
            }
            Self::Verify(verify) => {
                let file = context.surroundings.receipt.as_ref().ok_or_else(unexpected)?.read()?;
                let attached = context.attach().await?;
                let findings = check(&attached, file, verify.ca_fingerprint).await?;
                told(context, &findings)
            }
        }
    }
}

impl OpenReceipt {
    /// Opens it; `-` is standard input.
    pub(super) fn open(path: &Path) -> Self {
        let source = if path == Path::new("-") {
            Ok(Source::StandardInput)
        } else {
            File::open(path).map(Source::File)
        };
        Self { path: path.to_owned(), source }
    }

    fn read(&self) -> Result<Blob, Failure> {
        let failed = |error: &io::Error| {
            let code = if error.kind() == io::ErrorKind::NotFound { Code::NotFound } else { Code::Invalid };
            Failure::new(code, format!("cannot read the receipt {}: {error}", self.path.display()))
                .hint("name a file that airhatch receipt export wrote")
        };
        let mut text = Vec::new();
        // One byte more than there may be, so that the agent says that it is too much.
        let most = RECEIPT_LIMIT as u64 + 1;
        let read = match &self.source {
            Ok(Source::StandardInput) => io::stdin().lock().take(most).read_to_end(&mut text),
            Ok(Source::File(file)) => file.take(most).read_to_end(&mut text),
            Err(error) => return Err(failed(error)),
        };
        read.map_err(|error| failed(&error))?;
        Ok(Blob::from(text))
    }
}

async fn export(attached: &Attached, id: &IdPrefix) -> Result<Blob, Stop> {
    let past = history::read(attached, None, usize::MAX).await?;
    let ids: Vec<_> = past.iter().map(|one: &PastTransfer| one.id).collect();
    let transfer = id.find_among(&ids, "see what has ended: airhatch history")?;
    match attached.agent.request(Command::ExportReceipt { transfer }).await? {
        Reply::ReceiptFile(file) => Ok(file),
        _ => Err(unexpected().into()),
    }
}

async fn check(
    attached: &Attached,
    file: Blob,
    authority: Option<Fingerprint>,
) -> Result<ReceiptFindings, Stop> {
    match attached.agent.request(Command::CheckReceipt { file, authority }).await? {
        Reply::Receipt(findings) => Ok(*findings),
        _ => Err(unexpected().into()),
    }
}

/// Tells what a receipt says, and everything that speaks against it.
fn told(context: &Context, findings: &ReceiptFindings) -> Result<(), Stop> {
    let holds = findings.faults.is_empty();
    context.out.data(object(findings), &text(context, findings))?;
    if holds { Ok(()) } else { Err(Stop::Quiet(code::VERIFICATION)) }
}

fn object(findings: &ReceiptFindings) -> Value {
    let fields = json!({
        "holds": findings.faults.is_empty(),
        "faults": findings.faults.iter().map(|fault| fault.shown()).collect::<Vec<_>>(),
        "transfer": findings.transfer.to_string(),
        "sender": findings.sender,
        "recipient": findings.recipient,
        "recipient_key": findings.recipient_key.to_string(),
        "ca_fingerprint": findings.authority.to_string(),
        "note": findings.note.shown(),
        "items": json::items(&findings.items),
        "item_count": findings.item_count,
        "total": findings.total,
        "created": json::time(findings.created),
        "received": json::time(findings.received),
    });
    json::object("receipt", fields)
}

fn text(context: &Context, findings: &ReceiptFindings) -> String {
    let now = UnixMillis::now();
    let head = if findings.faults.is_empty() { "the receipt holds" } else { "the receipt does NOT hold" };
    let mut facts: Vec<(&str, String)> =
        findings.faults.iter().map(|fault| ("because", fault.shown())).collect();
    facts.extend([
        ("received by", findings.recipient.to_string()),
        ("their key", findings.recipient_key.to_string()),
        ("received", human::moment(now, findings.received)),
        ("sent by", findings.sender.to_string()),
        ("offered", human::moment(now, findings.created)),
        ("transfer", findings.transfer.to_string()),
        ("content", format!("{} in {} items", human::size(findings.total), findings.item_count)),
        ("CA", findings.authority.to_string()),
    ]);
    if !findings.note.is_empty() {
        facts.push(("note", findings.note.shown()));
    }
    let files =
        findings.items.iter().map(|item| format!("{} ({})", human::item_name(item), human::size(item.size)));
    facts.extend(files.map(|file| ("file", file)));
    format!("{}\n{}", context.out.strong(head), human::facts(&facts))
}
