//! The CA's folder: which file is what, who may read it, and who holds it now.
//!
//! `ca.key` (PKCS #8 PEM, 0600), `ca.crt` (PEM), `ca.toml`, `store/` (sled), `lock`, `listening` (where it can be
//! called while it runs).

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use airhatch_trust::{AuthorityCertificate, IdentityKey};
use openssl::pkey::PKey;
use openssl::x509::X509;
use zeroize::Zeroizing;

use crate::config::Config;

/// Why a CA's folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FolderError {
    /// A file cannot be read or written.
    #[error("cannot use {}: {cause}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// No CA lives here.
    #[error("there is no CA in {}; make one with: airhatch-ca init --dir {}", .0.display(), .0.display())]
    Empty(PathBuf),
    /// `init` on top of a CA.
    #[error("there is a CA in {} already, and a CA's key is never replaced; choose another folder", .0.display())]
    Occupied(PathBuf),
    /// Another user owns it.
    #[error("{} belongs to another user; run this as that user, or take it over with chown", .0.display())]
    Foreign(PathBuf),
    /// Others could read the key.
    #[error("{} is open to other users; close it with: chmod -R go= {}", .0.display(), .0.display())]
    Exposed(PathBuf),
    /// Another process serves it.
    #[error("another airhatch-ca is running on {}; stop it first", .0.display())]
    Busy(PathBuf),
    /// A file does not hold what it should.
    #[error("{} is damaged ({why}); restore it from a backup", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// In what way.
        why: String,
    },
    /// `ca.toml` does not parse.
    #[error("{} cannot be understood: {why}", path.display())]
    Config {
        /// Which.
        path: PathBuf,
        /// Where and why.
        why: String,
    },
}

/// A CA's folder. Cheap to clone; opening and locking are separate steps.
#[derive(Clone, Debug)]
pub(crate) struct Folder(PathBuf);

/// Keeps others from serving the same folder, until it is dropped.
pub(crate) struct Lock(#[allow(dead_code, reason = "held, not read: closing the file frees the lock")] File);

impl Folder {
    pub(crate) fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn key_file(&self) -> PathBuf {
        self.0.join("ca.key")
    }

    pub(crate) fn certificate_file(&self) -> PathBuf {
        self.0.join("ca.crt")
    }

    pub(crate) fn config_file(&self) -> PathBuf {
        self.0.join("ca.toml")
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.0.join("store")
    }

    fn listening_file(&self) -> PathBuf {
        self.0.join("listening")
    }

    /// Refuses a folder or key that another user owns or can look into.
    pub(crate) fn check_private(&self) -> Result<(), FolderError> {
        let me = rustix::process::geteuid().as_raw();
        for path in [self.0.clone(), self.key_file()] {
            let about = fs::metadata(&path).map_err(|cause| self.missing(path.clone(), cause))?;
            if about.uid() != me {
                return Err(FolderError::Foreign(path));
            }
            if about.mode() & 0o077 != 0 {
                return Err(FolderError::Exposed(self.0.clone()));
            }
        }
        Ok(())
    }

    /// Takes the folder for this process.
    pub(crate) fn lock(&self) -> Result<Lock, FolderError> {
        let path = self.0.join("lock");
        let opened = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let file = opened.map_err(|cause| FolderError::File { path: path.clone(), cause })?;
        match file.try_lock() {
            Ok(()) => Ok(Lock(file)),
            Err(TryLockError::WouldBlock) => Err(FolderError::Busy(self.0.clone())),
            Err(TryLockError::Error(cause)) => Err(FolderError::File { path, cause }),
        }
    }

    /// The CA's private key.
    pub(crate) fn key(&self) -> Result<IdentityKey, FolderError> {
        let path = self.key_file();
        let pem = Zeroizing::new(self.read(&path)?);
        let read = || -> Option<IdentityKey> {
            let seed = Zeroizing::new(PKey::private_key_from_pem(&pem).ok()?.raw_private_key().ok()?);
            IdentityKey::from_seed(seed.as_slice().try_into().ok()?).ok()
        };
        read().ok_or(FolderError::Damaged { path, why: "it holds no Ed25519 key".to_owned() })
    }

    /// The CA's certificate.
    pub(crate) fn certificate(&self) -> Result<AuthorityCertificate, FolderError> {
        let path = self.certificate_file();
        let pem = self.read(&path)?;
        let der = X509::from_pem(&pem).and_then(|certificate| certificate.to_der());
        let parsed = der
            .map_err(|e| e.to_string())
            .and_then(|der| AuthorityCertificate::parse(&der).map_err(|e| e.to_string()));
        parsed.map_err(|why| FolderError::Damaged { path, why })
    }

    pub(crate) fn config(&self) -> Result<Config, FolderError> {
        let path = self.config_file();
        let text = String::from_utf8_lossy(&self.read(&path)?).into_owned();
        toml::from_str(&text).map_err(|e| FolderError::Config { path, why: e.to_string() })
    }

    /// Notes where the CA can be called.
    pub(crate) fn announce_listening(&self, address: SocketAddr) -> Result<(), FolderError> {
        let path = self.listening_file();
        let next = self.0.join("listening.next");
        fs::write(&next, address.to_string())
            .and_then(|()| fs::rename(&next, &path))
            .map_err(|cause| FolderError::File { path, cause })
    }

    pub(crate) fn forget_listening(&self) {
        // Nothing is lost when it stays: who calls that address finds nobody.
        let _ = fs::remove_file(self.listening_file());
    }

    /// Where the running CA can be called from this machine.
    pub(crate) fn listening(&self) -> Option<SocketAddr> {
        fs::read_to_string(self.listening_file()).ok()?.trim().parse().ok()
    }

    /// Writes a file that must not exist yet, and waits until it is on disk.
    pub(crate) fn write_new(&self, path: &Path, mode: u32, content: &[u8]) -> Result<(), FolderError> {
        let write = || -> io::Result<()> {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
            file.write_all(content)?;
            file.sync_all()
        };
        write().map_err(|cause| match cause.kind() {
            io::ErrorKind::AlreadyExists => FolderError::Occupied(self.0.clone()),
            _ => FolderError::File { path: path.to_owned(), cause },
        })
    }

    fn read(&self, path: &Path) -> Result<Vec<u8>, FolderError> {
        fs::read(path).map_err(|cause| self.missing(path.to_owned(), cause))
    }

    fn missing(&self, path: PathBuf, cause: io::Error) -> FolderError {
        match cause.kind() {
            io::ErrorKind::NotFound => FolderError::Empty(self.0.clone()),
            _ => FolderError::File { path, cause },
        }
    }
}
