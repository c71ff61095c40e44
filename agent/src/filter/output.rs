//! Where a filter writes: standard output, or a file that gets its name only once it is complete.
//!
//! A file is written under a temporary name beside its final one, synced, and renamed. Whatever ends the filter
//! before that (an error, Ctrl-C, a hang-up, a termination) removes it; after a `kill -9` a file named
//! `.airhatch-…` remains, never one under the final name.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};
use signal_hook::low_level::emulate_default_handler;
use tempfile::NamedTempFile;

use super::FilterError;

/// What to do with a file of the same name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Existing {
    Replace,
    Refuse,
}

/// An output under way.
pub(super) struct Output {
    path: PathBuf,
    to: Target,
}

enum Target {
    /// Standard output, a device or a pipe: written as it is, and never renamed or removed.
    Direct(File),
    File {
        temporary: NamedTempFile,
        existing: Existing,
        sweeper: Sweeper,
    },
}

impl Output {
    /// Starts an output to `path`, with `mode` (before the umask) if it is a new file; none, or `-`, is standard
    /// output.
    pub(super) fn create(path: Option<&Path>, existing: Existing, mode: u32) -> Result<Self, FilterError> {
        let Some(path) = path.filter(|path| *path != Path::new("-")) else {
            let path = PathBuf::from("-");
            // The descriptor itself: `Stdout` would look for line feeds in binary data.
            let standard = io::stdout().as_fd().try_clone_to_owned();
            let standard = standard.map_err(|source| write_failed(&path, source))?;
            return Ok(Self { path, to: Target::Direct(standard.into()) });
        };
        let to = target(path, existing, mode).map_err(|source| write_failed(path, source))?;
        Ok(Self { path: path.to_owned(), to })
    }

    /// Whether a person is looking at it.
    pub(super) fn is_terminal(&self) -> bool {
        matches!(&self.to, Target::Direct(file) if file.is_terminal())
    }

    /// Completes the output: from now on the file is there, whole.
    pub(super) fn commit(mut self) -> Result<(), FilterError> {
        self.flush().map_err(|source| write_failed(&self.path, source))?;
        let Target::File { temporary, existing, sweeper } = self.to else { return Ok(()) };
        temporary.as_file().sync_all().map_err(|source| write_failed(&self.path, source))?;
        let renamed = match existing {
            Existing::Replace => temporary.persist(resolved(&self.path)),
            Existing::Refuse => temporary.persist_noclobber(&self.path),
        };
        drop(sweeper);
        match renamed {
            Ok(_) => Ok(()),
            Err(error) => Err(write_failed(&self.path, error.error)),
        }
    }

    /// Blames this output for `source`.
    pub(super) fn failed(&self, source: io::Error) -> FilterError {
        write_failed(&self.path, source)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.to {
            Target::Direct(file) => file.write(bytes),
            Target::File { temporary, .. } => temporary.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.to {
            Target::Direct(file) => file.flush(),
            Target::File { temporary, .. } => temporary.flush(),
        }
    }
}

fn target(path: &Path, existing: Existing, mode: u32) -> io::Result<Target> {
    let permissions = match fs::metadata(path) {
        Ok(_) if existing == Existing::Refuse => return Err(io::ErrorKind::AlreadyExists.into()),
        Ok(found) if found.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Ok(found) if !found.is_file() => {
            return Ok(Target::Direct(OpenOptions::new().write(true).open(path)?));
        }
        // A file that only its owner may read stays so.
        Ok(found) => found.permissions(),
        Err(_) => Permissions::from_mode(mode),
    };
    let path = resolved(path);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let temporary =
        tempfile::Builder::new().prefix(".airhatch-").permissions(permissions).tempfile_in(folder)?;
    let sweeper = Sweeper::watch(temporary.path())?;
    Ok(Target::File { temporary, existing, sweeper })
}

/// The file behind a symbolic link, so that writing replaces it and not the link.
fn resolved(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn write_failed(path: &Path, source: io::Error) -> FilterError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::AlreadyExists => FilterError::Exists { path },
        _ => FilterError::Write { path, source },
    }
}

/// Removes an unfinished file when a signal ends the program, then lets the signal do so.
struct Sweeper(Handle);

impl Sweeper {
    fn watch(unfinished: &Path) -> io::Result<Self> {
        let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
        let handle = signals.handle();
        let unfinished = unfinished.to_owned();
        thread::spawn(move || {
            if let Some(signal) = signals.forever().next() {
                // The program ends here whether or not these work, and nobody is left to be told.
                let _ = fs::remove_file(unfinished);
                let _ = emulate_default_handler(signal);
            }
        });
        Ok(Self(handle))
    }
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        self.0.close();
    }
}
