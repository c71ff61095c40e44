//! What sled is given for a value: the head, which is the value itself or, for one too large for sled, says which file
//! has it. A file is complete and durable before any head names it, and removed only after no durable head does; what
//! a crash leaves over is removed when the database is opened. Names of files are random.

use std::collections::HashSet;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::DatabaseError;
use super::tree::LARGEST_VALUE;

/// First byte of a head: the value follows.
const INLINE: u8 = 0;
/// First byte of a head: the id of a file and the CRC-32 of its bytes, little endian, follow.
const SPILLED: u8 = 1;

/// The largest file, bytes.
const LARGEST_FILE: usize = 2 << 20;

/// A file's random name.
pub(super) type SpillId = [u8; 16];

/// The folder of large values.
#[derive(Debug)]
pub(super) struct Spill {
    dir: PathBuf,
}

impl Spill {
    /// Opens or makes the folder.
    pub(super) fn open(database: &Path) -> io::Result<Self> {
        let dir = database.join("large");
        DirBuilder::new().recursive(true).mode(0o700).create(&dir)?;
        Ok(Self { dir })
    }

    /// The head for a value, whose file, if it needs one, is durable on return.
    pub(super) fn head(&self, value: &[u8]) -> Result<Vec<u8>, DatabaseError> {
        if value.len() < LARGEST_VALUE {
            return Ok([&[INLINE], value].concat());
        }
        if value.len() > LARGEST_FILE {
            return Err(DatabaseError::TooLarge);
        }
        let mut id = SpillId::default();
        getrandom::fill(&mut id).map_err(io::Error::from)?;
        self.write(&id, value)?;
        Ok([&[SPILLED], id.as_slice(), &crc32fast::hash(value).to_le_bytes()].concat())
    }

    /// The value that a head stands for; `None` when that is not there as it was written.
    pub(super) fn value(&self, head: &[u8]) -> Option<Vec<u8>> {
        let Some(id) = named(head) else {
            return head.strip_prefix(&[INLINE]).map(<[u8]>::to_vec);
        };
        let mut bytes = Vec::new();
        let file = File::open(self.path(&id)).ok()?;
        file.take(LARGEST_FILE as u64).read_to_end(&mut bytes).ok()?;
        head.ends_with(&crc32fast::hash(&bytes).to_le_bytes()).then_some(bytes)
    }

    pub(super) fn remove(&self, id: &SpillId) {
        // One that stays is removed when the database is opened.
        let _ = fs::remove_file(self.path(id));
    }

    /// True when there is any file.
    pub(super) fn is_used(&self) -> io::Result<bool> {
        Ok(fs::read_dir(&self.dir)?.next().is_some())
    }

    /// Removes every file that none of these heads names.
    pub(super) fn keep_only<'a>(&self, heads: impl Iterator<Item = &'a Vec<u8>>) -> io::Result<()> {
        let kept: HashSet<PathBuf> = heads.filter_map(|head| named(head)).map(|id| self.path(&id)).collect();
        for entry in fs::read_dir(&self.dir)? {
            let path = entry?.path();
            if !kept.contains(&path) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    fn write(&self, id: &SpillId, bytes: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(self.path(id))?;
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        if written.is_err() {
            self.remove(id);
        }
        written.and_then(|()| File::open(&self.dir)?.sync_all())
    }

    fn path(&self, id: &SpillId) -> PathBuf {
        self.dir.join(format!("{:032x}", u128::from_be_bytes(*id)))
    }
}

/// The file that a head names.
pub(super) fn named(head: &[u8]) -> Option<SpillId> {
    head.strip_prefix(&[SPILLED])?.first_chunk().copied()
}
