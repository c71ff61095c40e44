//! The table of an arriving offer, page by page: bounded in time, in memory, and in how many may send a large one.

use std::sync::Arc;

use airhatch_wire::peer::{Item, Offer, PeerWord};
use airhatch_wire::{Code, Failure};
use tokio::sync::Semaphore;
use tokio::time::{Duration, Instant, timeout_at};

use super::End;
use crate::peer::session::out_of_place;
use crate::peer::{PeerLink, WORD_TIME};
use crate::transfer::offer;

/// How long a sender may take over its table of files.
const TABLE_TIME: Duration = Duration::from_secs(300);

/// Items of a table that is taken from anybody at any time; those of more are taken a few at a time.
const SMALL_TABLE: usize = 10_000;

/// Bytes that the names of one table may take in memory: a million with 100 characters each.
const NAMES_ROOM: usize = 1 << 27;

/// Bytes that a part of a path takes besides its characters.
const NAME_COST: usize = 24;

/// Takes the table, page by page: within its time, its size, and one of few who may send a large one.
pub(super) async fn take_table(
    link: &mut PeerLink,
    offer: &Offer,
    large: &Semaphore,
) -> Result<Arc<[Item]>, End> {
    let expected = usize::try_from(offer.items).unwrap_or(usize::MAX);
    let deadline = Instant::now() + TABLE_TIME;
    let within = |late| deadline.min(Instant::now() + late);
    let _turn = match expected > SMALL_TABLE {
        true => timeout_at(deadline, large.acquire()).await.map_err(|_| End::Broken)?.ok(),
        false => None,
    };
    let (mut items, mut room) = (Vec::new(), NAMES_ROOM);
    while items.len() < expected {
        match timeout_at(within(WORD_TIME), link.receive()).await.map_err(|_| End::Broken)?? {
            Some(PeerWord::Items(page)) if !page.is_empty() && items.len() + page.len() <= expected => {
                let used =
                    page.iter().flat_map(|item| &item.path).map(|part| NAME_COST + part.as_received().len());
                room = room.checked_sub(used.sum()).ok_or_else(|| End::Failed(names_too_long()))?;
                items.extend(page);
            }
            Some(_) => return Err(End::Failed(out_of_place())),
            None => return Err(End::Broken),
        }
    }
    offer::judge_table(offer, &items).map_err(End::Failed)?;
    Ok(Arc::from(items))
}

fn names_too_long() -> Failure {
    Failure::new(Code::TooLarge, "the names of the files are too long together")
        .hint("send them in several parts, or packed into one file")
}
