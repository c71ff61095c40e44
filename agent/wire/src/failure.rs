//! What a refusal looks like between processes: a stable code, what happened, and what to do.
//! The private cause of an error never travels; it goes to the log of the program that met it.

use serde::{Deserialize, Serialize};

use crate::Untrusted;

/// Why something was refused or failed. Order and names are frozen by the golden bytes; append only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Code {
    /// A defect or an unforeseen condition on the answering side.
    Internal,
    /// The request makes no sense in this form or state.
    Invalid,
    /// The other side speaks no version that we speak.
    UnknownVersion,
    /// A message that cannot be read.
    UnknownMessage,
    /// More than a limit allows.
    TooLarge,
    /// The account is locked or does not exist yet in this agent.
    NotLoggedIn,
    /// The vault did not open with this passphrase.
    WrongPassphrase,
    /// The person or policy on the other side said no.
    Denied,
    /// The contact's agent could not be reached.
    PeerOffline,
    /// A signature, certificate, hash or seal did not check out.
    VerificationFailed,
    /// The contact's key is not the one that was pinned.
    KeyChanged,
    /// A certificate was revoked by the CA.
    Revoked,
    /// A certificate's time is over.
    CertificateExpired,
    /// It took longer than allowed.
    TimedOut,
    /// No such contact, transfer, file or account.
    NotFound,
    /// The account's agent is not running or went away.
    AgentDown,
    /// The CA could not be reached.
    AuthorityUnreachable,
    /// The CA answered no.
    AuthorityRefused,
    /// The CA shows another certificate than the pinned one.
    WrongAuthority,
    /// The container engine is missing, too old or refuses us.
    EngineUnavailable,
    /// The email, file or account exists already.
    Conflict,
    /// No space left where the bytes should go.
    DiskFull,
    /// Someone cancelled it.
    Cancelled,
    /// The offer is older than it may be.
    Expired,
    /// Too many requests; the same request may pass later.
    TryAgain,
    /// The caller may not do this.
    NotPermitted,
    /// The file is not a plain file, vanished, or changed while it was read.
    BadSource,
    /// A name that must not become a file here.
    BadName,
}

/// A refusal, as it is told to another process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code:?}: {}", message.shown())]
pub struct Failure {
    /// The stable reason.
    pub code: Code,
    /// One sentence: what happened.
    pub message: Untrusted<String>,
    /// One sentence: what to do about it; may be empty.
    pub hint: Untrusted<String>,
}

impl Failure {
    /// A refusal with its sentence and no advice yet.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: Untrusted::new(message.into()), hint: Untrusted::default() }
    }

    /// The same refusal, with advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Untrusted::new(hint.into());
        self
    }

    /// What happened and what to do about it, escaped, for a place that has one line.
    #[must_use]
    pub fn in_one_line(&self) -> String {
        let (message, hint) = (self.message.shown(), self.hint.shown());
        if hint.is_empty() { message.to_string() } else { format!("{message}; {hint}") }
    }
}
