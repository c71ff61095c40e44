//! What a list shows of its rows: those that hold every typed word.

use airhatch_wire::control::TransferView;

/// The longest text, characters.
const LONGEST: usize = 100;

/// So many of a transfer's files are looked at.
const FILES: usize = 8;

/// The words that rows must hold, in whatever letter case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter(String);

impl Filter {
    /// What is typed.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// True when every row is shown.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }

    /// Types.
    pub(crate) fn push(&mut self, text: &str) {
        let room = LONGEST.saturating_sub(self.0.chars().count());
        self.0.extend(text.chars().filter(|c| !c.is_control()).take(room));
    }

    /// Takes the last character back.
    pub(crate) fn pop(&mut self) {
        self.0.pop();
    }

    /// Shows every row again.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Whether these texts together hold every word.
    pub(crate) fn holds<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> bool {
        if self.is_empty() {
            return true;
        }
        let mut all = String::new();
        for text in texts {
            all.push_str(&text.to_lowercase());
            all.push('\n');
        }
        self.0.to_lowercase().split_whitespace().all(|word| all.contains(word))
    }

    /// Whether a transfer is shown: by contact, note and the first files.
    pub(crate) fn shows(&self, view: &TransferView) -> bool {
        let files = view.items.iter().take(FILES).map(|item| item.path.as_received());
        self.holds([view.contact.as_str(), view.note.as_received()].into_iter().chain(files))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_must_be_there_in_whatever_case_and_order() {
        let filter = |text: &str| Filter(text.to_owned());
        let row = ["ann@example.org", "Holiday Photos", "Lake.JPG"];
        for text in ["", "  ", "ann", "lake ANN", "day pho", "報".trim_matches('報')] {
            assert!(filter(text).holds(row), "{text:?}");
        }
        for text in ["bob", "ann bob", "orgHoliday"] {
            assert!(!filter(text).holds(row), "{text:?}");
        }
    }

    #[test]
    fn a_filter_takes_no_control_characters_and_has_an_end() {
        let mut filter = Filter::default();
        filter.push("a\u{1b}\n報");
        assert_eq!(filter.text(), "a報");
        filter.pop();
        filter.push(&"x".repeat(500));
        assert_eq!(filter.text().chars().count(), LONGEST);
    }
}
