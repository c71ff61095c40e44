//! The open account in the shell: opened, listening, closed.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use airhatch_wire::authority::ToAuthority;
use airhatch_wire::control::Passphrase;
use airhatch_wire::{Address, Code, Email, Failure, TransferId};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Duration, timeout};

use super::{Agent, Happened};
use crate::hub::{Ask, Input, Record};
use crate::open::{self, Fresh, NewAccount};
use crate::peer::listen::{Sessions, listen};
use crate::peer::{Surroundings, presence};
use crate::store::Store;
use crate::transfer::pace::Paces;
use crate::transfer::send::DeliveryOrder;
use crate::transfer::turns::Turns;
use crate::{authority, drop, keeper};

/// How long saying goodbye to the CA may take.
const GOODBYE: Duration = Duration::from_secs(2);

/// Contacts dialled at once.
const DIALS: usize = 64;

/// Large tables of files taken at once.
const TABLES: usize = 2;

/// Reports of peers that may wait for the hub.
const REPORTS: usize = 1024;

/// An account in use: what its tasks share, and how to reach them.
pub(super) struct Open {
    pub(super) around: Arc<Surroundings>,
    pub(super) store: Arc<Store>,
    pub(super) sessions: Sessions,
    pub(super) watched: HashMap<Email, Watch>,
    pub(super) deliveries: HashMap<TransferId, mpsc::Sender<DeliveryOrder>>,
    pub(super) tasks: JoinSet<()>,
}

/// The presence task of one contact.
pub(super) struct Watch {
    pub(super) now: mpsc::Sender<()>,
    task: AbortHandle,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Open {
    pub(super) fn watch(&mut self, target: crate::hub::Target) {
        let email = target.pin.email.clone();
        let (now, receiver) = mpsc::channel(1);
        let task = self.tasks.spawn(presence::watch(Arc::clone(&self.around), target, receiver));
        self.watched.insert(email, Watch { now, task });
    }

    /// Takes the address back, so that contacts see at once that nobody is here, and ends every task.
    pub(super) async fn close(mut self) {
        self.tasks.shutdown().await;
        let withdrawn = timeout(GOODBYE, authority::ask(&self.around.unlocked, &ToAuthority::Withdraw)).await;
        if !matches!(withdrawn, Ok(Ok(_))) {
            tracing::debug!("the CA could not be told that the account is logged out");
        }
    }
}

impl Agent {
    pub(super) fn enroll(&mut self, ask: Ask, new: NewAccount) {
        let folders = self.folders.clone();
        self.open_by(Some(ask), async move { open::enroll(&folders, new).await });
    }

    pub(super) fn unlock(&mut self, ask: Option<Ask>, passphrase: Passphrase) {
        let folders = self.folders.clone();
        self.open_by(ask, async move { open::unlock(&folders, passphrase).await });
    }

    fn open_by(
        &mut self,
        ask: Option<Ask>,
        opening: impl Future<Output = Result<Fresh, Failure>> + Send + 'static,
    ) {
        let happened = self.happened.clone();
        self.work.spawn(async move {
            let outcome = opening.await.map(Box::new);
            if let Err(failure) = &outcome {
                tracing::info!(code = ?failure.code, "the account was not opened");
            }
            // When nobody listens the agent is ending.
            let _ending = happened.send(Happened::Opened(ask, outcome)).await;
        });
    }

    /// Starts listening and everything that an open account does by itself; returns what it announces.
    pub(super) async fn settle_in(&mut self, fresh: Fresh) -> Result<Vec<Address>, Failure> {
        let listener = self.bind(&fresh).await?;
        let port = listener.local_addr().map_err(no_port)?.port();
        remember_port(&fresh, port).await?;
        let addresses = self.candidates(&fresh.unlocked.keys.authority, port);
        let (inputs, mut reports) = mpsc::channel(REPORTS);
        let happened = self.happened.clone();
        let around = Arc::new(Surroundings {
            unlocked: fresh.unlocked,
            inbox: self.folders.inbox.clone(),
            outbox: self.folders.outbox.clone(),
            dropped: self.folders.drop.as_deref().map(drop::stages),
            inputs,
            dials: Semaphore::new(DIALS),
            tables: Semaphore::new(TABLES),
            turns: Turns::default(),
            paces: Paces::default(),
        });
        let sessions = Sessions::default();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            while let Some(input) = reports.recv().await {
                if happened.send(Happened::Input(input)).await.is_err() {
                    return;
                }
            }
        });
        tasks.spawn(listen(listener, Arc::clone(&around), sessions.clone()));
        tasks.spawn(keeper::keep(Arc::clone(&around), Arc::clone(&fresh.store), addresses.clone()));
        let (watched, deliveries) = (HashMap::new(), HashMap::new());
        self.account = Some(Open { around, store: fresh.store, sessions, watched, deliveries, tasks });
        tracing::info!(port, "the account is open");
        Ok(addresses)
    }

    async fn bind(&self, fresh: &Fresh) -> Result<TcpListener, Failure> {
        if let Some(address) = self.args.listen {
            return TcpListener::bind(address).await.map_err(no_port);
        }
        let loopback = fresh.unlocked.keys.authority.is_loopback();
        let ips: &[IpAddr] = if loopback {
            &[IpAddr::V4(Ipv4Addr::LOCALHOST)]
        } else {
            // One socket for both families where the system has both.
            &[IpAddr::V6(Ipv6Addr::UNSPECIFIED), IpAddr::V4(Ipv4Addr::UNSPECIFIED)]
        };
        let ports = fresh.port.into_iter().chain([0]);
        let choices: Vec<SocketAddr> =
            ports.flat_map(|port| ips.iter().map(move |ip| SocketAddr::new(*ip, port))).collect();
        TcpListener::bind(choices.as_slice()).await.map_err(no_port)
    }

    /// Where contacts can try: what the user says, else this machine's addresses; loopback only beside a loopback CA.
    fn candidates(&self, authority: &Address, port: u16) -> Vec<Address> {
        if !self.args.advertise.is_empty() {
            return self.args.advertise.clone();
        }
        let at = |ip: IpAddr| Address::from(SocketAddr::new(ip, port));
        if let Some(address) = self.args.listen.filter(|address| !address.ip().is_unspecified()) {
            return vec![at(address.ip())];
        }
        if authority.is_loopback() {
            return vec![at(IpAddr::V4(Ipv4Addr::LOCALHOST))];
        }
        let interfaces = if_addrs::get_if_addrs().unwrap_or_else(|error| {
            tracing::warn!(%error, "this machine's addresses cannot be listed; use --advertise");
            Vec::new()
        });
        let usable = interfaces.iter().filter(|face| !face.is_loopback() && !face.is_link_local());
        usable.map(|face| at(face.ip())).collect()
    }
}

async fn remember_port(fresh: &Fresh, port: u16) -> Result<(), Failure> {
    if fresh.port == Some(port) {
        return Ok(());
    }
    let store = Arc::clone(&fresh.store);
    let kept = tokio::task::spawn_blocking(move || {
        let record = Record::Port(port);
        store.put(&record.name().to_bytes(), &record)?;
        store.flush()
    });
    Ok(kept.await.map_err(crate::transfer::offer::internal)??)
}

fn no_port(error: std::io::Error) -> Failure {
    Failure::new(Code::Conflict, format!("no port to listen on: {error}"))
        .hint("another program may use it; choose one with --listen")
}

/// A report for the hub from a task that has no peer.
pub(super) async fn tell(happened: &mpsc::Sender<Happened>, input: Input) {
    // When nobody listens the agent is ending.
    let _ending = happened.send(Happened::Input(input)).await;
}
