//! `airhatch demo`: a CA, you and a friend on this machine, in a folder of their own; nothing is left behind.
//!
//! Called by `main`. Its folder and files are made before the jail; all that happens with them happens in it. The warden
//! of a demonstration stops everything and removes the folder when this program ends, however it ends. Must never know:
//! the user's own accounts.

mod gifts;
mod ground;
mod person;
mod scene;
mod steps;
mod story;
mod world;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use airhatch_wire::control::Jail;
use airhatch_wire::{Code, Failure};
use clap::Args;
use rustix::rand::{GetRandomFlags, getrandom};

use crate::cli::{Output, Stop, in_time, interrupted};
use crate::jail;
use crate::runtime::{self, Ready, Start};
use ground::Ground;
use steps::Steps;
use world::World;

/// A demonstration.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Run the whole story without a screen: each step with its time, exit code 0 when all went well
    #[arg(long)]
    headless: bool,
    /// Use this new or empty folder, and keep it afterwards
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

impl Demo {
    /// Runs it to its end or to a signal; everything that it started is gone afterwards. Without a screen it takes no
    /// longer than `time`.
    ///
    /// # Errors
    /// What failed; a signal's exit code.
    pub(crate) fn run(self, out: Output, time: Option<Duration>) -> Result<(), Stop> {
        let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        if !self.headless && !terminal {
            let failure = Failure::new(Code::Invalid, "the demonstration needs a terminal");
            return Err(failure.hint("without one: airhatch demo --headless").into());
        }
        let began = Instant::now();
        let kept = self.keep.clone();
        let ready = if self.headless { None } else { Some(runtime::get_ready()?) };
        let ground = Ground::lay(self.keep)?;
        let home = ground.home.clone();
        // Only the story compares the files.
        let readable = if self.headless { ground.to_compare() } else { Vec::new() };
        jail::inside(&home, readable, async |jail| {
            let mut world = World::begin(ground).await?;
            let outcome = match ready {
                None => unless_interrupted(in_time(time, story::whole(&mut world, Steps::new(out)))).await,
                Some(ready) => on_screen(&mut world, out, ready, jail).await,
            };
            let gone = world.tear_down().await;
            outcome?;
            gone?;
            if self.headless { Steps::new(out).over(began.elapsed(), kept.as_deref()) } else { Ok(()) }
        })?
    }
}

/// Sets the scene and gives it to the full-screen program.
async fn on_screen(world: &mut World, out: Output, ready: Ready, jail: Jail) -> Result<(), Stop> {
    out.talk("setting up a CA, you and a friend …");
    unless_interrupted(async { Ok(scene::set(world).await?) }).await?;
    out.talk(&world.hints());
    let (warden, account) = (world.warden().clone(), Some(world.you.email.clone()));
    match runtime::run(Start { ready, jail, warden, account, demo: true }).await? {
        0 => Ok(()),
        exit => Err(Stop::Quiet(exit)),
    }
}

async fn unless_interrupted(work: impl Future<Output = Result<(), Stop>>) -> Result<(), Stop> {
    tokio::select! {
        outcome = work => outcome,
        exit = interrupted() => Err(Stop::Quiet(exit)),
    }
}

/// Random hexadecimal digits, two for each of `bytes`.
fn random_digits(bytes: usize) -> Result<String, Failure> {
    let mut random = vec![0; bytes];
    // Reads of up to 256 bytes are never cut short.
    getrandom(&mut random, GetRandomFlags::empty())
        .map_err(|e| Failure::new(Code::Internal, format!("no random numbers: {e}")))?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}
