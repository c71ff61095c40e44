//! One program of ours as a child: found beside the test program, its words kept in a file, never left behind.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::eventually;

/// How much of a log is shown when a test fails, bytes.
const LAST_WORDS: usize = 6000;

/// A running program of ours.
pub struct Program {
    child: Child,
    log: PathBuf,
}

impl Program {
    /// Starts a command with its stderr in `log`.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(mut command: Command, log: &Path) -> Self {
        let file = File::options().create(true).append(true).open(log).unwrap();
        command.stdin(Stdio::null()).stderr(file);
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        Self { child, log: log.to_owned() }
    }

    /// Its stdout, where the command said that it is piped.
    pub(crate) fn stdout(&mut self) -> ChildStdout {
        self.child.stdout.take().unwrap()
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// `SIGKILL`: no chance to tidy up.
    pub fn kill(&mut self) {
        // It may have ended before.
        let _ended = self.child.kill();
        self.child.wait().unwrap();
    }

    /// `SIGTERM`, and waits for the end.
    pub async fn terminate(&mut self) -> ExitStatus {
        let pid = Pid::from_raw(self.id().try_into().unwrap()).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        self.ended().await
    }

    /// Waits until it has ended by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        eventually("the end of a program", async || self.child.try_wait().unwrap()).await
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// What it wrote to stderr.
    #[must_use]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap()).into_owned()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = self.log();
            let from = log.ceil_char_boundary(log.len().saturating_sub(LAST_WORDS));
            eprintln!("--- {}\n{}", self.log.display(), &log[from..]);
        }
    }
}

/// Where a program of ours was built: beside this one, or one folder above as for test programs.
///
/// # Panics
/// When it is not there.
#[must_use]
pub fn built(name: &str) -> PathBuf {
    let this = std::env::current_exe().unwrap();
    let places = this.ancestors().skip(1).take(2).map(|folder| folder.join(name));
    places.into_iter().find(|path| path.is_file()).unwrap_or_else(|| {
        panic!("{name} is not built; run: cargo build --workspace --bins (make test does it)")
    })
}

/// Whether a test can run our programs as another user: only root can, and where the way to them is open. Says so
/// where it cannot.
#[must_use]
pub fn can_be_another_user() -> bool {
    if !rustix::process::geteuid().is_root() {
        crate::skipped("only root can act as another user");
        return false;
    }
    let this = std::env::current_exe().unwrap();
    let open = |folder: &Path| folder.metadata().is_ok_and(|folder| folder.mode() & 0o001 != 0);
    let closed = this.ancestors().skip(1).find(|folder| !open(folder));
    if let Some(folder) = closed {
        crate::skipped(&format!("another user cannot get at the programs through {}", folder.display()));
    }
    closed.is_none()
}

/// Ends every process that has this folder in its command line: agents live in sessions of their own.
pub(crate) fn end_all_below(folder: &Path) {
    for _ in 0..1000 {
        let running = all_below(folder);
        if running.is_empty() {
            return;
        }
        for pid in running {
            // It may have ended meanwhile.
            let _ended = kill_process(pid, Signal::KILL);
        }
        std::thread::yield_now();
    }
}

/// The processes that have this folder in their command line, except this one.
pub(crate) fn all_below(folder: &Path) -> Vec<Pid> {
    let (wanted, own) = (folder.as_os_str().as_bytes(), std::process::id().to_string());
    let numbers = std::fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| {
        let number: i32 = entry.file_name().to_str().filter(|name| *name != own)?.parse().ok()?;
        let words = std::fs::read(entry.path().join("cmdline")).ok()?;
        let named = words.split(|byte| *byte == 0).any(|word| names(word, wanted));
        named.then_some(number)
    });
    numbers.filter_map(Pid::from_raw).collect()
}

fn names(word: &[u8], folder: &[u8]) -> bool {
    word.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

/// A command with nothing of the test's environment but the search path.
pub(crate) fn bare(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    for name in ["PATH", "AIRHATCH_LOG"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}
