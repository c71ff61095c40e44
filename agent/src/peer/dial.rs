//! Calling a contact: where it said it is, all addresses with a short head start for each, and the CA's word when those
//! fail. Whoever answers must prove the pinned key.

use std::time::Duration;

use airhatch_trust::tls::TlsError;
use airhatch_trust::{AccountCertificate, open_statement};
use airhatch_wire::authority::{Announcement, FromAuthority, ToAuthority};
use airhatch_wire::link::Link;
use airhatch_wire::peer::PeerWord;
use airhatch_wire::signed::{Signed, Verb};
use airhatch_wire::{Address, Code, Failure};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::{CONNECT_TIME, PeerLink, Surroundings, frame_failure, hello, tls_failure};
use crate::authority;
use crate::hub::{Input, Target};
use crate::keys::{certificate_of, pin_of};

/// The head start of each address before the next one is tried too.
const HEAD_START: Duration = Duration::from_millis(250);

/// The nonce of the ping after a word that is the only one.
const SAID: u64 = 1;

/// Calls a contact and greets it; returns the conversation and the certificate that was proven.
///
/// # Errors
/// [`Code::PeerOffline`] when no address answers; [`Code::KeyChanged`] (and the hub is told) when another key does;
/// else as [`tls_failure`] says.
pub async fn call(around: &Surroundings, target: &Target) -> Result<(PeerLink, AccountCertificate), Failure> {
    let pinned = certificate_of(&target.pin)?;
    let _permit = around.dials.acquire().await;
    let mut last = offline(target);
    if let Some(known) = &target.announcement {
        match try_all(around, &pinned, &addresses(known, &pinned)).await {
            Err(failure) if failure.code == Code::PeerOffline => last = failure,
            settled => return settled,
        }
    }
    let Some(fresh) = locate(around, target).await else { return Err(last) };
    if target.announcement.as_ref() == Some(&fresh) {
        return Err(last);
    }
    let addresses = addresses(&fresh, &pinned);
    if !addresses.is_empty() {
        around.report(Input::Located(target.pin.email.clone(), fresh)).await;
    }
    try_all(around, &pinned, &addresses).await
}

/// As [`call`], after one that failed: what was announced before may be stale, so the CA is asked first. Where the CA
/// cannot be asked either, what is known has to serve.
///
/// # Errors
/// As [`call`].
pub async fn call_again(
    around: &Surroundings,
    target: &mut Target,
) -> Result<(PeerLink, AccountCertificate), Failure> {
    let pinned = certificate_of(&target.pin)?;
    let _permit = around.dials.acquire().await;
    if let Some(fresh) = locate(around, target).await
        && target.announcement.as_ref() != Some(&fresh)
        && !addresses(&fresh, &pinned).is_empty()
    {
        around.report(Input::Located(target.pin.email.clone(), fresh.clone())).await;
        target.announcement = Some(fresh);
    }
    match &target.announcement {
        Some(known) => try_all(around, &pinned, &addresses(known, &pinned)).await,
        None => Err(offline(target)),
    }
}

/// Calls a contact to say one word, and waits until it was read.
///
/// # Errors
/// As [`call`].
pub async fn say(around: &Surroundings, target: &Target, word: &PeerWord) -> Result<(), Failure> {
    let (mut link, _) = call(around, target).await?;
    let talk = async {
        link.send(word).await?;
        // Words are read in order: an answer to the second shows that the first was heard.
        link.send(&PeerWord::Ping { nonce: SAID }).await?;
        while let Some(answer) = link.receive().await? {
            match answer {
                PeerWord::Pong { nonce: SAID } => return link.close().await.map(|()| true),
                PeerWord::Hello { .. } => {}
                _ => break,
            }
        }
        Ok(false)
    };
    let heard = timeout(CONNECT_TIME, talk).await.map_err(|_| silent())?;
    if heard.map_err(|error| frame_failure(&error))? { Ok(()) } else { Err(silent()) }
}

async fn locate(around: &Surroundings, target: &Target) -> Option<Signed> {
    let question = ToAuthority::Locate { emails: vec![target.pin.email.clone()] };
    match authority::ask(&around.unlocked, &question).await {
        Ok(FromAuthority::Located(answers)) => answers.into_iter().next().flatten(),
        Ok(_) => None,
        Err(failure) => {
            tracing::debug!(code = ?failure.code, "the CA did not say where a contact is");
            None
        }
    }
}

/// The addresses of an announcement that the contact's own key signed; none otherwise.
fn addresses(announcement: &Signed, contact: &AccountCertificate) -> Vec<Address> {
    match open_statement::<Announcement>(&contact.identity(), Verb::Announce, announcement) {
        Ok(statement) if statement.email == *contact.email() => statement.addresses,
        _ => Vec::new(),
    }
}

async fn try_all(
    around: &Surroundings,
    pinned: &AccountCertificate,
    addresses: &[Address],
) -> Result<(PeerLink, AccountCertificate), Failure> {
    let mut last = None;
    let attempts: FuturesUnordered<_> = addresses
        .iter()
        .zip(0_u32..)
        .map(|(address, place)| async move {
            sleep(HEAD_START * place).await;
            timeout(CONNECT_TIME, reach(around, pinned, address)).await.unwrap_or_else(|_| Err(silent()))
        })
        .collect();
    let mut attempts = attempts;
    while let Some(outcome) = attempts.next().await {
        match outcome {
            Ok(reached) => return Ok(reached),
            // A foreign key at one address is no reason to miss the right one at another.
            Err(failure) if last.is_none() || failure.code == Code::KeyChanged => last = Some(failure),
            Err(_) => {}
        }
    }
    Err(last.unwrap_or_else(|| {
        Failure::new(Code::PeerOffline, format!("{} has not announced an address", pinned.email()))
            .hint("they are probably logged out; try again when they are online")
    }))
}

async fn reach(
    around: &Surroundings,
    pinned: &AccountCertificate,
    address: &Address,
) -> Result<(PeerLink, AccountCertificate), Failure> {
    let stream = TcpStream::connect((address.host(), address.port())).await.map_err(|error| {
        Failure::new(Code::PeerOffline, format!("{} does not answer: {error}", pinned.email()))
            .hint("they are offline, or a firewall is in between; try again later")
    })?;
    set_options(&stream);
    let papers = around.unlocked.papers();
    match papers.peers.connect(stream, pinned.identity()).await {
        Ok((tls, certificate)) => {
            let expected = pin_of(pinned);
            let shown = pin_of(&certificate);
            if !shown.same_keys(&expected) {
                around.report(Input::KeysSeen(shown)).await;
                return Err(tls_failure(&TlsError::OtherKey(Box::new(certificate))));
            }
            let mut link = Link::open(tls).await.map_err(|error| frame_failure(&error))?;
            link.send(&hello()).await.map_err(|error| frame_failure(&error))?;
            Ok((link, certificate))
        }
        Err(error) => {
            if let TlsError::OtherKey(certificate) = &error
                && certificate.email() == pinned.email()
            {
                around.report(Input::KeysSeen(pin_of(certificate))).await;
            }
            Err(tls_failure(&error))
        }
    }
}

/// Small words travel at once, and a dead connection is noticed.
pub fn set_options(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "the connection keeps its delay");
    }
}

fn offline(target: &Target) -> Failure {
    Failure::new(Code::PeerOffline, format!("nobody knows where {} is", target.pin.email))
        .hint("they are offline, or the CA cannot be reached; try again later")
}

fn silent() -> Failure {
    Failure::new(Code::PeerOffline, "the contact's agent does not answer in time").hint("try again later")
}
