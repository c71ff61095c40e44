//! How fast bytes may move: one pace for all that leaves, one for all that arrives, changed while they do.
//!
//! A transfer books the time of one frame after the other; who books first goes first, so that all get the same share.
//! Waiting is the caller's: a booking may be waited for in pieces and is never lost to a cancelled wait, which is what
//! a rate limiter that waits by itself could not give.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use airhatch_wire::control::Limits;
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::{Duration, Instant, sleep_until};

/// The paces of an account.
#[derive(Default)]
pub struct Paces {
    /// Of what leaves.
    pub up: Pace,
    /// Of what arrives.
    pub down: Pace,
}

impl Paces {
    /// From here on these limits hold.
    pub fn set(&self, limits: &Limits) {
        self.up.set(limits.upload);
        self.down.set(limits.download);
    }
}

/// A number of bytes a second, or none.
pub struct Pace {
    /// Bytes a second; 0 for as fast as it goes.
    rate: AtomicU64,
    /// When everything booked so far has had its time.
    due: Mutex<Instant>,
}

impl Default for Pace {
    fn default() -> Self {
        Self { rate: AtomicU64::new(0), due: Mutex::new(Instant::now()) }
    }
}

impl Pace {
    fn set(&self, rate: Option<u64>) {
        self.rate.store(rate.unwrap_or(0), Ordering::Relaxed);
        // What was booked at another rate counts no more.
        *self.due.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Books the time that so many bytes take; returns when it begins.
    pub fn book(&self, bytes: usize) -> Instant {
        let now = Instant::now();
        let rate = self.rate.load(Ordering::Relaxed);
        let Some(micros) = micros_of(bytes).checked_div(rate) else { return now };
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let begins = now.max(*due);
        *due = begins + Duration::from_micros(micros);
        begins
    }
}

fn micros_of(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(1_000_000)
}

/// Frames that leave no faster than their pace.
pub struct Paced<'a> {
    frames: &'a mut mpsc::Receiver<Bytes>,
    pace: &'a Pace,
    next: Option<(Bytes, Instant)>,
}

impl<'a> Paced<'a> {
    /// `first`, then what comes out of `frames`.
    pub fn new(first: Bytes, frames: &'a mut mpsc::Receiver<Bytes>, pace: &'a Pace) -> Self {
        let begins = pace.book(first.len());
        Self { frames, pace, next: Some((first, begins)) }
    }

    /// The next frame when it is its time; `None` after the last. Nothing is lost when this is cancelled.
    pub async fn next(&mut self) -> Option<Bytes> {
        let begins = match &self.next {
            Some((_, begins)) => *begins,
            None => {
                let frame = self.frames.recv().await?;
                let begins = self.pace.book(frame.len());
                self.next = Some((frame, begins));
                begins
            }
        };
        sleep_until(begins).await;
        self.next.take().map(|(frame, _)| frame)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    const FRAME: usize = 1 << 18;

    #[test]
    fn three_mebibytes_at_one_a_second_take_three_seconds_however_they_are_shared() {
        let pace = Pace::default();
        pace.set(Some(1 << 20));
        let start = Instant::now();
        let last = (0..13).map(|_| pace.book(FRAME)).last().unwrap();
        let took = last.duration_since(start);
        assert!((2900..3100).contains(&took.as_millis()), "{took:?}");
    }

    #[test]
    fn without_a_limit_everything_goes_at_once_also_what_was_booked_under_one() {
        let pace = Pace::default();
        pace.set(Some(4096));
        for _ in 0..100 {
            pace.book(FRAME);
        }
        pace.set(None);
        let start = Instant::now();
        assert!((0..1000).all(|_| pace.book(FRAME) <= Instant::now()));
        pace.set(Some(1 << 20));
        assert!(pace.book(FRAME).duration_since(start) < Duration::from_secs(60));
    }

    #[tokio::test]
    async fn a_wait_that_is_cancelled_loses_no_frame_and_no_time() {
        let pace = Pace::default();
        let (sender, mut receiver) = mpsc::channel(4);
        for frame in ["b", "c"] {
            sender.try_send(Bytes::from(frame)).unwrap();
        }
        drop(sender);
        let mut paced = Paced::new(Bytes::from("a"), &mut receiver, &pace);
        let mut all = Vec::new();
        loop {
            let once = tokio::time::timeout(Duration::ZERO, paced.next()).await;
            match once {
                Ok(Some(frame)) => all.push(frame),
                Ok(None) => break,
                Err(_) => {}
            }
        }
        assert_eq!(all, ["a", "b", "c"]);
    }
}
