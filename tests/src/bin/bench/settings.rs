//! What is measured: sizes, rounds and contacts, from variables.

use std::fmt;
use std::str::FromStr;

/// The sizes of one run.
pub(crate) struct Settings {
    /// `BENCH_ROUNDS`: how often each contender runs.
    pub(crate) rounds: usize,
    /// `BENCH_FILE`: the large file, bytes.
    pub(crate) file: u64,
    /// `BENCH_FILES`: how many files of 4 KiB.
    pub(crate) files: usize,
    /// `BENCH_FOLDERS`: in how many folders.
    pub(crate) folders: usize,
    /// `BENCH_CONTACTS`: numbers of contacts whose presence is asked at once, with commas; empty for none.
    pub(crate) contacts: Vec<usize>,
}

impl Settings {
    pub(crate) fn from_variables() -> Self {
        let contacts = std::env::var("BENCH_CONTACTS").unwrap_or_else(|_| "100,1000".to_owned());
        Self {
            rounds: number("BENCH_ROUNDS", 5),
            file: number("BENCH_FILE", 1 << 30),
            files: number("BENCH_FILES", 10_000),
            folders: number("BENCH_FOLDERS", 100),
            contacts: contacts
                .split(',')
                .filter(|part| !part.is_empty())
                .map(|part| read("BENCH_CONTACTS", part))
                .collect(),
        }
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rounds, file, files, folders, contacts } = self;
        let contacts: Vec<_> = contacts.iter().map(ToString::to_string).collect();
        write!(
            f,
            "BENCH_ROUNDS={rounds} BENCH_FILE={file} BENCH_FILES={files} BENCH_FOLDERS={folders} BENCH_CONTACTS={}",
            contacts.join(",")
        )
    }
}

fn number<T: FromStr>(name: &str, otherwise: T) -> T {
    std::env::var(name).map_or(otherwise, |text| read(name, &text))
}

fn read<T: FromStr>(name: &str, text: &str) -> T {
    text.trim().parse().unwrap_or_else(|_| panic!("{name}: {text:?} is no number that makes sense here"))
}
