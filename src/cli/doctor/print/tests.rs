//! Lines as a person sees them, and what is counted.

use super::*;
use crate::cli::Cli;
use clap::Parser;

fn look(columns: usize, unicode: bool, options: &[&str]) -> Look {
    let words = ["airhatch"].iter().chain(options);
    let global = Cli::try_parse_from(words).map(|cli| cli.global);
    let Ok(global) = global else { unreachable!("{options:?}") };
    Look { out: Output::new(&global), unicode, columns }
}

fn section(look: Look, checks: &[Check]) -> String {
    look.section(&Section::new("some", "Some walls", checks.to_vec()))
}

fn some() -> Vec<Check> {
    let open =
        |name: &str| Check::new(Verdict::Broken, name).detail("it was done").hint("get a newer kernel");
    vec![
        open("list a closed folder"),
        Check::new(Verdict::Held, "read a vault"),
        open("watch a closed folder and everything that happens in it"),
        Check::new(Verdict::Broken, "the vault is open").hint("type:").command("chmod 600 /home/ann/vault"),
        Check::new(Verdict::NotTestable, "mount").detail("refused here without the jail"),
        Check::new(Verdict::Weaker, "partly jailed"),
        Check::new(Verdict::Fact, "Linux 6.18"),
    ]
}

#[test]
fn columns_align_words_stand_beside_signs_and_advice_is_given_once() {
    let text = section(look(50, true, &["--color", "never"]), &some());
    let expected = "\
Some walls  (1 held, 3 NOT HELD, 1 weaker, 1 not testable)
  ✗ NOT HELD      list a closed folder
                  it was done
  ✓ held          read a vault
  ✗ NOT HELD      watch a closed folder and
                  everything that happens in it
                  it was done
                  to do: get a newer kernel
  ✗ NOT HELD      the vault is open
                  to do: type:
                  chmod 600 /home/ann/vault
  ? not testable  mount
                  refused here without the jail
  ! weaker        partly jailed
  ·               Linux 6.18
";
    assert_eq!(text, expected);
}

#[test]
fn signs_are_ascii_where_the_terminal_has_no_others_and_colour_only_adds() {
    let plain = section(look(80, false, &["--color", "never"]), &some());
    assert!(plain.is_ascii() && !plain.contains('\u{1b}'), "{plain}");
    assert!(plain.contains("\n  + held ") && plain.contains("\n  X NOT HELD ") && plain.contains("\n  - "));
    let tinted = section(look(80, false, &["--color", "always"]), &some());
    assert!(tinted.contains('\u{1b}'));
    let mut bare = String::new();
    for (number, part) in tinted.split('\u{1b}').enumerate() {
        bare.push_str(if number == 0 { part } else { part.split_once('m').map_or("", |(_, rest)| rest) });
    }
    assert_eq!(bare, plain);
}

#[test]
fn only_what_did_not_hold_counts_as_a_failure_and_is_found_again() {
    let printed = |checks: Vec<Check>| {
        let look = look(80, true, &["--color", "never"]);
        let mut printer = Printer { look, tally: Tally::default(), where_not: Vec::new() };
        printer.count(&Section::new("some", "Some walls", checks));
        printer
    };
    let well = printed(some().into_iter().filter(|check| check.verdict != Verdict::Broken).collect());
    assert!(well.all_held());
    let sum = |printer: &Printer| printer.look.sum(printer.tally, &printer.where_not);
    assert_eq!(sum(&well), "1 held, 1 weaker, 1 not testable\nEverything that can be tried here holds.");
    let ill = printed(some());
    assert!(!ill.all_held());
    let expected = "1 held, 3 NOT HELD, 1 weaker, 1 not testable\n\
                    Not everything holds; what to do stands above, under:\n  Some walls";
    assert_eq!(sum(&ill), expected);
}

#[test]
fn hidden_characters_in_a_path_are_shown() {
    let check = Check::new(Verdict::Broken, "/home/\u{1b}[2J\u{202e} is open");
    let text = section(look(80, true, &["--color", "never"]), &[check]);
    assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
}
