//! What the shell does for an open account: each output starts, steers or stops a task.

use std::sync::Arc;

use airhatch_wire::control::Reply;
use airhatch_wire::peer::PeerWord;
use airhatch_wire::{Failure, UnixMillis};
use tokio::sync::mpsc;

use super::account::{Open, tell};
use super::{Agent, closed};
use crate::hub::{Ask, Input, OutgoingReport, Output};
use crate::keys::pin_of;
use crate::landing::Landing;
use crate::peer::{dial, presence};
use crate::transfer::offer::{self, Plan, internal};
use crate::transfer::send::{self, DeliveryOrder};
use crate::{authority, open, receipt, source};

/// Orders that may wait for one delivery.
const ORDERS: usize = 16;

impl Agent {
    pub(super) fn act_in_account(&mut self, output: Output) {
        let Some(account) = &mut self.account else {
            return self.refuse_closed(output);
        };
        let around = Arc::clone(&account.around);
        let happened = self.happened.clone();
        match output {
            Output::Lookup(ask, email) => {
                self.work.spawn(async move {
                    let found = authority::look_up(&around.unlocked, &email).await;
                    tell(&happened, Input::LookedUp(ask, email, found.map(|c| pin_of(&c)))).await;
                });
            }
            Output::Ping(ask, target) => {
                self.work.spawn(async move {
                    let outcome = presence::ping(&around, &target).await;
                    tell(&happened, Input::Pinged(ask, target.pin.email, outcome)).await;
                });
            }
            Output::Say(target, word) => {
                account.tasks.spawn(async move {
                    if let Err(failure) = dial::say(&around, &target, &word).await {
                        tracing::debug!(code = ?failure.code, "a contact could not be told");
                    }
                });
            }
            Output::Recall(target, transfer, reason) => {
                account.tasks.spawn(async move {
                    let word = PeerWord::Cancel { transfer, reason };
                    match dial::say(&around, &target, &word).await {
                        Ok(()) => around.report(Input::Outgoing(transfer, OutgoingReport::Told)).await,
                        Err(failure) => tracing::debug!(code = ?failure.code, "a contact could not be told"),
                    }
                });
            }
            Output::Draft { ask, to, stage, note, expires } => {
                let from = around.unlocked.keys.email.clone();
                let plan = Plan { from, to, stage, note, created: UnixMillis::now(), expires };
                self.work.spawn(async move {
                    let drafted = tokio::task::spawn_blocking(move || {
                        let items = source::scan(&around.holder_of(plan.stage), plan.stage)?;
                        offer::draft(&around.unlocked.keys.identity, plan, items).map(Box::new)
                    });
                    let outcome = drafted.await.unwrap_or_else(|error| Err(internal(error)));
                    tell(&happened, Input::Drafted(ask, outcome)).await;
                });
            }
            Output::ExportReceipt(ask, held) => {
                self.work.spawn(async move {
                    let (papers, root) = (around.unlocked.papers(), &around.unlocked.keys.root);
                    let outcome = receipt::export(*held, &papers.certificate, root).map(Reply::ReceiptFile);
                    tell(&happened, Input::Finished(ask, outcome)).await;
                });
            }
            Output::CheckReceipt(ask, file, authority) => {
                self.work.spawn(async move {
                    let trusted = authority.unwrap_or_else(|| around.unlocked.keys.root.fingerprint());
                    let findings = receipt::check(&file, Some(trusted), UnixMillis::now());
                    let outcome = findings.map(|findings| Reply::Receipt(Box::new(findings)));
                    tell(&happened, Input::Finished(ask, outcome)).await;
                });
            }
            Output::ChangePassphrase(ask, old, new) => {
                let folders = self.folders.clone();
                self.work.spawn(async move {
                    let outcome = open::change_passphrase(&folders, old, new).await;
                    tell(&happened, Input::Finished(ask, outcome.map(|()| Reply::Done))).await;
                });
            }
            Output::RemoveAccount(ask, passphrase) => {
                let folders = self.folders.clone();
                self.work.spawn(async move {
                    let outcome = open::remove(&folders, &around.unlocked, passphrase).await;
                    tell(&happened, Input::Removed(ask, outcome)).await;
                });
            }
            Output::DiscardIncoming(transfer) | Output::CloseLanding(transfer) => {
                self.work.spawn(async move {
                    let _turn = around.turns.take(transfer).await;
                    let inbox = around.inbox.clone();
                    let discarded =
                        tokio::task::spawn_blocking(move || Landing::discard(&inbox, transfer)).await;
                    if !matches!(discarded, Ok(Ok(()))) {
                        tracing::warn!(?discarded, "parts of a transfer stay behind until the next start");
                    }
                });
            }
            other => steer(account, other),
        }
    }

    fn refuse_closed(&mut self, output: Output) {
        let ask = match output {
            Output::Lookup(ask, _)
            | Output::Ping(ask, _)
            | Output::Draft { ask, .. }
            | Output::ExportReceipt(ask, _)
            | Output::CheckReceipt(ask, ..)
            | Output::ChangePassphrase(ask, ..)
            | Output::RemoveAccount(ask, _) => ask,
            _ => return,
        };
        let Ask { front, id } = ask;
        let outcome: Result<Reply, Failure> = Err(closed());
        self.tell(front, airhatch_wire::control::FromAgent::Answer { id, outcome });
    }
}

/// Outputs that are about tasks of the account itself.
fn steer(account: &mut Open, output: Output) {
    match output {
        Output::WatchPresence(target) => account.watch(target),
        Output::UnwatchPresence(email) => drop(account.watched.remove(&email)),
        Output::AskPresence(email) => {
            if let Some(watch) = account.watched.get(&email) {
                // A question that is waiting already is enough.
                let _waiting = watch.now.try_send(());
            }
        }
        Output::Deliver(delivery, target) => {
            let (orders, receiver) = mpsc::channel(ORDERS);
            account.deliveries.retain(|_, orders| !orders.is_closed());
            account.deliveries.insert(delivery.transfer, orders);
            account.tasks.spawn(send::deliver(Arc::clone(&account.around), *delivery, target, receiver));
        }
        Output::SetPaces(limits) => account.around.paces.set(&limits),
        Output::BeginDelivery(transfer) => order(account, transfer, DeliveryOrder::Begin),
        Output::HurryDelivery(transfer) => order(account, transfer, DeliveryOrder::Hurry),
        Output::PauseDelivery(transfer) => {
            order(account, transfer, DeliveryOrder::Pause);
            account.deliveries.remove(&transfer);
        }
        Output::StopDelivery(transfer, reason) => {
            order(account, transfer, DeliveryOrder::Stop(reason));
            account.deliveries.remove(&transfer);
        }
        Output::Order(session, order) => {
            let in_time = account.sessions.order(session, order);
            tracing::debug!(in_time, "a connection was given its order");
        }
        _ => {}
    }
    while account.tasks.try_join_next().is_some() {}
}

fn order(account: &Open, transfer: airhatch_wire::TransferId, order: DeliveryOrder) {
    if let Some(orders) = account.deliveries.get(&transfer)
        && orders.try_send(order).is_err()
    {
        tracing::debug!("a delivery has ended or is busy");
    }
}
