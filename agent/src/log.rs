//! The agent's log: structured lines to stderr, and milestones and warnings to the fronts' log pane. No names and no
//! emails above debug; every stranger's string through its escaping.

use std::fmt::Write as _;

use airhatch_wire::control::LogLevel;
use tokio::sync::mpsc;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{EnvFilter, fmt};

/// Lines that may wait for the hub; more are only in the file.
const LINES: usize = 256;

/// The variable that says how much is logged, in the form of `tracing`'s filters.
pub const FILTER: &str = "AIRHATCH_LOG";

/// Starts logging to stderr (one JSON object a line when `json`); returns the lines that fronts should see.
///
/// # Errors
/// When logging was started before.
pub fn start(json: bool) -> Result<mpsc::Receiver<(LogLevel, String)>, TryInitError> {
    let filter = EnvFilter::try_from_env(FILTER).unwrap_or_else(|_| EnvFilter::new("info"));
    let (lines, receiver) = mpsc::channel(LINES);
    let registry = tracing_subscriber::registry().with(filter).with(ToFronts(lines));
    if json {
        registry.with(fmt::layer().json().with_writer(std::io::stderr)).try_init()?;
    } else {
        registry.with(fmt::layer().with_ansi(false).with_writer(std::io::stderr)).try_init()?;
    }
    Ok(receiver)
}

struct ToFronts(mpsc::Sender<(LogLevel, String)>);

impl<S: Subscriber> Layer<S> for ToFronts {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let level = match *event.metadata().level() {
            Level::ERROR => LogLevel::Error,
            Level::WARN => LogLevel::Warn,
            Level::INFO => LogLevel::Info,
            _ => return,
        };
        if !event.metadata().target().starts_with("airhatch") {
            return;
        }
        let mut line = Line(String::new());
        event.record(&mut line);
        // A full queue loses a line of the pane, never one of the file.
        let _full = self.0.try_send((level, line.0));
    }
}

/// The message first, then ` name=value` for each field.
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let written = if field.name() == "message" {
            let fields = std::mem::take(&mut self.0);
            write!(self.0, "{value:?}{fields}")
        } else {
            write!(self.0, " {}={value:?}", field.name())
        };
        debug_assert!(written.is_ok(), "writing to a String does not fail");
    }
}
