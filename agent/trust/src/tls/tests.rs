//! Handshakes over an in-memory pipe: who meets whom, and every refusal.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use openssl::ssl::{SslContext, SslVerifyMode};
use openssl::x509::X509;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::*;
use crate::forge::{DAY, Forge, Mold, ago};
use crate::profile::{self, AUTHORITY_NAME};
use airhatch_wire::{authority, peer};

type Meeting<T> = Result<(SslStream<DuplexStream>, T), TlsError>;

fn pipe() -> (DuplexStream, DuplexStream) {
    duplex(1 << 16)
}

fn peer_tls(forge: &Forge, email: &str, seed: u8) -> (PeerTls, crate::PublicKey) {
    let (key, certificate) = forge.account(email, seed);
    (PeerTls::new(&forge.root, &key, &certificate).unwrap(), key.public())
}

fn bent_account(forge: &Forge, seed: u8, bend: impl FnOnce(&mut Mold)) -> (IdentityKey, AccountCertificate) {
    let key = IdentityKey::from_seed(&[seed; 32]).unwrap();
    let mut mold = Forge::account_mold("ann@example.org");
    bend(&mut mold);
    let certificate = AccountCertificate::parse(&forge.sign(&mold, &key)).unwrap();
    (key, certificate)
}

fn expired(mold: &mut Mold) {
    (mold.not_before, mold.not_after) = (ago(40 * DAY), ago(10 * DAY));
}

fn authority_server(forge: &Forge) -> AuthorityServer {
    let key = IdentityKey::from_seed(&[77; 32]).unwrap();
    AuthorityServer::new(&forge.root, &key, &forge.sign(&Forge::server_mold(), &key)).unwrap()
}

/// A server that answers the CA's protocol with any certificate, as an attacker would.
fn impostor(key: &IdentityKey, leaf: &[u8], chain: &[&AuthorityCertificate]) -> SslContext {
    let mut context = server_builder(authority::ALPN).unwrap();
    context.set_certificate(&X509::from_der(leaf).unwrap()).unwrap();
    for root in chain {
        context.add_extra_chain_cert(root.x509().clone()).unwrap();
    }
    context.set_private_key(key.openssl()).unwrap();
    context.build()
}

async fn accept_raw(context: &SslContext, stream: DuplexStream) -> Result<SslStream<DuplexStream>, TlsError> {
    handshake(Ssl::new(context)?, stream, Side::Server, authority::ALPN, &Verdict::default()).await
}

async fn call_raw(context: &SslContext, stream: DuplexStream) -> Result<SslStream<DuplexStream>, TlsError> {
    handshake(Ssl::new(context)?, stream, Side::Client, peer::ALPN, &Verdict::default()).await
}

async fn peers(
    client: &PeerTls,
    server: &PeerTls,
    pinned: crate::PublicKey,
) -> (Meeting<AccountCertificate>, Meeting<AccountCertificate>) {
    let (a, b) = pipe();
    tokio::join!(client.connect(a, pinned), server.accept(b))
}

#[tokio::test]
async fn two_agents_of_one_ca_meet_and_share_a_secret() {
    let forge = Forge::new(1);
    let (ann, ann_key) = peer_tls(&forge, "ann@example.org", 2);
    let (bob, bob_key) = peer_tls(&forge, "bob@example.org", 3);
    let (called, answered) = peers(&ann, &bob, bob_key).await;
    let ((mut a, seen_bob), (mut b, seen_ann)) = (called.unwrap(), answered.unwrap());
    assert_eq!((seen_bob.identity(), seen_bob.email().as_str()), (bob_key, "bob@example.org"));
    assert_eq!((seen_ann.identity(), seen_ann.email().as_str()), (ann_key, "ann@example.org"));
    assert_eq!(a.ssl().version_str(), "TLSv1.3");
    assert_eq!(exporter(a.ssl(), "EXPORTER-x").unwrap(), exporter(b.ssl(), "EXPORTER-x").unwrap());
    assert_ne!(exporter(a.ssl(), "EXPORTER-x").unwrap(), exporter(a.ssl(), "EXPORTER-y").unwrap());
    a.write_all(b"hello").await.unwrap();
    let mut got = [0; 5];
    b.read_exact(&mut got).await.unwrap();
    assert_eq!(&got, b"hello");
}

#[tokio::test]
async fn every_session_has_its_own_exporter() {
    let forge = Forge::new(1);
    let (ann, _) = peer_tls(&forge, "ann@example.org", 2);
    let (bob, bob_key) = peer_tls(&forge, "bob@example.org", 3);
    let mut secrets = Vec::new();
    for _ in 0..2 {
        let (called, _answered) = peers(&ann, &bob, bob_key).await;
        let (stream, _) = called.unwrap();
        assert!(!stream.ssl().session_reused());
        secrets.push(exporter(stream.ssl(), "EXPORTER-x").unwrap());
    }
    assert_ne!(secrets.first(), secrets.last());
}

#[tokio::test]
async fn a_caller_refuses_an_account_with_another_key_before_showing_itself() {
    let forge = Forge::new(1);
    let (ann, ann_key) = peer_tls(&forge, "ann@example.org", 2);
    let (bob, bob_key) = peer_tls(&forge, "bob@example.org", 3);
    let (called, answered) = peers(&ann, &bob, ann_key).await;
    match called.unwrap_err() {
        TlsError::OtherKey(shown) => assert_eq!(shown.identity(), bob_key),
        other => panic!("{other:?}"),
    }
    assert!(answered.is_err());
}

#[tokio::test]
async fn an_account_of_another_ca_is_refused_on_either_side() {
    let (ours, theirs) = (Forge::new(1), Forge::new(9));
    let (ann, ann_key) = peer_tls(&ours, "ann@example.org", 2);
    let (eve, eve_key) = peer_tls(&theirs, "eve@example.org", 3);
    let (called, _) = peers(&ann, &eve, eve_key).await;
    assert!(matches!(called, Err(TlsError::Certificate(_))));
    // Eve, who does not mind whom she calls, meets Ann as the one who answers.
    let (key, certificate) = theirs.account("eve@example.org", 3);
    let careless = PeerTls::new(&ours.root, &key, &certificate).unwrap();
    let (_, answered) = peers(&careless, &ann, ann_key).await;
    assert!(matches!(answered, Err(TlsError::Certificate(_))), "{:?}", answered.err());
}

#[tokio::test]
async fn an_expired_or_future_account_is_refused_on_either_side() {
    let forge = Forge::new(1);
    let (bob, bob_key) = peer_tls(&forge, "bob@example.org", 3);
    let future = |mold: &mut Mold| mold.not_before = ago(0).plus(DAY);
    for (bend, is_right) in [
        (
            expired as fn(&mut Mold),
            (|e| matches!(e, CertificateError::Expired)) as fn(&CertificateError) -> bool,
        ),
        (future, |e| matches!(e, CertificateError::NotYetValid)),
    ] {
        let (key, certificate) = bent_account(&forge, 2, bend);
        let wrong = PeerTls::new(&forge.root, &key, &certificate).unwrap();
        let (_, answered) = peers(&wrong, &bob, bob_key).await;
        assert!(matches!(&answered, Err(TlsError::Certificate(e)) if is_right(e)), "{:?}", answered.err());
        let (called, _) = peers(&bob, &wrong, key.public()).await;
        assert!(matches!(&called, Err(TlsError::Certificate(e)) if is_right(e)), "{:?}", called.err());
    }
}

#[tokio::test]
async fn a_caller_without_a_certificate_is_refused_by_a_peer() {
    let forge = Forge::new(1);
    let (bob, _) = peer_tls(&forge, "bob@example.org", 3);
    let (a, b) = pipe();
    let mut context = client_builder(peer::ALPN).unwrap();
    context.set_verify(SslVerifyMode::NONE);
    let context = context.build();
    let bare = call_raw(&context, a);
    let (_, answered) = tokio::join!(bare, bob.accept(b));
    assert!(matches!(answered, Err(TlsError::NoCertificate)), "{:?}", answered.err());
}

#[tokio::test]
async fn a_caller_with_older_cryptography_is_refused() {
    let forge = Forge::new(1);
    let (key, certificate) = forge.account("ann@example.org", 2);
    let (bob, _) = peer_tls(&forge, "bob@example.org", 3);
    for what in ["TLS 1.2", "X25519 alone", "no ALPN", "another ALPN"] {
        let mut context = builder(SslMethod::tls_client()).unwrap();
        use_identity(&mut context, &key, &certificate).unwrap();
        context.set_verify(SslVerifyMode::NONE);
        match what {
            "TLS 1.2" => {
                context.set_min_proto_version(Some(SslVersion::TLS1_2)).unwrap();
                context.set_max_proto_version(Some(SslVersion::TLS1_2)).unwrap();
            }
            "X25519 alone" => context.set_groups_list("X25519").unwrap(),
            _ => {}
        }
        match what {
            "no ALPN" => {}
            "another ALPN" => context.set_alpn_protos(authority::ALPN).unwrap(),
            _ => context.set_alpn_protos(peer::ALPN).unwrap(),
        }
        let context = context.build();
        let (a, b) = pipe();
        let call = call_raw(&context, a);
        let (called, answered) = tokio::join!(call, bob.accept(b));
        assert!(answered.is_err() && called.is_err(), "{what}");
    }
}

#[tokio::test]
async fn a_stranger_and_an_account_reach_the_pinned_ca() {
    let forge = Forge::new(1);
    let server = authority_server(&forge);
    let (a, b) = pipe();
    let client = AuthorityClient::anonymous(forge.root.fingerprint()).unwrap();
    let (called, answered) = tokio::join!(client.connect(a), server.accept(b));
    assert_eq!(called.unwrap().1, forge.root);
    assert_eq!(answered.unwrap().1, None);

    let (key, certificate) = forge.account("ann@example.org", 2);
    let client = AuthorityClient::identified(forge.root.fingerprint(), &key, &certificate).unwrap();
    let (a, b) = pipe();
    let (called, answered) = tokio::join!(client.connect(a), server.accept(b));
    let ((called, _), (answered, account)) = (called.unwrap(), answered.unwrap());
    assert_eq!(account, Some(certificate));
    assert_eq!(
        exporter(called.ssl(), "EXPORTER-x").unwrap(),
        exporter(answered.ssl(), "EXPORTER-x").unwrap()
    );
}

#[tokio::test]
async fn the_ca_takes_an_account_at_a_wrong_time_and_no_other_flaw() {
    let forge = Forge::new(1);
    let server = authority_server(&forge);
    let future = |mold: &mut Mold| mold.not_before = ago(0).plus(DAY);
    for (bend, flaw) in
        [(expired as fn(&mut Mold), CertificateError::Expired), (future, CertificateError::NotYetValid)]
    {
        let (key, certificate) = bent_account(&forge, 2, bend);
        let client = AuthorityClient::identified(forge.root.fingerprint(), &key, &certificate).unwrap();
        let (a, b) = pipe();
        let (_called, answered) = tokio::join!(client.connect(a), server.accept(b));
        let account = answered.unwrap().1.unwrap();
        let found = account.verify(&forge.root, ago(0)).unwrap_err();
        assert_eq!(found.to_string(), flaw.to_string());
    }

    let (other_key, other) = Forge::new(9).account("ann@example.org", 2);
    let other_forge = Forge::new(9);
    let (late_key, late_other) = bent_account(&other_forge, 2, expired);
    for (what, key, certificate) in
        [("another CA's", other_key, other), ("another CA's, expired", late_key, late_other)]
    {
        let client = AuthorityClient::identified(forge.root.fingerprint(), &key, &certificate).unwrap();
        let (a, b) = pipe();
        let (_called, answered) = tokio::join!(client.connect(a), server.accept(b));
        assert!(matches!(answered, Err(TlsError::Certificate(_))), "{what}: {:?}", answered.err());
    }
}

#[tokio::test]
async fn another_ca_than_the_pinned_one_is_named_with_its_fingerprint() {
    let (pinned, shown) = (Forge::new(1), Forge::new(9));
    let (key, certificate) = pinned.account("ann@example.org", 2);
    let client = AuthorityClient::identified(pinned.root.fingerprint(), &key, &certificate).unwrap();
    let (a, b) = pipe();
    let server = authority_server(&shown);
    let (called, answered) = tokio::join!(client.connect(a), server.accept(b));
    match called.err().unwrap() {
        TlsError::WrongAuthority { shown: fingerprint, expected } => {
            assert_eq!((fingerprint, expected), (shown.root.fingerprint(), pinned.root.fingerprint()));
        }
        other => panic!("{other:?}"),
    }
    assert!(answered.is_err());
}

#[tokio::test]
async fn an_account_posing_as_its_ca_is_refused_before_the_caller_shows_itself() {
    let forge = Forge::new(1);
    let (mallory_key, mallory) = forge.account("mallory@example.org", 6);
    let server = impostor(&mallory_key, mallory.der(), &[&forge.root]);
    let (key, certificate) = forge.account("ann@example.org", 2);
    let client = AuthorityClient::identified(forge.root.fingerprint(), &key, &certificate).unwrap();
    let (a, b) = pipe();
    let (called, answered) = tokio::join!(client.connect(a), accept_raw(&server, b));
    assert!(matches!(called, Err(TlsError::Certificate(CertificateError::WrongUse))), "{:?}", called.err());
    assert!(answered.is_err());
}

#[tokio::test]
async fn the_cas_certificate_alone_does_not_make_a_ca() {
    // The root is public; its holder must also show a leaf that the root signed.
    let forge = Forge::new(1);
    let key = IdentityKey::from_seed(&[6; 32]).unwrap();
    let client = AuthorityClient::anonymous(forge.root.fingerprint()).unwrap();
    let mut foreign = Forge::server_mold();
    foreign.issuer = profile::name("Test CA").unwrap();
    let leaf = foreign.cast(key.openssl(), key.openssl(), openssl::hash::MessageDigest::null());
    let mut self_signed = Forge::server_mold();
    self_signed.subject = profile::name(AUTHORITY_NAME).unwrap();
    self_signed.issuer = profile::name(AUTHORITY_NAME).unwrap();
    let alone = self_signed.cast(key.openssl(), key.openssl(), openssl::hash::MessageDigest::null());
    for (what, leaf, chain) in [
        ("signed by itself in the CA's name", &leaf, &[&forge.root][..]),
        ("signed by itself", &alone, &[&forge.root]),
        ("without the CA's certificate", &forge.sign(&Forge::server_mold(), &key), &[]),
    ] {
        let server = impostor(&key, leaf, chain);
        let (a, b) = pipe();
        let (called, _) = tokio::join!(client.connect(a), accept_raw(&server, b));
        let refused = matches!(called, Err(TlsError::Certificate(_) | TlsError::WrongAuthority { .. }));
        assert!(refused, "{what}: {:?}", called.err());
    }
}

#[tokio::test]
async fn the_cas_serving_certificate_is_no_account() {
    let forge = Forge::new(1);
    let key = IdentityKey::from_seed(&[77; 32]).unwrap();
    let leaf = forge.sign(&Forge::server_mold(), &key);
    let (bob, _) = peer_tls(&forge, "bob@example.org", 3);
    let mut context = client_builder(peer::ALPN).unwrap();
    context.set_certificate(&X509::from_der(&leaf).unwrap()).unwrap();
    context.set_private_key(key.openssl()).unwrap();
    context.set_verify(SslVerifyMode::NONE);
    let context = context.build();
    let (a, b) = pipe();
    let call = call_raw(&context, a);
    let (_, answered) = tokio::join!(call, bob.accept(b));
    assert!(matches!(answered, Err(TlsError::Certificate(CertificateError::WrongUse))));
}

#[test]
fn a_key_that_does_not_belong_to_the_certificate_is_refused() {
    let forge = Forge::new(1);
    let (_, certificate) = forge.account("ann@example.org", 2);
    let other = IdentityKey::from_seed(&[3; 32]).unwrap();
    assert!(matches!(PeerTls::new(&forge.root, &other, &certificate), Err(TlsError::KeyMismatch)));
    let pinned = forge.root.fingerprint();
    assert!(matches!(AuthorityClient::identified(pinned, &other, &certificate), Err(TlsError::KeyMismatch)));
}

#[test]
fn an_account_certificate_cannot_serve_as_a_cas() {
    let forge = Forge::new(1);
    let (key, certificate) = forge.account("ann@example.org", 2);
    let refused = AuthorityServer::new(&forge.root, &key, certificate.der());
    assert!(matches!(refused, Err(TlsError::Certificate(CertificateError::WrongUse))));
}
