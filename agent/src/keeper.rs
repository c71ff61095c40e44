//! What an open account owes its CA: to say where it is, to renew its certificate in time, to know what was revoked.

use std::sync::Arc;

use airhatch_trust::seal_statement;
use airhatch_wire::authority::{ADDRESSES_LIMIT, Announcement, FromAuthority, ToAuthority};
use airhatch_wire::control::AuthorityState;
use airhatch_wire::signed::Verb;
use airhatch_wire::{Address, Blob, Code, Failure, UnixMillis};
use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::time::{Duration, sleep};

use crate::authority;
use crate::hub::{Input, Record};
use crate::peer::Surroundings;
use crate::store::Store;
use crate::transfer::offer::internal;

/// How often everything is looked after while all is well.
const ROUND: Duration = Duration::from_secs(600);

/// How long an announcement holds: 1 hour, milliseconds.
const ANNOUNCED: u64 = 3_600_000;

/// A certificate of this age is renewed: 20 days, milliseconds.
const RENEW_AGE: u64 = 20 * 24 * 3_600_000;

/// The first and the longest pause while the CA cannot be reached.
const PAUSES: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(60));

/// Looks after the account at the CA until the task is dropped.
pub async fn keep(around: Arc<Surroundings>, store: Arc<Store>, addresses: Vec<Address>) {
    loop {
        let mut pauses = ExponentialBuilder::default()
            .with_min_delay(PAUSES.0)
            .with_max_delay(PAUSES.1)
            .with_jitter()
            .without_max_times()
            .build();
        while let Err(failure) = round(&around, &store, &addresses).await {
            tracing::info!(why = failure.in_one_line(), "the CA cannot be asked now");
            around.report(Input::AuthorityAsked(state_after(failure))).await;
            sleep(pauses.next().unwrap_or(PAUSES.1)).await;
        }
        around.report(Input::AuthorityAsked(AuthorityState::Fine)).await;
        sleep(ROUND).await;
    }
}

fn state_after(failure: Failure) -> AuthorityState {
    match failure.code {
        Code::AuthorityUnreachable => AuthorityState::Unreachable,
        _ => AuthorityState::Refused(failure),
    }
}

async fn round(around: &Surroundings, store: &Store, addresses: &[Address]) -> Result<(), Failure> {
    renew_in_time(around, store).await?;
    announce(around, addresses).await?;
    let list = authority::revocations(&around.unlocked).await?;
    around.report(Input::Revocations(list.number, list.serials.into())).await;
    Ok(())
}

async fn renew_in_time(around: &Surroundings, store: &Store) -> Result<(), Failure> {
    let unlocked = &around.unlocked;
    if UnixMillis::now().since(unlocked.papers().certificate.not_before()) < RENEW_AGE {
        return Ok(());
    }
    let certificate = authority::renew(unlocked).await?;
    let until = certificate.not_after();
    let record = Record::Certificate(Blob::from(certificate.der().to_vec()));
    store.put(&record.name().to_bytes(), &record).map_err(Failure::from)?;
    store.flush().map_err(Failure::from)?;
    unlocked.renew(certificate)?;
    tracing::info!("the certificate was renewed");
    around.report(Input::Renewed(until)).await;
    Ok(())
}

async fn announce(around: &Surroundings, addresses: &[Address]) -> Result<(), Failure> {
    let issued = UnixMillis::now();
    let announcement = Announcement {
        email: around.unlocked.keys.email.clone(),
        addresses: addresses.iter().take(ADDRESSES_LIMIT).cloned().collect(),
        issued,
        expires: issued.plus(ANNOUNCED),
    };
    let signed =
        seal_statement(&around.unlocked.keys.identity, Verb::Announce, &announcement).map_err(internal)?;
    match authority::ask(&around.unlocked, &ToAuthority::Announce(signed)).await? {
        FromAuthority::Done => Ok(()),
        _ => Err(Failure::new(Code::UnknownMessage, "the CA did not confirm the announcement")),
    }
}
