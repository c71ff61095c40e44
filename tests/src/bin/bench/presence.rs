//! Presence: one agent that logs in and asks all of its contacts at once. They are accounts of their own, each with an
//! address of its own, answered for by this process.

use std::collections::BTreeSet;
use std::time::Instant;

use airhatch_tests::{Ear, PASSPHRASE, World};
use airhatch_wire::control::{Command, Event, Passphrase, Presence};
use airhatch_wire::peer::PeerWord;
use tokio::task::JoinSet;

use crate::programs;
use crate::report::median;

/// How long until every one of so many contacts is seen online, from the login's end; in words.
pub(crate) async fn measure(contacts: usize, rounds: usize) -> String {
    let world = World::new().await;
    let mut asker = world.agent("ann@example.org").await;
    let mut answering = JoinSet::new();
    for number in 0..contacts {
        let peer = world.hostile(&format!("contact{number}@example.org")).await;
        asker.add(&peer.email).await.unwrap();
        answering.spawn(answer(peer.listen().await));
    }
    let mut took = Vec::new();
    let mut of_presence = true;
    for _ in 0..rounds {
        asker.terminate().await;
        asker.start_again().await;
        let mut control = asker.connect().await.unwrap();
        control.ask(Command::Watch { attending: false }).await.unwrap();
        let passphrase = Passphrase::from(PASSPHRASE.to_owned());
        control.ask(Command::Unlock { passphrase }).await.unwrap();
        let begun = Instant::now();
        of_presence &= programs::forget_peak(asker.program.id()).is_ok();
        let mut online = BTreeSet::new();
        let all = |event: &Event| {
            if let Event::ContactChanged(contact) = event
                && matches!(contact.presence, Presence::Online { .. })
            {
                online.insert(contact.email.clone());
            }
            (online.len() == contacts).then_some(())
        };
        control.event("every contact online", all).await;
        took.push(begun.elapsed());
    }
    let peak = programs::peak(asker.program.id());
    let login = if of_presence { "" } else { ", the login included" };
    let seconds = median(&took).map_or(0.0, |time| time.as_secs_f64());
    format!(
        "presence of {contacts} contacts, all asked at once: {seconds:.2} s (1,000: at most 2 s); agent's peak {peak}{login}"
    )
}

/// Answers everybody who calls, for ever.
async fn answer(ear: Ear) {
    let mut callers = JoinSet::new();
    loop {
        let mut link = ear.answer_whenever().await;
        callers.spawn(async move {
            while let Ok(Some(word)) = link.receive().await {
                if let PeerWord::Ping { nonce } = word
                    && link.send(&PeerWord::Pong { nonce }).await.is_err()
                {
                    return;
                }
            }
        });
    }
}
