//! Contacts that are not who they were, or not there at all.

use airhatch_tests::{Authority, HostilePeer, PASSPHRASE, World, email, eventually, forge};
use airhatch_wire::control::{Command, ContactView, Reply, TransferState, Trust};
use airhatch_wire::{Code, UnixMillis};

const DAY: u64 = 24 * 3_600_000;

#[tokio::test]
async fn a_contact_that_is_unknown_here_or_at_the_ca_is_not_found() {
    let world = World::new().await;
    let ann = world.agent("ann@example.org").await;
    let nobody = email("nobody@example.org");
    assert_eq!(ann.add(&nobody).await.unwrap_err().code, Code::NotFound);
    assert_eq!(ann.ping(&nobody).await.unwrap_err().code, Code::NotFound);
    let stage = ann.stage(&[("a.txt", b"a")]);
    assert_eq!(ann.send(&nobody, stage).await.unwrap_err().code, Code::NotFound);
    assert_eq!(ann.add(&ann.email).await.unwrap_err().code, Code::Invalid, "not even oneself");
    assert_eq!(ann.transfers().await, []);
}

#[tokio::test]
async fn a_contact_whose_certificate_was_revoked_gets_and_gives_nothing() {
    let world = World::new().await;
    let (mut ann, bob) = world.friends().await;
    bob.remove_account(PASSPHRASE).await.unwrap();
    // The list of revoked certificates is read at login.
    ann.kill().await;
    ann.resume().await;
    let revoked = eventually("the revocation", async || {
        ann.contact(&bob.email).await.filter(|contact| contact.trust == Trust::Revoked)
    });
    revoked.await;
    assert_eq!(ann.ping(&bob.email).await.unwrap_err().code, Code::Revoked);
    let stage = ann.stage(&[("a.txt", b"a")]);
    assert_eq!(ann.send(&bob.email, stage).await.unwrap_err().code, Code::Revoked);
}

#[tokio::test]
async fn an_expired_certificate_is_not_taken_from_a_caller_or_a_contact() {
    let world = World::new().await;
    let ann = world.agent("ann@example.org").await;
    let mut old = world.hostile_friend("old@example.org", &ann).await;
    let fresh = world.hostile("fresh@example.org").await;
    ann.add(&fresh.email).await.unwrap();
    let mut ear = old.listen().await;
    let now = UnixMillis::now();
    wear(&mut old, &world.authority, (UnixMillis(now.0 - 40 * DAY), UnixMillis(now.0 - 10 * DAY)));
    ear.wear(&old);
    assert!(fresh.is_welcome(&ann, &fresh).await);
    assert!(!old.is_welcome(&ann, &fresh).await);
    let serving = tokio::spawn(async move { ear.answer().await });
    assert_eq!(ann.ping(&old.email).await.unwrap_err().code, Code::CertificateExpired);
    serving.abort();
}

fn wear(peer: &mut HostilePeer, authority: &Authority, validity: (UnixMillis, UnixMillis)) {
    let seal_key = peer.sealing.recipient().to_bytes();
    peer.certificate = forge(authority, &peer.email, (&peer.identity.public(), &seal_key), validity);
}

#[tokio::test]
async fn a_certificate_of_another_ca_is_not_taken_from_a_caller_or_a_contact() {
    let world = World::new().await;
    let ann = world.agent("ann@example.org").await;
    let bob = world.hostile_friend("bob@example.org", &ann).await;
    let elsewhere = Authority::another(&world).await;
    let foreign = HostilePeer::register(&elsewhere, "bob@example.org").await;

    assert!(bob.is_welcome(&ann, &bob).await);
    assert!(!foreign.is_welcome(&ann, &bob).await, "the same email at another CA opens nothing");

    let ear = foreign.listen().await;
    bob.announce(ear.address()).await;
    let serving = tokio::spawn(async move { ear.answer().await });
    assert_eq!(ann.ping(&bob.email).await.unwrap_err().code, Code::VerificationFailed);
    serving.abort();
}

#[tokio::test]
async fn a_changed_key_stops_everything_until_a_person_decides() {
    let world = World::new().await;
    let (ann, mut bob) = world.friends().await;
    let before = ann.verify(&bob.email).await;
    assert_eq!(before.trust, Trust::Verified);
    bob.remove_account(PASSPHRASE).await.unwrap();
    bob.program.ended().await;
    bob.start_again().await;
    bob.enroll().await.unwrap();
    bob.add(&ann.email).await.unwrap();

    assert_eq!(ann.add(&bob.email).await.unwrap_err().code, Code::KeyChanged);
    let changed = ann.contact(&bob.email).await.unwrap();
    assert_eq!(changed.fingerprint, before.fingerprint, "the pinned key stays");
    let Trust::Changed { fingerprint, .. } = changed.trust else { panic!("{changed:?}") };
    assert_eq!(Some(fingerprint), bob.status().await.fingerprint);
    assert_eq!(ann.ping(&bob.email).await.unwrap_err().code, Code::KeyChanged);
    let stage = ann.stage(&[("a.txt", b"a")]);
    assert_eq!(ann.send(&bob.email, stage).await.unwrap_err().code, Code::KeyChanged);
    let id = bob.offer(&ann.email, &[("b.txt", b"b")]).await;
    assert_eq!(bob.failed(id).await.code, Code::KeyChanged, "and nothing is taken from the new key");

    let trust = |fingerprint| Command::TrustNewKey { email: bob.email.clone(), fingerprint };
    assert_eq!(
        ann.refused(trust(before.fingerprint)).await.code,
        Code::Conflict,
        "not the one that was seen"
    );
    let Reply::Contact(contact) = ann.ask(trust(fingerprint)).await.unwrap() else { panic!() };
    let ContactView { trust, fingerprint: pinned, .. } = *contact;
    assert_eq!((trust, pinned), (Trust::Certified, fingerprint), "and nobody has compared it yet");
    ann.ping(&bob.email).await.unwrap();
}

#[tokio::test]
async fn a_contact_that_another_genuine_account_poses_as_is_a_changed_key() {
    let world = World::new().await;
    let ann = world.agent("ann@example.org").await;
    let bob = world.hostile_friend("bob@example.org", &ann).await;
    let eve = world.hostile("eve@example.org").await;
    let ear = eve.listen().await;
    bob.announce(ear.address()).await;
    let serving = tokio::spawn(async move { ear.answer().await });
    assert_eq!(ann.ping(&bob.email).await.unwrap_err().code, Code::KeyChanged);
    assert_eq!(
        ann.contact(&bob.email).await.unwrap().trust,
        Trust::Certified,
        "eve's key is not bob's new key"
    );
    serving.abort();
}

#[tokio::test]
async fn a_peer_that_is_offline_gets_its_offer_when_it_comes_back() {
    let world = World::new().await;
    let (ann, mut bob) = world.friends().await;
    bob.terminate().await;
    assert_eq!(ann.ping(&bob.email).await.unwrap_err().code, Code::PeerOffline);
    let id = ann.offer(&bob.email, &[("a.txt", b"late")]).await;
    assert_eq!(ann.transfers().await[0].state, TransferState::Queued);
    bob.resume().await;
    bob.offered(id).await;
    ann.until(id, "the offer noted", |state| *state == TransferState::Offered).await;
    bob.accept(id).await.unwrap();
    tokio::join!(ann.delivered(id), bob.delivered(id));
}

#[tokio::test]
async fn a_contact_that_was_removed_offers_nothing_any_more() {
    let world = World::new().await;
    let (ann, bob) = world.friends().await;
    let first = ann.offer(&bob.email, &[("a.txt", b"a")]).await;
    bob.offered(first).await;
    bob.ask(Command::RemoveContact { email: ann.email.clone() }).await.unwrap();
    let ended = ann.until(first, "the end of the offer", TransferState::is_over).await;
    assert!(matches!(ended.state, TransferState::Cancelled { by_us: false, .. }), "{:?}", ended.state);
    let second = ann.offer(&bob.email, &[("b.txt", b"b")]).await;
    assert_eq!(ann.failed(second).await.code, Code::NotPermitted);
    bob.is_unharmed().await;
}
