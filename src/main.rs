//! Airhatch: the front. Screen and command line over a local link; no keys, no network, no cryptography.
#![forbid(unsafe_code)]

mod cli;
mod demo;
mod dialogs;
mod home;
mod jail;
mod keymap;
mod link;
mod model;
mod msg;
#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
mod rehearsal;
mod runtime;
mod runtimes;
mod screens;
mod stages;
mod text;
mod theme;
mod tui;
mod update;
mod view;
mod widgets;
mod zone;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use cli::{Cli, Global, code};

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
    match Cli::try_parse_from(&words) {
        Ok(cli) => ExitCode::from(start(cli)),
        Err(error) => {
            let json = words.iter().take_while(|word| *word != "--").any(|word| word == "--json");
            ExitCode::from(cli::usage(&error, json))
        }
    }
}

/// Each way in does its preparations, enters the jail, and only then lets anybody else have a word.
fn start(cli: Cli) -> u8 {
    match cli.command {
        Some(command) => cli::run(command, cli.global),
        None => without_command(&cli.global),
    }
}

/// The full-screen program; without a terminal there is only help.
fn without_command(global: &Global) -> u8 {
    if !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal()) {
        eprint!("{}", Cli::command().render_help());
        return code::USAGE;
    }
    match runtime::open(global.account.clone()) {
        Ok(exit) => exit,
        Err(failure) => cli::told(cli::Output::new(global), Err(failure.into())),
    }
}
