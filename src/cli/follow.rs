//! Following transfers until they are over, with a bar on stderr where a person looks at it.

use std::collections::BTreeSet;
use std::time::Duration;

use airhatch_wire::control::{Direction, Event, TransferState, TransferView};
use airhatch_wire::{Code, Failure};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::context::{Attached, Context};
use super::exit::{self, Stop, code};
use super::{human, json};
use crate::link::AgentEvent;
use crate::model::Meter;
use crate::text;

/// How long nothing may be heard before the figures of a bar are looked at again.
const LOOK: Duration = Duration::from_millis(500);

/// Transfers under way, as last heard of.
pub(crate) struct Follow<'a> {
    context: &'a Context,
    attached: &'a Attached,
    events: mpsc::UnboundedReceiver<AgentEvent>,
    bars: MultiProgress,
    followed: Vec<Followed>,
}

struct Followed {
    view: TransferView,
    bar: Option<ProgressBar>,
    meter: Meter,
    began: Instant,
    /// True once the contact was reached.
    reached: bool,
}

impl<'a> Follow<'a> {
    /// Follows with the events of a watched conversation, from this moment on. To be made before the request that
    /// sets things in motion, so that nothing is missed.
    pub(crate) fn new(
        context: &'a Context,
        attached: &'a Attached,
        mut events: mpsc::UnboundedReceiver<AgentEvent>,
    ) -> Self {
        // What lies there already is the state before that request.
        while matches!(events.try_recv(), Ok(AgentEvent::Event(_))) {}
        Self { context, attached, events, bars: MultiProgress::new(), followed: Vec::new() }
    }

    /// Takes up a transfer.
    ///
    /// # Errors
    /// When stdout is closed.
    pub(crate) fn add(&mut self, view: TransferView) -> Result<(), Stop> {
        let bar = self.context.out.bars().then(|| {
            let bar = self.bars.add(ProgressBar::new(view.total));
            bar.set_style(bar_style());
            bar
        });
        let (meter, began) = (Meter::default(), Instant::now());
        let mut followed = Followed { view, bar, meter, began, reached: false };
        followed.heard(self.context)?;
        self.followed.push(followed);
        Ok(())
    }

    /// Waits until all are over, `--timeout` is, or the agent ends. The transfers as they are then.
    ///
    /// # Errors
    /// [`Code::AgentDown`]; when stdout is closed.
    pub(crate) async fn until_over(mut self) -> Result<Vec<Ended>, Stop> {
        let time_left = self.context.time_left();
        let outcome = match time_left {
            None => self.all_over().await,
            Some(time) => tokio::time::timeout(time, self.all_over()).await.unwrap_or(Ok(())),
        };
        for bar in self.followed.iter().filter_map(|followed| followed.bar.as_ref()) {
            bar.finish_and_clear();
        }
        outcome?;
        let ended = |followed: Followed| Ended { view: followed.view, reached: followed.reached };
        Ok(self.followed.into_iter().map(ended).collect())
    }

    async fn all_over(&mut self) -> Result<(), Stop> {
        while self.followed.iter().any(|followed| !followed.view.state.is_over()) {
            let heard = if self.context.out.bars() {
                let Ok(heard) = tokio::time::timeout(LOOK, self.events.recv()).await else {
                    // A transfer that stands still has another rate than a moment ago.
                    self.followed.iter().for_each(Followed::draw);
                    continue;
                };
                heard
            } else {
                self.events.recv().await
            };
            match heard {
                Some(AgentEvent::Event(event)) => self.hear(event)?,
                Some(AgentEvent::Closed(reason)) => return Err(reason.into()),
                None => return Err(Failure::new(Code::AgentDown, "the account's agent has ended").into()),
            }
        }
        Ok(())
    }

    fn hear(&mut self, event: Event) -> Result<(), Stop> {
        let id = match &event {
            Event::TransferChanged(view) => view.id,
            Event::Progress { transfer, .. } | Event::TransferForgotten(transfer) => *transfer,
            _ => return Ok(()),
        };
        let Some(followed) = self.followed.iter_mut().find(|followed| followed.view.id == id) else {
            return Ok(());
        };
        match event {
            Event::TransferChanged(view) => {
                let view = self.attached.placed(*view);
                if followed.view == view {
                    return Ok(());
                }
                followed.view = view;
                followed.heard(self.context)
            }
            Event::Progress { moved, .. } => {
                followed.view.moved = moved;
                followed.measure();
                followed.draw();
                let progress = Event::Progress { transfer: id, moved };
                if self.context.out.json() {
                    self.context.out.data(json::event(&progress), "")
                } else {
                    Ok(())
                }
            }
            Event::TransferForgotten(_) => {
                followed.view.state = TransferState::Failed(Failure::new(
                    Code::NotFound,
                    "the transfer was taken off the list by another front",
                ));
                followed.heard(self.context)
            }
            _ => Ok(()),
        }
    }
}

impl Followed {
    fn heard(&mut self, context: &Context) -> Result<(), Stop> {
        let silent = matches!(self.view.state, TransferState::Queued | TransferState::Expired);
        self.reached |= !silent || self.view.direction == Direction::Incoming;
        self.measure();
        self.draw();
        if context.out.json() {
            return context.out.data(json::transfer(&self.view), "");
        }
        if self.bar.is_none() {
            let view = &self.view;
            context.out.talk(&format!("{}  {}: {}", view.id.short(), view.contact, human::state(view)));
        }
        Ok(())
    }

    /// What was before an interruption says nothing about the next attempt.
    fn measure(&mut self) {
        match self.view.state {
            TransferState::Moving => self.meter.sample(self.tick(), self.view.moved),
            _ => self.meter = Meter::default(),
        }
    }

    fn tick(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn draw(&self) {
        if let Some(bar) = &self.bar {
            let words = match self.view.state {
                TransferState::Moving => {
                    let speed = text::speed(&self.meter, &self.view, self.tick());
                    format!("{speed:<24}  {}", self.view.contact)
                }
                _ => format!("{}: {}", self.view.contact, human::state(&self.view)),
            };
            bar.set_message(words);
            bar.set_position(self.view.moved);
        }
    }
}

/// A transfer that is followed no more.
pub(crate) struct Ended {
    /// As it was then.
    pub(crate) view: TransferView,
    /// Whether the contact was ever reached.
    reached: bool,
}

impl Ended {
    /// What to say when it did not come to a good end.
    pub(crate) fn failure(&self) -> Option<Failure> {
        let view = &self.view;
        let contact = &view.contact;
        let said = |reason: &airhatch_wire::Untrusted<String>| {
            if reason.is_empty() { String::new() } else { format!(": {}", reason.as_received()) }
        };
        let failure = match &view.state {
            TransferState::Delivered { .. } => return None,
            TransferState::Denied { reason } => {
                Failure::new(Code::Denied, format!("{contact} denied the offer{}", said(reason)))
            }
            TransferState::Cancelled { by_us, reason } => {
                let who = if *by_us { "you".to_owned() } else { contact.to_string() };
                Failure::new(Code::Cancelled, format!("cancelled by {who}{}", said(reason)))
            }
            TransferState::Failed(why) => why.clone(),
            TransferState::Expired if self.reached => {
                Failure::new(Code::Expired, format!("{contact} did not answer before the offer expired"))
                    .hint("send it again, with a later end: --expires 7d")
            }
            TransferState::Expired | TransferState::Queued if !self.reached => {
                Failure::new(Code::PeerOffline, format!("{contact} was not reachable")).hint(
                    if view.state.is_over() {
                        "send it again when they are online".to_owned()
                    } else {
                        format!(
                            "the agent keeps trying until the offer expires; see airhatch transfer show {}",
                            view.id.short()
                        )
                    },
                )
            }
            _ => Failure::new(Code::TimedOut, format!("not over yet: {}", human::state(view)))
                .hint(format!("it goes on by itself; see airhatch transfer show {}", view.id.short())),
        };
        Some(failure)
    }
}

/// Tells every bad end; the exit code for all together.
///
/// # Errors
/// The common exit code when all ended badly alike, [`code::PARTIAL`] when only some did, [`code::OTHER`] when they differ.
pub(crate) fn settle(context: &Context, ended: &[Ended]) -> Result<(), Stop> {
    let failures: Vec<Failure> = ended.iter().filter_map(Ended::failure).collect();
    failures.iter().for_each(|failure| context.out.failure(failure));
    let kinds: BTreeSet<u8> = failures.iter().map(|failure| exit::of(failure.code)).collect();
    match kinds.first() {
        None => Ok(()),
        Some(_) if failures.len() < ended.len() => Err(Stop::Quiet(code::PARTIAL)),
        Some(exit) if kinds.len() == 1 => Err(Stop::Quiet(*exit)),
        Some(_) => Err(Stop::Quiet(code::OTHER)),
    }
}

fn bar_style() -> ProgressStyle {
    let shape = "{bar:24} {decimal_bytes:>9} / {decimal_total_bytes}  {msg}";
    ProgressStyle::with_template(shape).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("█▌░")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
