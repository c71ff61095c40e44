//! The name beside a name that is taken: `report (2).pdf`.

use super::NAME_LIMIT;

/// The longest extension that is kept apart, characters.
const EXTENSION_LIMIT: usize = 16;

/// `name` with ` (number)` before its extension, shortened at the end of the stem, between characters, so that it is
/// at most [`NAME_LIMIT`] bytes. A name that passes [`super::check`] gives a name that passes.
///
/// The extension is what follows the last dot, if that is one to sixteen letters and digits and something precedes
/// the dot; `.tar` in front of it belongs to it.
#[must_use]
pub fn free_name(name: &str, number: u32) -> String {
    let (stem, extension) = split(name);
    let mark = format!(" ({number})");
    let room = NAME_LIMIT.saturating_sub(mark.len() + extension.len());
    let stem = stem.get(..stem.floor_char_boundary(room)).unwrap_or(stem);
    format!("{stem}{mark}{extension}")
}

/// Stem and extension; the extension begins with its dot or is empty.
fn split(name: &str) -> (&str, &str) {
    let plain = |text: &str| {
        (1..=EXTENSION_LIMIT).contains(&text.chars().count()) && text.chars().all(char::is_alphanumeric)
    };
    let at = match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && plain(extension) => {
            stem.strip_suffix(".tar").filter(|rest| !rest.is_empty()).unwrap_or(stem).len()
        }
        _ => name.len(),
    };
    name.split_at_checked(at).unwrap_or((name, ""))
}

#[cfg(test)]
mod tests {
    use airhatch_wire::Untrusted;
    use proptest::prelude::*;

    use super::*;
    use crate::names::check;

    #[test]
    fn the_number_stands_before_the_extension() {
        for (name, wanted) in [
            ("report.pdf", "report (2).pdf"),
            ("report", "report (2)"),
            ("archive.tar.gz", "archive (2).tar.gz"),
            (".tar.gz", ".tar (2).gz"),
            (".bashrc", ".bashrc (2)"),
            (".config.toml", ".config (2).toml"),
            ("version 1.2 final", "version 1.2 final (2)"),
            ("Acme Inc.", "Acme Inc. (2)"),
            ("a.b.c", "a.b (2).c"),
            ("報告書.テキスト", "報告書 (2).テキスト"),
            ("a.abcdefghijklmnopq", "a.abcdefghijklmnopq (2)"),
        ] {
            assert_eq!(free_name(name, 2), wanted);
        }
        assert_eq!(free_name("a.txt", 1000), "a (1000).txt");
    }

    #[test]
    fn a_long_name_is_shortened_between_characters() {
        let name = format!("{}.txt", "a".repeat(251));
        assert_eq!(free_name(&name, 2), format!("{} (2).txt", "a".repeat(247)));
        let name = format!("{}a.txt", "é".repeat(125));
        assert_eq!(free_name(&name, 2), format!("{} (2).txt", "é".repeat(123)));
        assert_eq!(free_name(&"a".repeat(255), 10), format!("{} (10)", "a".repeat(250)));
    }

    proptest! {
        #[test]
        fn a_free_name_is_a_legal_name(name in "[a-zé報😀\u{200d}. ()_-]{1,200}", number in 2..u32::MAX) {
            let mut name = name;
            name.truncate(name.floor_char_boundary(NAME_LIMIT));
            prop_assume!(check(&[Untrusted::from(name.as_str())]).is_ok());
            let free = free_name(&name, number);
            prop_assert_eq!(check(&[Untrusted::from(free.as_str())]), Ok(()), "{:?} from {:?}", free, name);
            let mark = format!(" ({number})");
            prop_assert!(free.contains(&mark));
        }
    }
}
