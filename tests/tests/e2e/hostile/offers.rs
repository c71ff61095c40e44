//! Offers that are wrong in one way.

use airhatch_tests::{Bent, HostilePeer, World, file, hear, refusal, say};
use airhatch_wire::control::TransferState;
use airhatch_wire::peer::{ItemKind, Offer, PeerWord};
use airhatch_wire::signed::Verb;
use airhatch_wire::{Code, TransferId, Untrusted};

const DAY: u64 = 24 * 3_600_000;

/// Bends an offer, sends it, and returns how it was refused; nothing may be left of it.
async fn refused(bend: impl FnOnce(&mut Bent, &HostilePeer)) -> Code {
    let world = World::new().await;
    let ann = world.agent("ann@example.org").await;
    let eve = world.hostile_friend("eve@example.org", &ann).await;
    let mut offer = Bent::new(&eve, &ann, "a.txt", b"content");
    bend(&mut offer, &eve);
    let mut link = eve.call(&ann).await;
    offer.send(&mut link, &eve).await;
    let failure = refusal(&mut link).await;
    assert_eq!(ann.transfers().await, []);
    ann.is_unharmed().await;
    failure.code
}

#[tokio::test]
async fn an_offer_that_names_another_sender_is_refused() {
    let code = refused(|bent, _| bent.offer.from = airhatch_tests::email("bob@example.org")).await;
    assert_eq!(code, Code::VerificationFailed);
}

#[tokio::test]
async fn an_offer_for_somebody_else_is_refused() {
    let code = refused(|bent, _| bent.offer.to = airhatch_tests::email("bob@example.org")).await;
    assert_eq!(code, Code::VerificationFailed);
}

#[tokio::test]
async fn an_offer_that_is_over_is_refused() {
    let code = refused(|bent, _| {
        bent.offer.created.0 -= 2 * DAY;
        bent.offer.expires.0 -= 2 * DAY;
    });
    assert_eq!(code.await, Code::Expired);
}

#[tokio::test]
async fn an_offer_from_the_future_is_refused() {
    let code = refused(|bent, _| {
        bent.offer.created.0 += DAY;
        bent.offer.expires.0 += DAY;
    });
    assert_eq!(code.await, Code::Invalid);
}

#[tokio::test]
async fn an_offer_that_never_ends_is_refused() {
    assert_eq!(refused(|bent, _| bent.offer.expires.0 = u64::MAX).await, Code::Invalid);
}

#[tokio::test]
async fn a_table_that_was_not_signed_is_refused() {
    assert_eq!(refused(|bent, _| bent.items[0] = file("b.txt", 7)).await, Code::VerificationFailed);
}

#[tokio::test]
async fn sizes_that_do_not_add_up_are_refused() {
    assert_eq!(refused(|bent, _| bent.offer.total += 1).await, Code::Invalid);
}

#[tokio::test]
async fn sizes_that_overflow_are_refused() {
    let code = refused(|bent, _| {
        bent.items = vec![file("a", u64::MAX), file("b", 7)];
        let mut other = bent.clone();
        other.items = vec![file("a", 3), file("b", 3)];
        other.settle();
        bent.offer = Offer { total: 6, table: bent.offer.table, ..other.offer };
        bent.offer.table = digest(bent);
    });
    assert_eq!(code.await, Code::Invalid);
}

fn digest(bent: &Bent) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for item in &bent.items {
        hasher.update(&airhatch_wire::frame::to_bytes(item).unwrap());
    }
    *hasher.finalize().as_bytes()
}

#[tokio::test]
async fn an_offer_of_nothing_is_refused() {
    let code = refused(|bent, _| {
        bent.items.clear();
        bent.settle();
    });
    assert_eq!(code.await, Code::TooLarge);
}

#[tokio::test]
async fn an_offer_of_a_million_files_and_one_is_refused_before_its_table_comes() {
    assert_eq!(refused(|bent, _| bent.offer.items = 1_000_001).await, Code::TooLarge);
}

#[tokio::test]
async fn a_note_that_is_too_long_is_refused() {
    assert_eq!(refused(|bent, _| bent.offer.note = Untrusted::new("x".repeat(1025))).await, Code::TooLarge);
}

#[tokio::test]
async fn names_that_leave_the_inbox_or_lie_about_themselves_are_refused() {
    let world = World::new().await;
    let ann = world.agent("ann@example.org").await;
    let eve = world.hostile_friend("eve@example.org", &ann).await;
    for name in [
        "../x",
        "..",
        ".",
        "",
        "/abs",
        "a//b",
        "a/../../x",
        "C:\\x",
        "a\0b",
        "a\u{1b}[2Jb",
        "a\nb",
        "a\rb",
        "a\u{9b}b",
        "invoice\u{202e}fdp.exe",
        "a\u{2066}b",
        " a",
        "a ",
        ".incoming",
        ".InComing",
        &"x".repeat(256),
        &"\u{1f600}".repeat(64),
    ] {
        let mut link = eve.call(&ann).await;
        Bent::new(&eve, &ann, name, b"content").send(&mut link, &eve).await;
        assert_eq!(refusal(&mut link).await.code, Code::BadName, "{name:?}");
    }
    let mut twice = Bent::new(&eve, &ann, "Report.txt", b"content");
    twice.items.push(file("report.TXT", 0));
    twice.settle();
    let mut link = eve.call(&ann).await;
    twice.send(&mut link, &eve).await;
    assert_eq!(refusal(&mut link).await.code, Code::BadName, "one name in two spellings");
    assert_eq!(ann.transfers().await, []);
    ann.is_unharmed().await;
}

#[tokio::test]
async fn a_file_in_the_place_of_a_folder_and_a_folder_with_a_size_are_refused() {
    let world = World::new().await;
    let ann = world.agent("ann@example.org").await;
    let eve = world.hostile_friend("eve@example.org", &ann).await;
    let mut both = Bent::new(&eve, &ann, "d", b"content");
    both.items.push(file("d", 0));
    both.items[1].path.push("x".into());
    both.settle();
    let mut sized = Bent::new(&eve, &ann, "d", b"content");
    sized.items[0].kind = ItemKind::Folder;
    sized.settle();
    for (bent, code) in [(both, Code::BadName), (sized, Code::Invalid)] {
        let mut link = eve.call(&ann).await;
        bent.send(&mut link, &eve).await;
        assert_eq!(refusal(&mut link).await.code, code);
    }
    assert_eq!(ann.transfers().await, []);
    ann.is_unharmed().await;
}

#[tokio::test]
async fn a_stranger_with_a_genuine_account_is_refused() {
    let world = World::new().await;
    let ann = world.agent("ann@example.org").await;
    let eve = world.hostile("eve@example.org").await;
    let mut link = eve.call(&ann).await;
    assert_eq!(refusal(&mut link).await.code, Code::NotPermitted);
    assert_eq!(ann.transfers().await, []);
}

#[tokio::test]
async fn a_known_id_with_another_content_is_refused_and_the_first_offer_stays() {
    let world = World::new().await;
    let ann = world.agent("ann@example.org").await;
    let eve = world.hostile_friend("eve@example.org", &ann).await;
    let first = Bent::new(&eve, &ann, "a.txt", b"content");
    let mut link = eve.call(&ann).await;
    first.send(&mut link, &eve).await;
    ann.offered(first.offer.transfer).await;

    let mut second = Bent::new(&eve, &ann, "virus.exe", b"another content");
    second.offer.transfer = first.offer.transfer;
    let mut other = eve.call(&ann).await;
    second.send(&mut other, &eve).await;
    assert_eq!(refusal(&mut other).await.code, Code::Conflict);
    let shown = ann.offered(first.offer.transfer).await;
    assert_eq!(shown.items[0].path.as_received(), "a.txt");
}

#[tokio::test]
async fn an_id_that_belongs_to_somebody_else_is_refused() {
    let world = World::new().await;
    let (ann, bob) = world.friends().await;
    let eve = world.hostile_friend("eve@example.org", &ann).await;
    let id = bob.offer(&ann.email, &[("a.txt", b"from bob")]).await;
    ann.offered(id).await;
    let mut theft = Bent::new(&eve, &ann, "b.txt", b"from eve");
    theft.offer.transfer = id;
    let mut link = eve.call(&ann).await;
    theft.send(&mut link, &eve).await;
    assert_eq!(refusal(&mut link).await.code, Code::Conflict);
    // Nor can eve end or take over what is bob's.
    let mut link = eve.call(&ann).await;
    say(&mut link, PeerWord::Cancel { transfer: id, reason: "mine".into() }).await;
    say(&mut link, PeerWord::Ping { nonce: 1 }).await;
    assert_eq!(link.receive().await.unwrap().map(|word| matches!(word, PeerWord::Hello { .. })), Some(true));
    assert_eq!(link.receive().await.unwrap(), Some(PeerWord::Pong { nonce: 1 }));
    ann.offered(id).await;
    ann.accept(id).await.unwrap();
    tokio::join!(ann.delivered(id), bob.delivered(id));
    assert_eq!(ann.received("a.txt"), b"from bob");
}

#[tokio::test]
async fn an_offer_made_for_one_person_cannot_be_passed_on_to_another() {
    let world = World::new().await;
    let (ann, bob) = world.friends().await;
    let eve = world.hostile_friend("eve@example.org", &ann).await;
    let ear = eve.listen().await;
    bob.add(&eve.email).await.unwrap();
    let id = bob.offer(&eve.email, &[("a.txt", b"for eve only")]).await;
    let (_link, signed) = ear.offered().await;
    // Eve forwards bob's own signature to ann.
    let mut bent = Bent::new(&eve, &ann, "a.txt", b"for eve only");
    bent.offer.transfer = id;
    let mut link = eve.call(&ann).await;
    bent.send_as(&mut link, signed).await;
    assert_eq!(refusal(&mut link).await.code, Code::VerificationFailed);
    assert_eq!(ann.transfers().await, []);
}

#[tokio::test]
async fn a_signature_made_for_another_purpose_is_refused() {
    let world = World::new().await;
    let ann = world.agent("ann@example.org").await;
    let eve = world.hostile_friend("eve@example.org", &ann).await;
    let bent = Bent::new(&eve, &ann, "a.txt", b"content");
    let mut link = eve.call(&ann).await;
    bent.send_as(&mut link, eve.sign(Verb::Receipt, &bent.offer)).await;
    assert_eq!(refusal(&mut link).await.code, Code::VerificationFailed);
    ann.is_unharmed().await;
}

#[tokio::test]
async fn an_offer_that_was_denied_is_not_an_offer_again() {
    let world = World::new().await;
    let ann = world.agent("ann@example.org").await;
    let eve = world.hostile_friend("eve@example.org", &ann).await;
    let bent = Bent::new(&eve, &ann, "a.txt", b"content");
    let mut link = eve.call(&ann).await;
    bent.send(&mut link, &eve).await;
    let id = bent.offer.transfer;
    ann.offered(id).await;
    ann.deny(id, "no").await.unwrap();
    let mut again = eve.call(&ann).await;
    bent.send(&mut again, &eve).await;
    assert!(matches!(hear(&mut again).await, Some(PeerWord::Deny(_))));
    let state = &ann.transfers().await[0].state;
    assert!(matches!(state, TransferState::Denied { .. }), "{state:?}");
    ann.is_unharmed().await;
}

#[tokio::test]
async fn one_contact_cannot_fill_the_list_with_offers() {
    let world = World::new().await;
    let ann = world.agent("ann@example.org").await;
    let eve = world.hostile_friend("eve@example.org", &ann).await;
    let mut links = Vec::new();
    for number in 0..=100_u8 {
        let mut bent = Bent::new(&eve, &ann, "a.txt", b"content");
        bent.offer.transfer = TransferId([number; 16]);
        let mut link = eve.call(&ann).await;
        bent.send(&mut link, &eve).await;
        if number < 100 {
            assert!(matches!(hear(&mut link).await, Some(PeerWord::Recorded { .. })), "offer {number}");
        } else {
            assert_eq!(refusal(&mut link).await.code, Code::TryAgain);
        }
        links.push(link);
    }
    assert_eq!(ann.transfers().await.len(), 100);
}

#[tokio::test]
async fn a_table_longer_than_its_offer_is_refused_at_the_first_entry_too_many() {
    let world = World::new().await;
    let ann = world.agent("ann@example.org").await;
    let eve = world.hostile_friend("eve@example.org", &ann).await;
    let mut bent = Bent::new(&eve, &ann, "a.txt", b"content");
    let signed = eve.sign(Verb::Offer, &bent.offer);
    bent.items.push(file("b.txt", 0));
    let mut link = eve.call(&ann).await;
    bent.send_as(&mut link, signed).await;
    assert_eq!(refusal(&mut link).await.code, Code::UnknownMessage);
    ann.is_unharmed().await;
}

#[tokio::test]
async fn a_table_whose_names_fill_the_memory_is_refused_while_it_comes() {
    let world = World::new().await;
    let ann = world.agent("ann@example.org").await;
    let eve = world.hostile_friend("eve@example.org", &ann).await;
    let mut bent = Bent::new(&eve, &ann, "a.txt", b"content");
    bent.offer.items = 1_000_000;
    let mut link = eve.call(&ann).await;
    say(&mut link, PeerWord::Offer(eve.sign(Verb::Offer, &bent.offer))).await;
    let mut page = file("", 0);
    page.path = vec![Untrusted::from(""); 60_000];
    // A million of these would take more than a terabyte; a hundred are too many.
    for _ in 0..100 {
        // It may hang up before the last one.
        let _refused = link.send(&PeerWord::Items(vec![page.clone()])).await;
    }
    assert_eq!(refusal(&mut link).await.code, Code::TooLarge);
    ann.is_unharmed().await;
}

#[tokio::test]
async fn an_offer_that_was_settled_is_not_settled_otherwise_by_sending_it_again() {
    let world = World::new().await;
    let ann = world.agent("ann@example.org").await;
    let eve = world.hostile_friend("eve@example.org", &ann).await;
    let bent = Bent::new(&eve, &ann, "a.txt", b"content");
    let mut link = eve.call(&ann).await;
    bent.send(&mut link, &eve).await;
    ann.offered(bent.offer.transfer).await;
    ann.deny(bent.offer.transfer, "no").await.unwrap();
    while !matches!(hear(&mut link).await, Some(PeerWord::Deny(_))) {}
    // The bytes all the same, on the same connection and on another one.
    bent.send_sealed(&mut link, &eve, &ann, b"content").await;
    let mut again = eve.call(&ann).await;
    bent.send(&mut again, &eve).await;
    assert!(matches!(hear(&mut again).await, Some(PeerWord::Deny(_))));
    bent.send_sealed(&mut again, &eve, &ann, b"content").await;
    drop((link, again));
    ann.is_unharmed().await;
}
