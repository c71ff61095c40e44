//! Accounts in containers, by the real programs and the real images: the whole story, everything that can end or be cut
//! in the middle of it, and what a running container tells about its account.
//!
//! Without an engine these tests are skipped and say so; with `AIRHATCH_REQUIRE_ENGINE=1` they fail instead. What an
//! engine does when it is stopped, killed or given other images is tried on an engine of the test's own, which only root
//! can start.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod engine;
mod faults;
mod moving;
mod secrets;
mod story;
mod template;

use airhatch_tests::{ContainerWorld, Engine, Front, Image, PrivateEngine, eventually};
use serde_json::Value;

const ANN: &str = "ann@example.org";
const BOB: &str = "bob@example.org";

/// This machine's engine, with both images.
fn engine() -> Option<Engine> {
    let engine = Engine::here()?;
    engine.image(Image::Agent);
    Some(engine)
}

/// An engine of the test's own, with both images.
async fn private() -> Option<PrivateEngine> {
    let here = engine()?;
    let private = PrivateEngine::start().await?;
    for image in Image::ALL {
        private.load(&here, image.tag());
    }
    Some(private)
}

/// Has a file offered, accepted and delivered.
async fn hand_over(from: &Front, to: (&Front, &str), name: &str, content: &[u8]) {
    let file = from.file(name, content);
    from.ok(&["send", to.1, "--detach", &file]).await;
    let id = to.0.waiting_offer().await;
    to.0.ok(&["inbox", "accept", &id]).await;
    arrived(to.0, to.1, &id).await;
    assert!(received(to.0, to.1, name) == content, "{name} is not what was sent");
}

/// Waits until a user's agent says that a transfer is delivered; it must not end otherwise.
async fn arrived(front: &Front, email: &str, id: &str) {
    eventually(&format!("a delivery to {email}"), async || {
        let state = state(front, id).await?;
        let kind = state["kind"].as_str().unwrap();
        let ended_otherwise = ["denied", "cancelled", "expired", "failed"].contains(&kind);
        assert!(!ended_otherwise, "{state}");
        (kind == "delivered").then_some(())
    })
    .await;
}

async fn state(front: &Front, id: &str) -> Option<Value> {
    let list = front.object(&["transfer", "list"]).await;
    let transfers = list["transfers"].as_array().unwrap();
    transfers.iter().find(|transfer| transfer["id"] == id).map(|transfer| transfer["state"].clone())
}

fn received(front: &Front, email: &str, name: &str) -> Vec<u8> {
    std::fs::read(front.inbox(email).join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

async fn log_in(front: &Front) {
    front.ok(&["login", "--passphrase-file", &front.passphrase_file()]).await;
}

/// What is left on the engine of an account that is there: its container, its volume, its network.
fn nothing_but_the_account_is_left(world: &ContainerWorld<'_>, front: &Front) {
    let name = world.agent(front).inspect()["Name"].as_str().unwrap().trim_start_matches('/').to_owned();
    let whole = [name.clone(), format!("{name}-state"), format!("{name}-net")];
    assert_eq!(world.belongings(front), whole);
}
