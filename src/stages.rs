//! Staging folders that no transfer needs any more are given back. Called whenever a front attaches to an agent.
//!
//! A folder whose transfer is over can go at any time, unless it failed: that can be tried again until it is forgotten.
//! A folder without any transfer may be one that another front is about to send, so such folders go only at login, and
//! only those that were there before it.

use std::collections::BTreeSet;

use airhatch_wire::control::{TransferState, TransferView};
use airhatch_wire::warden::{Command, Reply};
use airhatch_wire::{Email, Failure, StageId};

use crate::link::WardenLink;

/// The staging folders of an account now.
///
/// # Errors
/// What the warden refused with.
pub(crate) async fn present(warden: &WardenLink, account: &Email) -> Result<Vec<StageId>, Failure> {
    match warden.request(Command::Stages { account: account.clone() }).await? {
        Reply::Stages(stages) => Ok(stages),
        _ => Ok(Vec::new()),
    }
}

/// Gives back what finished transfers leave behind.
///
/// # Errors
/// What the warden refused with.
pub(crate) async fn release_finished(
    warden: &WardenLink,
    account: &Email,
    transfers: &[TransferView],
) -> Result<(), Failure> {
    let present = present(warden, account).await?;
    release(warden, account, finished(&present, transfers)).await
}

/// At login: gives back everything of `before` that no unfinished transfer needs.
///
/// # Errors
/// What the warden refused with.
pub(crate) async fn release_unused(
    warden: &WardenLink,
    account: &Email,
    before: &[StageId],
    transfers: &[TransferView],
) -> Result<(), Failure> {
    let needed = needed(transfers);
    let unused = before.iter().copied().filter(|stage| !needed.contains(stage)).collect();
    release(warden, account, unused).await
}

/// Gives back some folders.
///
/// # Errors
/// What the warden refused with.
pub(crate) async fn release(
    warden: &WardenLink,
    account: &Email,
    stages: Vec<StageId>,
) -> Result<(), Failure> {
    for stage in stages {
        warden.request(Command::Release { account: account.clone(), stage }).await?;
    }
    Ok(())
}

/// Those of `present` that no unfinished transfer needs: what finished transfers left, and what is of `before`.
pub(crate) fn unneeded(present: &[StageId], before: &[StageId], transfers: &[TransferView]) -> Vec<StageId> {
    let (needed, finished) = (needed(transfers), finished(present, transfers));
    let unused = |stage: &&StageId| before.contains(stage) && !needed.contains(stage);
    present.iter().filter(|stage| finished.contains(stage) || unused(stage)).copied().collect()
}

fn needed(transfers: &[TransferView]) -> BTreeSet<StageId> {
    let needs =
        |view: &&TransferView| !view.state.is_over() || matches!(view.state, TransferState::Failed(_));
    transfers.iter().filter(needs).filter_map(|view| view.stage).collect()
}

fn finished(present: &[StageId], transfers: &[TransferView]) -> Vec<StageId> {
    let needed = needed(transfers);
    let over: BTreeSet<StageId> =
        transfers.iter().filter(|view| view.state.is_over()).filter_map(|view| view.stage).collect();
    present.iter().copied().filter(|stage| over.contains(stage) && !needed.contains(stage)).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use airhatch_wire::control::Direction;
    use airhatch_wire::{TransferId, UnixMillis, Untrusted};

    use super::*;

    fn transfer(stage: u8, state: TransferState) -> TransferView {
        TransferView {
            id: TransferId([stage; 16]),
            direction: Direction::Outgoing,
            contact: "bob@example.org".parse().unwrap(),
            note: Untrusted::default(),
            items: Vec::new(),
            item_count: 0,
            wanted: 0,
            total: 0,
            moved: 0,
            state,
            created: UnixMillis(0),
            expires: UnixMillis(0),
            destination: String::new(),
            free_space: None,
            stage: Some(StageId([stage; 16])),
            verdict: None,
        }
    }

    #[test]
    fn only_folders_of_finished_transfers_go_while_others_may_be_sending() {
        let present: Vec<StageId> = [1, 2, 3, 4].map(|n| StageId([n; 16])).to_vec();
        let transfers = [
            transfer(1, TransferState::Expired),
            transfer(2, TransferState::Moving),
            // One folder sent to two people: it stays until both are done.
            transfer(3, TransferState::Expired),
            transfer(3, TransferState::Queued),
            transfer(9, TransferState::Expired),
        ];
        assert_eq!(finished(&present, &transfers), [StageId([1; 16])]);
    }
}
