//! The chosen row of a list, by what it is and not by where it is: rows that come and go do not move the choice.

/// A choice among rows that have names of type `Id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cursor<Id> {
    id: Option<Id>,
    index: usize,
}

impl<Id> Default for Cursor<Id> {
    fn default() -> Self {
        Self { id: None, index: 0 }
    }
}

impl<Id: Clone + PartialEq> Cursor<Id> {
    /// Where the choice is now among `rows`; where it was, when that row is gone. `None` for an empty list.
    pub(crate) fn index(&self, rows: &[Id]) -> Option<usize> {
        let last = rows.len().checked_sub(1)?;
        let found = self.id.as_ref().and_then(|id| rows.iter().position(|row| row == id));
        Some(found.unwrap_or(self.index.min(last)))
    }

    /// The chosen row's name.
    pub(crate) fn chosen(&self, rows: &[Id]) -> Option<Id> {
        self.index(rows).and_then(|index| rows.get(index)).cloned()
    }

    /// Moves by some rows, stopping at both ends.
    pub(crate) fn step(&mut self, rows: &[Id], by: isize) {
        let here = self.index(rows).unwrap_or(0);
        self.put(rows, here.saturating_add_signed(by));
    }

    /// Moves to a row, at most the last one.
    pub(crate) fn put(&mut self, rows: &[Id], index: usize) {
        self.index = index.min(rows.len().saturating_sub(1));
        self.id = rows.get(self.index).cloned();
    }

    /// Holds on to the row where the choice is, after the list changed.
    pub(crate) fn settle(&mut self, rows: &[Id]) {
        if let Some(index) = self.index(rows) {
            self.put(rows, index);
        }
    }

    /// Chooses a row by name, now or when it comes.
    pub(crate) fn choose(&mut self, id: Id) {
        self.id = Some(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_stays_on_its_row_when_others_come_before_it() {
        let mut cursor = Cursor::default();
        cursor.put(&['a', 'b', 'c'], 1);
        assert_eq!(cursor.index(&['x', 'y', 'a', 'b', 'c']), Some(3));
    }

    #[test]
    fn the_choice_falls_to_the_neighbour_when_its_row_goes() {
        let mut cursor = Cursor::default();
        cursor.put(&['a', 'b', 'c'], 2);
        assert_eq!(cursor.chosen(&['a', 'b']), Some('b'));
        assert_eq!(cursor.chosen(&[]), None);
    }

    #[test]
    fn moving_stops_at_both_ends() {
        let mut cursor = Cursor::default();
        cursor.step(&['a', 'b'], 9);
        assert_eq!(cursor.chosen(&['a', 'b']), Some('b'));
        cursor.step(&['a', 'b'], -9);
        assert_eq!(cursor.chosen(&['a', 'b']), Some('a'));
    }
}
