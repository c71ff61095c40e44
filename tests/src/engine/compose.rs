//! The top-level `docker-compose.yml`, brought up under a name of its own and taken down with all that it made.

use std::process::{Command, Stdio};

use super::{Container, Engine, root_folder, said};

/// A project of the compose file; `down -v` when dropped.
pub struct Compose<'e> {
    engine: &'e Engine,
    project: String,
    profile: Option<&'static str>,
}

impl Engine {
    /// The compose file as a project of this test, with the services of a profile where one is named. Its published
    /// ports are chosen by the engine, on loopback.
    #[must_use]
    pub fn compose(&self, profile: Option<&'static str>) -> Compose<'_> {
        Compose { engine: self, project: format!("airhatch-test-{}", self.own()), profile }
    }
}

impl Compose<'_> {
    /// What `docker-compose` (or `docker compose`) prints on these words.
    ///
    /// # Panics
    /// When it fails.
    pub fn said(&self, words: &[&str]) -> String {
        said(self.command().args(words))
    }

    /// A service's container.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn container(&self, service: &str) -> Container<'_> {
        let id = self.said(&["ps", "-q", service]);
        assert!(!id.is_empty(), "no container of {service}");
        self.engine.container(&id)
    }

    fn command(&self) -> Command {
        let mut command = program();
        command.current_dir(root_folder()).stdin(Stdio::null());
        command.env("AIRHATCH_CA_PORT", "127.0.0.1:");
        command.args(["-p", &self.project]);
        command.args(self.profile.iter().flat_map(|profile| ["--profile", profile]));
        command
    }
}

impl Drop for Compose<'_> {
    fn drop(&mut self) {
        // A second time where the first one met a container that was just starting.
        let down = || self.command().args(["down", "-v", "--timeout", "3"]).output();
        if !down().is_ok_and(|output| output.status.success()) {
            let _gone = down();
        }
    }
}

/// The old program of that name or the engine's own command, whichever is here.
fn program() -> Command {
    let old = Command::new("docker-compose").arg("version").output();
    if old.is_ok_and(|output| output.status.success()) {
        return Command::new("docker-compose");
    }
    let mut command = Command::new("docker");
    command.arg("compose");
    command
}
