//! The full-screen program in a pseudo-terminal: keys go in, and what a person sees is waited for.

use airhatch_tests::{Agent, Front, Screen, World, eventually};
use airhatch_wire::control::{Command, TransferState};
use airhatch_wire::{Code, TransferId};
use rustix::process::{Pid, Signal, kill_process};

const SMALL: (u16, u16) = (80, 24);
const OFFER: &str = "Files are offered to you";

/// Ann at her screen, logged in, with bob as her contact, who has an agent and no front.
struct AtScreen {
    screen: Screen,
    front: Front,
    bob: Agent,
    _world: World,
}

async fn at_screen() -> AtScreen {
    let world = World::new().await;
    let (front, bob) = (world.front("ann"), world.agent("bob@example.org").await);
    front.settle(&world.authority, "ann@example.org").await;
    front.ok(&["contact", "add", "bob@example.org"]).await;
    bob.add(&airhatch_tests::email("ann@example.org")).await.unwrap();
    let screen = Screen::start(&front, &[], SMALL);
    screen.wait_for("agent ok");
    AtScreen { screen, front, bob, _world: world }
}

impl AtScreen {
    async fn bob_offers(&self, name: &str, content: &[u8]) -> TransferId {
        let id = self.bob.offer(&airhatch_tests::email("ann@example.org"), &[(name, content)]).await;
        self.screen.wait_for("1 offer waiting");
        id
    }

    fn received(&self, name: &str) -> Option<Vec<u8>> {
        std::fs::read(self.front.inbox("ann@example.org").join(name)).ok()
    }
}

#[tokio::test]
async fn a_new_user_makes_an_account_and_a_contact_and_the_agent_stays_when_they_leave() {
    let world = World::new().await;
    let (front, bob) = (world.front("ann"), world.agent("bob@example.org").await);
    let mut screen = Screen::start(&front, &[], SMALL);
    screen.wait_for("Welcome");
    screen.keys("<Enter>");
    screen.wait_for("step 1 of 5");
    screen.keys(&world.authority.address.to_string());
    screen.keys("<Tab>");
    screen.paste(&world.authority.fingerprint.to_string());
    screen.keys("<Enter>");
    // A container cannot reach this CA.
    screen.wait_for("process only");
    screen.keys("<Enter>");
    screen.wait_for("step 3 of 5");
    screen.keys("ann@example.org<Tab><Enter>");
    screen.wait_for("step 4 of 5");
    screen.keys("a secret to type<Tab>");
    screen.keys("a secret to type<Enter>");
    screen.wait_for("Your account is ready");
    assert!(!screen.text().contains("secret"));
    screen.keys("bob@example.org<Enter>");
    screen.wait_for("bob@example.org is a contact now");
    screen.keys("<Esc>");
    screen.wait_gone("Read the fingerprint");
    screen.keys("q");
    assert_eq!(screen.ended(), 0);
    assert!(screen.is_restored(), "{}", screen.text());
    assert_eq!(
        front.object(&["status"]).await["accounts"][0]["running"],
        true,
        "the agent outlives its screen"
    );
    bob.add(&airhatch_tests::email("ann@example.org")).await.unwrap();
    front.ok(&["ping", "bob@example.org"]).await;
}

#[tokio::test]
async fn a_wizard_that_the_ca_refuses_says_why_and_can_be_mended() {
    let world = World::new().await;
    let (front, _ann) = (world.front("ann"), world.agent("ann@example.org").await);
    let screen = Screen::start(&front, &[], SMALL);
    screen.wait_for("Welcome");
    screen.keys("<Enter>");
    screen.wait_for("step 1 of 5");
    screen.paste(&world.authority.address.to_string());
    screen.keys("<Tab>");
    screen.paste(&world.authority.fingerprint.to_string());
    screen.keys("<Enter>");
    // A container cannot reach this CA.
    screen.wait_for("process only");
    screen.keys("<Enter>");
    screen.wait_for("step 3 of 5");
    screen.paste("ann@example.org");
    screen.keys("<Tab><Enter>");
    screen.wait_for("step 4 of 5");
    screen.keys("a secret to type<Tab>");
    screen.keys("a secret to type<Enter>");
    screen.wait_for("taken");
    eventually("no account left behind", async || {
        (front.object(&["account", "list"]).await["accounts"] == serde_json::json!([])).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_offer_is_accepted_at_the_screen_and_not_by_a_key_that_came_too_soon() {
    let at = at_screen().await;
    let id = at.bob_offers("report.pdf", b"all of it").await;
    at.screen.keys("<C-y>a");
    at.screen.wait_for(OFFER);
    for what in ["bob@example.org", "report.pdf", "for you", "Free space"] {
        at.screen.wait_for(what);
    }
    at.bob.until(id, "an offer", |state| *state == TransferState::Offered).await;
    at.screen.keys("<Enter>");
    at.screen.press_until("a", "an accepted offer", |screen| !screen.contains(OFFER));
    at.bob.delivered(id).await;
    assert_eq!(at.received("report.pdf").unwrap(), b"all of it");
    at.screen.keys("3");
    at.screen.wait_for("received");
    at.screen.wait_for("report.pdf");
}

#[tokio::test]
async fn a_part_of_an_offer_is_ticked_at_the_screen_and_comes_into_the_chosen_folder() {
    let at = at_screen().await;
    let files: [(&str, &[u8]); 2] = [("a.txt", b"not this"), ("b.txt", b"this")];
    let id = at.bob.offer(&airhatch_tests::email("ann@example.org"), &files).await;
    at.screen.wait_for("1 offer waiting");
    at.screen.keys("<C-y>");
    at.screen.wait_for(OFFER);
    at.screen.keys("<Enter>");
    at.screen.wait_for("[x]");
    at.screen.keys(" ");
    at.screen.wait_for("1 of 2 files ticked");
    at.screen.keys("f");
    at.screen.wait_for("a folder in your inbox");
    at.screen.keys("from bob");
    at.screen.keys("<Enter>");
    at.screen.wait_for("accept what is ticked");
    at.screen.press_until("a", "an accepted part", |screen| !screen.contains(OFFER));
    at.bob.delivered(id).await;
    assert_eq!(at.received("from bob/b.txt").unwrap(), b"this");
    assert_eq!((at.received("a.txt"), at.received("from bob/a.txt")), (None, None));
    at.screen.keys("3");
    at.screen.wait_for("1 of 2 files");
}

#[tokio::test]
async fn a_transfer_is_paused_and_goes_on_at_the_screen() {
    let mut at = at_screen().await;
    at.bob_offers("report.pdf", b"all of it").await;
    at.screen.keys("r");
    at.screen.wait_for("not in a state for that");
    at.screen.keys("<C-y>");
    at.screen.wait_for(OFFER);
    // Nobody is there to send when it is accepted, so it waits, and can be paused.
    at.bob.kill().await;
    at.screen.press_until("a", "an accepted offer", |screen| !screen.contains(OFFER));
    at.screen.wait_for("accepted");
    at.screen.keys("p");
    at.screen.wait_for("paused by you");
    at.screen.keys("p");
    at.screen.wait_gone("paused by you");
}

#[tokio::test]
async fn an_offer_is_denied_at_the_screen_and_nothing_arrives() {
    let at = at_screen().await;
    let id = at.bob_offers("report.pdf", b"all of it").await;
    at.screen.keys("<C-n>");
    at.screen.wait_for(OFFER);
    at.screen.press_until("d", "a denied offer", |screen| !screen.contains(OFFER));
    at.bob.until(id, "a denial", |state| matches!(state, TransferState::Denied { .. })).await;
    at.screen.wait_gone("1 offer waiting");
    assert_eq!(at.received("report.pdf"), None);
}

#[tokio::test]
async fn files_are_sent_from_the_screen_and_their_progress_is_shown() {
    let at = at_screen().await;
    let path = at.front.file("for bob.txt", b"from the screen");
    at.screen.wait_for("Transfers");
    at.screen.keys("s");
    at.screen.wait_for("Offer files");
    at.screen.wait_for("bob@example.org");
    at.screen.paste(&format!("'{path}'"));
    at.screen.keys("<C-s>");
    at.screen.wait_for("offered");
    let offer = eventually("the offer", async || at.bob.transfers().await.into_iter().next()).await;
    at.bob.offered(offer.id).await;
    at.bob.accept(offer.id).await.unwrap();
    at.bob.delivered(offer.id).await;
    assert_eq!(at.bob.received("for bob.txt"), b"from the screen");
    at.screen.keys("3");
    at.screen.wait_for("delivered");
    let outbox = at.front.home().join("accounts/ann@example.org/outbox");
    eventually("an outbox without stages", async || {
        std::fs::read_dir(&outbox).unwrap().next().is_none().then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_contact_that_does_not_exist_is_told_at_the_form() {
    let at = at_screen().await;
    at.screen.keys("c");
    at.screen.wait_for("Add a contact");
    at.screen.keys("nobody@example.org<Enter>");
    at.screen.wait_for("Nobody is registered");
    at.screen.keys("<Esc>");
    at.screen.wait_gone("Add a contact");
}

#[tokio::test]
async fn what_another_front_decides_is_seen_at_the_screen() {
    let at = at_screen().await;
    let id = at.bob_offers("report.pdf", b"all of it").await;
    at.screen.keys("<C-y>");
    at.screen.wait_for(OFFER);
    at.front.ok(&["inbox", "accept", &id.to_string()]).await;
    at.screen.wait_gone("waits for you");
    at.screen.keys("<Esc>");
    at.screen.wait_gone(OFFER);
    at.bob.delivered(id).await;
}

#[tokio::test]
async fn a_strangers_words_cannot_act_on_the_terminal() {
    let at = at_screen().await;
    let stage = at.bob.stage(&[("zero\u{200b}width.txt", b"content")]);
    let note = "look\u{1b}]2;pwned\u{7}\u{1b}[2J\u{202e}gpj".to_owned();
    let to = airhatch_tests::email("ann@example.org");
    at.bob.ask(Command::Send { to, stage, note, lifetime: None }).await.unwrap();
    at.screen.wait_for("1 offer waiting");
    at.screen.keys("<C-y>");
    at.screen.wait_for(OFFER);
    at.screen.wait_for("\\u{202e}gpj");
    at.screen.wait_for("zero\\u{200b}width.txt");
    assert!(!at.screen.title().contains("pwned"), "{}", at.screen.title());
}

#[tokio::test]
async fn logging_out_at_the_screen_ends_the_agent_and_logging_in_opens_it_again() {
    let at = at_screen().await;
    at.screen.keys("5");
    at.screen.wait_for("What you can do");
    at.screen.keys("o");
    at.screen.wait_gone("What you can do");
    eventually("the agent's end", async || {
        (at.front.object(&["status"]).await["accounts"][0]["running"] == false).then_some(())
    })
    .await;
    assert_eq!(
        at.bob.ping(&airhatch_tests::email("ann@example.org")).await.unwrap_err().code,
        Code::PeerOffline
    );
    at.screen.keys("<Enter>");
    at.screen.wait_for("Passphrase");
    at.screen.keys("wrong passphrase<Enter>");
    at.screen.wait_for("wrong");
    at.screen.keys("<C-u>");
    at.screen.keys(&format!("{}<Enter>", airhatch_tests::PASSPHRASE));
    at.screen.wait_for("agent ok");
}

#[tokio::test]
async fn every_end_gives_the_terminal_back() {
    let world = World::new().await;
    let front = world.front("ann");
    front.settle(&world.authority, "ann@example.org").await;
    for end in ["q", "<C-c>", "TERM"] {
        let mut screen = Screen::start(&front, &[], SMALL);
        screen.wait_for("agent ok");
        if end == "TERM" {
            kill_process(Pid::from_raw(screen.id().try_into().unwrap()).unwrap(), Signal::TERM).unwrap();
        } else {
            screen.keys(end);
        }
        let code = screen.ended();
        assert!(screen.is_restored(), "after {end}: {}", screen.text());
        assert_eq!(code, if end == "TERM" { 143 } else { 0 }, "after {end}");
    }
}

#[tokio::test]
async fn a_screen_that_is_stopped_leaves_the_shell_its_terminal_and_comes_back_whole() {
    let world = World::new().await;
    let front = world.front("ann");
    front.settle(&world.authority, "ann@example.org").await;
    let screen = Screen::start_as_job(&front, SMALL);
    screen.wait_for("agent ok");
    screen.keys("<C-z>");
    screen.wait_for("back in the shell");
    assert!(screen.is_restored());
    screen.keys("<Enter>");
    screen.wait_for("agent ok");
    screen.keys("2");
    screen.wait_for("No contacts yet");
}

#[tokio::test]
async fn no_size_of_the_terminal_breaks_the_screen() {
    let at = at_screen().await;
    at.bob_offers("report.pdf", b"all of it").await;
    at.screen.keys("<C-y>");
    at.screen.wait_for(OFFER);
    for (columns, rows) in [(40, 10), (39, 9), (2, 2), (20, 50), (300, 8), (200, 60), SMALL] {
        at.screen.resize(columns, rows);
    }
    at.screen.wait_for(OFFER);
    at.screen.keys("<Esc>");
    at.screen.wait_gone(OFFER);
}

#[tokio::test]
async fn the_demonstration_opens_on_a_friend_and_an_offer_and_leaves_nothing_however_it_ends() {
    let world = World::new().await;
    for end in ["q", "<C-c>", "KILL"] {
        let front = world.front(&format!("demo-{}", end.trim_matches(['<', '>'])));
        let mut screen = Screen::start(&front, &["demo"], (120, 40));
        screen.wait_for("1 offer waiting");
        screen.keys("2");
        screen.wait_for("online");
        if end == "KILL" {
            kill_process(Pid::from_raw(screen.id().try_into().unwrap()).unwrap(), Signal::KILL).unwrap();
        } else {
            screen.keys(end);
            screen.wait_until("the end or a question", |text| {
                text.contains("leave") || !text.contains("Presence")
            });
            if screen.text().contains("y leave") {
                screen.keys("y");
            }
            assert_eq!(screen.ended(), 0, "{end}");
            assert!(screen.is_restored(), "after {end}");
        }
        let temporary = front.home().join("tmp");
        eventually("nothing left", async || {
            let files = std::fs::read_dir(&temporary).unwrap().next().is_some();
            (!files && world.processes_of(front.home()) == 0).then_some(())
        })
        .await;
    }
}
