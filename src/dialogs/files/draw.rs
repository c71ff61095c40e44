//! A transfer's files as lines.

use airhatch_wire::control::TransferView;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::tree::{Node, Ticks};
use super::{Files, Flag};
use crate::text;
use crate::theme::Theme;
use crate::widgets::{Sheet, fit_middle, width_of, window};

/// Folders that are shown by an indent; what lies deeper stands below the deepest.
const DEEPEST: usize = 8;

/// Rows that are shown though there is no room for them: the panel is scrolled then.
const FEWEST: usize = 3;

impl Files {
    /// The names at the top, and how many more there are.
    pub(in crate::dialogs) fn draw_some(&self, sheet: &mut Sheet, most: usize) {
        let top: Vec<u32> = self.tree.top().collect();
        let most = if top.len() <= most && self.is_complete() { top.len() } else { most.saturating_sub(1) };
        for node in top.iter().take(most).filter_map(|node| self.tree.node(*node)) {
            // A folder of which only a part is known has no size yet.
            let size = (self.is_complete() || !node.is_folder).then_some(node.sum.bytes);
            let room = sheet.width();
            let left = vec![(name(node), sheet.theme().plain())];
            sheet.line(row(sheet.theme(), room, left, node, size));
        }
        if top.len() > most || !self.is_complete() {
            let theme = *sheet.theme();
            let more = if self.is_complete() { Some(top.len() - most) } else { None };
            sheet.styled(&text::more_files(more), theme.quiet());
        }
    }

    /// As many rows as have room in a panel of so many lines, the chosen one among them; with `ticks`, what is ticked.
    pub(in crate::dialogs) fn draw_tree(
        &self,
        sheet: &mut Sheet,
        lines: usize,
        ticks: bool,
        view: &TransferView,
    ) {
        let height = lines.saturating_sub(sheet.len()).max(FEWEST);
        let first = window(self.rows.len(), height, self.row);
        for (index, id) in self.rows.iter().enumerate().skip(first).take(height) {
            let Some(node) = self.tree.node(*id) else { continue };
            let (theme, room) = (*sheet.theme(), sheet.width());
            let mut left = Vec::new();
            if ticks {
                let (sign, style) = match self.tree.ticks(*id) {
                    Ticks::All => ("[x] ", theme.accent()),
                    Ticks::Some => ("[-] ", theme.accent()),
                    Ticks::None => ("[ ] ", theme.quiet()),
                };
                left.push((sign.to_owned(), style));
            }
            let sign = match (node.is_folder, node.is_open) {
                (true, true) => theme.glyphs().opened,
                (true, false) => theme.glyphs().closed,
                (false, _) => " ",
            };
            if self.tree.has_folders() {
                left.push((format!("{}{sign} ", "  ".repeat(node.depth.min(DEEPEST))), theme.quiet()));
            }
            let comes = node.wanted && (!ticks || self.tree.ticks(*id) != Ticks::None);
            left.push((name(node), if comes { theme.plain() } else { theme.quiet() }));
            sheet.line(row(&theme, room, left, node, Some(node.sum.bytes)));
            if self.row == Some(index) {
                sheet.mark_here();
            }
            let known = node.item().and_then(|item| view.items.get(item));
            let landed = known.and_then(|item| item.landed_as.as_ref()).or(node.landed_as.as_ref());
            if let Some(landed) = landed {
                sheet.indented(2, &text::landed_as(&landed.shown()), theme.quiet());
            }
        }
    }

    /// How much of the list is here, while it is not all.
    pub(in crate::dialogs) fn draw_loading(&self, sheet: &mut Sheet) {
        if self.waiting.is_some() {
            let theme = *sheet.theme();
            sheet.styled(&text::listing(self.known, self.all), theme.quiet());
        }
    }
}

fn name(node: &Node) -> String {
    let name = node.name.shown();
    if node.is_folder { name + "/" } else { name }
}

/// Pieces at the left, the last one cut where there is no room; at the right what its name deserves, and the size.
fn row(
    theme: &Theme,
    room: usize,
    mut left: Vec<(String, Style)>,
    node: &Node,
    size: Option<u64>,
) -> Line<'static> {
    let size = size.map(text::bytes).unwrap_or_default();
    let word = if node.wanted { text::flag(node.flag, node.is_folder) } else { text::NOT_TAKEN };
    let style = if node.wanted && node.flag >= Flag::Program { theme.warning() } else { theme.quiet() };
    let right = width_of(&size) + width_of(word) + if word.is_empty() { 0 } else { 2 };
    if let Some((name, name_style)) = left.pop() {
        let used: usize = left.iter().map(|(text, _)| width_of(text)).sum();
        let name = fit_middle(&name, room.saturating_sub(used + right + 2), theme.glyphs().cut);
        left.push((name, name_style));
    }
    let used: usize = left.iter().map(|(text, _)| width_of(text)).sum();
    let mut spans: Vec<Span<'static>> =
        left.into_iter().map(|(text, style)| Span::styled(text, style)).collect();
    spans.push(Span::raw(" ".repeat(room.saturating_sub(used + right))));
    spans.push(Span::styled(word, style));
    if !word.is_empty() {
        spans.push(Span::raw("  "));
    }
    spans.push(Span::styled(size, theme.quiet()));
    Line::from(spans)
}
