//! What a front asks of the kernel, as `strace` writes it down: from its first call to its last, in all its threads, and
//! without the warden that it starts.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::built;
use crate::skipped;

/// Where one front's calls are written down.
pub struct Trace(PathBuf);

/// One thread's calls, in their order.
#[derive(Debug)]
pub struct Calls(Vec<String>);

impl Trace {
    /// Writes into an empty folder; `None` (said visibly) where `strace` is not installed.
    #[must_use]
    pub fn into_folder(folder: &Path) -> Option<Self> {
        if Command::new("strace").arg("--version").output().is_err() {
            skipped("strace is not installed");
            return None;
        }
        Some(Self(folder.join("calls")))
    }

    /// `strace` and its options, to be followed by the front's arguments. It lets go of the warden when that begins.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let words = ["strace", "-ff", "-qq", "-s", "4096", "-b", "execve", "-o"].map(str::to_owned);
        let own = [&self.0, &built("airhatch")].map(|path| path.to_str().unwrap().to_owned());
        words.into_iter().chain(own).collect()
    }

    /// The calls of the front's threads, its first thread's first. After the front has ended.
    #[must_use]
    pub fn calls(&self) -> Vec<Calls> {
        let files = std::fs::read_dir(self.0.parent().unwrap()).unwrap();
        let texts = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
        let (warden, mut front): (Vec<_>, Vec<_>) = texts.partition(|text| {
            text.lines().any(|line| line.starts_with("execve(") && line.contains("airhatch-warden"))
        });
        assert_eq!(warden.len(), 1, "one process became the warden");
        front.sort_by_key(|text| !text.starts_with("execve("));
        front.iter().map(|text| Calls(text.lines().map(str::to_owned).collect())).collect()
    }
}

impl Calls {
    /// The calls of these names, with their arguments and outcomes.
    pub fn named<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = &'a str> {
        let named = move |line: &&String| line.split_once('(').is_some_and(|(name, _)| names.contains(&name));
        self.0.iter().filter(named).map(String::as_str)
    }

    /// What came before the last call of a name, and what after it.
    #[must_use]
    pub fn split_at_last(&self, name: &str) -> (Self, Self) {
        let is = |line: &String| line.strip_prefix(name).is_some_and(|rest| rest.starts_with('('));
        let last = self.0.iter().rposition(is).unwrap_or_else(|| panic!("no {name} in {self:#?}"));
        (Self(self.0[..last].to_vec()), Self(self.0[last + 1..].to_vec()))
    }
}
