//! `airhatch doctor`: what keeps this program and the agents in, tried on the user's own machine. A line for each check:
//! held or not, and what to do.
//!
//! It has two halves. The first runs free, since it lays bait and starts children: it attacks both jails ([`attacks`]) and
//! looks at the machine and the home. The second asks the warden and the agents in the jail, as every other command does:
//! nobody's words meet a free program.
//!
//! The exit code is 1 when something got through or stands open, whatever the reason, else 0: what this machine cannot
//! test, and a part of a jail that its kernel lacks while all attacks fail, are told and are no failure.

mod advice;
mod attacks;
mod check;
mod folders;
mod machine;
mod print;
mod programs;
mod trial;

use airhatch_jail::Profile;
use clap::Args;

use super::exit::{Stop, code};
use super::output::Output;
use super::{Global, in_time, interrupted};
use crate::home::Home;
use crate::jail;
use crate::link::{Launched, WardenMode, launch};
use check::{Check, Section};
use print::Printer;
pub(crate) use trial::{COMMAND as ATTACKER, Trial};

/// It takes only the options that every command has.
#[derive(Debug, Args)]
pub(crate) struct Doctor;

impl Doctor {
    /// Runs all checks. For a process with one thread.
    ///
    /// # Errors
    /// Exit code 1 when a check did not hold; when there is no home, or stdout is closed or full.
    pub(super) fn run(&self, global: &Global) -> Result<(), Stop> {
        let mut printer = Printer::of_this_process(Output::new(global));
        printer.section(&Section::new("machine", "This machine", machine::checks()))?;
        for profile in [Profile::Front, Profile::Agent] {
            attacks::on(profile).iter().try_for_each(|section| printer.section(section))?;
        }
        let home = Home::of_this_user()?;
        printer.section(&Section::new("home", "Your files", folders::checks(&home)))?;
        let caveats = machine::caveats();
        printer.section(&Section::new("programs", "Warden, engine and agents", ask(global, &home)?))?;
        printer.caveats(&caveats)?;
        let exit = if printer.all_held() { 0 } else { code::OTHER };
        printer.sum(exit)?;
        if exit == 0 { Ok(()) } else { Err(Stop::Quiet(exit)) }
    }
}

/// The half in the jail. A warden that does not start and a jail that cannot be entered are findings.
fn ask(global: &Global, home: &Home) -> Result<Vec<Check>, Stop> {
    let launched = match launch(home, WardenMode::Accounts) {
        Ok(launched) => launched,
        Err(failure) => return Ok(vec![programs::failed("the warden does not start", &failure)]),
    };
    let outcome = jail::inside(home, Vec::new(), async |report| {
        let mut checks = vec![programs::own_jail(&report)];
        let asked = asked(global, home, launched, &mut checks);
        tokio::select! {
            outcome = asked => outcome.map(|()| checks),
            exit = interrupted() => Err(Stop::Quiet(exit)),
        }
    });
    outcome.unwrap_or_else(|failure| Ok(vec![programs::failed("this program is not in its jail", &failure)]))
}

async fn asked(
    global: &Global,
    home: &Home,
    launched: Launched,
    checks: &mut Vec<Check>,
) -> Result<(), Stop> {
    let work = async {
        checks.extend(programs::checks(global.account.as_ref(), home, launched).await);
        Ok(())
    };
    in_time(global.timeout, work).await
}
