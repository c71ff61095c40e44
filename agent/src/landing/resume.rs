//! Taking up a landing where its journal ends: what lies behind that is cut off, and the part that was begun is read
//! once, to go on with its hash. Complete parts are not read again: the journal holds their hashes, and their marks.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use airhatch_wire::peer::{Item, ItemKind};
use airhatch_wire::{InboxFolder, TransferId};
use rustix::io::Errno;

use super::LandingError;
use super::behind::Behind;
use super::incoming::{find_transfer, in_the_way, open_inbox};
use super::journal::{self, Journal, Kept};
use super::plan::{self, Mark};
use super::writer::{Landing, Writing, reserve};
use crate::beneath;

/// What is read at a time, bytes.
const PIECE: usize = 1 << 20;

/// How the first byte to come lies in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    /// Items before it that are complete.
    complete: usize,
    /// Bytes of the next item that are here.
    begun: u64,
}

impl Landing {
    /// Goes on with what an earlier attempt left, or begins. How far that was: [`Landing::written`].
    ///
    /// # Errors
    /// Those of [`Landing::begin`]. What an earlier attempt left stays when the space for the rest is missing.
    pub fn open(
        inbox: &Path,
        transfer: TransferId,
        items: Arc<[Item]>,
        into: Option<InboxFolder>,
    ) -> Result<Self, LandingError> {
        match take_up(inbox, transfer, &items, into.as_ref())? {
            Some(landing) => Ok(landing),
            None => Self::begin(inbox, transfer, items, into),
        }
    }
}

fn take_up(
    inbox_path: &Path,
    transfer: TransferId,
    items: &Arc<[Item]>,
    into: Option<&InboxFolder>,
) -> Result<Option<Landing>, LandingError> {
    let Some(folder) = find_transfer(inbox_path, transfer)? else { return Ok(None) };
    if plan::exists(&folder)? {
        return Err(LandingError::Unfinished);
    }
    let Some((journal, kept)) = Journal::reopen(&folder, journal::seed(transfer, items)?)? else {
        return Ok(None);
    };
    let Some(place) = place_of(&kept, items) else { return Ok(None) };
    let mut parts = Vec::with_capacity(items.len());
    let mut current = None;
    for (index, item) in items.iter().enumerate() {
        let inode = if item.kind == ItemKind::Folder {
            0
        } else if let Some(finished) = kept.finished.get(index) {
            if Mark::of(&folder, &index.to_string())? != finished.mark {
                return Ok(None);
            }
            finished.mark.map_or(0, |mark| mark.inode)
        } else if index == place.complete && place.begun > 0 {
            let inode = kept.reached.current.unwrap_or_default();
            let Some(writing) = go_on(&folder, index, item, inode, place.begun)? else { return Ok(None) };
            current = Some(writing);
            inode
        } else {
            let Some(inode) = empty(&folder, index, item)? else { return Ok(None) };
            inode
        };
        parts.push(inode);
    }
    let written = kept.reached.durable;
    Ok(Some(Landing {
        inbox: open_inbox(inbox_path)?,
        behind: Behind::new(folder.try_clone()?, journal, written),
        folder,
        into: into.cloned(),
        items: Arc::clone(items),
        parts,
        current,
        first_unsynced: kept.finished.len(),
        hashes: kept.finished.iter().map(|finished| finished.hash).collect(),
        written,
        completion: [0; 32],
    }))
}

/// Where a journal's last byte lies in the table; `None` where the two do not fit.
fn place_of(kept: &Kept, items: &[Item]) -> Option<Place> {
    let complete = kept.finished.len();
    let fits = |(item, finished): (&Item, &journal::Finished)| item.size == finished.hash.length;
    if complete > items.len() || !items.iter().zip(&kept.finished).all(fits) {
        return None;
    }
    let before = items.iter().take(complete).try_fold(0u64, |sum, item| sum.checked_add(item.size))?;
    let begun = kept.reached.durable.checked_sub(before)?;
    let room = items.get(complete).map_or(0, |item| item.size);
    let whole = begun == 0 || (begun < room && kept.reached.current.is_some());
    whole.then_some(Place { complete, begun })
}

/// The part that was begun, cut to its durable length and read so far; `None` when it is not the file it was.
fn go_on(
    folder: &OwnedFd,
    index: usize,
    item: &Item,
    inode: u64,
    begun: u64,
) -> Result<Option<Writing>, LandingError> {
    let name = index.to_string();
    let Some(mut file) = opened(folder, &name)? else { return Ok(None) };
    let metadata = file.metadata()?;
    if metadata.ino() != inode || metadata.len() < begun {
        return Ok(None);
    }
    file.set_len(begun)?;
    reserve(&file, item.size)?;
    let mut reader = beneath::open_for_reading(folder, &name).map_err(|error| in_the_way(&name, error))?;
    let mut hasher = blake3::Hasher::new();
    if !hash_front(&mut reader, begun, &mut hasher)? {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(begun))?;
    Ok(Some(Writing { file, left: item.size - begun, hasher }))
}

/// False when there are fewer bytes.
fn hash_front(file: &mut File, mut length: u64, hasher: &mut blake3::Hasher) -> Result<bool, LandingError> {
    let mut piece = vec![0; PIECE];
    while length > 0 {
        let wanted = usize::try_from(length).map_or(PIECE, |length| length.min(PIECE));
        let count = file.read(piece.get_mut(..wanted).unwrap_or_default())?;
        if count == 0 {
            return Ok(false);
        }
        hasher.update(piece.get(..count).unwrap_or_default());
        length -= count as u64;
    }
    Ok(true)
}

/// The inode of a part that nothing is known of: emptied, or made. `None` when something else is there.
fn empty(folder: &OwnedFd, index: usize, item: &Item) -> Result<Option<u64>, LandingError> {
    match opened(folder, &index.to_string())? {
        Some(file) => {
            if file.metadata()?.len() > 0 {
                file.set_len(0)?;
            }
            reserve(&file, item.size)?;
            Ok(Some(file.metadata()?.ino()))
        }
        None => Ok(None),
    }
}

/// Opens a plain file of no other name for writing.
fn opened(folder: &OwnedFd, name: &str) -> Result<Option<File>, LandingError> {
    let file = match beneath::open_for_writing(folder, name) {
        Err(Errno::NOENT) => return Ok(None),
        outcome => outcome.map_err(|error| in_the_way(name, error))?,
    };
    let metadata = file.metadata()?;
    Ok((metadata.is_file() && metadata.nlink() == 1).then_some(file))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use airhatch_wire::peer::ItemHash;
    use airhatch_wire::{UnixMillis, Untrusted};
    use proptest::prelude::*;

    use super::journal::{Finished, Reached};
    use super::*;

    fn table(sizes: &[u64]) -> Vec<Item> {
        let item = |&size| Item {
            path: vec![Untrusted::from("x")],
            kind: ItemKind::File,
            size,
            executable: false,
            modified: UnixMillis(0),
        };
        sizes.iter().map(item).collect()
    }

    fn kept(lengths: &[u64], durable: u64, current: Option<u64>) -> Kept {
        let finished = |&length| Finished { mark: None, hash: ItemHash { length, blake3: [0; 32] } };
        Kept { finished: lengths.iter().map(finished).collect(), reached: Reached { durable, current } }
    }

    /// Sizes as files have them, and as liars say.
    fn size() -> impl Strategy<Value = u64> {
        prop_oneof![4 => 0..5u64, 2 => 0..1_000_000u64, 1 => any::<u64>(), 1 => Just(u64::MAX)]
    }

    proptest! {
        #[test]
        fn every_offset_has_its_item_and_its_place_in_it(
            sizes in proptest::collection::vec(0..50u64, 1..8), at in any::<prop::sample::Index>(),
        ) {
            let total: u64 = sizes.iter().sum();
            let durable = at.index(usize::try_from(total).unwrap() + 1) as u64;
            // As a landing gets there: items are complete with their last byte, empty ones with the next after them.
            let (mut complete, mut before) = (0, 0);
            while let Some(size) = sizes.get(complete).filter(|size| before + **size <= durable) {
                before += size;
                complete += 1;
            }
            let begun = durable - before;
            let current = (begun > 0).then_some(7);
            let found = place_of(&kept(sizes.get(..complete).unwrap(), durable, current), &table(&sizes));
            prop_assert_eq!(found, Some(Place { complete, begun }));
        }

        #[test]
        fn whatever_a_journal_says_no_place_lies_beyond_its_item_or_its_durable_bytes(
            sizes in proptest::collection::vec(size(), 0..6),
            count in 0..8usize, lie in proptest::option::of((0..6usize, size())),
            durable in size(), current in proptest::option::of(any::<u64>()),
        ) {
            let mut lengths: Vec<u64> = sizes.iter().copied().cycle().take(if sizes.is_empty() { 0 } else { count }).collect();
            if let Some((at, length)) = lie && let Some(place) = lengths.get_mut(at) {
                *place = length;
            }
            let kept = kept(&lengths, durable, current);
            if let Some(Place { complete, begun }) = place_of(&kept, &table(&sizes)) {
                let before: u128 = sizes.iter().take(complete).map(|size| u128::from(*size)).sum();
                prop_assert_eq!(before + u128::from(begun), u128::from(durable));
                prop_assert!(complete <= sizes.len());
                prop_assert!(begun == 0 || sizes.get(complete).is_some_and(|size| begun < *size));
                prop_assert_eq!(&lengths, &sizes.get(..complete).unwrap());
            }
        }
    }
}
