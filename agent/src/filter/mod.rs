//! The sealing commands: plain filters between files and pipes, without an account, a vault or a network.
//!
//! `main` parses their arguments and calls [`run_seal`], [`run_unseal`] or [`run_keygen`]; what a failure means for
//! the exit code is said by [`FilterError::exit_code`]. Nothing else in the agent uses this folder, and it must never
//! touch anything of an account.

mod input;
mod keygen;
mod output;
mod seal;
mod terminal;
#[cfg(test)]
mod tests;
mod unseal;

use std::io;
use std::path::PathBuf;

use airhatch_seal::{CryptoError, IdentityFileError, KeyError, SealError, UnsealError};
use thiserror::Error;

pub use keygen::{KeygenArgs, run_keygen};
pub use seal::{SealArgs, run_seal};
pub use unseal::{UnsealArgs, run_unseal};

/// Why a filter stopped. Nothing was left under the output's name.
#[derive(Debug, Error)]
pub enum FilterError {
    /// A `-r` argument is not a recipient.
    #[error("recipient {number} is unusable: {source}")]
    Recipient {
        /// Which one, counted from 1.
        number: usize,
        /// What is wrong with it.
        source: KeyError,
    },
    /// An identity file holds something else.
    #[error("the identity file {path:?} is unusable: {source}")]
    Identity {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: IdentityFileError,
    },
    /// Sealed bytes would have gone to a terminal.
    #[error("sealed bytes would garble the terminal; name a file with -o, or send the output elsewhere")]
    BinaryToTerminal,
    /// Opened bytes are not text, and would have gone to a terminal.
    #[error("the content is not plain text, so it is not shown on the terminal; name a file with -o")]
    NotText,
    /// A file to be read does not exist.
    #[error("{path:?} does not exist")]
    NotFound {
        /// The file.
        path: PathBuf,
    },
    /// A file to be made exists already, and must not be replaced.
    #[error("{path:?} exists already; choose another name, or move it away first")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Reading failed.
    #[error("cannot read {path:?}: {source}")]
    Read {
        /// The file, or `-` for standard input.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Writing failed.
    #[error("cannot write {path:?}: {source}")]
    Write {
        /// The file, or `-` for standard output.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Sealing was refused.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// Opening was refused.
    #[error(transparent)]
    Unseal(#[from] UnsealError),
    /// OpenSSL failed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

impl FilterError {
    /// The program's exit code for this failure.
    pub fn exit_code(&self) -> u8 {
        const OTHER: u8 = 1;
        const USAGE: u8 = 2;
        const VERIFICATION: u8 = 7;
        const NOT_FOUND: u8 = 9;
        const CONFLICT: u8 = 13;
        match self {
            Self::Recipient { .. } | Self::Identity { .. } | Self::BinaryToTerminal | Self::NotText => USAGE,
            Self::Seal(SealError::Io(_) | SealError::Crypto(_)) => OTHER,
            Self::Seal(_) => USAGE,
            Self::Unseal(error) if error.is_refusal() => VERIFICATION,
            Self::Unseal(_) | Self::Crypto(_) | Self::Read { .. } | Self::Write { .. } => OTHER,
            Self::NotFound { .. } => NOT_FOUND,
            Self::Exists { .. } => CONFLICT,
        }
    }
}
