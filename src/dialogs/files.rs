//! A transfer's files in a dialog: as a tree to walk through, with the pages that are not here yet. Everything is asked
//! for only when somebody looks closer, one page after the other, so that an offer of a million files opens at once.

use airhatch_wire::control::{Command, Reply, TransferView};
use airhatch_wire::{Selection, TransferId};

use crate::keymap::Action;
use crate::model::Ask;
use crate::msg::Ticket;
use crate::update::{Answer, Turn, step};

mod draw;
mod flag;
mod tree;

pub(crate) use flag::Flag;
pub(crate) use tree::Sum;
use tree::Tree;

/// While the rows are few, every page is listed as it comes; later, every so many pages.
const FEW_ROWS: usize = 4_096;

/// Pages between two lists of many rows.
const PAGES_BETWEEN: u32 = 64;

/// The files of one transfer, as far as they are known and looked at.
#[derive(Debug)]
pub(super) struct Files {
    transfer: TransferId,
    tree: Tree,
    /// What is listed, from above to below.
    rows: Vec<u32>,
    row: Option<usize>,
    known: u32,
    all: u32,
    pages: u32,
    waiting: Option<Ticket>,
    /// The agent has no more, whatever it said.
    ended: bool,
}

impl Files {
    /// The files that a transfer itself tells of.
    pub(super) fn new(view: &TransferView) -> Self {
        let mut tree = Tree::default();
        let mut known = 0;
        for item in &view.items {
            tree.add(known, item);
            known += 1;
        }
        tree.open_only_folder();
        let rows = tree.rows();
        let (all, transfer) = (view.item_count, view.id);
        Self { transfer, tree, rows, row: None, known, all, pages: 0, waiting: None, ended: false }
    }

    /// Whether every file is known.
    pub(super) const fn is_complete(&self) -> bool {
        self.ended || self.known >= self.all
    }

    /// Whether some files are ticked and others are not.
    pub(super) fn is_part(&self) -> bool {
        self.tree.selection_is_part()
    }

    /// What is ticked, as the agent is told.
    pub(super) fn selection(&self) -> Selection {
        self.tree.selection()
    }

    /// All that is known, in figures.
    pub(super) fn sum(&self) -> Sum {
        self.tree.sum()
    }

    /// The gravest looks of any name that is known.
    pub(super) fn flag(&self) -> Flag {
        self.tree.flag()
    }

    /// Whether something here can be opened and closed.
    pub(super) fn is_on_folder(&self) -> bool {
        let node = self.here().and_then(|here| self.tree.node(here));
        node.is_some_and(|node| node.is_folder)
    }

    /// Somebody looks closer: what is missing is asked for, page by page.
    pub(super) fn look(&mut self, turn: &mut Turn<'_>) {
        self.row.get_or_insert(0);
        self.fetch(turn);
    }

    fn fetch(&mut self, turn: &mut Turn<'_>) {
        if self.waiting.is_none() && !self.is_complete() {
            let command = Command::Items { transfer: self.transfer, from: self.known };
            self.waiting = Some(turn.ask_agent(Ask::Dialog, command));
        }
    }

    /// Moves, opens and closes folders, ticks. What is not known in full cannot be ticked.
    pub(super) fn act(&mut self, action: Action) {
        match (action, self.here()) {
            (Action::Tick, Some(here)) if self.is_complete() => self.tree.toggle(here),
            (Action::Tick, _) => {}
            (Action::Details, Some(here)) => {
                let open = !self.tree.node(here).is_some_and(|node| node.is_open);
                self.open(here, open);
            }
            (Action::Unfold, Some(here)) => self.open(here, true),
            (Action::Fold, Some(here)) => {
                let closes = self.tree.node(here).is_some_and(|node| node.is_open);
                match self.tree.parent(here) {
                    // From inside a folder, first to the folder itself.
                    Some(parent) if !closes => self.go_to(parent),
                    _ => self.open(here, false),
                }
            }
            _ => {
                let last = self.rows.len().saturating_sub(1);
                let row = self.row.unwrap_or(0);
                step(action, |by| self.row = Some(row.saturating_add_signed(by).min(last)));
            }
        }
    }

    /// Whether the answer to this is a page.
    pub(super) fn waits_for(&self, ticket: Ticket) -> bool {
        self.waiting == Some(ticket)
    }

    /// Takes a page and asks for the next one.
    pub(super) fn answer(&mut self, turn: &mut Turn<'_>, answer: Answer) {
        self.waiting = None;
        // What was refused is asked for again when somebody looks again, and not before.
        let Answer::Agent(Ok(Reply::Items(items))) = answer else { return };
        self.ended |= items.is_empty();
        for item in &items {
            self.tree.add(self.known, item);
            self.known = self.known.saturating_add(1);
        }
        self.pages = self.pages.saturating_add(1);
        if self.is_complete() || self.rows.len() < FEW_ROWS || self.pages.is_multiple_of(PAGES_BETWEEN) {
            self.list();
        }
        self.fetch(turn);
    }

    fn here(&self) -> Option<u32> {
        self.rows.get(self.row?).copied()
    }

    fn open(&mut self, node: u32, open: bool) {
        if self.tree.open(node, open) {
            self.list();
        }
    }

    /// Lists anew; the choice stays on what it was on.
    fn list(&mut self) {
        let here = self.here();
        self.rows = self.tree.rows();
        if let Some(here) = here {
            self.go_to(here);
        }
    }

    fn go_to(&mut self, node: u32) {
        if let Some(row) = self.rows.iter().position(|row| *row == node) {
            self.row = Some(row);
        }
    }
}
