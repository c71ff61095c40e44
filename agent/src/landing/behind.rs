//! Making a landing durable while it goes on: a thread that syncs what was written and then notes it in the journal.
//! Started with the first step, so that a small transfer costs nothing for it. Called by [`super::writer`] only.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use airhatch_wire::peer::ItemHash;
use rustix::fs::syncfs;

use super::LandingError;
use super::journal::{Finished, Journal, Reached};
use super::plan::Mark;

/// From so many finished files on, the whole file system is made durable at once instead of each file.
const MANY: usize = 64;

/// What is handed over at once, bytes. While one step is being synced another gathers, and each may be longer by one
/// piece: together they stay below the 8 MiB that an interruption may cost.
const STEP: u64 = 3 << 20;

/// The longest that bytes wait for being handed over.
const STEP_TIME: Duration = Duration::from_secs(1);

/// What became complete, and what was written of the part after it.
pub(super) struct Step {
    /// Indices and hashes of the complete parts.
    pub(super) complete: Vec<Complete>,
    /// The part that goes on.
    pub(super) current: Option<File>,
    /// How far that is.
    pub(super) reached: Reached,
}

/// A part with all its bytes.
pub(super) struct Complete {
    /// Its file; `None` for an item that has none.
    pub(super) file: Option<(usize, u64)>,
    /// What it holds.
    pub(super) hash: ItemHash,
}

/// The side of the writing thread.
#[derive(Debug)]
pub(super) struct Behind {
    folder: OwnedFd,
    /// Here while no thread has it.
    journal: Option<Journal>,
    thread: Option<Running>,
    durable: Arc<AtomicU64>,
    handed: u64,
    handed_at: Instant,
}

#[derive(Debug)]
struct Running {
    steps: SyncSender<Step>,
    thread: JoinHandle<(Journal, Result<(), LandingError>)>,
}

impl Behind {
    /// For a landing of which so many bytes are durable already.
    pub(super) fn new(folder: OwnedFd, journal: Journal, durable: u64) -> Self {
        Self {
            folder,
            journal: Some(journal),
            thread: None,
            durable: Arc::new(AtomicU64::new(durable)),
            handed: durable,
            handed_at: Instant::now(),
        }
    }

    /// The counter of durable bytes.
    pub(super) fn durable(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.durable)
    }

    /// Whether so many written bytes are worth a step.
    pub(super) fn wants(&self, written: u64) -> bool {
        let waiting = written.saturating_sub(self.handed);
        waiting >= STEP || (waiting > 0 && self.handed_at.elapsed() >= STEP_TIME)
    }

    /// Whether the step must not wait any longer.
    fn must(&self, written: u64) -> bool {
        written.saturating_sub(self.handed) >= STEP
    }

    /// Hands a step over; gives it back when the thread is busy and the step can wait.
    pub(super) fn hand(&mut self, step: Step) -> Result<Option<Step>, LandingError> {
        let reached = step.reached.durable;
        self.start()?;
        let Some(running) = &self.thread else { return Ok(Some(step)) };
        let sent = match running.steps.try_send(step) {
            Err(TrySendError::Full(step)) if !self.must(reached) => return Ok(Some(step)),
            Err(TrySendError::Full(step)) => running.steps.send(step).is_ok(),
            Err(TrySendError::Disconnected(_)) => false,
            Ok(()) => true,
        };
        if !sent {
            self.stop()?;
        }
        (self.handed, self.handed_at) = (reached, Instant::now());
        Ok(None)
    }

    /// Waits for what was handed over.
    pub(super) fn stop(&mut self) -> Result<(), LandingError> {
        let Some(Running { steps, thread }) = self.thread.take() else { return Ok(()) };
        drop(steps);
        let panicked = |_| LandingError::Io(std::io::Error::other("the syncing thread has ended"));
        let (journal, outcome) = thread.join().map_err(panicked)?;
        self.journal = Some(journal);
        outcome
    }

    /// Syncs and notes a step here and now.
    pub(super) fn keep(&mut self, step: Step) -> Result<(), LandingError> {
        self.stop()?;
        let Some(journal) = &mut self.journal else { return Ok(()) };
        step.keep(&self.folder, journal, &self.durable)?;
        self.handed = self.durable.load(Ordering::Relaxed);
        Ok(())
    }

    fn start(&mut self) -> Result<(), LandingError> {
        let (None, Some(journal)) = (&self.thread, self.journal.take()) else { return Ok(()) };
        let (folder, durable) = (self.folder.try_clone()?, Arc::clone(&self.durable));
        let (steps, receiver) = sync_channel(0);
        let work = move || run(&folder, journal, &receiver, &durable);
        let thread = std::thread::Builder::new().name("airhatch-sync".to_owned()).spawn(work)?;
        self.thread = Some(Running { steps, thread });
        Ok(())
    }
}

fn run(
    folder: &OwnedFd,
    mut journal: Journal,
    steps: &Receiver<Step>,
    durable: &AtomicU64,
) -> (Journal, Result<(), LandingError>) {
    for step in steps {
        if let Err(error) = step.keep(folder, &mut journal, durable) {
            return (journal, Err(error));
        }
    }
    (journal, Ok(()))
}

impl Step {
    fn keep(self, folder: &OwnedFd, journal: &mut Journal, durable: &AtomicU64) -> Result<(), LandingError> {
        if let Some(current) = &self.current {
            current.sync_data()?;
        }
        let files = self.complete.iter().filter_map(|complete| complete.file);
        sync_parts(folder, files)?;
        let mut finished = Vec::with_capacity(self.complete.len());
        for Complete { file, hash } in self.complete {
            let mark = match file {
                Some((index, _)) => Mark::of(folder, &index.to_string())?,
                None => None,
            };
            finished.push(Finished { mark, hash });
        }
        let reached = self.reached;
        match journal.note(folder, finished, reached) {
            Ok(()) => durable.store(reached.durable, Ordering::Relaxed),
            // The parts have their space: they go on, and more is repeated if they are interrupted now.
            Err(LandingError::DiskFull) => tracing::debug!("no space to note how far a transfer is"),
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// Makes complete parts durable, given as index and inode.
pub(super) fn sync_parts(
    folder: &OwnedFd,
    parts: impl Iterator<Item = (usize, u64)> + Clone,
) -> Result<(), LandingError> {
    if parts.clone().count() >= MANY {
        return Ok(syncfs(folder)?);
    }
    for (index, inode) in parts {
        super::writer::open_part(folder, index, inode)?.sync_all()?;
    }
    Ok(())
}
