//! A progress bar and a trace as text.

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

/// A trace of so many columns at most, the newest at the right, its height in parts of the highest value that is shown.
pub(crate) fn trace(theme: &Theme, columns: usize, values: &[u64]) -> Span<'static> {
    let shown = values.get(values.len().saturating_sub(columns)..).unwrap_or_default();
    let highest = shown.iter().copied().max().unwrap_or(0).max(1);
    let levels = theme.glyphs().levels;
    let sign = |value: &u64| {
        let level = u128::from(*value) * (levels.len() as u128 - 1) / u128::from(highest);
        usize::try_from(level).ok().and_then(|level| levels.get(level)).copied().unwrap_or_default()
    };
    Span::styled(shown.iter().map(sign).collect::<String>(), theme.accent())
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
    fn a_trace_shows_the_newest_values_as_parts_of_the_highest() {
        let shown = |columns, values: &[u64]| trace(&Theme::default(), columns, values).content.into_owned();
        assert_eq!(shown(8, &[0, 1, 2, 7]), "▁▂▃█");
        assert_eq!(shown(2, &[900, 0, 5]), "▁█");
        assert_eq!(shown(4, &[0, 0]), "▁▁");
        assert_eq!(shown(4, &[u64::MAX, u64::MAX / 2]), "█▄");
        assert_eq!(shown(4, &[]), "");
    }

    #[test]
    fn a_bar_is_full_only_when_all_is_done() {
        assert_eq!(filled(10, 0, 100), 0);
        assert_eq!(filled(10, 99, 100), 9);
        assert_eq!(filled(10, 100, 100), 10);
        assert_eq!(filled(10, 0, 0), 10);
        assert_eq!(filled(10, u64::MAX - 1, u64::MAX), 9);
    }
}
