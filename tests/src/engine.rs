//! The container engine of this machine, by the `docker` program, and what a test makes there. Used by the tests of the
//! images and of agents in containers.
//!
//! Everything that a test makes carries the label [`TEST_LABEL`] with a value of its own and is removed when the
//! [`Engine`] is dropped, also after a panic; nothing else on the engine is ever touched. The images themselves stay:
//! the engine's layers make the next build quick.

mod compose;
mod container;
mod images;
mod private;
mod world;

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::SystemTime;

use serde_json::Value;

pub use compose::Compose;
pub use container::{Container, proc_status};
pub use images::{Image, root_folder};
pub use private::PrivateEngine;
pub use world::ContainerWorld;

/// The label on everything that a test makes.
pub const TEST_LABEL: &str = "airhatch.test";

/// When this variable is `1`, a test that needs an engine fails where there is none, instead of being skipped.
const REQUIRED: &str = "AIRHATCH_REQUIRE_ENGINE";

/// An engine that answers, and the name of one test's belongings.
pub struct Engine {
    own: String,
    /// Of an engine of the test's own.
    socket: Option<PathBuf>,
}

impl Engine {
    /// The engine of this machine. Where there is none, `None`, and a visible word that the test proves nothing.
    ///
    /// # Panics
    /// When there is none and `AIRHATCH_REQUIRE_ENGINE=1`.
    #[must_use]
    pub fn here() -> Option<Self> {
        match why_not() {
            None => Some(Self { own: name_of_its_own(), socket: None }),
            Some(why) if is_required() => panic!("{REQUIRED}=1, but {why}"),
            Some(why) => {
                crate::skipped(&why);
                None
            }
        }
    }

    /// What this test calls its belongings.
    #[must_use]
    pub fn own(&self) -> &str {
        &self.own
    }

    /// The label of this test's belongings, as `docker` takes it.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{TEST_LABEL}={}", self.own)
    }

    /// What `docker` prints on these words.
    ///
    /// # Panics
    /// When it fails.
    pub fn said<W: AsRef<OsStr>>(&self, words: &[W]) -> String {
        said(self.docker().args(words))
    }

    /// What `docker` answers to these words, however it ends.
    pub fn answer<W: AsRef<OsStr>>(&self, words: &[W]) -> Output {
        self.docker().args(words).output().unwrap()
    }

    /// Where it is, as `DOCKER_HOST` says it; `None` for the engine that everybody finds.
    #[must_use]
    pub fn address(&self) -> Option<String> {
        self.socket.as_ref().map(|socket| format!("unix://{}", socket.display()))
    }

    /// The program that talks to it.
    fn docker(&self) -> Command {
        let mut command = docker();
        command.args(self.address().iter().flat_map(|address| ["--host", address]));
        command
    }

    /// Everything the engine knows of an object (`container`, `image`, `volume`, `network`).
    #[must_use]
    pub fn inspect(&self, kind: &str, name: &str) -> Value {
        let found: Value = serde_json::from_str(&self.said(&[kind, "inspect", name])).unwrap();
        found[0].clone()
    }

    fn belongings(&self, list: &[&str]) -> Vec<String> {
        let filter = format!("label={}", self.label());
        let listed = self.docker().args(list).args(["-q", "--filter", &filter]).output().unwrap();
        String::from_utf8_lossy(&listed.stdout).lines().map(str::to_owned).collect()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let removals: [(&[&str], &[&str]); 3] = [
            (&["container", "ls", "-a"], &["container", "rm", "-f", "-v"]),
            (&["network", "ls"], &["network", "rm"]),
            (&["volume", "ls"], &["volume", "rm", "-f"]),
        ];
        for (list, remove) in removals {
            for name in self.belongings(list) {
                // A test may have removed it meanwhile.
                let _gone = self.docker().args(remove).arg(name).output();
            }
        }
    }
}

/// Unlike that of every other test, of this run and of those before.
fn name_of_its_own() -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    format!("{:x}-{:x}", std::process::id(), now.as_nanos())
}

/// Whether a test that needs an engine must not be skipped.
fn is_required() -> bool {
    std::env::var(REQUIRED).is_ok_and(|value| value == "1")
}

/// Why no engine can be used.
fn why_not() -> Option<String> {
    match docker().args(["version", "--format", "{{.Server.Version}}"]).output() {
        Err(error) => Some(format!("there is no docker program: {error}")),
        Ok(output) if output.status.success() => None,
        Ok(output) => {
            Some(format!("no container engine answers: {}", String::from_utf8_lossy(&output.stderr).trim()))
        }
    }
}

fn docker() -> Command {
    let mut command = Command::new("docker");
    command.stdin(Stdio::null());
    command
}

/// What a command prints.
///
/// # Panics
/// When it fails.
fn said(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{out}{err}", output.status);
    out.trim().to_owned()
}
