//! `airhatch-agent unseal`.

use std::io::{self, Read, Write};
use std::path::PathBuf;

use airhatch_seal::{Identity, UnsealError, UnsealReader, parse_identity_file};
use clap::Args;
use zeroize::Zeroizing;

use super::FilterError;
use super::input::{Input, read_secret_text};
use super::output::{Existing, Output};
use super::terminal::{NotPlainText, PlainText};

/// How much is opened at a time.
const STEP: usize = 1 << 20;

/// Open a sealed file (any age file for a native recipient) with an identity
#[derive(Debug, Args)]
pub struct UnsealArgs {
    /// A file with identities, as `keygen` writes it; may be given several times
    #[arg(short, long, value_name = "IDENTITY_FILE", required = true)]
    identity: Vec<PathBuf>,
    /// Write here instead of to standard output; the file appears only when it is complete and authentic
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Read this instead of standard input
    #[arg(value_name = "IN")]
    input: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// [`FilterError`]; then nothing is left under the output's name. What went to standard output before the error is
/// authentic, but not the whole.
pub fn run_unseal(arguments: &UnsealArgs) -> Result<(), FilterError> {
    let identities = identities(&arguments.identity)?;
    let input = Input::open(arguments.input.as_deref())?;
    let mut reader = UnsealReader::new(input, &identities)?;
    // Made only now: most refusals come before there is anything to write.
    let mut output = Output::create(arguments.output.as_deref(), Existing::Replace, 0o666)?;
    if output.is_terminal() {
        let mut text = PlainText::new(&mut output);
        copy(&mut reader, &mut text).and_then(|()| text.finish().map(drop).map_err(Stop::Writing))
    } else {
        copy(&mut reader, &mut output)
    }
    .map_err(|stop| match stop {
        Stop::Reading(error) => error.into(),
        Stop::Writing(error) if error.get_ref().is_some_and(|cause| cause.is::<NotPlainText>()) => {
            FilterError::NotText
        }
        Stop::Writing(error) => output.failed(error),
    })?;
    output.commit()
}

/// Which side a copy stopped on.
enum Stop {
    Reading(UnsealError),
    Writing(io::Error),
}

fn copy(reader: &mut impl Read, writer: &mut impl Write) -> Result<(), Stop> {
    let mut plain = Zeroizing::new(vec![0; STEP]);
    loop {
        let length = match reader.read(&mut plain) {
            Ok(0) => return Ok(()),
            Ok(length) => length,
            Err(error) => return Err(Stop::Reading(error.into())),
        };
        writer.write_all(plain.get(..length).unwrap_or_default()).map_err(Stop::Writing)?;
    }
}

fn identities(paths: &[PathBuf]) -> Result<Vec<Identity>, FilterError> {
    let mut identities = Vec::new();
    for path in paths {
        let text = read_secret_text(path)?;
        let found = parse_identity_file(&text)
            .map_err(|source| FilterError::Identity { path: path.clone(), source })?;
        identities.extend(found);
    }
    Ok(identities)
}
