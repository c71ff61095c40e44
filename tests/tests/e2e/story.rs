//! The whole story through agents alone, from two registrations to a removed account.

use airhatch_tests::{PASSPHRASE, World, befriend, email};
use airhatch_wire::Code;
use airhatch_wire::control::{Command, Direction, Phase, Presence, Reply, TransferState, Trust};

#[tokio::test]
async fn two_people_meet_and_a_file_is_offered_accepted_and_delivered_with_a_receipt() {
    let world = World::new().await;
    let (ann, bob) = tokio::join!(world.agent("ann@example.org"), world.agent("bob@example.org"));
    let (theirs, ours) = befriend(&ann, &bob).await;
    assert_eq!((theirs.trust, &theirs.email), (Trust::Certified, &bob.email));
    assert_eq!(ours.fingerprint, ann.status().await.fingerprint.unwrap());
    assert!(ann.ping(&bob.email).await.unwrap() > 0);
    assert!(matches!(ann.contact(&bob.email).await.unwrap().presence, Presence::Online { .. }));

    let content: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    let id = ann.offer(&bob.email, &[("report.pdf", &content), ("empty", b"")]).await;
    let offer = bob.offered(id).await;
    assert_eq!((offer.direction, &offer.contact, offer.total), (Direction::Incoming, &ann.email, 800_000));
    assert_eq!(offer.note.as_received(), "for you");
    assert_eq!(bob.received_names(), Vec::<String>::new(), "nothing arrives before the yes");

    bob.accept(id).await.unwrap();
    let (sent, received) = tokio::join!(ann.delivered(id), bob.delivered(id));
    assert_eq!(sent.state, received.state, "both sides name the moment in the receipt");
    assert_eq!((sent.moved, received.moved), (800_000, 800_000));
    assert_eq!(bob.received_names(), ["empty", "report.pdf"]);
    assert!(bob.received("report.pdf") == content);
    assert_eq!(bob.received("empty"), b"");
    bob.has_no_leftovers().await;
}

#[tokio::test]
async fn a_denied_offer_tells_the_sender_why_and_leaves_nothing() {
    let world = World::new().await;
    let (ann, bob) = world.friends().await;
    let id = ann.offer(&bob.email, &[("a.txt", b"content")]).await;
    bob.offered(id).await;
    bob.deny(id, "not now").await.unwrap();
    let denied = ann.until(id, "a denial", |state| matches!(state, TransferState::Denied { .. })).await;
    assert_eq!(denied.state, TransferState::Denied { reason: "not now".into() });
    bob.is_unharmed().await;
    assert_eq!(bob.accept(id).await.unwrap_err().code, Code::Conflict, "a no stays a no");
}

#[tokio::test]
async fn a_removed_account_is_gone_from_the_ca_and_its_email_is_free_again() {
    let world = World::new().await;
    let (ann, mut bob) = world.friends().await;
    let wrong = bob.remove_account("not the passphrase").await.unwrap_err();
    assert_eq!(wrong.code, Code::WrongPassphrase);
    assert!(ann.ping(&bob.email).await.is_ok(), "a wrong passphrase removes nothing");

    assert_eq!(bob.remove_account(PASSPHRASE).await, Ok(Reply::Done));
    assert!(bob.program.ended().await.success());
    assert!(!bob.home().join("state/vault").exists());
    let gone = email("bob@example.org");
    assert_eq!(ann.ask(Command::RemoveContact { email: gone.clone() }).await, Ok(Reply::Done));
    assert_eq!(ann.add(&gone).await.unwrap_err().code, Code::NotFound);
    bob.start_again().await;
    assert_eq!(bob.status().await.phase, Phase::New);
    assert_eq!(bob.enroll().await.unwrap().phase, Phase::Ready);
    assert!(ann.add(&gone).await.is_ok());
}

#[tokio::test]
async fn logging_out_ends_the_agent_and_logging_in_needs_the_passphrase() {
    let world = World::new().await;
    let (ann, mut bob) = world.friends().await;
    assert_eq!(bob.ask(Command::Lock).await, Ok(Reply::Done));
    assert!(bob.program.ended().await.success());
    assert_eq!(ann.ping(&bob.email).await.unwrap_err().code, Code::PeerOffline);
    bob.start_again().await;
    assert_eq!(bob.status().await.phase, Phase::Locked);
    assert_eq!(bob.refused(Command::Contacts { after: None }).await.code, Code::NotLoggedIn);
    assert_eq!(bob.unlock("wrong").await.unwrap_err().code, Code::WrongPassphrase);
    assert_eq!(bob.unlock(PASSPHRASE).await.unwrap().phase, Phase::Ready);
    assert!(bob.ping(&ann.email).await.is_ok());
}
