//! The whole CA over real sockets and TLS, on loopback.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use airhatch_trust::seal_statement;
use airhatch_trust::tls::{AuthorityClient, exporter};
use airhatch_wire::authority::{Announcement, Enrolment, FromAuthority, REMOVAL_EXPORTER, ToAuthority};
use airhatch_wire::frame::{self, FrameError, Opening, Word};
use airhatch_wire::link::Link;
use airhatch_wire::signed::Verb;
use airhatch_wire::{Code, Fingerprint};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_openssl::SslStream;

use super::*;
use crate::harness::*;
use crate::health;

/// For whatever must happen soon: on a busy machine, this is a long time.
const SOON: Duration = Duration::from_secs(30);

type ClientLink = Link<SslStream<TcpStream>, ToAuthority, FromAuthority>;

struct Served {
    home: TempDir,
    address: SocketAddr,
    root: Fingerprint,
    shared: Arc<Shared>,
    end: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

async fn serve_in(home: TempDir, founded: UnixMillis, limits: Limits, patience: Patience) -> Served {
    let authority = authority_in(&home, Enrolment::Open, founded);
    let root = authority.issuer.root().fingerprint();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shared = Arc::new(Shared::new(authority, &limits, patience, UnixMillis::now()).unwrap());
    let (end, ended) = oneshot::channel();
    let serving = run(listener, Arc::clone(&shared), limits.connections, async { drop(ended.await) });
    Served { home, address, root, running: tokio::spawn(serving), shared, end }
}

async fn serve() -> Served {
    let home = tempfile::tempdir().unwrap();
    serve_in(home, UnixMillis::now(), Limits::default(), Patience::default()).await
}

impl Served {
    async fn call(&self, client: &AuthorityClient) -> ClientLink {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (stream, root) = client.connect(stream).await.unwrap();
        assert_eq!(root.fingerprint(), self.root);
        Link::open(stream).await.unwrap()
    }

    /// TLS without words yet.
    async fn raw(&self) -> SslStream<TcpStream> {
        let client = AuthorityClient::anonymous(self.root).unwrap();
        client.connect(TcpStream::connect(self.address).await.unwrap()).await.unwrap().0
    }

    async fn stranger(&self) -> ClientLink {
        self.call(&AuthorityClient::anonymous(self.root).unwrap()).await
    }

    async fn account(&self, person: &Person) -> ClientLink {
        let client = AuthorityClient::identified(self.root, &person.key, person.certificate()).unwrap();
        self.call(&client).await
    }

    async fn register(&self, name: &str, seed: u8) -> Person {
        let mut person = Person::new(name, seed);
        let mut link = self.stranger().await;
        let nonce = person.open(ask(&mut link, person.begin()).await);
        person.certificate = Some(certificate(ask(&mut link, person.finish(nonce, None)).await));
        person
    }

    /// Ends the server; its home, for another one.
    async fn stop(self) -> TempDir {
        self.end.send(()).unwrap();
        tokio::time::timeout(SOON, self.running).await.unwrap().unwrap();
        assert!(TcpStream::connect(self.address).await.is_err());
        drop(self.shared);
        self.home
    }
}

fn framed(body: &[u8]) -> Vec<u8> {
    [u32::try_from(body.len()).unwrap().to_be_bytes().as_slice(), body].concat()
}

async fn ask(link: &mut ClientLink, request: ToAuthority) -> FromAuthority {
    tokio::time::timeout(SOON, async {
        link.send(&request).await.unwrap();
        link.receive().await.unwrap().unwrap()
    })
    .await
    .unwrap()
}

async fn remove(link: &mut ClientLink, person: &Person, exporter: &[u8; 32]) -> FromAuthority {
    let nonce = removal_nonce(ask(link, ToAuthority::RemoveBegin).await);
    let signature = person.removal(&nonce, exporter);
    ask(link, ToAuthority::RemoveFinish { signature }).await
}

fn exporter_of(link: &ClientLink) -> [u8; 32] {
    exporter(link.stream().ssl(), REMOVAL_EXPORTER).unwrap()
}

fn lookup(person: &Person) -> ToAuthority {
    ToAuthority::Lookup { email: person.email.clone() }
}

#[tokio::test]
async fn an_account_lives_from_registration_to_removal() {
    let founded = UnixMillis::now();
    let home = tempfile::tempdir().unwrap();
    let served = serve_in(home, founded, Limits::default(), Patience::default()).await;
    let mut ann = served.register("ann@example.org", 2).await;
    let bob = served.register("bob@example.org", 3).await;
    let (mut as_ann, mut as_bob) = (served.account(&ann).await, served.account(&bob).await);
    assert_eq!(certificate(ask(&mut as_ann, lookup(&bob)).await), *bob.certificate());

    let now = UnixMillis::now();
    let said = Announcement {
        email: ann.email.clone(),
        addresses: vec!["127.0.0.1:7401".parse().unwrap()],
        issued: now,
        expires: now.plus(MINUTE),
    };
    let said = seal_statement(&ann.key, Verb::Announce, &said).unwrap();
    assert_eq!(ask(&mut as_ann, ToAuthority::Announce(said.clone())).await, FromAuthority::Done);
    let locate = ToAuthority::Locate { emails: vec![ann.email.clone(), bob.email.clone()] };
    assert_eq!(ask(&mut as_bob, locate).await, FromAuthority::Located(vec![Some(said), None]));

    let renewed = certificate(ask(&mut as_ann, ToAuthority::Renew { request: ann.request() }).await);
    assert_eq!(renewed.identity(), ann.key.public());
    assert_eq!(certificate(ask(&mut as_bob, lookup(&ann)).await), renewed);
    ann.certificate = Some(renewed);

    // What was promised is there after a restart.
    drop((as_ann, as_bob));
    let served = serve_in(served.stop().await, founded, Limits::default(), Patience::default()).await;
    let (mut as_ann, mut as_bob) = (served.account(&ann).await, served.account(&bob).await);
    assert_eq!(certificate(ask(&mut as_bob, lookup(&ann)).await), *ann.certificate());
    let exporter = exporter_of(&as_ann);
    assert_eq!(remove(&mut as_ann, &ann, &exporter).await, FromAuthority::Done);
    assert_eq!(refusal(ask(&mut as_bob, lookup(&ann)).await), Code::NotFound);
    assert_eq!(refusal(ask(&mut as_ann, lookup(&bob)).await), Code::Revoked);
    let mut again = served.account(&ann).await;
    assert_eq!(refusal(ask(&mut again, lookup(&bob)).await), Code::Revoked);
    served.stop().await;
}

#[tokio::test]
async fn a_stranger_can_ask_who_this_is_and_nothing_about_accounts() {
    let served = serve().await;
    let ann = served.register("ann@example.org", 2).await;
    let mut link = served.stranger().await;
    assert_eq!(refusal(ask(&mut link, lookup(&ann)).await), Code::NotPermitted);
    assert_eq!(refusal(ask(&mut link, ToAuthority::Revocations).await), Code::NotPermitted);
    assert!(matches!(ask(&mut link, ToAuthority::Info).await, FromAuthority::Info { .. }));
    served.stop().await;
}

#[tokio::test]
async fn a_removal_signed_for_another_session_is_refused() {
    let served = serve().await;
    let ann = served.register("ann@example.org", 2).await;
    let (mut here, there) = (served.account(&ann).await, served.account(&ann).await);
    let answer = remove(&mut here, &ann, &exporter_of(&there)).await;
    assert_eq!(refusal(answer), Code::VerificationFailed);
    assert_eq!(certificate(ask(&mut here, lookup(&ann)).await), *ann.certificate());
    served.stop().await;
}

#[tokio::test]
async fn an_expired_account_can_connect_and_renew() {
    let home = tempfile::tempdir().unwrap();
    let now = UnixMillis::now();
    let past = UnixMillis(now.0 - 40 * DAY);
    let served = serve_in(home, past, Limits::default(), Patience::default()).await;
    let mut ann = Person::new("ann@example.org", 2);
    ann.register(&served.shared.authority, past);
    let mut link = served.account(&ann).await;
    assert_eq!(refusal(ask(&mut link, lookup(&ann)).await), Code::CertificateExpired);
    let renewed = certificate(ask(&mut link, ToAuthority::Renew { request: ann.request() }).await);
    renewed.verify(served.shared.authority.issuer.root(), now).unwrap();
    ann.certificate = Some(renewed);
    let mut link = served.account(&ann).await;
    assert_eq!(certificate(ask(&mut link, lookup(&ann)).await), *ann.certificate());
    served.stop().await;
}

#[tokio::test]
async fn garbage_and_silence_disturb_nobody_and_are_cut_off() {
    let patience = Patience { handshake: Duration::from_millis(300), request: SOON };
    let home = tempfile::tempdir().unwrap();
    let served = serve_in(home, UnixMillis::now(), Limits::default(), patience).await;
    let mut nuisances = Vec::new();
    for kind in 0..30 {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        match kind % 3 {
            0 => {}
            1 => stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap(),
            // The beginning of a TLS record that never ends.
            _ => stream.write_all(&[0x16, 0x03, 0x01, 0x40, 0x00, 0x01]).await.unwrap(),
        }
        nuisances.push(stream);
    }
    served.register("ann@example.org", 2).await;
    for mut stream in nuisances {
        let mut rest = Vec::new();
        // Cut off, politely or not: it must end.
        let ended = tokio::time::timeout(SOON, stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok());
    }
    served.register("bob@example.org", 3).await;
    served.stop().await;
}

#[tokio::test]
async fn a_silent_caller_is_cut_off_and_its_place_goes_to_the_next() {
    let patience = Patience { request: Duration::from_millis(300), ..Patience::default() };
    let home = tempfile::tempdir().unwrap();
    let limits = Limits { connections: 1, ..Limits::default() };
    let served = serve_in(home, UnixMillis::now(), limits, patience).await;
    let mut silent = served.stranger().await;
    // There is one place: this connection gets its turn when the silent one is cut off.
    served.register("ann@example.org", 2).await;
    let ended = tokio::time::timeout(SOON, silent.receive()).await.unwrap();
    assert!(matches!(ended, Ok(None) | Err(FrameError::Io(_))));
    served.stop().await;
}

#[tokio::test]
async fn what_is_no_request_is_named_and_ends_the_connection() {
    let served = serve().await;
    let huge = u32::try_from(<ToAuthority as Word>::LIMIT + 1).unwrap().to_be_bytes();
    for (what, bytes, code) in [
        ("unknown", &[0, 0, 0, 1, 250][..], Code::UnknownMessage),
        ("empty", &[0, 0, 0, 0], Code::UnknownMessage),
        ("a bomb", &[0, 0, 0, 11, 4, 253, 255, 255, 255, 255, 255, 255, 255, 255, 0], Code::UnknownMessage),
        ("too large", &huge, Code::TooLarge),
    ] {
        let mut stream = served.raw().await;
        stream.write_all(&framed(&Opening::of::<ToAuthority>().to_bytes())).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        // Both answers, and then the end.
        tokio::time::timeout(SOON, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
        let refused = answer.strip_prefix(framed(&Opening::of::<FromAuthority>().to_bytes()).as_slice());
        let refused = refused.and_then(|rest| rest.get(4..)).unwrap();
        assert_eq!(refusal(frame::from_bytes(refused).unwrap()), code, "{what}");
    }
    served.stop().await;
}

#[tokio::test]
async fn another_version_is_told_which_one_is_spoken() {
    let served = serve().await;
    let mut stream = served.raw().await;
    let ours = Opening::of::<ToAuthority>();
    let opening = Opening { version: 99, ..ours }.to_bytes();
    stream.write_all(&framed(&opening)).await.unwrap();
    let mut answer = Vec::new();
    tokio::time::timeout(SOON, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
    let told = Opening::from_bytes(answer.get(4..).unwrap()).unwrap();
    assert_eq!(told, Opening { welcome: false, ..ours });
    served.stop().await;
}

#[tokio::test]
async fn too_many_registrations_are_put_off() {
    let mut limits = Limits::default();
    limits.loopback.registrations_per_hour = 1;
    let home = tempfile::tempdir().unwrap();
    let served = serve_in(home, UnixMillis::now(), limits, Patience::default()).await;
    served.register("ann@example.org", 2).await;
    let mut link = served.stranger().await;
    let answer = ask(&mut link, Person::new("bob@example.org", 3).begin()).await;
    assert_eq!(refusal(answer), Code::TryAgain);
    assert!(matches!(ask(&mut link, ToAuthority::Info).await, FromAuthority::Info { .. }));
    served.stop().await;
}

#[tokio::test]
async fn two_claimants_over_two_connections_leave_one_winner() {
    let served = serve().await;
    let begun = tokio::sync::Barrier::new(3);
    let claim = async |seed: u8| {
        let person = Person::new("ann@example.org", seed);
        let mut link = served.stranger().await;
        let nonce = person.open(ask(&mut link, person.begin()).await);
        begun.wait().await;
        ask(&mut link, person.finish(nonce, None)).await
    };
    let answers: [FromAuthority; 3] = tokio::join!(claim(2), claim(3), claim(4)).into();
    let (won, lost): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| matches!(answer, FromAuthority::Certificate(_)));
    assert_eq!(won.len(), 1);
    assert!(lost.into_iter().all(|answer| refusal(answer) == Code::Conflict));
    served.stop().await;
}

#[tokio::test]
async fn the_end_does_not_wait_for_idle_callers() {
    let served = serve().await;
    let mut idle = served.stranger().await;
    let _half_open = TcpStream::connect(served.address).await.unwrap();
    let asked = tokio::time::Instant::now();
    served.stop().await;
    assert!(asked.elapsed() < ENDING);
    let ended = tokio::time::timeout(SOON, idle.receive()).await.unwrap();
    assert!(matches!(ended, Ok(None)), "{ended:?}");
}

#[tokio::test]
async fn the_serving_certificate_is_replaced_in_time() {
    let served = serve().await;
    let until = || served.shared.serving.lock().unwrap().until;
    let (first, now) = (until(), UnixMillis::now());
    served.shared.tls(now.plus(14 * DAY)).unwrap();
    assert_eq!(until(), first);
    served.shared.tls(now.plus(16 * DAY)).unwrap();
    assert_eq!(until(), now.plus(31 * DAY));
    served.stop().await;
}

#[tokio::test]
async fn a_healthy_ca_says_so_and_another_one_is_noticed() {
    let served = serve().await;
    let address = health::callable(served.address);
    assert_eq!(health::check(&address, Some(served.root)).await.unwrap().fingerprint(), served.root);
    assert_eq!(health::check(&address, None).await.unwrap().fingerprint(), served.root);
    assert!(health::check(&address, Some(Fingerprint([9; 32]))).await.is_err());
    served.stop().await;
    assert!(health::check(&address, None).await.is_err());
}

#[test]
fn a_ca_that_listens_everywhere_is_called_on_loopback() {
    for (listening, called) in
        [("0.0.0.0:7", "127.0.0.1:7"), ("[::]:7", "[::1]:7"), ("192.0.2.1:7", "192.0.2.1:7")]
    {
        assert_eq!(health::callable(listening.parse().unwrap()).to_string(), called);
    }
}
