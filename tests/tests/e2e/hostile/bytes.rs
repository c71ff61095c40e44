//! Callers that send garbage, nothing, or frames that no message needs.

use airhatch_tests::{PeerLink, World, hear, in_time, refusal, say};
use airhatch_wire::Code;
use airhatch_wire::control::{Phase, TransferState};
use airhatch_wire::peer::PeerWord;
use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn garbage_instead_of_tls_ends_that_connection_only() {
    let world = World::new().await;
    let (ann, bob) = world.friends().await;
    let address = ann.address().await;
    for garbage in [b"GET / HTTP/1.1\r\n\r\n".as_slice(), &[0xff; 4096], &[0x16, 3, 1, 0xff, 0xff], &[0; 1]] {
        let mut stream = TcpStream::connect((address.host(), address.port())).await.unwrap();
        stream.write_all(garbage).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut rest = Vec::new();
        // Ended by an alert or at once.
        let _reset = in_time("the end of a connection", stream.read_to_end(&mut rest)).await;
    }
    assert!(bob.ping(&ann.email).await.is_ok());
    assert_eq!(ann.status().await.phase, Phase::Ready);
}

#[tokio::test]
async fn callers_that_say_nothing_are_let_go_and_keep_nobody_out() {
    let world = World::new().await;
    let (ann, bob) = world.friends().await;
    let address = ann.address().await;
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(TcpStream::connect((address.host(), address.port())).await.unwrap());
    }
    assert!(bob.ping(&ann.email).await.is_ok(), "a hundred silent callers are in nobody's way");
    let mut rest = [0; 1];
    assert!(matches!(in_time("the agent's patience", silent[0].read(&mut rest)).await, Ok(0) | Err(_)));
}

#[tokio::test]
async fn frames_that_are_no_words_are_refused_by_name() {
    let world = World::new().await;
    let ann = world.agent("ann@example.org").await;
    let eve = world.hostile_friend("eve@example.org", &ann).await;
    for (frame, code) in [
        (vec![0xff; 100], Code::UnknownMessage),
        (vec![], Code::UnknownMessage),
        (vec![3; 1], Code::UnknownMessage),
        // A list that claims 2^60 entries.
        (vec![4, 253, 0, 0, 0, 0, 0, 0, 0, 16], Code::UnknownMessage),
    ] {
        let mut link = eve.call(&ann).await;
        let shown = format!("{frame:?}");
        link.send_raw(Bytes::from(frame)).await.unwrap();
        assert_eq!(refusal(&mut link).await.code, code, "{shown}");
    }
    ann.is_unharmed().await;
}

#[tokio::test]
async fn a_frame_that_announces_too_much_is_refused_before_it_comes() {
    let world = World::new().await;
    let ann = world.agent("ann@example.org").await;
    let eve = world.hostile_friend("eve@example.org", &ann).await;
    for announced in [64 * 1024 + 1, u32::MAX] {
        let mut tls = eve.call(&ann).await.into_inner();
        tls.write_all(&announced.to_be_bytes()).await.unwrap();
        let failure = in_time("a refusal", async {
            loop {
                let mut body = vec![0; tls.read_u32().await.unwrap().try_into().unwrap()];
                tls.read_exact(&mut body).await.unwrap();
                if let PeerWord::Refused(failure) = airhatch_wire::frame::from_bytes(&body).unwrap() {
                    return failure;
                }
            }
        });
        assert_eq!(failure.await.code, Code::TooLarge, "{announced} bytes");
    }
    ann.is_unharmed().await;
}

#[tokio::test]
async fn words_that_belong_elsewhere_are_refused() {
    let world = World::new().await;
    let ann = world.agent("ann@example.org").await;
    let eve = world.hostile_friend("eve@example.org", &ann).await;
    let transfer = airhatch_wire::TransferId([9; 16]);
    for word in [
        PeerWord::Recorded { transfer },
        PeerWord::Sealed { transfer },
        PeerWord::Ack { durable: u64::MAX },
        PeerWord::Hashes(Vec::new()),
        PeerWord::Items(Vec::new()),
        PeerWord::Hello { items: 0 },
    ] {
        let mut link = eve.call(&ann).await;
        let shown = format!("{word:?}");
        say(&mut link, word).await;
        assert_eq!(refusal(&mut link).await.code, Code::UnknownMessage, "{shown}");
    }
    // Words about transfers that nobody knows are heard and forgotten.
    let mut link = eve.call(&ann).await;
    say(&mut link, PeerWord::Wake { transfer }).await;
    say(&mut link, PeerWord::Cancel { transfer, reason: "?".into() }).await;
    say(&mut link, PeerWord::Ping { nonce: 7 }).await;
    loop {
        match link.receive().await.unwrap() {
            Some(PeerWord::Hello { .. }) => {}
            Some(PeerWord::Pong { nonce: 7 }) => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(ann.transfers().await, []);
}

#[tokio::test]
async fn a_caller_that_does_not_greet_is_refused() {
    let world = World::new().await;
    let ann = world.agent("ann@example.org").await;
    let eve = world.hostile_friend("eve@example.org", &ann).await;
    let tls = eve.handshake(&ann).await.unwrap();
    let mut link = PeerLink::open(tls).await.unwrap();
    say(&mut link, PeerWord::Ping { nonce: 1 }).await;
    assert_eq!(refusal(&mut link).await.code, Code::UnknownMessage);
}

#[tokio::test]
async fn another_protocol_inside_tls_is_refused() {
    let world = World::new().await;
    let ann = world.agent("ann@example.org").await;
    let eve = world.hostile_friend("eve@example.org", &ann).await;
    let mut tls = eve.handshake(&ann).await.unwrap();
    tls.write_all(b"\0\0\0\x0cairhatch\x03\x01\x00\x63").await.unwrap();
    let mut answer = [0; 16];
    in_time("the answer to an unknown version", tls.read_exact(&mut answer)).await.unwrap();
    assert_eq!(&answer, b"\0\0\0\x0cairhatch\x03\x00\x00\x01", "this is what we speak instead");
    ann.is_unharmed().await;
}

#[tokio::test]
async fn an_offer_whose_table_never_comes_is_forgotten_with_its_connection() {
    let world = World::new().await;
    let ann = world.agent("ann@example.org").await;
    let eve = world.hostile_friend("eve@example.org", &ann).await;
    let bent = airhatch_tests::Bent::new(&eve, &ann, "a.txt", b"content");
    let mut link = eve.call(&ann).await;
    say(&mut link, PeerWord::Offer(eve.sign(airhatch_wire::signed::Verb::Offer, &bent.offer))).await;
    link.close().await.unwrap();
    while hear(&mut link).await.is_some() {}
    // The same offer, whole, is a new one.
    let mut link = eve.call(&ann).await;
    bent.send(&mut link, &eve).await;
    assert_eq!(ann.offered(bent.offer.transfer).await.state, TransferState::Offered);
    assert_eq!(ann.transfers().await.len(), 1);
}
