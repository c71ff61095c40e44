//! A machine whose clock is wrong: seen from an agent, a CA whose clock is wrong is the same thing.

use airhatch_tests::{World, eventually};
use airhatch_wire::Code;
use airhatch_wire::control::{AuthorityState, Phase};

#[tokio::test]
async fn no_account_is_made_while_the_clock_is_wrong_and_the_email_stays_free() {
    let mut world = World::new().await;
    let ann = world.newcomer("ann@example.org").await;
    for shift in ["+3d", "-3d", "-60d"] {
        world.authority.stop();
        if !world.authority.start_again_off_by(shift).await {
            return;
        }
        let failure = ann.enroll().await.unwrap_err();
        assert_eq!(failure.code, Code::VerificationFailed);
        let said = failure.in_one_line();
        assert!(said.contains("clock"), "{shift}: {said}");
        assert_eq!(ann.status().await.phase, Phase::New, "no vault is left behind");
    }
    world.authority.stop();
    world.authority.start_again().await;
    assert_eq!(ann.enroll().await.unwrap().phase, Phase::Ready, "the email was not given away");
}

#[tokio::test]
async fn an_account_whose_clock_is_wrong_says_so_until_it_is_right() {
    let mut world = World::new().await;
    let mut ann = world.agent("ann@example.org").await;
    for shift in ["+3d", "-3d"] {
        world.authority.stop();
        if !world.authority.start_again_off_by(shift).await {
            return;
        }
        ann.kill().await;
        ann.resume().await;
        let why = eventually("the CA's refusal in the status", async || {
            match ann.status().await.authority.unwrap().state {
                AuthorityState::Refused(why) => Some(why.in_one_line()),
                _ => None,
            }
        })
        .await;
        assert!(why.contains("clock"), "{shift}: {why}");
    }
    world.authority.stop();
    world.authority.start_again().await;
    ann.kill().await;
    ann.resume().await;
    eventually("a CA that takes what it is told", async || {
        (ann.status().await.authority.unwrap().state == AuthorityState::Fine).then_some(())
    })
    .await;
}
