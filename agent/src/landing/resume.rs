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
