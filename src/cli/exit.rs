//! What a command ends with: the exit code of every kind of failure, in one table.

use airhatch_wire::{Code, Failure};

/// Every exit code that this program uses; scripts rely on them.
pub(crate) mod code {
    /// Everything else that went wrong.
    pub(crate) const OTHER: u8 = 1;
    /// The command line makes no sense.
    pub(crate) const USAGE: u8 = 2;
    /// Of several things asked, some were done.
    pub(crate) const PARTIAL: u8 = 3;
    /// Not logged in, or a wrong passphrase.
    pub(crate) const NOT_LOGGED_IN: u8 = 4;
    /// The other side said no.
    pub(crate) const DENIED: u8 = 5;
    /// The contact was not reached.
    pub(crate) const PEER_OFFLINE: u8 = 6;
    /// A signature, certificate, key or seal did not check out.
    pub(crate) const VERIFICATION: u8 = 7;
    /// It took longer than it may.
    pub(crate) const TIMED_OUT: u8 = 8;
    /// No such account, contact, transfer or file.
    pub(crate) const NOT_FOUND: u8 = 9;
    /// The account's agent ended.
    pub(crate) const AGENT_DOWN: u8 = 10;
    /// The CA was not reached, or refused.
    pub(crate) const AUTHORITY: u8 = 11;
    /// The container engine is not there.
    pub(crate) const ENGINE: u8 = 12;
    /// A name is taken, or no space is left.
    pub(crate) const CONFLICT: u8 = 13;
    /// Somebody called it off.
    pub(crate) const CANCELLED: u8 = 14;
    /// The same may succeed later.
    pub(crate) const TRY_AGAIN: u8 = 75;
    /// Ctrl-C.
    pub(crate) const INTERRUPTED: u8 = 130;
    /// Whoever read the output has gone.
    pub(crate) const PIPE: u8 = 141;
    /// SIGTERM.
    pub(crate) const TERMINATED: u8 = 143;
}

/// Why a command stops before its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Something to tell.
    Failed(Failure),
    /// Everything has been told.
    Quiet(u8),
}

impl Stop {
    /// The process's exit code.
    pub(crate) const fn exit(&self) -> u8 {
        match self {
            Self::Failed(failure) => of(failure.code),
            Self::Quiet(exit) => *exit,
        }
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// The exit code of a failure.
pub(crate) const fn of(failure: Code) -> u8 {
    match failure {
        Code::Invalid | Code::TooLarge => code::USAGE,
        Code::NotLoggedIn | Code::WrongPassphrase => code::NOT_LOGGED_IN,
        Code::Denied => code::DENIED,
        Code::PeerOffline => code::PEER_OFFLINE,
        Code::VerificationFailed
        | Code::KeyChanged
        | Code::Revoked
        | Code::CertificateExpired
        | Code::WrongAuthority => code::VERIFICATION,
        Code::TimedOut | Code::Expired => code::TIMED_OUT,
        Code::NotFound => code::NOT_FOUND,
        Code::AgentDown => code::AGENT_DOWN,
        Code::AuthorityUnreachable | Code::AuthorityRefused => code::AUTHORITY,
        Code::EngineUnavailable => code::ENGINE,
        Code::Conflict | Code::DiskFull => code::CONFLICT,
        Code::Cancelled => code::CANCELLED,
        Code::TryAgain => code::TRY_AGAIN,
        Code::Internal
        | Code::UnknownVersion
        | Code::UnknownMessage
        | Code::NotPermitted
        | Code::BadSource
        | Code::BadName => code::OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_failure_has_the_documented_exit_code() {
        for (failure, exit) in [
            (Code::Internal, 1),
            (Code::Invalid, 2),
            (Code::UnknownVersion, 1),
            (Code::UnknownMessage, 1),
            (Code::TooLarge, 2),
            (Code::NotLoggedIn, 4),
            (Code::WrongPassphrase, 4),
            (Code::Denied, 5),
            (Code::PeerOffline, 6),
            (Code::VerificationFailed, 7),
            (Code::KeyChanged, 7),
            (Code::Revoked, 7),
            (Code::CertificateExpired, 7),
            (Code::TimedOut, 8),
            (Code::NotFound, 9),
            (Code::AgentDown, 10),
            (Code::AuthorityUnreachable, 11),
            (Code::AuthorityRefused, 11),
            (Code::WrongAuthority, 7),
            (Code::EngineUnavailable, 12),
            (Code::Conflict, 13),
            (Code::DiskFull, 13),
            (Code::Cancelled, 14),
            (Code::Expired, 8),
            (Code::TryAgain, 75),
            (Code::NotPermitted, 1),
            (Code::BadSource, 1),
            (Code::BadName, 1),
        ] {
            assert_eq!(of(failure), exit, "{failure:?}");
        }
    }
}
