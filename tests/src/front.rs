//! `airhatch` on the command line, in a home of its own.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

use crate::process::{bare, built};
use crate::{Authority, PASSPHRASE, eventually, in_time};

/// A user of this machine, as far as Airhatch can tell.
pub struct Front {
    home: PathBuf,
    user: Option<u32>,
    engine: Option<String>,
}

/// What a command did.
#[derive(Debug)]
pub struct Outcome {
    /// Its exit code.
    pub code: i32,
    /// Data.
    pub stdout: String,
    /// Talk.
    pub stderr: String,
}

impl Front {
    /// A user with this home, which is there.
    ///
    /// # Panics
    /// When nothing can be written there.
    #[must_use]
    pub fn new(home: PathBuf) -> Self {
        std::fs::write(home.join("passphrase"), PASSPHRASE).unwrap();
        std::fs::create_dir_all(home.join("tmp")).unwrap();
        Self { home, user: None, engine: None }
    }

    /// The folder with everything of this user.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The file that holds the passphrase.
    #[must_use]
    pub fn passphrase_file(&self) -> String {
        self.path("passphrase")
    }

    /// A path in the home, as an argument.
    #[must_use]
    pub fn path(&self, name: &str) -> String {
        self.home.join(name).into_os_string().into_string().unwrap()
    }

    /// Writes a file for sending; its path.
    #[must_use]
    pub fn file(&self, name: &str, content: &[u8]) -> String {
        std::fs::write(self.home.join(name), content).unwrap();
        self.path(name)
    }

    /// The variables that the program sees.
    #[must_use]
    pub fn variables(&self) -> Vec<(String, String)> {
        let pair = |name: &str, value: String| (name.to_owned(), value);
        [
            pair("AIRHATCH_HOME", self.path("")),
            pair("HOME", self.path("")),
            pair("TMPDIR", self.path("tmp")),
            pair("PATH", std::env::var("PATH").unwrap()),
        ]
        .into_iter()
        .chain(self.engine.iter().map(|address| pair("DOCKER_HOST", address.clone())))
        .collect()
    }

    /// From here on this container engine is used, as `DOCKER_HOST` names it; with `None` the one that is found.
    pub fn use_engine(&mut self, address: Option<String>) {
        self.engine = address;
    }

    /// From here on everything runs as this user, who owns the home. For root only.
    pub fn become_user(&mut self, user: u32) {
        for path in [self.home.clone(), self.home.join("passphrase"), self.home.join("tmp")] {
            std::os::unix::fs::chown(path, Some(user), Some(user)).unwrap();
        }
        let everybody = std::os::unix::fs::PermissionsExt::from_mode(0o711);
        std::fs::set_permissions(self.home.parent().unwrap(), everybody).unwrap();
        self.user = Some(user);
    }

    /// Starts a command without a terminal and lets it run.
    #[must_use]
    pub fn start(&self, arguments: &[&str]) -> tokio::process::Child {
        self.start_with(arguments, Stdio::null())
    }

    fn start_with(&self, arguments: &[&str], input: Stdio) -> tokio::process::Child {
        let mut command = bare(built("airhatch"));
        command.args(arguments).envs(self.variables()).current_dir(&self.home).stdin(input);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        tokio::process::Command::from(command).kill_on_drop(true).spawn().unwrap()
    }

    /// Starts a command whose standard input is a pipe, and lets it run.
    #[must_use]
    pub fn start_fed(&self, arguments: &[&str]) -> tokio::process::Child {
        self.start_with(arguments, Stdio::piped())
    }

    /// Runs a command to its end, without a terminal.
    pub async fn run(&self, arguments: &[&str]) -> Outcome {
        let running = self.start(arguments).wait_with_output();
        let output = in_time(&format!("the end of airhatch {arguments:?}"), running).await.unwrap();
        Outcome {
            code: exit_code(output.status),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs a command that must succeed; its data.
    pub async fn ok(&self, arguments: &[&str]) -> String {
        let outcome = self.run(arguments).await;
        assert_eq!(outcome.code, 0, "airhatch {arguments:?} in {}: {outcome:?}", self.home.display());
        outcome.stdout
    }

    /// Makes an account and stays logged in.
    pub async fn create(&self, authority: &Authority, email: &str) -> Outcome {
        let (address, fingerprint) = (authority.address.to_string(), authority.fingerprint.to_string());
        self.create_at((&address, &fingerprint), email, &[]).await
    }

    /// Makes an account at a CA, given by its address and fingerprint, with more options; stays logged in.
    pub async fn create_at(&self, authority: (&str, &str), email: &str, options: &[&str]) -> Outcome {
        let file = self.passphrase_file();
        let what = ["account", "create", email, "--ca", authority.0, "--ca-fingerprint", authority.1];
        self.run(&[&what[..], &["--passphrase-file", &file], options].concat()).await
    }

    /// Makes an account that must be made, and stays logged in.
    pub async fn settle(&self, authority: &Authority, email: &str) {
        let created = self.create(authority, email).await;
        assert_eq!(created.code, 0, "{created:?}");
    }

    /// The only object that a command with `--json` prints.
    pub async fn object(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.ok(&[arguments, &["--json"]].concat()).await).unwrap()
    }

    /// The exit code of a command that must be refused, and the error that it tells as JSON.
    pub async fn refused(&self, arguments: &[&str]) -> (i32, String) {
        let outcome = self.run(&[arguments, &["--json"]].concat()).await;
        assert_ne!(outcome.code, 0, "airhatch {arguments:?}: {outcome:?}");
        let error = outcome.error();
        assert_eq!((&error["type"], &error["exit"]), (&"error".into(), &outcome.code.into()), "{error}");
        assert_ne!(error["message"], "", "{error}");
        (outcome.code, error["code"].as_str().unwrap().to_owned())
    }

    /// Waits for an offer in the inbox; its id.
    pub async fn waiting_offer(&self) -> String {
        eventually("an offer in the inbox", async || {
            let inbox = self.object(&["inbox", "list"]).await;
            let offers = inbox["transfers"].as_array().unwrap();
            let offer = offers.iter().find(|offer| offer["state"]["kind"] == "offered")?;
            Some(offer["id"].as_str().unwrap().to_owned())
        })
        .await
    }

    /// Where an account's received files go.
    #[must_use]
    pub fn inbox(&self, email: &str) -> PathBuf {
        self.home.join("Airhatch").join(email)
    }
}

fn exit_code(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap())
}

impl Outcome {
    /// The objects that were printed, one a line.
    #[must_use]
    pub fn objects(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The error that was told as JSON.
    #[must_use]
    pub fn error(&self) -> Value {
        let line = self.stderr.lines().last().unwrap_or_else(|| panic!("no error in {self:?}"));
        serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON in {self:?}"))
    }
}
