//! When something is written to its end: its size and times were the same for two seconds. No program has to say so, and
//! none can be asked; whoever writes in bursts with longer pauses puts the file elsewhere and moves it here.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::shelf::{Found, Print};

/// How long nothing must change.
const CALM: Duration = Duration::from_secs(2);

/// What was seen, and since when it has been the same.
#[derive(Default)]
pub(super) struct Settling {
    seen: HashMap<PathBuf, (Print, Instant)>,
    /// What could not be moved, as it was then.
    stuck: HashMap<PathBuf, Print>,
}

impl Settling {
    /// Of what is there now, what has settled; it is forgotten here, as is what is gone.
    pub(super) fn settled(&mut self, found: Vec<Found>, now: Instant) -> Vec<Found> {
        let mut before = std::mem::take(&mut self.seen);
        let stuck = std::mem::take(&mut self.stuck);
        let mut settled = Vec::new();
        for one in found {
            if stuck.get(&one.path) == Some(&one.print) {
                self.stuck.insert(one.path, one.print);
                continue;
            }
            let since = match before.remove(&one.path) {
                Some((print, since)) if print == one.print => since,
                _ => now,
            };
            if now.duration_since(since) >= CALM {
                settled.push(one);
            } else {
                self.seen.insert(one.path, (one.print, since));
            }
        }
        settled
    }

    /// Leaves something alone until it changes.
    pub(super) fn leave(&mut self, path: PathBuf, print: Print) {
        self.stuck.insert(path, print);
    }

    /// Something is there that has not settled.
    pub(super) fn waits(&self) -> bool {
        !self.seen.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, bytes: u64) -> Found {
        let print = Print { files: 1, bytes, latest: (7, 0) };
        Found { path: PathBuf::from(name), to: Err("no contact".to_owned()), print }
    }

    #[test]
    fn what_grows_waits_until_it_has_been_the_same_for_two_seconds() {
        let (mut settling, begin) = (Settling::default(), Instant::now());
        let mut look = |millis: u64, names: &[(&str, u64)]| {
            let found = names.iter().map(|(name, bytes)| found(name, *bytes)).collect();
            let settled = settling.settled(found, begin + Duration::from_millis(millis));
            (settled.into_iter().map(|one| one.path).collect::<Vec<_>>(), settling.waits())
        };
        let none = Vec::<PathBuf>::new();
        assert_eq!(look(0, &[("a", 1)]), (none.clone(), true));
        assert_eq!(look(1900, &[("a", 2), ("b", 1)]), (none.clone(), true), "it grew");
        assert_eq!(look(3800, &[("a", 2), ("b", 1)]), (none.clone(), true));
        assert_eq!(look(3900, &[("a", 2), ("b", 9)]), (vec![PathBuf::from("a")], true));
        assert_eq!(look(9000, &[]), (none.clone(), false), "what is gone is forgotten");
        assert_eq!(look(9100, &[("b", 9)]), (none, true), "and begins anew when it comes back");
    }

    #[test]
    fn what_cannot_be_moved_is_left_alone_until_it_changes() {
        let (mut settling, begin) = (Settling::default(), Instant::now());
        settling.leave(PathBuf::from("a"), found("a", 1).print);
        let mut look = |seconds: u64, bytes: u64| {
            let settled = settling.settled(vec![found("a", bytes)], begin + Duration::from_secs(seconds));
            (settled.len(), settling.waits())
        };
        assert_eq!((look(0, 1), look(9, 1)), ((0, false), (0, false)));
        assert_eq!((look(10, 2), look(12, 2)), ((0, true), (1, false)));
    }
}
