//! The journal of a landing, `progress` beside the parts: how far they are known to be on the disk. Written by
//! [`super::behind`] after the bytes it speaks of were synced, read when a transfer is taken up again.
//!
//! It is only ever appended to. Each entry ends in a BLAKE3 over everything before it, which begins with the transfer
//! and its table: a torn end, garbage, or the journal of something else is worth nothing, and an entry that can be read
//! was written after its bytes were durable. What lies behind the last such entry may be holes, and is cut off.

use std::fs::File;
use std::io::{BufReader, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;

use airhatch_wire::TransferId;
use airhatch_wire::frame;
use airhatch_wire::peer::{Item, ItemHash};
use rustix::fs::fsync;
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use super::LandingError;
use super::incoming::in_the_way;
use super::plan::Mark;
use crate::beneath;

const JOURNAL: &str = "progress";

/// First bytes of what is hashed.
const TITLE: &[u8] = b"airhatch landing progress 1";

/// Finished parts in one entry; keeps it far below [`frame::LARGEST_MESSAGE`].
const PAGE: usize = 1024;

/// A part that is complete and durable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Finished {
    /// Which file it is; none for a folder, which has no part.
    pub(super) mark: Option<Mark>,
    /// What it holds.
    pub(super) hash: ItemHash,
}

/// How far everything is durable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reached {
    /// Bytes of content, counted through the table.
    pub(super) durable: u64,
    /// The inode of the part that is begun and not complete.
    pub(super) current: Option<u64>,
}

/// One entry. Without `reached`, more of the same step follows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Entry {
    finished: Vec<Finished>,
    reached: Option<Reached>,
}

/// What a journal says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Kept {
    /// The complete parts, which are always the first ones.
    pub(super) finished: Vec<Finished>,
    /// How far it went.
    pub(super) reached: Reached,
}

/// What binds a journal to its transfer.
pub(super) type Seed = [u8; 32];

/// A journal, made with its first entry.
#[derive(Debug)]
pub(super) struct Journal {
    file: Option<File>,
    /// Where the next entry goes.
    end: u64,
    chain: [u8; 32],
    /// Of a step that could not be written, because the disk was full.
    unwritten: Vec<Finished>,
}

/// The seed of a transfer with this table.
pub(super) fn seed(transfer: TransferId, items: &[Item]) -> Result<Seed, LandingError> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(TITLE).update(&transfer.0);
    for item in items {
        hasher.update(&frame::to_bytes(item).map_err(unwritable)?);
    }
    Ok(hasher.finalize().into())
}

impl Journal {
    /// A journal that says nothing yet.
    pub(super) fn new(seed: Seed) -> Self {
        Self { file: None, end: 0, chain: seed, unwritten: Vec::new() }
    }

    /// The journal in a transfer's folder, to be gone on with, and what it says; `None` when there is none of use.
    pub(super) fn reopen(folder: &OwnedFd, seed: Seed) -> Result<Option<(Self, Kept)>, LandingError> {
        let reader = match beneath::open_for_reading(folder, JOURNAL) {
            Err(Errno::NOENT) => return Ok(None),
            outcome => outcome.map_err(|error| in_the_way(JOURNAL, error))?,
        };
        if !reader.metadata()?.is_file() {
            return Err(LandingError::InTheWay { name: JOURNAL.to_owned() });
        }
        let Some((kept, end, chain)) = read(BufReader::new(reader), seed) else { return Ok(None) };
        let file = beneath::open_for_writing(folder, JOURNAL).map_err(|error| in_the_way(JOURNAL, error))?;
        file.set_len(end)?;
        Ok(Some((Self { file: Some(file), end, chain, unwritten: Vec::new() }, kept)))
    }

    /// Notes what is durable already; the note is durable on return.
    ///
    /// When the disk is full nothing is lost: the next note holds this one's parts as well.
    pub(super) fn note(
        &mut self,
        folder: &OwnedFd,
        finished: Vec<Finished>,
        reached: Reached,
    ) -> Result<(), LandingError> {
        self.unwritten.extend(finished);
        if self.file.is_none() {
            let file = beneath::create_file(folder, JOURNAL).map_err(|error| in_the_way(JOURNAL, error))?;
            self.file = Some(file);
            // The parts' own names are durable with it.
            fsync(folder)?;
        }
        let Some(file) = &self.file else { return Ok(()) };
        let (mut bytes, mut chain) = (Vec::new(), self.chain);
        let mut pages = self.unwritten.chunks(PAGE).peekable();
        loop {
            let finished = pages.next().unwrap_or_default().to_vec();
            let last = pages.peek().is_none();
            let entry = Entry { finished, reached: last.then_some(reached) };
            chain = append(&mut bytes, &entry, chain)?;
            if last {
                break;
            }
        }
        file.write_all_at(&bytes, self.end)?;
        file.sync_data()?;
        self.end += bytes.len() as u64;
        self.chain = chain;
        self.unwritten.clear();
        Ok(())
    }
}

/// `length | entry | BLAKE3(chain before | entry)`; the new chain.
fn append(bytes: &mut Vec<u8>, entry: &Entry, chain: [u8; 32]) -> Result<[u8; 32], LandingError> {
    let body = frame::to_bytes(entry).map_err(unwritable)?;
    let length = u32::try_from(body.len()).map_err(unwritable)?;
    let chain = link(chain, &body);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&body);
    bytes.extend_from_slice(&chain);
    Ok(chain)
}

fn link(chain: [u8; 32], body: &[u8]) -> [u8; 32] {
    blake3::Hasher::new().update(&chain).update(body).finalize().into()
}

/// Everything up to the last complete step, where that ends, and its chain; `None` when there is no complete step.
fn read(mut journal: impl Read, seed: Seed) -> Option<(Kept, u64, [u8; 32])> {
    let (mut finished, mut complete) = (Vec::new(), None);
    let (mut end, mut chain) = (0, seed);
    while let Some((entry, length, next)) = read_entry(&mut journal, chain) {
        finished.extend(entry.finished);
        (end, chain) = (end + length, next);
        if let Some(reached) = entry.reached {
            complete = Some((finished.len(), reached, end, chain));
        }
    }
    let (count, reached, end, chain) = complete?;
    finished.truncate(count);
    Some((Kept { finished, reached }, end, chain))
}

fn read_entry(journal: &mut impl Read, chain: [u8; 32]) -> Option<(Entry, u64, [u8; 32])> {
    let mut length = [0; 4];
    journal.read_exact(&mut length).ok()?;
    let length = usize::try_from(u32::from_le_bytes(length)).ok()?;
    if length > frame::LARGEST_MESSAGE {
        return None;
    }
    let (mut body, mut tag) = (vec![0; length], [0; 32]);
    journal.read_exact(&mut body).ok()?;
    journal.read_exact(&mut tag).ok()?;
    let next = link(chain, &body);
    let entry = frame::from_bytes(&body).ok().filter(|_| next == tag)?;
    Some((entry, 4 + length as u64 + 32, next))
}

fn unwritable(error: impl std::error::Error + Send + Sync + 'static) -> LandingError {
    LandingError::Io(std::io::Error::other(error))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
    use proptest::prelude::*;

    use super::*;

    const SEED: Seed = [7; 32];

    fn finished(number: u64) -> Finished {
        let hash = ItemHash { length: number, blake3: [u8::try_from(number % 256).unwrap(); 32] };
        Finished { mark: None, hash }
    }

    /// The bytes of a journal of some steps, where each step ends, and what it says then.
    fn written(steps: &[usize]) -> (Vec<u8>, Vec<(usize, Kept)>) {
        let folder = tempfile::tempdir().unwrap();
        let opened = beneath::open_root(folder.path()).unwrap();
        let mut journal = Journal::new(SEED);
        let (mut all, mut ends) = (Vec::new(), Vec::new());
        for (number, &count) in steps.iter().enumerate() {
            let new: Vec<_> = (0..count).map(|n| finished(n as u64)).collect();
            all.extend(new.clone());
            let reached = Reached { durable: number as u64 + 1, current: None };
            journal.note(&opened, new, reached).unwrap();
            let end = std::fs::metadata(folder.path().join(JOURNAL)).unwrap().len();
            ends.push((usize::try_from(end).unwrap(), Kept { finished: all.clone(), reached }));
        }
        (std::fs::read(folder.path().join(JOURNAL)).unwrap_or_default(), ends)
    }

    /// What is told of a journal that was cut there: the last step that ends before.
    fn expected(ends: &[(usize, Kept)], cut: usize) -> Option<Kept> {
        ends.iter().rev().find(|(end, _)| *end <= cut).map(|(_, kept)| kept.clone())
    }

    fn told(bytes: &[u8], seed: Seed) -> Option<Kept> {
        read(bytes, seed).map(|(kept, ..)| kept)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn a_journal_cut_anywhere_tells_the_last_step_before_the_cut(
            steps in proptest::collection::vec(0..5usize, 1..6), cut in 0.0..1.0f64,
        ) {
            let (bytes, ends) = written(&steps);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss,
                reason = "a place in a short file")]
            let cut = (bytes.len() as f64 * cut) as usize;
            prop_assert_eq!(told(&bytes[..cut], SEED), expected(&ends, cut));
        }

        #[test]
        fn a_changed_byte_ends_what_is_believed(
            steps in proptest::collection::vec(0..5usize, 1..6), at in any::<prop::sample::Index>(), by in 1..=255u8,
        ) {
            let (mut bytes, ends) = written(&steps);
            let at = at.index(bytes.len());
            bytes[at] ^= by;
            prop_assert_eq!(told(&bytes, SEED), expected(&ends, at));
        }

        #[test]
        fn garbage_tells_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(told(&bytes, SEED), None);
        }

        #[test]
        fn garbage_behind_a_journal_changes_nothing(
            steps in proptest::collection::vec(0..5usize, 1..4),
            garbage in proptest::collection::vec(any::<u8>(), 0..100),
        ) {
            let (mut bytes, ends) = written(&steps);
            let end = bytes.len();
            bytes.extend(garbage);
            prop_assert_eq!(told(&bytes, SEED), expected(&ends, end));
        }
    }

    #[test]
    fn the_journal_of_another_transfer_tells_nothing() {
        let (bytes, _) = written(&[1, 2]);
        assert!(told(&bytes, SEED).is_some());
        assert_eq!(told(&bytes, [8; 32]), None);
    }

    #[test]
    fn thousands_of_parts_in_one_step_are_told_together_or_not_at_all() {
        let (bytes, ends) = written(&[1, 3 * PAGE + 1]);
        assert_eq!(told(&bytes, SEED), Some(ends[1].1.clone()));
        assert_eq!(told(&bytes[..bytes.len() - 1], SEED), Some(ends[0].1.clone()));
    }

    #[test]
    fn a_journal_taken_up_again_forgets_its_torn_end_and_goes_on() {
        let (bytes, ends) = written(&[2, 1]);
        let folder = tempfile::tempdir().unwrap();
        let opened = beneath::open_root(folder.path()).unwrap();
        std::fs::write(folder.path().join(JOURNAL), &bytes[..bytes.len() - 3]).unwrap();
        let (mut journal, kept) = Journal::reopen(&opened, SEED).unwrap().unwrap();
        assert_eq!(kept, ends[0].1);
        let reached = Reached { durable: 99, current: Some(4) };
        journal.note(&opened, vec![finished(5)], reached).unwrap();
        let (_, again) = Journal::reopen(&opened, SEED).unwrap().unwrap();
        assert_eq!((again.finished.len(), again.reached), (3, reached));
    }
}
