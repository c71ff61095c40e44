//! How doctor's checks read: a heading for each section, a line for each check, the sum at the end; or an object a line.
//! Owns the counting. Knows nothing of how a check is made.

use airhatch_wire::untrusted;
use clap::builder::styling::AnsiColor;
use rustix::termios::tcgetwinsize;
use serde_json::{Value, json};

use super::check::{Check, Section, Verdict};
use crate::cli::exit::Stop;
use crate::cli::json;
use crate::cli::output::Output;
use crate::runtime::draws_unicode;
use crate::widgets::wrap;

/// The narrowest and the widest that lines are made for a terminal, columns.
const NARROWEST: usize = 40;
const WIDEST: usize = 100;

/// Columns before a check's name: a sign and the longest verdict.
const INDENT: usize = 18;

/// How many checks came out how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    held: usize,
    broken: usize,
    weaker: usize,
    not_testable: usize,
}

/// How lines look here.
#[derive(Clone, Copy, Debug)]
struct Look {
    out: Output,
    unicode: bool,
    columns: usize,
}

/// Prints checks and counts them.
#[derive(Debug)]
pub(super) struct Printer {
    look: Look,
    tally: Tally,
    /// The headings under which something did not hold.
    where_not: Vec<String>,
}

impl Printer {
    /// For this process's standard output. Lines are broken only for a terminal.
    pub(super) fn of_this_process(out: Output) -> Self {
        let columns = tcgetwinsize(std::io::stdout()).map(|size| usize::from(size.ws_col)).ok();
        let columns = columns
            .filter(|columns| *columns > 0)
            .map_or(usize::MAX, |columns| columns.clamp(NARROWEST, WIDEST));
        Self {
            look: Look { out, unicode: draws_unicode(), columns },
            tally: Tally::default(),
            where_not: Vec::new(),
        }
    }

    /// One section.
    ///
    /// # Errors
    /// When stdout is closed or full.
    pub(super) fn section(&mut self, section: &Section) -> Result<(), Stop> {
        self.count(section);
        let Section { name, checks, .. } = section;
        if self.look.out.json() {
            return checks.iter().try_for_each(|check| self.look.out.data(check.object(name), ""));
        }
        if checks.is_empty() { Ok(()) } else { self.look.out.data(Value::Null, &self.look.section(section)) }
    }

    fn count(&mut self, section: &Section) {
        let here = Tally::of(&section.checks);
        self.tally.add(here);
        if here.broken > 0 {
            self.where_not.push(section.title.clone());
        }
    }

    /// What no wall helps against.
    ///
    /// # Errors
    /// When stdout is closed or full.
    pub(super) fn caveats(&self, caveats: &[String]) -> Result<(), Stop> {
        if self.look.out.json() {
            let object = |text: &String| json::object("caveat", json!({ "text": text }));
            return caveats.iter().try_for_each(|text| self.look.out.data(object(text), ""));
        }
        self.look.out.data(Value::Null, &self.look.caveats(caveats))
    }

    /// Whether nothing got through and nothing stands open.
    pub(super) const fn all_held(&self) -> bool {
        self.tally.broken == 0
    }

    /// The sum of all.
    ///
    /// # Errors
    /// When stdout is closed or full.
    pub(super) fn sum(&self, exit: u8) -> Result<(), Stop> {
        let Tally { held, broken, weaker, not_testable } = self.tally;
        let fields = json!({
            "held": held, "broken": broken, "weaker": weaker, "not_testable": not_testable, "exit": exit,
        });
        self.look.out.data(json::object("doctor", fields), &self.look.sum(self.tally, &self.where_not))
    }
}

impl Tally {
    fn of(checks: &[Check]) -> Self {
        let mut tally = Self::default();
        checks.iter().for_each(|check| tally.count(check.verdict));
        tally
    }

    const fn count(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Held => self.held += 1,
            Verdict::Broken => self.broken += 1,
            Verdict::Weaker => self.weaker += 1,
            Verdict::NotTestable => self.not_testable += 1,
            Verdict::Fact => {}
        }
    }

    const fn add(&mut self, other: Self) {
        self.held += other.held;
        self.broken += other.broken;
        self.weaker += other.weaker;
        self.not_testable += other.not_testable;
    }

    /// `3 held, 1 NOT HELD`: what there is of each.
    fn words(self) -> String {
        let parts = [
            (self.held, Verdict::Held),
            (self.broken, Verdict::Broken),
            (self.weaker, Verdict::Weaker),
            (self.not_testable, Verdict::NotTestable),
        ];
        let some = parts.iter().filter(|(count, _)| *count > 0);
        some.map(|(count, verdict)| format!("{count} {}", word(*verdict))).collect::<Vec<_>>().join(", ")
    }
}

const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Held => "held",
        Verdict::Broken => "NOT HELD",
        Verdict::Weaker => "weaker",
        Verdict::NotTestable => "not testable",
        Verdict::Fact => "",
    }
}

impl Look {
    fn section(self, section: &Section) -> String {
        let Section { title, checks, .. } = section;
        let count = Tally::of(checks).words();
        let count = if count.is_empty() { count } else { format!("  ({count})") };
        let mut text = format!("{}{count}\n", self.out.strong(title));
        for (number, check) in checks.iter().enumerate() {
            // The same advice for many is given once, with the last of them.
            let mut later = checks.iter().skip(number + 1);
            let again = later.any(|later| later.hint == check.hint && later.command.is_none());
            self.check(check, again && check.command.is_none(), &mut text);
        }
        text
    }

    fn check(self, check: &Check, hint_comes: bool, text: &mut String) {
        let (sign, ascii, colour) = match check.verdict {
            Verdict::Held => ('✓', '+', Some(AnsiColor::Green)),
            Verdict::Broken => ('✗', 'X', Some(AnsiColor::Red)),
            Verdict::Weaker => ('!', '!', Some(AnsiColor::Yellow)),
            Verdict::NotTestable => ('?', '?', None),
            Verdict::Fact => ('·', '-', None),
        };
        let sign = if self.unicode { sign } else { ascii };
        let word = format!("{sign} {:12}", word(check.verdict));
        let word = colour.map_or(word.clone(), |colour| self.out.tinted(colour, &word));
        let mut head = format!("  {word}  ");
        for line in self.lines(&check.name) {
            text.push_str(&format!("{head}{line}\n"));
            head = " ".repeat(INDENT);
        }
        for line in check.details.iter().flat_map(|detail| self.lines(detail)) {
            text.push_str(&format!("{head}{line}\n"));
        }
        if !check.hint.is_empty() && !hint_comes {
            for line in self.lines(&format!("to do: {}", check.hint)) {
                text.push_str(&format!("{head}{line}\n"));
            }
        }
        // Whole, so that it can be copied.
        if let Some(command) = &check.command {
            text.push_str(&format!("{head}{}\n", self.out.strong(command)));
        }
    }

    fn caveats(self, caveats: &[String]) -> String {
        let mut text = format!("{}\n", self.out.strong("What none of this helps against"));
        let sign = if self.unicode { '·' } else { '-' };
        for caveat in caveats {
            let mut head = format!("  {sign} ");
            for line in wrap(caveat, self.columns.saturating_sub(4)) {
                text.push_str(&format!("{head}{line}\n"));
                head = " ".repeat(4);
            }
        }
        text
    }

    fn sum(self, tally: Tally, where_not: &[String]) -> String {
        let tally_words = self.out.strong(&tally.words());
        if where_not.is_empty() {
            return format!("{tally_words}\nEverything that can be tried here holds.");
        }
        let mut text = format!("{tally_words}\nNot everything holds; what to do stands above, under:");
        for title in where_not {
            text.push_str(&format!("\n  {title}"));
        }
        text
    }

    fn lines(self, text: &str) -> Vec<String> {
        wrap(&untrusted::escape(text), self.columns.saturating_sub(INDENT))
    }
}

#[cfg(test)]
mod tests;
