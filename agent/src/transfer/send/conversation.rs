//! One connection to a recipient: the offer, the wait for an answer, the bytes, the receipt.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use airhatch_trust::AccountCertificate;
use airhatch_wire::frame::FrameError;
use airhatch_wire::peer::{Answer, ItemHash, PeerWord, SEALED_FRAME};
use airhatch_wire::signed::{Signed, Verb};
use airhatch_wire::{Blob, Code, Failure};
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::{Duration, Instant, interval, timeout};

use super::{DeliveryOrder, End, Progress, stop};
use crate::hub::{Delivery, Input, OutgoingReport, Proof, picked};
use crate::keys::recipient_of;
use crate::peer::session::{out_of_place, part};
use crate::peer::{KEEPALIVE, PeerLink, SILENCE, Surroundings};
use crate::transfer::pace::Paced;
use crate::transfer::pipe::{FRAMES, FrameWriter};
use crate::transfer::reader::Content;
use crate::transfer::{offer, table};

/// How often progress is told to fronts.
const PROGRESS: Duration = Duration::from_millis(200);

/// One connection to the recipient.
pub(super) struct Conversation<'a> {
    pub(super) around: &'a Arc<Surroundings>,
    pub(super) delivery: &'a Delivery,
    pub(super) recipient: AccountCertificate,
    pub(super) link: PeerLink,
    pub(super) last: Instant,
    pub(super) progress: &'a mut Progress,
}

impl Conversation<'_> {
    async fn report(&self, report: OutgoingReport) {
        self.around.report(Input::Outgoing(self.delivery.transfer, report)).await;
    }

    fn author(&self) -> offer::Author {
        offer::Author::from(&self.recipient)
    }

    pub(super) async fn offer_and_send(
        &mut self,
        orders: &mut mpsc::Receiver<DeliveryOrder>,
    ) -> Result<(), End> {
        self.link.send(&PeerWord::Offer(self.delivery.offer.clone())).await?;
        for page in table::pages(&self.delivery.items)? {
            self.link.send(&PeerWord::Items(page)).await?;
        }
        let mut pings = interval(KEEPALIVE);
        pings.tick().await;
        loop {
            tokio::select! {
                word = self.link.receive() => {
                    let word = word?.ok_or_else(hung_up)?;
                    self.last = Instant::now();
                    self.progress.reached |= !matches!(word, PeerWord::Hello { .. });
                    if let Some(offset) = self.heard(word).await? {
                        self.wait_for_turn(offset, orders).await?;
                        let completion = self.send_bytes(offset, orders).await?;
                        return self.wait_for_receipt(&completion, orders).await;
                    }
                }
                order = orders.recv() => stop(order)?,
                _ = pings.tick() => self.ping().await?,
            }
        }
    }

    /// Says the last word and waits for the recipient to hang up: a connection that is closed with words unheard takes
    /// its own last word with it.
    pub(super) async fn say_last(&mut self, word: &PeerWord) -> Result<(), FrameError> {
        self.link.send(word).await?;
        part(&mut self.link).await;
        Ok(())
    }

    async fn ping(&mut self) -> Result<(), End> {
        if self.last.elapsed() > SILENCE {
            return Err(End::Lost(hung_up()));
        }
        Ok(self.link.send(&PeerWord::Ping { nonce: 0 }).await?)
    }

    /// A word before any byte has moved; when it is the acceptance, how much the recipient has already.
    async fn heard(&mut self, word: PeerWord) -> Result<Option<u64>, End> {
        let transfer = self.delivery.transfer;
        match word {
            PeerWord::Hello { items }
                if usize::try_from(items).is_ok_and(|n| n < self.delivery.items.len()) =>
            {
                let text = format!("the recipient takes {items} files at most in one offer");
                Err(End::Failed(Failure::new(Code::TooLarge, text).hint("send them in several parts")))
            }
            PeerWord::Hello { .. } | PeerWord::Pong { .. } => Ok(None),
            PeerWord::Recorded { .. } => {
                self.report(OutgoingReport::Recorded).await;
                Ok(None)
            }
            PeerWord::Waiting { .. } => {
                self.report(OutgoingReport::Waiting).await;
                Ok(None)
            }
            PeerWord::Accept(signed) => {
                let answer = self.judge_answer(&signed, Verb::Accept)?;
                self.progress.kept = answer.offset;
                self.progress.want(answer.items.clone());
                tracing::info!(transfer = %transfer.short(), offset = answer.offset, "the recipient accepts");
                Ok(Some(answer.offset))
            }
            PeerWord::Deny(signed) => {
                let answer = self.judge_answer(&signed, Verb::Deny)?;
                self.report(OutgoingReport::Denied(answer.reason)).await;
                Err(End::Over)
            }
            PeerWord::Receipt(signed) => {
                let items = &self.delivery.items;
                let wanted = offer::receipted_items(&signed, &self.author(), items)?;
                self.progress.want(wanted);
                let completion = self.earlier_completion().await?;
                Err(self.receipted(signed, &completion).await?)
            }
            word => Err(self.ended_by(word).await),
        }
    }

    fn judge_answer(&self, signed: &Signed, verb: Verb) -> Result<Answer, Failure> {
        let Delivery { transfer, offer, items, .. } = self.delivery;
        offer::judge_answer(signed, verb, &self.author(), offer, *transfer, items)
    }

    /// Tells the hub of the acceptance, and waits until it says that the bytes may leave.
    async fn wait_for_turn(
        &mut self,
        offset: u64,
        orders: &mut mpsc::Receiver<DeliveryOrder>,
    ) -> Result<(), End> {
        // What lies there is from before: only a word after the report counts.
        while let Ok(order) = orders.try_recv() {
            stop(Some(order))?;
        }
        let wanted = self.progress.wanted.clone();
        self.report(OutgoingReport::Accepted(wanted, offset)).await;
        let mut pings = interval(KEEPALIVE);
        pings.tick().await;
        loop {
            tokio::select! {
                order = orders.recv() => match order {
                    Some(DeliveryOrder::Begin) => return Ok(()),
                    order => stop(order)?,
                },
                word = self.link.receive() => {
                    self.last = Instant::now();
                    match word?.ok_or_else(hung_up)? {
                        PeerWord::Ack { .. } | PeerWord::Pong { .. } => {}
                        word => return Err(self.ended_by(word).await),
                    }
                }
                _ = pings.tick() => self.ping().await?,
            }
        }
    }

    /// What an earlier attempt stated, whose receipt was lost with its connection: the same files make the same
    /// statement, and a receipt for anything else is none.
    async fn earlier_completion(&self) -> Result<Signed, End> {
        let Delivery { transfer, offer, .. } = self.delivery;
        let content = self.content();
        let reading = tokio::task::spawn_blocking(move || content.hashes());
        let hashes = reading.await.unwrap_or_else(|error| Err(offer::internal(error)))?;
        let key = &self.around.unlocked.keys.identity;
        Ok(offer::completion(key, offer, *transfer, &hashes)?)
    }

    async fn receipted(&self, signed: Signed, completion: &Signed) -> Result<End, End> {
        let Delivery { transfer, offer, .. } = self.delivery;
        let at = offer::judge_receipt(
            &signed,
            &self.author(),
            offer,
            *transfer,
            completion,
            &self.progress.wanted,
        )?;
        let proof = Box::new(Proof {
            receipt: signed,
            completion: completion.clone(),
            certificate: Blob::from(self.recipient.der().to_vec()),
        });
        self.report(OutgoingReport::Delivered(proof, at)).await;
        Ok(End::Over)
    }

    /// A word with which the recipient ends the transfer, at any point of it.
    async fn ended_by(&mut self, word: PeerWord) -> End {
        match word {
            PeerWord::Cancel { reason, .. } => {
                self.report(OutgoingReport::Cancelled(reason)).await;
                End::Over
            }
            PeerWord::Pause { .. } => {
                self.report(OutgoingReport::Paused).await;
                // Longer and longer pauses, though somebody answers; resuming wakes us.
                self.progress.reached = false;
                End::Lost(Failure::new(Code::TryAgain, "the recipient has paused the transfer"))
            }
            PeerWord::Refused(failure) if failure.code == Code::DiskFull => {
                self.report(OutgoingReport::NoRoom(self.progress.kept)).await;
                // Longer and longer pauses, though somebody answers.
                self.progress.reached = false;
                End::Lost(failure)
            }
            PeerWord::Refused(failure) => End::from(failure),
            _ => End::Failed(out_of_place()),
        }
    }

    fn content(&self) -> Content {
        Content {
            outbox: self.around.holder_of(self.delivery.stage),
            stage: self.delivery.stage,
            items: picked(&self.progress.wanted, &self.delivery.items),
            known: Arc::clone(&self.progress.known),
        }
    }

    /// Streams the content from `offset` on and states what was sent.
    async fn send_bytes(
        &mut self,
        offset: u64,
        orders: &mut mpsc::Receiver<DeliveryOrder>,
    ) -> Result<Signed, End> {
        let read = Arc::new(AtomicU64::new(offset));
        let (frames, mut sealed) = mpsc::channel(FRAMES);
        let thread = {
            let (content, read) = (self.content(), Arc::clone(&read));
            let recipient = recipient_of(&self.recipient)?;
            tokio::task::spawn_blocking(move || {
                content.read_and_seal(offset, &recipient, FrameWriter::new(frames), &read)
            })
        };
        let first = match self.first_frame(&mut sealed, orders).await {
            Ok(first) => first,
            Err(end) => {
                drop(sealed);
                // The thread notices with its next frame; the next attempt uses what it has learnt.
                let _known = thread.await;
                return Err(end);
            }
        };
        let Some(first) = first else {
            let outcome = thread.await.unwrap_or_else(|error| Err(offer::internal(error)));
            return self.state(outcome).await;
        };
        self.link.send(&PeerWord::Sealed { transfer: self.delivery.transfer }).await?;
        // The limit holds for both directions of a link.
        self.link.expect_raw(SEALED_FRAME);
        let passed = self.pass_frames(first, &mut sealed, &read, orders).await;
        self.link.expect_raw(0);
        // Without its receiver the thread ends at its next frame.
        drop(sealed);
        let outcome = thread.await.unwrap_or_else(|error| Err(offer::internal(error)));
        match passed {
            Ok(()) | Err(End::Stopped(_) | End::Paused) => self.link.send_raw(Bytes::new()).await?,
            Err(_) => {}
        }
        passed?;
        self.state(outcome).await
    }

    /// Waits until what the recipient has already is passed over; `None` when the thread has failed before.
    async fn first_frame(
        &mut self,
        sealed: &mut mpsc::Receiver<Bytes>,
        orders: &mut mpsc::Receiver<DeliveryOrder>,
    ) -> Result<Option<Bytes>, End> {
        let mut pings = interval(KEEPALIVE);
        pings.tick().await;
        loop {
            tokio::select! {
                frame = sealed.recv() => return Ok(frame),
                word = self.link.receive() => {
                    self.last = Instant::now();
                    match word?.ok_or_else(hung_up)? {
                        PeerWord::Ack { .. } | PeerWord::Pong { .. } => {}
                        word => return Err(self.ended_by(word).await),
                    }
                }
                order = orders.recv() => stop(order)?,
                _ = pings.tick() => self.ping().await?,
            }
        }
    }

    /// States what was sent, or why it is not all.
    async fn state(&mut self, outcome: Result<Vec<ItemHash>, Failure>) -> Result<Signed, End> {
        let completion = match outcome {
            Ok(hashes) => self.complete(&hashes).await?,
            Err(failure) => {
                // The recipient may have seen a stream that breaks off: it hears why.
                let reason = failure.message.clone();
                self.say_last(&PeerWord::Cancel { transfer: self.delivery.transfer, reason }).await?;
                return Err(End::Failed(failure));
            }
        };
        self.report(OutgoingReport::Sent).await;
        Ok(completion)
    }

    async fn pass_frames(
        &mut self,
        first: Bytes,
        sealed: &mut mpsc::Receiver<Bytes>,
        read: &AtomicU64,
        orders: &mut mpsc::Receiver<DeliveryOrder>,
    ) -> Result<(), End> {
        let around = self.around;
        let mut frames = Paced::new(first, sealed, &around.paces.up);
        let mut ticks = interval(PROGRESS);
        let mut told = 0;
        loop {
            tokio::select! {
                frame = frames.next() => match frame {
                    Some(frame) => timeout(SILENCE, self.link.send_raw(frame)).await.map_err(|_| hung_up())??,
                    None => return Ok(()),
                },
                word = self.link.receive() => match word?.ok_or_else(hung_up)? {
                    PeerWord::Ack { durable } => self.progress.kept = durable,
                    PeerWord::Pong { .. } => {}
                    word => return Err(self.ended_by(word).await),
                },
                order = orders.recv() => stop(order)?,
                _ = ticks.tick() => {
                    let moved = read.load(Ordering::Relaxed);
                    if moved != told {
                        told = moved;
                        self.report(OutgoingReport::Moved(moved)).await;
                    }
                }
            }
        }
    }

    async fn complete(&mut self, hashes: &[ItemHash]) -> Result<Signed, End> {
        let key = &self.around.unlocked.keys.identity;
        let signed = offer::completion(key, &self.delivery.offer, self.delivery.transfer, hashes)?;
        self.link.send(&PeerWord::Done(signed.clone())).await?;
        for page in table::pages(hashes)? {
            self.link.send(&PeerWord::Hashes(page)).await?;
        }
        Ok(signed)
    }

    async fn wait_for_receipt(
        &mut self,
        completion: &Signed,
        orders: &mut mpsc::Receiver<DeliveryOrder>,
    ) -> Result<(), End> {
        loop {
            tokio::select! {
                // While it is busy with the files, the recipient gives signs of life.
                word = timeout(SILENCE, self.link.receive()) => {
                    match word.map_err(|_| hung_up())??.ok_or_else(hung_up)? {
                        PeerWord::Ack { .. } | PeerWord::Pong { .. } => {}
                        PeerWord::Receipt(signed) => return Err(self.receipted(signed, completion).await?),
                        word => return Err(self.ended_by(word).await),
                    }
                }
                order = orders.recv() => stop(order)?,
            }
        }
    }
}

fn hung_up() -> Failure {
    Failure::new(Code::PeerOffline, "the contact hung up").hint("it is tried again by itself")
}
