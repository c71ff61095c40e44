//! Which part of a long list is on the screen, and the last look at what goes to the terminal.

use airhatch_wire::untrusted::is_hidden;
use ratatui::buffer::Buffer;

/// The first row on the screen, so that the chosen one stays in the middle of a long list: rows that come and go
/// above it then do not move it under a person's eyes.
pub(crate) fn window(rows: usize, height: usize, chosen: Option<usize>) -> usize {
    chosen.unwrap_or(0).saturating_sub(height / 2).min(rows.saturating_sub(height))
}

/// Replaces what must never reach a terminal. Strangers' words are escaped where they are shown; this catches what a
/// person typed or pasted, and anything that was forgotten.
pub(crate) fn hide_hidden(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if cell.symbol().chars().any(is_hidden) {
            cell.set_symbol("?");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_row_is_always_on_the_screen() {
        for rows in 0..40 {
            for height in 1..12 {
                for chosen in 0..rows {
                    let first = window(rows, height, Some(chosen));
                    assert!((first..first + height).contains(&chosen), "{rows} {height} {chosen}");
                    assert!(first == 0 || first + height <= rows, "no empty rows at the end");
                }
            }
        }
    }
}
