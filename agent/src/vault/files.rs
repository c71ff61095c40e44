//! The vault's two files and how they change: written aside, made durable, renamed. Knows no secret.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;

use super::sealed::LARGEST;

const CURRENT: &str = "vault";
const SPARE: &str = "vault.previous";
const UNFINISHED: &str = "vault.new";

/// The folder with the vault's files.
#[derive(Debug)]
pub(super) struct Files {
    dir: PathBuf,
}

impl Files {
    pub(super) const fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    pub(super) fn exist(&self) -> bool {
        [CURRENT, SPARE].iter().any(|name| self.dir.join(name).symlink_metadata().is_ok())
    }

    pub(super) fn make_folder(&self) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.dir)
    }

    pub(super) fn read_current(&self) -> io::Result<Option<Vec<u8>>> {
        self.read(CURRENT)
    }

    pub(super) fn read_spare(&self) -> io::Result<Option<Vec<u8>>> {
        self.read(SPARE)
    }

    pub(super) fn write_current(&self, bytes: &[u8]) -> io::Result<()> {
        self.write(CURRENT, bytes)
    }

    pub(super) fn mend_current(&self, bytes: &[u8]) -> io::Result<()> {
        self.mend(CURRENT, bytes)
    }

    pub(super) fn mend_spare(&self, bytes: &[u8]) -> io::Result<()> {
        self.mend(SPARE, bytes)
    }

    pub(super) fn remove_spare(&self) -> io::Result<()> {
        self.remove(SPARE)?;
        self.sync()
    }

    /// The spare goes first: a removal that is cut short leaves an account that opens, or none.
    pub(super) fn remove_all(&self) -> io::Result<()> {
        [UNFINISHED, SPARE, CURRENT].iter().try_for_each(|name| self.remove(name))?;
        if self.dir.is_dir() { self.sync() } else { Ok(()) }
    }

    /// Writes a file unless it holds these bytes already.
    fn mend(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        if self.read(name)?.as_deref() == Some(bytes) { Ok(()) } else { self.write(name, bytes) }
    }

    /// The file's bytes; what lies behind [`LARGEST`] is left out, since such a file is not intact anyway.
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let file = match File::open(self.dir.join(name)) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut bytes = Vec::new();
        file.take(LARGEST as u64).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let unfinished = self.dir.join(UNFINISHED);
        self.remove(UNFINISHED)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        if let Err(error) = written.and_then(|()| fs::rename(&unfinished, self.dir.join(name))) {
            // The first error is the one to tell; a file left behind is removed by the next write.
            let _ = fs::remove_file(&unfinished);
            return Err(error);
        }
        self.sync()
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.dir.join(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.dir)?.sync_all()
    }
}
