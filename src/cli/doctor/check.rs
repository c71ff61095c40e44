//! One check: what was looked at, what came of it, and what to do. Plain data, made by every part of doctor; knows
//! nothing of where it is printed.

use serde_json::{Value, json};

use crate::cli::json;

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The wall stands.
    Held,
    /// Something got through, or stands open.
    Broken,
    /// It holds, but this machine lacks a part of what was wanted.
    Weaker,
    /// This machine refuses it anyway, so the wall was not needed and nothing was proved.
    NotTestable,
    /// Nothing to judge: how this machine is.
    Fact,
}

/// Checks that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    /// Its name for scripts.
    pub(super) name: String,
    /// Its heading.
    pub(super) title: String,
    /// The checks.
    pub(super) checks: Vec<Check>,
}

impl Section {
    /// Some checks under a name and a heading.
    pub(super) fn new(name: impl Into<String>, title: impl Into<String>, checks: Vec<Check>) -> Self {
        Self { name: name.into(), title: title.into(), checks }
    }
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Check {
    /// What was looked at, as a short sentence or the end of "it tries to …".
    pub(super) name: String,
    /// What came of it.
    pub(super) verdict: Verdict,
    /// How that was seen, a sentence each.
    pub(super) details: Vec<String>,
    /// What to do about it, a sentence; empty when there is nothing to do.
    pub(super) hint: String,
    /// The line to type, where one line does it.
    pub(super) command: Option<String>,
}

impl Verdict {
    /// Its name for scripts.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Broken => "broken",
            Self::Weaker => "weaker",
            Self::NotTestable => "not_testable",
            Self::Fact => "fact",
        }
    }

    /// The verdict of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        let all = [Self::Held, Self::Broken, Self::Weaker, Self::NotTestable, Self::Fact];
        all.into_iter().find(|verdict| verdict.name() == name)
    }
}

impl Check {
    /// A check with its outcome and nothing more to say yet.
    pub(super) fn new(verdict: Verdict, name: impl Into<String>) -> Self {
        Self { name: name.into(), verdict, details: Vec::new(), hint: String::new(), command: None }
    }

    /// The same, with how it was seen.
    pub(super) fn detail(mut self, sentence: impl Into<String>) -> Self {
        self.details.push(sentence.into());
        self
    }

    /// The same, with what to do.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// The same, with the line to type.
    pub(super) fn command(mut self, command: impl Into<String>) -> Self {
        self.command = Some(command.into());
        self
    }

    /// For scripts.
    pub(super) fn object(&self, section: &str) -> Value {
        let fields = json!({
            "section": section,
            "name": self.name,
            "verdict": self.verdict.name(),
            "details": self.details,
            "hint": self.hint,
            "command": self.command,
        });
        json::object("check", fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_found_again_by_its_name() {
        for verdict in [Verdict::Held, Verdict::Broken, Verdict::Weaker, Verdict::NotTestable, Verdict::Fact]
        {
            assert_eq!(Verdict::named(verdict.name()), Some(verdict));
        }
        assert_eq!(Verdict::named("fine"), None);
    }

    #[test]
    fn a_script_finds_every_field_in_every_check() {
        let check = Check::new(Verdict::Broken, "the vault").detail("mode 0644").hint("close it");
        let expected = json!({
            "schema": 1, "type": "check", "section": "home", "name": "the vault", "verdict": "broken",
            "details": ["mode 0644"], "hint": "close it", "command": null,
        });
        assert_eq!(check.object("home"), expected);
        assert_eq!(check.command("chmod 600 x").object("home").get("command"), Some(&json!("chmod 600 x")));
    }
}
