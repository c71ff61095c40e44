//! The network between two agents, in the hands of a test: it can stop letting bytes through, in either direction, it can
//! be slow and uneven, and it can be cut.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use airhatch_wire::Address;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant};

use crate::{Agent, Dice, eventually};

/// A way to one agent: callers dial [`Wire::address`], which the agent announces in place of its own.
pub struct Wire {
    /// Where callers dial.
    pub address: Address,
    state: Arc<State>,
    _serving: JoinSet<()>,
}

struct State {
    target: watch::Sender<Option<u16>>,
    /// Bytes that callers may still send, all together.
    left: watch::Sender<u64>,
    /// Whether callees are heard.
    answers: watch::Sender<bool>,
    /// The longest delay of each piece, and the longest piece, while the wire is bad.
    weather: watch::Sender<Option<(Duration, u64)>>,
    dice: Mutex<Dice>,
    /// Raised to end the connections that there are.
    cuts: watch::Sender<u64>,
    passed: AtomicU64,
}

impl Wire {
    /// A wire that leads nowhere yet.
    pub async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = Address::from(listener.local_addr().unwrap());
        let state = Arc::new(State {
            target: watch::Sender::new(None),
            left: watch::Sender::new(u64::MAX),
            answers: watch::Sender::new(true),
            weather: watch::Sender::new(None),
            dice: Mutex::new(Dice::new(0)),
            cuts: watch::Sender::new(0),
            passed: AtomicU64::new(0),
        });
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, Arc::clone(&state)));
        Self { address, state, _serving: serving }
    }

    /// From here on the wire leads to this agent.
    pub fn lead_to(&self, agent: &Agent) {
        self.state.target.send_replace(Some(agent.listening_port()));
    }

    /// Lets so many more bytes of callers through, then holds them back.
    pub fn hold_after(&self, bytes: u64) {
        self.state.left.send_replace(bytes);
    }

    /// Waits until the wire holds bytes back.
    pub async fn held(&self) {
        eventually("a full wire", async || (*self.state.left.borrow() == 0).then_some(())).await;
    }

    /// Whether the wire holds bytes back now.
    #[must_use]
    pub fn is_held(&self) -> bool {
        *self.state.left.borrow() == 0
    }

    /// Lets everything through again.
    pub fn release(&self) {
        self.state.left.send_replace(u64::MAX);
    }

    /// Keeps what callees say to itself from now on, until [`Wire::mend`].
    pub fn hold_answers(&self) {
        self.state.answers.send_replace(false);
    }

    /// From here on bytes come in pieces of chance, each of up to `piece` bytes and up to `delay` late.
    pub fn weather(&self, dice: Dice, delay: Duration, piece: u64) {
        *self.state.dice.lock().unwrap() = dice;
        self.state.weather.send_replace(Some((delay, piece)));
    }

    /// Ends all connections; new ones are ended too until [`Wire::mend`].
    pub fn cut(&self) {
        self.state.target.send_replace(None);
        self.state.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Lets connections through to this agent again.
    pub fn mend(&self, agent: &Agent) {
        self.release();
        self.state.answers.send_replace(true);
        self.lead_to(agent);
    }

    /// Bytes that callers have sent so far, all together.
    #[must_use]
    pub fn passed(&self) -> u64 {
        self.state.passed.load(Ordering::Relaxed)
    }
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        let (caller, _) = listener.accept().await.unwrap();
        let state = Arc::clone(&state);
        connections.spawn(async move {
            let Some(port) = *state.target.borrow() else { return };
            let target = SocketAddr::from(([127, 0, 0, 1], port));
            let Ok(callee) = TcpStream::connect(target).await else { return };
            let mut cuts = state.cuts.subscribe();
            let (caller_in, caller_out) = caller.into_split();
            let (callee_in, callee_out) = callee.into_split();
            tokio::select! {
                () = pass(caller_in, callee_out, &state) => {}
                () = answer(callee_in, caller_out, &state) => {}
                _ = cuts.changed() => {}
            }
        });
    }
}

impl State {
    /// Waits as long as the weather makes it; the longest piece that may pass then.
    async fn piece(&self) -> u64 {
        let Some((delay, piece)) = *self.weather.borrow() else { return u64::MAX };
        let (micros, piece) = {
            let mut dice = self.dice.lock().unwrap();
            (dice.below(delay.as_micros().try_into().unwrap()), 1 + dice.sized(piece))
        };
        let deadline = Instant::now() + Duration::from_micros(micros);
        tokio::time::sleep_until(deadline).await;
        piece
    }
}

async fn answer(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, state: &State) {
    let mut heard = state.answers.subscribe();
    let mut bytes = vec![0; 1 << 16];
    loop {
        let Ok(count @ 1..) = from.read(&mut bytes).await else { return };
        let _late = state.piece().await;
        heard.wait_for(|heard| *heard).await.unwrap();
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, state: &State) {
    let mut left = state.left.subscribe();
    let mut bytes = vec![0; 1 << 16];
    loop {
        let Ok(count @ 1..) = from.read(&mut bytes).await else { return };
        let mut rest = &bytes[..count];
        while !rest.is_empty() {
            let allowed = *left.wait_for(|left| *left > 0).await.unwrap();
            let piece = state.piece().await;
            let now = rest.len().min(usize::try_from(allowed.min(piece)).unwrap_or(usize::MAX));
            let taken = u64::try_from(now).unwrap();
            state.left.send_modify(|left| *left = left.saturating_sub(taken));
            state.passed.fetch_add(taken, Ordering::Relaxed);
            if to.write_all(&rest[..now]).await.is_err() {
                return;
            }
            rest = &rest[now..];
        }
    }
}
