//! How fast bytes move and how long it will take, from samples at irregular times.
//!
//! Two exponential averages: the rate forgets half of what it knew in a second, the one behind the time left in ten,
//! so that the first follows what happens and the second does not jump.

use std::collections::VecDeque;

/// Half-life of the shown rate, milliseconds.
const RATE_HALF_LIFE: f64 = 1_000.0;

/// Half-life of the rate behind the time left, milliseconds.
const LEFT_HALF_LIFE: f64 = 10_000.0;

/// No time left is told before this much time of moving, milliseconds.
const LEFT_HIDDEN: u64 = 2_000;

/// How long silence is taken for the time between two samples, milliseconds.
const SILENCE: u64 = 1_000;

/// How much time one step of the trace stands for, milliseconds.
const STEP: u64 = 500;

/// Steps of the trace that are kept.
const STEPS: usize = 48;

/// The speed of one transfer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Meter {
    began: Option<u64>,
    last: Option<(u64, u64)>,
    rate: f64,
    slow: f64,
    trace: Trace,
}

/// Bytes by steps of time, the oldest first; the last one is not over yet.
#[derive(Clone, Debug, Default, PartialEq)]
struct Trace {
    step: u64,
    bytes: VecDeque<u64>,
}

impl Meter {
    /// Takes a sample: so many bytes in all, at this tick.
    pub(crate) fn sample(&mut self, tick: u64, moved: u64) {
        let Some((before, had)) = self.last else {
            self.began = Some(tick);
            self.last = Some((tick, moved));
            return;
        };
        let elapsed = tick.saturating_sub(before);
        if elapsed == 0 {
            return;
        }
        self.trace.add(tick, moved.saturating_sub(had));
        let per_second = moved.saturating_sub(had) as f64 * 1_000.0 / elapsed as f64;
        let age = tick.saturating_sub(self.began.unwrap_or(tick));
        self.rate = blend(self.rate, per_second, elapsed, age, RATE_HALF_LIFE);
        self.slow = blend(self.slow, per_second, elapsed, age, LEFT_HALF_LIFE);
        self.last = Some((tick, moved));
    }

    /// Bytes a second, fading when nothing comes any more.
    pub(crate) fn rate(&self, tick: u64) -> u64 {
        let silent = self.last.map_or(0, |(last, _)| tick.saturating_sub(last)).saturating_sub(SILENCE);
        (self.rate * fading(silent, RATE_HALF_LIFE)) as u64
    }

    /// Bytes of each step of time that is over, the oldest first: how the rate went.
    pub(crate) fn trace(&self, tick: u64) -> Vec<u64> {
        let mut trace = self.trace.clone();
        trace.add(tick, 0);
        trace.bytes.pop_back();
        trace.bytes.into()
    }

    /// Seconds left for so many bytes; `None` while that would be guessing.
    pub(crate) fn left(&self, tick: u64, bytes: u64) -> Option<u64> {
        let moving = tick.saturating_sub(self.began?);
        let (last, _) = self.last?;
        let silent = tick.saturating_sub(last).saturating_sub(SILENCE);
        let speed = self.slow * fading(silent, LEFT_HALF_LIFE);
        (moving >= LEFT_HIDDEN && speed >= 1.0).then(|| (bytes as f64 / speed).round() as u64)
    }
}

impl Trace {
    fn add(&mut self, tick: u64, bytes: u64) {
        let step = tick / STEP;
        let silent = if self.bytes.is_empty() { 1 } else { step.saturating_sub(self.step) };
        let new = usize::try_from(silent).unwrap_or(STEPS).min(STEPS);
        self.bytes.extend(std::iter::repeat_n(0, new));
        self.bytes.drain(..self.bytes.len().saturating_sub(STEPS));
        self.step = self.step.max(step);
        if let Some(last) = self.bytes.back_mut() {
            *last = last.saturating_add(bytes);
        }
    }
}

fn fading(milliseconds: u64, half_life: f64) -> f64 {
    0.5_f64.powf(milliseconds as f64 / half_life)
}

/// The average after a sample that covers `elapsed`. While young, the average is that of all samples so far: what it
/// began with has no weight.
fn blend(before: f64, sample: f64, elapsed: u64, age: u64, half_life: f64) -> f64 {
    let kept = fading(elapsed, half_life);
    let known = 1.0 - fading(age, half_life);
    let weight = if known > 0.0 { ((1.0 - kept) / known).min(1.0) } else { 1.0 };
    before * (1.0 - weight) + sample * weight
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steady(seconds: u64, per_second: u64) -> Meter {
        let mut meter = Meter::default();
        for step in 0..=seconds * 4 {
            meter.sample(step * 250, step * per_second / 4);
        }
        meter
    }

    #[test]
    fn a_steady_stream_has_its_own_rate_from_the_beginning() {
        for seconds in [1, 3, 30] {
            let rate = steady(seconds, 1_000_000).rate(seconds * 1_000);
            assert!((999_000..=1_001_000).contains(&rate), "{rate} after {seconds} s");
        }
    }

    #[test]
    fn half_of_a_change_is_seen_after_a_second() {
        let mut meter = steady(20, 1_000_000);
        (1..=4).for_each(|step| meter.sample(20_000 + step * 250, 20_000_000));
        let rate = meter.rate(21_000);
        assert!((490_000..=510_000).contains(&rate), "{rate}");
    }

    #[test]
    fn the_time_left_is_hidden_for_two_seconds_and_then_right() {
        assert_eq!(steady(1, 1_000_000).left(1_000, 5_000_000), None);
        assert_eq!(steady(2, 1_000_000).left(2_000, 5_000_000), Some(5));
    }

    #[test]
    fn a_stalled_transfer_fades_to_nothing_and_promises_nothing() {
        let meter = steady(5, 1_000_000);
        assert!(meter.rate(60_000) < 10);
        assert_eq!(meter.left(600_000, 1_000), None);
    }

    #[test]
    fn the_trace_has_every_step_that_is_over_and_silence_too() {
        let meter = steady(2, 1_000_000);
        assert_eq!(meter.trace(2_000), [250_000, 500_000, 500_000, 500_000]);
        assert_eq!(meter.trace(3_000), [250_000, 500_000, 500_000, 500_000, 250_000, 0]);
        assert_eq!(steady(60, 1_000_000).trace(60_000).len(), STEPS - 1);
        assert!(Meter::default().trace(9).is_empty());
        assert_eq!(meter.trace(u64::MAX).len(), STEPS - 1);
    }

    #[test]
    fn bytes_that_go_backwards_and_clocks_that_stand_still_do_no_harm() {
        let mut meter = steady(2, 1_000_000);
        meter.sample(2_000, u64::MAX);
        meter.sample(1_000, 0);
        meter.sample(2_250, 0);
        assert!(meter.rate(2_250) <= 1_000_000);
    }
}
