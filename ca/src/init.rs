//! `airhatch-ca init`: makes a CA. Never touches one that is there.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;

use airhatch_trust::{AuthorityCertificate, CryptoError, IdentityKey};
use airhatch_wire::{UnixMillis, untrusted};
use openssl::error::ErrorStack;
use zeroize::Zeroizing;

use crate::config::{Config, Limits, Policy};
use crate::folder::{Folder, FolderError};
use crate::issue::{IssueError, Issuer};

/// Why a CA could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InitError {
    /// A name that people could misread.
    #[error("a CA's name has 1 to 64 characters, all of them visible")]
    Name,
    /// The folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Its certificate.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// OpenSSL failed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

impl From<ErrorStack> for InitError {
    fn from(error: ErrorStack) -> Self {
        Self::Crypto(CryptoError(error))
    }
}

/// Makes key, certificate and configuration in `folder`, which may be missing or empty.
pub(crate) fn init(
    folder: &Folder,
    policy: Policy,
    name: &str,
    now: UnixMillis,
) -> Result<AuthorityCertificate, InitError> {
    if !(1..=64).contains(&name.chars().count()) || name.chars().any(untrusted::is_hidden) {
        return Err(InitError::Name);
    }
    make_private(folder)?;
    if !is_vacant(folder) {
        return Err(FolderError::Occupied(folder.path().to_owned()).into());
    }
    let key = IdentityKey::generate()?;
    let root = Issuer::found(&key, name, now)?;
    let config = Config { policy, limits: Limits::default() };
    let config = toml::to_string(&config)
        .map_err(|e| FolderError::Config { path: folder.config_file(), why: e.to_string() })?;
    // The key is what makes a folder a CA's: it comes first, and only one `init` can create it.
    let pem = Zeroizing::new(key.openssl().private_key_to_pem_pkcs8()?);
    folder.write_new(&folder.key_file(), 0o600, &pem)?;
    folder.write_new(&folder.certificate_file(), 0o644, &root.x509().to_pem()?)?;
    folder.write_new(&folder.config_file(), 0o600, config.as_bytes())?;
    let synced = File::open(folder.path()).and_then(|directory| directory.sync_all());
    synced.map_err(|cause| FolderError::File { path: folder.path().to_owned(), cause })?;
    Ok(root)
}

/// Whether `folder` holds no part of a CA. What cannot be looked at counts as a part: nothing is made over it.
pub(crate) fn is_vacant(folder: &Folder) -> bool {
    let parts = [folder.key_file(), folder.certificate_file(), folder.config_file()];
    parts.iter().all(|path| matches!(path.try_exists(), Ok(false)))
}

fn make_private(folder: &Folder) -> Result<(), FolderError> {
    let path = folder.path();
    let failed = |cause| FolderError::File { path: path.to_owned(), cause };
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(failed)
        }
        Err(e) => Err(failed(e)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn made() -> (tempfile::TempDir, Folder, AuthorityCertificate) {
        let home = tempfile::tempdir().unwrap();
        let folder = Folder::new(home.path().join("deep/ca"));
        let root = init(&folder, Policy::Open, "Test CA", UnixMillis::now()).unwrap();
        (home, folder, root)
    }

    #[test]
    fn a_new_ca_reads_back_and_is_private() {
        let (_home, folder, root) = made();
        folder.check_private().unwrap();
        assert_eq!(folder.certificate().unwrap(), root);
        assert_eq!(folder.key().unwrap().public(), root.public_key());
        assert_eq!(folder.config().unwrap().policy, Policy::Open);
        let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(folder.path()), mode(&folder.key_file())), (0o700, 0o600));
    }

    #[test]
    fn a_ca_is_never_overwritten() {
        let (_home, folder, root) = made();
        let again = init(&folder, Policy::Open, "Test CA", UnixMillis::now());
        assert!(matches!(again, Err(InitError::Folder(FolderError::Occupied(_)))));
        fs::remove_file(folder.certificate_file()).unwrap();
        let key = fs::read(folder.key_file()).unwrap();
        let again = init(&folder, Policy::Open, "Test CA", UnixMillis::now());
        assert!(matches!(again, Err(InitError::Folder(FolderError::Occupied(_)))));
        assert_eq!(fs::read(folder.key_file()).unwrap(), key);
        assert_eq!(folder.key().unwrap().public(), root.public_key());
    }

    #[test]
    fn a_folder_that_others_can_read_is_refused() {
        let (_home, folder, _) = made();
        for path in [folder.path().to_owned(), folder.key_file()] {
            let before = fs::metadata(&path).unwrap().permissions();
            fs::set_permissions(&path, fs::Permissions::from_mode(before.mode() | 0o040)).unwrap();
            assert!(matches!(folder.check_private(), Err(FolderError::Exposed(_))));
            fs::set_permissions(&path, before).unwrap();
        }
        folder.check_private().unwrap();
    }

    #[test]
    fn two_processes_cannot_hold_one_folder() {
        let (_home, folder, _) = made();
        let held = folder.lock().unwrap();
        assert!(matches!(folder.lock(), Err(FolderError::Busy(_))));
        drop(held);
        folder.lock().unwrap();
    }

    #[test]
    fn a_folder_without_a_ca_is_named_as_such() {
        let home = tempfile::tempdir().unwrap();
        let folder = Folder::new(home.path().join("nothing"));
        assert!(matches!(folder.check_private(), Err(FolderError::Empty(_))));
        assert!(matches!(folder.certificate(), Err(FolderError::Empty(_))));
    }

    #[test]
    fn names_with_hidden_characters_are_refused() {
        let home = tempfile::tempdir().unwrap();
        let folder = Folder::new(home.path().join("ca"));
        for name in ["", "a\u{1b}[2J", "a\u{202e}b", &"x".repeat(65)] {
            assert!(matches!(init(&folder, Policy::Open, name, UnixMillis::now()), Err(InitError::Name)));
        }
        assert!(!folder.path().exists());
    }
}
