//! A CA in a container, and users whose agents are containers too, made by the real programs. The CA is where agents meet:
//! on the network that the warden joins them by.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::{Container, Engine, Image};
use crate::{Control, Front, Outcome, eventually};

/// The network that all agents of an engine share.
const PEERS: &str = "airhatch-peers";

/// A CA and whoever lives with it. Dropping it removes everything from the engine and the disk.
pub struct ContainerWorld<'e> {
    engine: &'e Engine,
    authority: Container<'e>,
    address: String,
    fingerprint: String,
    folder: tempfile::TempDir,
}

impl<'e> ContainerWorld<'e> {
    /// A world on this engine, which has both images, whose CA takes anybody.
    pub async fn new(engine: &'e Engine) -> Self {
        Self::with_policy(engine, "open").await
    }

    /// A world whose CA has this enrolment policy.
    ///
    /// # Panics
    /// When the CA does not start.
    pub async fn with_policy(engine: &'e Engine, policy: &str) -> Self {
        // Short, for socket paths.
        let folder = tempfile::Builder::new().prefix("ah-").tempdir().unwrap();
        let name = format!("ca-{}", engine.own());
        let authority = run_authority(engine, &name, policy).await;
        eventually("a CA that listens", async || authority.log().contains("listening on").then_some(()))
            .await;
        let ask = ["exec", authority.id(), "/airhatch-ca", "fingerprint", "--dir", "/state/ca"];
        let fingerprint = engine.said(&ask);
        Self { engine, authority, address: format!("{name}:7400"), fingerprint, folder }
    }

    /// The CA.
    #[must_use]
    pub const fn authority(&self) -> &Container<'e> {
        &self.authority
    }

    /// A one-time code for an email.
    #[must_use]
    pub fn invite(&self, email: &str) -> String {
        let ask = ["exec", self.authority.id(), "/airhatch-ca", "invite", "--dir", "/state/ca", email];
        self.engine.said(&ask)
    }

    /// A user's `airhatch` with a home of its own, which finds this engine.
    #[must_use]
    pub fn front(&self, name: &str) -> Front {
        let home = self.folder.path().join(name);
        std::fs::create_dir_all(&home).unwrap();
        let mut front = Front::new(home);
        front.use_engine(self.engine.address());
        front
    }

    /// Makes an account whose agent is a container.
    pub async fn create(&self, front: &Front, email: &str, options: &[&str]) -> Outcome {
        let options = [&["--runtime", "docker"], options].concat();
        front.create_at((&self.address, &self.fingerprint), email, &options).await
    }

    /// Makes an account that must be made.
    ///
    /// # Panics
    /// When it is not.
    pub async fn settle(&self, front: &Front, email: &str) {
        let created = self.create(front, email, &[]).await;
        assert_eq!(created.code, 0, "{created:?}");
    }

    /// Two users of this machine with an account each, contacts of each other.
    pub async fn friends(&self) -> (Front, Front) {
        let (ann, bob) = (self.front("ann"), self.front("bob"));
        tokio::join!(self.settle(&ann, "ann@example.org"), self.settle(&bob, "bob@example.org"));
        ann.ok(&["contact", "add", "bob@example.org"]).await;
        bob.ok(&["contact", "add", "ann@example.org"]).await;
        (ann, bob)
    }

    /// The container of a user's only account.
    #[must_use]
    pub fn agent(&self, front: &Front) -> Container<'e> {
        let label = of_home(front.home());
        let id = self.engine.said(&["ps", "--all", "--quiet", "--no-trunc", "--filter", &label]);
        assert!(!id.is_empty() && id.lines().count() == 1, "containers of {label}: {id:?}");
        self.engine.container(&id)
    }

    /// A conversation with a user's agent beside those of the programs.
    ///
    /// # Panics
    /// When the agent does not take it.
    pub async fn control(&self, front: &Front, email: &str) -> Control {
        let socket = front.home().join("accounts").join(email).join("control/control.sock");
        Control::connect(&socket).await.unwrap()
    }

    /// Names of everything on the engine that belongs to a user: containers, volumes, networks.
    #[must_use]
    pub fn belongings(&self, front: &Front) -> Vec<String> {
        self.belongings_of(front.home())
    }

    fn belongings_of(&self, home: &Path) -> Vec<String> {
        let label = of_home(home);
        let kinds: [&[&str]; 3] = [
            &["ps", "--all", "--format", "{{.Names}}", "--filter"],
            &["volume", "ls", "--format", "{{.Name}}", "--filter"],
            &["network", "ls", "--format", "{{.Name}}", "--filter"],
        ];
        let answers = kinds.into_iter().map(|kind| self.engine.answer(&[kind, &[&label]].concat()));
        let lists = answers.map(|answer| String::from_utf8_lossy(&answer.stdout).into_owned());
        lists.flat_map(|list| list.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
    }

    fn homes(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder.path()).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect()
    }
}

impl Drop for ContainerWorld<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for home in self.homes() {
                let log = std::fs::read_to_string(home.join("warden.log")).unwrap_or_default();
                eprintln!("--- {}\n{log}", home.join("warden.log").display());
                for name in self.belongings_of(&home).iter().filter(|name| !name.ends_with("-state")) {
                    eprintln!("--- {name}\n{}", self.engine.container(name).log());
                }
            }
        }
        for name in self.homes().iter().flat_map(|home| self.belongings_of(home)) {
            for kind in [&["rm", "--force"][..], &["volume", "rm"], &["network", "rm"]] {
                let _another_kind = self.engine.answer(&[kind, &[&name]].concat());
            }
        }
        let _gone = self.engine.answer(&["rm", "--force", "--volumes", self.authority.id()]);
        let using = self.engine.answer(&["ps", "--all", "--quiet", "--filter", "network=airhatch-peers"]);
        if using.stdout.is_empty() {
            let _gone_or_used_again = self.engine.answer(&["network", "rm", PEERS]);
        }
    }
}

fn of_home(home: &Path) -> String {
    format!("label=airhatch.home={}", home.canonicalize().unwrap().display())
}

/// Starts the CA in the shared network, which is made when there is none, and which wardens of other tests remove as soon
/// as nobody uses it.
async fn run_authority<'e>(engine: &'e Engine, name: &str, policy: &str) -> Container<'e> {
    let label = engine.label();
    let run = ["run", "--detach", "--name", name, "--label", &label, "--network", PEERS];
    let words = ["run", "--init", "--policy", policy, "--dir", "/state/ca", "--listen", "0.0.0.0:7400"];
    let run = [&run[..], &[Image::Authority.tag()], &words].concat();
    eventually("a CA in the shared network", async || {
        // Of two networks with one name, none could be used by name.
        let alone = File::create(std::env::temp_dir().join("airhatch-test-peers.lock")).unwrap();
        alone.lock().unwrap();
        if !engine.answer(&["network", "inspect", PEERS]).status.success() {
            let _made_by_a_warden =
                engine.answer(&["network", "create", "--label", "airhatch.peers=1", PEERS]);
        }
        let started = engine.answer(&run);
        if started.status.success() {
            return Some(engine.container(String::from_utf8_lossy(&started.stdout).trim()));
        }
        let said = String::from_utf8_lossy(&started.stderr).into_owned();
        assert!(said.contains("network"), "the CA does not start: {said}");
        let _never_started = engine.answer(&["rm", "--force", name]);
        None
    })
    .await
}
