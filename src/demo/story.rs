//! The whole story without a screen; every step is checked, not only taken.

use airhatch_wire::control::{Command, TransferState};
use airhatch_wire::{Code, Failure, Selection};

use super::steps::Steps;
use super::world::World;
use crate::cli::Stop;

/// From the CA's start to an empty look-up.
///
/// # Errors
/// The first step that failed.
pub(super) async fn whole(world: &mut World, steps: Steps) -> Result<(), Stop> {
    let authority = steps.take("start a CA", world.start_authority()).await?;
    steps.take("register you and a friend", world.register(&authority)).await?;
    steps.take("add each other as contacts", world.introduce()).await?;
    steps.take("see each other online", online(world)).await?;
    steps.take("the friend offers files, you deny", denied(world)).await?;
    steps
        .take("the friend offers again, you accept, every byte and the receipt arrive", accepted(world))
        .await?;
    steps.take("you send something back, the friend's policy takes it", sent_back(world)).await?;
    steps.take("log out", world.you.log_out()).await?;
    steps.take("log in again", world.you.log_in()).await?;
    steps.take("remove your account, challenged by the CA", world.you.remove()).await?;
    let you = world.you.email.clone();
    steps.take("the friend looks you up in vain", world.friend.cannot_find(&you)).await
}

async fn online(world: &World) -> Result<(), Failure> {
    let (you, friend) = (&world.you, &world.friend);
    let (yours, theirs) = tokio::join!(you.see_online(&friend.email), friend.see_online(&you.email));
    yours.and(theirs)
}

async fn denied(world: &World) -> Result<(), Failure> {
    let transfer = world.friend_offers().await?;
    world.you.see(transfer, |state| *state == TransferState::Offered, "an offer").await?;
    world.you.ask(Command::Deny { transfer, reason: "not now".into() }).await?;
    let denied = |state: &TransferState| matches!(state, TransferState::Denied { .. });
    let view = world.friend.see(transfer, denied, "the denial").await?;
    match view.state {
        TransferState::Denied { reason } if reason.as_received() == "not now" => Ok(()),
        other => {
            Err(Failure::new(Code::VerificationFailed, format!("the friend was told otherwise: {other:?}")))
        }
    }
}

async fn accepted(world: &World) -> Result<(), Failure> {
    let transfer = world.friend_offers().await?;
    world.you.see(transfer, |state| *state == TransferState::Offered, "an offer").await?;
    world.you.ask(Command::Accept { transfer, items: Selection::All, folder: None }).await?;
    let view = world.you.see(transfer, delivered, "the files").await?;
    world.you.has_received(&world.gifts, &view)?;
    world.friend.see(transfer, delivered, "the receipt").await.map(drop)
}

async fn sent_back(world: &World) -> Result<(), Failure> {
    let transfer = world.you.offer(&world.friend.email, world.thanks.clone(), "").await?;
    world.you.see(transfer, delivered, "the receipt").await?;
    let view = world.friend.see(transfer, delivered, "the files").await?;
    world.friend.has_received(&world.thanks, &view)
}

const fn delivered(state: &TransferState) -> bool {
    matches!(state, TransferState::Delivered { .. })
}
