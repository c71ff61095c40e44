//! The programs as they run now: this one in its jail, the warden, the container engine, and each account's agent.
//!
//! Runs in the jail. Starts no agent; asks those that run.

use std::fs::File;
use std::io::ErrorKind;

use airhatch_wire::control::{AccountView, Command, Jail, JailStrength, Phase};
use airhatch_wire::warden::{self, AccountRecord, Engine, Isolation, RuntimeKind};
use airhatch_wire::{Code, Email, Failure, UnixMillis, Untrusted};

use super::advice;
use super::check::{Check, Verdict};
use crate::cli::context::account_of;
use crate::cli::human;
use crate::home::Home;
use crate::link::{Launched, WardenLink, unexpected};

/// Something that went wrong before there was anything to look at.
pub(super) fn failed(what: &str, failure: &Failure) -> Check {
    Check::new(Verdict::Broken, what).detail(failure.message.shown()).hint(failure.hint.shown())
}

/// This very process.
pub(super) fn own_jail(jail: &Jail) -> Check {
    jailed("this program", jail)
}

/// The warden and whom it knows; one account's when that is asked for.
pub(super) async fn checks(wanted: Option<&Email>, home: &Home, launched: Launched) -> Vec<Check> {
    let warden = match WardenLink::begin(launched).await {
        Ok(warden) => warden,
        Err(failure) => return vec![failed("the warden does not answer", &failure)],
    };
    let mut checks = vec![Check::new(Verdict::Held, "the warden answers")];
    checks.extend(engine(&warden).await);
    match accounts(&warden).await {
        Ok(records) => {
            let meant =
                records.into_iter().filter(|record| wanted.is_none_or(|wanted| record.account == *wanted));
            for record in meant {
                checks.extend(own_vault(home, &record));
                checks.push(isolation(&warden, &record).await);
                checks.extend(agent(&warden, &record).await);
            }
        }
        Err(failure) => checks.push(failed("the warden does not tell the accounts", &failure)),
    }
    checks
}

async fn accounts(warden: &WardenLink) -> Result<Vec<AccountRecord>, Failure> {
    match warden.request(warden::Command::Accounts).await? {
        warden::Reply::Accounts(records) => Ok(records),
        _ => Err(unexpected()),
    }
}

/// No engine is no failure: agents run as processes then.
async fn engine(warden: &WardenLink) -> Vec<Check> {
    match warden.request(warden::Command::Engine).await {
        Ok(warden::Reply::Engine(engine)) => known(&engine),
        Ok(_) => vec![failed("the warden does not tell the engine", &unexpected())],
        Err(failure) => {
            let none = Check::new(Verdict::Fact, "no container engine: agents run as processes of yours");
            vec![none.detail(failure.message.shown()).hint(failure.hint.shown())]
        }
    }
}

fn known(engine: &Engine) -> Vec<Check> {
    let rights = if engine.rootless { "without root's rights" } else { "with root's rights" };
    let name = format!("{} at {}, {rights}", engine.product.shown(), engine.socket.shown());
    let image = match &engine.image {
        Ok(image) => Check::new(Verdict::Fact, format!("the agents' image is there: {}", image.shown())),
        Err(failure) => Check::new(Verdict::Fact, "the agents' image cannot be used: no new containers")
            .detail(failure.message.shown())
            .hint(failure.hint.shown()),
    };
    vec![Check::new(Verdict::Fact, name), image]
}

/// An attack for real: on the user's own keys, by this program as it is now. None where they are elsewhere.
fn own_vault(home: &Home, record: &AccountRecord) -> Option<Check> {
    let vault = home.accounts().join(record.account.as_str()).join("agent/state/vault");
    let name = format!("{}: this program cannot open the keys", record.account);
    match File::open(vault) {
        Err(e) if e.kind() == ErrorKind::PermissionDenied => Some(Check::new(Verdict::Held, name)),
        Err(_) => None,
        Ok(_) => Some(
            Check::new(Verdict::Broken, format!("{}: this program can open the keys", record.account))
                .hint(advice::SEE_ABOVE),
        ),
    }
}

async fn isolation(warden: &WardenLink, record: &AccountRecord) -> Check {
    let command = warden::Command::Isolation { account: record.account.clone() };
    match warden.request(command).await {
        Ok(warden::Reply::Isolation(isolation)) => walls(&record.account, &isolation),
        Ok(_) => failed(&format!("{}: the warden does not tell its walls", record.account), &unexpected()),
        Err(failure) => failed(&format!("{}: its walls cannot be seen", record.account), &failure),
    }
}

fn walls(account: &Email, isolation: &Isolation) -> Check {
    let Isolation { runtime, place, missing } = isolation;
    match runtime {
        RuntimeKind::Process => Check::new(
            Verdict::Fact,
            format!("{account}: its agent runs as a process of yours, in its own jail"),
        ),
        RuntimeKind::Container if missing.is_empty() => {
            Check::new(Verdict::Held, format!("{account}: in container {}, as asked", place.shown()))
        }
        RuntimeKind::Container => {
            let check =
                Check::new(Verdict::Weaker, format!("{account}: in container {}, but", place.shown()));
            let check = missing.iter().map(Untrusted::shown).fold(check, Check::detail);
            check.hint(format!(
                "airhatch logout {account}, then airhatch login {account} makes the container anew; what stays, the \
                 engine cannot give on this machine"
            ))
        }
    }
}

/// What a running agent says about itself.
async fn agent(warden: &WardenLink, record: &AccountRecord) -> Vec<Check> {
    let account = &record.account;
    let link = match warden.open_control(account.clone(), false).await {
        Ok(link) => link,
        Err(failure) if failure.code == Code::AgentDown => {
            return vec![Check::new(Verdict::Fact, format!("{account}: logged out, no agent runs"))];
        }
        Err(failure) => return vec![failed(&format!("{account}: its agent cannot be reached"), &failure)],
    };
    match account_of(&link, Command::Status).await {
        Ok(view) => {
            let mut checks = vec![jailed(&format!("{account}: its agent"), &view.jail)];
            checks.extend(certificate(account, &view, UnixMillis::now()));
            checks
        }
        Err(failure) => vec![failed(&format!("{account}: its agent does not answer"), &failure)],
    }
}

fn jailed(who: &str, jail: &Jail) -> Check {
    let word = match jail.strength {
        JailStrength::Whole => return Check::new(Verdict::Held, format!("{who} is jailed")),
        JailStrength::Partial => "partly jailed",
        JailStrength::None => "not jailed",
    };
    let check = Check::new(Verdict::Weaker, format!("{who} is {word}"));
    jail.sentences.iter().map(Untrusted::shown).fold(check, Check::detail).hint(advice::SEE_ABOVE)
}

/// A certificate is renewed long before its end: one that is over means a wrong clock or a CA that is gone.
fn certificate(account: &Email, view: &AccountView, now: UnixMillis) -> Option<Check> {
    let until = view.certificate_until.filter(|until| view.phase == Phase::Ready && *until < now)?;
    let when = human::moment(now, until);
    let check = Check::new(Verdict::Weaker, format!("{account}: its certificate ended {when}"));
    Some(check.hint("check this machine's clock, and that the CA can be reached: airhatch status"))
}

#[cfg(test)]
mod tests;
