//! For tests: a file system of a few megabytes in memory, which can be filled to the last byte.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A mounted tmpfs; unmounted when dropped.
pub(crate) struct TinyDisk {
    folder: tempfile::TempDir,
}

impl TinyDisk {
    /// Mounts one, or says visibly that this test is skipped because only root may.
    pub(crate) fn mount(megabytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().ok()?;
        let options = format!("size={megabytes}m,mode=700");
        let mounted = rustix::process::geteuid().is_root()
            && Command::new("mount")
                .args(["-t", "tmpfs", "-o", &options, "airhatch-test"])
                .arg(folder.path())
                .status()
                .is_ok_and(|status| status.success());
        if !mounted {
            let test = std::thread::current().name().unwrap_or("a test").to_owned();
            // Not through `eprintln!`, which the test runner keeps to itself.
            writeln!(std::io::stderr(), "SKIPPED {test}: only root can mount a tiny disk").ok()?;
            return None;
        }
        Some(Self { folder })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Bytes free.
    pub(crate) fn free(&self) -> u64 {
        let space = rustix::fs::statvfs(self.path()).unwrap();
        space.f_bavail * space.f_frsize
    }

    /// Takes all but `left` bytes. Remove the returned file to free them.
    pub(crate) fn fill(&self, left: u64) -> PathBuf {
        let path = self.path().join(format!("filling-{}", self.free()));
        let mut file = File::create(&path).unwrap();
        let block = [0xff; 4096];
        while self.free() >= left + 4096 && file.write_all(&block).is_ok() {}
        path
    }
}

impl Drop for TinyDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.folder.path()).status();
        let _ = fs::remove_dir(self.folder.path());
    }
}
