//! Many and slow callers at an agent's door: none of them keeps a contact out, and each is let go after its time.

use std::time::Instant;

use airhatch_tests::{Agent, Bent, PeerLink, World, hear, in_time, say};
use airhatch_wire::control::{Limits, TransferState};
use airhatch_wire::peer::PeerWord;
use airhatch_wire::signed::Verb;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Bytes of the transfer that goes on beside the crowd.
const SIZE: usize = 32 << 20;

async fn deliver(from: &Agent, to: &Agent, name: &str, content: &[u8]) {
    let id = from.offer(&to.email, &[(name, content)]).await;
    to.offered(id).await;
    let start = Instant::now();
    to.accept(id).await.unwrap();
    tokio::join!(to.delivered(id), from.delivered(id));
    let seconds = start.elapsed().as_secs_f64();
    println!("{name}: {:.1} MB/s", content.len() as f64 / 1e6 / seconds);
    assert!(to.received(name) == content);
}

async fn knock(agent: &Agent) -> TcpStream {
    let address = agent.address().await;
    TcpStream::connect((address.host(), address.port())).await.unwrap()
}

/// The end of a connection that the agent lets go.
async fn is_let_go(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    // An alert may come before the end.
    let _reset = in_time("the agent's patience", stream.read_to_end(&mut rest)).await;
}

#[tokio::test]
async fn a_thousand_idle_callers_slow_nobody_out_and_are_let_go() {
    let world = World::new().await;
    let (ann, bob) = world.friends().await;
    let content: Vec<u8> = (0..SIZE).map(|n| u8::try_from(n % 251).unwrap()).collect();
    deliver(&ann, &bob, "alone.bin", &content).await;
    let mut crowd = Vec::new();
    for _ in 0..1000 {
        crowd.push(knock(&bob).await);
    }
    deliver(&ann, &bob, "in-a-crowd.bin", &content).await;
    assert!(ann.ping(&bob.email).await.is_ok());
    for stream in &mut crowd {
        is_let_go(stream).await;
    }
}

#[tokio::test]
async fn callers_who_begin_a_handshake_and_stop_keep_no_contact_out() {
    let world = World::new().await;
    let (ann, bob) = world.friends().await;
    let mut crowd = Vec::new();
    for _ in 0..600 {
        let mut stream = knock(&bob).await;
        // The head of a TLS record that never comes.
        stream.write_all(&[0x16, 3, 1, 2, 0]).await.unwrap();
        crowd.push(stream);
    }
    assert!(ann.ping(&bob.email).await.is_ok());
    deliver(&ann, &bob, "a.bin", &[7; 1 << 16]).await;
    for stream in &mut crowd {
        is_let_go(stream).await;
    }
}

#[tokio::test]
async fn ten_thousand_callers_one_after_another_leave_nothing_behind() {
    let world = World::new().await;
    let (ann, bob) = world.friends().await;
    let address = bob.address().await;
    for _ in 0..10_000 {
        drop(TcpStream::connect((address.host(), address.port())).await.unwrap());
    }
    assert!(ann.ping(&bob.email).await.is_ok());
    deliver(&ann, &bob, "a.bin", &[7; 1 << 16]).await;
}

#[tokio::test]
async fn a_contact_that_stops_after_any_word_is_let_go_and_keeps_nobody_out() {
    let world = World::new().await;
    let (ann, bob) = world.friends().await;
    let eve = world.hostile_friend("eve@example.org", &bob).await;
    // Before the protocol's own greeting; before HELLO; in the table.
    let mut before = eve.handshake(&bob).await.unwrap();
    let mut unsaid = PeerLink::open(eve.handshake(&bob).await.unwrap()).await.unwrap();
    let mut table = eve.call(&bob).await;
    let mut bent = Bent::new(&eve, &bob, "a.txt", b"content");
    bent.items.push(airhatch_tests::file("b.txt", 1));
    bent.settle();
    say(&mut table, PeerWord::Offer(eve.sign(Verb::Offer, &bent.offer))).await;
    say(&mut table, PeerWord::Items(vec![bent.items[0].clone()])).await;
    deliver(&ann, &bob, "a.bin", &[7; 1 << 16]).await;
    let mut rest = Vec::new();
    let _reset = in_time("the agent's patience", before.read_to_end(&mut rest)).await;
    in_time("the agent's patience", async { while let Ok(Some(_)) = unsaid.receive().await {} }).await;
    while hear(&mut table).await.is_some() {}
    assert!(bob.transfers().await.iter().all(|view| view.contact == ann.email), "half a table is no offer");
}

#[tokio::test]
async fn a_contact_that_stops_in_the_middle_of_the_bytes_keeps_its_place_from_nobody() {
    let world = World::new().await;
    let (ann, bob) = world.friends().await;
    let eve = world.hostile_friend("eve@example.org", &bob).await;
    let limits = Limits { transfers: 2, ..Limits::default() };
    bob.ask(airhatch_wire::control::Command::SetLimits { limits }).await.unwrap();
    let mut links = Vec::new();
    for name in ["one.txt", "two.txt"] {
        let bent = Bent::new(&eve, &bob, name, b"content");
        let mut link = eve.call(&bob).await;
        bent.send(&mut link, &eve).await;
        bob.offered(bent.offer.transfer).await;
        bob.accept(bent.offer.transfer).await.unwrap();
        links.push((link, bent));
    }
    let (transfer, waiting) = (links[0].1.offer.transfer, links[1].1.offer.transfer);
    let waits = |state: &TransferState| *state == TransferState::Waiting;
    bob.until(waiting, "a turn", waits).await;
    while !matches!(hear(&mut links[0].0).await, Some(PeerWord::Accept(_))) {}
    say(&mut links[0].0, PeerWord::Sealed { transfer }).await;
    deliver(&ann, &bob, "a.bin", &[7; 1 << 16]).await;
    bob.until(waiting, "a turn", waits).await;
}

#[tokio::test]
async fn one_contact_has_a_bounded_number_of_connections() {
    let world = World::new().await;
    let (ann, bob) = world.friends().await;
    let eve = world.hostile_friend("eve@example.org", &bob).await;
    let limits = Limits { offers_per_contact: 4, ..Limits::default() };
    bob.ask(airhatch_wire::control::Command::SetLimits { limits }).await.unwrap();
    let mut links = Vec::new();
    let refused = loop {
        assert!(links.len() < 100, "every connection was taken");
        let mut link = eve.call(&bob).await;
        say(&mut link, PeerWord::Ping { nonce: 1 }).await;
        let answer = in_time("an answer", async {
            loop {
                match link.receive().await.unwrap() {
                    Some(PeerWord::Hello { .. }) => {}
                    other => return other,
                }
            }
        });
        match answer.await {
            Some(PeerWord::Pong { .. }) => links.push(link),
            Some(PeerWord::Refused(failure)) => break failure,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused.code, airhatch_wire::Code::TryAgain);
    assert!(ann.ping(&bob.email).await.is_ok());
}
