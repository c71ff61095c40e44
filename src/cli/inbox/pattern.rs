//! Which items of an offer a person names, by patterns like those of `.gitignore` files: `*` and `?` within a name, `[a-z]`,
//! `**` for any folders, a `/` before the end to begin at the top, a `/` at the end for folders only. What names a
//! folder names all that is in it. Paths are a stranger's: matching takes time linear in them.

use std::str::{Chars, FromStr};

use airhatch_wire::Selection;
use airhatch_wire::control::ItemView;
use airhatch_wire::peer::ItemKind;

/// A pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    names: Vec<Name>,
    folders_only: bool,
}

/// What stands for one name of a path, or for any number of them.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Name {
    Any,
    Like(Vec<Sign>),
}

/// What stands for one character, or for any number of them.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Sign {
    Many,
    One,
    Exactly(char),
    Among { ranges: Vec<(char, char)>, not: bool },
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (inner, folders_only) = text.strip_suffix('/').map_or((text, false), |inner| (inner, true));
        let (inner, from_top) = match inner.strip_prefix('/') {
            Some(inner) => (inner, true),
            None => (inner, inner.contains('/')),
        };
        if inner.split('/').any(str::is_empty) {
            return Err("a pattern names files or folders, like *.jpg or photos/2026".to_owned());
        }
        let mut names = if from_top { Vec::new() } else { vec![Name::Any] };
        for name in inner.split('/') {
            names.push(if name == "**" { Name::Any } else { Name::Like(signs(name)?) });
        }
        Ok(Self { names, folders_only })
    }
}

fn signs(name: &str) -> Result<Vec<Sign>, String> {
    let mut signs = Vec::new();
    let mut rest = name.chars();
    while let Some(c) = rest.next() {
        signs.push(match c {
            '*' => Sign::Many,
            '?' => Sign::One,
            '[' => among(&mut rest).ok_or("a pattern has a [ without a ] that ends it".to_owned())?,
            '\\' => Sign::Exactly(rest.next().ok_or("a pattern ends in a backslash".to_owned())?),
            c => Sign::Exactly(c),
        });
    }
    Ok(signs)
}

fn among(rest: &mut Chars<'_>) -> Option<Sign> {
    let not = rest.as_str().starts_with(['!', '^']);
    if not {
        rest.next();
    }
    let mut ranges = Vec::new();
    loop {
        match rest.next()? {
            ']' if !ranges.is_empty() => return Some(Sign::Among { ranges, not }),
            from => {
                let to = rest.as_str().strip_prefix('-').and_then(|rest| rest.chars().next());
                let to = to.filter(|to| *to != ']');
                if to.is_some() {
                    rest.nth(1);
                }
                ranges.push((from, to.unwrap_or(from)));
            }
        }
    }
}

impl Pattern {
    /// Whether it names the item, or a folder above it.
    fn names(&self, item: &ItemView) -> bool {
        let path: Vec<&str> = item.path.as_received().split('/').collect();
        let mut reached = vec![false; path.len() + 1];
        if let Some(start) = reached.first_mut() {
            *start = true;
        }
        for name in &self.names {
            reached = match name {
                Name::Any => anything_after(&reached),
                Name::Like(signs) => step(&reached, &path, |part| like(signs, part)),
            };
        }
        let last = path.len();
        let fits = |at: usize| at < last || !self.folders_only || item.kind == ItemKind::Folder;
        reached.iter().enumerate().skip(1).any(|(at, reached)| *reached && fits(at))
    }
}

/// Every place from the first reached one on.
fn anything_after(reached: &[bool]) -> Vec<bool> {
    let mut found = false;
    let from = reached.iter().map(|here| {
        found |= here;
        found
    });
    from.collect()
}

/// The places after each reached one that something fits behind.
fn step<T>(reached: &[bool], things: &[T], fits: impl Fn(&T) -> bool) -> Vec<bool> {
    let after = reached.iter().zip(things).map(|(here, thing)| *here && fits(thing));
    std::iter::once(false).chain(after).collect()
}

fn like(signs: &[Sign], name: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    let mut reached = vec![false; name.len() + 1];
    if let Some(start) = reached.first_mut() {
        *start = true;
    }
    for sign in signs {
        reached = match sign {
            Sign::Many => anything_after(&reached),
            Sign::One => step(&reached, &name, |_| true),
            Sign::Exactly(wanted) => step(&reached, &name, |c| c == wanted),
            Sign::Among { ranges, not } => {
                step(&reached, &name, |c| ranges.iter().any(|(from, to)| (from..=to).contains(&c)) != *not)
            }
        };
    }
    reached.last() == Some(&true)
}

/// The items that one of the patterns names; `None` when that is nothing.
pub(crate) fn named(items: &[ItemView], patterns: &[Pattern]) -> Option<Selection> {
    let wanted = |item: &ItemView| patterns.iter().any(|pattern| pattern.names(item));
    let indices: Vec<u32> =
        items.iter().zip(0..).filter(|(item, _)| wanted(item)).map(|(_, index)| index).collect();
    (!indices.is_empty()).then(|| Selection::of(indices))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn item(path: &str) -> ItemView {
        let kind = if path.ends_with('/') { ItemKind::Folder } else { ItemKind::File };
        let path = path.trim_end_matches('/').into();
        ItemView { path, kind, size: 1, executable: false, wanted: true, landed_as: None }
    }

    fn is_named(pattern: &str, path: &str) -> bool {
        pattern.parse::<Pattern>().unwrap().names(&item(path))
    }

    #[test]
    fn patterns_are_those_of_gitignore_files() {
        for (pattern, path, expected) in [
            ("*.jpg", "a.jpg", true),
            ("*.jpg", "photos/2026/a.jpg", true),
            ("*.jpg", "a.jpg.txt", false),
            ("/*.jpg", "photos/a.jpg", false),
            ("photos", "photos/2026/a.jpg", true),
            ("2026", "photos/2026/a.jpg", true),
            ("photos/2026", "photos/2026/a.jpg", true),
            ("photos/2026", "old/photos/2026/a.jpg", false),
            ("**/2026", "old/photos/2026/a.jpg", true),
            ("photos/**/a.jpg", "photos/a.jpg", true),
            ("photos/**/a.jpg", "photos/x/y/a.jpg", true),
            ("photos/*", "photos/x/y", true),
            ("*/x", "a/b/x", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[]x]", "]", true),
            ("[a-]", "-", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("報*", "報告書", true),
            ("d/", "d/", true),
            ("d/", "d/x", true),
            ("d/", "d", false),
        ] {
            assert_eq!(is_named(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn patterns_that_make_no_sense_are_refused() {
        for pattern in ["", "/", "a//b", "[a", "a\\", "//"] {
            assert!(pattern.parse::<Pattern>().is_err(), "{pattern}");
        }
    }

    #[test]
    fn a_name_made_to_be_slow_is_not() {
        assert!(!is_named(&"*a".repeat(60), &("a".repeat(250) + "b")));
        assert!(!is_named(&("**/a/".repeat(60) + "c"), &("a/".repeat(63) + "b")));
    }

    #[test]
    fn the_named_items_are_selected_and_nothing_is_told_apart() {
        let items = ["a.jpg", "d/", "d/b.jpg", "d/c.txt"].map(item);
        let patterns = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<_>>();
        assert_eq!(named(&items, &patterns(&["*.jpg"])), Some(Selection::of([0, 2])));
        assert_eq!(named(&items, &patterns(&["*.txt", "/a*"])), Some(Selection::of([0, 3])));
        assert_eq!(named(&items, &patterns(&["d"])), Some(Selection::of([1, 2, 3])));
        assert_eq!(named(&items, &patterns(&["*.png"])), None);
    }
}
