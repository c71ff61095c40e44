//! Where a filter reads: a file, or standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::FilterError;

/// An identity file longer than this is some other file.
const LONGEST_TEXT: u64 = 1 << 20;

/// The bytes to be sealed or opened. Failures to read are kept apart from what the reader above makes of the bytes.
pub(super) struct Input {
    path: PathBuf,
    from: Box<dyn Read>,
}

impl Input {
    /// Opens `path`; none, or `-`, is standard input.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, FilterError> {
        match path.filter(|path| *path != Path::new("-")) {
            None => Ok(Self { path: "-".into(), from: Box::new(io::stdin().lock()) }),
            Some(path) => Ok(Self { path: path.to_owned(), from: Box::new(open(path)?) }),
        }
    }

    /// Blames this input for `source`.
    pub(super) fn failed(&self, source: io::Error) -> FilterError {
        FilterError::Read { path: self.path.clone(), source }
    }
}

impl Read for Input {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.from.read(out)
    }
}

/// The whole of a short text file that holds secrets.
pub(super) fn read_secret_text(path: &Path) -> Result<Zeroizing<String>, FilterError> {
    let failed = |source| FilterError::Read { path: path.to_owned(), source };
    let file = open(path)?;
    let length = file.metadata().map_err(failed)?.len();
    // One allocation, so that growing leaves no copy behind. A pipe says 0, and may grow.
    let mut text = Zeroizing::new(String::with_capacity(length.min(LONGEST_TEXT) as usize + 1));
    file.take(LONGEST_TEXT + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > LONGEST_TEXT {
        return Err(failed(io::Error::other("it is longer than 1 MiB, so it is no identity file")));
    }
    Ok(text)
}

fn open(path: &Path) -> Result<File, FilterError> {
    let path = path.to_owned();
    match File::open(&path) {
        Ok(file) => Ok(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(FilterError::NotFound { path }),
        Err(source) => Err(FilterError::Read { path, source }),
    }
}
