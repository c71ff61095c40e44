//! How a demonstration tells its steps, each with the time it took.

use std::path::Path;
use std::time::{Duration, Instant};

use airhatch_wire::{Failure, untrusted};
use serde_json::json;

use crate::cli::{Output, Stop, object};

/// Tells steps as they end.
#[derive(Clone, Copy)]
pub(super) struct Steps {
    out: Output,
}

impl Steps {
    /// To the usual places.
    pub(super) const fn new(out: Output) -> Self {
        Self { out }
    }

    /// Takes a step and tells it. The step's own result.
    ///
    /// # Errors
    /// What made the step fail, with the step's name.
    pub(super) async fn take<T>(
        self,
        name: &str,
        step: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Stop> {
        let began = Instant::now();
        let outcome = step.await;
        let seconds = began.elapsed().as_secs_f64();
        let fields = json!({ "name": name, "seconds": rounded(seconds), "ok": outcome.is_ok() });
        let mark = if outcome.is_ok() { "ok  " } else { "FAIL" };
        self.out.data(object("step", fields), &format!("{mark}  {seconds:6.2} s  {name}"))?;
        outcome.map_err(|failure| {
            let message = format!("the demonstration failed at {name:?}: {}", failure.message.as_received());
            Stop::Failed(Failure::new(failure.code, message).hint(failure.hint.as_received()))
        })
    }

    /// Tells that everything went well, and where it is if it was `kept`.
    ///
    /// # Errors
    /// When stdout is closed.
    pub(super) fn over(self, time: Duration, kept: Option<&Path>) -> Result<(), Stop> {
        let seconds = time.as_secs_f64();
        let fields = json!({ "ok": true, "seconds": rounded(seconds) });
        let left = match kept {
            None => "nothing is left behind".to_owned(),
            Some(folder) => format!("everything is in {}", untrusted::escape(&folder.to_string_lossy())),
        };
        self.out.data(object("demo", fields), &format!("all well in {seconds:.2} s; {left}"))
    }
}

/// To the millisecond.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}
