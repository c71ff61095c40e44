//! The files that are copied: made once, not compressible, compared by number and size after every copy.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// How much is written at a time, bytes.
const STEP: usize = 1 << 20;

/// A folder to be copied.
pub(crate) struct Work {
    /// What it is called in the report.
    pub(crate) name: &'static str,
    /// Where it lies.
    pub(crate) folder: PathBuf,
    /// How many files are in it.
    pub(crate) count: usize,
    /// Their bytes in all.
    pub(crate) bytes: u64,
}

impl Work {
    /// Makes `count` files of `size` bytes; in as many folders as `folders` says where that is more than one.
    pub(crate) fn files(root: &Path, name: &'static str, size: u64, count: usize, folders: usize) -> Self {
        let folder = root.join("source").join(name);
        let mut content = blake3::Hasher::new().update(name.as_bytes()).finalize_xof();
        for number in 0..count {
            let place =
                if folders > 1 { folder.join(format!("folder{}", number % folders)) } else { folder.clone() };
            fs::create_dir_all(&place).unwrap();
            let mut file = File::create(place.join(format!("file{number}"))).unwrap();
            let mut left = size;
            let mut buffer = vec![0; STEP];
            while left > 0 {
                let step = &mut buffer[..usize::try_from(left).unwrap_or(usize::MAX).min(STEP)];
                content.fill(step);
                file.write_all(step).unwrap();
                left -= step.len() as u64;
            }
            file.sync_all().unwrap();
        }
        Self { name, folder, count, bytes: size * count as u64 }
    }

    /// The only file, where there is one.
    pub(crate) fn file(&self) -> PathBuf {
        fs::read_dir(&self.folder).unwrap().next().unwrap().unwrap().path()
    }

    /// Whether a copy has as many files and bytes.
    ///
    /// # Errors
    /// What differs.
    pub(crate) fn compare(&self, copy: &Path) -> Result<(), String> {
        let (mut count, mut bytes) = (0, 0);
        walk(copy, &mut |path| {
            count += 1;
            bytes += fs::metadata(path)?.len();
            Ok(())
        })
        .map_err(|error| error.to_string())?;
        if (count, bytes) == (self.count, self.bytes) {
            return Ok(());
        }
        Err(format!("{count} files of {bytes} bytes arrived instead of {} of {}", self.count, self.bytes))
    }
}

/// Has everything below a folder on the disk, as an agent has before it signs a receipt.
pub(crate) fn sync(folder: &Path) -> io::Result<()> {
    walk(folder, &mut |path| File::open(path)?.sync_all())?;
    folders(folder, &mut |path| File::open(path)?.sync_all())
}

/// Copies a folder into another.
pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Visits every file below a folder but what agents keep for themselves there.
fn walk(folder: &Path, visit: &mut impl FnMut(&Path) -> io::Result<()>) -> io::Result<()> {
    folders(folder, &mut |path| {
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                visit(&entry.path())?;
            }
        }
        Ok(())
    })
}

fn folders(folder: &Path, visit: &mut impl FnMut(&Path) -> io::Result<()>) -> io::Result<()> {
    visit(folder)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() && entry.file_name() != ".incoming" {
            folders(&entry.path(), visit)?;
        }
    }
    Ok(())
}
