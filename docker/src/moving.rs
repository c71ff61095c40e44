//! Moving an account from one place where agents run to the other, so that nothing is lost whenever it is cut short. Owns
//! the order of the steps. Called by the commands, with the account's lock held; must never read what an agent keeps.
//!
//! Until the account's record is switched its state stays whole where it was; from then on it is whole where it went,
//! verified and durable. The record alone says which of the two counts, so whatever lies in the other place is left over
//! from a move that was cut short, and may be cleared at any time.

use airhatch_wire::warden::RuntimeKind;

mod carry;

pub(crate) use carry::{CHUNK, MOST_SAID, WAITING, carry, heard};

/// What a move does, each done or failed as a whole but for `clear`, `create` and `copy`, which may be half done.
pub(crate) trait Hands {
    /// Why a step failed.
    type Error: std::fmt::Display;

    /// Ends the agent.
    fn stop(&self, at: RuntimeKind) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Removes everything of the account that is in this place. Nothing is fine.
    fn clear(&self, at: RuntimeKind) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Prepares an empty place.
    fn create(&self, at: RuntimeKind) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Copies the state into a place that was prepared, makes it durable and verifies it.
    fn copy(
        &self,
        from: RuntimeKind,
        to: RuntimeKind,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Lets the record say where the account is from here on. After a failure it may say either.
    fn switch(&self, to: RuntimeKind) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// Moves an account whose record says `from`.
///
/// # Errors
/// The account is where it was, with nothing lost and its agent ended.
pub(crate) async fn relocate<H: Hands>(
    hands: &H,
    from: RuntimeKind,
    to: RuntimeKind,
) -> Result<(), H::Error> {
    hands.stop(from).await?;
    hands.clear(to).await?;
    if let Err(error) = fill(hands, from, to).await {
        if let Err(left) = hands.clear(to).await {
            tracing::warn!("what a failed move has made is left for the next one: {left}");
        }
        return Err(error);
    }
    // Both places are whole now, and must stay so until it is known which one counts.
    hands.switch(to).await?;
    settle(hands, to).await;
    Ok(())
}

async fn fill<H: Hands>(hands: &H, from: RuntimeKind, to: RuntimeKind) -> Result<(), H::Error> {
    hands.create(to).await?;
    hands.copy(from, to).await
}

/// Clears what a move has left, of an account whose record says `at`. What cannot be cleared now is cleared later.
pub(crate) async fn settle<H: Hands>(hands: &H, at: RuntimeKind) {
    if let Err(error) = hands.clear(other(at)).await {
        tracing::warn!("what an account has left in its old place cannot be cleared yet: {error}");
    }
}

/// The other place.
pub(crate) const fn other(place: RuntimeKind) -> RuntimeKind {
    match place {
        RuntimeKind::Process => RuntimeKind::Container,
        RuntimeKind::Container => RuntimeKind::Process,
    }
}

#[cfg(test)]
mod tests;
