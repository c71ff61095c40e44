//! What is printed: a table for each work, every contender's median beside ours.

use std::fmt;
use std::time::Duration;

/// How many times as fast as a contender we want to be.
pub(crate) type Targets = &'static [(&'static str, f64)];

/// For one large file.
pub(crate) const LARGE: Targets =
    &[("bare TLS 1.3 copy", 0.75), ("scp aes128-gcm", 1.5), ("rage | ssh | rage", 2.5)];

/// For one small file.
pub(crate) const SMALL: Targets = &[("scp aes128-gcm", 10.0)];

/// For many small files.
pub(crate) const MANY: Targets = &[("tar | ssh tar", 1.0), ("rsync -a", 2.0)];

/// The rounds of one contender.
pub(crate) struct Row {
    name: String,
    times: Vec<Duration>,
    trouble: Option<String>,
}

impl Row {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), times: Vec::new(), trouble: None }
    }

    pub(crate) fn add(&mut self, outcome: Result<Duration, String>) {
        match outcome {
            Ok(time) => self.times.push(time),
            Err(trouble) => self.trouble = Some(trouble),
        }
    }

    /// None when a round failed, or none was run.
    pub(crate) fn median(&self) -> Option<Duration> {
        if self.trouble.is_some() { None } else { median(&self.times) }
    }
}

/// The middle one.
pub(crate) fn median(times: &[Duration]) -> Option<Duration> {
    let mut sorted = times.to_vec();
    sorted.sort();
    sorted.get(sorted.len() / 2).copied()
}

/// One work's comparison.
pub(crate) struct Table {
    title: String,
    bytes: u64,
    targets: Targets,
    rows: Vec<Row>,
    notes: Vec<String>,
}

impl Table {
    pub(crate) const fn new(title: String, bytes: u64, targets: Targets) -> Self {
        Self { title, bytes, targets, rows: Vec::new(), notes: Vec::new() }
    }

    pub(crate) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// Ours first.
    pub(crate) fn rows(&mut self, ours: Row, others: impl Iterator<Item = Row>) {
        let ran = |row: &Row| !row.times.is_empty() || row.trouble.is_some();
        self.rows = std::iter::once(ours).chain(others).filter(ran).collect();
    }

    fn compared(&self, row: &Row, time: Duration) -> String {
        let ours = self.rows.first().filter(|first| first.name != row.name).and_then(Row::median);
        let Some(ours) = ours else { return String::new() };
        let times = time.as_secs_f64() / ours.as_secs_f64();
        let target = self.targets.iter().find(|(name, _)| *name == row.name);
        let target = target.map(|(_, wanted)| format!(" (to reach: {wanted})")).unwrap_or_default();
        format!("airhatch is {times:.2} times as fast{target}")
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title)?;
        for row in &self.rows {
            let Some(time) = row.median() else {
                let trouble = row.trouble.as_deref().unwrap_or("no round");
                writeln!(f, "  {:<18} not measured: {trouble}", row.name)?;
                continue;
            };
            let seconds = time.as_secs_f64();
            let rate = self.bytes as f64 / f64::from(1 << 20) / seconds;
            let compared = self.compared(row, time);
            writeln!(f, "  {:<18} {seconds:>9.4} s {rate:>8.1} MiB/s  {compared}", row.name)?;
        }
        self.notes.iter().try_for_each(|note| writeln!(f, "  {note}"))
    }
}

/// Bytes, in the largest unit that leaves a whole number.
pub(crate) fn size(bytes: u64) -> String {
    let fits = |(shift, _): &&(u32, &str)| bytes >= 1 << shift && bytes.is_multiple_of(1 << shift);
    let unit = [(30, "GiB"), (20, "MiB"), (10, "KiB")].iter().find(fits).copied().unwrap_or((0, "bytes"));
    format!("{} {}", bytes >> unit.0, unit.1)
}
