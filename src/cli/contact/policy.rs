//! `airhatch contact policy`: what happens to the offers of one contact, whether somebody watches or not.

use std::time::Duration;

use airhatch_wire::control::{Budget, Command, ContactPolicy, FileEnding};
use airhatch_wire::{Code, Email, Failure, UnixMillis};
use clap::{Args, ValueEnum};

use crate::cli::context::Context;
use crate::cli::exit::Stop;
use crate::cli::policy::size;
use crate::cli::{duration, json};
use crate::text;
use crate::zone::zone;

/// Whose rule, and what it is to be; without a rule the present one is shown.
#[derive(Debug, Args)]
pub(crate) struct Policy {
    /// The contact
    email: Email,
    /// What happens to their offers, whether you watch or not
    #[arg(value_enum)]
    rule: Option<Rule>,
    /// auto: the largest file, like 10MB
    #[arg(long, value_name = "SIZE", value_parser = size, required_if_eq("rule", "auto"))]
    per_file: Option<u64>,
    /// auto: the most in one day (UTC), like 100MB
    #[arg(long, value_name = "SIZE", value_parser = size, required_if_eq("rule", "auto"))]
    per_day: Option<u64>,
    /// auto: only files of these types, like pdf,jpg; all types when left out
    #[arg(long, value_name = "ENDINGS", value_delimiter = ',')]
    types: Vec<FileEnding>,
    /// auto: how long the rule holds, like 30d; for good when left out
    #[arg(long, value_name = "TIME", value_parser = duration)]
    until: Option<Duration>,
}

/// Kinds of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Rule {
    /// No rule: as the account's policy says
    Account,
    /// They wait for you
    Ask,
    /// They are denied at once
    Never,
    /// They are accepted within a budget while the contact is verified; the rest waits for you
    Auto,
}

impl Policy {
    /// Does it.
    pub(super) async fn run(self, context: &Context) -> Result<(), Stop> {
        let now = UnixMillis::now();
        let policy = self.wanted(now)?;
        let attached = context.attach().await?;
        let contact = match policy {
            Some(policy) => {
                let command = Command::SetContactPolicy { email: self.email, policy };
                super::changed(&attached, command).await?
            }
            None => super::one(&attached, &self.email).await?,
        };
        let words = format!("{}: {}", contact.email, text::rule(&contact, now, zone()));
        context.out.data(json::contact(&contact), &words)
    }

    fn wanted(&self, now: UnixMillis) -> Result<Option<ContactPolicy>, Failure> {
        let has_budget = self.per_file.is_some()
            || self.per_day.is_some()
            || !self.types.is_empty()
            || self.until.is_some();
        match (self.rule, self.per_file, self.per_day) {
            (Some(Rule::Auto), Some(per_file), Some(per_day)) => {
                let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
                let until = self.until.map(|time| now.plus(millis(time)));
                let endings = self.types.clone();
                Ok(Some(ContactPolicy::Auto(Budget { per_file, per_day, endings, until })))
            }
            _ if has_budget => {
                let failure = Failure::new(Code::Invalid, "a budget belongs to the rule auto");
                Err(failure.hint("airhatch contact policy EMAIL auto --per-file 10MB --per-day 100MB"))
            }
            (rule, ..) => Ok(match rule {
                None | Some(Rule::Auto) => None,
                Some(Rule::Account) => Some(ContactPolicy::Account),
                Some(Rule::Ask) => Some(ContactPolicy::Ask),
                Some(Rule::Never) => Some(ContactPolicy::Never),
            }),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        policy: Policy,
    }

    fn read(words: &str) -> Result<Option<ContactPolicy>, String> {
        let words = ["policy", "bob@example.org"].into_iter().chain(words.split_whitespace());
        let line = Line::try_parse_from(words).map_err(|error| error.to_string())?;
        line.policy.wanted(UnixMillis(1000)).map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_rule_reads_with_its_budget() {
        let budget = Budget {
            per_file: 10_000_000,
            per_day: 100 << 20,
            endings: vec!["pdf".parse().unwrap(), "jpg".parse().unwrap()],
            until: Some(UnixMillis(1000 + 30 * 86_400_000)),
        };
        let words = "auto --per-file 10MB --per-day 100MiB --types PDF,.jpg --until 30d";
        assert_eq!(read(words), Ok(Some(ContactPolicy::Auto(budget))));
        assert_eq!(read(""), Ok(None));
        assert_eq!(read("account"), Ok(Some(ContactPolicy::Account)));
        assert_eq!(read("ask"), Ok(Some(ContactPolicy::Ask)));
        assert_eq!(read("never"), Ok(Some(ContactPolicy::Never)));
    }

    #[test]
    fn a_budget_that_is_incomplete_or_belongs_to_nothing_is_refused() {
        for wrong in [
            "auto",
            "auto --per-file 1MB",
            "auto --per-day 1MB",
            "ask --per-day 1MB",
            "--types pdf",
            "never --until 1d",
            "auto --per-file 1MB --per-day 1MB --types a/b",
            "auto --per-file much --per-day 1MB",
            "always",
        ] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
