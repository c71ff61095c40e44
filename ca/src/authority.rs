//! The deciding core: one request, one answer. It has no socket and no clock; the server gives it the moment, who calls,
//! and the words. One file for each thing that can be asked.

use std::fmt::Display;

use airhatch_trust::certificate::CertificateError;
use airhatch_trust::tls::TlsError;
use airhatch_trust::{AccountCertificate, CryptoError, IdentityKey};
use airhatch_wire::authority::{Enrolment, FromAuthority, ToAuthority};
use airhatch_wire::{Blob, Code, Failure, UnixMillis};

use crate::challenge::Challenge;
use crate::invite::Invitations;
use crate::issue::{IssueError, Issuer};
use crate::register::Registration;
use crate::remove::Removal;
use crate::store::{Store, StoreError};
use crate::{announce, lookup, register, remove, renew};

/// Everything that answers depend on.
pub(crate) struct Authority {
    pub(crate) issuer: Issuer,
    pub(crate) store: Store,
    pub(crate) invitations: Invitations,
    pub(crate) enrolment: Enrolment,
}

/// What one connection has shown and been asked so far.
pub(crate) struct Conversation {
    caller: Option<AccountCertificate>,
    /// The TLS exporter value of this connection, see [`airhatch_wire::authority::REMOVAL_EXPORTER`].
    pub(crate) exporter: [u8; 32],
    pub(crate) registration: Option<Challenge<Registration>>,
    pub(crate) removal: Option<Challenge<Removal>>,
}

impl Conversation {
    /// A connection's beginning. `caller` is genuine, but may be expired or revoked.
    pub(crate) const fn new(caller: Option<AccountCertificate>, exporter: [u8; 32]) -> Self {
        Self { caller, exporter, registration: None, removal: None }
    }

    /// Who calls, for counting requests.
    pub(crate) const fn caller(&self) -> Option<&AccountCertificate> {
        self.caller.as_ref()
    }
}

/// Why a request is not granted: what the caller is told, and what only the log is.
#[derive(Debug)]
pub(crate) struct Refusal {
    told: Failure,
    cause: Option<String>,
}

impl Refusal {
    /// Something failed here that the caller cannot help.
    pub(crate) fn internal(cause: impl Display) -> Self {
        let told = Failure::new(Code::Internal, "the CA could not do that")
            .hint("try again later; when it stays, tell the CA's operator to look at its log");
        Self { told, cause: Some(cause.to_string()) }
    }
}

impl From<Failure> for Refusal {
    fn from(told: Failure) -> Self {
        Self { told, cause: None }
    }
}

impl From<IssueError> for Refusal {
    fn from(error: IssueError) -> Self {
        Self::internal(error)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Taken => register::taken().into(),
            StoreError::InvitationUsed => register::not_invited().into(),
            StoreError::NotLive => not_an_account().into(),
            StoreError::TooMany => {
                Failure::new(Code::TryAgain, "this account holds too many certificates already")
                    .hint("renew when some of them have ended")
                    .into()
            }
            StoreError::Older => {
                Failure::new(Code::Conflict, "the CA has a newer announcement of this account")
                    .hint("announce again with the present time; check this machine's clock")
                    .into()
            }
            StoreError::Damaged(_) | StoreError::Database(_) => Self::internal(error),
        }
    }
}

impl Authority {
    pub(crate) fn new(
        key: IdentityKey,
        root: airhatch_trust::AuthorityCertificate,
        store: Store,
        enrolment: Enrolment,
    ) -> Result<Self, IssueError> {
        let invitations = Invitations::new(&key)?;
        Ok(Self { issuer: Issuer::new(key, root)?, store, invitations, enrolment })
    }

    /// Decides and carries out one request.
    pub(crate) fn handle(
        &self,
        now: UnixMillis,
        conversation: &mut Conversation,
        request: ToAuthority,
    ) -> FromAuthority {
        self.decide(now, conversation, request).unwrap_or_else(|refusal| {
            if let Some(cause) = refusal.cause {
                tracing::error!(cause, "a request failed");
            }
            FromAuthority::Refused(refusal.told)
        })
    }

    fn decide(
        &self,
        now: UnixMillis,
        conversation: &mut Conversation,
        request: ToAuthority,
    ) -> Result<FromAuthority, Refusal> {
        match request {
            ToAuthority::Info => Ok(self.info(now)),
            ToAuthority::RegisterBegin { email, recipient } => {
                register::begin(self, now, conversation, email, &recipient)
            }
            ToAuthority::RegisterFinish { nonce, request, code } => {
                register::finish(self, now, conversation, &nonce, &request, code.as_deref())
            }
            ToAuthority::Renew { request } => {
                let caller = self.admit(now, conversation, Expiry::Forgiven)?;
                renew::renew(self, now, &caller, &request)
            }
            for_accounts => {
                let caller = self.admit(now, conversation, Expiry::Refused)?;
                self.decide_for(now, conversation, &caller, for_accounts)
            }
        }
    }

    fn decide_for(
        &self,
        now: UnixMillis,
        conversation: &mut Conversation,
        caller: &AccountCertificate,
        request: ToAuthority,
    ) -> Result<FromAuthority, Refusal> {
        match request {
            ToAuthority::Lookup { email } => lookup::lookup(self, &email),
            ToAuthority::Locate { emails } => lookup::locate(self, now, &emails),
            ToAuthority::Revocations => lookup::revocations(self, now),
            ToAuthority::Announce(signed) => announce::announce(self, now, caller, &signed),
            ToAuthority::Withdraw => announce::withdraw(self, caller),
            ToAuthority::RemoveBegin => remove::begin(now, conversation),
            ToAuthority::RemoveFinish { signature } => {
                remove::finish(self, now, conversation, caller, &signature)
            }
            ToAuthority::Info
            | ToAuthority::RegisterBegin { .. }
            | ToAuthority::RegisterFinish { .. }
            | ToAuthority::Renew { .. } => Err(not_an_account().into()),
        }
    }

    fn info(&self, now: UnixMillis) -> FromAuthority {
        let certificate = Blob::from(self.issuer.root().der().to_vec());
        FromAuthority::Info { certificate, enrolment: self.enrolment, now }
    }

    /// Who may ask for something: an account that is live, holds the certificate it shows, and is not revoked. Asked at
    /// every request, since all of that can change while a connection is open.
    fn admit(
        &self,
        now: UnixMillis,
        conversation: &Conversation,
        expiry: Expiry,
    ) -> Result<AccountCertificate, Refusal> {
        let caller = conversation.caller().ok_or_else(not_an_account)?;
        match caller.verify(self.issuer.root(), now) {
            Ok(()) => {}
            Err(CertificateError::Expired) if expiry == Expiry::Forgiven => {}
            Err(reason) => return Err(refused_certificate(&reason).into()),
        }
        if self.store.is_revoked(&caller.serial())? {
            return Err(Failure::new(Code::Revoked, "this certificate was revoked, its account is gone")
                .hint("register again; the email is free unless somebody else has taken it")
                .into());
        }
        let account = self.store.account(caller.email())?;
        if account.is_some_and(|account| account.holds(&caller.serial())) {
            Ok(caller.clone())
        } else {
            Err(not_an_account().into())
        }
    }
}

/// Whether a certificate whose time is over will do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expiry {
    Refused,
    Forgiven,
}

fn not_an_account() -> Failure {
    Failure::new(Code::NotPermitted, "this needs an account of this CA").hint("register first")
}

fn refused_certificate(reason: &CertificateError) -> Failure {
    match reason {
        CertificateError::Expired => {
            Failure::new(Code::CertificateExpired, "this certificate has expired").hint("renew it first")
        }
        CertificateError::NotYetValid | CertificateError::AuthorityNotValid => {
            Failure::new(Code::VerificationFailed, reason.to_string())
                .hint("compare the clocks of both machines")
        }
        _ => Failure::new(Code::VerificationFailed, reason.to_string()),
    }
}

impl From<CryptoError> for Refusal {
    fn from(error: CryptoError) -> Self {
        Self::internal(error)
    }
}

impl From<TlsError> for Refusal {
    fn from(error: TlsError) -> Self {
        Self::internal(error)
    }
}

#[cfg(test)]
mod tests;
