//! Making, opening and removing an account: vault, CA and store together. Everything here may take seconds and runs in
//! tasks of its own; the hub hears only how it ended.

use std::sync::Arc;

use airhatch_seal::Identity;
use airhatch_trust::tls::AuthorityClient;
use airhatch_trust::{AccountCertificate, IdentityKey};
use airhatch_wire::control::{Direction, Passphrase, TransferState};
use airhatch_wire::{Address, Blob, Code, Email, Failure, Fingerprint, UnixMillis};

use crate::authority;
use crate::config::Folders;
use crate::hub::{Opened, Record, Transfer};
use crate::keys::{Keys, Unlocked};
use crate::landing::{self, Landing, LandingError};
use crate::store::Store;
use crate::transfer::offer::internal;
use crate::vault::{Secrets, Vault};

/// An account that was just opened: for the shell, its keys and store; for the hub, what is remembered.
pub struct Fresh {
    /// Keys and certificate.
    pub unlocked: Arc<Unlocked>,
    /// The open store.
    pub store: Arc<Store>,
    /// The port it listened on last.
    pub port: Option<u16>,
    /// For the hub.
    pub opened: Opened,
}

/// A new account, as a front asked for it.
pub struct NewAccount {
    /// Its email.
    pub email: Email,
    /// Its CA.
    pub authority: Address,
    /// The CA's fingerprint as the person compared it.
    pub fingerprint: Fingerprint,
    /// An invitation.
    pub code: Option<String>,
    /// For the vault.
    pub passphrase: Passphrase,
}

/// Makes keys, keeps them in the vault, registers them, opens the store. The vault comes first: a crash after the CA's
/// yes must not lose the keys. When the CA says no the vault is removed again.
///
/// # Errors
/// What the CA or the disk said, fit for a person.
pub async fn enroll(folders: &Folders, new: NewAccount) -> Result<Fresh, Failure> {
    let client = AuthorityClient::anonymous(new.fingerprint).map_err(internal)?;
    let root = authority::meet(&new.authority, &client).await?;
    let mut store_key = zeroize::Zeroizing::new([0; 32]);
    getrandom::fill(store_key.as_mut_slice()).map_err(internal)?;
    let secrets = Secrets {
        identity_seed: IdentityKey::generate().map_err(internal)?.seed().clone(),
        seal_seed: Identity::generate_hybrid().map_err(internal)?.to_seed(),
        store_key,
        email: new.email,
        authority: new.authority,
        authority_certificate: root.der().to_vec(),
    };
    let vault = Vault::new(&folders.state);
    let secrets = blocking(move || {
        vault.create(&secrets, &new.passphrase.0)?;
        Ok(secrets)
    })
    .await?;
    match register(&secrets, new.code).await {
        Ok((keys, certificate)) => finish(folders, keys, secrets, Some(certificate)).await,
        Err(failure) if failure.code == Code::AuthorityUnreachable => Err(unfinished(&failure)),
        Err(failure) => {
            let vault = Vault::new(&folders.state);
            blocking(move || Ok(vault.destroy()?)).await?;
            Err(failure)
        }
    }
}

/// The CA went away in the middle: it may have registered these keys, so they are kept.
fn unfinished(failure: &Failure) -> Failure {
    let text = format!("the registration is not finished: {}", failure.message.as_received());
    Failure::new(Code::TryAgain, text).hint("log in to finish it, when the CA is back: airhatch login")
}

/// Opens the vault and the store. A vault whose registration never came to its end is registered now.
///
/// # Errors
/// [`Code::WrongPassphrase`]; what else the disk or the CA said.
pub async fn unlock(folders: &Folders, passphrase: Passphrase) -> Result<Fresh, Failure> {
    let vault = Vault::new(&folders.state);
    let secrets = blocking(move || Ok(vault.open(&passphrase.0)?)).await?;
    let keys = Keys::from_secrets(&secrets)?;
    finish(folders, keys, secrets, None).await
}

/// Checks the passphrase, removes the account at the CA, then destroys the vault. The store's key goes with it.
///
/// # Errors
/// The account stays, here and there.
pub async fn remove(folders: &Folders, unlocked: &Unlocked, passphrase: Passphrase) -> Result<(), Failure> {
    let vault = Vault::new(&folders.state);
    blocking(move || Ok(vault.open(&passphrase.0).map(drop)?)).await?;
    authority::remove(unlocked).await?;
    let vault = Vault::new(&folders.state);
    blocking(move || Ok(vault.destroy()?)).await
}

/// Writes the vault anew under another passphrase.
///
/// # Errors
/// [`Code::WrongPassphrase`]; what the disk said.
pub async fn change_passphrase(folders: &Folders, old: Passphrase, new: Passphrase) -> Result<(), Failure> {
    let vault = Vault::new(&folders.state);
    blocking(move || Ok(vault.rewrap(&old.0, &new.0)?)).await
}

async fn register(secrets: &Secrets, code: Option<String>) -> Result<(Keys, AccountCertificate), Failure> {
    let keys = Keys::from_secrets(secrets)?;
    let certificate = authority::register(&keys, code).await?;
    Ok((keys, certificate))
}

async fn finish(
    folders: &Folders,
    keys: Keys,
    secrets: Secrets,
    fresh: Option<AccountCertificate>,
) -> Result<Fresh, Failure> {
    let inbox = folders.inbox.clone();
    let state = folders.state.clone();
    let (store, mut records) = blocking(move || {
        let store = Store::open(&state.join("store"), &secrets.store_key)?;
        let loaded = store.load::<Record>()?;
        if loaded.damaged > 0 {
            tracing::warn!(
                count = loaded.damaged,
                "some records of the store cannot be read; the rest goes on"
            );
        }
        let mut records = loaded.records;
        settle_landings(&store, &inbox, &mut records)?;
        Ok((Arc::new(store), records))
    })
    .await?;
    let stored = records.iter().find_map(|record| match record {
        Record::Certificate(der) => AccountCertificate::parse(der).ok(),
        _ => None,
    });
    let certificate = match (fresh, stored) {
        (None, Some(certificate)) => certificate,
        (fresh, _) => {
            let certificate = match fresh {
                Some(certificate) => certificate,
                None => authority::register(&keys, None).await?,
            };
            let record = Record::Certificate(Blob::from(certificate.der().to_vec()));
            records.push(record.clone());
            let store = Arc::clone(&store);
            blocking(move || {
                store.put(&record.name().to_bytes(), &record)?;
                Ok(store.flush()?)
            })
            .await?;
            certificate
        }
    };
    let port = records.iter().find_map(|record| match record {
        Record::Port(port) => Some(*port),
        _ => None,
    });
    let opened = Opened {
        email: keys.email.clone(),
        fingerprint: keys.identity.public().fingerprint(),
        authority: keys.authority.clone(),
        authority_fingerprint: keys.root.fingerprint(),
        certificate_until: certificate.not_after(),
        records,
    };
    let unlocked = Arc::new(Unlocked::new(keys, certificate)?);
    Ok(Fresh { unlocked, store, port, opened })
}

/// What a crash left in the inbox: landings that had come to their plan are completed and count as delivered; parts of
/// transfers that go on stay; everything else is removed. Trouble with one transfer ends that one and keeps nobody from
/// logging in.
fn settle_landings(store: &Store, inbox: &std::path::Path, records: &mut [Record]) -> Result<(), Failure> {
    let leftovers = landing::leftovers(inbox).unwrap_or_else(|error| {
        tracing::warn!(%error, "what a crash left in the inbox cannot be looked at");
        Vec::new()
    });
    for id in leftovers {
        let transfer = records.iter_mut().find_map(|record| match record {
            Record::Transfer(transfer) if transfer.id == id && goes_on(transfer) => Some(transfer),
            _ => None,
        });
        if let Some(transfer) = transfer {
            match recovered(inbox, transfer) {
                Some(state) => transfer.state = state,
                None => continue,
            }
            let record = Record::Transfer(transfer.clone());
            store.put(&record.name().to_bytes(), &record)?;
            store.flush()?;
        }
        if let Err(error) = Landing::discard(inbox, id) {
            tracing::warn!(%error, transfer = %id, "parts of a transfer stay behind in the inbox");
        }
    }
    Ok(())
}

/// The end of a landing that a crash interrupted; `None` when it had no plan, or no room for it is left now: then the
/// sender comes again.
fn recovered(inbox: &std::path::Path, transfer: &mut Transfer) -> Option<TransferState> {
    match Landing::recover(inbox, transfer.id) {
        Ok(Some(landed)) => {
            let count = usize::try_from(transfer.item_count).unwrap_or(usize::MAX);
            transfer.landed = transfer.taking.numbered(count, &landed.numbers);
            transfer.completion = Some(landed.completion);
            Some(TransferState::Delivered { at: UnixMillis::now() })
        }
        Ok(None) | Err(LandingError::DiskFull) => None,
        Err(error) => {
            tracing::warn!(%error, transfer = %transfer.id, "an interrupted landing cannot be completed");
            Some(TransferState::Failed(error.into()))
        }
    }
}

fn goes_on(transfer: &Transfer) -> bool {
    let decided = !matches!(transfer.state, TransferState::Queued | TransferState::Offered);
    transfer.direction == Direction::Incoming && decided && !transfer.state.is_over()
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(internal(error)))
}
