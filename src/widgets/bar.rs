//! A progress bar as a line of text.

use ratatui::text::Span;

use crate::theme::Theme;

/// A bar of so many columns, `done` of `total` filled. Full only when all is done.
pub(crate) fn bar(theme: &Theme, columns: usize, done: u64, total: u64) -> [Span<'static>; 2] {
    let filled = filled(columns, done, total);
    let glyphs = theme.glyphs();
    [
        Span::styled(glyphs.done.repeat(filled), theme.accent()),
        Span::styled(glyphs.rest.repeat(columns - filled), theme.quiet()),
    ]
}

fn filled(columns: usize, done: u64, total: u64) -> usize {
    if done >= total {
        return columns;
    }
    let share = u128::from(done) * columns as u128 / u128::from(total.max(1));
    usize::try_from(share).unwrap_or(columns).min(columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_full_only_when_all_is_done() {
        assert_eq!(filled(10, 0, 100), 0);
        assert_eq!(filled(10, 99, 100), 9);
        assert_eq!(filled(10, 100, 100), 10);
        assert_eq!(filled(10, 0, 0), 10);
        assert_eq!(filled(10, u64::MAX - 1, u64::MAX), 9);
    }
}
