//! `airhatch-agent seal`.

use std::io::{Read, Write};
use std::path::PathBuf;

use airhatch_seal::{Recipient, SealError, SealWriter};
use clap::Args;

use super::FilterError;
use super::input::Input;
use super::output::{Existing, Output};

/// How much is read at a time: several chunks, so that they are sealed where they lie.
const STEP: usize = 1 << 20;

/// Seal a file, or standard input, so that only the recipients can open it; the result is a plain age file
#[derive(Debug, Args)]
pub struct SealArgs {
    /// Who will be able to open it (age1pq1… or age1…); may be given several times
    #[arg(short, long, value_name = "RECIPIENT", required = true)]
    recipient: Vec<String>,
    /// Write here instead of to standard output; the file appears only when it is complete
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Read this instead of standard input
    #[arg(value_name = "IN")]
    input: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// [`FilterError`]; then nothing is left under the output's name.
pub fn run_seal(arguments: &SealArgs) -> Result<(), FilterError> {
    let recipients = recipients(&arguments.recipient)?;
    let mut input = Input::open(arguments.input.as_deref())?;
    let mut output = Output::create(arguments.output.as_deref(), Existing::Replace, 0o666)?;
    if output.is_terminal() {
        return Err(FilterError::BinaryToTerminal);
    }
    let mut writer = match SealWriter::new(&mut output, &recipients) {
        Ok(writer) => writer,
        Err(SealError::Io(error)) => return Err(output.failed(error)),
        Err(refusal) => return Err(refusal.into()),
    };
    let mut plain = zeroize::Zeroizing::new(vec![0; STEP]);
    loop {
        let length = match input.read(&mut plain) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(input.failed(error)),
        };
        if let Err(error) = writer.write_all(plain.get(..length).unwrap_or_default()) {
            drop(writer);
            return Err(output.failed(error));
        }
    }
    if let Err(error) = writer.finish().map(drop) {
        return Err(output.failed(error));
    }
    output.commit()
}

fn recipients(texts: &[String]) -> Result<Vec<Recipient>, FilterError> {
    let numbered = texts.iter().zip(1..);
    numbered
        .map(|(text, number)| text.parse().map_err(|source| FilterError::Recipient { number, source }))
        .collect()
}
