//! `make bench`: how fast Airhatch is beside what people use otherwise, on this machine and in one run.
//!
//! Every round runs each contender once, one after the other; medians are compared, nothing is asserted. Both ends are
//! on loopback, and a copy counts as done when the received data is synced to disk. Sizes and rounds come from
//! variables, see [`settings`]; a contender whose programs are not installed is named and left out.
#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a tool of the workshop: whoever runs it reads the reason"
)]

mod bare;
mod disk;
mod ours;
mod presence;
mod programs;
mod report;
mod settings;
mod shell;

use std::path::Path;
use std::time::Duration;

use disk::Work;
use ours::Pair;
use report::{Row, Table};
use settings::Settings;
use shell::Contender;

/// From how many bytes on the processor time is that of moving them, not of everything around.
const SUBSTANTIAL: u64 = 1 << 24;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [word, key, certificate, target] = words.as_slice()
        && word == bare::RECEIVER
    {
        return bare::receive(Path::new(key), Path::new(certificate), Path::new(target));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(run(&Settings::from_variables()));
}

async fn run(settings: &Settings) {
    let folder = tempfile::Builder::new().prefix("bench-").tempdir().unwrap();
    println!("{settings}");
    println!("files in {}; both ends on this machine\n", folder.path().display());
    let contenders = shell::contenders(folder.path()).await;
    let large = Work::files(folder.path(), "large", settings.file, 1, 1);
    let small = Work::files(folder.path(), "small", 1024, 1, 1);
    let many = Work::files(folder.path(), "many", 4096, settings.files, settings.folders);
    for (work, targets) in [(&large, report::LARGE), (&small, report::SMALL), (&many, report::MANY)] {
        let title = format!("{}: {} in {} files", work.name, report::size(work.bytes), work.count);
        let mut table = Table::new(title, work.bytes, targets);
        compare(&mut table, work, &contenders, folder.path(), settings.rounds).await;
        println!("{table}");
    }
    for contacts in &settings.contacts {
        println!("{}", presence::measure(*contacts, settings.rounds).await);
    }
}

/// Runs every contender on a work, round by round.
async fn compare(table: &mut Table, work: &Work, contenders: &[Contender], folder: &Path, rounds: usize) {
    let pair = Pair::start().await;
    let mut ours = Row::new("airhatch");
    let mut bare = Row::new(bare::NAME);
    let mut others: Vec<Row> = contenders.iter().map(|contender| Row::new(&contender.name)).collect();
    let mut spent = Duration::ZERO;
    for _ in 0..rounds {
        let before = pair.processor_time();
        ours.add(pair.deliver(work).await);
        spent += pair.processor_time() - before;
        if work.count == 1 {
            bare.add(bare::send(work, folder).await);
        }
        for (contender, row) in contenders.iter().zip(&mut others) {
            if work.count == 1 || contender.takes_folders {
                row.add(contender.copy(work, folder).await);
            }
        }
    }
    if ours.median().is_some() {
        table.note(format!("agents at their peak: {}", pair.peaks()));
        table.note(per_delivery(spent, rounds, work.bytes));
    }
    table.rows(ours, std::iter::once(bare).chain(others));
}

fn per_delivery(spent: Duration, rounds: usize, bytes: u64) -> String {
    let each = spent.as_secs_f64() / rounds as f64;
    let text = format!("processor time of both agents: {:.1} ms a delivery", each * 1000.0);
    if bytes < SUBSTANTIAL {
        return text;
    }
    format!("{text}, {:.2} s per GiB", each * f64::from(1 << 30) / bytes as f64)
}
