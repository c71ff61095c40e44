//! Which items of an offer's table are meant: all, or a part, as runs of neighbours. Used by a front's acceptance, by
//! the answer to the sender, and by the receipt.

use serde::{Deserialize, Serialize};

/// The most runs of one selection: so many fit a peer's message with room around them.
pub const RUNS_LIMIT: usize = 4096;

/// Which items of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Selection {
    /// All of them.
    #[default]
    All,
    /// These, ascending, with a gap between any two runs; see [`Selection::check`].
    Only(Vec<Run>),
}

/// Some items that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Index of the first one.
    pub first: u32,
    /// How many, at least one.
    pub count: u32,
}

/// Why a selection is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// Nothing is selected.
    #[error("no item is selected")]
    Empty,
    /// An index that the table does not have.
    #[error("an item is selected that the offer does not have")]
    OutOfRange,
    /// Not ascending, overlapping, touching, or a run of nothing: the same part has one form only.
    #[error("the selected items are not in order")]
    Disordered,
    /// More than [`RUNS_LIMIT`] runs.
    #[error("the selected items lie too scattered: more than {RUNS_LIMIT} groups of neighbours")]
    Scattered,
}

impl Run {
    /// The index after its last one.
    const fn end(self) -> Option<u32> {
        self.first.checked_add(self.count)
    }
}

impl Selection {
    /// The selection of these indices, in any order.
    #[must_use]
    pub fn of(indices: impl IntoIterator<Item = u32>) -> Self {
        let mut indices: Vec<u32> = indices.into_iter().collect();
        indices.sort_unstable();
        indices.dedup();
        let mut runs: Vec<Run> = Vec::new();
        for index in indices {
            match runs.last_mut() {
                Some(run) if run.end() == Some(index) => run.count += 1,
                _ => runs.push(Run { first: index, count: 1 }),
            }
        }
        Self::Only(runs)
    }

    /// Whether it selects something of a table of so many items, in the one form that it has.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check(&self, items: u32) -> Result<(), SelectionError> {
        let Self::Only(runs) = self else { return Ok(()) };
        if runs.is_empty() {
            return Err(SelectionError::Empty);
        }
        if runs.len() > RUNS_LIMIT {
            return Err(SelectionError::Scattered);
        }
        let mut before = None;
        for run in runs {
            let end = run.end().filter(|end| *end <= items).ok_or(SelectionError::OutOfRange)?;
            if run.count == 0 || before.is_some_and(|before| run.first <= before) {
                return Err(SelectionError::Disordered);
            }
            before = Some(end);
        }
        Ok(())
    }

    /// Whether the item of this index is selected. Only of a selection that passed [`Selection::check`].
    #[must_use]
    pub fn holds(&self, index: u32) -> bool {
        let Self::Only(runs) = self else { return true };
        let after = runs.partition_point(|run| run.first <= index);
        let run = after.checked_sub(1).and_then(|place| runs.get(place));
        run.is_some_and(|run| index - run.first < run.count)
    }

    /// How many items of a table of so many are selected.
    #[must_use]
    pub fn count(&self, items: u32) -> u32 {
        match self {
            Self::All => items,
            Self::Only(runs) => runs.iter().fold(0, |sum, run| sum.saturating_add(run.count)),
        }
    }

    /// The selected items of a table, in table order.
    pub fn pick<'a, T>(&'a self, table: &'a [T]) -> impl Iterator<Item = &'a T> + Clone {
        let all = [Run { first: 0, count: u32::MAX }];
        let all = matches!(self, Self::All).then_some(all).into_iter().flatten();
        let runs = match self {
            Self::All => [].as_slice(),
            Self::Only(runs) => runs,
        };
        all.chain(runs.iter().copied()).flat_map(|run| {
            let first = usize::try_from(run.first).unwrap_or(usize::MAX);
            let count = usize::try_from(run.count).unwrap_or(usize::MAX);
            table.get(first..).unwrap_or_default().iter().take(count)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(runs: &[(u32, u32)]) -> Selection {
        Selection::Only(runs.iter().map(|(first, count)| Run { first: *first, count: *count }).collect())
    }

    #[test]
    fn indices_in_any_order_become_runs() {
        assert_eq!(Selection::of([5, 1, 2, 2, 9, 8]), only(&[(1, 2), (5, 1), (8, 2)]));
        assert_eq!(Selection::of([u32::MAX]), only(&[(u32::MAX, 1)]));
        assert_eq!(Selection::of([]), only(&[]));
    }

    #[test]
    fn what_is_made_of_indices_passes_and_holds_just_them() {
        let part = Selection::of([0, 3, 4, 7]);
        assert_eq!(part.check(8), Ok(()));
        let held: Vec<u32> = (0..10).filter(|index| part.holds(*index)).collect();
        assert_eq!(held, [0, 3, 4, 7]);
        assert_eq!(part.count(8), 4);
        let table = ["a", "b", "c", "d", "e", "f", "g", "h"];
        assert_eq!(part.pick(&table).copied().collect::<String>(), "adeh");
        assert_eq!(Selection::All.pick(&table).count(), 8);
        assert_eq!((Selection::All.count(8), Selection::All.holds(7)), (8, true));
    }

    #[test]
    fn selections_that_are_none_are_refused() {
        for (runs, error) in [
            (vec![], SelectionError::Empty),
            (vec![(8, 1)], SelectionError::OutOfRange),
            (vec![(0, 9)], SelectionError::OutOfRange),
            (vec![(u32::MAX, 2)], SelectionError::OutOfRange),
            (vec![(0, 0)], SelectionError::Disordered),
            (vec![(3, 1), (1, 1)], SelectionError::Disordered),
            (vec![(1, 1), (1, 1)], SelectionError::Disordered),
            (vec![(1, 3), (2, 1)], SelectionError::Disordered),
            (vec![(1, 1), (2, 1)], SelectionError::Disordered),
        ] {
            assert_eq!(only(&runs).check(8), Err(error), "{runs:?}");
        }
        let scattered = Selection::of((0..=8192).step_by(2));
        assert_eq!(scattered.check(10_000), Err(SelectionError::Scattered));
        assert_eq!(only(&[(0, 8)]).check(8), Ok(()));
    }

    #[test]
    fn the_most_scattered_selection_fits_a_message_of_a_peer() {
        let runs = (0..4096).map(|n| Run { first: u32::MAX - 2 * 4096 + 2 * n, count: 1 << 30 }).collect();
        let bytes = crate::frame::to_bytes(&Selection::Only(runs));
        assert!(bytes.is_ok_and(|bytes| bytes.len() < 60 * 1024));
    }
}
