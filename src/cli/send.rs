//! `airhatch send`: stages files, folders, a text or the standard input, and offers them to one or more contacts.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use airhatch_wire::control::{Command, NOTE_LIMIT, TransferView};
use airhatch_wire::warden::Choice;
use airhatch_wire::{Code, Email, Failure, StageId};
use clap::Args;

use super::context::{Attached, Context};
use super::exit::{Stop, code};
use super::follow::{Ended, Follow, settle};
use super::{duration, json, transfer};
use crate::stages;

mod goods;
mod stage;

use goods::Goods;
use stage::stage;

/// What to send to whom.
#[derive(Debug, Args)]
pub(crate) struct Send {
    /// Emails of contacts, then paths of files and folders; - sends what comes in at the standard input
    #[arg(value_name = "EMAIL… PATH…", required = true)]
    words: Vec<OsString>,
    /// After --, only paths (then everything before it is an email)
    #[arg(last = true, value_name = "PATH")]
    paths: Vec<OsString>,
    /// Leave out of the folders what matches this, as in a .gitignore file; can be given several times
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// Leave out of the folders what their .gitignore files say, and .git itself
    #[arg(long)]
    gitignore: bool,
    /// Send this text, as a small text file
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// What the text or the standard input is called [default: message.txt, stdin]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// A line to go with it
    #[arg(long, default_value = "")]
    note: String,
    /// Follow until it is over; the exit code tells how it ended
    #[arg(long, visible_alias = "follow", conflicts_with = "detach")]
    wait: bool,
    /// Come back as soon as the agent has it (the default); prints the id
    #[arg(long)]
    detach: bool,
    /// How long the offer stands, like 90m, 12h or 7d
    #[arg(long, value_name = "TIME", value_parser = duration)]
    expires: Option<Duration>,
}

impl Send {
    /// Does it.
    pub(crate) async fn run(self, context: &Context) -> Result<(), Stop> {
        let (recipients, goods) = self.parts()?;
        let attached = context.attach().await?;
        let follow = match self.wait {
            true => Some(Follow::new(context, &attached, attached.agent.watch(false).await?)),
            false => None,
        };
        let choice = Choice { excludes: self.exclude.clone(), gitignore: self.gitignore };
        let stage = stage(context, &attached.account, goods, choice).await?;
        let (offers, refused) = self.offer(context, &attached, &recipients, stage).await?;
        let Some(mut follow) = follow else {
            for view in &offers {
                context.out.data(json::transfer(view), &view.id.to_string())?;
            }
            return refused;
        };
        for view in offers {
            follow.add(view)?;
        }
        let ended = follow.until_over().await?;
        if ended.iter().all(|one: &Ended| one.view.state.is_over()) {
            stages::release(context.warden(), &attached.account, vec![stage]).await?;
        }
        settle(context, &ended).and(refused)
    }

    /// What can be known to be wrong before anything is started.
    ///
    /// # Errors
    /// What is wrong.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        self.parts().map(drop)
    }

    /// Recipients, and what goes to them.
    fn parts(&self) -> Result<(Vec<Email>, Goods), Failure> {
        let (recipients, paths) = sort(&self.words, &self.paths, self.text.is_some())?;
        let goods = Goods::new(&paths, self.text.as_deref(), self.name.as_deref())?;
        if self.note.len() > NOTE_LIMIT {
            let message = format!("the note has {} bytes, {NOTE_LIMIT} are possible", self.note.len());
            return Err(Failure::new(Code::TooLarge, message).hint("send a shorter note, or a text file"));
        }
        Ok((recipients, goods))
    }

    /// Offers the stage to each recipient. Refusals are told; when all refuse, the stage goes.
    async fn offer(
        &self,
        context: &Context,
        attached: &Attached,
        recipients: &[Email],
        stage: StageId,
    ) -> Result<(Vec<TransferView>, Result<(), Stop>), Stop> {
        let lifetime = self.expires.map(|time| u32::try_from(time.as_secs()).unwrap_or(u32::MAX));
        let mut offers = Vec::new();
        let mut last_refusal = None;
        for to in recipients {
            let command = Command::Send { to: to.clone(), stage, note: self.note.clone(), lifetime };
            match transfer::changed(attached, command).await {
                Ok(view) => offers.push(view),
                Err(Stop::Failed(failure)) => {
                    if let Some(Stop::Failed(earlier)) = last_refusal.replace(Stop::Failed(failure)) {
                        context.out.failure(&earlier);
                    }
                }
                Err(stop) => return Err(stop),
            }
        }
        match last_refusal {
            None => Ok((offers, Ok(()))),
            Some(refusal) if offers.is_empty() => {
                stages::release(context.warden(), &attached.account, vec![stage]).await?;
                Err(refusal)
            }
            Some(refusal) => {
                if let Stop::Failed(failure) = &refusal {
                    context.out.failure(failure);
                }
                Ok((offers, Err(Stop::Quiet(code::PARTIAL))))
            }
        }
    }
}

/// Which words are recipients and which are paths. Without `--`, recipients come first: everything that reads as
/// an email, up to the first word that does not, or that (after the first) is a file here.
fn sort(
    words: &[OsString],
    after_dashes: &[OsString],
    has_text: bool,
) -> Result<(Vec<Email>, Vec<PathBuf>), Failure> {
    let email = |word: &OsString| word.to_str().and_then(|text| text.parse::<Email>().ok());
    let usage = |message: &str| {
        Failure::new(Code::Invalid, message).hint("like this: airhatch send bob@example.org report.pdf")
    };
    let count = if after_dashes.is_empty() {
        let is_recipient =
            |(i, word): (usize, &OsString)| email(word).is_some() && (i == 0 || !Path::new(word).exists());
        words.iter().enumerate().take_while(|word| is_recipient(*word)).count()
    } else {
        words.len()
    };
    let (recipients, paths) = words.split_at(count);
    let recipients: Vec<Email> = recipients
        .iter()
        .map(email)
        .collect::<Option<_>>()
        .ok_or_else(|| usage("only emails go before --"))?;
    let paths: Vec<PathBuf> = paths.iter().chain(after_dashes).map(PathBuf::from).collect();
    if recipients.is_empty() {
        return Err(usage("the first word must be the email of a contact"));
    }
    if paths.is_empty() && !has_text {
        return Err(usage("there is no file to send"));
    }
    Ok((recipients, paths))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn sorted(words: &[&str], after: &[&str]) -> Result<(usize, usize), Code> {
        let own = |list: &[&str]| list.iter().map(OsString::from).collect::<Vec<_>>();
        sort(&own(words), &own(after), false).map(|(to, paths)| (to.len(), paths.len())).map_err(|f| f.code)
    }

    #[test]
    fn recipients_come_first_and_paths_after_them() {
        assert_eq!(sorted(&["bob@x.org", "a.txt", "b.txt"], &[]), Ok((1, 2)));
        assert_eq!(sorted(&["bob@x.org", "eve@x.org", "a.txt"], &[]), Ok((2, 1)));
        assert_eq!(sorted(&["bob@x.org", "eve@x.org"], &["a@b"]), Ok((2, 1)));
        for wrong in [&["a.txt"][..], &["bob@x.org"], &["bob@x.org", "eve@x.org"]] {
            assert_eq!(sorted(wrong, &[]), Err(Code::Invalid), "{wrong:?}");
        }
        assert_eq!(sorted(&["bob@x.org", "a.txt"], &["b.txt"]), Err(Code::Invalid));
    }

    #[test]
    fn a_file_whose_name_reads_as_an_email_is_sent_and_not_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("notes@home");
        std::fs::write(&file, "x").unwrap();
        let words = ["bob@x.org".into(), OsString::from(&file)];
        assert_eq!(sort(&words, &[], false).unwrap().1, [file]);
    }

    #[test]
    fn a_text_needs_no_path() {
        let words = [OsString::from("bob@x.org")];
        assert_eq!(sort(&words, &[], true).unwrap().1, [] as [PathBuf; 0]);
        assert!(sort(&words, &[], false).is_err());
    }
}
