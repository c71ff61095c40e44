//! The offer dialog, and looking at transfers.

use airhatch_wire::control::{Command, Direction, Event, Reply, TransferState, TransferView, Trust};
use airhatch_wire::{Code, Selection, TransferId};

use crate::rehearsal::{
    HOSTILE, NOW, Rehearsal, changed_contact, contact, email, failure, folder, item, many_transfers, offer,
    online, shots, transfer, two_contacts,
};

const ID: TransferId = TransferId([1; 16]);

fn offered() -> Rehearsal {
    Rehearsal::logged_in(two_contacts(), vec![offer(1)])
}

/// An offer of a tree, with things that deserve a second look.
fn tree() -> TransferView {
    let mut view = offer(1);
    view.items = vec![
        item("notes.txt", 812),
        folder("photos"),
        item("photos/lake.jpg", 3_400_000),
        folder("photos/old"),
        item("photos/old/報告書.png", 1_250_000),
        item("photos/old/.cache", 9),
        folder("tools"),
        item("tools/setup.sh", 2_000),
        item("tools/.bashrc", 300),
    ];
    view.item_count = 9;
    view.wanted = 9;
    view.total = view.items.iter().map(|item| item.size).sum();
    view
}

fn closer() -> Rehearsal {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![tree()]);
    rehearsal.keys("<Enter>").wait(500).keys("<Enter>");
    rehearsal
}

fn accept(items: Selection, folder: Option<&str>) -> Command {
    Command::Accept { transfer: ID, items, folder: folder.map(|folder| folder.parse().unwrap()) }
}

fn opened() -> Rehearsal {
    let mut rehearsal = offered();
    rehearsal.keys("<Enter>").wait(500);
    rehearsal
}

#[test]
fn who_what_how_much_and_where_to() {
    let mut rehearsal = offered();
    rehearsal.keys("<Enter>");
    shots!("offer_guarded", rehearsal);
    shots!("offer", rehearsal.wait(500));
    shots!("offer_all_files", rehearsal.keys("<Enter>"));
}

#[test]
fn a_hostile_offer_cannot_hide_what_it_is() {
    let mut view = offer(1);
    view.items = HOSTILE.iter().map(|name| item(name, 1 << 40)).collect();
    (view.item_count, view.wanted) = (60_000, 60_000);
    view.total = u64::MAX;
    view.free_space = Some(1_000);
    view.note = HOSTILE.concat().as_str().into();
    view.contact = email("carol@example.org");
    let mut rehearsal = Rehearsal::logged_in(vec![changed_contact()], vec![view]);
    rehearsal.keys("<Enter>").wait(500);
    shots!("offer_hostile", rehearsal);
    insta::assert_snapshot!("offer_hostile_40x10", rehearsal.screen(40, 10));
}

#[test]
fn only_a_accepts_and_not_in_the_first_half_second() {
    for (wait, accepts) in [(0, false), (499, false), (500, true), (10_000, true)] {
        let mut rehearsal = offered();
        rehearsal.keys("<Enter>").wait(wait).keys("a");
        let accepted =
            rehearsal.commands() == [Command::Accept { transfer: ID, items: Selection::All, folder: None }];
        assert_eq!(accepted, accepts, "{wait} ms after it opened");
    }
}

#[test]
fn denying_too_waits_half_a_second() {
    let mut rehearsal = offered();
    rehearsal.keys("<Enter>d<C-n>");
    assert_eq!(rehearsal.commands(), []);
    rehearsal.wait(500).keys("d");
    assert_eq!(rehearsal.commands(), [Command::Deny { transfer: ID, reason: String::new() }]);
}

#[test]
fn no_other_key_accepts() {
    let mut rehearsal = opened();
    rehearsal.keys("<Enter><Enter> <Tab>yY1<Right>jk<C-d>");
    rehearsal.paste("a").burst("aaaa").burst("aa/b").burst("aa").burst("/a").burst("ad");
    assert_eq!(rehearsal.commands(), []);
}

#[test]
fn typing_ahead_never_accepts() {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![]);
    for keys in ["aaa<Enter>", "<Enter>aaa<Enter>", "<C-y>aaa<Enter>", "<C-y><C-y><C-y>"] {
        rehearsal.event(Event::TransferChanged(Box::new(offer(1)))).keys(keys);
        assert_eq!(rehearsal.commands(), [], "{keys}");
        rehearsal.keys("<Esc><Esc>");
    }
}

#[test]
fn an_offer_that_arrives_opens_nothing_and_waits_in_the_list() {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![]);
    rehearsal.event(Event::TransferChanged(Box::new(offer(1))));
    assert!(rehearsal.model.layers.is_empty());
    shots!("offer_arrived", rehearsal);
}

#[test]
fn the_oldest_offer_is_shown_from_anywhere_and_only_then_decided() {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![offer(1), offer(9), offer(5)]);
    rehearsal.keys("4<C-y>");
    assert_eq!(rehearsal.commands(), []);
    rehearsal.wait(500).keys("<C-y>");
    assert_eq!(
        rehearsal.commands(),
        [Command::Accept { transfer: TransferId([9; 16]), items: Selection::All, folder: None }]
    );
}

#[test]
fn an_offer_that_somebody_else_settled_cannot_be_accepted() {
    let mut rehearsal = opened();
    let accepted = transfer(1, Direction::Incoming, TransferState::Accepted);
    rehearsal.event(Event::TransferChanged(Box::new(accepted))).keys("a");
    assert_eq!(rehearsal.commands(), []);
    shots!("offer_settled", rehearsal);
}

#[test]
fn a_refused_acceptance_says_why_and_the_dialog_stays() {
    let mut rehearsal = opened();
    rehearsal.keys("a").agent(Err(failure(Code::DiskFull)));
    shots!("offer_refused", rehearsal);
    rehearsal.keys("a");
    assert_eq!(rehearsal.commands().len(), 2);
}

#[test]
fn a_decision_is_asked_once_and_closes_the_dialog() {
    let mut rehearsal = opened();
    rehearsal.keys("aad");
    rehearsal.agent(Ok(Reply::Transfer(Box::new(offer(1)))));
    assert_eq!(rehearsal.commands(), [Command::Accept { transfer: ID, items: Selection::All, folder: None }]);
    assert!(rehearsal.model.layers.is_empty());
}

#[test]
fn more_files_than_a_page_are_fetched_as_they_are_looked_at() {
    let mut view = offer(1);
    view.items = (0..256).map(|n| item(&format!("{n:03}.txt"), n)).collect();
    (view.item_count, view.wanted) = (400, 400);
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![view]);
    rehearsal.keys("<Enter>");
    assert_eq!(rehearsal.commands(), [], "a glance needs no more than is known");
    rehearsal.keys("<Enter> ");
    assert!(rehearsal.screen(80, 24).contains("Listing the files: 64 %"));
    assert!(rehearsal.screen(80, 24).contains("still being listed"), "no part can be ticked yet");
    let more = (256..400).map(|n| item(&format!("{n:03}.txt"), n)).collect();
    rehearsal.agent(Ok(Reply::Items(more))).keys(&"<PageDown>".repeat(40));
    assert_eq!(rehearsal.commands(), [Command::Items { transfer: ID, from: 256 }]);
    let screen = rehearsal.screen(80, 24);
    assert!(screen.contains("399.txt") && !screen.contains("100.txt"), "{screen}");
}

#[test]
fn a_transfer_is_told_in_full() {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), many_transfers());
    shots!("transfer_moving", rehearsal.keys("j<Enter>"));
    rehearsal.keys("x");
    shots!("transfer_cancel", rehearsal);
    rehearsal.keys("<Enter> n");
    assert_eq!(rehearsal.commands(), []);
    rehearsal.keys("xy");
    let cancel = Command::Cancel { transfer: TransferId([2; 16]), reason: String::new() };
    assert_eq!(rehearsal.commands(), [cancel]);
}

#[test]
fn a_finished_transfer_says_how_it_ended_and_what_to_do() {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), many_transfers());
    shots!("transfer_failed", rehearsal.keys("3G<Enter>"));
    rehearsal.keys("<Esc>xy");
    assert_eq!(rehearsal.commands(), [Command::Forget { transfer: TransferId([13; 16]) }]);
}

#[test]
fn an_offer_of_a_revoked_contact_says_so() {
    let mut view = offer(1);
    view.contact = email("dave@example.org");
    let revoked = contact("dave@example.org", Trust::Revoked, online());
    let mut rehearsal = Rehearsal::logged_in(vec![revoked], vec![view]);
    shots!("offer_revoked", rehearsal.keys("<Enter>").wait(500));
    rehearsal.keys("a");
    assert_eq!(rehearsal.commands(), []);
    assert!(rehearsal.screen(80, 24).contains("Nothing is taken from this contact now."));
    rehearsal.keys("d");
    assert_eq!(rehearsal.commands().len(), 1, "denying is always possible");
}

#[test]
fn a_tree_is_told_by_its_top_and_opened_folder_by_folder() {
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![tree()]);
    rehearsal.keys("<Enter>").wait(500);
    shots!("offer_tree", rehearsal);
    insta::assert_snapshot!("offer_tree_60x20", rehearsal.screen(60, 20));
    rehearsal.keys("<Enter>j<Enter>jjl");
    shots!("offer_tree_open", rehearsal);
    insta::assert_snapshot!("offer_tree_open_60x20", rehearsal.screen(60, 20));
    rehearsal.keys("hhh");
    assert!(
        !rehearsal.screen(80, 24).contains("lake.jpg"),
        "from a closed folder to the one it lies in, which closes"
    );
}

#[test]
fn what_is_ticked_comes_and_nothing_else() {
    let mut rehearsal = closer();
    rehearsal.keys("j ");
    shots!("offer_part", rehearsal);
    insta::assert_snapshot!("offer_part_60x20", rehearsal.screen(60, 20));
    rehearsal.keys("a").agent(Ok(Reply::Transfer(Box::new(tree()))));
    assert_eq!(rehearsal.commands(), [accept(Selection::of([0, 6, 7, 8]), None)]);
    assert!(rehearsal.model.layers.is_empty());
}

#[test]
fn the_part_and_the_folder_are_kept_at_a_glance() {
    let mut rehearsal = closer();
    rehearsal.keys(" <Esc>fphotos/2026/<Enter>");
    shots!("offer_part_glance", rehearsal);
    rehearsal.keys("a");
    assert_eq!(rehearsal.commands(), [accept(Selection::of(1..9), Some("photos/2026"))]);
}

#[test]
fn what_was_not_taken_and_the_folder_are_told_afterwards() {
    let mut view = tree();
    view.state = TransferState::Delivered { at: NOW };
    for item in view.items.iter_mut().skip(6) {
        item.wanted = false;
    }
    (view.wanted, view.total) = (6, 4_650_821);
    view.destination = "inbox/from ann/2026".to_owned();
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![view]);
    shots!("transfer_part", rehearsal.keys("3<Enter>Gl"));
}

#[test]
fn ticking_everything_again_accepts_the_whole() {
    let mut rehearsal = closer();
    rehearsal.keys(" jj  kk a");
    assert_eq!(rehearsal.commands(), [accept(Selection::All, None)]);
}

#[test]
fn nothing_ticked_is_no_acceptance() {
    let mut rehearsal = closer();
    rehearsal.keys(" j j a");
    assert_eq!(rehearsal.commands(), []);
    shots!("offer_nothing", rehearsal);
    rehearsal.keys("d");
    assert_eq!(rehearsal.commands().len(), 1, "denying needs no ticks");
}

#[test]
fn only_a_folder_in_the_inbox_can_be_said() {
    for typed in ["/etc", "../x", "a/../b", "a\\b"] {
        let mut rehearsal = opened();
        rehearsal.keys("f").paste(typed).keys("<Enter>");
        assert!(rehearsal.model.takes_text(), "{typed} is still being typed");
        rehearsal.keys("<Esc>a");
        assert_eq!(rehearsal.commands(), [accept(Selection::All, None)], "{typed}");
    }
    let mut rehearsal = opened();
    rehearsal.keys("f../x<Enter>");
    shots!("offer_folder_wrong", rehearsal);
    insta::assert_snapshot!("offer_folder_wrong_60x20", rehearsal.screen(60, 20));
}

#[test]
fn keys_typed_into_the_folder_decide_nothing() {
    let mut rehearsal = opened();
    rehearsal.keys("faddy<C-n>").burst("aaaa").paste("a");
    assert_eq!(rehearsal.commands(), []);
    assert!(rehearsal.screen(80, 24).contains("addyaaaaa"));
}

#[test]
fn a_list_that_ends_early_is_shown_as_far_as_it_goes() {
    let mut view = offer(1);
    view.item_count = 1_000_000;
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![view]);
    rehearsal.keys("<Enter>").wait(500).keys("<Enter>");
    rehearsal.agent(Ok(Reply::Items(vec![]))).keys("a");
    let commands = rehearsal.commands();
    assert_eq!(commands, [Command::Items { transfer: ID, from: 3 }, accept(Selection::All, None)]);
}

#[test]
fn a_page_that_was_refused_is_asked_for_again_only_when_somebody_looks() {
    let mut view = offer(1);
    (view.item_count, view.wanted) = (4, 4);
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![view]);
    rehearsal.keys("<Enter>").wait(500).keys("<Enter>").agent(Err(failure(Code::TryAgain)));
    let page = || Command::Items { transfer: ID, from: 3 };
    assert_eq!(rehearsal.commands(), [page()]);
    rehearsal.keys(" ").agent(Ok(Reply::Items(vec![item("last.txt", 1)]))).keys("G a");
    assert_eq!(rehearsal.commands(), [page(), accept(Selection::of(0..3), None)]);
}

#[test]
fn a_hundred_thousand_files_are_walked_through_without_a_stall() {
    let mut view = offer(1);
    view.items = vec![folder("d")];
    view.item_count = 100_001;
    let mut rehearsal = Rehearsal::logged_in(two_contacts(), vec![view]);
    rehearsal.keys("<Enter>").wait(500).keys("<Enter>");
    for page in 0..391_u64 {
        let page: Vec<_> =
            (page * 256..(page * 256 + 256).min(100_000)).map(|n| item(&format!("d/{n:06}"), 1)).collect();
        rehearsal.agent(Ok(Reply::Items(page)));
    }
    rehearsal.done();
    let began = std::time::Instant::now();
    rehearsal.keys("Gk ").screen(80, 24);
    assert!(began.elapsed().as_millis() < 500, "{:?}", began.elapsed());
    assert!(rehearsal.screen(80, 24).contains("099998"));
    rehearsal.keys("a");
    assert_eq!(rehearsal.commands(), [accept(Selection::of((0..99_999).chain([100_000])), None)]);
}
