//! One lock for each account, held across starting, stopping and removing its agent. It is an `flock` on the account's
//! folder, so it holds between several wardens as well as between the requests of one, and ends with its holder.
//! Must never know what is done under it.

use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How long to wait for another holder: longer than any start or stop may take.
const PATIENCE: Duration = Duration::from_secs(40);

/// How often to look whether the other holder is done.
const PAUSE: Duration = Duration::from_millis(10);

/// Why the lock was not given.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockError {
    /// Another holder took longer than any holder should.
    #[error("another warden has been busy with the account for {} s", PATIENCE.as_secs())]
    Busy,
    /// The folder is missing or cannot be opened.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The lock; dropping it lets the next one in.
#[derive(Debug)]
pub(crate) struct AccountLock {
    _folder: File,
}

impl AccountLock {
    /// Waits for the lock on a folder. A folder that was removed while waiting is not found.
    pub(crate) async fn wait(folder: &Path) -> Result<Self, LockError> {
        let file = File::open(folder)?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(e)) => return Err(e.into()),
                Err(TryLockError::WouldBlock) if Instant::now() > deadline => return Err(LockError::Busy),
                Err(TryLockError::WouldBlock) => sleep(PAUSE).await,
            }
        }
        let (locked, there) = (file.metadata()?, folder.metadata()?);
        if (locked.dev(), locked.ino()) != (there.dev(), there.ino()) {
            return Err(io::Error::from(io::ErrorKind::NotFound).into());
        }
        Ok(Self { _folder: file })
    }
}
