//! One arriving offer, from its first word to the receipt. The hub decides; this task listens to the sender and to the
//! hub's orders at the same time, takes the bytes when told to, and lands them.

mod end;
mod table;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use airhatch_trust::{AccountCertificate, sha256};
use airhatch_wire::peer::{Item, ItemHash, Offer, PeerWord, SEALED_FRAME, Selection};
use airhatch_wire::signed::Signed;
use airhatch_wire::{Code, Failure, UnixMillis};
use bytes::Bytes;
use tokio::sync::{OwnedMutexGuard, mpsc};
use tokio::task::JoinHandle;
use tokio::time::{Duration, Instant, interval, sleep_until, timeout, timeout_at};

use super::offer::{self, Author};
use super::pipe::{FRAMES, FrameReader};
use super::writer;
use crate::hub::{ArrivedOffer, IncomingReport, Input, SessionId, SessionOrder, Taking};
use crate::landing::{self, Landed, Landing, LandingError};
use crate::peer::session::{out_of_place, part, refuse};
use crate::peer::{PeerLink, SILENCE, Surroundings, frame_failure};
use end::{End, give_signs, next, stop_order};
use table::take_table;

/// How often progress is told to fronts and to the sender.
const PROGRESS: Duration = Duration::from_millis(200);

/// How long a sender that was told to begin may keep its place without a byte: others wait for it.
const BEGIN_TIME: Duration = Duration::from_secs(600);

/// What an earlier attempt left.
enum Opened {
    /// Everything is in place: its landing outlived its connection.
    Landed(Landed),
    /// Something, or nothing.
    Begun(Box<Landing>),
}

/// How far the thread is, bytes of content.
struct Progress {
    /// Written.
    written: Arc<AtomicU64>,
    /// Known to be on the disk.
    durable: Arc<AtomicU64>,
}

/// Everything about one arriving transfer that its steps share.
struct Arrival<'a> {
    around: &'a Surroundings,
    session: SessionId,
    sender: Author,
    signed: Signed,
    offer: Offer,
    items: Arc<[Item]>,
}

/// Takes an offer whose first word has arrived, and everything that comes of it.
pub async fn receive(
    mut link: PeerLink,
    sender: &AccountCertificate,
    session: SessionId,
    around: &Surroundings,
    mut orders: mpsc::Receiver<SessionOrder>,
    signed: Signed,
) {
    let me = &around.unlocked.keys.email;
    let sender = Author::from(sender);
    let offer = match offer::judge(&signed, &sender, me, UnixMillis::now()) {
        Ok(offer) => offer,
        Err(failure) => return refuse(&mut link, failure).await,
    };
    let items = match take_table(&mut link, &offer, &around.tables).await {
        Ok(items) => items,
        Err(End::Failed(failure)) => return refuse(&mut link, failure).await,
        Err(_) => return,
    };
    let arrived = ArrivedOffer {
        offer: offer.clone(),
        signed: signed.clone(),
        items: Arc::clone(&items),
        free_space: landing::free_space(&around.inbox).ok(),
    };
    around.report(Input::Offered(session, Box::new(arrived))).await;
    let arrival = Arrival { around, session, sender, signed, offer, items };
    arrival.wait_for_decision(link, &mut orders).await;
}

impl Arrival<'_> {
    async fn report(&self, report: IncomingReport) {
        self.around.report(Input::Incoming(self.session, self.offer.transfer, report)).await;
    }

    async fn wait_for_decision(&self, mut link: PeerLink, orders: &mut mpsc::Receiver<SessionOrder>) {
        loop {
            tokio::select! {
                order = orders.recv() => {
                    let Some(order) = order else { return };
                    if let SessionOrder::Accept(taking) = order {
                        return self.take(link, &taking, orders).await;
                    }
                    if self.obey(&mut link, order).await {
                        return;
                    }
                }
                word = timeout(SILENCE, link.receive()) => match word {
                    Ok(Ok(Some(PeerWord::Ping { nonce }))) => {
                        if link.send(&PeerWord::Pong { nonce }).await.is_err() {
                            return;
                        }
                    }
                    Ok(Ok(Some(PeerWord::Cancel { transfer, reason }))) if transfer == self.offer.transfer => {
                        return self.report(IncomingReport::Cancelled(reason)).await;
                    }
                    // An accepted one, while it waits for its turn.
                    Ok(Ok(Some(PeerWord::Pause { transfer }))) if transfer == self.offer.transfer => {
                        let email = self.sender.email.clone();
                        return self.around.report(Input::PausedBy(email, transfer)).await;
                    }
                    Ok(Ok(Some(_))) => return refuse(&mut link, out_of_place()).await,
                    Ok(Err(error)) => return refuse(&mut link, frame_failure(&error)).await,
                    Ok(Ok(None)) | Err(_) => return,
                },
            }
        }
    }

    /// Carries out an order that needs one word; true when the conversation is over.
    async fn obey(&self, link: &mut PeerLink, order: SessionOrder) -> bool {
        let key = &self.around.unlocked.keys.identity;
        let transfer = self.offer.transfer;
        let word = match order {
            SessionOrder::Record => Ok(PeerWord::Recorded { transfer }),
            SessionOrder::Wait => Ok(PeerWord::Waiting { transfer }),
            SessionOrder::Deny(reason) => {
                offer::deny(key, &self.signed, transfer, reason).map(PeerWord::Deny)
            }
            SessionOrder::Cancel(reason) => Ok(PeerWord::Cancel { transfer, reason }),
            SessionOrder::Pause => Ok(PeerWord::Pause { transfer }),
            SessionOrder::Refuse(failure) => Ok(PeerWord::Refused(failure)),
            SessionOrder::Receipt { completion, items, at } => {
                offer::receipt(key, transfer, &self.signed, completion, items, at).map(PeerWord::Receipt)
            }
            SessionOrder::Admit | SessionOrder::Accept(_) => return false,
            SessionOrder::Drop => return true,
        };
        let word = word.unwrap_or_else(PeerWord::Refused);
        let goes_on = matches!(word, PeerWord::Recorded { .. } | PeerWord::Waiting { .. });
        if link.send(&word).await.is_err() {
            return true;
        }
        if !goes_on {
            part(link).await;
        }
        !goes_on
    }

    /// Says yes, takes the bytes, lands them, and waits for the order to give the receipt.
    async fn take(&self, mut link: PeerLink, taking: &Taking, orders: &mut mpsc::Receiver<SessionOrder>) {
        match self.take_bytes(&mut link, taking, orders).await {
            Ok(landed) => {
                self.report(landed).await;
                while let Some(order) = orders.recv().await {
                    if self.obey(&mut link, order).await {
                        return;
                    }
                }
            }
            Err(End::Broken | End::ThreadEnded) => self.report(IncomingReport::Broken).await,
            Err(End::Dropped) => {}
            Err(End::Cancelled(reason)) => self.report(IncomingReport::Cancelled(reason)).await,
            Err(End::CalledOff(reason)) => {
                self.obey(&mut link, SessionOrder::Cancel(reason)).await;
            }
            Err(End::PausedHere) => {
                self.obey(&mut link, SessionOrder::Pause).await;
            }
            Err(End::PausedThere) => {
                let (email, transfer) = (self.sender.email.clone(), self.offer.transfer);
                self.around.report(Input::PausedBy(email, transfer)).await;
            }
            Err(End::Failed(failure)) => {
                self.report(match failure.code {
                    Code::DiskFull => IncomingReport::NoRoom,
                    _ => IncomingReport::Failed(failure.clone()),
                })
                .await;
                refuse(&mut link, failure).await;
            }
        }
    }

    async fn take_bytes(
        &self,
        link: &mut PeerLink,
        taking: &Taking,
        orders: &mut mpsc::Receiver<SessionOrder>,
    ) -> Result<IncomingReport, End> {
        let turn = Arc::new(self.my_turn(link, orders).await?);
        let landing = match self.open_landing(link, taking, orders, Arc::clone(&turn)).await? {
            Opened::Landed(landed) => return Ok(self.landed(taking, &landed)),
            Opened::Begun(landing) => *landing,
        };
        let (durable, offset) = (landing.durable(), landing.written());
        tracing::info!(transfer = %self.offer.transfer.short(), offset, "taking the bytes");
        self.report(IncomingReport::Begun(offset)).await;
        let key = &self.around.unlocked.keys.identity;
        let yes = offer::accept(key, &self.signed, self.offer.transfer, taking.wanted.clone(), offset);
        link.send(&PeerWord::Accept(yes.map_err(End::Failed)?)).await?;
        self.wait_for_sealed(link, orders).await?;
        let (frames, receiver) = mpsc::channel(FRAMES);
        let progress = Progress { written: Arc::new(AtomicU64::new(offset)), durable };
        let thread = self.start_writer(landing, receiver, Arc::clone(&progress.written));
        link.expect_raw(SEALED_FRAME);
        let arrived = self.take_frames(link, frames, &progress, orders).await;
        link.expect_raw(0);
        let outcome = thread.await.unwrap_or_else(|error| Err(offer::internal(error)));
        match (arrived, &outcome) {
            (Ok(()), _) => {}
            (Err(End::ThreadEnded), Err(failure)) => return Err(End::Failed(failure.clone())),
            (Err(end), _) => return Err(end),
        }
        let word = match next(link).await {
            // A sender that broke off says why: its word explains the thread's trouble.
            Ok(PeerWord::Cancel { reason, .. }) => return Err(End::Cancelled(reason)),
            Ok(PeerWord::Pause { .. }) => return Err(End::PausedThere),
            Ok(word) => word,
            Err(end) => return Err(outcome.err().map_or(end, End::Failed)),
        };
        let landing = outcome.map_err(End::Failed)?;
        let PeerWord::Done(signed) = word else { return Err(End::Failed(out_of_place())) };
        let hashes = self.take_hashes(link, &signed, &taking.wanted).await?;
        let completion = sha256(&signed.body);
        self.report(IncomingReport::Landing(completion)).await;
        let landing = landing.completed_by(completion);
        let landing = tokio::task::spawn_blocking(move || landing.finish(&hashes));
        let landed = give_signs(link, progress.durable, landing).await;
        let landed = landed.map_err(|error| End::Failed(offer::internal(error)))?;
        Ok(self.landed(taking, &landed.map_err(|error| End::Failed(error.into()))?))
    }

    fn landed(&self, taking: &Taking, landed: &Landed) -> IncomingReport {
        let numbers = taking.numbered(self.items.len(), &landed.numbers);
        IncomingReport::Landed { completion: landed.completion, numbers }
    }

    /// Waits until the thread of an earlier connection has let go of the parts.
    async fn my_turn(
        &self,
        link: &mut PeerLink,
        orders: &mut mpsc::Receiver<SessionOrder>,
    ) -> Result<OwnedMutexGuard<()>, End> {
        let turn = self.around.turns.take(self.offer.transfer);
        self.meanwhile(link, orders, turn).await
    }

    /// Opens the landing where the last attempt left it; reading what is there already may take a while, and the turn
    /// lasts until that is over, even when nobody waits for it any more.
    async fn open_landing(
        &self,
        link: &mut PeerLink,
        taking: &Taking,
        orders: &mut mpsc::Receiver<SessionOrder>,
        turn: Arc<OwnedMutexGuard<()>>,
    ) -> Result<Opened, End> {
        let (inbox, transfer) = (self.around.inbox.clone(), self.offer.transfer);
        let (items, folder) = (taking.items(&self.items), taking.folder.clone());
        let opening = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            match Landing::recover(&inbox, transfer)? {
                Some(landed) => Ok(Opened::Landed(landed)),
                None => {
                    Landing::open(&inbox, transfer, items, folder).map(|begun| Opened::Begun(Box::new(begun)))
                }
            }
        });
        let opened = self.meanwhile(link, orders, opening).await?;
        let opened = opened.map_err(|error| End::Failed(offer::internal(error)))?;
        opened.map_err(|error: LandingError| End::Failed(error.into()))
    }

    /// Waits for something of our own while the sender waits for us.
    async fn meanwhile<T>(
        &self,
        link: &mut PeerLink,
        orders: &mut mpsc::Receiver<SessionOrder>,
        work: impl Future<Output = T>,
    ) -> Result<T, End> {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                order = orders.recv() => stop_order(order)?,
                word = link.receive() => match word?.ok_or(End::Broken)? {
                    PeerWord::Ping { nonce } => link.send(&PeerWord::Pong { nonce }).await?,
                    PeerWord::Cancel { reason, .. } => return Err(End::Cancelled(reason)),
                    PeerWord::Pause { .. } => return Err(End::PausedThere),
                    _ => return Err(End::Failed(out_of_place())),
                },
            }
        }
    }

    async fn wait_for_sealed(
        &self,
        link: &mut PeerLink,
        orders: &mut mpsc::Receiver<SessionOrder>,
    ) -> Result<(), End> {
        let mut deadline = Instant::now() + SILENCE;
        let latest = Instant::now() + BEGIN_TIME;
        loop {
            tokio::select! {
                order = orders.recv() => stop_order(order)?,
                word = timeout_at(deadline.min(latest), link.receive()) => {
                    match word.map_err(|_| End::Broken)?? {
                        Some(PeerWord::Sealed { transfer }) if transfer == self.offer.transfer => return Ok(()),
                        // The sender passes over what is here already, which may take it a while.
                        Some(PeerWord::Ping { nonce }) => {
                            deadline = Instant::now() + SILENCE;
                            link.send(&PeerWord::Pong { nonce }).await?;
                        }
                        Some(PeerWord::Cancel { reason, .. }) => return Err(End::Cancelled(reason)),
                        Some(PeerWord::Pause { .. }) => return Err(End::PausedThere),
                        Some(_) => return Err(End::Failed(out_of_place())),
                        None => return Err(End::Broken),
                    }
                }
            }
        }
    }

    fn start_writer(
        &self,
        landing: Landing,
        frames: mpsc::Receiver<Bytes>,
        written: Arc<AtomicU64>,
    ) -> JoinHandle<Result<Landing, Failure>> {
        let identity = self.around.unlocked.keys.sealing.clone();
        tokio::task::spawn_blocking(move || {
            writer::open_and_write(landing, identity, FrameReader::new(frames), &written)
        })
    }

    /// Passes frames on to the thread until the empty one, tells both sides how far it is, and watches for orders.
    async fn take_frames(
        &self,
        link: &mut PeerLink,
        frames: mpsc::Sender<Bytes>,
        progress: &Progress,
        orders: &mut mpsc::Receiver<SessionOrder>,
    ) -> Result<(), End> {
        let mut ticks = interval(PROGRESS);
        let (mut told, mut acked) = (progress.written.load(Ordering::Relaxed), 0);
        let mut last = Instant::now();
        loop {
            let paced = async {
                sleep_until(last).await;
                link.receive_raw().await
            };
            tokio::select! {
                frame = paced => {
                    let frame = frame?.ok_or(End::Broken)?;
                    last = self.around.paces.down.book(frame.len());
                    if frame.is_empty() {
                        return Ok(());
                    }
                    frames.send(frame.freeze()).await.map_err(|_| End::ThreadEnded)?;
                }
                order = orders.recv() => stop_order(order)?,
                _ = ticks.tick() => {
                    if last.elapsed() > SILENCE {
                        return Err(End::Broken);
                    }
                    if changed(&progress.written, &mut told) {
                        self.report(IncomingReport::Moved(told)).await;
                    }
                    if changed(&progress.durable, &mut acked) {
                        link.send(&PeerWord::Ack { durable: acked }).await?;
                    }
                }
            }
        }
    }

    async fn take_hashes(
        &self,
        link: &mut PeerLink,
        signed: &Signed,
        wanted: &Selection,
    ) -> Result<Vec<ItemHash>, End> {
        let completion = offer::judge_completion(signed, &self.sender, &self.signed, &self.offer, wanted);
        let completion = completion.map_err(End::Failed)?;
        let expected = usize::try_from(completion.items).unwrap_or(usize::MAX);
        let mut hashes = Vec::new();
        while hashes.len() < expected {
            match next(link).await? {
                PeerWord::Hashes(page) if !page.is_empty() && hashes.len() + page.len() <= expected => {
                    hashes.extend(page);
                }
                _ => return Err(End::Failed(out_of_place())),
            }
        }
        offer::judge_hashes(&completion, &hashes).map_err(End::Failed)?;
        Ok(hashes)
    }
}

fn changed(counter: &AtomicU64, last: &mut u64) -> bool {
    let value = counter.load(Ordering::Relaxed);
    std::mem::replace(last, value) != value
}
