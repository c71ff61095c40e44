//! `airhatch-agent keygen`.

use std::io::Write;
use std::path::PathBuf;

use airhatch_seal::Identity;
use clap::Args;

use super::FilterError;
use super::output::{Existing, Output};

/// Make a new identity for `unseal`, in age's file format; its public key is for `seal`
#[derive(Debug, Args)]
pub struct KeygenArgs {
    /// Make an X25519 identity, for tools without post-quantum keys
    #[arg(long)]
    x25519: bool,
    /// Write here instead of to standard output: a new file, readable by you alone
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// [`FilterError`]; [`FilterError::Exists`] rather than replace any file.
pub fn run_keygen(arguments: &KeygenArgs) -> Result<(), FilterError> {
    let identity = if arguments.x25519 { Identity::generate_x25519() } else { Identity::generate_hybrid() }?;
    let mut output = Output::create(arguments.output.as_deref(), Existing::Refuse, 0o600)?;
    let written = writeln!(output, "# public key: {}", identity.recipient())
        .and_then(|()| output.write_all(identity.to_bech32().as_bytes()))
        .and_then(|()| output.write_all(b"\n"));
    if let Err(error) = written {
        return Err(output.failed(error));
    }
    output.commit()
}
