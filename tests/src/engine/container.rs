//! A container of a test: started locked in as the products' containers are, looked at from outside.

use std::collections::HashMap;

use serde_json::Value;

use super::Engine;
use crate::eventually;

/// One container; removed with its [`Engine`].
pub struct Container<'e> {
    engine: &'e Engine,
    id: String,
}

impl Engine {
    /// Runs an image in the background with these options, and these words for its program.
    pub fn run(&self, image: &str, options: &[&str], words: &[&str]) -> Container<'_> {
        let label = self.label();
        let start: &[&str] = &["run", "-d", "--label", &label];
        Container { engine: self, id: self.said(&[start, options, &[image], words].concat()) }
    }

    /// A container that is there already.
    #[must_use]
    pub fn container(&self, id: &str) -> Container<'_> {
        Container { engine: self, id: id.to_owned() }
    }
}

impl Container<'_> {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// All that the engine knows of it.
    #[must_use]
    pub fn inspect(&self) -> Value {
        self.engine.inspect("container", &self.id)
    }

    /// Waits until its own health check has said that it is well.
    ///
    /// # Panics
    /// When it ends, or does not become healthy in time.
    pub async fn healthy(&self) {
        eventually("a healthy container", async || {
            let state = self.inspect()["State"].clone();
            assert_eq!(state["Running"], true, "{state}: {}", self.log());
            (state["Health"]["Status"] == "healthy").then_some(())
        })
        .await;
    }

    /// The lines of its first process's `/proc/<pid>/status`, as the host sees them.
    #[must_use]
    pub fn status(&self) -> HashMap<String, String> {
        proc_status(self.inspect()["State"]["Pid"].as_u64().unwrap())
    }

    /// What it wrote.
    #[must_use]
    pub fn log(&self) -> String {
        let output = self.engine.answer(&["logs", &self.id]);
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat()
    }
}

/// The lines of a process's `/proc/<pid>/status`.
///
/// # Panics
/// When there is no such process.
#[must_use]
pub fn proc_status(pid: u64) -> HashMap<String, String> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let lines = status.lines().filter_map(|line| line.split_once(':'));
    lines.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect()
}
