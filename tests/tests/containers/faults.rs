//! What is stopped, cut, killed or removed while two people send each other files; each ends in a delivery, and leaves
//! nothing half made.

use airhatch_tests::Control;
use airhatch_wire::control::Event;

use super::*;

/// Long enough to be in the middle of at a slow recipient.
const LARGE: usize = 48 << 20;

/// Nobody compresses it and no block of it is like another.
fn large() -> Vec<u8> {
    let words = (0..u64::try_from(LARGE / 8).unwrap()).map(|word| word.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    words.flat_map(u64::to_le_bytes).collect()
}

#[tokio::test]
async fn contacts_send_each_other_files_and_log_in_while_the_ca_is_stopped() {
    let Some(engine) = engine() else { return };
    let world = ContainerWorld::new(&engine).await;
    let (ann, bob) = world.friends().await;
    engine.said(&["stop", "--time", "1", world.authority().id()]);
    hand_over(&ann, (&bob, BOB), "there.txt", b"from ann").await;
    bob.ok(&["logout"]).await;
    log_in(&bob).await;
    hand_over(&ann, (&bob, BOB), "again.txt", b"from ann again").await;
    hand_over(&bob, (&ann, ANN), "back.txt", b"from bob").await;
    assert_eq!(ann.refused(&["contact", "add", "cem@example.org"]).await.0, 11, "the CA cannot be reached");
    nothing_but_the_account_is_left(&world, &ann);
}

/// A large file on its way from Ann to Bob, somewhere in its middle.
struct Midway<'w> {
    world: &'w ContainerWorld<'w>,
    ann: Front,
    bob: Front,
    id: String,
    content: Vec<u8>,
}

impl<'w> Midway<'w> {
    async fn reach(engine: &Engine, world: &'w ContainerWorld<'w>) -> Self {
        let (ann, bob) = world.friends().await;
        let content = large();
        let file = ann.file("large.bin", &content);
        ann.ok(&["send", BOB, "--detach", &file]).await;
        let id = bob.waiting_offer().await;
        let mut watching = world.control(&bob, BOB).await;
        watching.watch().await;
        // A hundredth of a processor for the sender.
        engine.said(&["update", "--cpu-period", "100000", "--cpu-quota", "1000", world.agent(&ann).id()]);
        // It waits for the end, which this test does not.
        let accepting = bob.start(&["inbox", "accept", &id]);
        begun(&mut watching).await;
        drop(accepting);
        Self { world, ann, bob, id, content }
    }

    fn bob(&self) -> airhatch_tests::Container<'w> {
        self.world.agent(&self.bob)
    }

    /// Nothing stands under its final name before all of it is there. From here on the sender is not slow any more.
    fn was_in_the_middle(&self, engine: &Engine) {
        assert!(!self.bob.inbox(BOB).join("large.bin").exists(), "the transfer was over too soon");
        engine.said(&["update", "--cpu-quota", "-1", self.world.agent(&self.ann).id()]);
    }

    async fn ends_well(&self) {
        arrived(&self.bob, BOB, &self.id).await;
        arrived(&self.ann, ANN, &self.id).await;
        assert!(received(&self.bob, BOB, "large.bin") == self.content, "it is not what was sent");
        let landing = self.bob.inbox(BOB).join(".incoming");
        eventually("an empty landing folder", async || {
            std::fs::read_dir(&landing).into_iter().flatten().next().is_none().then_some(())
        })
        .await;
        nothing_but_the_account_is_left(self.world, &self.ann);
        nothing_but_the_account_is_left(self.world, &self.bob);
    }
}

/// Waits for the first bytes of a transfer.
async fn begun(watching: &mut Control) {
    let begun = |event: &Event| matches!(event, Event::Progress { moved, .. } if *moved > 0).then_some(());
    watching.event("the first bytes", begun).await;
}

#[tokio::test]
async fn a_network_that_is_cut_in_the_middle_of_a_transfer_and_healed_ends_in_a_delivery() {
    let Some(engine) = engine() else { return };
    let world = ContainerWorld::new(&engine).await;
    let midway = Midway::reach(&engine, &world).await;
    let bob = midway.bob();
    let networks = bob.inspect()["NetworkSettings"]["Networks"].as_object().unwrap().clone();
    for network in networks.keys() {
        engine.said(&["network", "disconnect", network, bob.id()]);
    }
    midway.was_in_the_middle(&engine);
    for network in networks.keys() {
        engine.said(&["network", "connect", network, bob.id()]);
    }
    midway.ends_well().await;
}

#[tokio::test]
async fn a_recipient_that_is_killed_in_the_middle_of_a_transfer_gets_all_of_it_after_logging_in() {
    let Some(engine) = engine() else { return };
    let world = ContainerWorld::new(&engine).await;
    let midway = Midway::reach(&engine, &world).await;
    engine.said(&["kill", midway.bob().id()]);
    midway.was_in_the_middle(&engine);
    assert_eq!(midway.bob.refused(&["inbox", "list"]).await, (4, "not_logged_in".into()));
    log_in(&midway.bob).await;
    midway.ends_well().await;
}

#[tokio::test]
async fn a_sender_that_is_killed_in_the_middle_of_a_transfer_goes_on_after_logging_in() {
    let Some(engine) = engine() else { return };
    let world = ContainerWorld::new(&engine).await;
    let midway = Midway::reach(&engine, &world).await;
    engine.said(&["kill", world.agent(&midway.ann).id()]);
    midway.was_in_the_middle(&engine);
    log_in(&midway.ann).await;
    midway.ends_well().await;
}

#[tokio::test]
async fn a_container_removed_by_hand_is_made_again_with_the_account_and_every_finished_file() {
    let Some(engine) = engine() else { return };
    let world = ContainerWorld::new(&engine).await;
    let (ann, bob) = world.friends().await;
    hand_over(&ann, (&bob, BOB), "kept.txt", b"finished before").await;
    let before = world.agent(&bob).id().to_owned();
    engine.said(&["rm", "--force", &before]);
    log_in(&bob).await;
    assert_ne!(world.agent(&bob).id(), before);
    assert_eq!(received(&bob, BOB, "kept.txt"), b"finished before");
    let contacts = bob.object(&["contact", "list"]).await;
    assert_eq!(contacts["contacts"][0]["email"], ANN);
    let transfers = bob.object(&["transfer", "list"]).await;
    assert_eq!(transfers["transfers"][0]["state"]["kind"], "delivered");
    hand_over(&ann, (&bob, BOB), "later.txt", b"sent afterwards").await;
    nothing_but_the_account_is_left(&world, &bob);
}

#[tokio::test]
async fn an_inbox_that_cannot_be_written_is_told_before_anything_starts() {
    let Some(engine) = engine() else { return };
    let world = ContainerWorld::new(&engine).await;
    let ann = world.front("ann");
    world.settle(&ann, ANN).await;
    ann.ok(&["logout"]).await;
    let Some(locked) = Locked::folder(&ann.inbox(ANN)) else { return };
    let outcome = ann.run(&["login", "--passphrase-file", &ann.passphrase_file(), "--json"]).await;
    assert_ne!(outcome.code, 0, "{outcome:?}");
    let error = outcome.error();
    let inbox = ann.inbox(ANN).into_os_string().into_string().unwrap();
    assert!(error["message"].as_str().unwrap().contains(&inbox), "{error}");
    assert_ne!(error["hint"], "", "{error}");
    assert_eq!(world.agent(&ann).inspect()["State"]["Running"], false);
    drop(locked);
    log_in(&ann).await;
    nothing_but_the_account_is_left(&world, &ann);
}

/// A folder in which nobody can write, root included, until this is dropped.
struct Locked(std::path::PathBuf);

impl Locked {
    fn folder(path: &std::path::Path) -> Option<Self> {
        let mount = |words: &[&str]| {
            let done = std::process::Command::new("mount").args(words).arg(path).status();
            done.is_ok_and(|status| status.success())
        };
        let there = path.to_str().unwrap();
        let locked = mount(&["--bind", there]) && mount(&["-o", "remount,bind,ro"]);
        if !locked {
            airhatch_tests::skipped("only root can make a folder that root cannot write");
            return None;
        }
        Some(Self(path.to_owned()))
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        let _gone = std::process::Command::new("umount").arg(&self.0).status();
    }
}
