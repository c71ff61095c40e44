//! A container engine of a test's own, which may be stopped, killed and given other images without anybody else's
//! containers noticing. It lives in namespaces of its own (network, mounts, processes), so its bridge, its published
//! ports and its rules of forwarding are not this machine's; its socket and its folders are. Ending the namespaces' first
//! process ends all that ever ran in them.
//!
//! Needs root, `dockerd`, `unshare` and `nsenter`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Mutex;

use rustix::process::{Pid, Signal, kill_process};

use super::{Engine, is_required, name_of_its_own, said};
use crate::process::Program;
use crate::{eventually, skipped};

/// The first process: it takes in orphans, and ends when nobody holds its standard input any more.
const FIRST: &str = "ip link set lo up && read -r";

/// An engine that only one test knows.
pub struct PrivateEngine {
    // Before the namespaces it lives in: its belongings are removed while it can still be asked.
    engine: Engine,
    daemon: Mutex<Option<Program>>,
    namespaces: Namespaces,
    folder: tempfile::TempDir,
}

impl PrivateEngine {
    /// Starts one, without any image. Where that cannot be done, `None`, and a visible word that the test proves nothing.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start() -> Option<Self> {
        if let Some(why) = why_not() {
            skipped(&why);
            return None;
        }
        // Short, for socket paths.
        let folder = tempfile::Builder::new().prefix("ah-e-").tempdir().unwrap();
        // Not the configuration of this machine's engine.
        std::fs::write(folder.path().join("daemon.json"), "{}").unwrap();
        let engine = Engine { own: name_of_its_own(), socket: Some(folder.path().join("engine.sock")) };
        let namespaces = Namespaces::open(folder.path()).await;
        let private = Self { engine, daemon: Mutex::default(), namespaces, folder };
        private.start_again().await;
        Some(private)
    }

    /// The engine, to be asked.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Gives it an image that another engine has.
    ///
    /// # Panics
    /// When one of the two refuses.
    pub fn load(&self, from: &Engine, image: &str) {
        let mut save = from.docker().args(["save", image]).stdout(Stdio::piped()).spawn().unwrap();
        let archive = save.stdout.take().unwrap();
        said(self.engine.docker().arg("load").stdin(archive));
        assert!(save.wait().unwrap().success(), "{image} cannot be saved");
    }

    /// Builds an image from the text of a Dockerfile that needs no files.
    ///
    /// # Panics
    /// When it refuses.
    pub fn build(&self, tag: &str, dockerfile: &str) {
        let mut build = self.engine.docker();
        build.args(["build", "--quiet", "--tag", tag, "-"]).stdin(Stdio::piped()).stdout(Stdio::null());
        let mut build = build.stderr(Stdio::null()).spawn().unwrap();
        build.stdin.take().unwrap().write_all(dockerfile.as_bytes()).unwrap();
        assert!(build.wait().unwrap().success(), "{dockerfile}");
    }

    /// Ends it in order, as a system does that shuts down.
    pub async fn stop(&self) {
        self.end(Signal::TERM).await;
    }

    /// Ends it without a chance to tidy up. What runs in its containers goes on.
    pub async fn crash(&self) {
        self.end(Signal::KILL).await;
    }

    /// Starts it again, and waits until it answers.
    pub async fn start_again(&self) {
        let at = |name: &str| self.folder.path().join(name);
        let mut command = self.namespaces.enter("dockerd");
        command.arg("--config-file").arg(at("daemon.json")).arg("--data-root").arg(at("data"));
        command.arg("--exec-root").arg(at("run")).arg("--pidfile").arg(at("pid"));
        // Slow, but at home on every file system.
        command.args(["--storage-driver", "vfs", "--host"]).arg(self.engine.address().unwrap());
        let mut daemon = Program::start(command, &at("log"));
        eventually("an answer of the engine", async || {
            assert!(daemon.runs(), "{}", daemon.log());
            self.engine.answer(&["version"]).status.success().then_some(())
        })
        .await;
        *self.daemon.lock().unwrap() = Some(daemon);
    }

    /// By a signal to the engine itself: what was started is `nsenter`, whose child it is.
    async fn end(&self, signal: Signal) {
        let mut daemon = self.daemon.lock().unwrap().take().expect("the engine runs");
        for pid in children(daemon.id()) {
            kill_process(pid, signal).unwrap();
        }
        daemon.ended().await;
    }
}

impl Drop for PrivateEngine {
    fn drop(&mut self) {
        if self.daemon.lock().is_ok_and(|daemon| daemon.is_some()) {
            let all = self.engine.answer(&["ps", "--all", "--quiet"]);
            for id in String::from_utf8_lossy(&all.stdout).lines() {
                // Else the control groups of its containers would stay.
                let _gone = self.engine.answer(&["rm", "--force", id]);
            }
        }
        self.namespaces.end();
    }
}

/// Namespaces and their first process.
struct Namespaces {
    outside: Child,
    first: Pid,
    _held: ChildStdin,
}

impl Namespaces {
    async fn open(folder: &Path) -> Self {
        let log = std::fs::File::create(folder.join("namespaces.log")).unwrap();
        let mut outside = Command::new("unshare")
            .args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"])
            // In its command line, for whoever wonders what this is.
            .args(["bash", "-c", FIRST, "airhatch-test-engine"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let held = outside.stdin.take().unwrap();
        let first = eventually("a first process", async || {
            let first = children(outside.id()).first().copied()?;
            // Before that it is still on its way into the namespaces.
            let words = std::fs::read(format!("/proc/{}/cmdline", first.as_raw_pid())).ok()?;
            words.starts_with(b"bash").then_some(first)
        })
        .await;
        Self { outside, first, _held: held }
    }

    fn enter(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.first.as_raw_pid().to_string(), "--net", "--mount", "--pid"]);
        command.arg(program);
        command
    }

    fn end(&mut self) {
        // The first process goes with it, and with that one all others.
        let _ended = self.outside.kill();
        let _reaped = self.outside.wait();
    }
}

fn children(pid: u32) -> Vec<Pid> {
    let listed = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    listed.split_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?)).collect()
}

/// Why no engine can be started.
fn why_not() -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some("only root can start an engine of a test's own".to_owned());
    }
    let missing = ["dockerd", "unshare", "nsenter", "ip"].into_iter().find(|name| !is_there(name))?;
    assert!(!is_required(), "an engine of a test's own needs {missing}");
    Some(format!("an engine of a test's own needs {missing}"))
}

fn is_there(program: &str) -> bool {
    let places = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&places).map(|folder: PathBuf| folder.join(program)).any(|path| path.is_file())
}
