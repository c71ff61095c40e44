//! An item table as a whole: names that cannot stand beside each other, and sizes that do not add up.

use std::collections::HashMap;

use airhatch_wire::peer::{Item, ItemKind};
use airhatch_wire::{Code, Failure};
use unicase::UniCase;
use unicode_normalization::UnicodeNormalization;

use super::{NameRefused, check};

/// Why a table may not be offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableRefused {
    /// There is nothing in it.
    #[error("there is nothing to send")]
    Empty,
    /// One path breaks a rule.
    #[error("{refused}, in item {index}")]
    Name {
        /// Which item.
        index: usize,
        /// Which rule.
        refused: NameRefused,
    },
    /// Two items that some file systems take for one.
    #[error("item {index} has the same name as another one, but perhaps for letter case or accents")]
    Twice {
        /// The later item.
        index: usize,
    },
    /// A file and a folder under one name.
    #[error("item {index} is a file where another item needs a folder, or the other way round")]
    FileAndFolder {
        /// The later item.
        index: usize,
    },
    /// A folder with content of its own.
    #[error("item {index} is a folder with a size")]
    SizedFolder {
        /// Which item.
        index: usize,
    },
    /// The sizes do not add up to the stated total.
    #[error("the sizes of the items do not add up to the total")]
    Total,
}

impl From<TableRefused> for Failure {
    fn from(refused: TableRefused) -> Self {
        let code = match refused {
            TableRefused::Name { .. } | TableRefused::Twice { .. } | TableRefused::FileAndFolder { .. } => {
                Code::BadName
            }
            TableRefused::Empty | TableRefused::SizedFolder { .. } | TableRefused::Total => Code::Invalid,
        };
        Self::new(code, refused.to_string())
    }
}

/// Checks every path with [`check`], that no two items clash on any file system (names are compared after Unicode
/// normalisation and case folding), and that the sizes add up to `total`. Takes time linear in the table's bytes.
///
/// # Errors
/// The first rule that the table breaks.
pub fn check_table(items: &[Item], total: u64) -> Result<(), TableRefused> {
    if items.is_empty() {
        return Err(TableRefused::Empty);
    }
    let mut tree = Tree::default();
    let mut sum = 0u64;
    for (index, item) in items.iter().enumerate() {
        check(&item.path).map_err(|refused| TableRefused::Name { index, refused })?;
        tree.add(index, item)?;
        if item.kind == ItemKind::Folder && item.size > 0 {
            return Err(TableRefused::SizedFolder { index });
        }
        sum = sum.checked_add(item.size).ok_or(TableRefused::Total)?;
    }
    if sum == total { Ok(()) } else { Err(TableRefused::Total) }
}

/// Spelling without the differences that a file system may ignore: canonical caseless matching (Unicode, D145).
fn folded(name: &str) -> String {
    let decomposed: String = name.nfd().collect();
    UniCase::unicode(decomposed).to_folded_case().nfd().collect()
}

/// The table's paths as a tree: each place is found by its parent's number and its folded name.
#[derive(Default)]
struct Tree<'a> {
    places: HashMap<(usize, String), Place<'a>>,
}

struct Place<'a> {
    number: usize,
    spelled: &'a str,
    holds: Holds,
}

#[derive(Clone, Copy, PartialEq)]
enum Holds {
    File,
    Folder,
    /// Named only as a part of deeper paths so far.
    ImpliedFolder,
}

impl<'a> Tree<'a> {
    fn add(&mut self, index: usize, item: &'a Item) -> Result<(), TableRefused> {
        let Some((last, parents)) = item.path.split_last() else {
            return Err(TableRefused::Name { index, refused: NameRefused::Empty });
        };
        let mut parent = 0;
        for part in parents {
            parent = self.place(index, parent, part.as_received(), Holds::ImpliedFolder)?;
        }
        let holds = match item.kind {
            ItemKind::File => Holds::File,
            ItemKind::Folder => Holds::Folder,
        };
        self.place(index, parent, last.as_received(), holds).map(drop)
    }

    /// The place's number, made or found; refused when what is there does not go with `holds`.
    fn place(
        &mut self,
        index: usize,
        parent: usize,
        spelled: &'a str,
        holds: Holds,
    ) -> Result<usize, TableRefused> {
        let number = self.places.len() + 1;
        let place = self.places.entry((parent, folded(spelled))).or_insert(Place { number, spelled, holds });
        if place.number == number {
            return Ok(number);
        }
        match (place.holds, holds) {
            _ if place.spelled != spelled => return Err(TableRefused::Twice { index }),
            (Holds::File, Holds::File) | (Holds::Folder, Holds::Folder) => {
                return Err(TableRefused::Twice { index });
            }
            (Holds::File, _) | (_, Holds::File) => {
                return Err(TableRefused::FileAndFolder { index });
            }
            (Holds::ImpliedFolder, _) => place.holds = holds,
            (Holds::Folder, Holds::ImpliedFolder) => {}
        }
        Ok(place.number)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use airhatch_wire::{UnixMillis, Untrusted};

    use super::*;

    fn item(path: &str, kind: ItemKind, size: u64) -> Item {
        let path = path.split('/').map(Untrusted::from).collect();
        Item { path, kind, size, executable: false, modified: UnixMillis(0) }
    }

    fn files(names: &[&str]) -> Vec<Item> {
        names.iter().map(|name| item(name, ItemKind::File, 1)).collect()
    }

    fn refusal(names: &[&str]) -> Option<TableRefused> {
        check_table(&files(names), names.len() as u64).err()
    }

    #[test]
    fn a_plain_table_passes() {
        assert_eq!(refusal(&["a", "b.txt", "A2", "ä", "😀"]), None);
        assert_eq!(refusal(&["d/a", "d/b", "e/a", "d/e/a"]), None);
    }

    #[test]
    fn names_equal_but_for_case_or_normal_form_are_refused() {
        for pair in [
            ["a", "a"],
            ["readme", "README"],
            ["straße", "STRASSE"],
            ["caf\u{e9}", "cafe\u{301}"],
            ["CAF\u{c9}", "cafe\u{301}"],
            ["\u{1e9b}\u{323}", "\u{1e9b}\u{323}"],
            ["d/x", "D/y"],
            ["σίσυφος", "ΣΊΣΥΦΟΣ"],
        ] {
            assert_eq!(refusal(&pair), Some(TableRefused::Twice { index: 1 }), "{pair:?}");
        }
    }

    #[test]
    fn a_file_where_a_folder_must_be_is_refused() {
        for pair in [["a", "a/b"], ["a/b", "a"]] {
            assert_eq!(refusal(&pair), Some(TableRefused::FileAndFolder { index: 1 }), "{pair:?}");
        }
        let folder = item("a", ItemKind::Folder, 0);
        let table = |second| check_table(&[folder.clone(), second], 0);
        assert_eq!(table(item("a", ItemKind::File, 0)), Err(TableRefused::FileAndFolder { index: 1 }));
        assert_eq!(table(item("a", ItemKind::Folder, 0)), Err(TableRefused::Twice { index: 1 }));
        assert_eq!(table(item("a/b", ItemKind::File, 0)), Ok(()));
        let later = [item("a/b", ItemKind::File, 0), folder.clone(), folder];
        assert_eq!(check_table(&later[..2], 0), Ok(()));
        assert_eq!(check_table(&later, 0), Err(TableRefused::Twice { index: 2 }));
    }

    #[test]
    fn sizes_must_add_up_without_overflow() {
        let two = |a, b| [item("a", ItemKind::File, a), item("b", ItemKind::File, b)];
        assert_eq!(check_table(&two(2, 3), 5), Ok(()));
        assert_eq!(check_table(&two(2, 3), 6), Err(TableRefused::Total));
        assert_eq!(check_table(&two(u64::MAX, 1), 0), Err(TableRefused::Total));
        assert_eq!(check_table(&two(u64::MAX, 0), u64::MAX), Ok(()));
        assert_eq!(
            check_table(&[item("a", ItemKind::Folder, 1)], 1),
            Err(TableRefused::SizedFolder { index: 0 })
        );
        assert_eq!(check_table(&[], 0), Err(TableRefused::Empty));
    }

    #[test]
    fn a_bad_name_is_reported_with_its_place() {
        let refused = NameRefused::Dots;
        assert_eq!(refusal(&["a", "b", ".."]), Some(TableRefused::Name { index: 2, refused }));
    }

    #[test]
    fn a_hundred_thousand_items_are_checked_in_linear_time() {
        let table: Vec<Item> =
            (0..100_000).map(|n| item(&format!("d{}/f{n}", n % 100), ItemKind::File, 1)).collect();
        let start = Instant::now();
        assert_eq!(check_table(&table, 100_000), Ok(()));
        // Comparing each with each would be five thousand million comparisons: minutes.
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    }
}
