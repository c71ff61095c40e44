//! The form for sending.

use airhatch_wire::control::{Command, Direction, Reply, TransferState};
use airhatch_wire::warden::{self, Choice, Skipped, SkippedThing, Why};
use airhatch_wire::{Code, StageId};

use crate::model::Tone;
use crate::msg::{Effect, Msg, Stage};
use crate::rehearsal::{Rehearsal, changed_contact, email, failure, shots, transfer, two_contacts};

const NOTHING: Skipped = Skipped { count: 0, first: Vec::new() };
const STAGE: Stage =
    Stage { stage: StageId([5; 16]), files: 2, folders: 0, bytes: 4_200_000, skipped: NOTHING };

fn started() -> Rehearsal {
    Rehearsal::logged_in(two_contacts(), vec![])
}

fn staged_paths(rehearsal: &mut Rehearsal) -> Vec<Vec<String>> {
    let staged = |effect| match effect {
        Effect::Stage(_, account, paths, _) => {
            assert_eq!(account, email("you@example.org"));
            Some(paths.iter().map(|path| path.display().to_string()).collect())
        }
        _ => None,
    };
    rehearsal.done().into_iter().filter_map(staged).collect()
}

#[test]
fn files_are_staged_and_then_offered_with_the_note() {
    let mut rehearsal = started();
    rehearsal.keys("2js/a/b c.txt<Enter>~/d<Enter><Enter>for you<Enter>");
    let ticket = rehearsal.staging();
    rehearsal.send(Msg::Staging { ticket, copied: 1_000_000, total: 4_200_000 });
    shots!("send_copying", rehearsal);
    assert_eq!(staged_paths(&mut rehearsal), [["/a/b c.txt", "/home/you/d"]]);
    rehearsal.send(Msg::Staged(ticket, Ok(STAGE)));
    shots!("send_offering", rehearsal);
    let send = Command::Send {
        to: email("bob@example.org"),
        stage: STAGE.stage,
        note: "for you".to_owned(),
        lifetime: None,
    };
    let view = transfer(5, Direction::Outgoing, TransferState::Queued);
    rehearsal.agent(Ok(Reply::Transfer(Box::new(view))));
    assert_eq!(rehearsal.commands(), [send]);
    assert!(rehearsal.model.layers.is_empty());
    assert_eq!(rehearsal.model.toast.as_ref().map(|toast| toast.tone), Some(Tone::Good));
}

#[test]
fn the_form_shows_whom_which_files_and_the_note() {
    let mut rehearsal = started();
    shots!("send_whom", rehearsal.keys("s"));
    shots!("send_files", rehearsal.keys("bo<Tab>/tmp/a.txt<Enter>/tmp/報告書.pdf"));
    shots!("send_note", rehearsal.keys("<Tab>with regards"));
    insta::assert_snapshot!("send_40x10", rehearsal.screen(40, 10));
}

#[test]
fn a_recipient_is_found_by_a_part_of_the_email() {
    for (typed, found) in
        [("bob", "bob@example.org"), ("<Down>", "bob@example.org"), ("EXAMPLE", "ann@example.org")]
    {
        let mut rehearsal = started();
        rehearsal.keys("s").keys(typed).keys("<Tab>/a<C-s>");
        let ticket = rehearsal.staging();
        rehearsal.send(Msg::Staged(ticket, Ok(STAGE)));
        let commands = rehearsal.commands();
        assert!(
            matches!(&commands[..], [Command::Send { to, .. }] if *to == email(found)),
            "{typed}: {commands:?}"
        );
    }
}

#[test]
fn what_is_missing_is_told_where_it_is_missing() {
    let mut rehearsal = started();
    rehearsal.keys("sann<Tab><C-s>");
    shots!("send_no_files", rehearsal);
    rehearsal.keys("<Esc>snobody<Tab>/a<C-s>");
    shots!("send_nobody", rehearsal);
    assert_eq!(staged_paths(&mut rehearsal), Vec::<Vec<String>>::new());
}

#[test]
fn nothing_is_sent_to_a_contact_whose_key_changed() {
    let mut rehearsal = Rehearsal::logged_in(vec![changed_contact()], vec![]);
    rehearsal.keys("s/a<C-s>");
    assert_eq!(staged_paths(&mut rehearsal), Vec::<Vec<String>>::new());
    shots!("send_key_changed", rehearsal);
}

#[test]
fn a_file_that_cannot_be_staged_says_so_and_the_form_stays() {
    let mut rehearsal = started();
    rehearsal.keys("sann<Tab>/nowhere<C-s>");
    let ticket = rehearsal.staging();
    rehearsal.send(Msg::Staged(ticket, Err(failure(Code::BadSource))));
    shots!("send_bad_file", rehearsal);
    rehearsal.keys("!<C-s>");
    assert_eq!(staged_paths(&mut rehearsal), [["/nowhere"], ["/nowhere!"]]);
}

#[test]
fn staging_can_be_called_off_and_begun_again() {
    let mut rehearsal = started();
    rehearsal.keys("sann<Tab>/a<C-s>");
    let ticket = rehearsal.staging();
    rehearsal.done();
    rehearsal.keys("<Esc>");
    assert_eq!(rehearsal.done(), [Effect::CancelStage(ticket)]);
    rehearsal.send(Msg::Staged(ticket, Err(failure(Code::Cancelled))));
    rehearsal.keys("<C-s>");
    assert_eq!(staged_paths(&mut rehearsal), [["/a"]]);
}

#[test]
fn a_refused_offer_gives_the_staging_folder_back() {
    let mut rehearsal = started();
    rehearsal.keys("sann<Tab>/a<C-s>");
    let ticket = rehearsal.staging();
    rehearsal.send(Msg::Staged(ticket, Ok(STAGE)));
    rehearsal.agent(Err(failure(Code::KeyChanged)));
    let release = warden::Command::Release { account: email("you@example.org"), stage: STAGE.stage };
    assert!(
        rehearsal
            .done()
            .iter()
            .any(|effect| matches!(effect, Effect::Warden(_, command) if *command == release))
    );
    shots!("send_refused", rehearsal);
}

#[test]
fn a_dropped_file_opens_the_form_and_sends_nothing() {
    let mut rehearsal = started();
    rehearsal.keys("2").paste("'/home/you/My File.pdf' ");
    shots!("send_dropped", rehearsal);
    assert_eq!(rehearsal.done(), []);
    rehearsal.keys("<C-s>");
    assert_eq!(staged_paths(&mut rehearsal), [["/home/you/My File.pdf"]]);
}

#[test]
fn raw_pasted_paths_never_fire_hot_keys_nor_send() {
    let mut rehearsal = started();
    rehearsal.keys("2").burst("/sdcx/q<Enter>/a<Enter><Enter><Enter>");
    assert_eq!(rehearsal.model.layers.len(), 1, "the form for sending, nothing else");
    rehearsal.burst("/b<Enter><Enter>q<Enter><Enter>");
    assert_eq!(rehearsal.done(), []);
    rehearsal.keys("<C-s>");
    assert_eq!(staged_paths(&mut rehearsal), [["/sdcx/q", "/a/b", "/home/you/q"]]);
}

#[test]
fn a_path_dropped_on_another_field_goes_to_the_files() {
    let mut rehearsal = started();
    rehearsal.keys("sann<Tab><Tab>note").paste("/a b\n").keys("<C-s>");
    assert_eq!(staged_paths(&mut rehearsal), [["/a b"]]);
}

#[test]
fn leaving_while_files_are_copied_asks_first() {
    let mut rehearsal = started();
    rehearsal.keys("sann<Tab>/a<C-s>");
    rehearsal.done();
    rehearsal.keys("<C-c>");
    shots!("quit_while_copying", rehearsal);
    assert_eq!(rehearsal.done(), []);
    rehearsal.keys("y");
    assert_eq!(rehearsal.done(), [Effect::Exit(0)]);
}

#[test]
fn a_tab_among_fast_keys_still_moves_to_the_next_field() {
    let mut rehearsal = started();
    rehearsal.keys("sann<Tab>").burst("/a<Tab>with regards<Enter>");
    assert_eq!(rehearsal.done(), []);
    assert!(rehearsal.screen(80, 24).contains("Note          with regards"));
}

fn send_to(to: &str) -> Command {
    Command::Send { to: email(to), stage: STAGE.stage, note: String::new(), lifetime: None }
}

#[test]
fn several_contacts_get_the_same_files_from_one_copy() {
    let mut rehearsal = started();
    rehearsal.keys("sann@example.org, bo<Tab>/a");
    shots!("send_several", rehearsal);
    insta::assert_snapshot!("send_several_60x20", rehearsal.screen(60, 20));
    rehearsal.keys("<C-s>");
    let ticket = rehearsal.staging();
    rehearsal.send(Msg::Staged(ticket, Ok(STAGE)));
    let tickets: Vec<_> = rehearsal
        .done()
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Agent(ticket, command) => Some((ticket, command)),
            _ => None,
        })
        .collect();
    let commands: Vec<_> = tickets.iter().map(|(_, command)| command.clone()).collect();
    assert_eq!(commands, [send_to("ann@example.org"), send_to("bob@example.org")]);
    rehearsal.send(Msg::Agent(tickets[0].0, Err(failure(Code::KeyChanged))));
    assert_eq!(rehearsal.model.layers.len(), 1, "the other one may still work");
    let view = transfer(5, Direction::Outgoing, TransferState::Queued);
    rehearsal.send(Msg::Agent(tickets[1].0, Ok(Reply::Transfer(Box::new(view)))));
    assert_eq!(rehearsal.done(), [], "the files stay for the one who is offered them");
    assert!(rehearsal.screen(80, 24).contains("Not everybody was offered the files"));
}

#[test]
fn a_form_that_was_left_gives_nothing_back_that_others_need() {
    let mut rehearsal = started();
    rehearsal.keys("sann@example.org, bo<Tab>/a<C-s>");
    let ticket = rehearsal.staging();
    rehearsal.send(Msg::Staged(ticket, Ok(STAGE))).keys("<Esc>");
    rehearsal.agent(Err(failure(Code::KeyChanged)));
    let released = |effects: Vec<Effect>| {
        let release = |effect: &Effect| matches!(effect, Effect::Warden(_, warden::Command::Release { .. }));
        effects.iter().any(release)
    };
    assert!(!released(rehearsal.done()));
}

#[test]
fn somebody_unknown_among_several_stops_it() {
    let mut rehearsal = started();
    rehearsal.keys("snobody@example.org, ann<Tab>/a<C-s>");
    assert_eq!(staged_paths(&mut rehearsal), Vec::<Vec<String>>::new());
}

#[test]
fn what_is_left_out_is_told_to_the_warden() {
    let mut rehearsal = started();
    rehearsal.keys("sann<Tab>/a<Tab><Tab>*.tmp, .gitignore, cache/<Enter>");
    let choice = rehearsal.done().into_iter().find_map(|effect| match effect {
        Effect::Stage(.., choice) => Some(choice),
        _ => None,
    });
    let excludes = vec!["*.tmp".to_owned(), "cache/".to_owned()];
    assert_eq!(choice, Some(Choice { excludes, gitignore: true }));
}

#[test]
fn what_cannot_be_sent_is_told_before_the_rest_goes() {
    let thing = |path: &str, why| SkippedThing { path: path.as_bytes().to_vec().into(), why };
    let first = vec![
        thing("/home/you/project/node\u{202e}link", Why::Link),
        thing("/home/you/project/socket", Why::Socket),
        thing("/home/you/project/secret", Why::Unreadable),
    ];
    let stage = || Stage { folders: 12, skipped: Skipped { count: 70, first: first.clone() }, ..STAGE };
    let mut rehearsal = started();
    rehearsal.keys("sann<Tab>~/project<C-s>");
    let ticket = rehearsal.staging();
    rehearsal.send(Msg::Staged(ticket, Ok(stage())));
    shots!("send_skipped", rehearsal);
    insta::assert_snapshot!("send_skipped_60x20", rehearsal.screen(60, 20));
    assert_eq!(rehearsal.commands(), []);
    rehearsal.keys("<Esc>");
    let release = warden::Command::Release { account: email("you@example.org"), stage: STAGE.stage };
    assert!(matches!(&rehearsal.done()[..], [Effect::Warden(_, command)] if *command == release));
    rehearsal.keys("<C-s>");
    let ticket = rehearsal.staging();
    rehearsal.send(Msg::Staged(ticket, Ok(stage()))).keys("<Enter>");
    assert_eq!(rehearsal.commands(), [send_to("ann@example.org")]);
}
