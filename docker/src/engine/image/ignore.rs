//! What a `.dockerignore` leaves out of a build: its lines in order, the last one that fits decides, and a folder that
//! is left out takes what is below with it.

/// The rules of one file.
#[derive(Clone, Debug, Default)]
pub(super) struct Ignore(Vec<Rule>);

#[derive(Clone, Debug)]
struct Rule {
    parts: Vec<Vec<char>>,
    /// Begins with `!`: takes back what earlier lines left out.
    keeps: bool,
}

impl Ignore {
    /// Reads the file's text; every text is one.
    pub(super) fn parse(text: &str) -> Self {
        let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
        Self(lines.filter(|line| !line.starts_with('#')).filter_map(Rule::parse).collect())
    }

    /// Whether a path, in parts from the top folder, is left out.
    pub(super) fn leaves_out(&self, path: &[&str]) -> bool {
        let path: Vec<Vec<char>> = path.iter().map(|part| part.chars().collect()).collect();
        self.0.iter().fold(false, |out, rule| if rule.fits(&path) { !rule.keeps } else { out })
    }

    /// Whether something below a folder that is left out may be kept all the same.
    pub(super) fn keeps_below(&self, folder: &[&str]) -> bool {
        self.0.iter().filter(|rule| rule.keeps && rule.parts.len() > folder.len()).any(|rule| {
            folder.iter().zip(&rule.parts).all(|(name, part)| name.chars().eq(part.iter().copied()))
        })
    }
}

impl Rule {
    fn parse(line: &str) -> Option<Self> {
        let (keeps, pattern) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest.trim()));
        let parts = pattern.split('/').filter(|part| !part.is_empty() && *part != ".");
        let parts: Vec<Vec<char>> = parts.map(|part| part.chars().collect()).collect();
        (!parts.is_empty()).then_some(Self { parts, keeps })
    }

    /// Whether the path, or a folder that it lies in, is meant.
    fn fits(&self, path: &[Vec<char>]) -> bool {
        (1..=path.len()).any(|length| path.get(..length).is_some_and(|path| all_fit(&self.parts, path)))
    }
}

fn all_fit(parts: &[Vec<char>], path: &[Vec<char>]) -> bool {
    match (parts.split_first(), path.split_first()) {
        (None, rest) => rest.is_none(),
        (Some((part, after)), name) if part.as_slice() == ['*', '*'] => {
            // Any number of folders; at the end, at least something.
            (!after.is_empty() && all_fit(after, path))
                || name
                    .is_some_and(|(_, below)| all_fit(parts, below) || (after.is_empty() && below.is_empty()))
        }
        (Some((part, after)), Some((name, below))) => fits(part, name) && all_fit(after, below),
        (Some(_), None) => false,
    }
}

fn fits(part: &[char], name: &[char]) -> bool {
    match (part, name) {
        ([], []) => true,
        (['*', after @ ..], name) => {
            fits(after, name) || name.split_first().is_some_and(|(_, rest)| fits(part, rest))
        }
        (['?', after @ ..], [_, rest @ ..]) => fits(after, rest),
        (['[', class @ ..], [c, rest @ ..]) => {
            in_class(class, *c).is_some_and(|(is_in, after)| is_in && fits(after, rest))
        }
        (['\\', plain, after @ ..], [c, rest @ ..]) => plain == c && fits(after, rest),
        ([plain, after @ ..], [c, rest @ ..]) => plain == c && fits(after, rest),
        _ => false,
    }
}

/// Whether a sign is in the class that begins here, and what follows the class; `None` when it does not end.
fn in_class(class: &[char], c: char) -> Option<(bool, &[char])> {
    let (negated, mut rest) = match class {
        ['^', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let mut found = false;
    loop {
        match rest {
            [']', after @ ..] => return Some((found != negated, after)),
            [low, '-', high, after @ ..] if *high != ']' => {
                found |= (*low..=*high).contains(&c);
                rest = after;
            }
            [one, after @ ..] => {
                found |= *one == c;
                rest = after;
            }
            [] => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_out(rules: &str, path: &str) -> bool {
        Ignore::parse(rules).leaves_out(&path.split('/').collect::<Vec<_>>())
    }

    #[test]
    fn the_last_line_that_fits_decides_and_folders_take_what_is_below() {
        let ours = "# what is built\n*\n!Cargo.toml\n!src/main.rs\n!agent\n**/target\n**/tests/data\n";
        for kept in ["Cargo.toml", "src/main.rs", "agent", "agent/src/main.rs", "agent/tests/x.rs"] {
            assert!(!left_out(ours, kept), "{kept}");
        }
        for gone in [
            "README.md",
            "src",
            "src/cli.rs",
            "target/debug/x",
            "agent/target/x",
            "agent/tests/data/x",
            ".git/config",
        ] {
            assert!(left_out(ours, gone), "{gone}");
        }
    }

    #[test]
    fn patterns_fit_as_they_do_for_the_engines_own_program() {
        let cases = [
            ("a", "a/b/c", true),
            ("a", "b/a", false),
            ("/a/", "a", true),
            ("./a", "a", true),
            ("*/a", "b/a", true),
            ("*/a", "c/b/a", false),
            ("**/a", "a", true),
            ("**/a", "c/b/a", true),
            ("a/**", "a/b", true),
            ("a/**", "a", false),
            ("a/**/b", "a/b", true),
            ("a/**/b", "a/x/y/b", true),
            ("*.rs", "x.rs", true),
            ("*.rs", "a/x.rs", false),
            ("x?", "xy", true),
            ("x?", "x", false),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("[a", "a", false),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("\u{feff}a", "a", true),
            ("", "a", false),
            ("!", "a", false),
            ("#a", "#a", false),
        ];
        for (rules, path, expected) in cases {
            assert_eq!(left_out(rules, path), expected, "{rules:?} {path:?}");
        }
    }

    #[test]
    fn only_folders_that_may_hold_something_kept_are_looked_into() {
        let ignore = Ignore::parse("*\n!src/main.rs\n!tests/src/lib.rs\n**/target\n");
        for folder in [&["src"][..], &["tests"], &["tests", "src"]] {
            assert!(ignore.keeps_below(folder), "{folder:?}");
        }
        for folder in [&["target"][..], &[".git"], &["src", "target"], &["src", "main.rs"]] {
            assert!(!ignore.keeps_below(folder), "{folder:?}");
        }
    }
}
