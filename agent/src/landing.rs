//! The receiver's side of files: bytes go to `inbox/.incoming/<transfer>/<index>`, and to their final names only when
//! every one of them is there and is what the sender signed.
//!
//! Owned here: the inbox. Called from a blocking task per transfer. Must never know: who sends, sealing, the network.
//!
//! Files and folders are reached through open folders only ([`crate::beneath`]): whatever somebody plants or swaps
//! under the inbox, nothing outside it is touched. The steps, and what a crash leaves after each:
//!
//! 1. [`Landing::begin`], [`Landing::write`]: unfinished parts, made durable behind the writing, and a journal that says how
//!    far. [`Landing::recover`] says `None`; [`Landing::open`] goes on from where the journal ends.
//! 2. [`Landing::finish`] compares every hash, makes the parts durable, and writes the *plan*: the final name of each
//!    part, durable before the first rename, and the hash of what the sender signed, for the receipt. From here on
//!    `recover` completes what is missing, whatever else is remembered of the transfer.
//! 3. Folders are filled in `.incoming`, with the parts renamed into them, and made durable ([`tree`]).
//! 4. The renames, which never replace anything: a name that is taken becomes `name (2)`, in the plan first. A folder gets
//!    its name as a whole, and nothing in it another one.
//! 5. The inbox is made durable. The plan stays until the caller stored that the files landed and calls
//!    [`Landing::discard`]: so a crash in between neither loses the fact nor lands the files twice.
//!
//! Received files are private (0600, or 0700 where the sender's was executable), and so are folders (0700); set-id bits, links and devices have no
//! way to say what they are. Their modification time is the sender's.

use std::path::Path;

use airhatch_wire::{Code, Failure, TransferId, Untrusted};
use rustix::io::Errno;

use crate::names::TableRefused;

mod behind;
mod incoming;
mod journal;
mod place;
mod plan;
mod resume;
mod tree;
mod writer;

pub use incoming::{free_space, leftovers};
pub use writer::Landing;

/// Why files did not land.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.sentence().shown())]
pub enum LandingError {
    /// Less space than the files need.
    DiskFull,
    /// Names that may not become files here.
    Table(#[from] TableRefused),
    /// More bytes than announced.
    TooMuch,
    /// Fewer bytes than announced.
    TooLittle,
    /// A file is not what the sender signed.
    WrongContent {
        /// Which file.
        name: Untrusted<String>,
    },
    /// Something else than the landing's own file or folder is where that should be.
    InTheWay {
        /// Its name under the inbox.
        name: String,
    },
    /// No free name was found for a file.
    NoFreeName {
        /// Which file.
        name: Untrusted<String>,
    },
    /// A part vanished, or was exchanged, before it had its final name.
    Lost {
        /// Which file.
        name: Untrusted<String>,
    },
    /// The files of this transfer are landed or landing already: [`Landing::recover`] comes first.
    Unfinished,
    /// The system refused.
    Io(std::io::Error),
}

impl LandingError {
    /// What happened, with names as they are.
    fn sentence(&self) -> Untrusted<String> {
        let named = |name: &Untrusted<String>, what: &str| format!("{} {what}", name.as_received());
        Untrusted::new(match self {
            Self::DiskFull => "no space is left where the files should go".into(),
            Self::Table(refused) => refused.to_string(),
            Self::TooMuch => "the sender sent more bytes than it announced".into(),
            Self::TooLittle => "the sender sent fewer bytes than it announced".into(),
            Self::WrongContent { name } => named(name, "is not the file that the sender signed"),
            Self::InTheWay { name } => format!("something else is in the way at {name} in the inbox"),
            Self::NoFreeName { name } => named(name, "cannot be stored: too many files of that name"),
            Self::Lost { name } => named(name, "was removed or exchanged before it was in place"),
            Self::Unfinished => "the files of this transfer are landing already".into(),
            Self::Io(error) => format!("the files could not be written: {error}"),
        })
    }
}

impl From<LandingError> for Failure {
    fn from(error: LandingError) -> Self {
        let (code, hint) = match &error {
            LandingError::Table(refused) => return (*refused).into(),
            LandingError::DiskFull => (Code::DiskFull, "free some space, then have the files sent again"),
            LandingError::TooMuch | LandingError::TooLittle | LandingError::WrongContent { .. } => {
                (Code::VerificationFailed, "have the files sent again")
            }
            LandingError::InTheWay { .. } => (Code::Conflict, "look into the inbox and move it away"),
            LandingError::NoFreeName { .. } => (Code::Conflict, "tidy up the inbox"),
            LandingError::Lost { .. } => (Code::NotFound, "have the files sent again"),
            LandingError::Unfinished => (Code::Conflict, ""),
            // A folder that took the place of the inbox while the agent runs is outside its jail.
            LandingError::Io(error) if error.kind() == std::io::ErrorKind::PermissionDenied => (
                Code::Internal,
                "look at the rights of the inbox; if it was removed or replaced, log out and in",
            ),
            LandingError::Io(_) => (Code::Internal, "look at the rights of the inbox"),
        };
        Self { code, message: error.sentence(), hint: Untrusted::from(hint) }
    }
}

impl From<std::io::Error> for LandingError {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        if matches!(error.kind(), StorageFull | QuotaExceeded) { Self::DiskFull } else { Self::Io(error) }
    }
}

impl From<Errno> for LandingError {
    fn from(error: Errno) -> Self {
        std::io::Error::from(error).into()
    }
}

/// Files in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landed {
    /// SHA-256 of the completion that the sender signed: what a receipt is for.
    pub completion: [u8; 32],
    /// The items whose first name was taken, by index, and the number that it got: see [`crate::names::free_name`]. For
    /// a folder the first of its items by path stands for all.
    pub numbers: Vec<(usize, u32)>,
}

impl Landing {
    /// Completes a `finish` that was cut short, or tells again what came of it; `None` when it had not come so far:
    /// the bytes are to be sent again.
    ///
    /// # Errors
    /// Those of [`Landing::finish`] about names and files in the inbox.
    pub fn recover(inbox: &Path, transfer: TransferId) -> Result<Option<Landed>, LandingError> {
        place::recover(inbox, transfer)
    }

    /// Removes what is left of a transfer under `.incoming`; landed files stay. Fine when there is nothing. Not while
    /// the transfer is landing.
    ///
    /// # Errors
    /// [`LandingError::InTheWay`], [`LandingError::Io`].
    pub fn discard(inbox: &Path, transfer: TransferId) -> Result<(), LandingError> {
        incoming::discard(inbox, transfer)
    }
}

#[cfg(test)]
mod tests;
