//! Questions to the person: passphrases, yes or no, a typed word. Only on a terminal, never with `--no-input`.
//!
//! The files that answer instead are opened before the jail and read only when the answer is needed.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Seek, Write};
use std::path::{Path, PathBuf};

use airhatch_wire::control::Passphrase;
use airhatch_wire::{Code, Failure};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::Global;
use super::context::Context;

/// The shortest passphrase for something new, characters.
pub(crate) const SHORTEST_PASSPHRASE: usize = 8;

/// The largest passphrase file that is read, bytes.
const LARGEST_FILE: u64 = 4096;

/// The passphrase of an account that exists.
///
/// # Errors
/// When there is nobody to ask and no file was named, or the file cannot be read.
pub(crate) async fn passphrase(context: &Context, prompt: &str) -> Result<Passphrase, Failure> {
    match &context.surroundings.passphrase_file {
        Some(file) => file.passphrase(),
        None => hidden(&context.global, prompt).await,
    }
}

/// A passphrase for something new, asked twice or read from `file`.
///
/// # Errors
/// As [`passphrase`]; [`Code::Invalid`] when it is too short or the two differ.
pub(crate) async fn new_passphrase(
    global: &Global,
    file: Option<&PassphraseFile>,
    prompt: &str,
) -> Result<Passphrase, Failure> {
    if let Some(file) = file {
        return long_enough(file.passphrase()?);
    }
    let first = long_enough(hidden(global, prompt).await?)?;
    if hidden(global, "The same again: ").await? == first {
        return Ok(first);
    }
    Err(Failure::new(Code::Invalid, "the two passphrases differ").hint("try again; nothing was changed"))
}

/// Asks yes or no, no being the default; `--yes` answers yes.
///
/// # Errors
/// [`Code::Cancelled`] for no; [`Code::Invalid`] when there is nobody to ask.
pub(crate) async fn confirm(global: &Global, question: &str) -> Result<(), Failure> {
    if global.yes {
        return Ok(());
    }
    let answer = visible(global, &format!("{question} [y/N] "), "add --yes to agree beforehand").await?;
    if matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes") { Ok(()) } else { Err(cancelled()) }
}

/// Asks for a word to be typed in full; `--yes` types it.
///
/// # Errors
/// As [`confirm`].
pub(crate) async fn typed(global: &Global, question: &str, word: &str) -> Result<(), Failure> {
    if global.yes {
        return Ok(());
    }
    let answer = visible(global, question, "add --yes to agree beforehand").await?;
    if answer == word { Ok(()) } else { Err(cancelled()) }
}

/// True when a person can be asked.
pub(crate) fn possible(global: &Global) -> bool {
    !global.no_input && io::stdin().is_terminal() && io::stderr().is_terminal()
}

fn cancelled() -> Failure {
    Failure::new(Code::Cancelled, "called off").hint("nothing was changed")
}

fn long_enough(passphrase: Passphrase) -> Result<Passphrase, Failure> {
    if passphrase.0.chars().count() >= SHORTEST_PASSPHRASE {
        return Ok(passphrase);
    }
    let message = format!("a passphrase needs at least {SHORTEST_PASSPHRASE} characters");
    Err(Failure::new(Code::Invalid, message).hint(
        "it is all that protects your keys from somebody who copies your disk; four or five random words are good",
    ))
}

fn nobody(hint: &str) -> Failure {
    Failure::new(Code::Invalid, "something has to be asked, and there is no terminal (or --no-input)")
        .hint(hint)
}

async fn hidden(global: &Global, prompt: &str) -> Result<Passphrase, Failure> {
    if !possible(global) {
        return Err(nobody("name a file with --passphrase-file PATH, or - for standard input"));
    }
    let echo = Echo::off();
    let prompt = prompt.to_owned();
    let answer = tokio::task::spawn_blocking(move || rpassword::prompt_password(prompt)).await;
    drop(echo);
    match answer {
        Ok(Ok(text)) => Ok(Passphrase::from(text)),
        // Ctrl-C: the signal is on its way, and that is what ends the command.
        Ok(Err(e)) if e.kind() == io::ErrorKind::Interrupted => std::future::pending().await,
        _ => Err(cancelled()),
    }
}

async fn visible(global: &Global, prompt: &str, hint: &str) -> Result<String, Failure> {
    if !possible(global) {
        return Err(nobody(hint));
    }
    let prompt = prompt.to_owned();
    let asked = tokio::task::spawn_blocking(move || {
        let mut stderr = io::stderr();
        write!(stderr, "{prompt}").and_then(|()| stderr.flush())?;
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        Ok::<_, io::Error>(line.trim().to_owned())
    });
    match asked.await {
        Ok(Ok(line)) => Ok(line),
        _ => Err(cancelled()),
    }
}

/// A file whose first line is a passphrase, opened; that it cannot be matters when it is read.
pub(crate) struct PassphraseFile {
    path: PathBuf,
    source: io::Result<Source>,
}

enum Source {
    StandardInput,
    File(File),
}

impl PassphraseFile {
    /// Opens it; `-` is standard input.
    pub(crate) fn open(path: &Path) -> Self {
        let source = if path == Path::new("-") {
            Ok(Source::StandardInput)
        } else {
            File::open(path).map(Source::File)
        };
        Self { path: path.to_owned(), source }
    }

    /// The first line of the file, or the next one of standard input.
    fn passphrase(&self) -> Result<Passphrase, Failure> {
        let failed = |message: String| {
            Failure::new(Code::Invalid, message)
                .hint("put the passphrase alone on the first line of that file")
        };
        let shown = self.path.display();
        let line = match &self.source {
            Ok(Source::StandardInput) => line(&mut io::stdin().lock()),
            Ok(Source::File(file)) => from_the_beginning(file),
            Err(e) => return Err(failed(format!("cannot read the passphrase file {shown}: {e}"))),
        };
        let mut passphrase =
            line.map_err(|e| failed(format!("cannot read the passphrase file {shown}: {e}")))?;
        let length = passphrase.0.trim_end_matches(['\r', '\n']).len();
        passphrase.0.truncate(length);
        if length == 0 {
            Err(failed(format!("the passphrase file {shown} is empty")))
        } else {
            Ok(passphrase)
        }
    }
}

fn from_the_beginning(mut file: &File) -> io::Result<Passphrase> {
    match file.rewind() {
        // A pipe has only what was not read yet.
        Err(e) if e.kind() != io::ErrorKind::NotSeekable => Err(e),
        _ => line(&mut BufReader::new(file)),
    }
}

fn line(source: &mut dyn BufRead) -> io::Result<Passphrase> {
    let mut line = String::new();
    source.take(LARGEST_FILE).read_line(&mut line).map(|_| Passphrase::from(line))
}

/// The terminal as it was, given back after a question without echo, also when that is interrupted. Echo goes off before
/// the question is seen, so that what is typed at once is not shown either.
struct Echo(Option<Termios>);

impl Echo {
    fn off() -> Self {
        let before = tcgetattr(io::stdin()).ok();
        if let Some(mut silent) = before.clone() {
            silent.local_modes.remove(LocalModes::ECHO);
            // The question itself turns it off again, and tells when it cannot.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &silent);
        }
        Self(before)
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            // A terminal that has gone needs no echo.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_of_a_file_is_the_passphrase() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pass");
        for (content, expected) in [
            ("correct horse\n", Some("correct horse")),
            ("no newline", Some("no newline")),
            ("dos line \r\nmore", Some("dos line ")),
            ("", None),
            ("\nsecond", None),
        ] {
            std::fs::write(&path, content).unwrap();
            let read = PassphraseFile::open(&path).passphrase();
            assert_eq!(read.ok().map(|p| p.0.to_string()).as_deref(), expected, "{content:?}");
        }
        let missing = PassphraseFile::open(&folder.path().join("none"));
        assert_eq!(missing.passphrase().unwrap_err().code, Code::Invalid);
    }

    #[test]
    fn a_new_passphrase_must_not_be_short_and_characters_count_not_bytes() {
        assert!(long_enough("1234567".to_owned().into()).is_err());
        assert!(long_enough("ééééééé".to_owned().into()).is_err());
        assert!(long_enough("12345678".to_owned().into()).is_ok());
    }
}
