//! `airhatch-agent receipt verify`: a filter like `unseal`, for whoever has a receipt file and no account.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use airhatch_wire::control::{RECEIPT_LIMIT, ReceiptFindings};
use airhatch_wire::{Fingerprint, UnixMillis, untrusted};
use clap::{Args, Subcommand};

use super::check;

/// The exit code for a receipt that does not hold.
const VERIFICATION: u8 = 7;

/// What to do with receipts.
#[derive(Debug, Subcommand)]
pub enum ReceiptCommand {
    /// Check a receipt file: signatures, certificates, times; nothing is asked of anybody
    Verify(CheckArgs),
}

/// A receipt file to check.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The SHA-256 of the CA certificate that you trust; without it, compare the one that is printed
    #[arg(long, value_name = "FINGERPRINT")]
    ca_fingerprint: Option<Fingerprint>,
    /// The file, or - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Runs the command: what the receipt says goes to standard output.
///
/// # Errors
/// The exit code (7 when it does not hold, 9 when there is no such file) and the reasons.
pub fn run_check(arguments: &CheckArgs) -> Result<(), (u8, String)> {
    let file = read(&arguments.file).map_err(|error| {
        let exit = if error.kind() == io::ErrorKind::NotFound { 9 } else { 1 };
        (exit, format!("cannot read {:?}: {error}", arguments.file))
    })?;
    let findings = check(&file, arguments.ca_fingerprint, UnixMillis::now())
        .map_err(|failure| (VERIFICATION, failure.message.shown()))?;
    if findings.faults.is_empty() {
        let written = writeln!(io::stdout(), "{}", describe(&findings));
        return written.map_err(|error| (1, format!("cannot write the result: {error}")));
    }
    let faults: Vec<String> = findings.faults.iter().map(|fault| fault.shown()).collect();
    Err((VERIFICATION, format!("this receipt does not hold: {}", faults.join("; "))))
}

/// One byte more than a receipt may have, so that more is noticed.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let source: Box<dyn Read> =
        if path == Path::new("-") { Box::new(io::stdin().lock()) } else { Box::new(File::open(path)?) };
    source.take(RECEIPT_LIMIT as u64 + 1).read_to_end(&mut text)?;
    Ok(text)
}

fn describe(findings: &ReceiptFindings) -> String {
    let compared = if findings.compared { "the one you trust" } else { "compare it with the one you trust" };
    let mut lines = vec![
        "the receipt holds".to_owned(),
        format!("transfer   {}", findings.transfer),
        format!("recipient  {} (key {})", findings.recipient, findings.recipient_key),
        format!("sender     {}", findings.sender),
        format!("received   {} (Unix time, s)", findings.received.seconds()),
        format!("content    {} items, {} bytes", findings.item_count, findings.total),
        format!("CA         {} ({compared})", findings.authority),
    ];
    for item in &findings.items {
        lines.push(format!(
            "file       {} ({} bytes)",
            untrusted::escape(item.path.as_received()),
            item.size
        ));
    }
    lines.join("\n")
}
