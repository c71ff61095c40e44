//! The names: who is registered, what was revoked, who can be reached where, and the event log. Every change is one
//! transaction together with its events, and is on disk before the caller hears of it.

mod database;

use std::path::Path;

use airhatch_store::DatabaseError;
use airhatch_wire::frame::FrameError;
use airhatch_wire::signed::Signed;
use airhatch_wire::{Blob, Email, UnixMillis};
use serde::{Deserialize, Serialize};

use crate::events::{Event, EventKind};
use crate::invite::InvitationId;
use crate::issue::Issued;
use database::{Change, Database, Outcome, Place};

/// A certificate's number.
pub(crate) type Serial = [u8; 16];

/// How many certificates of one account may hold at the same time; a renewal beyond that has to wait.
pub(crate) const CERTIFICATES_LIMIT: usize = 64;

/// How long a revoked certificate stays on the list after its own end, milliseconds: as far as clocks may differ.
const LISTED_AFTER_END: u64 = 24 * 3600 * 1000;

/// Why a change was not made or something could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// Somebody has this email.
    #[error("the email is taken")]
    Taken,
    /// This invitation has served.
    #[error("the invitation was used before")]
    InvitationUsed,
    /// No live account holds this certificate (any more).
    #[error("no account holds this certificate")]
    NotLive,
    /// The account holds [`CERTIFICATES_LIMIT`] certificates.
    #[error("the account holds too many certificates")]
    TooMany,
    /// What is here was announced later than what came.
    #[error("a newer announcement is here")]
    Older,
    /// A record does not read back.
    #[error("a record is damaged: {0}")]
    Damaged(#[from] FrameError),
    /// The database.
    #[error("the store failed: {0}")]
    Database(#[from] DatabaseError),
}

/// An email's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Account {
    /// Registered.
    Live(LiveAccount),
    /// Removed; the email is free again. What it was is in the event log.
    Removed {
        /// When.
        at: UnixMillis,
    },
}

/// A registered account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LiveAccount {
    /// The newest certificate, DER.
    pub(crate) certificate: Blob,
    /// The certificates that may still hold, oldest first.
    held: Vec<Held>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Held {
    serial: Serial,
    not_after: UnixMillis,
}

impl LiveAccount {
    /// Whether this account was given that certificate.
    pub(crate) fn holds(&self, serial: &Serial) -> bool {
        self.held.iter().any(|held| held.serial == *serial)
    }
}

#[derive(Serialize, Deserialize)]
struct Revoked {
    at: UnixMillis,
    not_after: UnixMillis,
}

#[derive(Serialize, Deserialize)]
struct StoredAnnouncement {
    signed: Signed,
    issued: UnixMillis,
    expires: UnixMillis,
}

/// What is revoked, as the list tells it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Revocations {
    /// How many certificates were ever revoked.
    pub(crate) number: u64,
    /// Those that could still seem valid, ascending.
    pub(crate) serials: Vec<Serial>,
}

/// The open store.
pub(crate) struct Store(Database);

const EVENTS: &[u8] = b"events";
const REVOCATIONS: &[u8] = b"revocations";

impl Store {
    /// Opens or makes the store in this folder.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self(Database::open(path)?))
    }

    /// The live account of an email.
    pub(crate) fn account(&self, email: &Email) -> Result<Option<LiveAccount>, StoreError> {
        match self.0.get(Place::Accounts, name(email))? {
            Some(Account::Live(account)) => Ok(Some(account)),
            Some(Account::Removed { .. }) | None => Ok(None),
        }
    }

    /// Whether a certificate was revoked.
    pub(crate) fn is_revoked(&self, serial: &Serial) -> Result<bool, StoreError> {
        Ok(self.0.get::<Revoked>(Place::Revoked, serial)?.is_some())
    }

    /// Gives an email to whoever comes first, and uses the invitation up.
    pub(crate) fn register(
        &self,
        email: &Email,
        issued: &Issued,
        invitation: Option<&InvitationId>,
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        self.0.change(|change| {
            if let Some(Account::Live(_)) = change.account(email)? {
                return Err(StoreError::Taken);
            }
            if let Some(id) = invitation {
                if change.get::<UnixMillis>(Place::Invitations, id)?.is_some() {
                    return Err(StoreError::InvitationUsed);
                }
                change.put(Place::Invitations, id, &now)?;
            }
            let held = vec![Held { serial: issued.serial, not_after: issued.not_after }];
            let account = LiveAccount { certificate: Blob::from(issued.der.clone()), held };
            change.set_account(email, &Account::Live(account))?;
            change.record(EventKind::Issued, email, issued.serial, now)
        })
    }

    /// Adds a certificate to the account that holds `caller`.
    pub(crate) fn renew(
        &self,
        email: &Email,
        caller: &Serial,
        issued: &Issued,
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        self.0.change(|change| {
            let mut account = change.live_account(email, caller)?;
            // The caller's own certificate stays on record although it may have ended: what it asks now, it may ask again.
            account.held.retain(|held| held.not_after >= now || held.serial == *caller);
            if account.held.len() >= CERTIFICATES_LIMIT {
                return Err(StoreError::TooMany);
            }
            account.held.push(Held { serial: issued.serial, not_after: issued.not_after });
            account.certificate = Blob::from(issued.der.clone());
            change.set_account(email, &Account::Live(account))?;
            change.record(EventKind::Renewed, email, issued.serial, now)
        })
    }

    /// Revokes every certificate of the account that holds `caller`, forgets where it can be reached, frees its email.
    pub(crate) fn remove(&self, email: &Email, caller: &Serial, now: UnixMillis) -> Result<(), StoreError> {
        self.0.change(|change| {
            let account = change.live_account(email, caller)?;
            for held in &account.held {
                change.revoke(held, now)?;
                change.record(EventKind::Revoked, email, held.serial, now)?;
            }
            change.remove(Place::Announcements, name(email));
            change.set_account(email, &Account::Removed { at: now })?;
            change.record(EventKind::Removed, email, *caller, now)
        })
    }

    /// Keeps where an account can be reached, unless something newer is known.
    pub(crate) fn announce(
        &self,
        email: &Email,
        caller: &Serial,
        signed: &Signed,
        times: (UnixMillis, UnixMillis),
    ) -> Result<(), StoreError> {
        let (issued, expires) = times;
        self.0.change(|change| {
            change.live_account(email, caller)?;
            let known: Option<StoredAnnouncement> = change.get(Place::Announcements, name(email))?;
            if known.is_some_and(|known| known.issued >= issued) {
                return Err(StoreError::Older);
            }
            let next = StoredAnnouncement { signed: signed.clone(), issued, expires };
            change.put(Place::Announcements, name(email), &next)
        })
    }

    /// Forgets where an account can be reached.
    pub(crate) fn withdraw(&self, email: &Email) -> Result<(), StoreError> {
        self.0.change(|change| {
            change.remove(Place::Announcements, name(email));
            Ok(())
        })
    }

    /// Where an account can be reached, when it says so and still means it.
    pub(crate) fn announcement(&self, email: &Email, now: UnixMillis) -> Result<Option<Signed>, StoreError> {
        let stored: Option<StoredAnnouncement> = self.0.get(Place::Announcements, name(email))?;
        Ok(stored.filter(|stored| stored.expires > now).map(|stored| stored.signed))
    }

    /// The content of the revocation list at this moment.
    pub(crate) fn revocations(&self, now: UnixMillis) -> Result<Revocations, StoreError> {
        // The number first: what is revoked meanwhile makes the list longer than its number says, never shorter.
        let number = self.0.get(Place::Counters, REVOCATIONS)?.unwrap_or(0);
        let mut serials = Vec::new();
        for (serial, revoked) in self.0.all::<Revoked>(Place::Revoked)? {
            if revoked.not_after.plus(LISTED_AFTER_END) >= now {
                serials.push(serial.try_into().map_err(|_| FrameError::Unreadable)?);
            }
        }
        Ok(Revocations { number, serials })
    }

    /// The event log, oldest first.
    pub(crate) fn events(&self) -> Result<Vec<Event>, StoreError> {
        Ok(self.0.all(Place::Events)?.into_iter().map(|(_, event)| event).collect())
    }
}

impl Change<'_, '_> {
    fn account(&mut self, email: &Email) -> Result<Option<Account>, StoreError> {
        self.get(Place::Accounts, name(email))
    }

    fn live_account(&mut self, email: &Email, caller: &Serial) -> Result<LiveAccount, StoreError> {
        match self.account(email)? {
            Some(Account::Live(account)) if account.holds(caller) => Ok(account),
            _ => Err(StoreError::NotLive),
        }
    }

    fn set_account(&mut self, email: &Email, account: &Account) -> Result<(), StoreError> {
        self.put(Place::Accounts, name(email), account)
    }

    fn revoke(&mut self, held: &Held, now: UnixMillis) -> Result<(), StoreError> {
        self.count(REVOCATIONS)?;
        self.put(Place::Revoked, &held.serial, &Revoked { at: now, not_after: held.not_after })
    }

    fn record(&mut self, kind: EventKind, email: &Email, serial: Serial, at: UnixMillis) -> Outcome<()> {
        let number = self.count(EVENTS)?;
        let event = Event { number, at, kind, email: email.clone(), serial };
        self.put(Place::Events, &number.to_be_bytes(), &event)
    }

    /// Raises a counter; returns the new value.
    fn count(&mut self, name: &[u8]) -> Result<u64, StoreError> {
        let next = self.get::<u64>(Place::Counters, name)?.unwrap_or(0).saturating_add(1);
        self.put(Place::Counters, name, &next)?;
        Ok(next)
    }
}

fn name(email: &Email) -> &[u8] {
    email.as_str().as_bytes()
}

#[cfg(test)]
mod full_disk;
#[cfg(test)]
mod tests;
