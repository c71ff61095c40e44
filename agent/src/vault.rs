//! The account's secrets on disk, under a passphrase: Argon2id gives a key, AES-256-GCM seals.
//!
//! Owned here: `vault` and its spare copy `vault.previous` in the agent's state folder. Called by the shell at
//! enrolment, log-in, passphrase change and removal. Must never know: the network, contacts, transfers.
//!
//! A generation is written to `vault.new`, made durable and renamed, so that a crash leaves the old one or the new
//! one, never a mixture. `vault.previous` serves only when `vault` is missing or damaged, which a checksum tells apart
//! from a passphrase that does not fit. A change of passphrase removes the spare *before* the new generation takes its
//! place and copies the new one afterwards: from that moment on no file opens with the old passphrase.

use std::io;
use std::path::PathBuf;

use airhatch_wire::{Address, Code, Email, Failure};
use zeroize::Zeroizing;

mod files;
mod sealed;

use files::Files;
use sealed::{Cost, Unreadable};

/// What an account must keep secret, and what it must be sure of.
#[derive(Clone, PartialEq, Eq)]
pub struct Secrets {
    /// Seed of the Ed25519 identity key.
    pub identity_seed: Zeroizing<[u8; 32]>,
    /// Seed of the X-Wing encryption key.
    pub seal_seed: Zeroizing<[u8; 32]>,
    /// Key of the store.
    pub store_key: Zeroizing<[u8; 32]>,
    /// Whose account this is.
    pub email: Email,
    /// Where the CA listens.
    pub authority: Address,
    /// The CA's certificate, DER: every certificate is judged by it.
    pub authority_certificate: Vec<u8>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets")
    }
}

/// Why a vault did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// It is intact, and this passphrase is not its own.
    #[error("the passphrase is wrong")]
    WrongPassphrase,
    /// Neither the vault nor its spare copy is intact.
    #[error("the account's vault is damaged")]
    Damaged,
    /// There is none.
    #[error("there is no vault here")]
    Missing,
    /// There is one already.
    #[error("there is a vault here already")]
    Exists,
    /// No space left for the new generation; the old one stands.
    #[error("no space is left on the disk for the vault")]
    DiskFull,
    /// The CA's certificate is no certificate, by its size.
    #[error("the CA's certificate is too large to keep")]
    TooLarge,
    /// OpenSSL refused, for want of memory most likely (64 MiB are needed).
    #[error("the passphrase could not be turned into a key")]
    Crypto(#[from] openssl::error::ErrorStack),
    /// The system refused a file operation.
    #[error("the vault's files could not be used: {0}")]
    Io(io::Error),
}

impl From<io::Error> for VaultError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Io(error),
        }
    }
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        let (code, hint) = match &error {
            VaultError::WrongPassphrase => (Code::WrongPassphrase, "type the passphrase again"),
            VaultError::Damaged => {
                (Code::Internal, "restore the agent's state folder from a backup, or remove the account")
            }
            VaultError::Missing => (Code::NotLoggedIn, "create the account first"),
            VaultError::Exists => (Code::Conflict, "log in, or remove the account first"),
            VaultError::DiskFull => (Code::DiskFull, "free some space and try again"),
            VaultError::TooLarge => (Code::TooLarge, "check the CA's address and fingerprint"),
            VaultError::Crypto(_) => (Code::Internal, "free some memory and try again"),
            VaultError::Io(_) => (Code::Internal, "look at the rights of the agent's state folder"),
        };
        Self::new(code, error.to_string()).hint(hint)
    }
}

/// An account's vault, open or not; holds no secret itself.
#[derive(Debug)]
pub struct Vault {
    files: Files,
    cost: Cost,
}

impl Vault {
    /// The vault in a folder, which need not exist yet.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { files: Files::new(dir.into()), cost: Cost::STANDARD }
    }

    /// True when there is a vault, intact or not.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.files.exist()
    }

    /// Writes the first generation, durable on return; makes the folder (0700) where needed.
    ///
    /// # Errors
    /// [`VaultError::Exists`], and those of writing.
    pub fn create(&self, secrets: &Secrets, passphrase: &str) -> Result<(), VaultError> {
        if self.exists() {
            return Err(VaultError::Exists);
        }
        let bytes = sealed::seal(secrets, passphrase, self.cost)?;
        self.files.make_folder()?;
        self.files.write_current(&bytes)?;
        self.copy_aside(&bytes);
        Ok(())
    }

    /// Opens the vault. Takes about a third of a second and 64 MiB: not for an async task.
    ///
    /// # Errors
    /// [`VaultError::WrongPassphrase`], [`VaultError::Damaged`], [`VaultError::Missing`], and those of reading.
    pub fn open(&self, passphrase: &str) -> Result<Secrets, VaultError> {
        let (bytes, secrets) = self.read(passphrase)?;
        if let Err(error) = self.files.mend_current(&bytes) {
            tracing::warn!(%error, "the damaged vault could not be written anew from its spare copy");
        }
        self.copy_aside(&bytes);
        Ok(secrets)
    }

    /// Seals the vault anew under another passphrase, with a new salt. On success only the new one opens it; when
    /// there is no room or no right to write, only the old one.
    ///
    /// # Errors
    /// Those of [`Vault::open`] for `old`, and those of writing.
    pub fn rewrap(&self, old: &str, new: &str) -> Result<(), VaultError> {
        let (bytes, secrets) = self.read(old)?;
        self.files.mend_current(&bytes)?;
        let bytes = sealed::seal(&secrets, new, self.cost)?;
        self.files.remove_spare()?;
        self.files.write_current(&bytes)?;
        self.copy_aside(&bytes);
        Ok(())
    }

    /// Removes the vault, every copy of it.
    ///
    /// # Errors
    /// The system's.
    pub fn destroy(&self) -> Result<(), VaultError> {
        Ok(self.files.remove_all()?)
    }

    /// Makes the spare copy the same as the vault. The vault stands without it: the next opening tries again.
    fn copy_aside(&self, bytes: &[u8]) {
        if let Err(error) = self.files.mend_spare(bytes) {
            tracing::warn!(%error, "no spare copy of the vault could be written");
        }
    }

    /// The generation that counts, as bytes and opened.
    fn read(&self, passphrase: &str) -> Result<(Vec<u8>, Secrets), VaultError> {
        let mut outcome = VaultError::Missing;
        for bytes in [self.files.read_current()?, self.files.read_spare()?].into_iter().flatten() {
            match sealed::open(&bytes, passphrase) {
                Ok(secrets) => return Ok((bytes, secrets)),
                Err(Unreadable::Damaged) => outcome = VaultError::Damaged,
                Err(Unreadable::WrongPassphrase) => return Err(VaultError::WrongPassphrase),
                Err(Unreadable::Crypto(error)) => return Err(error.into()),
            }
        }
        Err(outcome)
    }
}

#[cfg(test)]
mod tests;
