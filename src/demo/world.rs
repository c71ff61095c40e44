//! The demonstration at work: its warden with the CA, and its two people.

use std::path::PathBuf;
use std::time::Duration;

use airhatch_wire::control::{Command, Passphrase, Policy};
use airhatch_wire::{Code, Email, Failure, TransferId, warden};

use super::ground::Ground;
use super::person::{Authority, Person};
use super::random_digits;
use crate::home::Home;
use crate::link::{WardenLink, unexpected};

/// What the friend takes from you without asking, bytes.
const FRIENDS_LIMIT: u64 = 1 << 30;

/// How long the warden may take to stop and remove everything.
const TEAR_DOWN: Duration = Duration::from_secs(20);

/// A demonstration.
pub(super) struct World {
    /// You.
    pub(super) you: Person,
    /// Your friend.
    pub(super) friend: Person,
    /// The files that the friend offers.
    pub(super) gifts: Vec<PathBuf>,
    /// The files that you send.
    pub(super) thanks: Vec<PathBuf>,
    home: Home,
    warden: WardenLink,
    keep: bool,
}

impl World {
    /// Begins the conversation with the warden; nobody is registered yet.
    ///
    /// # Errors
    /// When the warden has ended or is of another make; it removes what was made, if it can.
    pub(super) async fn begin(ground: Ground) -> Result<Self, Failure> {
        let Ground { home, keep, gifts, thanks, launched } = ground;
        let warden = WardenLink::begin(launched).await?;
        let person = |email: &str| {
            let email: Email =
                email.parse().map_err(|e| Failure::new(Code::Internal, format!("{email}: {e}")))?;
            Ok::<_, Failure>(Person::new(email, made_up_passphrase()?, warden.clone(), &home))
        };
        let (you, friend) = (person("you@demo.airhatch")?, person("friend@demo.airhatch")?);
        Ok(Self { you, friend, gifts, thanks, home, warden, keep })
    }

    /// Its warden.
    pub(super) const fn warden(&self) -> &WardenLink {
        &self.warden
    }

    /// What a person may want to know before the screen opens, and finds again after it.
    pub(super) fn hints(&self) -> String {
        let file = self.thanks.first().map(|file| file.display().to_string()).unwrap_or_default();
        let passphrase = self.you.passphrase.0.as_str();
        format!("something to send back: {file}\nif you log out, this logs you in again: {passphrase}")
    }

    /// Starts the CA.
    ///
    /// # Errors
    /// What the warden refused with.
    pub(super) async fn start_authority(&self) -> Result<Authority, Failure> {
        match self.warden.request(warden::Command::StartDemoAuthority).await? {
            warden::Reply::Authority { address, fingerprint } => Ok(Authority { address, fingerprint }),
            _ => Err(unexpected()),
        }
    }

    /// Registers both people.
    ///
    /// # Errors
    /// What was refused.
    pub(super) async fn register(&mut self, authority: &Authority) -> Result<(), Failure> {
        let (you, friend) = tokio::join!(self.you.register(authority), self.friend.register(authority));
        you.and(friend)
    }

    /// Makes them contacts of each other; the friend has compared your fingerprint and takes what you send.
    ///
    /// # Errors
    /// What was refused.
    pub(super) async fn introduce(&self) -> Result<(), Failure> {
        let (yours, theirs) =
            tokio::join!(self.you.add(&self.friend.email), self.friend.add(&self.you.email));
        yours?;
        let contact = theirs?;
        let mark =
            Command::MarkVerified { email: contact.email, fingerprint: contact.fingerprint, verified: true };
        self.friend.ask(mark).await?;
        let policy = Policy::Verified { max_bytes: FRIENDS_LIMIT };
        self.friend.ask(Command::SetPolicy { policy }).await.map(drop)
    }

    /// The friend offers the gifts to you.
    ///
    /// # Errors
    /// What was refused.
    pub(super) async fn friend_offers(&self) -> Result<TransferId, Failure> {
        self.friend.offer(&self.you.email, self.gifts.clone(), "An evening by the sea").await
    }

    /// Stops and removes everything.
    ///
    /// # Errors
    /// [`Code::Internal`] when something stayed.
    pub(super) async fn tear_down(self) -> Result<(), Failure> {
        let Self { you, friend, home, warden, keep, .. } = self;
        drop((you, friend));
        let ended = warden.finish(TEAR_DOWN).await;
        if ended && (keep || !home.root().exists()) {
            return Ok(());
        }
        let message = format!("the demonstration's folder {} could not be removed", home.root().display());
        Err(Failure::new(Code::Internal, message).hint("remove it yourself once its programs have ended"))
    }
}

fn made_up_passphrase() -> Result<Passphrase, Failure> {
    random_digits(12).map(Passphrase::from)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn passphrases_are_made_up_anew_and_long() {
        let (one, two) = (made_up_passphrase().unwrap(), made_up_passphrase().unwrap());
        assert_ne!(one, two);
        assert_eq!(one.0.len(), 24);
    }
}
