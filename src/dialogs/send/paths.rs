//! Paths as people type them and as terminals paste them when files are dropped: plain, quoted, escaped, `file://`.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use crate::model::Setting;

/// The paths of a text: one on each line, or several quoted or absolute ones on one line.
pub(crate) fn parse(text: &str, setting: &Setting) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        for word in words(line) {
            let path = absolute(&word, setting);
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
    }
    paths
}

/// True when a pasted text can only be meant as paths.
pub(crate) fn looks_like_paths(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).peekable();
    lines.peek().is_some() && lines.all(|line| begins_path(line.trim_start_matches(['\'', '"'])))
}

fn begins_path(text: &str) -> bool {
    ["/", "~/", "./", "../", "file://"].iter().any(|beginning| text.starts_with(beginning)) && text.len() > 1
}

/// One line's paths. It has several when a shell would see several and each is plainly a path of its own; else a
/// person typed one, spaces and all.
fn words(line: &str) -> Vec<String> {
    match shell_words(line) {
        Some(words) if words.len() == 1 => words.into_iter().map(|(word, _)| word).collect(),
        Some(words) if words.iter().all(|(word, quoted)| *quoted || begins_path(word)) => {
            words.into_iter().map(|(word, _)| word).collect()
        }
        _ => vec![line.to_owned()],
    }
}

/// Splits as a shell does: quotes at the beginning of a word or after an escape, backslashes before any character.
/// With each word comes whether it began with a quote. `None` when a quote is not closed.
fn shell_words(line: &str) -> Option<Vec<(String, bool)>> {
    let mut words = Vec::new();
    let mut rest = line.chars().peekable();
    loop {
        while rest.next_if(|c| *c == ' ').is_some() {}
        let Some(first) = rest.peek().copied() else { return Some(words) };
        let quoted = matches!(first, '\'' | '"');
        let mut word = String::new();
        // Inside a word, a quote is a quote only where quoting was used before: `O'Brien.pdf` has none.
        let mut quoting = quoted;
        while let Some(c) = rest.next_if(|c| *c != ' ') {
            match c {
                '\'' | '"' if quoting => loop {
                    match rest.next()? {
                        end if end == c => break,
                        '\\' if c == '"' => word.push(rest.next()?),
                        inner => word.push(inner),
                    }
                },
                '\\' => {
                    word.push(rest.next()?);
                    quoting = true;
                }
                plain => word.push(plain),
            }
        }
        words.push((word, quoted));
    }
}

/// The path that a word means.
fn absolute(word: &str, setting: &Setting) -> PathBuf {
    if let Some(path) = word.strip_prefix("file://").and_then(from_uri) {
        return path;
    }
    let home = setting.home.as_deref();
    match (word.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest.trim_start_matches('/')),
        (None, Some(home)) if word == "~" => home.to_owned(),
        _ => setting.folder.join(word),
    }
}

/// The path of a `file://` address without its scheme; `None` when it names another machine.
fn from_uri(rest: &str) -> Option<PathBuf> {
    let path = rest.strip_prefix("localhost").unwrap_or(rest);
    if !path.starts_with('/') {
        return None;
    }
    let mut bytes = Vec::with_capacity(path.len());
    let mut tail = path.as_bytes();
    while let Some((first, after)) = tail.split_first() {
        let digits = after.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match digits.and_then(|pair| u8::from_str_radix(pair, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                tail = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                tail = after;
            }
        }
    }
    Some(Path::new(&OsString::from_vec(bytes)).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::Theme;

    fn parsed(text: &str) -> Vec<String> {
        let setting = Setting {
            theme: Theme::default(),
            home: Some("/home/ann".into()),
            folder: "/work".into(),
            zone: jiff::tz::TimeZone::UTC,
            account: None,
            demo: false,
            shell: true,
            jail: crate::rehearsal::jailed(),
        };
        parse(text, &setting).into_iter().map(|path| path.display().to_string()).collect()
    }

    #[test]
    fn a_path_is_taken_as_it_is_typed() {
        assert_eq!(parsed("/a/My File (2).pdf"), ["/a/My File (2).pdf"]);
        assert_eq!(parsed("  notes.txt "), ["/work/notes.txt"]);
        assert_eq!(parsed("~/a b.txt"), ["/home/ann/a b.txt"]);
        assert_eq!(parsed("/a/O'Brien.pdf"), ["/a/O'Brien.pdf"]);
        assert_eq!(parsed("/a/it's Tom's.pdf"), ["/a/it's Tom's.pdf"]);
        assert_eq!(parsed("/a/50%.txt"), ["/a/50%.txt"]);
    }

    #[test]
    fn each_line_is_a_path_and_doubles_count_once() {
        assert_eq!(parsed("/a\r\n\n/b\n/a\n"), ["/a", "/b"]);
    }

    #[test]
    fn dropped_files_come_in_every_form_that_terminals_use() {
        assert_eq!(parsed("'/a/b c.txt' '/d'"), ["/a/b c.txt", "/d"]);
        assert_eq!(parsed("'/a/it'\\''s.txt' "), ["/a/it's.txt"]);
        assert_eq!(parsed("\"/a/b \\\"c\\\".txt\""), ["/a/b \"c\".txt"]);
        assert_eq!(parsed("/a/b\\ c.txt /d\\(1\\)"), ["/a/b c.txt", "/d(1)"]);
        assert_eq!(parsed("/a/b /c/d"), ["/a/b", "/c/d"]);
        assert_eq!(parsed("file:///a/b%20c%c3%a4.txt"), ["/a/b cä.txt"]);
        assert_eq!(parsed("file://localhost/a file:///b"), ["/a", "/b"]);
    }

    #[test]
    fn an_address_of_another_machine_is_no_local_path() {
        assert_eq!(parsed("file://server/a"), ["/work/file://server/a"]);
    }

    #[test]
    fn only_texts_that_begin_like_paths_look_like_paths() {
        for text in ["/a", "~/x", "'/a b'", "\"/a\"", "file:///a", "/a\n/b\n", "../x"] {
            assert!(looks_like_paths(text), "{text:?}");
        }
        for text in ["", "\n", "/", "hello", "a/b", "s", "/a\nhello", "~"] {
            assert!(!looks_like_paths(text), "{text:?}");
        }
    }
}
