//! Asking the CA: one connection, one question (or the few of one procedure), one answer each.

use airhatch_seal::unseal_small;
use airhatch_trust::certificate::CertificateError;
use airhatch_trust::tls::{AuthorityClient, TlsError, exporter};
use airhatch_trust::{AccountCertificate, AuthorityCertificate, certificate_request, open_statement};
use airhatch_wire::authority::{
    FromAuthority, NONCE, REMOVAL_EXPORTER, RevocationList, ToAuthority, removal_body,
};
use airhatch_wire::link::Link;
use airhatch_wire::signed::Verb;
use airhatch_wire::{Address, Blob, Code, Email, Failure, UnixMillis};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_openssl::SslStream;

use crate::keys::{Keys, Unlocked};
use crate::peer::{CONNECT_TIME, WORD_TIME, tls_failure};
use crate::transfer::offer::internal;

/// How far this machine's clock may be from the CA's when an account is made: 5 minutes, milliseconds. Certificates
/// begin that much before they are issued.
const CLOCKS_APART: u64 = 5 * 60_000;

/// A conversation with the CA.
struct Line {
    link: Link<SslStream<TcpStream>, ToAuthority, FromAuthority>,
    root: AuthorityCertificate,
}

impl Line {
    async fn open(address: &Address, client: &AuthorityClient) -> Result<Self, Failure> {
        let connect = async {
            let stream = TcpStream::connect((address.host(), address.port()))
                .await
                .map_err(|error| unreachable(address, error))?;
            let (tls, root) = client.connect(stream).await.map_err(|error| match error {
                TlsError::Handshake(_) | TlsError::Protocol => unreachable(address, error),
                TlsError::Certificate(CertificateError::Expired) => Failure::new(
                    Code::VerificationFailed,
                    "by this machine's clock the CA's certificate has expired",
                )
                .hint("set this machine's clock; if it is right, tell the person who runs the CA"),
                other => tls_failure(&other),
            })?;
            let link = Link::open(tls).await.map_err(|error| unreachable(address, error))?;
            Ok(Self { link, root })
        };
        timeout(CONNECT_TIME, connect)
            .await
            .unwrap_or_else(|_| Err(unreachable(address, "no answer in time")))
    }

    async fn ask(&mut self, question: &ToAuthority) -> Result<FromAuthority, Failure> {
        let exchange = async {
            self.link.send(question).await?;
            self.link.receive().await
        };
        match timeout(WORD_TIME, exchange).await {
            Ok(Ok(Some(FromAuthority::Refused(failure)))) => Err(failure),
            Ok(Ok(Some(answer))) => Ok(answer),
            Ok(Ok(None)) => Err(broken("it hung up")),
            Ok(Err(error)) => Err(broken(error)),
            Err(_) => Err(broken("no answer in time")),
        }
    }
}

/// Asks the CA one question in the name of the account.
///
/// # Errors
/// [`Code::AuthorityUnreachable`], [`Code::WrongAuthority`], or what the CA's refusal says.
pub async fn ask(unlocked: &Unlocked, question: &ToAuthority) -> Result<FromAuthority, Failure> {
    let papers = unlocked.papers();
    Line::open(&unlocked.keys.authority, &papers.authority).await?.ask(question).await
}

/// The CA's own certificate, once it has shown the pinned fingerprint.
///
/// # Errors
/// As [`ask`].
pub async fn meet(address: &Address, client: &AuthorityClient) -> Result<AuthorityCertificate, Failure> {
    Ok(Line::open(address, client).await?.root)
}

/// Registers the account of these keys: proves the identity key and the sealing key, gets the certificate. Done again
/// with the same keys it gets the same account, so a crash in between costs nothing.
///
/// # Errors
/// [`Code::Conflict`] when the email is taken; as [`ask`].
pub async fn register(keys: &Keys, code: Option<String>) -> Result<AccountCertificate, Failure> {
    let client = AuthorityClient::anonymous(keys.root.fingerprint()).map_err(internal)?;
    let mut line = Line::open(&keys.authority, &client).await?;
    compare_clocks(&mut line).await?;
    let recipient = Blob::from(keys.seal_key());
    let begin = ToAuthority::RegisterBegin { email: keys.email.clone(), recipient };
    let FromAuthority::Sealed(sealed) = line.ask(&begin).await? else { return Err(unexpected()) };
    let nonce = unseal_small(&keys.sealing, &sealed, NONCE).map_err(internal)?;
    let request = certificate_request(&keys.identity, &keys.email).map_err(internal)?;
    let finish =
        ToAuthority::RegisterFinish { nonce: Blob::from(nonce.to_vec()), request: Blob::from(request), code };
    match line.ask(&finish).await? {
        FromAuthority::Certificate(der) => own_certificate(keys, &der),
        _ => Err(unexpected()),
    }
}

/// Refuses to begin where the certificate to come would be worth nothing by this machine's clock: the CA would have
/// given the email away to keys that nobody keeps.
async fn compare_clocks(line: &mut Line) -> Result<(), Failure> {
    let FromAuthority::Info { now: theirs, .. } = line.ask(&ToAuthority::Info).await? else {
        return Err(unexpected());
    };
    let ours = UnixMillis::now();
    let apart = ours.since(theirs).max(theirs.since(ours));
    if apart <= CLOCKS_APART {
        return Ok(());
    }
    let far = match apart / 60_000 {
        minutes @ ..120 => format!("{minutes} minutes"),
        minutes @ ..2880 => format!("{} hours", minutes / 60),
        minutes => format!("{} days", minutes / 1440),
    };
    let which = if ours > theirs { "ahead of" } else { "behind" };
    let text = format!("this machine's clock is {far} {which} the CA's");
    Err(Failure::new(Code::VerificationFailed, text)
        .hint("set this machine's clock; if it is right, tell the person who runs the CA"))
}

/// A new certificate for the same keys.
///
/// # Errors
/// [`Code::Revoked`] when the account was removed; as [`ask`].
pub async fn renew(unlocked: &Unlocked) -> Result<AccountCertificate, Failure> {
    let keys = &unlocked.keys;
    let request = Blob::from(certificate_request(&keys.identity, &keys.email).map_err(internal)?);
    match ask(unlocked, &ToAuthority::Renew { request }).await? {
        FromAuthority::Certificate(der) => own_certificate(keys, &der),
        _ => Err(unexpected()),
    }
}

/// The certificate of an email, checked against the pinned CA.
///
/// # Errors
/// [`Code::NotFound`] when the CA knows no such account; [`Code::VerificationFailed`]; as [`ask`].
pub async fn look_up(unlocked: &Unlocked, email: &Email) -> Result<AccountCertificate, Failure> {
    let question = ToAuthority::Lookup { email: email.clone() };
    let FromAuthority::Certificate(der) = ask(unlocked, &question).await? else { return Err(unexpected()) };
    let certificate = check_certificate(&unlocked.keys, &der)?;
    if certificate.email() == email {
        return Ok(certificate);
    }
    Err(Failure::new(Code::VerificationFailed, "the CA answered with somebody else's certificate")
        .hint("tell the person who runs the CA"))
}

/// The CA's list of revoked certificates, its signature checked.
///
/// # Errors
/// [`Code::VerificationFailed`]; as [`ask`].
pub async fn revocations(unlocked: &Unlocked) -> Result<RevocationList, Failure> {
    let FromAuthority::Revocations(signed) = ask(unlocked, &ToAuthority::Revocations).await? else {
        return Err(unexpected());
    };
    open_statement(&unlocked.keys.root.public_key(), Verb::Revocations, &signed)
        .map_err(|error| Failure::new(Code::VerificationFailed, error.to_string()))
}

/// Removes the account at the CA: signs its challenge, bound to this very TLS session. An account that is removed
/// already counts as done.
///
/// # Errors
/// As [`ask`]; the account stays then.
pub async fn remove(unlocked: &Unlocked) -> Result<(), Failure> {
    let keys = &unlocked.keys;
    let mut line = Line::open(&keys.authority, &unlocked.papers().authority).await?;
    let nonce = match line.ask(&ToAuthority::RemoveBegin).await {
        Ok(FromAuthority::Nonce(nonce)) => nonce,
        Ok(_) => return Err(unexpected()),
        Err(failure) if failure.code == Code::Revoked => return Ok(()),
        Err(failure) => return Err(failure),
    };
    let session = exporter(line.link.stream().ssl(), REMOVAL_EXPORTER).map_err(internal)?;
    let body = removal_body(&nonce, &keys.email, &session);
    let signature = keys.identity.sign(Verb::Remove, &body).map_err(internal)?;
    match line.ask(&ToAuthority::RemoveFinish { signature }).await? {
        FromAuthority::Done => Ok(()),
        _ => Err(unexpected()),
    }
}

fn own_certificate(keys: &Keys, der: &[u8]) -> Result<AccountCertificate, Failure> {
    let certificate = check_certificate(keys, der)?;
    let ours = certificate.email() == &keys.email
        && certificate.identity() == keys.identity.public()
        && certificate.seal_key().as_slice() == keys.seal_key();
    if ours {
        return Ok(certificate);
    }
    Err(Failure::new(Code::VerificationFailed, "the CA certified something else than this account's keys")
        .hint("tell the person who runs the CA"))
}

fn check_certificate(keys: &Keys, der: &[u8]) -> Result<AccountCertificate, Failure> {
    let read = AccountCertificate::parse(der)
        .and_then(|certificate| certificate.verify(&keys.root, UnixMillis::now()).map(|()| certificate));
    read.map_err(|error| {
        Failure::new(Code::VerificationFailed, format!("the certificate from the CA is not good: {error}"))
            .hint("check this machine's clock; else tell the person who runs the CA")
    })
}

fn unreachable(address: &Address, error: impl std::fmt::Display) -> Failure {
    Failure::new(Code::AuthorityUnreachable, format!("the CA at {address} cannot be reached: {error}"))
        .hint("check the address and that the CA runs, then try again")
}

fn broken(error: impl std::fmt::Display) -> Failure {
    Failure::new(Code::AuthorityUnreachable, format!("the conversation with the CA broke: {error}"))
        .hint("try again")
}

fn unexpected() -> Failure {
    Failure::new(Code::UnknownMessage, "the CA gave an answer that does not fit the question")
        .hint("update the older of the two programs")
}
