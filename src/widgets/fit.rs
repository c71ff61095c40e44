//! Text cut and wrapped by the columns it takes on the screen.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns a text takes.
pub(crate) fn width_of(text: &str) -> usize {
    // Never less than the terminal takes: a ligature may be drawn as two characters.
    text.chars().map(columns).sum::<usize>().max(text.width())
}

/// The text, cut at its end to so many columns, with `sign` where it was cut.
pub(crate) fn fit(text: &str, columns: usize, sign: char) -> String {
    if width_of(text) <= columns {
        return text.to_owned();
    }
    let mut cut = head(text, columns.saturating_sub(1));
    if columns > 0 {
        cut.push(sign);
    }
    cut
}

/// The text, cut in its middle: of a file's name the end must be seen, since it tells what the file is.
pub(crate) fn fit_middle(text: &str, columns: usize, sign: char) -> String {
    if width_of(text) <= columns {
        return text.to_owned();
    }
    if columns < 5 {
        return fit(text, columns, sign);
    }
    let end = tail(text, (columns - 1) / 2);
    let mut cut = head(text, columns - 1 - width_of(&end));
    cut.push(sign);
    cut + &end
}

/// The text in lines of so many columns, broken between words where that is possible.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let mut word = word.to_owned();
        let needed = width_of(&line) + usize::from(!line.is_empty()) + width_of(&word);
        if needed > columns && !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        while width_of(&word) > columns {
            let mut part = head(&word, columns);
            // A path is broken between its folders, unless that leaves the line half empty.
            if let Some((folders, _)) = part.rsplit_once('/')
                && width_of(folders) * 2 > columns
            {
                part.truncate(folders.len() + 1);
            }
            if part.is_empty() {
                // Not even one character has room.
                part = word.chars().take(1).collect();
            }
            word = word.split_off(part.len());
            lines.push(part);
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

fn columns(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// As many characters from the beginning as have room.
fn head(text: &str, room: usize) -> String {
    let mut used = 0;
    text.chars()
        .take_while(|c| {
            used += columns(*c);
            used <= room
        })
        .collect()
}

/// As many characters from the end as have room.
fn tail(text: &str, room: usize) -> String {
    let mut used = 0;
    let mut end: Vec<char> = text
        .chars()
        .rev()
        .take_while(|c| {
            used += columns(*c);
            used <= room
        })
        .collect();
    // A mark at the cut has lost the letter it belongs to.
    while end.last().is_some_and(|c| columns(*c) == 0) {
        end.pop();
    }
    end.into_iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_long_name_keeps_its_end() {
        assert_eq!(fit_middle("holiday-pictures-2024.tar.gz", 16, '…'), "holiday-….tar.gz");
        assert_eq!(fit_middle("short.pdf", 16, '…'), "short.pdf");
        assert_eq!(fit_middle("報告書の最終版です.pdf", 11, '…'), "報告書….pdf");
    }

    #[test]
    fn words_are_kept_whole_where_they_have_room() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(wrap("/tmp/folder/you@example.org", 14), ["/tmp/folder/", "you@example.or", "g"]);
        assert_eq!(wrap("報告書", 1), ["報", "告", "書"]);
    }

    proptest! {
        #[test]
        fn nothing_is_ever_wider_than_its_room(text in any::<String>(), room in 0_usize..40) {
            prop_assert!(width_of(&fit(&text, room, '…')) <= room);
            prop_assert!(width_of(&fit_middle(&text, room, '…')) <= room);
        }

        #[test]
        fn wrapping_loses_nothing_but_spaces(text in any::<String>(), room in 1_usize..40) {
            let without = |text: &str| text.replace(' ', "");
            prop_assert_eq!(without(&wrap(&text, room).concat()), without(&text));
        }
    }
}
