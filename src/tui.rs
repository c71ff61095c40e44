//! The terminal: taken at the start, given back however the program ends.
//!
//! Called by the runtime only. It works in the jail, but for [`prepare_keyboard`], which comes before. A panic anywhere gives the terminal back first, prints what happened and ends the program.

use std::io::{self, BufWriter, Stdout, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::style::Print;
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, SetTitle,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::{Position, Rect};
use ratatui::{Frame, Terminal};

/// One frame's bytes leave in one piece.
const FRAME_BYTES: usize = 64 * 1024;

/// The exit code of a panic, as the standard library has it.
const PANICKED: i32 = 101;

/// The first version of the VTE library, which many terminals are made with, that shows a share in the taskbar.
const FIRST_VTE: u32 = 7900;

/// Terminals that know these keep the window's title and bring it back.
const KEEP_TITLE: &str = "\x1b[22;0t";
const BRING_TITLE_BACK: &str = "\x1b[23;0t";

/// Makes what reads the keyboard: before the jail, in which its wake-up sockets could not be made. No thread yet.
///
/// # Errors
/// When there is no terminal, or the system gives no more descriptors.
pub(crate) fn prepare_keyboard() -> io::Result<()> {
    // Keys that were pressed already are kept for the first reader.
    crossterm::event::poll(Duration::ZERO).map(drop)
}

/// The terminal while it is ours.
pub(crate) struct Tui {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
    title: String,
    /// How far the terminal's window shows the program to be, in the list of windows.
    share: Option<u8>,
    has_taskbar: bool,
}

/// Whether a share is shown there now: to be taken away however the program ends.
static ON_TASKBAR: AtomicBool = AtomicBool::new(false);

impl Tui {
    /// Takes the terminal.
    ///
    /// # Errors
    /// When there is none, or it cannot be set.
    pub(crate) fn enter() -> io::Result<Self> {
        give_back_on_panic();
        take()?;
        let out = BufWriter::with_capacity(FRAME_BYTES, io::stdout());
        let terminal = Terminal::new(CrosstermBackend::new(out))?;
        let has_taskbar = has_taskbar(|name| std::env::var(name).ok());
        Ok(Self { terminal, title: String::new(), share: None, has_taskbar })
    }

    /// Draws what differs from the last frame.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn draw(
        &mut self,
        title: &str,
        share: Option<u8>,
        picture: impl FnOnce(&mut Frame<'_>),
    ) -> io::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        if self.title != title {
            title.clone_into(&mut self.title);
            queue!(self.terminal.backend_mut(), SetTitle(title))?;
        }
        if self.share != share && self.has_taskbar {
            self.share = share;
            ON_TASKBAR.store(share.is_some(), Ordering::Relaxed);
            queue!(self.terminal.backend_mut(), Print(on_taskbar(share)))?;
        }
        self.terminal.draw(picture)?;
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)
    }

    /// Forgets what is on the screen, so that the next frame is drawn whole.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn forget(&mut self) -> io::Result<()> {
        self.title.clear();
        self.share = None;
        // Not `Terminal::clear`: it asks the terminal where the cursor is, and the answer would go to the keyboard's
        // reader.
        let size = self.terminal.size()?;
        self.terminal.resize(Rect::from((Position::ORIGIN, size)))
    }

    /// Gives the terminal back for a while.
    ///
    /// # Errors
    /// When it is gone.
    pub(crate) fn step_aside(&mut self) -> io::Result<()> {
        give_back()
    }

    /// Takes the terminal again.
    ///
    /// # Errors
    /// When it is gone.
    pub(crate) fn come_back(&mut self) -> io::Result<()> {
        // A shell sets the terminal as it likes while a job is stopped; raw mode is only set where it is not thought set.
        disable_raw_mode()?;
        take()?;
        self.forget()
    }
}

impl Drop for Tui {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing back.
        let _ = give_back();
    }
}

/// What shows a share in the list of windows (`OSC 9;4`), or takes it away.
fn on_taskbar(share: Option<u8>) -> String {
    match share {
        Some(share) => format!("\x1b]9;4;1;{share}\x1b\\"),
        None => "\x1b]9;4;0;\x1b\\".to_owned(),
    }
}

/// Whether the terminal is one that knows that. Others take it for a message to be shown, and would show each.
fn has_taskbar(variable: impl Fn(&str) -> Option<String>) -> bool {
    // A multiplexer keeps it to itself.
    if variable("TMUX").is_some() || variable("STY").is_some() {
        return false;
    }
    let program = variable("TERM_PROGRAM").unwrap_or_default();
    let vte = variable("VTE_VERSION").and_then(|version| version.parse::<u32>().ok());
    matches!(program.as_str(), "ghostty" | "WezTerm")
        || variable("WT_SESSION").is_some()
        || variable("ConEmuANSI").is_some()
        || vte.is_some_and(|version| version >= FIRST_VTE)
}

fn take() -> io::Result<()> {
    enable_raw_mode()?;
    execute!(io::stdout(), Print(KEEP_TITLE), EnterAlternateScreen, EnableBracketedPaste, Hide)
}

fn give_back() -> io::Result<()> {
    let mut out = io::stdout();
    if ON_TASKBAR.swap(false, Ordering::Relaxed) {
        queue!(out, Print(on_taskbar(None)))?;
    }
    execute!(
        out,
        EndSynchronizedUpdate,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        Show,
        Print(BRING_TITLE_BACK)
    )?;
    out.flush()?;
    disable_raw_mode()
}

/// A panic in any task or thread: the half of the program that is left would only confuse, so it ends.
fn give_back_on_panic() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let _ = give_back();
        tell(info);
        std::process::exit(PANICKED);
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_terminals_that_know_a_share_are_sent_one() {
        for (set, known) in [
            (vec![], false),
            (vec![("TERM_PROGRAM", "ghostty")], true),
            (vec![("TERM_PROGRAM", "iTerm.app")], false),
            (vec![("WT_SESSION", "x")], true),
            (vec![("VTE_VERSION", "7602")], false),
            (vec![("VTE_VERSION", "8000")], true),
            (vec![("VTE_VERSION", "8000"), ("TMUX", "/tmp/x")], false),
        ] {
            let variable = |name: &str| {
                set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(has_taskbar(variable), known, "{set:?}");
        }
        assert_eq!(on_taskbar(Some(63)), "\u{1b}]9;4;1;63\u{1b}\\");
    }
}
