//! How often progress is told.

use std::time::Duration;

use tokio::time::Instant;

/// The time between two words about the same work.
pub(super) const INTERVAL: Duration = Duration::from_millis(100);

/// Lets one word through each interval, the first after a whole one: short work is not talked about.
#[derive(Debug)]
pub(super) struct Pace {
    last: Instant,
}

impl Pace {
    /// Work that begins now.
    pub(super) const fn beginning(now: Instant) -> Self {
        Self { last: now }
    }

    /// Whether it is time for a word, which is then taken as said.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        let due = now.duration_since(self.last) >= INTERVAL;
        if due {
            self.last = now;
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_ten_words_are_said_in_a_second() {
        let start = Instant::now();
        let mut pace = Pace::beginning(start);
        let said = (1..=1000).filter(|&ms| pace.is_due(start + Duration::from_millis(ms))).count();
        assert_eq!(said, 10);
    }

    #[test]
    fn short_work_is_not_talked_about() {
        let start = Instant::now();
        let mut pace = Pace::beginning(start);
        assert!(!(0..100).any(|ms| pace.is_due(start + Duration::from_millis(ms))));
    }
}
