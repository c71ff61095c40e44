//! The full-screen program in a pseudo-terminal: keys go in, what a person would see comes out.

use std::io::{Read, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::process::built;
use crate::{Front, Trace, patience};

/// A running program and its screen.
pub struct Screen {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    writer: Writer,
    seen: Arc<(Mutex<Seen>, Condvar)>,
}

type Writer = Arc<Mutex<Box<dyn Write + Send>>>;

struct Seen {
    parser: vt100::Parser<Terminal>,
    closed: bool,
}

/// What a terminal does besides drawing: it answers questions about itself.
#[derive(Default)]
struct Terminal {
    answers: Vec<u8>,
    title: String,
}

impl vt100::Callbacks for Terminal {
    fn set_window_title(&mut self, _: &mut vt100::Screen, title: &[u8]) {
        self.title = String::from_utf8_lossy(title).into_owned();
    }

    fn unhandled_csi(
        &mut self,
        screen: &mut vt100::Screen,
        first: Option<u8>,
        _: Option<u8>,
        parameters: &[&[u16]],
        last: char,
    ) {
        match (first, parameters, last) {
            (None, _, 'c') => self.answers.extend(b"\x1b[?62;22c"),
            (None, [[6]], 'n') => {
                let (row, column) = screen.cursor_position();
                self.answers.extend(format!("\x1b[{};{}R", row + 1, column + 1).bytes());
            }
            (None, [[5]], 'n') => self.answers.extend(b"\x1b[0n"),
            _ => {}
        }
    }
}

impl Screen {
    /// Starts `airhatch` in a home, on a screen of so many columns and rows.
    #[must_use]
    pub fn start(front: &Front, arguments: &[&str], size: (u16, u16)) -> Self {
        let mut command = CommandBuilder::new(built("airhatch"));
        command.args(arguments);
        Self::run(front, command, size)
    }

    /// Starts `airhatch` with its calls written down.
    #[must_use]
    pub fn start_traced(front: &Front, trace: &Trace, size: (u16, u16)) -> Self {
        Self::run(front, CommandBuilder::from_argv(trace.words().into_iter().map(Into::into).collect()), size)
    }

    /// Starts a shell that runs `airhatch` as a job, says `back in the shell` when it is stopped, and goes on with it.
    #[must_use]
    pub fn start_as_job(front: &Front, size: (u16, u16)) -> Self {
        Self::job(front, &format!("'{}'", built("airhatch").display()), size)
    }

    /// The same with a program in between that waits for `airhatch`, and for whom the shell waits.
    #[must_use]
    pub fn start_in_anothers_job(front: &Front, size: (u16, u16)) -> Self {
        Self::job(front, &format!("sh -c '\"{}\"; true'", built("airhatch").display()), size)
    }

    fn job(front: &Front, job: &str, size: (u16, u16)) -> Self {
        let mut command = CommandBuilder::new("sh");
        command.args(["-mc", &format!("{job}; echo back in the shell; read go; fg")]);
        Self::run(front, command, size)
    }

    fn run(front: &Front, mut command: CommandBuilder, (columns, rows): (u16, u16)) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        command.env_clear();
        for (name, value) in front.variables() {
            command.env(name, value);
        }
        command.env("TERM", "xterm-256color");
        command.cwd(front.home());
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let writer: Writer = Arc::new(Mutex::new(pair.master.take_writer().unwrap()));
        let parser = vt100::Parser::new_with_callbacks(rows, columns, 0, Terminal::default());
        let seen = Arc::new((Mutex::new(Seen { parser, closed: false }), Condvar::new()));
        let reader = pair.master.try_clone_reader().unwrap();
        let (shown, answering) = (Arc::clone(&seen), Arc::clone(&writer));
        std::thread::spawn(move || show(reader, &shown, &answering));
        Self { child, master: pair.master, writer, seen }
    }

    /// Waits until a text is on the screen.
    pub fn wait_for(&self, text: &str) {
        self.wait_until(&format!("{text:?}"), |screen| screen.contains(text));
    }

    /// Waits until a text is no longer on the screen.
    pub fn wait_gone(&self, text: &str) {
        self.wait_until(&format!("the end of {text:?}"), |screen| !screen.contains(text));
    }

    /// Waits until the screen fulfils a condition.
    pub fn wait_until(&self, what: &str, wanted: impl Fn(&str) -> bool) {
        let seen = self.becomes(Instant::now() + patience(), &wanted);
        let ended = if self.seen().closed { " (the program has ended)" } else { "" };
        assert!(seen, "waited for {what}{ended}; the screen shows:\n{}", self.text());
    }

    /// Whether the screen fulfils a condition before a moment; false at once when the program has ended.
    fn becomes(&self, deadline: Instant, wanted: &impl Fn(&str) -> bool) -> bool {
        let mut seen = self.seen();
        loop {
            if wanted(&seen.parser.screen().contents()) {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if seen.closed || left.is_zero() {
                return false;
            }
            seen = self.seen.1.wait_timeout(seen, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the screen shows now.
    #[must_use]
    pub fn text(&self) -> String {
        self.with(|parser| parser.screen().contents())
    }

    /// The terminal's title.
    #[must_use]
    pub fn title(&self) -> String {
        self.with(|parser| parser.callbacks().title.clone())
    }

    /// The screen as a picture, see [`crate::picture()`].
    #[must_use]
    pub fn picture(&self, title: &str) -> String {
        self.with(|parser| crate::picture(parser.screen(), title))
    }

    /// Whether the terminal is as it was before the program: own screen, visible cursor, no modes left on.
    #[must_use]
    pub fn is_restored(&self) -> bool {
        self.with(|parser| {
            let screen = parser.screen();
            !screen.alternate_screen()
                && !screen.hide_cursor()
                && !screen.bracketed_paste()
                && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
        })
    }

    fn with<T>(&self, look: impl FnOnce(&vt100::Parser<Terminal>) -> T) -> T {
        look(&self.seen().parser)
    }

    /// Presses keys: characters as they are, others by name: `<Enter>`, `<Esc>`, `<Tab>`, `<C-q>`.
    pub fn keys(&self, keys: &str) {
        let mut bytes = Vec::new();
        let mut rest = keys;
        while let Some(first) = rest.chars().next() {
            let named = rest.strip_prefix('<').and_then(|inner| inner.split_once('>'));
            if let Some((name, after)) = named {
                bytes.extend(key(name));
                rest = after;
            } else {
                bytes.extend(first.to_string().bytes());
                rest = &rest[first.len_utf8()..];
            }
        }
        self.write(&bytes);
    }

    /// Presses a key that is dead for a moment, again and again until the screen fulfils a condition.
    pub fn press_until(&self, key: &str, what: &str, wanted: impl Fn(&str) -> bool) {
        let deadline = Instant::now() + patience();
        loop {
            self.keys(key);
            let soon = Instant::now() + Duration::from_millis(200);
            if self.becomes(soon, &wanted) {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "{key} does not lead to {what}; the screen shows:\n{}",
                self.text()
            );
        }
    }

    /// Pastes a text, as a terminal with bracketed paste does.
    pub fn paste(&self, text: &str) {
        self.write(format!("\x1b[200~{text}\x1b[201~").as_bytes());
    }

    /// Changes the size of the terminal.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.seen().parser.screen_mut().set_size(rows, columns);
        self.master.resize(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }).unwrap();
    }

    fn write(&self, bytes: &[u8]) {
        let mut writer = self.writer.lock().unwrap();
        writer.write_all(bytes).unwrap();
        writer.flush().unwrap();
    }

    /// The number of the process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Waits until the program has ended and everything it wrote is shown; its exit code.
    pub fn ended(&mut self) -> u32 {
        let deadline = Instant::now() + patience();
        let mut seen = self.seen();
        while !seen.closed {
            let left = deadline.saturating_duration_since(Instant::now());
            let text = seen.parser.screen().contents();
            assert!(!left.is_zero(), "the program does not end; the screen shows:\n{text}");
            seen = self.seen.1.wait_timeout(seen, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(seen);
        self.child.wait().unwrap().exit_code()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // It may have ended before.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn show(mut reader: Box<dyn Read + Send>, seen: &(Mutex<Seen>, Condvar), writer: &Writer) {
    let mut bytes = [0; 1 << 14];
    loop {
        let count = reader.read(&mut bytes).unwrap_or(0);
        let mut now = seen.0.lock().unwrap_or_else(PoisonError::into_inner);
        now.parser.process(&bytes[..count]);
        let answers = std::mem::take(&mut now.parser.callbacks_mut().answers);
        now.closed = count == 0;
        drop(now);
        seen.1.notify_all();
        if count == 0 {
            return;
        }
        // The program may not wait for the answer.
        let _gone = writer.lock().unwrap_or_else(PoisonError::into_inner).write_all(&answers);
    }
}

fn key(name: &str) -> Vec<u8> {
    let bytes: &[u8] = match name {
        "Enter" => b"\r",
        "Esc" => b"\x1b",
        "Tab" => b"\t",
        "S-Tab" => b"\x1b[Z",
        "Backspace" => b"\x7f",
        "Space" => b" ",
        "Up" => b"\x1b[A",
        "Down" => b"\x1b[B",
        "Right" => b"\x1b[C",
        "Left" => b"\x1b[D",
        "F1" => b"\x1bOP",
        other => match other.strip_prefix("C-").map(str::as_bytes) {
            Some([letter @ b'a'..=b'z']) => return vec![letter - b'a' + 1],
            _ => panic!("no key is called <{other}>"),
        },
    };
    bytes.to_vec()
}
