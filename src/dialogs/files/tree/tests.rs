//! Trees of tables in order and of others, and what is ticked in them.

use proptest::prelude::*;

use super::*;
use crate::rehearsal::{folder, item};

fn tree(items: &[ItemView]) -> Tree {
    let mut tree = Tree::default();
    (0..).zip(items).for_each(|(index, item)| tree.add(index, item));
    tree
}

fn photos() -> Tree {
    tree(&[
        item("notes.txt", 1),
        folder("photos"),
        item("photos/a.jpg", 10),
        folder("photos/old"),
        item("photos/old/b.jpg", 100),
        item("photos/old/c.sh", 1_000),
    ])
}

fn names(tree: &Tree) -> Vec<String> {
    tree.rows().into_iter().filter_map(|row| tree.node(row)).map(|node| node.name.shown()).collect()
}

fn find(tree: &Tree, name: &str) -> u32 {
    let found = (0..).zip(&tree.nodes).find(|(_, node)| node.name.as_received() == name);
    found.map_or(ROOT, |(id, _)| id)
}

#[test]
fn folders_hold_what_is_in_them_and_are_closed_at_first() {
    let mut tree = photos();
    assert_eq!(names(&tree), ["notes.txt", "photos"]);
    let photos = find(&tree, "photos");
    assert!(tree.open(photos, true) && !tree.open(photos, true));
    assert_eq!(names(&tree), ["notes.txt", "photos", "a.jpg", "old"]);
    let sum = tree.node(photos).map(|node| (node.sum.files, node.sum.bytes, node.flag));
    assert_eq!(sum, Some((3, 1_110, Flag::Program)));
    assert_eq!((tree.sum().files, tree.sum().bytes, tree.flag()), (4, 1_111, Flag::Program));
    assert!(!tree.open(find(&tree, "notes.txt"), true), "a file has nothing to list");
}

#[test]
fn a_folder_s_tick_is_all_below_and_a_part_takes_the_folders_above_along() {
    let mut tree = photos();
    assert_eq!(tree.selection(), Selection::All);
    let (photos, old, c) = (find(&tree, "photos"), find(&tree, "old"), find(&tree, "c.sh"));
    tree.toggle(photos);
    assert_eq!(tree.selection(), Selection::of([0]));
    assert_eq!(tree.ticks(photos), Ticks::None);
    tree.toggle(c);
    assert_eq!(tree.selection(), Selection::of([0, 1, 3, 5]));
    assert_eq!([tree.ticks(photos), tree.ticks(old), tree.ticks(c)], [Ticks::Some, Ticks::Some, Ticks::All]);
    assert_eq!((tree.sum().ticked_files, tree.sum().ticked_bytes), (2, 1_001));
    tree.toggle(c);
    assert_eq!(tree.selection(), Selection::of([0]), "an emptied folder does not come either");
    tree.toggle(old);
    tree.toggle(find(&tree, "a.jpg"));
    assert_eq!(tree.selection(), Selection::All);
}

#[test]
fn a_table_in_any_order_with_any_names_is_a_tree() {
    let tree = tree(&[
        item("a/b/c", 1),
        item("a", 2),
        folder("a"),
        folder("a"),
        item("a/b/c", 4),
        item("//", 8),
        item("", 16),
        folder("a/b"),
    ]);
    assert_eq!((tree.sum().files, tree.sum().bytes), (5, 31));
    assert_eq!(tree.selection(), Selection::All);
    assert_eq!(names(&tree), ["a", "a", "", ""]);
}

#[test]
fn the_only_folder_is_open() {
    let mut tree = tree(&[folder("photos"), item("photos/a.jpg", 10)]);
    tree.open_only_folder();
    assert_eq!(names(&tree), ["photos", "a.jpg"]);
    assert_eq!(tree.parent(find(&tree, "a.jpg")), Some(find(&tree, "photos")));
    assert_eq!(tree.parent(find(&tree, "photos")), None);
}

#[test]
fn a_hundred_thousand_files_in_one_folder_and_a_very_deep_path_take_no_time() {
    let began = std::time::Instant::now();
    let mut tree = Tree::default();
    (0..100_000_u32).for_each(|n| tree.add(n, &item(&format!("d/{n}"), 1)));
    tree.add(100_000, &item(&"x/".repeat(5_000), 1));
    tree.toggle(find(&tree, "77777"));
    tree.open_only_folder();
    assert_eq!(tree.sum().ticked_files, 100_000);
    assert!(tree.rows().len() == 2 && tree.selection().count(0) == 100_000);
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
}

proptest! {
    #[test]
    fn sums_and_selection_agree_whatever_is_toggled(
        paths in prop::collection::vec("[ab]{0,1}(/[abc]){0,4}", 1..30),
        toggled in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let items: Vec<_> = paths.iter().map(|path| item(path, 1)).collect();
        let mut tree = tree(&items);
        for index in toggled {
            let node = u32::try_from(index.index(tree.nodes.len())).unwrap_or(ROOT);
            tree.toggle(node);
            let sum = tree.sum();
            let count = u32::try_from(items.len()).unwrap_or(0);
            prop_assert_eq!(tree.selection().count(count), sum.ticked_files);
            prop_assert_eq!(u64::from(sum.ticked_files), sum.ticked_bytes);
            prop_assert_eq!(u64::from(count), sum.bytes);
        }
    }
}
