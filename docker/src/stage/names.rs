//! The names of what was named: the person's own, told apart where two would be one for some recipient. Below a folder
//! nothing is renamed: what refers to it would not find it.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::Path;

use unicase::UniCase;
use unicode_normalization::UnicodeNormalization;

use airhatch_wire::path::{NAME_LIMIT, check_name};

use super::StageError;

/// The names given out for one staging folder.
#[derive(Default)]
pub(super) struct Names {
    taken: HashSet<String>,
}

impl Names {
    /// The name for what is at this path, or, for a path that ends in dots, where it leads to. Names that differ in letter case or in the spelling of
    /// accents only count as equal; the later one becomes `name (2).txt`.
    pub(super) fn take(&mut self, path: &Path) -> Result<String, StageError> {
        let resolved = path.file_name().is_none().then(|| path.canonicalize().ok()).flatten();
        let name = resolved.as_deref().unwrap_or(path).file_name();
        let name = name.ok_or_else(|| StageError::Name { path: path.to_owned(), what: "is missing" })?;
        let name = text(name, path)?;
        Ok(self.take_name(name))
    }

    /// The same for a name.
    pub(super) fn take_name(&mut self, name: &str) -> String {
        let mut free = name.to_owned();
        let mut count = 1_u64;
        while !self.taken.insert(folded(&free)) {
            count += 1;
            free = numbered(name, count);
        }
        free
    }
}

/// A name as text that may travel; `path` is whose it is.
pub(super) fn text<'a>(name: &'a OsStr, path: &Path) -> Result<&'a str, StageError> {
    let bad = || StageError::Name { path: path.to_owned(), what: "is not UTF-8" };
    let name = name.to_str().ok_or_else(bad)?;
    match check_name(name) {
        Ok(()) => Ok(name),
        Err(refused) => Err(StageError::Refused { path: path.to_owned(), refused }),
    }
}

/// Spelling without the differences that a file system may ignore: canonical caseless matching (Unicode, D145).
pub(super) fn folded(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    let decomposed: String = name.nfd().collect();
    UniCase::unicode(decomposed).to_folded_case().nfd().collect()
}

/// `report.pdf` and 2 give `report (2).pdf`; the part before the dot is shortened where the name gets too long.
fn numbered(name: &str, count: u64) -> String {
    let dot = name.rfind('.').filter(|&at| at > 0).unwrap_or(name.len());
    let (stem, extension) = name.split_at(dot);
    let suffix = format!(" ({count})");
    let (stem, extension) = match NAME_LIMIT.checked_sub(suffix.len() + extension.len()) {
        Some(room) if room > 0 => (shortened(stem, room), extension),
        _ => (shortened(name, NAME_LIMIT - suffix.len()), ""),
    };
    format!("{stem}{suffix}{extension}")
}

fn shortened(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    fn take_all(paths: &[&str]) -> Vec<String> {
        let mut names = Names::default();
        paths.iter().map(|path| names.take(Path::new(path)).unwrap()).collect()
    }

    #[test]
    fn different_names_are_kept_as_they_are() {
        let names = ["a.txt", ".bashrc", "ملف.txt", "報告書.pdf", "😀", "a b (2).txt"];
        assert_eq!(take_all(&names.map(|n| Box::leak(format!("/x/{n}").into_boxed_str()) as &str)), names);
    }

    #[test]
    fn equal_names_are_numbered_before_the_extension() {
        let taken = take_all(&[
            "/a/r.pdf",
            "/b/r.pdf",
            "/c/R.PDF",
            "/d/r (2).pdf",
            "/a/.rc",
            "/b/.rc",
            "/a/n",
            "/b/n",
        ]);
        assert_eq!(
            taken,
            ["r.pdf", "r (2).pdf", "R (3).PDF", "r (2) (2).pdf", ".rc", ".rc (2)", "n", "n (2)"]
        );
    }

    #[test]
    fn a_numbered_name_is_never_longer_than_a_name_may_be() {
        for name in ["é".repeat(127), format!("{}.txt", "é".repeat(125)), format!("a.{}", "x".repeat(253))]
        {
            let path = format!("/{name}");
            let taken = take_all(&[&path, &path, &path]);
            assert!(taken.iter().all(|name| name.len() <= NAME_LIMIT), "{taken:?}");
            assert_ne!(taken.first(), taken.get(1));
            assert_ne!(taken.get(1), taken.get(2));
        }
    }

    #[test]
    fn names_that_some_file_systems_take_for_one_are_told_apart() {
        let taken = take_all(&["/a/Straße", "/b/STRASSE", "/a/caf\u{e9}.txt", "/b/cafe\u{301}.txt"]);
        assert_eq!(taken, ["Straße", "STRASSE (2)", "caf\u{e9}.txt", "cafe\u{301} (2).txt"]);
    }

    #[test]
    fn a_name_that_is_no_text_is_refused() {
        let raw = Path::new(OsStr::from_bytes(b"/a\xff"));
        assert!(matches!(Names::default().take(raw), Err(StageError::Name { what: "is not UTF-8", .. })));
        assert!(matches!(Names::default().take(Path::new("/")), Err(StageError::Name { .. })));
    }
}
