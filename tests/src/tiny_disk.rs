//! A file system of a few megabytes in memory, which can be filled to the last byte.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A mounted tmpfs; unmounted when dropped.
pub struct TinyDisk(PathBuf);

impl TinyDisk {
    pub(crate) fn mount(folder: &Path, megabytes: u32) -> Option<Self> {
        let options = format!("size={megabytes}m,mode=700");
        let mounted = rustix::process::geteuid().is_root()
            && Command::new("mount")
                .args(["-t", "tmpfs", "-o", &options, "airhatch-test"])
                .arg(folder)
                .status()
                .is_ok_and(|status| status.success());
        if !mounted {
            skipped("only root can mount a tiny disk");
            return None;
        }
        Some(Self(folder.to_owned()))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Takes everything that is free. Remove the returned file to give it back.
    #[must_use]
    pub fn fill(&self) -> PathBuf {
        let path = self.0.join("filling");
        let mut file = std::fs::File::create(&path).unwrap();
        let block = [0xff; 4096];
        while file.write_all(&block).is_ok() {}
        path
    }

    /// Takes everything but so many bytes of what is free now. Remove the returned file, which is the same every time, to
    /// give it back.
    #[must_use]
    pub fn fill_but(&self, bytes: u64) -> PathBuf {
        let path = self.0.join("filling");
        let mut file = std::fs::File::options().create(true).append(true).open(&path).unwrap();
        let block = [0xff; 4096];
        for _ in 0..self.free().saturating_sub(bytes) / 4096 {
            // Others may have taken some of it meanwhile.
            if file.write_all(&block).is_err() {
                break;
            }
        }
        path
    }

    /// Bytes free.
    #[must_use]
    pub fn free(&self) -> u64 {
        let space = rustix::fs::statvfs(&self.0).unwrap();
        space.f_bavail * space.f_frsize
    }
}

impl Drop for TinyDisk {
    fn drop(&mut self) {
        // Lazily: an agent may still have a file open there.
        let _gone = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Says where everybody sees it that this test proves nothing here.
pub fn skipped(why: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    // Not through `eprintln!`, which the test runner keeps to itself.
    let _closed = writeln!(std::io::stderr(), "SKIPPED {test}: {why}");
}
