//! A CA that is away, is another one, or says no.

use airhatch_tests::{Authority, PASSPHRASE, World};
use airhatch_wire::authority::{FromAuthority, ToAuthority};
use airhatch_wire::control::{Command, Phase};
use airhatch_wire::{Blob, Code, Fingerprint};

#[tokio::test]
async fn an_email_that_is_taken_is_refused_and_nothing_is_kept_of_the_attempt() {
    let world = World::new().await;
    let ann = world.agent("ann@example.org").await;
    // Another agent, under a folder of its own, that asks for the same email.
    let mut other = world.newcomer("other@example.org").await;
    other.email = ann.email.clone();
    assert_eq!(other.enroll().await.unwrap_err().code, Code::Conflict);
    assert_eq!(other.status().await.phase, Phase::New, "no vault is left behind");
    other.email = airhatch_tests::email("other@example.org");
    assert_eq!(other.enroll().await.unwrap().phase, Phase::Ready, "another email can be tried at once");
}

#[tokio::test]
async fn of_two_who_claim_an_email_at_the_same_moment_exactly_one_wins() {
    let world = World::new().await;
    let (mut one, mut two) =
        tokio::join!(world.newcomer("one@example.org"), world.newcomer("two@example.org"));
    one.email = airhatch_tests::email("ann@example.org");
    two.email = one.email.clone();
    let outcomes = tokio::join!(one.enroll(), two.enroll());
    let loser = match outcomes {
        (Ok(_), Err(failure)) | (Err(failure), Ok(_)) => failure,
        other => panic!("not exactly one: {other:?}"),
    };
    assert_eq!(loser.code, Code::Conflict);
}

#[tokio::test]
async fn a_ca_that_is_down_is_told_apart_from_one_that_refuses_and_enrolling_works_later() {
    let mut world = World::new().await;
    let ann = world.newcomer("ann@example.org").await;
    world.authority.stop();
    assert_eq!(ann.enroll().await.unwrap_err().code, Code::AuthorityUnreachable);
    assert_eq!(ann.status().await.phase, Phase::New);
    world.authority.start_again().await;
    assert_eq!(ann.enroll().await.unwrap().phase, Phase::Ready);
}

#[tokio::test]
async fn contacts_who_know_each_other_need_no_ca() {
    let mut world = World::new().await;
    let (ann, mut bob) = world.friends().await;
    ann.ping(&bob.email).await.unwrap();
    world.authority.stop();
    assert_eq!(
        ann.add(&airhatch_tests::email("carl@example.org")).await.unwrap_err().code,
        Code::AuthorityUnreachable
    );
    bob.kill().await;
    bob.resume().await;
    let id = ann.offer(&bob.email, &[("a.txt", b"without a CA")]).await;
    bob.offered(id).await;
    bob.accept(id).await.unwrap();
    tokio::join!(ann.delivered(id), bob.delivered(id));
    assert_eq!(bob.received("a.txt"), b"without a CA");
}

#[tokio::test]
async fn a_ca_with_another_fingerprint_is_refused_before_anything_is_said() {
    let world = World::new().await;
    let ann = world.newcomer("ann@example.org").await;
    let refused = ann.enroll_at(world.authority.address.clone(), Fingerprint([7; 32]), None).await;
    assert_eq!(refused.unwrap_err().code, Code::WrongAuthority);
    assert_eq!(ann.status().await.phase, Phase::New);
    let elsewhere = Authority::another(&world).await;
    let refused = ann.enroll_at(elsewhere.address.clone(), world.authority.fingerprint, None).await;
    assert_eq!(refused.unwrap_err().code, Code::WrongAuthority);
    ann.enroll().await.unwrap();
}

#[tokio::test]
async fn an_invitation_serves_its_email_once() {
    let world = World::with_policy("invite").await;
    let ann = world.newcomer("ann@example.org").await;
    let (address, fingerprint) = (world.authority.address.clone(), world.authority.fingerprint);
    let with = |code: Option<&str>| ann.enroll_at(address.clone(), fingerprint, code.map(str::to_owned));
    assert_eq!(with(None).await.unwrap_err().code, Code::AuthorityRefused);
    assert_eq!(with(Some("a guess")).await.unwrap_err().code, Code::AuthorityRefused);
    let for_bob = world.authority.invite("bob@example.org");
    assert_eq!(with(Some(&for_bob)).await.unwrap_err().code, Code::AuthorityRefused, "somebody else's");
    let code = world.authority.invite("ann@example.org");
    assert_eq!(with(Some(&code)).await.unwrap().phase, Phase::Ready);

    ann.remove_account(PASSPHRASE).await.unwrap();
    let again = world.newcomer("again@example.org").await;
    let mut again = again;
    again.email = ann.email.clone();
    let reused = again.enroll_at(address.clone(), fingerprint, Some(code)).await;
    assert_eq!(reused.unwrap_err().code, Code::AuthorityRefused, "used up");
}

#[tokio::test]
async fn wrong_passphrases_in_a_row_cost_a_pause_and_the_right_one_opens_afterwards() {
    let world = World::new().await;
    let mut ann = world.agent("ann@example.org").await;
    ann.terminate().await;
    ann.start_again().await;
    let mut codes = Vec::new();
    for _ in 0..4 {
        codes.push(ann.unlock("wrong passphrase").await.unwrap_err().code);
    }
    assert_eq!(codes, [Code::WrongPassphrase, Code::WrongPassphrase, Code::WrongPassphrase, Code::TryAgain]);
    let opened =
        airhatch_tests::eventually("the end of the pause", async || ann.unlock(PASSPHRASE).await.ok());
    assert_eq!(opened.await.phase, Phase::Ready);
}

#[tokio::test]
async fn an_enrolment_that_the_ca_did_not_finish_goes_on_at_the_next_login() {
    let mut world = World::new().await;
    let mut ann = world.newcomer("ann@example.org").await;
    let enrolled = ann.enroll().await.unwrap();
    // As after a crash between the CA's answer and the note of it: keys, and no certificate beside them.
    ann.kill().await;
    std::fs::remove_dir_all(ann.home().join("state/store")).unwrap();
    world.authority.stop();
    ann.start_again().await;
    assert_eq!(ann.unlock(PASSPHRASE).await.unwrap_err().code, Code::AuthorityUnreachable);
    world.authority.start_again().await;
    assert_eq!(ann.unlock(PASSPHRASE).await.unwrap().fingerprint, enrolled.fingerprint);
}

#[tokio::test]
async fn a_passphrase_can_be_changed_and_the_old_one_opens_nothing() {
    let world = World::new().await;
    let mut ann = world.agent("ann@example.org").await;
    let change = |old: &str, new: &str| Command::ChangePassphrase {
        old: old.to_owned().into(),
        new: new.to_owned().into(),
    };
    assert_eq!(ann.refused(change("wrong", "another horse")).await.code, Code::WrongPassphrase);
    ann.ask(change(PASSPHRASE, "another horse")).await.unwrap();
    ann.terminate().await;
    ann.start_again().await;
    assert_eq!(ann.unlock(PASSPHRASE).await.unwrap_err().code, Code::WrongPassphrase);
    assert_eq!(ann.unlock("another horse").await.unwrap().phase, Phase::Ready);
}

#[tokio::test]
async fn a_removal_without_a_right_signature_leaves_the_account() {
    let world = World::new().await;
    let (ann, eve) = (world.agent("ann@example.org").await, world.hostile("eve@example.org").await);
    let signature = airhatch_wire::signed::Signature([0; 64]);
    // No challenge was asked for on this connection.
    let refused = eve.ask(&ToAuthority::RemoveFinish { signature }).await;
    assert!(matches!(refused, FromAuthority::Refused(_)), "{refused:?}");
    let renewed = eve.ask(&ToAuthority::Renew { request: Blob::from(b"not a request".to_vec()) }).await;
    assert!(matches!(renewed, FromAuthority::Refused(_)), "{renewed:?}");
    assert!(ann.add(&eve.email).await.is_ok());
}
