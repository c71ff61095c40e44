//! What the full-screen program finds: you logged in, the friend online, an offer waiting.

use airhatch_wire::Failure;
use airhatch_wire::control::TransferState;

use super::world::World;

/// Sets it. Afterwards nobody is attached to the friend's agent, so that its policy takes what you send.
///
/// # Errors
/// What was refused.
pub(super) async fn set(world: &mut World) -> Result<(), Failure> {
    let authority = world.start_authority().await?;
    world.register(&authority).await?;
    world.introduce().await?;
    let offer = world.friend_offers().await?;
    let waiting = |state: &TransferState| *state == TransferState::Offered;
    let (you, friend) = (&world.you, &world.friend);
    let (offered, online) = tokio::join!(you.see(offer, waiting, "an offer"), you.see_online(&friend.email));
    offered?;
    online?;
    world.you.detach();
    world.friend.detach();
    Ok(())
}
