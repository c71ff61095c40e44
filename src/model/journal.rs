//! The log pane's lines: the agent's and this program's own, the newest last.

use std::collections::VecDeque;

use airhatch_wire::control::LogLevel;
use airhatch_wire::{UnixMillis, Untrusted};

use super::Cursor;

/// How many lines are kept.
const KEPT: usize = 2_000;

/// What is said, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// By the account's agent; strangers' words may be among it.
    ByAgent(Untrusted<String>),
    /// By this program, fit to be shown.
    Here(String),
}

impl Said {
    /// The text, safe to print.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::ByAgent(text) => text.shown(),
            Self::Here(text) => text.clone(),
        }
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// When.
    pub(crate) at: UnixMillis,
    /// How grave.
    pub(crate) level: LogLevel,
    /// What, by whom.
    pub(crate) said: Said,
}

/// The lines, and which one is chosen.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    entries: VecDeque<Entry>,
    dropped: u64,
    /// `None` follows the newest line.
    chosen: Cursor<u64>,
    held: bool,
}

impl Journal {
    /// Adds the newest line and lets go of the oldest beyond the limit.
    pub(crate) fn push(&mut self, entry: Entry) {
        self.entries.push_back(entry);
        if self.entries.len() > KEPT {
            self.entries.pop_front();
            self.dropped += 1;
        }
    }

    /// How many lines there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// A line, the oldest first.
    pub(crate) fn line(&self, index: usize) -> Option<&Entry> {
        self.entries.get(index)
    }

    /// The chosen line: the newest one until a person moves away from it.
    pub(crate) fn index(&self) -> Option<usize> {
        let newest = self.entries.len().checked_sub(1);
        if self.held { self.chosen.index(&self.serials()) } else { newest }
    }

    /// Moves by some lines; at the newest one, the log is followed again.
    pub(crate) fn step(&mut self, by: isize) {
        let here = self.index().unwrap_or(0);
        self.put(here.saturating_add_signed(by));
    }

    /// Moves to a line.
    pub(crate) fn put(&mut self, index: usize) {
        self.chosen.put(&self.serials(), index);
        self.held = index + 1 < self.entries.len();
    }

    fn serials(&self) -> Vec<u64> {
        (self.dropped..).take(self.entries.len()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(lines: usize) -> Journal {
        let mut journal = Journal::default();
        (0..lines).for_each(|_| journal.push(line()));
        journal
    }

    fn line() -> Entry {
        Entry { at: UnixMillis(0), level: LogLevel::Info, said: Said::Here("x".to_owned()) }
    }

    #[test]
    fn the_newest_line_is_followed_until_a_person_moves_away() {
        let mut journal = filled(3);
        assert_eq!(journal.index(), Some(2));
        journal.push(line());
        assert_eq!(journal.index(), Some(3));
        journal.step(-1);
        journal.push(line());
        assert_eq!(journal.index(), Some(2));
        journal.step(9);
        journal.push(line());
        assert_eq!(journal.index(), Some(5));
    }

    #[test]
    fn the_oldest_lines_are_let_go_and_the_chosen_one_stays_chosen() {
        let mut journal = filled(KEPT);
        journal.put(10);
        journal.push(line());
        assert_eq!((journal.len(), journal.index()), (KEPT, Some(9)));
    }
}
