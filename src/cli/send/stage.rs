//! Staging from the command line: a bar while it lasts, the standard input read to its end, and a word about what was
//! skipped.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::fd::AsFd;

use airhatch_wire::warden::{CHUNK_LIMIT, Choice, Skipped, Staged};
use airhatch_wire::{Code, Email, Failure, StageId};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::mpsc;

use super::goods::{Goods, Streamed};
use crate::cli::context::Context;
use crate::cli::exit::Stop;
use crate::cli::{human, json};
use crate::link::{Stream, spelled};
use crate::text;

/// Pieces of the standard input that wait for the warden.
const WAITING: usize = 2;

/// Makes the goods readable for the account's agent.
pub(super) async fn stage(
    context: &Context,
    account: &Email,
    goods: Goods,
    choice: Choice,
) -> Result<StageId, Stop> {
    let Goods { paths, stream } = goods;
    let bar = context.out.bars().then(|| {
        let shape = "{bar:24} {decimal_bytes:>9} / {decimal_total_bytes}  copying";
        let style = ProgressStyle::with_template(shape).unwrap_or_else(|_| ProgressStyle::default_bar());
        ProgressBar::new(0).with_style(style)
    });
    let progress = |copied, total| {
        if let Some(bar) = &bar {
            bar.set_length(total);
            bar.set_position(copied);
        }
    };
    let staged = match stream {
        None => context.warden().stage(account.clone(), paths, choice, progress).await,
        Some(streamed) => match fill(context, account, streamed, progress).await {
            Ok(stream) => stream.stage(spelled(&paths), choice, progress).await,
            Err(failure) => Err(failure),
        },
    };
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    let Staged { stage, files, folders, bytes, skipped } = staged?;
    tell_skipped(context, &skipped)?;
    context.out.talk(&format!("{}, {}", counted(files, folders), human::size(bytes)));
    Ok(stage)
}

/// Sends a text, or the standard input up to its end.
async fn fill(
    context: &Context,
    account: &Email,
    streamed: Streamed,
    progress: impl Fn(u64, u64),
) -> Result<Stream, Failure> {
    let mut stream = context.warden().begin_stream(account.clone(), streamed.name).await?;
    if let Some(text) = streamed.text {
        stream.write(text.as_bytes()).await?;
        return Ok(stream);
    }
    let mut pieces = standard_input()?;
    let mut sent = 0_u64;
    while let Some(piece) = pieces.recv().await {
        let piece = piece.map_err(unreadable)?;
        stream.write(&piece).await?;
        sent = sent.saturating_add(piece.len() as u64);
        progress(sent, sent);
    }
    Ok(stream)
}

/// The standard input in pieces. A thread of its own reads: whoever ends this program does not wait for it.
fn standard_input() -> Result<mpsc::Receiver<std::io::Result<Vec<u8>>>, Failure> {
    let input = std::io::stdin().as_fd().try_clone_to_owned().map_err(unreadable)?;
    let (sender, pieces) = mpsc::channel(WAITING);
    let reading = move || {
        let mut input = File::from(input);
        loop {
            let piece = read_piece(&mut input);
            let ended = piece.as_ref().is_ok_and(Vec::is_empty);
            let broken = piece.is_err();
            if ended || sender.blocking_send(piece).is_err() || broken {
                return;
            }
        }
    };
    std::thread::Builder::new().name("stdin".to_owned()).spawn(reading).map_err(unreadable)?;
    Ok(pieces)
}

/// What one reading gives; nothing at the end.
fn read_piece(input: &mut File) -> std::io::Result<Vec<u8>> {
    let mut piece = vec![0; CHUNK_LIMIT];
    loop {
        match input.read(&mut piece) {
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            outcome => {
                piece.truncate(outcome?);
                return Ok(piece);
            }
        }
    }
}

fn unreadable(error: std::io::Error) -> Failure {
    Failure::new(Code::BadSource, format!("the standard input cannot be read: {error}"))
        .hint("give something to it, for example: tar c folder | airhatch send bob@example.org -")
}

fn tell_skipped(context: &Context, skipped: &Skipped) -> Result<(), Stop> {
    if skipped.count == 0 {
        return Ok(());
    }
    let mut lines: Vec<String> = skipped
        .first
        .iter()
        .map(|thing| format!("skipped: {} ({})", human::path(&thing.path), text::send::why(thing.why)))
        .collect();
    let more = (skipped.count as usize).saturating_sub(skipped.first.len());
    if more > 0 {
        lines.push(format!("skipped: {more} more"));
    }
    context.out.done(json::skipped(skipped), &lines.join("\n"))
}

fn counted(files: u32, folders: u32) -> String {
    let files = text::count(files as usize, "file", "files");
    match folders {
        0 => files,
        _ => format!("{files} in {}", text::count(folders as usize, "folder", "folders")),
    }
}
