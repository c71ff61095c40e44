//! Changes of several keys at once, without sled's batches: the writes are first kept together under one key, which
//! is the moment that decides, then done one by one, and that key is removed last. sled keeps what it was told in order,
//! so whoever finds the key does the writes, again or for the first time, and whoever does not finds them done.

use airhatch_wire::frame::{self, FrameError};
use serde::{Deserialize, Serialize};

use super::DatabaseError;
use super::spill::Spill;
use super::tree::Tree;

/// The key of the change under way; nobody else's.
pub(super) const KEY: &[u8] = b"\0change";

/// What becomes of one key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Write {
    pub(super) key: Vec<u8>,
    /// `None` for a removal.
    pub(super) head: Option<Vec<u8>>,
}

impl Write {
    pub(super) fn apply(&self, tree: &Tree) -> Result<(), DatabaseError> {
        match &self.head {
            Some(head) => tree.insert(&self.key, head),
            None => tree.remove(&self.key),
        }
    }

    /// What is done when a change is done with.
    pub(super) fn end() -> Self {
        Self { key: KEY.to_vec(), head: None }
    }
}

impl From<FrameError> for DatabaseError {
    fn from(_: FrameError) -> Self {
        Self::TooLarge
    }
}

/// The value to keep under [`KEY`].
pub(super) fn encode(writes: &[Write]) -> Result<Vec<u8>, DatabaseError> {
    Ok(frame::to_bytes(&writes)?)
}

/// Finishes the change under way, if there is one, durably.
pub(super) fn finish(tree: &Tree, spill: &Spill) -> Result<(), DatabaseError> {
    let Some(head) = tree.get(KEY)? else { return Ok(()) };
    let bytes = spill.value(&head);
    let writes: Option<Vec<Write>> = bytes.and_then(|bytes| frame::from_bytes(&bytes).ok());
    let writes = writes.ok_or_else(|| tree.damaged("the last change cannot be read"))?;
    writes.iter().chain([&Write::end()]).try_for_each(|write| write.apply(tree))?;
    tree.flush()
}
