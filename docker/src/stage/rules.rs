//! What of a folder is left out: the person's patterns, and what the `.gitignore` files in it say, where that is wanted.
//!
//! Patterns are those of `.gitignore` files, looked at from the folder that was named; a later one takes back an earlier
//! one with `!`. What is left out takes everything below with it. The person's patterns come first, then the `.gitignore`
//! file nearest to what is in question; those above the named folder do not count, and no repository need be there. With
//! the `.gitignore` files goes `.git`: nobody who leaves out what git leaves out means git's own files.

use std::io::Read;
use std::path::Path;

use airhatch_wire::warden::Choice;
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::StageError;
use super::source::Source;

/// The file that says what git leaves out.
pub(super) const GITIGNORE: &str = ".gitignore";

/// The folder of git's own files; a file where it is elsewhere.
const GIT: &str = ".git";

/// The most patterns.
const PATTERNS: usize = 1000;

/// How much of a `.gitignore` file is read, bytes.
const FILE_LIMIT: u64 = 1 << 20;

/// What one request leaves out.
#[derive(Debug)]
pub(super) struct Rules {
    excludes: Gitignore,
    gitignore: bool,
}

impl Rules {
    /// Reads the patterns.
    pub(super) fn new(choice: &Choice) -> Result<Self, StageError> {
        if choice.excludes.len() > PATTERNS {
            return Err(StageError::Pattern(format!("there are more than {PATTERNS} patterns")));
        }
        let mut builder = GitignoreBuilder::new("");
        for pattern in &choice.excludes {
            builder.add_line(None, pattern).map_err(|e| unreadable(&e))?;
        }
        Ok(Self { excludes: builder.build().map_err(|e| unreadable(&e))?, gitignore: choice.gitignore })
    }

    /// Whether `.gitignore` files count.
    pub(super) const fn wants_files(&self) -> bool {
        self.gitignore
    }

    /// Whether something stays. `path` begins in the named folder; `files` are those above it, outermost first.
    pub(super) fn leave_out(&self, path: &Path, is_folder: bool, files: &[Gitignore]) -> bool {
        match self.excludes.matched(path, is_folder) {
            Match::Ignore(_) => return true,
            Match::Whitelist(_) => return false,
            Match::None => {}
        }
        if !self.gitignore {
            return false;
        }
        path.file_name().is_some_and(|name| name == GIT)
            || files
                .iter()
                .rev()
                .map(|file| file.matched(path, is_folder))
                .find(|m| !m.is_none())
                .is_some_and(|found| found.is_ignore())
    }
}

/// Reads a `.gitignore` file of the folder `inside`, a path that begins in the named folder. Lines that make no sense are
/// passed over, as git does.
pub(super) fn read(source: &Source, inside: &Path) -> Result<Gitignore, StageError> {
    let mut bytes = Vec::new();
    (&source.file).take(FILE_LIMIT).read_to_end(&mut bytes).map_err(|e| source.unreadable(e))?;
    let mut builder = GitignoreBuilder::new(inside);
    for line in String::from_utf8_lossy(&bytes).trim_start_matches('\u{feff}').lines() {
        if let Err(e) = builder.add_line(None, line) {
            tracing::debug!("a line of a .gitignore file is passed over: {e}");
        }
    }
    builder.build().map_err(|e| unreadable(&e))
}

fn unreadable(error: &ignore::Error) -> StageError {
    StageError::Pattern(format!("a pattern of what is left out cannot be read: {error}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn left_out(excludes: &[&str], path: &str) -> bool {
        let excludes = excludes.iter().map(|&pattern| pattern.to_owned()).collect();
        let rules = Rules::new(&Choice { excludes, gitignore: false }).unwrap();
        rules.leave_out(Path::new(path.trim_end_matches('/')), path.ends_with('/'), &[])
    }

    #[test]
    fn patterns_are_those_of_gitignore_files() {
        for (pattern, path, out) in [
            ("*.tmp", "a.tmp", true),
            ("*.tmp", "deep/er/a.tmp", true),
            ("*.tmp", "a.tmp.txt", false),
            ("/a", "a", true),
            ("/a", "b/a", false),
            ("target/", "b/target/", true),
            ("target/", "target", false),
            ("b/*.o", "b/x.o", true),
            ("b/*.o", "c/b/x.o", false),
            ("**/b/*.o", "c/b/x.o", true),
            ("# no pattern", "# no pattern", false),
            ("", "a", false),
        ] {
            assert_eq!(left_out(&[pattern], path), out, "{pattern} {path}");
        }
        assert!(!left_out(&["*.log", "!keep.log"], "keep.log"));
    }

    #[test]
    fn a_pattern_that_makes_no_sense_is_refused() {
        let choice = |excludes| Choice { excludes, gitignore: false };
        assert!(matches!(Rules::new(&choice(vec!["[z-a]".to_owned()])), Err(StageError::Pattern(_))));
        let many = vec!["a".to_owned(); PATTERNS + 1];
        assert!(matches!(Rules::new(&choice(many)), Err(StageError::Pattern(_))));
    }
}
