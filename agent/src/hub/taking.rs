//! What was accepted of an offer, and where it goes: decided once, remembered, and the same however often the transfer is
//! taken up again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use airhatch_wire::peer::{Item, ItemKind};
use airhatch_wire::{Code, Failure, InboxFolder, Selection, Untrusted};
use serde::{Deserialize, Serialize};

use crate::names;

/// The most changed names that are remembered of one landing: for showing only.
const NUMBERS_KEPT: usize = 100_000;

/// What is taken of an offer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taking {
    /// Which items. Folders above them that the table has belong to it.
    pub wanted: Selection,
    /// The folder in the inbox that they go to.
    pub folder: Option<InboxFolder>,
}

/// An item whose first name was taken when it landed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbered {
    /// Its index in the offer's table; one item stands for a whole folder.
    pub item: u32,
    /// The number that the name got: see [`crate::names::free_name`].
    pub number: u32,
}

impl Taking {
    /// What a person chose of a table, with the folders above it.
    ///
    /// # Errors
    /// [`Code::Invalid`], [`Code::BadName`] with advice.
    pub fn of(items: &[Item], chosen: &Selection, folder: Option<InboxFolder>) -> Result<Self, Failure> {
        let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
        let refuse = |error: airhatch_wire::SelectionError| {
            Failure::new(Code::Invalid, error.to_string()).hint("choose other files, or take all of them")
        };
        chosen.check(count).map_err(refuse)?;
        if let Some(folder) = &folder {
            let parts: Vec<Untrusted<String>> = folder.parts().map(Untrusted::from).collect();
            names::check(&parts).map_err(|refused| {
                let text = format!("the folder {folder} cannot be made: {refused}");
                Failure::new(Code::BadName, text).hint("choose another folder in your inbox")
            })?;
        }
        let wanted = match chosen {
            Selection::All => Selection::All,
            Selection::Only(_) => with_folders_above(items, chosen),
        };
        wanted.check(count).map_err(refuse)?;
        let wanted = if wanted.count(count) == count { Selection::All } else { wanted };
        Ok(Self { wanted, folder })
    }

    /// The items that are taken, in table order.
    #[must_use]
    pub fn items(&self, table: &Arc<[Item]>) -> Arc<[Item]> {
        picked(&self.wanted, table)
    }

    /// Bytes of content that are taken.
    #[must_use]
    pub fn total(&self, table: &[Item]) -> u64 {
        self.wanted.pick(table).fold(0, |sum, item| sum.saturating_add(item.size))
    }

    /// What a landing says of its own items, said of the table's.
    #[must_use]
    pub fn numbered(&self, table: usize, landed: &[(usize, u32)]) -> Vec<Numbered> {
        if landed.is_empty() {
            return Vec::new();
        }
        let table: Vec<u32> = (0..u32::try_from(table).unwrap_or(u32::MAX)).collect();
        let taken: Vec<u32> = self.wanted.pick(&table).copied().collect();
        let known = landed.iter().take(NUMBERS_KEPT);
        known
            .filter_map(|(index, number)| Some(Numbered { item: *taken.get(*index)?, number: *number }))
            .collect()
    }
}

/// The selected items of a table.
#[must_use]
pub fn picked(wanted: &Selection, table: &Arc<[Item]>) -> Arc<[Item]> {
    match wanted {
        Selection::All => Arc::clone(table),
        Selection::Only(_) => wanted.pick(table).cloned().collect(),
    }
}

/// The chosen items and those folders of the table that they lie in.
fn with_folders_above(items: &[Item], chosen: &Selection) -> Selection {
    let folders = items.iter().zip(0..).filter(|(item, _)| item.kind == ItemKind::Folder);
    let folders: HashMap<&[Untrusted<String>], u32> =
        folders.map(|(item, index)| (item.path.as_slice(), index)).collect();
    let mut seen: HashSet<&[Untrusted<String>]> = HashSet::new();
    let mut wanted: Vec<u32> = (0..).take(items.len()).filter(|index| chosen.holds(*index)).collect();
    for item in chosen.pick(items) {
        let mut path = item.path.as_slice();
        while let Some((_, above)) = path.split_last().filter(|(_, above)| !above.is_empty()) {
            // Everything above a folder that was seen was seen as well.
            if !seen.insert(above) {
                break;
            }
            wanted.extend(folders.get(above));
            path = above;
        }
    }
    Selection::of(wanted)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use airhatch_wire::UnixMillis;

    use super::*;

    fn item(path: &str, kind: ItemKind) -> Item {
        let path = path.split('/').map(Untrusted::from).collect();
        let size = if kind == ItemKind::File { 10 } else { 0 };
        Item { path, kind, size, executable: false, modified: UnixMillis(0) }
    }

    /// 0 a.txt, 1 d, 2 d/e, 3 d/e/x, 4 d/y, 5 f/g/z (whose folders have no entry of their own)
    fn table() -> Arc<[Item]> {
        use ItemKind::{File, Folder};
        [("a.txt", File), ("d", Folder), ("d/e", Folder), ("d/e/x", File), ("d/y", File), ("f/g/z", File)]
            .map(|(path, kind)| item(path, kind))
            .into()
    }

    #[test]
    fn what_is_chosen_comes_with_the_folders_above_it() {
        for (chosen, wanted, total) in [
            (Selection::All, Selection::All, 40),
            (Selection::of([0]), Selection::of([0]), 10),
            (Selection::of([3]), Selection::of([1, 2, 3]), 10),
            (Selection::of([4]), Selection::of([1, 4]), 10),
            (Selection::of([5]), Selection::of([5]), 10),
            (Selection::of([2]), Selection::of([1, 2]), 0),
            (Selection::of([0, 3, 4, 5]), Selection::All, 40),
        ] {
            let taking = Taking::of(&table(), &chosen, None).unwrap();
            assert_eq!((&taking.wanted, taking.total(&table())), (&wanted, total), "{chosen:?}");
        }
    }

    #[test]
    fn parts_that_the_offer_does_not_have_are_refused() {
        for chosen in [Selection::of([]), Selection::of([6]), Selection::of([0, u32::MAX])] {
            assert_eq!(Taking::of(&table(), &chosen, None).unwrap_err().code, Code::Invalid, "{chosen:?}");
        }
    }

    #[test]
    fn folders_that_may_not_be_made_are_refused() {
        for folder in [".incoming", "a/.INCOMING", "a\u{202e}b", " a"] {
            let refused = Taking::of(&table(), &Selection::All, Some(folder.parse().unwrap()));
            assert_eq!(refused.unwrap_err().code, Code::BadName, "{folder:?}");
        }
        let taking = Taking::of(&table(), &Selection::All, Some("photos/2026".parse().unwrap())).unwrap();
        assert_eq!(taking.folder.unwrap().as_str(), "photos/2026");
    }

    #[test]
    fn names_changed_in_a_landing_are_told_of_the_offers_own_items() {
        let taking = Taking::of(&table(), &Selection::of([0, 3, 5]), None).unwrap();
        let numbered = taking.numbered(6, &[(0, 2), (1, 3), (4, 7), (9, 9)]);
        let told: Vec<(u32, u32)> = numbered.iter().map(|one| (one.item, one.number)).collect();
        assert_eq!(told, [(0, 2), (1, 3), (5, 7)]);
    }
}
