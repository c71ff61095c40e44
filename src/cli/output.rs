//! Where words go: data to stdout, talk and errors to stderr, in a person's form or as JSON. No other file prints.

use std::io::{IsTerminal, Write};

use airhatch_wire::Failure;
use clap::builder::styling::{AnsiColor, Style};
use serde_json::Value;

use super::exit::{Stop, code};
use super::{ColorWhen, Global, json};

/// How this run prints.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
    quiet: bool,
    colour: bool,
    colour_errors: bool,
}

impl Output {
    /// As the command line wishes.
    pub(crate) fn new(global: &Global) -> Self {
        let wanted = |terminal: bool| match global.color {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        };
        Self {
            json: global.json,
            quiet: global.quiet,
            colour: wanted(std::io::stdout().is_terminal()),
            colour_errors: wanted(std::io::stderr().is_terminal()),
        }
    }

    /// True when stdout carries JSON.
    pub(crate) const fn json(self) -> bool {
        self.json
    }

    /// True when a moving bar helps: a person looks at stderr and wants talk.
    pub(crate) fn bars(self) -> bool {
        !self.json && !self.quiet && std::io::stderr().is_terminal()
    }

    /// A result: one JSON object, or text for a person (nothing when empty).
    ///
    /// # Errors
    /// When stdout is closed or full.
    pub(crate) fn data(self, object: Value, text: &str) -> Result<(), Stop> {
        if self.json { self.line(&object.to_string()) } else { self.text(text) }
    }

    /// A file's content as the result, the same for a person and a script.
    ///
    /// # Errors
    /// As [`Output::data`].
    pub(crate) fn verbatim(self, content: &[u8]) -> Result<(), Stop> {
        self.bytes(&[content, b"\n"].concat())
    }

    /// What was done: one JSON object on stdout, or a sentence for a person on stderr.
    ///
    /// # Errors
    /// As [`Output::data`].
    pub(crate) fn done(self, object: Value, sentence: &str) -> Result<(), Stop> {
        if self.json {
            return self.line(&object.to_string());
        }
        self.talk(sentence);
        Ok(())
    }

    /// A sentence beside the data; not for scripts.
    pub(crate) fn talk(self, sentence: &str) {
        if !self.json && !self.quiet {
            // Nobody is left to hear about a closed stderr.
            let _ = writeln!(std::io::stderr(), "{sentence}");
        }
    }

    /// What went wrong and what to do about it.
    pub(crate) fn failure(self, failure: &Failure) {
        let text = if self.json {
            json::failure(failure).to_string()
        } else {
            let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
            let cyan = Style::new().fg_color(Some(AnsiColor::Cyan.into()));
            let head = paint(self.colour_errors, red, "error:");
            let mut text = format!("{head} {}", failure.message.shown());
            if !failure.hint.is_empty() {
                let head = paint(self.colour_errors, cyan, "hint:");
                text.push_str(&format!("\n{head} {}", failure.hint.shown()));
            }
            text
        };
        let _ = writeln!(std::io::stderr(), "{text}");
    }

    /// Text made to stand out on stdout.
    pub(crate) fn strong(self, text: &str) -> String {
        paint(self.colour, Style::new().bold(), text)
    }

    /// Text in a colour on stdout; the text must say the same without it.
    pub(crate) fn tinted(self, colour: AnsiColor, text: &str) -> String {
        paint(self.colour, Style::new().fg_color(Some(colour.into())), text)
    }

    fn text(self, text: &str) -> Result<(), Stop> {
        if text.is_empty() { Ok(()) } else { self.line(text) }
    }

    fn line(self, line: &str) -> Result<(), Stop> {
        self.bytes(format!("{line}\n").as_bytes())
    }

    fn bytes(self, bytes: &[u8]) -> Result<(), Stop> {
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(|e| {
            if e.kind() == std::io::ErrorKind::BrokenPipe {
                return Stop::Quiet(code::PIPE);
            }
            Stop::Failed(Failure::new(airhatch_wire::Code::Internal, format!("cannot write the result: {e}")))
        })
    }
}

fn paint(colour: bool, style: Style, text: &str) -> String {
    if colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
}
