//! The terminal: taken at the start, given back however the program ends.
//!
//! Called by the runtime only. It works in the jail, but for [`prepare_keyboard`], which comes before. A panic anywhere gives the terminal back first, prints what happened and ends the program.

use std::io::{self, BufWriter, Stdout, Write};
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
}

impl Tui {
    /// Takes the terminal.
    ///
    /// # Errors
    /// When there is none, or it cannot be set.
    pub(crate) fn enter() -> io::Result<Self> {
        give_back_on_panic();
        take()?;
        let out = BufWriter::with_capacity(FRAME_BYTES, io::stdout());
        Ok(Self { terminal: Terminal::new(CrosstermBackend::new(out))?, title: String::new() })
    }

    /// Draws what differs from the last frame.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn draw(&mut self, title: &str, picture: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        if self.title != title {
            title.clone_into(&mut self.title);
            queue!(self.terminal.backend_mut(), SetTitle(title))?;
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

fn take() -> io::Result<()> {
    enable_raw_mode()?;
    execute!(io::stdout(), Print(KEEP_TITLE), EnterAlternateScreen, EnableBracketedPaste, Hide)
}

fn give_back() -> io::Result<()> {
    let mut out = io::stdout();
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
