//! An offer's table as a tree of folders, with what is ticked. A sender may have written any table: nothing here trusts
//! its order, its depth or that a folder is named before what is in it. No recursion, and every step is linear.

use std::collections::HashMap;

use airhatch_wire::control::ItemView;
use airhatch_wire::peer::ItemKind;
use airhatch_wire::{Selection, Untrusted};

use super::flag::{Flag, flag};

/// The folder that everything is in.
pub(crate) const ROOT: u32 = 0;

/// Everything that is known of an offer, by folders.
#[derive(Debug)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    /// Folders by the folder they are in, and their name.
    folders: HashMap<(u32, String), u32>,
}

/// One file or folder.
#[derive(Debug, Default)]
pub(crate) struct Node {
    /// Its own name.
    pub(crate) name: Untrusted<String>,
    /// How many folders it lies in.
    pub(crate) depth: usize,
    /// Whether it holds others.
    pub(crate) is_folder: bool,
    /// Whether what it holds is listed.
    pub(crate) is_open: bool,
    /// Itself, with all that is in it.
    pub(crate) sum: Sum,
    /// The gravest looks of itself and all that is in it.
    pub(crate) flag: Flag,
    /// The name it got on landing, where that differs.
    pub(crate) landed_as: Option<Untrusted<String>>,
    /// Whether it comes.
    pub(crate) wanted: bool,
    item: Option<u32>,
    ticked: bool,
    parent: u32,
    children: Vec<u32>,
}

/// Items of the table and their bytes, all and ticked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    /// Files, folders not counted.
    pub(crate) files: u32,
    /// Files that are ticked.
    pub(crate) ticked_files: u32,
    /// Bytes.
    pub(crate) bytes: u64,
    /// Bytes of what is ticked.
    pub(crate) ticked_bytes: u64,
    items: u32,
    ticked_items: u32,
}

/// How much of something is ticked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ticks {
    /// All of it.
    All,
    /// Some of it.
    Some,
    /// Nothing of it.
    None,
}

impl Node {
    /// Its place in the table; none for a folder that the table does not name.
    pub(crate) fn item(&self) -> Option<usize> {
        self.item.and_then(|item| usize::try_from(item).ok())
    }
}

impl Default for Tree {
    fn default() -> Self {
        let root = Node { is_folder: true, is_open: true, ..Node::default() };
        Self { nodes: vec![root], folders: HashMap::new() }
    }
}

impl Tree {
    /// A file or folder.
    pub(crate) fn node(&self, node: u32) -> Option<&Node> {
        self.nodes.get(usize::try_from(node).ok()?)
    }

    fn node_mut(&mut self, node: u32) -> Option<&mut Node> {
        self.nodes.get_mut(usize::try_from(node).ok()?)
    }

    /// All of it in figures.
    pub(crate) fn sum(&self) -> Sum {
        self.node(ROOT).map(|root| root.sum).unwrap_or_default()
    }

    /// The gravest looks of any name.
    pub(crate) fn flag(&self) -> Flag {
        self.node(ROOT).map(|root| root.flag).unwrap_or_default()
    }

    /// Takes the next item of the table: ticked, as everything is at first.
    pub(crate) fn add(&mut self, index: u32, item: &ItemView) {
        let path = item.path.as_received();
        let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
        let parts = above.split('/').filter(|_| !above.is_empty());
        let parent = parts.fold(ROOT, |parent, part| self.folder(parent, part));
        let is_folder = item.kind == ItemKind::Folder;
        let node = if is_folder { self.folder(parent, name) } else { self.new_node(parent, name, false) };
        let files = u32::from(!is_folder);
        if let Some(node) = self.node_mut(node) {
            // A table that names a folder twice names it once.
            if node.item.is_some() {
                return;
            }
            (node.item, node.ticked) = (Some(index), true);
            // A folder comes when anything in it does, whatever it says of itself.
            node.wanted = item.wanted || is_folder;
            node.landed_as.clone_from(&item.landed_as);
        }
        self.warn(node, flag(name, is_folder, item.executable));
        let mut next = Some(node);
        while let Some(node) = next.and_then(|node| self.node_mut(node)) {
            let sum = &mut node.sum;
            sum.files = sum.files.saturating_add(files);
            sum.ticked_files = sum.ticked_files.saturating_add(files);
            sum.bytes = sum.bytes.saturating_add(item.size);
            sum.ticked_bytes = sum.ticked_bytes.saturating_add(item.size);
            sum.items = sum.items.saturating_add(1);
            sum.ticked_items = sum.ticked_items.saturating_add(1);
            next = (next != Some(ROOT)).then_some(node.parent);
        }
    }

    /// Notes how something looks; folders above tell of it when it is grave.
    fn warn(&mut self, node: u32, flag: Flag) {
        let mut next = Some(node);
        while let Some(node) = next.and_then(|node| self.node_mut(node)) {
            node.flag = node.flag.max(flag);
            next = (next != Some(ROOT) && flag >= Flag::Program).then_some(node.parent);
        }
    }

    /// The folder of this name, made when it is not there yet.
    fn folder(&mut self, parent: u32, name: &str) -> u32 {
        let key = (parent, name.to_owned());
        if let Some(known) = self.folders.get(&key) {
            return *known;
        }
        let node = self.new_node(parent, name, true);
        self.folders.insert(key, node);
        self.warn(node, flag(name, true, false));
        node
    }

    fn new_node(&mut self, parent: u32, name: &str, is_folder: bool) -> u32 {
        let node = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let depth = if parent == ROOT { 0 } else { self.node(parent).map_or(0, |parent| parent.depth + 1) };
        let name = Untrusted::new(name.to_owned());
        self.nodes.push(Node { name, depth, is_folder, parent, wanted: true, ..Node::default() });
        if let Some(parent) = self.node_mut(parent) {
            parent.children.push(node);
        }
        node
    }

    /// What is listed, from above to below: what lies in open folders only.
    pub(crate) fn rows(&self) -> Vec<u32> {
        let mut rows = Vec::new();
        let mut rest = vec![ROOT];
        while let Some(id) = rest.pop() {
            let Some(node) = self.node(id) else { continue };
            if id != ROOT {
                rows.push(id);
            }
            if node.is_open {
                rest.extend(node.children.iter().rev());
            }
        }
        rows
    }

    /// What lies at the top.
    pub(crate) fn top(&self) -> impl Iterator<Item = u32> + '_ {
        self.node(ROOT).into_iter().flat_map(|root| root.children.iter().copied())
    }

    /// Whether there is any folder.
    pub(crate) fn has_folders(&self) -> bool {
        !self.folders.is_empty()
    }

    /// The only thing at the top is opened, when it is a folder.
    pub(crate) fn open_only_folder(&mut self) {
        let mut top = self.top();
        if let (Some(only), None) = (top.next(), top.next()) {
            drop(top);
            self.open(only, true);
        }
    }

    /// Opens or closes a folder. True when that changed something.
    pub(crate) fn open(&mut self, node: u32, open: bool) -> bool {
        let folder = self.node_mut(node).filter(|node| node.is_folder && node.is_open != open);
        folder.map(|node| node.is_open = open).is_some()
    }

    /// The folder that something lies in, when it is listed itself.
    pub(crate) fn parent(&self, node: u32) -> Option<u32> {
        self.node(node).map(|node| node.parent).filter(|parent| *parent != ROOT)
    }

    /// How much of something is ticked.
    pub(crate) fn ticks(&self, node: u32) -> Ticks {
        match self.node(node).map(|node| node.sum) {
            Some(sum) if sum.ticked_items == sum.items => Ticks::All,
            Some(Sum { ticked_items: 1.., .. }) => Ticks::Some,
            _ => Ticks::None,
        }
    }

    /// Ticks something with all that is in it, or takes the ticks away when all of it is ticked.
    pub(crate) fn toggle(&mut self, node: u32) {
        let tick = self.ticks(node) != Ticks::All;
        let Some(before) = self.node(node).map(|node| node.sum) else { return };
        let mut rest = vec![node];
        while let Some(node) = rest.pop().and_then(|node| self.node_mut(node)) {
            node.ticked = tick && node.item.is_some();
            let sum = node.sum;
            node.sum = if tick {
                Sum { ticked_files: sum.files, ticked_bytes: sum.bytes, ticked_items: sum.items, ..sum }
            } else {
                Sum { ticked_files: 0, ticked_bytes: 0, ticked_items: 0, ..sum }
            };
            rest.extend(&node.children);
        }
        let after = self.node(node).map(|node| node.sum).unwrap_or_default();
        self.carry_up(node, before, after);
    }

    /// Folders above count anew, and come along when anything in them does.
    fn carry_up(&mut self, node: u32, mut before: Sum, mut after: Sum) {
        let mut here = node;
        while here != ROOT {
            let Some(parent) = self.node(here).map(|node| node.parent) else { return };
            let Some(folder) = self.node_mut(parent) else { return };
            let old = folder.sum;
            let sum = &mut folder.sum;
            sum.ticked_files =
                sum.ticked_files.saturating_sub(before.ticked_files).saturating_add(after.ticked_files);
            sum.ticked_bytes =
                sum.ticked_bytes.saturating_sub(before.ticked_bytes).saturating_add(after.ticked_bytes);
            sum.ticked_items =
                sum.ticked_items.saturating_sub(before.ticked_items).saturating_add(after.ticked_items);
            let inside = sum.ticked_items - u32::from(folder.ticked).min(sum.ticked_items);
            let comes = folder.item.is_some() && inside > 0;
            if comes != folder.ticked {
                folder.ticked = comes;
                sum.ticked_items = inside + u32::from(comes);
            }
            (before, after, here) = (old, folder.sum, parent);
        }
    }

    /// Whether not all of it is ticked.
    pub(crate) fn selection_is_part(&self) -> bool {
        self.ticks(ROOT) != Ticks::All
    }

    /// What is ticked, as the agent is told: all of it when that is so.
    pub(crate) fn selection(&self) -> Selection {
        if !self.selection_is_part() {
            return Selection::All;
        }
        Selection::of(self.nodes.iter().filter(|node| node.ticked).filter_map(|node| node.item))
    }
}

#[cfg(test)]
mod tests;
