//! A peer with a real account that says whatever a test wants: TLS, words and signatures made by hand, without an agent.

use std::time::Duration;

use airhatch_seal::{Identity, unseal_small};
use airhatch_trust::tls::{AuthorityClient, PeerTls, TlsError};
use airhatch_trust::{
    AccountCertificate, AuthorityCertificate, IdentityKey, PublicKey, certificate_request, seal_statement,
};
use airhatch_wire::authority::{Announcement, FromAuthority, NONCE, ToAuthority};
use airhatch_wire::frame::FrameError;
use airhatch_wire::link::Link;
use airhatch_wire::peer::PeerWord;
use airhatch_wire::signed::{Signed, Verb};
use airhatch_wire::{Address, Blob, Email, Failure, UnixMillis};
use serde::Serialize;
use tokio::net::{TcpListener, TcpStream};
use tokio_openssl::SslStream;

use crate::{Agent, Authority, in_time};

/// A conversation between peers.
pub type PeerLink = Link<SslStream<TcpStream>, PeerWord, PeerWord>;

/// An account in the hands of a test.
pub struct HostilePeer {
    /// Its email.
    pub email: Email,
    /// Signs for it.
    pub identity: IdentityKey,
    /// Opens what is sealed to it.
    pub sealing: Identity,
    /// What it shows in handshakes.
    pub certificate: AccountCertificate,
    authority: Address,
    root: AuthorityCertificate,
}

/// A place where a hostile peer waits for callers.
pub struct Ear {
    listener: TcpListener,
    tls: PeerTls,
}

impl HostilePeer {
    /// Registers at the CA.
    pub async fn register(authority: &Authority, email: &str) -> Self {
        let email = crate::email(email);
        let (identity, sealing) = (IdentityKey::generate().unwrap(), Identity::generate_hybrid().unwrap());
        let client = AuthorityClient::anonymous(authority.fingerprint).unwrap();
        let mut line = Line::open(&authority.address, &client).await;
        let recipient = Blob::from(sealing.recipient().to_bytes());
        let begin = ToAuthority::RegisterBegin { email: email.clone(), recipient };
        let FromAuthority::Sealed(sealed) = line.ask(&begin).await else { panic!("no challenge") };
        let nonce = Blob::from(unseal_small(&sealing, &sealed, NONCE).unwrap().to_vec());
        let request = Blob::from(certificate_request(&identity, &email).unwrap());
        let answer = line.ask(&ToAuthority::RegisterFinish { nonce, request, code: None }).await;
        let FromAuthority::Certificate(der) = answer else { panic!("not registered: {answer:?}") };
        let certificate = AccountCertificate::parse(&der).unwrap();
        let (root, authority) = (authority.root(), authority.address.clone());
        Self { email, identity, sealing, certificate, authority, root }
    }

    /// Asks the CA in the name of this account.
    pub async fn ask(&self, question: &ToAuthority) -> FromAuthority {
        let client =
            AuthorityClient::identified(self.root.fingerprint(), &self.identity, &self.certificate).unwrap();
        Line::open(&self.authority, &client).await.ask(question).await
    }

    /// The live certificate of an account.
    pub async fn look_up(&self, email: &Email) -> AccountCertificate {
        match self.ask(&ToAuthority::Lookup { email: email.clone() }).await {
            FromAuthority::Certificate(der) => AccountCertificate::parse(&der).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// A statement with this account's signature.
    pub fn sign<T: Serialize>(&self, verb: Verb, statement: &T) -> Signed {
        seal_statement(&self.identity, verb, statement).unwrap()
    }

    /// Calls an agent up to the end of the TLS handshake.
    ///
    /// # Errors
    /// When one of the two sides refuses the other.
    pub async fn handshake(&self, victim: &Agent) -> Result<SslStream<TcpStream>, TlsError> {
        let pinned = self.key_of(victim).await;
        let address = victim.address().await;
        let stream = TcpStream::connect((address.host(), address.port())).await.unwrap();
        Ok(self.tls().connect(stream, pinned).await?.0)
    }

    /// Whether an agent talks to this account: it answers the greeting. `guide` knows the agent's CA and key.
    pub async fn is_welcome(&self, victim: &Agent, guide: &Self) -> bool {
        let pinned = guide.key_of(victim).await;
        let tls = PeerTls::new(&guide.root, &self.identity, &self.certificate).unwrap();
        let address = victim.address().await;
        let stream = TcpStream::connect((address.host(), address.port())).await.unwrap();
        // A refused client learns of it when it first reads.
        let talk = async {
            let (tls, _) = tls.connect(stream, pinned).await.ok()?;
            let mut link = PeerLink::open(tls).await.ok()?;
            link.send(&PeerWord::Hello { items: 1 }).await.ok()?;
            link.receive().await.ok()?
        };
        matches!(in_time("the end of a handshake", talk).await, Some(PeerWord::Hello { .. }))
    }

    /// Calls an agent and greets it.
    pub async fn call(&self, victim: &Agent) -> PeerLink {
        let mut link = Link::open(self.handshake(victim).await.unwrap()).await.unwrap();
        say(&mut link, PeerWord::Hello { items: 1000 }).await;
        link
    }

    /// Listens on loopback, and has the CA tell everybody so.
    pub async fn listen(&self) -> Ear {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        self.announce(Address::from(listener.local_addr().unwrap())).await;
        Ear { listener, tls: self.tls() }
    }

    /// Has the CA tell everybody that this account is reached there.
    pub async fn announce(&self, address: Address) {
        let issued = UnixMillis::now();
        let (email, addresses) = (self.email.clone(), vec![address]);
        let announcement = Announcement { email, addresses, issued, expires: issued.plus(3_600_000) };
        let signed = self.sign(Verb::Announce, &announcement);
        assert_eq!(self.ask(&ToAuthority::Announce(signed)).await, FromAuthority::Done);
    }

    fn tls(&self) -> PeerTls {
        PeerTls::new(&self.root, &self.identity, &self.certificate).unwrap()
    }

    async fn key_of(&self, victim: &Agent) -> PublicKey {
        victim.certificate(self).await.identity()
    }
}

impl Ear {
    /// Where it waits.
    #[must_use]
    pub fn address(&self) -> Address {
        Address::from(self.listener.local_addr().unwrap())
    }

    /// Shows what this account shows from here on.
    pub fn wear(&mut self, peer: &HostilePeer) {
        self.tls = peer.tls();
    }

    /// The next caller that gets through the handshake, greeted; one must come in time.
    pub async fn answer(&self) -> PeerLink {
        in_time("a caller", self.answer_whenever()).await
    }

    /// The next caller that gets through the handshake, greeted, whenever that is.
    pub async fn answer_whenever(&self) -> PeerLink {
        loop {
            let (stream, _) = self.listener.accept().await.unwrap();
            let Ok((tls, _)) = self.tls.accept(stream).await else { continue };
            let Ok(mut link) = PeerLink::answer(tls).await else { continue };
            // Whoever only wanted to know that somebody is here may have hung up.
            if link.send(&PeerWord::Hello { items: 1000 }).await.is_err() {
                continue;
            }
            return link;
        }
    }

    /// The first caller with an offer: everybody else only gets pongs, as one who is online gives them.
    pub async fn offered(&self) -> (PeerLink, Signed) {
        let mut callers = tokio::task::JoinSet::new();
        in_time("an offer", async {
            loop {
                tokio::select! {
                    link = self.answer() => { callers.spawn(first_offer(link)); }
                    Some(Ok(Some(offered))) = callers.join_next() => return offered,
                }
            }
        })
        .await
    }
}

async fn first_offer(mut link: PeerLink) -> Option<(PeerLink, Signed)> {
    loop {
        match link.receive().await {
            Ok(Some(PeerWord::Ping { nonce })) => link.send(&PeerWord::Pong { nonce }).await.ok()?,
            Ok(Some(PeerWord::Offer(signed))) => return Some((link, signed)),
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => return None,
        }
    }
}

/// Says one word.
pub async fn say(link: &mut PeerLink, word: PeerWord) {
    link.send(&word).await.unwrap();
}

/// The next word that is neither a greeting nor a sign of life; `None` when the other side hung up.
pub async fn hear(link: &mut PeerLink) -> Option<PeerWord> {
    in_time("a peer's word", async {
        loop {
            match link.receive().await {
                Ok(Some(PeerWord::Hello { .. } | PeerWord::Pong { .. } | PeerWord::Ping { .. })) => {}
                Ok(word) => return word,
                Err(FrameError::Io(_)) => return None,
                Err(error) => panic!("an agent sent something unreadable: {error}"),
            }
        }
    })
    .await
}

/// The refusal that must come next.
pub async fn refusal(link: &mut PeerLink) -> Failure {
    match hear(link).await {
        Some(PeerWord::Refused(failure)) => failure,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

/// A conversation with the CA.
struct Line(Link<SslStream<TcpStream>, ToAuthority, FromAuthority>);

impl Line {
    async fn open(address: &Address, client: &AuthorityClient) -> Self {
        let stream = TcpStream::connect((address.host(), address.port())).await.unwrap();
        let (tls, _) = client.connect(stream).await.unwrap();
        Self(Link::open(tls).await.unwrap())
    }

    async fn ask(&mut self, question: &ToAuthority) -> FromAuthority {
        self.0.send(question).await.unwrap();
        tokio::time::timeout(Duration::from_secs(20), self.0.receive()).await.unwrap().unwrap().unwrap()
    }
}
